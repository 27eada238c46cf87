import Foundation
import TestSupport
import Testing

/// What a bad input touched, as a user asks for it, and what becomes of the answer.
@Suite struct AffectedCommandTests {
  private let program: Program
  private let ingest: [String]
  /// The runs by name: "default", "radius", "fitted" and "failed" of the first scan, "other" of another with its own
  /// references.
  private let runs: [String: String]

  init() throws {
    program = try Program()
    ingest = try program.smallExample()
    #expect(try program.run("init", "m.lode").code == 0)
    try program.run("example", "ex2", "--height", "64", "--width", "72", "--energies", "24")
    let other = ingest.map { $0.replacing("ex/", with: "ex2/").replacing("M1", with: "M2") }
    let program = program
    func run(_ arguments: [String], code: Int32 = 0) throws -> String {
      let outcome = try program.run(arguments)
      #expect(outcome.code == code, "\(outcome.errors)")
      let last = try program.run(
        "sql", "SELECT run_id FROM run ORDER BY run_key DESC LIMIT 1", "--format", "csv")
      return String(last.output.split(separator: "\n")[1])
    }
    runs = [
      "default": try run(ingest), "radius": try run(ingest + ["--set", "dbscan.radius=1.5"]),
      "fitted": try run(ingest + ["--spectrum", "grain=ex/truth/spectra.csv:2"]),
      "failed": try run(ingest + ["--set", "correct.minimum_reference=1000000"], code: 65),
      "other": try run(other),
    ]
  }

  /// The runs that are found, by name.
  private func affected(_ arguments: String..., saying words: String = "run") throws -> Set<String>
  {
    let outcome = try program.run(["affected", "--ids"] + arguments)
    #expect(outcome.code == 0 && outcome.errors.contains(words), "\(outcome)")
    let names = Dictionary(uniqueKeysWithValues: runs.map { ($1, $0) })
    return Set(outcome.output.split(separator: "\n").compactMap { names[String($0)] })
  }

  private let ofFirst: Set = ["default", "radius", "fitted", "failed"]

