import Foundation
import Testing
import TestSupport

/// Verify, check, migrate, and what people say, as a user does them.
@Suite struct CatalogCareTests {
  private let program: Program
  private let ingest: [String]

  init() throws {
    program = try Program()
    ingest = try program.smallExample()
    try program.run("init", "m.lode")
    #expect(try program.run(ingest).code == 0)
  }

  /// What stdout and stderr say, and the exit code.
  @discardableResult
  private func expect(
    _ code: Int32, _ words: String, _ arguments: String..., line: Int = #line
  ) throws -> Program.Outcome {
    let outcome = try program.run(arguments)
    #expect(outcome.code == code, "line \(line): \(outcome.errors)")
    #expect((outcome.output + outcome.errors).contains(words), "line \(line): \(outcome)")
    return outcome
  }

  @Test func verifyAndReproducibility() throws {
    let outcome = try program.run("verify", "@last", "--json")
    #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.json["schema"] as? String == "lodestone.verify/1")
    #expect(outcome.json["grade"] as? String == "identical")
    #expect(outcome.json["changed_pixels"] as? Int == 0)
    try expect(0, "identical: run", "verify", "@last")
    try FileManager.default.moveItem(
      atPath: program.folder.file("ex"), toPath: program.folder.file("moved"))
    try expect(66, "say where: lodestone verify", "verify", "@last")
    try expect(0, "identical", "verify", "@last", "moved/scan.tif")
    try expect(66, "no run", "verify", "0000")
    // Only the references are missed, and their option named.
    try FileManager.default.moveItem(
      atPath: program.folder.file("moved/references.tif"), toPath: program.folder.file("i0.tif"))
    try expect(66, "--reference FILE", "verify", "@last")
    try expect(0, "identical", "verify", "@last", "--reference", "i0.tif")
    let table = try program.run("query", "reproducibility", "--json")
    let rows = try #require(table.json["rows"] as? [[String: Any]])
    #expect(rows[0]["executions"] as? Int == 5 && rows[0]["results"] as? Int == 1)
    #expect(rows[0]["last_grade"] as? String == "identical")
  }

  /// A number that does not come out again: the answer is no.
  @Test func whatDiffersIsSaid() throws {
    try ForeignSQL.tamper(
      "UPDATE cluster_element SET atomic_fraction = atomic_fraction * 1.5",
      on: program.folder.file("m.lode"))
    let outcome = try expect(1, "different: run", "verify", "@last")
    #expect(outcome.output.contains("cluster_element.atomic_fraction"))
    let check = try expect(1, "cluster_element: rows", "check", "--deep")
    #expect(check.output.contains("NOT WHOLE"))
    try expect(0, "whole (normal check)", "check")
    let json = try program.run("check", "--deep", "--json")
    #expect(json.code == 1 && json.json["whole"] as? Bool == false)
    #expect((json.json["findings"] as? [String])?.isEmpty == false)
  }

  @Test func checkReadsOnly() throws {
    let before = try program.bytes("m.lode")
    try expect(0, "whole (quick check)", "check", "--quick")
    try expect(0, "whole (normal check)", "check", "m.lode")
    let deep = try program.run("check", "--deep", "--json")
    #expect(deep.code == 0 && deep.json["whole"] as? Bool == true)
    #expect((deep.json["counts"] as? [String: Int])?["run"] == 1)
    #expect((deep.json["remarks"] as? [String])?.first?.hasPrefix("4 of 4 source files") == true)
    #expect(try program.bytes("m.lode") == before)
    // A raw file that changed is found; one that went is not a fault of the catalog.
    _ = try program.folder.write("changed", to: "ex/energies.txt")
    try FileManager.default.removeItem(atPath: program.folder.file("ex/dark.tif"))
    let changed = try expect(1, "has changed since it was seen", "check", "--deep")
    #expect(changed.errors.contains("1 are not there"))
    try expect(64, "not both", "check", "--deep", "--quick")
    let damaged = Array(before.prefix(before.count / 2))
    _ = try program.folder.write(damaged, to: "d.lode")
    let outcome = try program.run("check", "--catalog", "d.lode")
    #expect([1, 65].contains(outcome.code), "\(outcome)")
  }

