import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// One scan in many files; and why a run is new.
@Suite struct WhyNewTests {
  private let small: SmallScan
  private var folder: TemporaryFolder { small.folder }
  private var catalog: Catalog { small.catalog }
  private var request: ScanRequest { small.request }

  init() throws {
    small = try SmallScan()
    #expect(try small.ingest().status == .stored)
  }

  private func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: catalog.path)) }

  /// The same values in another container, another type, a folder of frames, or under another date.
  @Test func oneScanInManyFiles() throws {
    let stack = try TIFFFile(path: request.path)
    let frames = try (0..<stack.pageCount).map { try stack.frame(page: $0) }
    func page(_ frame: Frame, asFloats: Bool) -> TIFFWriter.Page {
      let floats = frame.values.floats
      return TIFFWriter.Page(
        height: frame.height, width: frame.width,
        samples: asFloats ? .float32(floats) : .uint16(floats.map { UInt16($0) }))
    }
    var variants: [ScanRequest] = []
    for (name, isCompressed, asFloats) in [
      ("plain.tif", false, false), ("deflate.tif", true, false), ("floats.tif", true, true),
    ] {
      var variant = request
      variant.path = try folder.write(
        try TIFFWriter.encode(
          frames.map { page($0, asFloats: asFloats) }, isCompressed: isCompressed), to: name)
      variants.append(variant)
    }
    try FileManager.default.createDirectory(
      atPath: folder.file("frames"), withIntermediateDirectories: true)
    let energies = try String(contentsOfFile: request.energiesPaths[0], encoding: .utf8)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
    for (frame, energy) in zip(frames, energies) {
      _ = try folder.write(
        try TIFFWriter.encode([page(frame, asFloats: false)]), to: "frames/f_\(energy)_eV.tif")
    }
    var bigEndian = request
    bigEndian.path = try folder.write(
      try TIFFWriter.encode(frames.map { page($0, asFloats: false) }, isBigEndian: true),
      to: "big.tif")
    #expect(try Data(contentsOf: URL(fileURLWithPath: bigEndian.path)).starts(with: "MM".utf8))
    variants.append(bigEndian)
    var inFolder = request
    inFolder.path = folder.file("frames")
    inFolder.energiesPaths = []
    variants.append(inFolder)
    var copy = request
    copy.path = folder.file("copy.tif")
    try FileManager.default.copyItem(atPath: request.path, toPath: copy.path)
    variants.append(copy)
    for variant in variants {
      #expect(try small.ingest(variant).status == .sighted, "\(variant.path)")
      let before = try bytes()
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: variant.path)
      #expect(try small.ingest(variant).status == .unchanged, "\(variant.path)")
      #expect(try bytes() == before)
    }
    let counts = try UserSQL(path: catalog.path).answer(
      "SELECT (SELECT count(*) FROM scan), (SELECT count(*) FROM run), (SELECT count(*) FROM execution)"
    )
    #expect(counts.rows == [[.integer(1), .integer(1), .integer(1)]])
    #expect(try CatalogCheck(catalog: catalog).run(.deep).findings == [])
  }

  @Test func theComponentThatDiffers() throws {
    let first = try catalog.resolveRun("@last")
    func difference(_ request: ScanRequest, _ settings: [String] = []) throws -> RunDifference {
      var found: RunDifference?
      _ = try? small.ingest(request, settings) { found = $0 }
      return try #require(found)
    }
    let same = try difference(request)
    #expect(same.nearestRun == first && same.components.isEmpty)

    let radius = try difference(request, ["dbscan.radius=1.5"])
    #expect(radius.nearestRun == first)
    #expect(
      radius.components == [
        .init(component: "parameter", name: "dbscan.radius", earlier: "auto", now: "1.5")
      ])
    // Now the run with that radius is nearer to one that also differs elsewhere.
    let second = try difference(request, ["dbscan.radius=1.5", "register.template_rounds=2"])
    #expect(second.nearestRun != first)
    #expect(second.components.map(\.name) == ["register.template_rounds"])

    var resized = request
    resized.pixelSize = PixelSize(sideUM: 0.05)
    let pixels = try difference(resized)
    #expect(pixels.nearestRun == first)
    #expect(
      pixels.components == [
        .init(component: "pixel_size_um", name: "", earlier: "0.028", now: "0.05")
      ])

    // One frame with one other value.
    let stack = try TIFFFile(path: request.path)
    let pages = try (0..<stack.pageCount).map { number in
      var floats = try stack.frame(page: number).values.floats
      if number == 2 { floats[100] += 1 }
      return TIFFWriter.Page(height: 64, width: 64, samples: .float32(floats))
    }
    var altered = request
    altered.path = try folder.write(try TIFFWriter.encode(pages), to: "altered.tif")
    let frame = try difference(altered)
    #expect(frame.components.map(\.component) == ["frames"])
    #expect(frame.components[0].name.hasPrefix("1 of 30, from 6"))

    var foreign = ExampleScan()
    (foreign.height, foreign.width, foreign.energyCount, foreign.seed) = (64, 64, 30, 5)
    try foreign.write(to: folder.file("foreign"))
    var other = request
    other.path = folder.file("foreign/scan.tif")
    #expect(try difference(other).nearestRun == nil)
  }

  /// A file that was overwritten by another scan is missed, until its data is seen somewhere else.
  @Test func anOverwrittenFileIsMissed() throws {
    func findings() throws -> [String] { try CatalogCheck(catalog: catalog).run(.deep).findings }
    #expect(try findings() == [])
    try FileManager.default.copyItem(atPath: request.path, toPath: folder.file("kept.tif"))
    var other = ExampleScan()
    (other.height, other.width, other.energyCount, other.seed) = (64, 64, 30, 5)
    try other.write(to: folder.file("other"))
    let replacement = try Data(contentsOf: URL(fileURLWithPath: folder.file("other/scan.tif")))
    try replacement.write(to: URL(fileURLWithPath: request.path))
    #expect(try small.ingest().status == .stored)
    let missed = try findings()
    #expect(missed.count == 1 && missed[0].contains("scan.tif of scan"), "\(missed)")
    var kept = request
    kept.path = folder.file("kept.tif")
    #expect(try small.ingest(kept).status == .sighted)
    #expect(try findings() == [])
  }
}
