import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// Folders as a beamline leaves them, from their names to optical density.
@Suite struct BeamlineFolderTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
  }

  private func request(_ name: String = "scan") -> ScanRequest {
    var request = ScanRequest(path: folder.file(name))
    request.exposure = 0.5
    request.referenceExposure = 0.3
    request.pixelSize = PixelSize(sideUM: 0.03)
    return request
  }

  /// The mean OD of the largest cluster at each energy.
  private func density(_ request: ScanRequest, _ settings: [String] = []) throws -> [Double] {
    let parameters = try ParameterSet(settings: ["correct.empty_field=none"] + settings)
    let outcome = try Ingest(catalog: catalog, parameters: parameters, command: "test")
      .run(request, sample: "M1")
    let spectra = try catalog.ask("run-spectra", run: outcome.runID)
    return spectra.rows.indices.filter { spectra.value("cluster", row: $0) == .integer(0) }
      .compactMap { spectra.value("mean_od", row: $0).number }
  }

  private func expectDensity(_ found: [Double], of made: BeamlineFolder, offset: Double = 0) {
    #expect(found.count == made.energies.count)
    for (value, energy) in zip(found, made.energies) {
      #expect(abs(value - made.density(energy) - offset) < 0.01, "\(energy) eV")
    }
  }

  @Test func namesReferencesAndOrder() throws {
    let made = BeamlineFolder()
    let taken = try made.write(to: folder.file("scan"))
    let scan = try request().open()
    #expect(scan.part == "rep01 NAT1_XANES" && scan.layout == "folder of SSRL 6-2c, ABBA")
    #expect(scan.energies == made.energies)
    #expect(scan.steps.allSatisfy { $0.frames.count == 3 && $0.references.count == 4 })
    #expect(scan.signal.value == .counts && scan.references.count == 40)
    for step in scan.steps {
      for reference in step.references {
        #expect(scan.references[reference].energyEV?.value == step.energyEV)
      }
    }
    #expect(scan.steps[0].frames[0].exposure?.value == 0.5)
    #expect(scan.references[0].exposure?.value == 0.3)
    #expect(Set(scan.files.map(\.role)) == ["frames", "reference", "scan-info"])
    #expect(scan.files.count == taken.count + 1)
    // Pairs by energy need no time: it is no part of the identity.
    #expect(scan.steps[0].frames[0].acquisition == nil)
  }

  @Test func opticalDensityIsThatOfTheSample() throws {
    var made = BeamlineFolder()
    try made.write(to: folder.file("scan"))
    expectDensity(try density(request()), of: made)
    // Without the exposures their ratio is 1, and that is said.
    var unknown = request()
    (unknown.exposure, unknown.referenceExposure) = (nil, nil)
    #expect(try unknown.open().remarks.contains { $0.contains("exposures are not known") })
    let error = #expect(throws: AnalysisError.self) { try density(unknown) }
    #expect(error?.description.contains("exposures") == true)
    unknown.exposure = 0.3
    unknown.referenceExposure = 0.3
    made.thickness = 4
    try made.write(to: folder.file("scan"))
    expectDensity(try density(unknown), of: made, offset: -log(0.5 / 0.3))
  }

  /// A recipe's parameters give exposures too.
  @Test func exposuresMayBeParameters() throws {
    let names = ["correct.exposure", "correct.reference_exposure"]
    let parameters = try ParameterSet(settings: ["\(names[0])=0.5", "\(names[1])=0.3"])
    #expect(names.map { parameters.number($0) } == [0.5, 0.3])
    #expect(try ParameterSet().number(names[0]) == nil)
  }

  /// References at every fourth energy only: the others take the nearest in time.
  @Test func fewerReferencesThanEnergies() throws {
    var made = BeamlineFolder()
    made.referencesAt = [0, 4, 8]
    try made.write(to: folder.file("scan"))
    let scan = try request().open()
    let energies = scan.steps.map { step in
      Set(step.references.compactMap { scan.references[$0].energyEV?.value })
    }
    // Places in time: references 0-3, frames 4-15, references 16-19, frames 20-31, references 32-35, frames
    // 36-41. The frames 10-12 are nearer to 16 than to 3; the frames 26-28 nearer to 32 than to 19.
    #expect(
      energies == [8250, 8250, 8332, 8332, 8332, 8332, 8400, 8400, 8400, 8400].map { [$0] })
    #expect(scan.steps[0].frames[0].acquisition != nil && scan.references[0].acquisition == 0)
    #expect(scan.remarks.contains { $0.contains("nearest in time") })
  }

  /// A frame whose file is cut short, one whose pixels are damaged, one that is no TIFF, one of another
  /// size: reported, and the mean is of the others.
  @Test func damagedExposuresAreLeftOutAndSaid() throws {
    let made = BeamlineFolder()
    try made.write(to: folder.file("scan"))
    func path(_ energy: Double, _ number: Int, _ reference: Int? = nil) -> String {
      folder.file("scan/\(made.name(energy, number, reference: reference)).tif")
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: path(8340, 2)))
    try whole.prefix(200).write(to: URL(fileURLWithPath: path(8340, 2)))
    var flipped = whole
    // Behind the directory's offset lie the compressed pixels.
    for index in 30..<60 { flipped[index] ^= 0x5A }
    try flipped.write(to: URL(fileURLWithPath: path(8300, 1)))
    try Data("lost".utf8).write(to: URL(fileURLWithPath: path(8360, 3)))
    let small = TIFFWriter.Page(height: 2, width: 2, samples: .uint16([1, 2, 3, 4]))
    _ = try folder.write(try TIFFWriter.encode([small]), to: "scan/\(made.name(8400, 1)).tif")
    try Data("lost".utf8).write(to: URL(fileURLWithPath: path(8250, 1, 1)))
    expectDensity(try density(request()), of: made)
    let run = try #require(try catalog.ask(StoredQuery.named("runs")).rows.first?.first?.text)
    let warnings = try catalog.ask("run-warnings", run: run).rows.compactMap { $0.first?.text }
    for damaged in [path(8340, 2), path(8300, 1), path(8360, 3), path(8400, 1), path(8250, 1, 1)] {
      #expect(
        warnings.contains { $0.hasPrefix(damaged) && $0.contains("left out") }, "\(damaged)")
    }
    #expect(warnings.contains { $0.hasPrefix("fewer than 3 exposures at 8340.0, 8360.0, 8400.0") })
    // The same once more is the same scan.
    #expect(try Verify(catalog: catalog, command: "test").run(run).verification.grade == .identical)
    // Where no other exposure stands for it, it is an error of its file.
    for number in 1...3 {
      try Data("lost".utf8).write(to: URL(fileURLWithPath: path(8360, number)))
    }
    let error = #expect(throws: InputError.self) { try request().open() }
    #expect(error?.path == path(8360, 1) && error?.kind == .invalid)
  }

  /// A pixel that was saturated in one of its exposures has no mean.
  @Test func saturationInOneExposure() throws {
    var made = BeamlineFolder()
    made.rate = 100_000
    try made.write(to: folder.file("scan"))
    let path = folder.file("scan/\(made.name(8300, 2)).tif")
    let frame = try TIFFFile(path: path).frame(page: 0)
    var samples = frame.values.floats.map { UInt16($0) }
    for pixel in [3, 900, 1000] { samples[pixel] = 65535 }
    let page = TIFFWriter.Page(
      height: frame.height, width: frame.width, samples: .uint16(samples))
    try Data(TIFFWriter.encode([page])).write(to: URL(fileURLWithPath: path))
    _ = try density(request())
    let run = try #require(try catalog.ask(StoredQuery.named("runs")).rows.first?.first?.text)
    let frames = try catalog.ask("run-frames", run: run)
    let altered = frames.rows.indices.map { frames.value("altered_pixels", row: $0) }
    #expect(altered[1] == .integer(3) && altered[0] == .integer(0))
  }

  /// So is one above a count that was given, though Float rounds it.
  @Test func aGivenSaturationInOneExposure() throws {
    let made = BeamlineFolder()
    try made.write(to: folder.file("scan"))
    let path = folder.file("scan/\(made.name(8300, 2)).tif")
    let frame = try TIFFFile(path: path).frame(page: 0)
    var samples = frame.values.floats.map { UInt16($0) }
    samples[900] = 40_001
    let page = TIFFWriter.Page(
      height: frame.height, width: frame.width, samples: .uint16(samples))
    try Data(TIFFWriter.encode([page])).write(to: URL(fileURLWithPath: path))
    _ = try density(request(), ["correct.saturation=40000.1"])
    let run = try #require(try catalog.ask(StoredQuery.named("runs")).rows.first?.first?.text)
    let frames = try catalog.ask("run-frames", run: run)
    #expect(frames.value("altered_pixels", row: 1) == .integer(1))
    #expect(frames.value("altered_pixels", row: 0) == .integer(0))
  }

  /// The dark is what the detector adds: scaled where its exposure is another.
  @Test func darksOfAnotherExposure() throws {
    var made = BeamlineFolder()
    made.rate = 20_000
    try made.write(to: folder.file("scan"))
    // 2000 counts a second of dark current, in every frame.
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.file("scan"))
    where name.hasSuffix(".tif") {
      let path = folder.file("scan/" + name)
      let frame = try TIFFFile(path: path).frame(page: 0)
      let seconds = name.contains("_ref_") ? 0.3 : 0.5
      let samples = frame.values.floats.map { UInt16($0) + UInt16(2000 * seconds) }
      let page = TIFFWriter.Page(
        height: frame.height, width: frame.width, samples: .uint16(samples))
      try Data(TIFFWriter.encode([page])).write(to: URL(fileURLWithPath: path))
    }
    let dark = TIFFWriter.Page(
      height: made.height, width: made.width,
      samples: .uint16([UInt16](repeating: 200, count: made.height * made.width)))
    _ = try folder.write(try TIFFWriter.encode([dark]), to: "scan/dark_001.tif")
    var request = request()
    #expect(try request.open().darks.count == 1)
    request.darkExposure = 0.1
    expectDensity(try density(request), of: made)
    request.darkExposure = nil
    #expect(try request.open().remarks.contains { $0.contains("--dark-exposure") })
    let unscaled = try density(request)
    #expect(abs(unscaled[0] - 0.2) > 0.01)
  }

  @Test func positionsAndRepetitionsAreScans() throws {
    var made = BeamlineFolder()
    try made.write(to: folder.file("scan"))
    made.repetition = 2
    made.rate = 50_000
    try made.write(to: folder.file("scan"))
    (made.position, made.repetition) = ("XANES_2", 1)
    made.rate = 40_000
    try made.write(to: folder.file("scan"))
    let scans = try request().scans().map { try $0.get() }
    #expect(scans.map(\.part) == ["rep01 NAT1_XANES", "rep01 XANES_2", "rep02 NAT1_XANES"])
    #expect(scans.allSatisfy { $0.steps.count == 10 && $0.references.count == 40 })
    #expect(throws: InputError.self) { try request().open() }
    var second = request()
    second.part = "rep02 NAT1_XANES"
    let ingest = Ingest(catalog: catalog, parameters: try ParameterSet(), command: "test")
    let outcome = try ingest.run(second, sample: "M2")
    // What is stored finds it again among the others.
    #expect(
      try Verify(catalog: catalog, command: "test").run(outcome.runID).verification.grade
        == .identical)
    second.part = "rep07"
    let error = #expect(throws: InputError.self) { try second.open() }
    #expect(error?.reason.contains("\"rep01 XANES_2\"") == true)
  }

  /// A scan that could not be made leaves the others of its folder.
  @Test func oneBadPositionLeavesTheOthers() throws {
    var made = BeamlineFolder()
    try made.write(to: folder.file("scan"))
    made.position = "bad"
    try made.write(to: folder.file("scan"))
    for number in 1...3 {
      _ = try folder.write("lost", to: "scan/\(made.name(8250, number)).tif")
    }
    let scans = try request().scans()
    #expect(scans.count == 2)
    #expect((try? scans[0].get()) != nil && (try? scans[1].get()) == nil)
  }

  /// A folder of a stack with its references, dark and energies, each by its name.
  @Test func aFolderOfStacks() throws {
    var example = ExampleScan()
    (example.height, example.width, example.energyCount) = (48, 48, 24)
    try example.write(to: folder.file("ex"))
    var named = ScanRequest(path: folder.file("ex/scan.tif"))
    named.energiesPaths = [folder.file("ex/energies.txt")]
    named.references = [folder.file("ex/references.tif")]
    named.darkPaths = [folder.file("ex/dark.tif")]
    let expected = try ScanInspection(named.open()).scanID
    #expect(try ScanInspection(ScanRequest(path: folder.file("ex")).open()).scanID == expected)
  }

  /// Stacks that numbers tell apart, each with references of its own name: none takes another's. What is opened alone is the
  /// same scan.
  @Test func numberedStacksHaveReferencesOfTheirOwn() throws {
    var example = ExampleScan()
    (example.height, example.width, example.energyCount) = (48, 48, 24)
    for number in 1...3 {
      example.seed = UInt64(number)
      try example.write(to: folder.file("ex\(number)"))
      for (name, mark) in [("scan", ""), ("references", "_ref"), ("dark", "_dark")] {
        let place = folder.file("all/scan_00\(number)\(mark).tif")
        try FileManager.default.createDirectory(
          atPath: folder.file("all"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
          atPath: folder.file("ex\(number)/\(name).tif"), toPath: place)
      }
    }
    try FileManager.default.copyItem(
      atPath: folder.file("ex1/energies.txt"), toPath: folder.file("all/energies.txt"))
    let scans = try ScanRequest(path: folder.file("all")).scans().map { try $0.get() }
    #expect(scans.map(\.part) == ["scan 001", "scan 002", "scan 003"])
    for (number, scan) in scans.enumerated() {
      #expect(
        Set(scan.references.map(\.location.path))
          == [folder.file("all/scan_00\(number + 1)_ref.tif")])
      #expect(scan.darks.map(\.location.path) == [folder.file("all/scan_00\(number + 1)_dark.tif")])
      var alone = ScanRequest(path: folder.file("all"))
      alone.files = Set(["", "_ref", "_dark"].map { "scan_00\(number + 1)\($0).tif" })
      let same = try alone.open()
      #expect(try ScanInspection(same).scanID == ScanInspection(scan).scanID)
      #expect(same.part == scan.part && same.remarks == scan.remarks)
    }
  }
}

