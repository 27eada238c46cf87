import Foundation
import Testing
import TestSupport

/// Merge, export, import and backup, as a user does them.
@Suite struct ExchangeCommandTests {
  private let program: Program
  private let ingest: [String]

  init() throws {
    program = try Program()
    ingest = try program.smallExample()
    for name in ["a.lode", "b.lode"] {
      #expect(try program.run("init", name).code == 0)
      #expect(try program.run(ingest + ["--catalog", name]).code == 0)
    }
    #expect(
      try program.run(ingest + ["--set", "dbscan.radius=1.5", "--catalog", "b.lode"]).code == 0)
    #expect(try program.run("tag", "@last", "best", "--catalog", "b.lode").code == 0)
  }

  private func lines(_ name: String) throws -> String {
    let outcome = try program.run("export", "--all", "--catalog", name)
    #expect(outcome.code == 0 && outcome.errors.isEmpty)
    return outcome.output
  }

  @Test func mergeIsRepeatedWithoutEffect() throws {
    for name in ["ab.lode", "ba.lode"] {
      let from = name == "ab.lode" ? "a.lode" : "b.lode"
      #expect(try program.run("backup", name, "--catalog", from).output.contains("checked"))
    }
    let merged = try program.run("merge", "b.lode", "--catalog", "ab.lode", "--json")
    #expect(merged.code == 0, "\(merged.errors)")
    #expect(merged.json["schema"] as? String == "lodestone.merge/1")
    #expect(merged.json["status"] as? String == "merged")
    #expect((merged.json["added"] as? [String: Int])?["run"] == 1)
    #expect(try program.run("merge", "a.lode", "--catalog", "ba.lode").code == 0)
    #expect(try lines("ab.lode") == lines("ba.lode"))
    let before = try program.bytes("ab.lode")
    let again = try program.run("merge", "b.lode", "a.lode", "--catalog", "ab.lode")
    #expect(again.output == "unchanged: b.lode\nunchanged: a.lode\n")
    #expect(try program.bytes("ab.lode") == before)
    #expect(try program.run("show", "tag:best", "--catalog", "ab.lode").code == 0)
    #expect(try program.run("check", "ab.lode", "--deep").code == 0)
    // A run that came by merging is not computed again.
    let known = try program.run(
      ingest + ["--set", "dbscan.radius=1.5", "--catalog", "ab.lode", "--json"])
    #expect(known.json["status"] as? String == "unchanged")
  }

  @Test func conflictsAreSaid() throws {
    try program.run("tag", "@last", "best", "--catalog", "a.lode")
    let runs = try program.run(
      "sql", "SELECT scan_id FROM scan", "--format", "csv", "--catalog", "a.lode")
    let scan = runs.output.split(separator: "\n").last.map(String.init) ?? ""
    try program.run("sample", "assign", scan, "M2", "--catalog", "b.lode")
    let merged = try program.run("merge", "b.lode", "--catalog", "a.lode")
    #expect(merged.code == 0)
    #expect(merged.errors.contains("note: tag \"best\" is run"), "\(merged.errors)")
    #expect(merged.errors.contains("shows sample M1 here and M2 there"), "\(merged.errors)")
    let show = try program.run("show", "tag:best", "--catalog", "a.lode")
    #expect(show.code == 65 && show.errors.contains("several runs are tagged"), "\(show)")
  }

  @Test func anExportMakesTheSameCatalogAgain() throws {
    let written = try program.run("export", "--all", "-o", "b.ndjson", "--catalog", "b.lode")
    #expect(written.code == 0 && written.errors.contains(" records"))
    #expect(
      try String(contentsOfFile: program.folder.file("b.ndjson"), encoding: .utf8)
        == lines("b.lode"))
    try program.run("init", "again.lode")
    let imported = try program.run("import", "b.ndjson", "--catalog", "again.lode")
    #expect(imported.code == 0 && imported.output.contains("2 runs, 2 results"), "\(imported)")
    #expect(try lines("again.lode") == lines("b.lode"))
    #expect(try program.run("check", "again.lode", "--deep").code == 0)
    let twice = try program.run("import", "b.ndjson", "--catalog", "again.lode", "--json")
    #expect(twice.json["status"] as? String == "unchanged")
    // A value that an identity covers, changed: refused, and nothing is left anywhere.
    let text = try lines("b.lode").replacing("\"height\":96", with: "\"height\":97")
    _ = try program.folder.write(text, to: "bad.ndjson")
    let before = try program.bytes("again.lode")
    let refused = try program.run("import", "bad.ndjson", "--catalog", "again.lode")
    #expect(
      refused.code == 65 && refused.errors.contains("it was changed"), "\(refused)")
    let cut = try program.folder.write(String(text.dropLast(100)), to: "cut.ndjson")
    #expect(try program.run("import", cut, "--catalog", "again.lode").code == 65)
    #expect(try program.bytes("again.lode") == before)
    #expect(try program.run("import", "none.ndjson", "--catalog", "again.lode").code == 66)
  }

  @Test func whatIsNotWholeIsNotMerged() throws {
    try ForeignSQL.run(
      "DROP TRIGGER cluster_element_no_update; UPDATE cluster_element SET step = step + 1",
      on: program.folder.file("b.lode"))
    let before = try program.bytes("a.lode")
    // Nor is it written as lines, nor merged into.
    let exported = try program.run("export", "--all", "--catalog", "b.lode")
    #expect(exported.code == 65 && exported.output.isEmpty, "\(exported)")
    #expect(try program.run("merge", "a.lode", "--catalog", "b.lode").code == 65)
    let merged = try program.run("merge", "b.lode", "--catalog", "a.lode")
    #expect(
      merged.code == 65 && merged.errors.contains("not whole, so nothing was done"), "\(merged)")
    #expect(try program.bytes("a.lode") == before)
    #expect(try program.run("merge", "none.lode", "--catalog", "a.lode").code == 66)
    #expect(try program.run("merge", "ex/scan.tif", "--catalog", "a.lode").code == 65)
    let itself = try program.run("merge", "./a.lode", "--catalog", "a.lode")
    #expect(itself.code == 64 && itself.errors.contains("with itself"))
  }

  @Test func aBackupReplacesNothing() throws {
    #expect(try program.run("backup", "c.lode", "--catalog", "a.lode").code == 0)
    #expect(try program.bytes("c.lode").count == program.bytes("a.lode").count)
    let before = try program.bytes("c.lode")
    let again = try program.run("backup", "c.lode", "--catalog", "b.lode")
    #expect(again.code == 64 && again.errors.contains("already"), "\(again)")
    #expect(try program.bytes("c.lode") == before)
    #expect(try program.run("backup", "no/c.lode", "--catalog", "a.lode").code == 66)
    #expect(try program.run("backup", "a.lode-journal", "--catalog", "a.lode").code == 64)
  }

  /// A name is a file's, whatever SQLite would take it for.
  @Test func namesAreNoURIs() throws {
    for name in ["file:x.lode", ":memory:", "-x.lode", "a b?mode=ro.lode"] {
      #expect(try program.run(["backup", "--catalog", "a.lode", "--", name]).code == 0)
      let list = try program.run("list", "runs", "--catalog=\(name)", "--format", "csv")
      #expect(list.code == 0 && list.output.split(separator: "\n").count == 2, "\(list)")
      #expect(try program.run("sql", "SELECT 1", "--catalog=\(name)").code == 0)
      #expect(try program.run("tag", "@last", "x", "--catalog=\(name)").code == 0)
      #expect(FileManager.default.fileExists(atPath: program.folder.file(name)))
    }
  }

  /// No line is endless.
  @Test func anEndlessLineIsRefused() throws {
    let outcome = try program.run("import", "/dev/zero", "--catalog", "a.lode")
    #expect(outcome.code == 65 && outcome.errors.contains("line 1: longer"), "\(outcome)")
    #expect(try program.run("import", "ex", "--catalog", "a.lode").errors.contains("a folder"))
  }

  @Test func exportAllTakesNothingElse() throws {
    for arguments in [
      ["--all", "@last"], ["--all", "--labels", "x.tif"], ["-o", "x"], ["@last"], [],
    ] {
      #expect(try program.run(["export"] + arguments + ["--catalog", "a.lode"]).code == 64)
    }
    let kept = try program.run("export", "--all", "-o", "a.lode", "--catalog", "a.lode")
    #expect(kept.code == 65, "\(kept)")
  }
}
