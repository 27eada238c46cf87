import Foundation
import Lodestone
import PhaseCatalog
import Spectra
import StackIO
import Testing
import TestSupport

/// Given drift, bands, masks, oblong pixels: the way from counts to registered optical density as an ingest goes it.
@Suite struct RegisteredTests {
  private let scan: SmallScan

  init() throws { scan = try SmallScan() }

  private func result(_ settings: [String] = [], _ resources: Resources = Resources()) throws
    -> ResultRecord
  {
    let outcome = try scan.ingest(nil, settings, resources: resources)
    let id = try #require(try scan.catalog.storedResult(of: outcome.runID))
    return try scan.catalog.result(id)
  }

  /// The result of the scan with its frames changed.
  private func result(
    of name: String, _ settings: [String] = [], _ change: (Int, inout Image) -> Void
  ) throws -> ResultRecord {
    let file = try TIFFFile(path: scan.request.path)
    let pages = try (0..<30).map { page -> TIFFWriter.Page in
      var image = try file.frame(page: page).image
      change(page, &image)
      return .init(height: 64, width: 64, samples: .uint16(image.pixels.map { UInt16($0) }))
    }
    var request = scan.request
    request.path = scan.folder.file(name)
    try Data(TIFFWriter.encode(pages)).write(to: URL(fileURLWithPath: request.path))
    let outcome = try scan.ingest(request, settings)
    let id = try #require(try scan.catalog.storedResult(of: outcome.runID))
    return try scan.catalog.result(id)
  }

  private func map(_ result: ResultRecord, _ kind: String) throws -> [Int] {
    let map = try #require(result.maps.first { $0.kind == kind })
    return try TIFFFile(bytes: map.tiff, name: kind).frame(page: 0).values.floats.map { Int($0) }
  }

  /// A block that one frame does not show, and that nothing near tells of: not analysed, neither sample nor surface.
  @Test func whatOneFrameDoesNotShowIsLeftOut() throws {
    let whole = try result(["register.method=none"])
    func isIn(_ pixel: Int, _ range: ClosedRange<Int>) -> Bool {
      range.contains(pixel / 64) && range.contains(pixel % 64)
    }
    let found = try result(of: "block.tif", ["register.method=none"]) { page, image in
      guard page == 17 else { return }
      for pixel in 0..<4096 where isIn(pixel, 26...36) { image.pixels[pixel] = 0 }
    }
    let (mask, before) = (try map(found, "mask"), try map(whole, "mask"))
    for pixel in 0..<4096 {
      // Within two pixels of what was measured, the neighbours stand in for it.
      #expect(mask[pixel] == (isIn(pixel, 28...34) ? -2 : before[pixel]))
    }
    #expect(found.analysedPixels == whole.analysedPixels - 49)
    #expect(found.warnings.contains { $0.hasPrefix("49 pixels are not analysed") })
    func deepest(_ result: ResultRecord) -> Int? {
      result.depthHistogram.values.flatMap(\.keys).max()
    }
    #expect(try #require(deepest(found)) <= #require(deepest(whole)))
  }