  @Test func tagsNotesAndRetractions() throws {
    try expect(0, "is tagged best", "tag", "@last", "best")
    try expect(0, "is tagged best already", "tag", "tag:best", "best")
    try expect(0, "sample M1", "show", "tag:best")
    try expect(0, "nd_fraction of cluster 0", "audit", "tag:best:0:nd_fraction")
    try expect(0, "noted on run", "note", "tag:best", "beam dump")
    try expect(0, "noted on sample M1", "note", "sample:M1", "wire saw")
    try expect(0, "beam dump", "show", "@last")
    try expect(0, "wire saw", "list", "notes")
    // A remark that begins with a dash is a remark, or refused: never help and nothing stored.
    try expect(64, "put -- before a text", "note", "@last", "-shifted by 3 px")
    let number = try program.run(ingest + ["--exposure", "-0.5"])
    #expect(number.code == 64 && !number.errors.contains("put --"), "\(number.errors)")
    try expect(0, "noted on run", "note", "@last", "--", "-shifted by 3 px")
    try expect(0, "noted on run", "note", "@last", "bell\u{7} and escape\u{1B}[31m")
    let notes = try program.run("list", "notes").output
    #expect(notes.contains("-shifted by 3 px") && !notes.contains("\u{1B}"))
    try expect(0, "nobody will know why", "retract", "@last")
    try expect(0, "is retracted already", "retract", "@last")
    try expect(0, "is retracted", "retract", "@last", "--reason", "wrong references")
    try expect(0, "is retracted already", "retract", "@last")
    let left = try expect(0, "1 retracted run is left out", "query", "phase-stats")
    #expect(left.output == "(none)\n")
    let json = try program.run("list", "runs", "--json")
    #expect(json.json["retracted_left_out"] as? Int == 1)
    #expect((json.json["rows"] as? [Any])?.isEmpty == true)
    try expect(0, "RETRACTED", "show", "tag:best")
    try expect(0, "wrong references", "list", "retracted")
    let again = try program.run(ingest + ["--json"])
    #expect(again.json["status"] as? String == "unchanged")
    #expect(again.json["retracted"] as? Bool == true)
    try expect(0, "no longer retracted", "retract", "@last", "--undo")
    try expect(0, "is not retracted", "retract", "@last", "--undo")
    #expect(try program.run("query", "phase-stats").errors.isEmpty)
    try expect(0, "annealed_c is 900", "sample", "set", "M1", "annealed_c=900")
    try expect(0, "annealed_c=900", "list", "samples")
    try expect(66, "no sample M9", "sample", "set", "M9", "a=b")
    try expect(64, "NAME=VALUE", "sample", "set", "M1", "ab")
    try expect(64, "visible characters", "sample", "set", "M1", "a\nb=c")
    try expect(64, "visible characters", "sample", "set", "M1", " =5")
    try expect(64, "no spaces", "tag", "@last", "a b")
    try expect(0, "no longer tagged", "tag", "@last", "best", "--remove")
    try expect(66, "no run is tagged", "show", "tag:best")
    try expect(0, "whole (deep check", "check", "--deep")
  }

  @Test func whyNew() throws {
    let same = try program.run(ingest + ["--why-new"])
    #expect(same.code == 0 && same.output.hasPrefix("not new: run"))
    let other = try program.run(ingest + ["--why-new", "--set", "dbscan.radius=1.5"])
    #expect(other.output.contains("parameter dbscan.radius: auto -> 1.5"), "\(other.output)")
    let json = try program.run(ingest + ["--why-new", "--json", "--pixel-size", "0.05"])
    let why = try #require(json.json["why_new"] as? [String: Any])
    let parts = try #require(why["differences"] as? [[String: String]])
    #expect(parts.map { $0["component"] } == ["pixel_size_um"])
  }

  /// Catalogs of other versions, and files that are none: what they are, and not a byte changed.
  @Test func otherVersions() throws {
    let path = program.folder.file("m.lode")
    try expect(0, "is version 6 already", "migrate")
    try ForeignSQL.run("PRAGMA user_version = 0", on: path)
    let old = try program.bytes("m.lode")
    try expect(78, "lodestone migrate --catalog", "list", "runs")
    try expect(65, "it records 6 migrations", "migrate")
    #expect(try program.bytes("m.lode") == old)
    try ForeignSQL.run("PRAGMA user_version = 8", on: path)
    for verb in [["list", "runs"], ["migrate"], ["check"], ["init", "m.lode"]] {
      let outcome = try program.run(verb)
      #expect(outcome.code == 76, "\(verb)")
      #expect(outcome.errors.contains("its schema is version 8, this program knows 6"))
    }
    try ForeignSQL.run("PRAGMA user_version = 6; PRAGMA journal_mode = WAL", on: path)
    try expect(65, "PRAGMA journal_mode = DELETE", "list", "runs")
    try ForeignSQL.run("CREATE TABLE t (x)", on: program.folder.file("other.lode"))
    try expect(65, "another program's", "migrate", "--catalog", "other.lode")
  }
}
