import Foundation
import Testing
import TestSupport

/// Every block of docs/elsewhere.md, run as it is printed: the numbers are the program's.
@Suite struct ElsewhereTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appendingPathComponent(".build/python/bin/python").path

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: python),
      "SKIPPED: no .build/python: make it with Scripts/python-tools.sh"))
  func theBlocksOfThePageSayTheSame() throws {
    let program = try Program()
    try program.run("init", "magnets.lode")
    let ingest = try program.smallExample()
    try program.run("example", "ex2", "--height", "64", "--width", "72", "--energies", "24")
    let other = ingest.map { $0.replacing("ex/", with: "ex2/").replacing("M1", with: "M2") }
    // Two samples; a run that is tagged and was verified; the newest that counts; a newer one that is retracted. A cluster is of no phase.
    #expect(try program.run(ingest).code == 0)
    for phase in [
      ["matrix", "--where", "nd_fraction=0.05..0.2", "--meaning", "Nd2Fe14B"],
      ["Nd-rich", "--where", "nd_fraction>=0.6"],
    ] {
      #expect(try program.run(["phase", "define"] + phase).code == 0)
    }
    #expect(try program.run(other).code == 0)
    #expect(try program.run("tag", "@last", "paper-fig-3").code == 0)
    #expect(try program.run("verify", "@last").code == 0)
    #expect(try program.run(ingest + ["--set", "dbscan.radius=1.2"]).code == 0)
    #expect(try program.run("tag", "@last", "newest").code == 0)
    #expect(try program.run(ingest + ["--set", "dbscan.radius=1.5"]).code == 0)
    #expect(try program.run("retract", "@last", "--reason", "wrong radius").code == 0)

    func keep(_ arguments: [String], as name: String) throws {
      let answer = try program.run(arguments)
      #expect(answer.code == 0, "\(arguments): \(answer.errors)")
      _ = try program.folder.write(answer.output, to: name)
    }
    func keep(query: String, _ parameters: String...) throws {
      try keep(
        ["query", query, "--format", "csv"] + parameters.flatMap { ["--param", $0] },
        as: "\(query).csv")
    }
    try keep(query: "phase-clusters")
    try keep(query: "surface-vs-bulk", "surface_depth_um=0.3")
    for query in ["run-estimates", "run-depth"] { try keep(query: query, "run=tag:newest") }
    for query in [
      "run-clusters", "run-files", "run-parameters", "run-executions", "run-environment",
      "run-phases",
    ] {
      try keep(query: query, "run=tag:paper-fig-3")
    }
    try keep(["show", "tag:newest", "--json"], as: "show.json")
    try keep(["show", "tag:paper-fig-3", "--json"], as: "show-tagged.json")
    let runs = try program.run("query", "runs", "--format", "csv").output
      .split(separator: "\n").dropFirst().map { String($0.prefix(64)) }
    #expect(runs.count == 3)
    for run in runs {
      try keep(["compare", run, "--surface-depth", "0.3", "--json"], as: "compare-\(run).json")
    }

    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.python)
    process.arguments = [
      Self.root.appendingPathComponent("Tests/Python/run_elsewhere.py").path,
      program.folder.file("magnets.lode"),
      Self.root.appendingPathComponent("docs/elsewhere.md").path, program.folder.path,
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(said.contains("9 blocks"), "\(said)")
  }
}