  /// The same where the frame's image is an eighth smaller: it leaves no gaps.
  @Test func whatASmallerFrameDoesNotShowHasNoGaps() throws {
    let energies = try result(["register.method=none"]).frames.map(\.energyEV)
    let rows = energies.indices.map { "\(energies[$0])@0,0,\($0 == 17 ? 0.875 : 1)" }
      .joined(separator: ";")
    let found = try result(of: "block.tif", ["register.drift=\(rows)"]) { page, image in
      guard page == 17 else { return }
      for y in 22...42 { for x in 22...42 { image[y, x] = 0 } }
    }
    let mask = try map(found, "mask")
    // What lies more than 2 px within the block, of 17 px, scaled about the middle.
    let (low, high) = (31.5 + (24 - 0.4 - 31.5) / 0.875, 31.5 + (40 + 0.4 - 31.5) / 0.875)
    for y in Int(low.rounded(.up))...Int(high) {
      for x in Int(low.rounded(.up))...Int(high) { #expect(mask[y * 64 + x] == -2) }
    }
  }

  /// A frame of noise, or one that lies on its side, is told by its energy.
  @Test(arguments: [false, true]) func aFrameUnlikeTheOthersIsSaid(isNoise: Bool) throws {
    #expect(try !result().warnings.contains { $0.contains("not like the others") })
    var random = TestRandom(seed: 3)
    let found = try result(of: "strange.tif") { page, image in
      guard page == 20 else { return }
      if isNoise {
        for pixel in 0..<4096 {
          image.pixels[pixel] = .random(in: 200...6000, using: &random).rounded()
        }
      } else {
        image.pixels = (0..<4096).map { image.pixels[$0 % 64 * 64 + $0 / 64] }
      }
    }
    let said = found.warnings.filter { $0.contains("is not like the others") }
    #expect(said.contains { $0.contains(" \(found.frames[20].energyEV) eV") }, "\(found.warnings)")
  }

  /// Rows without energies, where the frames were sorted: which order they have cannot be told.
  @Test func driftOfSortedFramesNeedsEnergies() throws {
    let energies = try String(contentsOfFile: scan.request.energiesPaths[0], encoding: .utf8)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
    let path = try scan.folder.write(energies.reversed().joined(separator: "\n"), to: "e.txt")
    var request = scan.request
    request.energiesPaths = [path]
    let rows = (0..<30).map { _ in "0,0" }.joined(separator: ";")
    let error = #expect(throws: AnalysisError.self) {
      try scan.ingest(request, ["register.drift=\(rows)"])
    }
    #expect(error?.description.contains("add a column energy_ev") == true)
  }

