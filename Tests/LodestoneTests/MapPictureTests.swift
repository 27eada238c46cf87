import Foundation
import FoundationXML
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// Maps as pictures, and what of a scan's absorption is kept for them.
@Suite struct MapPictureTests {
  private let scan: SmallScan
  private let run: String

  init() throws {
    scan = try SmallScan(height: 60, width: 72)
    run = try scan.ingest().runID
  }

  private func pages(_ kind: String) throws -> [[Float]] {
    let file = try TIFFFile(bytes: try scan.catalog.map(kind, run: run), name: kind)
    return try (0..<file.pageCount).map { try file.frame(page: $0).values.floats }
  }

  /// The clusters' mean spectra, and the means of the maps over the pixels that DBSCAN labelled, tell of the same pixels.
  @Test func mapsAgreeWithSpectra() throws {
    let labels = try pages("dbscan")[0]
    let (od, steps) = (try pages("od"), try pages("edge_step"))
    #expect(od.count == 1 && steps.count == 2)
    let spectra = try scan.catalog.ask("run-spectra", run: run)
    let edges = try scan.catalog.ask("run-edges", run: run)
    for cluster in try scan.catalog.ask("run-clusters", run: run).rows {
      let label = try #require(cluster[0].number)
      let pixels = labels.indices.filter { Double(labels[$0]) == label }
      func mean(_ map: [Float]) -> Double {
        pixels.reduce(0.0) { $0 + Double(map[$1]) } / Double(pixels.count)
      }
      let means = spectra.rows.filter { $0[0] == cluster[0] }.compactMap(\.[2].number)
      #expect(abs(mean(od[0]) - means.reduce(0, +) / Double(means.count)) < 1e-3)
      // The Nd fraction's own edges, by lines on both sides: the textbook's step is that of the mean spectrum.
      for (name, map) in zip(["nd_step", "fe_step"], steps) {
        let column = try #require(
          try scan.catalog.ask("run-clusters", run: run).columns.firstIndex(of: name))
        let stored = try #require(cluster[column].number)
        #expect(abs(mean(map) - stored) < 0.02, "\(name) of \(label)")
      }
    }
    #expect(edges.rows.count > 0)
  }

  /// Rounded to less than the noise: no bias, and what is not inside every frame is not a number.
  @Test func rounding() throws {
    let od = try pages("od")[0]
    let mask = try pages("mask")[0]
    for (value, kind) in zip(od, mask) where kind == -2 { #expect(!value.isFinite) }
    let finite = od.filter(\.isFinite)
    #expect(finite.count > 2000)
    let step = Set(finite).sorted().adjacentPairsMinimum
    #expect(finite.allSatisfy { ($0 / step).rounded() * step == $0 })
    #expect(log2(step) == log2(step).rounded() && step < 0.02)
  }

  /// The depths that are drawn are those that were counted.
  @Test func depthIsThatOfTheHistogram() throws {
    let map = try PixelMap.all(.depth, catalog: scan.catalog, run: run)[0].values
    let labels = try pages("label")[0]
    var counts: [[Int]: Int] = [:]
    for (value, label) in zip(map, labels) where label != -2 {
      // In half pixels of 0.028 um; the bins' limits lie between the values that there are.
      counts[
        [Int(max(label, -1)), Int((Double(value) / 0.028 / 0.5 + 1e-4).rounded(.down))], default: 0] +=
        1
    }
    let stored = try scan.catalog.ask("run-depth", run: run)
    var expected: [[Int]: Int] = [:]
    for row in stored.rows.indices {
      let numbers = try ["cluster", "bin", "pixels"].map {
        Int(try #require(stored.value($0, row: row).number))
      }
      expected[Array(numbers[..<2])] = numbers[2]
    }
    #expect(counts == expected)
  }

  private func svg(_ kind: MapKind) throws -> String {
    let path = scan.folder.file("\(kind.rawValue).svg")
    try Export(catalog: scan.catalog, run: run).writePicture(of: kind, to: path, ending: "svg")
    let svg = try String(contentsOfFile: path, encoding: .utf8)
    let parser = XMLParser(data: Data(svg.utf8))
    #expect(parser.parse(), "\(kind): \(String(describing: parser.parserError))")
    return svg
  }

  /// The pictures in an SVG.
  private func images(_ svg: String) throws -> [PNGPicture] {
    try svg.matches(of: /base64,([^"]+)"/).map { match in
      try PNGPicture(Array(try #require(Data(base64Encoded: String(match.1)))))
    }
  }

  /// Each pixel of the map is a square of its cluster's colour, and the legend names it.
  @Test func labelsAreColours() throws {
    let svg = try svg(.label)
    let image = try #require(try images(svg).first)
    let labels = try pages("label")[0]
    let factor = image.width / 72
    #expect(factor == 10 && image.height == 60 * factor)
    let colours = try PhaseColours(scan.catalog).ofClusters(
      scan.catalog.ask("run-clusters", run: run))
    for y in 0..<image.height {
      for x in 0..<image.width {
        let label = Int(labels[y / factor * 72 + x / factor])
        let expected =
          label >= 0 ? colours[label] : label == -1 ? Palette.noise : Palette.notAnalysed
        guard image.pixel(y, x) == [expected.red, expected.green, expected.blue] else {
          Issue.record("row \(y), column \(x): \(image.pixel(y, x)), not \(expected.hex)")
          return
        }
      }
    }
    for place in colours.indices {
      #expect(svg.contains("fill=\"\(colours[place].hex)\""))
      #expect(svg.contains("cluster \(place)  "))
    }
    // A scale bar of 500 nm at 0.0028 um a pixel of the picture.
    #expect(svg.contains("500 nm</text>") && svg.contains("width=\"178.57\" height=\"6\""))
  }

  @Test func numbersAreColours() throws {
    let steps = try svg(.edgeStep)
    #expect(try images(steps).count == 2)
    #expect(steps.contains("Nd L3 edge step") && steps.contains("Fe K edge step"))
    let image = try #require(try images(svg(.od)).first)
    let od = try pages("od")[0]
    // Grey, and the darker the less: along the values in order it never falls.
    let order = od.indices.filter { od[$0].isFinite }.sorted { od[$0] < od[$1] }
    let greys = order.map { image.pixel($0 / 72 * 10, $0 % 72 * 10) }
    #expect(greys.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] })
    #expect(zip(greys, greys.dropFirst()).allSatisfy { $0[0] <= $1[0] })
    #expect(greys.first?[0] == 0 && greys.last?[0] == 255)
    #expect(try svg(.depth).contains("depth below the surface"))
  }

  /// Older results have no such maps: what to do is said.
  @Test func withoutTheMap() throws {
    let folder = try TemporaryFolder()
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/v005.lode")
    let path = folder.file("old.lode")
    try Data(contentsOf: golden).write(to: URL(fileURLWithPath: path))
    _ = try Catalog.migrate(path)
    let catalog = try Catalog(path: path, access: .read)
    let run = try catalog.resolveRun("@last")
    let export = Export(catalog: catalog, run: run)
    for kind in [MapKind.od, .edgeStep] {
      let error = #expect(throws: CatalogError.self) {
        try export.writePicture(of: kind, to: folder.file("x.svg"), ending: "svg")
      }
      #expect("\(String(describing: error))".contains("ingest its scan again"))
      #expect(!FileManager.default.fileExists(atPath: folder.file("x.svg")))
    }
    for kind in [MapKind.label, .depth] {
      try export.writePicture(of: kind, to: folder.file("x.svg"), ending: "svg")
    }
  }

  /// What a scan was read from is not replaced, neither where it lies nor a copy of it; what is none is.
  @Test func scansAreNotReplaced() throws {
    let export = Export(catalog: scan.catalog, run: run)
    let copy = scan.folder.file("copy.png")
    try FileManager.default.copyItem(atPath: scan.request.path, toPath: copy)
    for path in [scan.request.path, scan.request.references[0], copy] {
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let error = #expect(throws: InputError.self) {
        try export.writePicture(of: .label, to: path, ending: "svg")
      }
      #expect(error?.reason.contains("was read from it") == true)
      #expect(throws: InputError.self) { try export.writeMap("label", to: path) }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
    try Data("mine".utf8).write(to: URL(fileURLWithPath: copy))
    try export.writePicture(of: .label, to: copy, ending: "svg")
    #expect(try String(contentsOfFile: copy, encoding: .utf8).hasPrefix("<svg"))
  }

  /// A map that is not what was stored is not shown.
  @Test func alteredMapsAreDamage() throws {
    try ForeignSQL.tamper(
      "UPDATE map SET tiff = (SELECT tiff FROM map WHERE kind = 'dbscan') WHERE kind IN ('label', 'od')",
      on: scan.catalog.path)
    let export = Export(catalog: scan.catalog, run: run)
    for (kind, ending) in [(MapKind.label, "svg"), (.label, "tif"), (.od, "svg"), (.od, "tif")] {
      let error = #expect(throws: CatalogError.self) {
        try export.writePicture(of: kind, to: scan.folder.file("x.svg"), ending: ending)
      }
      #expect("\(String(describing: error))".contains("another digest"))
    }
    try export.writePicture(of: .depth, to: scan.folder.file("x.svg"), ending: "svg")
  }

  /// A cluster of no phase has no phase's colour, also of one that only another run has.
  @Test func coloursOfNoPhase() throws {
    let bounds = PhaseRule(conditions: [.bounds(quantity: "share", low: 2, high: nil)])
    for phase in ["b", "a"] { try scan.catalog.define(phase: phase, as: bounds) }
    try scan.catalog.remove(phase: "b")
    let colours = try PhaseColours(scan.catalog)
    #expect(colours["b"] == Palette.colours[0] && colours["a"] == Palette.colours[1])
    #expect(
      colours.ofClusters([nil, "a", nil])
        == [Palette.colours[2], Palette.colours[1], Palette.colours[3]])
    #expect(colours["c"] == nil)
  }

  @Test func roundNumbers() {
    #expect(roundLength(upTo: 0.7) == 0.5 && roundLength(upTo: 1) == 1)
    #expect(roundLength(upTo: 4.99) == 2 && roundLength(upTo: 5) == 5)
  }
}

extension [Float] {
  /// The least distance of two neighbours.
  fileprivate var adjacentPairsMinimum: Float {
    zip(self, dropFirst()).map { $1 - $0 }.min() ?? 0
  }
}
