import Foundation
import StackIO
import Testing
import TestSupport

@Suite struct XDITests {
  @Test func theWholeFile() {
    var document = XDIDocument(
      application: "Lodestone/0.1",
      columns: [.init("energy", unit: "eV", [7100, 7112.5]), .init("mutrans", [0.25, 1.0 / 3])])
    document.add("Element.symbol", "Fe")
    document.add("Element.edge", String?.none)
    document.add("Sample.name", "  two\nlines\u{7} ")
    document.add("Lodestone.e0_ev", 7112.0)
    document.comments = ["bad\u{1B}[31m", "", "first\nsecond"]
    #expect(
      document.text == """
        # XDI/1.0 Lodestone/0.1
        # Column.1: energy eV
        # Column.2: mutrans
        # Element.symbol: Fe
        # Sample.name: two lines
        # Lodestone.e0_ev: 7112.0
        # ///
        # bad [31m
        # first
        # second
        # ---
        # energy mutrans
          7100.0                0.25
          7112.5  0.3333333333333333

        """)
  }

  @Test(arguments: [
    ("Facility.name", true), ("a.b-c_1", true), ("1a.b", false), ("name", false),
    ("a.b.c", false), ("a.", false), ("a b.c", false), ("", false),
  ]) func fieldNames(name: String, isOne: Bool) {
    #expect(XDIDocument.isField(name) == isOne)
  }

  @Test func ourReaderReadsTheSameBits() throws {
    let folder = try TemporaryFolder()
    var generator = SystemRandomNumberGenerator()
    let energies = (0..<40).map { 7000 + Double($0) * 3.1 }
    let values = energies.map { _ in Double.random(in: -1...1, using: &generator) }
    let document = XDIDocument(
      application: "Lodestone/0.1",
      columns: [.init("energy", unit: "eV", energies), .init("mutrans", values)])
    let file = try SpectrumFile(path: folder.write(document.text, to: "a.xdi"))
    #expect(file.isXDI && file.remarks.isEmpty)
    let spectrum = try file.spectrum(column: file.absorptionColumn())
    #expect(spectrum.energies == energies && spectrum.values == values)
  }

  @Test func allFilesOrNone() throws {
    let folder = try TemporaryFolder()
    func names() -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? []
    }
    let new = folder.file("new")
    let blocked = folder.file("new/b.xdi")
    try OutputFile.write([(new + "/a.xdi", [1]), (blocked, [2])], inFolder: new)
    #expect(try Data(contentsOf: URL(fileURLWithPath: blocked)) == Data([2]))
    // The second cannot be written: the first stays as it is, and no draft is left.
    try FileManager.default.removeItem(atPath: blocked)
    try FileManager.default.createDirectory(atPath: blocked, withIntermediateDirectories: false)
    #expect(throws: InputError.self) {
      try OutputFile.write([(new + "/a.xdi", [3]), (blocked, [4])], inFolder: new)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: new + "/a.xdi")) == Data([1]))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: new).sorted() == ["a.xdi", "b.xdi"])
    let missing = #expect(throws: InputError.self) {
      try OutputFile.write([(folder.file("no/x/a"), [1])], inFolder: folder.file("no/x"))
    }
    #expect(missing?.kind == .missing)
    // A folder that was made for them goes with them.
    let long = folder.file("made/" + String(repeating: "x", count: 300))
    #expect(throws: InputError.self) {
      try OutputFile.write([(long, [1])], inFolder: folder.file("made"))
    }
    #expect(names() == ["new"])
  }
}