  /// With a zone plate's law, given drift has its scales; with scales of its own, no other law.
  @Test func givenDriftAndScale() throws {
    let energies = try result(["register.method=none"]).frames.map(\.energyEV)
    let rows = energies.map { "\($0)@0,0" }.joined(separator: ";")
    let found = try result(["register.drift=\(rows)", "register.scale=zone-plate"])
    for frame in found.frames { #expect(frame.scale == energies[0] / frame.energyEV) }
    for settings in [["0,0,0.9", "none"], ["0,0,1", "zone-plate"]] {
      #expect(throws: ParameterError.self) {
        try ParameterSet(
          settings: ["register.drift=\(settings[0])", "register.scale=\(settings[1])"])
      }
    }
    #expect(throws: Never.self) {
      try ParameterSet(settings: ["register.drift=0,0,1", "register.scale=none"])
    }
  }

  /// With so little memory that all frames lie in a scratch file, every number is the same.
  @Test(arguments: [[], ["register.scale=none"], ["register.method=none", "mask.method=od"]])
  func theSameBitsInBands(settings: [String]) throws {
    let whole = try result(settings)
    let second = try SmallScan()
    var told: [String] = []
    var resources = Resources(memory: 52_800_000, scratchDirectory: second.folder.path)
    resources.tell = { told.append($0) }
    let outcome = try second.ingest(nil, settings, resources: resources)
    #expect(
      told.contains { $0.hasPrefix("a scratch file of 492 kB in \(second.folder.path)") }, "\(told)"
    )
    let id = try #require(try second.catalog.storedResult(of: outcome.runID))
    #expect(try second.catalog.result(id) == whole)
    let left = try FileManager.default.contentsOfDirectory(atPath: second.folder.path)
    #expect(!left.contains { $0.contains("scratch") })
  }

  @Test func tooLittleMemoryIsSaid() throws {
    let error = #expect(throws: ScratchFailure.self) {
      try scan.ingest(nil, [], resources: Resources(memory: 20_000_000))
    }
    #expect(
      error?.description.contains("needs at least 52.") == true, "\(error?.description ?? "")")
    let nowhere = #expect(throws: ScratchFailure.self) {
      try scan.ingest(
        nil, ["pca.components=2"],
        resources: Resources(memory: 52_800_000, scratchDirectory: "/nowhere"))
    }
    #expect(nowhere?.description.contains("--scratch DIR") == true)
  }

  /// The truth, given as a file with its rows in another order, is what is used: against the first frame, and not
  /// measured.
  @Test func givenDrift() throws {
    let truth = try DriftFile(path: scan.folder.file("ex/truth/drift.csv"))
    let reversed = try #require(
      DriftFile(text: truth.text.split(separator: ";").reversed().joined(separator: ";")))
    let found = try result(["register.drift=\(reversed.text)"])
    let first = truth.rows[0]
    for (row, frame) in zip(truth.rows, found.frames) {
      #expect(abs(frame.driftDY - (row.dy - first.dy)) < 1e-12)
      #expect(abs(frame.driftDX - (row.dx - first.dx)) < 1e-12)
      #expect(frame.scale == 1 && frame.quality?.residual == nil)
    }
    #expect(!found.values.contains { $0.name == "register.chain_error" })
    // What was measured is close to it.
    let measured = try result()
    for (a, b) in zip(found.frames, measured.frames) {
      #expect(abs(a.driftDY - b.driftDY) < 0.3 && abs(a.driftDX - b.driftDX) < 0.3)
      #expect(try #require(b.quality?.residual) < 0.1)
    }
  }

  @Test func driftThatDoesNotFitIsRefused() throws {
    for (drift, words) in [
      ("0,0;1,1", "drift is given for 2 frames, and there are 30"),
      (
        (0..<30).map { "\(7000 + $0)@0,0" }.joined(separator: ";"),
        "no drift is given for 6148.0 eV"
      ),
    ] {
      let error = #expect(throws: AnalysisError.self) {
        try scan.ingest(nil, ["register.drift=\(drift)"])
      }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    for settings in [["register.drift=here"], ["register.drift=0,0", "register.method=none"]] {
      #expect(throws: ParameterError.self) { try ParameterSet(settings: settings) }
    }
  }

  /// The mask's map, the depth and what touches the surface fit together.
  @Test func mapsOfTheMask() throws {
    let found = try result()
    let (mask, label) = (try map(found, "mask"), try map(found, "label"))
    #expect(Set(mask).isSuperset(of: [0, 1, -2]) && Set(mask).isSubset(of: [0, 1, 2, -2]))
    for (m, l) in zip(mask, label) where l != -2 { #expect(m == 1) }
    let surfaces = found.clusters.compactMap(\.surface)
    #expect(surfaces.count == found.clusters.count)
    for (cluster, surface) in zip(found.clusters, surfaces) {
      #expect(surface.surfacePixels <= cluster.pixels)
      #expect(surface.surfaceAreaUM2 == 0.028 * 0.028 * Double(surface.surfacePixels))
    }
    #expect(surfaces.contains { $0.surfacePieces > 0 })
  }

  /// A pixel that is dead in all frames, and one that is hot in most, are no holes in the sample and no surface; they
  /// are not analysed, and each frame counts them.
  @Test func deadAndHotPixelsAreNoHoles() throws {
    let whole = try result(["register.method=none"])
    let places = (dead: 32 * 64 + 30, hot: 36 * 64 + 34)
    let found = try result(of: "holes.tif", ["register.method=none"]) { _, image in
      image.pixels[places.dead] = 0
      image.pixels[places.hot] = 60_000
    }
    #expect(try map(found, "mask") == map(whole, "mask"))
    let labels = try map(found, "label")
    #expect(labels[places.dead] == -2 && labels[places.hot] == -2)
    #expect(found.analysedPixels == whole.analysedPixels - 2)
    for frame in found.frames {
      let quality = try #require(frame.quality)
      #expect(quality.unmeasuredPixels == 1 && quality.outlierPixels == 1)
      #expect(frame.alteredPixels == 2)
    }
    func deepest(_ result: ResultRecord) -> Int? {
      result.depthHistogram.values.flatMap(\.keys).max()
    }
    #expect(deepest(found) == deepest(whole))
  }

  /// Twice as high as wide: areas double, depth counts in the smaller side, and it is another scan.
  @Test func oblongPixels() throws {
    let square = try result()
    var request = scan.request
    request.pixelSize = PixelSize("0.056x0.028")
    let outcome = try scan.ingest(request)
    let id = try #require(try scan.catalog.storedResult(of: outcome.runID))
    let oblong = try scan.catalog.result(id)
    #expect(outcome.status == .stored)
    #expect(oblong.maps == square.maps)
    #expect(
      zip(oblong.clusters, square.clusters).allSatisfy { $0.areaUM2 == 2 * ($1.areaUM2 ?? 0) })
    func deepest(_ result: ResultRecord) -> Int {
      result.depthHistogram.values.flatMap(\.keys).max() ?? 0
    }
    #expect(deepest(oblong) > deepest(square))
    let record = try scan.catalog.scan(
      try #require(try scan.catalog.run(outcome.runID).scanID as String?))
    #expect(record.oblongPixelUM == .init(height: 0.056, width: 0.028))
    #expect(record.pixelSizeUM == 0.028)
    let zones = try scan.catalog.ask(
      try StoredQuery.named("surface-vs-bulk"), parameters: ["surface_depth_um": "0.1"])
    #expect(zones.rows.count == 4)
    #expect(try CatalogCheck(catalog: scan.catalog).run(.deep).findings == [])
  }

  /// A drift of 18 px, few photons, vignetting to 3 % and a graded layer, by the example itself: drift about its mean
  /// is measured to 0.03 px, and no more is cropped than the drift asks for.
  @Test(arguments: [0.0, -0.024]) func hardScans(change: Double) throws {
    let folder = try TemporaryFolder()
    var example = ExampleScan()
    (example.height, example.width, example.energyCount) = (240, 224, 60)
    (example.seed, example.photons, example.largestDrift) = (8, 600, 18)
    (example.cornerLight, example.grading) = (0.03, 0.5)
    if change != 0 { example.magnification = .linear(change) }
    try example.write(to: folder.file("ex"))
    let request = ScanRequest(path: folder.file("ex"))
    _ = try Catalog.create(at: folder.file("t.lode"))
    let catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    let outcome = try Ingest(catalog: catalog, parameters: ParameterSet(), command: "test")
      .run(request, sample: "M1")
    let id = try #require(try catalog.storedResult(of: outcome.runID))
    let found = try catalog.result(id)
    let truth = example.placements
    let errors = zip(found.frames, truth).map { frame, true_ in
      (
        dy: frame.driftDY - (true_.drift.dy - true_.scale * truth[0].drift.dy),
        dx: frame.driftDX - (true_.drift.dx - true_.scale * truth[0].drift.dx)
      )
    }
    let count = Double(errors.count)
    let mean = (
      dy: errors.reduce(0.0) { $0 + $1.dy } / count, dx: errors.reduce(0.0) { $0 + $1.dx } / count
    )
    let squares = errors.reduce(0.0) { sum, error in
      let (dy, dx) = (error.dy - mean.dy, error.dx - mean.dx)
      return sum + dy * dy + dx * dx
    }
    #expect((squares / count).squareRoot() < 0.03)
    for (frame, placement) in zip(found.frames, truth) {
      #expect(abs(frame.scale / placement.scale - 1) < 5e-4)
    }
    let least = (0..<240 * 224).count { pixel in
      let centre = OpticalCentre(ofHeight: 240, width: 224)
      return !truth.allSatisfy { placement in
        let (dy, dx) = (
          placement.drift.dy - placement.scale * truth[0].drift.dy,
          placement.drift.dx - placement.scale * truth[0].drift.dx
        )
        let y = centre.y + placement.scale * (Double(pixel / 224) - centre.y) + dy
        let x = centre.x + placement.scale * (Double(pixel % 224) - centre.x) + dx
        return (0...239).contains(y) && (0...223).contains(x)
      }
    }
    let cropped = try #require(found.values.first { $0.name == "register.cropped" }).number
    // A line more or less where the drift is close to a whole pixel.
    #expect(abs(cropped - Double(least)) <= 2 * (240 + 224))
  }
}
