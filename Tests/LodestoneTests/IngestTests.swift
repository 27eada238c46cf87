import Foundation
import Lodestone
import PhaseCatalog
import Spectra
import StackIO
import Testing
import TestSupport

@Suite struct IngestTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
  }

  private func example(_ change: (inout ExampleScan) -> Void = { _ in }) throws -> ScanRequest {
    var example = ExampleScan()
    change(&example)
    try example.write(to: folder.file("example"))
    var request = ScanRequest(path: folder.file("example/scan.tif"))
    request.energiesPaths = [folder.file("example/energies.txt")]
    request.references = [folder.file("example/references.tif")]
    request.darkPaths = [folder.file("example/dark.tif")]
    request.pixelSize = PixelSize(sideUM: example.pixelSizeUM)
    return request
  }

  private func ingest(_ request: ScanRequest, settings: [String] = []) throws -> String {
    let parameters = try ParameterSet(settings: settings)
    return try Ingest(catalog: catalog, parameters: parameters, command: "test")
      .run(request, sample: "M1").runID
  }

  private func labels(_ kind: String, _ run: String) throws -> [Int] {
    try TIFFFile(bytes: catalog.map(kind, run: run), name: kind).frame(page: 0).values.floats
      .map { Int($0) }
  }

  /// Truth and result over pixels whose 3 x 3 neighbourhood is all of one phase.
  private func interior(_ run: String) throws -> (truth: [Int], found: [Int]) {
    let frame = try TIFFFile(path: folder.file("example/truth/labels.tif")).frame(page: 0)
    let truth = frame.values.floats.map { Int($0) }
    let found = try labels("label", run)
    var kept: (truth: [Int], found: [Int]) = ([], [])
    for y in 1..<frame.height - 1 {
      for x in 1..<frame.width - 1 {
        let index = y * frame.width + x
        let isInside = (-1...1).allSatisfy { dy in
          (-1...1).allSatisfy { dx in truth[index + dy * frame.width + dx] == truth[index] }
        }
        if isInside && truth[index] >= 0 && found[index] != -2 {
          kept.truth.append(truth[index])
          kept.found.append(found[index])
        }
      }
    }
    return kept
  }

  /// The default example with no parameter set: three phases, in their places, of the right
  /// composition, and the drift.
  @Test(arguments: [UInt64(1), 20]) func recoversTheTruth(seed: UInt64) throws {
    let run = try ingest(try example { $0.seed = seed })
    let clusters = try catalog.ask("run-clusters", run: run)
    let large = clusters.rows.indices.filter { clusters.value("share", row: $0).number ?? 0 > 0.01 }
    #expect(large.count == 3)
    let (truth, found) = try interior(run)
    #expect(truth.count > 20_000)
    #expect(adjustedRandIndex(truth, found) >= 0.97)
    let grains = try #require(clusters.value("nd_fraction", row: 0).number)
    #expect(abs(grains / 0.125 - 1) < 0.15)
    let drift = try catalog.ask("run-frames", run: run)
    let lines = try String(contentsOfFile: folder.file("example/truth/drift.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst()
    for (row, line) in lines.enumerated() {
      let expected = line.split(separator: ",").compactMap { Double($0) }
      #expect(abs((drift.value("dy_px", row: row).number ?? 99) - expected[1]) < 0.15)
      #expect(abs((drift.value("dx_px", row: row).number ?? 99) - expected[2]) < 0.15)
    }
    let zones = try catalog.ask(StoredQuery.named("surface-vs-bulk"))
    let surface = try #require(zones.value("nd_fraction", row: 0).number)
    let bulk = try #require(zones.value("nd_fraction", row: 1).number)
    #expect(surface > 2 * bulk)
  }

  /// Few photons, a graded layer, few energies, a blurred image: three phases, each where it is.
  @Test(arguments: [
    (UInt64(13), 300.0, 0.0, 80, 0.85), (15, 300, 0.5, 80, 0.85), (9, 6000, 0.6, 80, 0.85),
    (16, 600, 0, 40, 0.85), (23, 300, 0, 80, 1.5),
  ])
  func recoversHardTruth(
    seed: UInt64, photons: Double, grading: Double, energies: Int, blur: Double
  ) throws {
    let run = try ingest(
      try example {
        ($0.seed, $0.photons, $0.grading, $0.energyCount) = (seed, photons, grading, energies)
        $0.blur = blur
      })
    let clusters = try catalog.ask("run-clusters", run: run)
    #expect(clusters.rows.count == 3)
    let (truth, found) = try interior(run)
    #expect(adjustedRandIndex(truth, found) >= 0.97)
    #expect(20 * found.count { $0 < 0 } < found.count)
  }

  /// A disc of iron of 0.1 to 0.6 % of the sample is a cluster of its own, and the only one beside the three; without
  /// the second look it is noise.
  @Test(arguments: [3.0, 5, 8]) func aSmallPhaseIsNamed(radius: Double) throws {
    let request = try example { ($0.seed, $0.photons, $0.ironDisc) = (40, 1000, radius) }
    let run = try ingest(request)
    let clusters = try catalog.ask("run-clusters", run: run)
    #expect(clusters.rows.count == 4)
    #expect(abs(try #require(clusters.value("nd_fraction", row: 3).number)) < 0.02)
    let truth = try TIFFFile(path: folder.file("example/truth/labels.tif")).frame(page: 0)
    func inDisc(_ run: String) throws -> [Int] {
      zip(truth.values.floats, try labels("label", run)).filter { $0.0 == 3 }.map(\.1)
    }
    let found = try inDisc(run)
    #expect(10 * found.count { $0 == 3 } > 9 * found.count)
    let before = try ingest(request, settings: ["minority.minimum_points=0"])
    #expect(try catalog.ask("run-clusters", run: before).rows.count == 3)
    #expect(try inDisc(before).allSatisfy { $0 == -1 })
  }

  /// The image's size changes with the energy, by either law and sign: found, and the phases with it. Left
  /// alone, the rim smears.
  @Test(arguments: [ExampleScan.Magnification.zonePlate, .linear(0.03), .linear(-0.024)])
  func magnificationIsMeasured(magnification: ExampleScan.Magnification) throws {
    var made = ExampleScan()
    let request = try example {
      ($0.magnification, $0.seed) = (magnification, 3)
      made = $0
    }
    let run = try ingest(request)
    let (truth, found) = try interior(run)
    #expect(adjustedRandIndex(truth, found) >= 0.97)
    let frames = try catalog.ask("run-frames", run: run)
    let first = made.placements[0].drift
    for (row, expected) in made.placements.enumerated() {
      // Against the first frame, which has drifted too.
      let dy = expected.drift.dy - expected.scale * first.dy
      let dx = expected.drift.dx - expected.scale * first.dx
      #expect(abs((frames.value("scale", row: row).number ?? 9) - expected.scale) < 5e-4)
      #expect(abs((frames.value("dy_px", row: row).number ?? 99) - dy) < 0.15)
      #expect(abs((frames.value("dx_px", row: row).number ?? 99) - dx) < 0.15)
    }
    if magnification == .zonePlate {
      let known = try ingest(request, settings: ["register.scale=zone-plate"])
      let scales = try catalog.ask("run-frames", run: known)
      for (row, energy) in made.energies.enumerated() {
        #expect(scales.value("scale", row: row).number == made.energies[0] / energy)
      }
    }
  }

  @Test func theExampleIsTheSameBytesEachTime() throws {
    var example = ExampleScan()
    (example.height, example.width, example.energyCount) = (64, 80, 30)
    try example.write(to: folder.file("a"))
    try example.write(to: folder.file("b"))
    for name in ExampleScan.fileNames {
      let a = try Data(contentsOf: URL(fileURLWithPath: folder.file("a/" + name)))
      #expect(a == (try Data(contentsOf: URL(fileURLWithPath: folder.file("b/" + name)))))
      #expect(!a.isEmpty)
    }
    #expect(throws: InputError.self) { try example.write(to: folder.file("a")) }
    example.seed = 2
    try example.write(to: folder.file("a"), replacing: true)
    let other = try Data(contentsOf: URL(fileURLWithPath: folder.file("a/scan.tif")))
    #expect(other != (try Data(contentsOf: URL(fileURLWithPath: folder.file("b/scan.tif")))))
  }

  /// Counts are consistent, and both maps say the same of what DBSCAN labelled.
  @Test func mapsAndCountsAgree() throws {
    let run = try ingest(
      try example {
        ($0.height, $0.width, $0.energyCount) = (120, 96, 40)
      })
    let summary = try catalog.ask("run-summary", run: run)
    let label = try labels("label", run)
    let dbscan = try labels("dbscan", run)
    #expect(label.count == 120 * 96)
    func count(_ name: String) -> Int { Int(summary.value(name).number ?? -1) }
    #expect(count("total_pixels") == 120 * 96)
    #expect(count("analysed_pixels") == label.count(where: { $0 > -2 }))
    #expect(count("noise_pixels") == label.count(where: { $0 == -1 }))
    #expect(count("eligible_pixels") == dbscan.count(where: { $0 > -2 }))
    for (flooded, own) in zip(label, dbscan) {
      #expect((flooded == -2) == (own == -2))
      if own >= 0 { #expect(flooded == own) }
    }
    let clusters = try catalog.ask("run-clusters", run: run)
    var previous = Int.max
    for row in clusters.rows.indices {
      let pixels = Int(clusters.value("pixels", row: row).number ?? -1)
      #expect(pixels == label.count(where: { $0 == row }) && pixels <= previous)
      previous = pixels
    }
    let depths = try UserSQL(path: catalog.path).answer("SELECT sum(pixels) FROM cluster_depth")
    #expect(depths.rows[0][0].number == Double(count("analysed_pixels")))
  }

  /// features.eligible_fraction = 1 is plain DBSCAN over every analysed pixel.
  @Test func allPixelsMayBeEligible() throws {
    let run = try ingest(
      try example { ($0.height, $0.width, $0.energyCount) = (64, 64, 30) },
      settings: ["features.eligible_fraction=1"])
    #expect(try labels("dbscan", run).allSatisfy { $0 != -3 })
  }

  @Test func unchangedThenSightedThenAnotherSample() throws {
    var request = try example { ($0.height, $0.width, $0.energyCount) = (64, 64, 30) }
    let ingest = Ingest(catalog: catalog, parameters: try ParameterSet(), command: "test")
    #expect(try ingest.run(request, sample: "M1").status == .stored)
    let before = try Data(contentsOf: URL(fileURLWithPath: catalog.path))
    #expect(try ingest.run(request, sample: "M1").status == .unchanged)
    #expect(try Data(contentsOf: URL(fileURLWithPath: catalog.path)) == before)
    // The same values in another container: another file, the same scan.
    let file = try TIFFFile(path: request.path)
    let pages = try (0..<file.pageCount).map { page in
      let frame = try file.frame(page: page)
      return TIFFWriter.Page(
        height: frame.height, width: frame.width, samples: .float32(frame.values.floats))
    }
    request.path = try folder.write(try TIFFWriter.encode(pages), to: "floats.tif")
    #expect(try ingest.run(request, sample: "M1").status == .sighted)
    #expect(throws: SampleConflict.self) { try ingest.run(request, sample: "M2") }
    #expect(try catalog.ask(StoredQuery.named("runs")).rows.count == 1)
  }

  /// Counts in an even beam that flickers: two phases beside empty field, and no reference frame.
  @Test func theEmptyFieldCanBeTheReference() throws {
    var random = TestRandom(seed: 4)
    let pages = (0..<16).map { energy in
      let beam = 20_000 + 1500 * sin(Double(3 * energy))
      let od = [0, energy < 8 ? 0.3 : 0.9, energy < 8 ? 0.5 : 0.6]
      let counts = (0..<90 * 90).map { pixel -> UInt16 in
        let noise = 1 + 0.01 * Double.random(in: -1...1, using: &random)
        return UInt16(beam * exp(-od[pixel % 90 / 30]) * noise)
      }
      return TIFFWriter.Page(height: 90, width: 90, samples: .uint16(counts))
    }
    var request = ScanRequest(path: try folder.write(try TIFFWriter.encode(pages), to: "s.tif"))
    request.energiesPaths = [
      try folder.write(
        (0..<16).map { "\(7100 + 5 * $0)" }.joined(separator: "\n"), to: "e.txt")
    ]
    request.references = ["empty-field"]
    let run = try ingest(request)
    let found = try labels("label", run)
    #expect(found.indices.count { $0 % 90 < 28 && found[$0] != -2 } == 0)
    let inside = found.indices.filter {
      $0 % 30 > 2 && $0 % 30 < 27 && $0 % 90 > 30 && found[$0] != -2
    }
    #expect(adjustedRandIndex(inside.map { $0 % 90 / 30 }, inside.map { found[$0] }) > 0.99)
  }

  @Test func whatCannotBeAnalysedSaysWhy() throws {
    func stack(_ level: Float, energies: Int) throws -> ScanRequest {
      let pages = (0..<energies).map { _ in
        TIFFWriter.Page(
          height: 20, width: 20, samples: .float32([Float](repeating: level, count: 400)))
      }
      var request = ScanRequest(path: try folder.write(try TIFFWriter.encode(pages), to: "s.tif"))
      let list = (0..<energies).map { "\(7100 + $0)" }.joined(separator: "\n")
      request.energiesPaths = [try folder.write(list, to: "e.txt")]
      request.signal = .od
      return request
    }
    #expect(throws: AnalysisError.self) { try ingest(try stack(0.5, energies: 3)) }
    #expect(throws: AnalysisError.self) { try ingest(try stack(-1, energies: 8)) }
    #expect(throws: InputError.self) { try ingest(try stack(.nan, energies: 8)) }
    var counts = try stack(900, energies: 8)
    counts.signal = .transmission
    let error = #expect(throws: InputError.self) { try ingest(counts) }
    #expect(error?.description.contains("looks like counts") == true)
    // Each is kept as an execution that failed, and no run counts.
    let failed = try catalog.ask(StoredQuery.named("failed"))
    #expect(failed.rows.count == 4)
    #expect(failed.value("failure", row: 3).text.contains("looks like counts"))
    #expect(try catalog.ask(StoredQuery.named("runs")).rows.isEmpty)
    // Trying again is another execution of the same run.
    #expect(throws: InputError.self) { try ingest(counts) }
    let again = try catalog.ask(StoredQuery.named("reproducibility"))
    #expect(again.rows.count == 4)
    #expect(again.value("executions", row: 3) == .integer(2))
    #expect(again.value("failures", row: 3) == .integer(2))
  }

  /// Featureless spectra without any noise: an answer with a warning, not a crash.
  @Test func uniformSampleWithoutNoise() throws {
    let pages = (0..<12).map { energy in
      TIFFWriter.Page(
        height: 30, width: 30,
        samples: .float32((0..<900).map { $0 % 30 < 8 ? 0 : energy < 6 ? 0.2 : 0.7 }))
    }
    var request = ScanRequest(path: try folder.write(try TIFFWriter.encode(pages), to: "s.tif"))
    request.energiesPaths = [
      try folder.write(
        (0..<12).map { "\(7100 + $0)" }.joined(separator: "\n"), to: "e.txt")
    ]
    request.signal = .od
    let run = try ingest(request)
    #expect(try catalog.ask("run-clusters", run: run).rows.count == 1)
    #expect(
      try catalog.ask("run-warnings", run: run).rows.contains { $0[0].text.contains("one cluster") }
    )
  }
}