/// Stacks of one field that were taken one after the other.
@Suite struct JoinedStackTests {
  private let small: SmallScan
  private var folder: TemporaryFolder { small.folder }

  init() throws { small = try SmallScan(height: 96, width: 112) }

  private func energies() throws -> [Double] {
    try EnergyList(path: small.request.energiesPaths[0]).energies
  }

  /// The pages of a file whose energies lie in a range, written anew.
  private func part(_ name: String, _ range: Range<Double>, to path: String) throws -> String {
    let file = try TIFFFile(path: folder.file("ex/\(name).tif"))
    let pages = try energies().enumerated().filter { range.contains($0.element) }.map {
      let frame = try file.frame(page: $0.offset)
      return TIFFWriter.Page(
        height: frame.height, width: frame.width,
        samples: .uint16(frame.values.floats.map { UInt16($0) }))
    }
    return try folder.write(try TIFFWriter.encode(pages), to: path)
  }

  /// Nd L3 and Fe K as two stacks, each with its references: the numbers of the one stack that they are.
  @Test func areTheOneStackThatTheyMake() throws {
    let whole = try small.ingest()
    var joined = small.request
    let ranges = [7000.0..<8000, 6000.0..<7000]
    joined.paths = try ["fe", "nd"].enumerated().map {
      try part("scan", ranges[$0.offset], to: "\($0.element).tif")
    }
    joined.references = try ["fe", "nd"].enumerated().map {
      try part("references", ranges[$0.offset], to: "\($0.element)_ref.tif")
    }
    joined.energiesPaths = try ["fe", "nd"].enumerated().map { index, name in
      let list = try energies().filter { ranges[index].contains($0) }
      return try folder.write(
        list.map { "\($0)" }.joined(separator: "\n"), to: "\(name)_energies.txt")
    }
    // The frames are the same, in the order of their energies; the dark serves both.
    #expect(try joined.open().energies == energies())
    joined.darkPaths = [folder.file("ex/dark.tif")]
    // The same data, however many files it lies in.
    let outcome = try small.ingest(joined)
    #expect(outcome.status == .sighted && outcome.runID == whole.runID)
    let found = try small.ingest(joined, ["dbscan.minimum_points=9"])
    let expected = try small.ingest(nil, ["dbscan.minimum_points=9"])
    #expect(expected.status == .unchanged)
    func fractions(_ run: String) throws -> [Double] {
      let clusters = try small.catalog.ask("run-clusters", run: run)
      return clusters.rows.indices.compactMap { clusters.value("nd_fraction", row: $0).number }
    }
    #expect(try fractions(found.runID).count > 1)
    #expect(
      try Verify(catalog: small.catalog, command: "test").run(found.runID).verification.grade
        == .identical)
    // One list of energies, in the order of the paths, serves as well.
    let lists = try joined.energiesPaths.map { try String(contentsOfFile: $0, encoding: .utf8) }
    joined.energiesPaths = [try folder.write(lists.joined(separator: "\n"), to: "all.txt")]
    #expect(try ScanInspection(joined.open()).scanID == small.catalog.run(outcome.runID).scanID)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    var joined = small.request
    joined.paths = [folder.file("ex/scan.tif"), folder.file("ex/scan.tif")]
    let twice = #expect(throws: InputError.self) { try joined.open() }
    #expect(twice?.reason.contains("is an energy of") == true, "\(twice?.reason ?? "")")
    let page = TIFFWriter.Page(height: 2, width: 2, samples: .uint16([9, 9, 9, 9]))
    joined.paths[1] = try folder.write(try TIFFWriter.encode([page]), to: "b_9000.0eV.tif")
    joined.energiesPaths = [small.request.energiesPaths[0], try folder.write("9000", to: "b.txt")]
    joined.references = ["empty-field"]
    joined.darkPaths = []
    let sizes = #expect(throws: InputError.self) { try joined.open() }
    #expect(sizes?.reason.contains("frames of one size") == true)
  }
}
