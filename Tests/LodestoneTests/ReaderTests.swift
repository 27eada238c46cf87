import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// Readers without this program: Python's sqlite3, pandas and tifffile see what it sees, to the last bit.
@Suite struct ReaderTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appendingPathComponent(".build/python/bin/python3")
  // Written last by the script that makes it.
  private static let isThere = FileManager.default.fileExists(
    atPath: root.appendingPathComponent(".build/python/requirements.txt").path)

  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    let small = try SmallScan(height: 96, width: 80)
    (folder, catalog) = (small.folder, small.catalog)
    let spectrum = try SpectrumFile(path: folder.file("ex/truth/spectra.csv")).spectrum(column: 1)
    let reference = NamedReference(
      name: "grain",
      spectrum: ReferenceSpectrum(energies: spectrum.energies, values: spectrum.values))
    let parameters = try ParameterSet(
      settings: ["fit.references=" + NamedReference.parameter([reference])])
    let run = try Ingest(
      catalog: catalog, parameters: parameters, references: [reference], command: "test"
    ).run(small.request, sample: "M1").runID
    try catalog.tag("best", run: run)
    try catalog.note("several\nlines, \"quoted\"", on: .run(run))
    try catalog.set("composition", to: "Nd2Fe14B", ofSample: "M1")
  }

  @Test(.enabled(if: isThere, "SKIPPED: no .build/python: make it with Scripts/python-tools.sh"))
  func pythonReadsTheSame() throws {
    let process = Process()
    process.executableURL = Self.python
    let script = Self.root.appendingPathComponent("Tests/Python/read_catalog.py").path
    process.arguments = [script, catalog.path]
    let output = folder.file("values.txt")
    try Data().write(to: URL(fileURLWithPath: output))
    process.standardOutput = FileHandle(forWritingAtPath: output)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let theirs = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    let ours = try values()
    #expect(ours.count > 1000)
    #expect(theirs.count == ours.count)
    for (a, b) in zip(theirs, ours) where a != b { Issue.record("\(a) is not \(b)") }
  }

  /// Every value of every view, as the script writes them.
  private func values() throws -> [String] {
    let sql = UserSQL(path: catalog.path)
    var lines: [String] = []
    let views = try sql.answer("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
    for view in views.rows.map({ $0[0].text }) {
      let table = try sql.answer("SELECT * FROM \(view)")
      for (number, row) in table.rows.enumerated() {
        for (column, value) in zip(table.columns, row) {
          let line = "\(view)\t\(number)\t\(column)\t\(try text(of: value))"
          lines.append(line.replacing("\n", with: " "))
        }
      }
    }
    return lines
  }

  private func text(of value: AnswerTable.Value) throws -> String {
    func hex(_ bytes: some Sequence<UInt8>) -> String {
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    switch value {
    case .null: return "null"
    case .real(let number): return withUnsafeBytes(of: number.bitPattern.bigEndian) { hex($0) }
    case .blob(let tiff):
      let file = try TIFFFile(bytes: tiff, name: "map")
      let values = try (0..<file.pageCount).flatMap { try file.frame(page: $0).values.floats }
      if try file.layout(ofPage: 0).format == 3 {
        return values.withUnsafeBytes { hex($0) }
      }
      return hex(
        values.flatMap { label in
          let bits = UInt16(bitPattern: Int16(label))
          return [UInt8(bits & 255), UInt8(bits >> 8)]
        })
    default: return value.text
    }
  }

  /// A label map takes less than a fifth of a byte a pixel, as the deflate TIFF that it is; what pixels absorb about one.
  @Test func mapsAreSmall() throws {
    let maps = try UserSQL(path: catalog.path).answer(
      "SELECT kind, tiff, height * width FROM map_overview ORDER BY kind")
    #expect(
      maps.rows.map { $0[0].text } == ["dbscan", "edge_step", "fit", "label", "mask", "od"])
    for row in maps.rows {
      guard case .blob(let tiff) = row[1] else {
        Issue.record("no blob")
        continue
      }
      let file = try TIFFFile(bytes: tiff, name: "map")
      let layout = try file.layout(ofPage: 0)
      let bytesAPixel = Double(tiff.count) / (row[2].number ?? 0)
      switch row[0].text {
      case "od":
        #expect(file.pageCount == 1 && layout.format == 3 && bytesAPixel < 1.2, "\(bytesAPixel)")
      case "edge_step":
        #expect(file.pageCount == 2 && layout.format == 3 && bytesAPixel < 2.4, "\(bytesAPixel)")
      case "fit": #expect(file.pageCount == 2 && layout.format == 3)
      default:
        #expect(file.pageCount == 1 && layout.bits == 16 && layout.format == 2)
        #expect(bytesAPixel < 0.2, "\(row[0].text): \(bytesAPixel)")
      }
    }
  }
}
