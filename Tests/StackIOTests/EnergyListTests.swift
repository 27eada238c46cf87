import Foundation
import StackIO
import Testing
import TestSupport

@Suite struct EnergyListTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func list(_ text: String, name: String = "e.txt") throws -> EnergyList {
    try EnergyList(path: folder.write(text, to: name))
  }

  @Test(arguments: [
    "7100\n7112.5\n", "\u{FEFF}# eV\r\n7100\r\n\r\n7112.5\r\n", "* MANTiS\n7100 0.5\n7112.5 0.6",
    "energy_eV,mu\n7100,0.5\n7112.5,0.6\n", "7.1\n7.1125\n", "  7100\t1\n7112.5\t2\n",
    "7100\t0.5\t1\t\n7112.5\t0.6\t2\t\n", "energy;mu\n7100;0.5\n7112.5;0.6\n",
    "7100, 0.5\n7112.5, 0.6\n", "71.0000e+2\n71.125e2\n", "*\n7100\n\n\n  7112.5  \n%\n",
  ])
  func forms(text: String) throws {
    let found = try list(text, name: text.contains(",") ? "e.csv" : "e.txt")
    #expect(found.energies == [7100, 7112.5])
    #expect(found.isConvertedFromKEV == text.hasPrefix("7.1\n"))
  }

  @Test(arguments: [
    ("7100\nabc\n", "line 2"), ("7100\n7100\n", "line 2"), ("7100\n-5\n", "line 2"),
    ("7100\nnan\n", "line 2"), ("nan\n7100\n", "line 1"), ("7.1\n7112\n", "line 1"),
    ("7,100.0\n8,112.0\n7112\n", "line 1"), ("7100\n1e300\n", "line 2"),
    ("0x1BA8\n7112\n", "line 1"),
    ("7100;1,5\n7112;1,6\n", "decimal commas"), ("7100,,1\n", "empty field"),
    ("7100,5\n7112,5\n", "decimal commas"), ("7100\n7112,5\n", "line 2: decimal commas"),
    ("7100,5\t1,5\n", "decimal commas"), ("7100,5 1,5\n", "decimal commas"),
    ("7100,5;1\n", "decimal commas"), ("# only\n", "no numbers"), ("7100\ninf\n", "line 2"),
    ("7100\n0\n", "line 2"), ("7100\n7112eV\n", "line 2"), ("a\nb\n7100\n", "line 2"),
    ("", "no numbers"),
  ])
  func defects(text: String, words: String) throws {
    let error = #expect(throws: InputError.self) { try list(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.kind == .invalid)
  }

  /// In a .csv, whole numbers in columns look like decimal commas.
  @Test func commasInCSV() throws {
    #expect(throws: InputError.self) { try list("7100,5\n7112,0\n", name: "e.csv") }
    #expect(throws: InputError.self) { try list("7100\n7112,5\n", name: "e.csv") }
    #expect(try list("7100,400\n7112,380\n", name: "e.csv").energies == [7100, 7112])
    #expect(try list("eV,n\n7100,5\n7112,6\n", name: "e.csv").energies == [7100, 7112])
  }

  /// The column that is named energy, wherever it stands; and never one that counts lines.
  @Test func whichColumn() throws {
    #expect(try list("i0,energy\n100,7100\n90,7112.5\n", name: "e.csv").energies == [7100, 7112.5])
    let error = #expect(throws: InputError.self) { try list("1 7100\n2 7110\n3 7120\n") }
    #expect(error?.reason.contains("counts the lines") == true)
  }

  @Test func notText() throws {
    let path = try folder.write([0xFF, 0xFE, 0x37, 0x00, 0x31, 0x00], to: "e.txt")
    let error = #expect(throws: InputError.self) { try EnergyList(path: path) }
    #expect(error?.reason.contains("UTF-8") == true)
  }

  @Test func aMissingFile() {
    let error = #expect(throws: InputError.self) { try EnergyList(path: folder.file("none.txt")) }
    #expect(error?.kind == .missing)
  }
}

