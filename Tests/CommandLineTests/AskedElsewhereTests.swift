import Foundation
import Testing
import TestSupport

/// The canned questions, answered from the catalog's views by Python's sqlite3 and by DuckDB: the same numbers.
@Suite struct AskedElsewhereTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appendingPathComponent(".build/python/bin/python").path

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: python),
      "SKIPPED: no .build/python: make it with Scripts/python-tools.sh"))
  func pythonAndDuckDBSayTheSame() throws {
    let program = try Program()
    try program.run("init", "m.lode")
    let ingest = try program.smallExample()
    try program.run("example", "ex2", "--height", "64", "--width", "72", "--energies", "24")
    let other = ingest.map { $0.replacing("ex/", with: "ex2/").replacing("M1", with: "M2") }
    for arguments in [ingest, ingest + ["--set", "dbscan.radius=1.5"], other] {
      #expect(try program.run(arguments).code == 0)
    }
    #expect(try program.run("tag", "@last", "best").code == 0)
    #expect(try program.run("verify", "@last").code == 0)
    let script = Self.root.appendingPathComponent("Tests/Python/ask_catalog.py")
    let text = try String(contentsOf: script, encoding: .utf8)
    for query in text.matches(of: #/\n    "([a-z-]+)": /#).map({ String($0.1) }) {
      let answer = try program.run("query", query, "--format", "csv")
      #expect(answer.code == 0)
      _ = try program.folder.write(answer.output, to: "\(query).csv")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.python)
    process.arguments = [script.path, program.folder.file("m.lode"), program.folder.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(said.contains("DuckDB: 7 questions"), "\(said)")
  }
}