  @Test func aFileByPathAndByContent() throws {
    #expect(
      try affected("--file", "ex/references.tif", saying: "4 runs, 3 results, 1 sample (M1)")
        == ofFirst)
    #expect(try affected("--file", program.folder.file("ex2/dark.tif")) == ["other"])
    #expect(try affected("--file", "ex", saying: "4 runs") == ofFirst)
    #expect(try affected("--file", "ex2/") == ["other"])
    let digest = try program.run(
      "sql", "SELECT sha256 FROM source_file WHERE role = 'reference' AND path GLOB '*/ex/*'",
      "--format",
      "csv")
    let sha256 = String(digest.output.split(separator: "\n")[1])
    #expect(try affected("--file", String(sha256.prefix(10))) == ofFirst)
    #expect(try affected("--file", sha256.uppercased()) == ofFirst)
    // The same content under another name.
    try FileManager.default.copyItem(
      atPath: program.folder.file("ex/references.tif"), toPath: program.folder.file("flat.tif"))
    #expect(try affected("--file", "flat.tif") == ofFirst)
    // The path, when the file is gone.
    try FileManager.default.removeItem(atPath: program.folder.file("ex2/references.tif"))
    #expect(try affected("--file", "ex2/references.tif") == ["other"])
  }

  @Test func aPathOfTwoContents() throws {
    // The second scan's references take the place of the first's.
    for name in ["scan", "references", "dark"] {
      try FileManager.default.removeItem(atPath: program.folder.file("ex/\(name).tif"))
      try FileManager.default.copyItem(
        atPath: program.folder.file("ex2/\(name).tif"),
        toPath: program.folder.file("ex/\(name).tif"))
    }
    #expect(
      try affected("--file", "ex/references.tif", saying: "holds another content now")
        == ofFirst.union(["other"]))
    var again = ingest.map { $0.replacing("M1", with: "M2") }
    again[3] = "ex2/energies.txt"
    let sighted = try program.run(again)
    #expect(sighted.code == 0 && sighted.output.hasPrefix("sighted"), "\(sighted)")
    #expect(
      try affected("--file", "ex/references.tif", saying: "was seen with 2 contents")
        == ofFirst.union(["other"]))
    let table = try program.run("affected", "--file", "ex/references.tif").output
    #expect(table.contains("reference \(program.folder.file("ex/references.tif")) ("), "\(table)")
  }

  @Test func softwareParametersAndSpectra() throws {
    #expect(try affected("--version", "0.1.0", saying: "5 runs, 4 results") == Set(runs.keys))
    let build = try program.run(
      "sql", "SELECT text FROM environment_item WHERE name = 'build_sha256'", "--format", "csv")
    let digits = build.output.split(separator: "\n")[1].prefix(8)
    #expect(try affected("--version", String(digits)) == Set(runs.keys))
    let stages = try program.run("query", "run-stages", "--param", "run=@last", "--format", "csv")
    let cluster = try #require(stages.output.firstMatch(of: /cluster,(\d+)/)?.1)
    #expect(try affected("--version", "cluster=\(cluster)") == Set(runs.keys))

    #expect(try affected("--parameter", "dbscan.radius=1.50") == ["radius"])
    #expect(
      try affected("--parameter", "dbscan.radius=auto") == Set(runs.keys).subtracting(["radius"]))
    #expect(
      try affected(
        "--parameter", "dbscan.radius=7", saying: "no run has dbscan.radius=7: there are 1.5, auto")
        == [])
    #expect(try affected("--parameter", "dbscan.radius=7", saying: "nothing is affected") == [])

    #expect(try affected("--reference", "grain") == ["fitted"])
    #expect(try affected("--reference", "ex/truth/spectra.csv:2") == ["fitted"])
    let id = try program.run(
      "sql", "SELECT reference_spectrum_id FROM reference_spectrum", "--format", "csv")
    #expect(
      try affected("--reference", String(id.output.split(separator: "\n")[1].prefix(9))) == [
        "fitted"
      ])

    // All that is said must be true.
    #expect(
      try affected(
        "--file", "ex/scan.tif", "--parameter", "dbscan.radius=auto", "--version", "0.1.0")
        == ["default", "fitted", "failed"])
    #expect(
      try affected("--file", "ex/scan.tif", "--file", "ex2/scan.tif", saying: "nothing is affected")
        == [])
    let several = try program.run(
      "affected", "--file", "ex/scan.tif", "--reference", "grain", "--format", "csv")
    #expect(several.output.contains("; reference spectrum grain ("), "\(several)")
  }

  @Test func formats() throws {
    #expect(try program.run("tag", runs["radius"] ?? "", "best").code == 0)
    #expect(try program.run("note", runs["default"] ?? "", "dark was on").code == 0)
    let before = try program.bytes("m.lode")
    let json = try program.run("affected", "--file", "ex/dark.tif", "--json")
    #expect(json.code == 0 && json.json["schema"] as? String == "lodestone.affected/1")
    #expect((json.json["of"] as? [String: [String]]) == ["file": ["ex/dark.tif"]])
    let rows = try #require(json.json["runs"] as? [[String: Any]])
    #expect(
      rows.count == 4 && rows.allSatisfy { ($0["why"] as? String)?.hasPrefix("dark /") == true })
    #expect(
      rows.filter { $0["result_id"] is NSNull }.map { $0["run_id"] as? String } == [runs["failed"]])
    #expect(
      json.json["samples"] as? [String] == ["M1"] && json.json["tags"] as? [String] == ["best"])
    #expect((json.json["notes"] as? [[String: Any]])?.first?["text"] as? String == "dark was on")
    #expect((json.json["phases"] as? [Any])?.isEmpty == true)
    let csv = try program.run("affected", "--file", "ex/dark.tif", "--format", "csv")
    #expect(
      csv.output.hasPrefix("run_id,sample,scan_id,result_id,retracted,tags,why,recorded_at\n"))
    #expect(csv.errors == "4 runs, 3 results, 1 sample (M1), 1 tag (best), 1 note\n")
    #expect(try program.run("affected", "--file", "ex/dark.tif").output.hasPrefix("run id"))
    #expect(try program.bytes("m.lode") == before)
  }

  /// What is found is retracted: by a pipe into it, or run by run.
  @Test func retracting() throws {
    let ids = try program.run("affected", "--file", "ex/references.tif", "--ids").output
      .split(separator: "\n").map(String.init)
    #expect(ids.count == 4)
    // One that is not there: none is retracted.
    let wrong = try program.run(["retract"] + ids + ["0000", "--reason", "bad flat"])
    #expect(wrong.code == 66)
    #expect(try program.run("list", "retracted").output == "(none)\n")
    let both = try program.run(["retract"] + ids.prefix(2) + ["--reason", "bad flat"])
    #expect(both.code == 0 && both.errors.split(separator: "\n").count == 2, "\(both)")
    let pipe = """
      "$0" affected --file ex/references.tif --ids | "$0" retract - --reason 'bad flat'
      "$0" affected --file ex2/references.tif --ids | xargs -n1 "$0" retract --reason 'bad flat'
      """
    let piped = try program.run([], through: ["/bin/sh", "-c", pipe])
    #expect(piped.code == 0 && piped.errors.contains("is retracted already"), "\(piped)")
    #expect(piped.errors.contains("4 runs (2 retracted already)"))
    #expect(try program.run("list", "runs").output == "(none)\n")
    let retracted = try program.run("list", "retracted", "--json").json["rows"] as? [[String: Any]]
    #expect(retracted?.count == 5)
    #expect(retracted?.allSatisfy { $0["reason"] as? String == "bad flat" } == true)
    let undone = try program.run(["retract"] + ids + ["--undo"])
    #expect(undone.code == 0 && undone.errors.split(separator: "\n").count == 4)
    let none = try program.run([], through: ["/bin/sh", "-c", #""$0" retract - < /dev/null"#])
    #expect(none.code == 0 && none.errors.contains("nothing to retract"), "\(none)")
    #expect(try program.run("retract").code == 64)
    #expect(try program.run("retract", ids[0], "sample:M1").code == 64)
  }

  @Test func failures() throws {
    func expect(_ code: Int32, _ words: String, _ arguments: String...) throws {
      let outcome = try program.run(["affected"] + arguments)
      #expect(outcome.code == code && outcome.errors.contains(words), "\(arguments): \(outcome)")
      #expect(outcome.output.isEmpty && outcome.errors.count(where: \.isNewline) == 1)
    }
    try expect(64, "say what is bad")
    try expect(64, "say what is bad", "--json")
    try expect(64, "NAME=VALUE", "--parameter", "dbscan.radius")
    try expect(64, "NAME=VALUE", "--parameter", "=1")
    try expect(64, "STAGE=N", "--version", "register=x")
    try expect(64, "STAGE=N", "--version", "=3")
    try expect(64, "is empty", "--file", "")
    try expect(64, "a format of its own", "--file", "ex", "--ids", "--json")
    try expect(66, "no scan was seen in none.tif", "--file", "none.tif")
    try expect(66, "no scan was seen in ex/truth/spectra.csv", "--file", "ex/truth/spectra.csv")
    try expect(66, "there are 0.1.0", "--version", "9.9")
    try expect(66, "there are cluster, ", "--version", "colour=3")
    try expect(66, "no run has version 99 of the stage register", "--version", "register=99")
    try expect(66, "no run has a parameter", "--parameter", "dbscan.radios=1")
    try expect(66, "by, the spectrum rust", "--reference", "rust")
    try expect(66, "by, the spectrum", "--reference", "ex/truth/spectra.csv:3")
    try expect(65, "one column", "--reference", "ex/energies.txt")
    #expect(try program.run("affected", "--file", "ex", "--catalog", "none.lode").code == 66)
  }
}