@Suite struct ScanRequestTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func stack(_ levels: [UInt16], _ name: String, height: Int = 2) throws -> String {
    let pages = levels.map { level in
      TIFFWriter.Page(
        height: height, width: 3,
        samples: .uint16([UInt16](repeating: level, count: 3 * height)))
    }
    return try folder.write(try TIFFWriter.encode(pages), to: name)
  }

  @Test func unsortedEnergiesAreSortedWithTheirFramesAndReferences() throws {
    var request = ScanRequest(path: try stack([30, 10, 20], "s.tif"))
    request.energiesPaths = [try folder.write("7130\n7110\n7120\n", to: "e.txt")]
    request.references = [try stack([300, 100, 200], "r.tif")]
    request.pixelSize = PixelSize(sideUM: 0.03)
    let scan = try request.open()
    #expect(scan.energies == [7110, 7120, 7130])
    #expect(scan.steps.map { $0.frames.map(\.location.page) } == [[1], [2], [0]])
    #expect(scan.reference == .frames)
    let references = scan.steps.map { $0.references.map { scan.references[$0].location.page } }
    #expect(references == [[1], [2], [0]])
    #expect(scan.remarks.contains { $0.contains("do not ascend") })
  }

  /// A text file named like the stack lists its energies, and is one of the scan's files.
  @Test func aSidecarListsTheEnergies() throws {
    var request = ScanRequest(path: try stack([1, 2], "s.tif"))
    _ = try folder.write("7110\n7120\n", to: "s.txt")
    request.signal = .od
    let scan = try request.open()
    #expect(scan.energies == [7110, 7120])
    #expect(scan.files.map(\.role) == ["frames", "energies"])
    #expect(scan.energyFiles == [folder.file("s.txt")])
  }

  @Test func wrongCountsAreNamed() throws {
    var request = ScanRequest(path: try stack([1, 2, 3], "s.tif"))
    request.energiesPaths = [try folder.write("7110\n7120\n", to: "e.txt")]
    request.references = ["empty-field"]
    let error = #expect(throws: InputError.self) { try request.open() }
    #expect(error?.description.contains("2 energies for 3 frames") == true)
    request.energiesPaths = [try folder.write("7110\n7120\n7130\n", to: "e.txt")]
    request.references = [try stack([9, 9, 9], "r.tif", height: 4)]
    #expect(throws: InputError.self) { try request.open() }
  }

  /// The frames first: a damaged file is often why the numbers differ.
  @Test func damagedFramesComeBeforeAWrongCount() throws {
    let whole = try TIFFWriter.encode(
      (0..<3).map { level in
        TIFFWriter.Page(
          height: 40, width: 40,
          samples: .uint16((0..<1600).map { UInt16(truncatingIfNeeded: ($0 + level) &* 40_503) }))
      }, isCompressed: true)
    var damaged = whole
    for index in 60..<120 { damaged[index] ^= 0x5A }
    var request = ScanRequest(path: try folder.write(damaged, to: "s.tif"))
    request.energiesPaths = [try folder.write("7110\n7120\n", to: "e.txt")]
    request.references = ["empty-field"]
    let error = #expect(throws: InputError.self) { try request.open() }
    #expect(error?.place?.hasPrefix("page") == true, "\(error?.description ?? "")")
  }

  @Test func mixedFramesAreRefused() throws {
    let pages = [2, 3].map { height in
      TIFFWriter.Page(
        height: height, width: 3, samples: .uint16([UInt16](repeating: 1, count: 3 * height)))
    }
    var request = ScanRequest(path: try folder.write(try TIFFWriter.encode(pages), to: "s.tif"))
    request.signal = .od
    request.energiesPaths = [try folder.write("7110\n7120\n", to: "e.txt")]
    let error = #expect(throws: InputError.self) { try request.open() }
    #expect(error?.place == "page 2")
  }

  @Test func countsNeedAReference() throws {
    var request = ScanRequest(path: try stack([1, 2], "s.tif"))
    request.energiesPaths = [try folder.write("7110\n7120\n", to: "e.txt")]
    let error = #expect(throws: InputError.self) { try request.open() }
    #expect(error?.description.contains("--reference") == true)
  }

  @Test func aSpectrumIsInterpolatedAndMustCover() throws {
    var request = ScanRequest(path: try stack([1, 2, 3], "s.tif"))
    request.energiesPaths = [try folder.write("7110\n7115\n7120\n", to: "e.txt")]
    request.references = [try folder.write("7110 100\n7120 200\n", to: "i0.txt")]
    #expect(try request.open().steps.map(\.referenceLevel) == [100, 150, 200])
    // The column of that name, wherever it stands; and none by chance.
    request.references = [
      try folder.write("# energy itrans i0\n7110 1 100\n7120 2 200\n", to: "i0.txt")
    ]
    #expect(try request.open().steps.map(\.referenceLevel) == [100, 150, 200])
    request.references = [
      try folder.write("energy itrans other\n7110 1 100\n7120 2 200\n", to: "i0.txt")
    ]
    let which = #expect(throws: InputError.self) { try request.open() }
    #expect(which?.reason.contains("itrans, other") == true)
    request.references = [try folder.write("7111 100\n7120 200\n", to: "i0.txt")]
    #expect(throws: InputError.self) { try request.open() }
  }
}

@Suite struct OutputFileTests {
  @Test func inputsAndDatabasesAreNotReplaced() throws {
    let folder = try TemporaryFolder()
    let input = try folder.write("input", to: "input.csv")
    let database = try folder.write("SQLite format 3 and so on", to: "x.tif")
    #expect(throws: InputError.self) { try OutputFile.write([1], to: input, protecting: [input]) }
    #expect(throws: InputError.self) { try OutputFile.write([1], to: database) }
    #expect(try String(contentsOfFile: input, encoding: .utf8) == "input")
    try OutputFile.write([65], to: input)
    #expect(try String(contentsOfFile: input, encoding: .utf8) == "A")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
  }
}
