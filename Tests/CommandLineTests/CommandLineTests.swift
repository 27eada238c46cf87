import Foundation
import StackIO
import Testing
import TestSupport

@Suite struct CommandLineTests {
  private let program: Program

  init() throws { program = try Program() }

  /// The main job, as a user does it.
  @Test func fromTheExampleToAnAudit() throws {
    let ingest = try program.smallExample()
    #expect(try program.run("init", "m.lode").code == 0)
    let stored = try program.run(ingest + ["--json"])
    #expect(stored.code == 0 && stored.errors.isEmpty, "\(stored.errors)")
    #expect(stored.json["schema"] as? String == "lodestone.ingest/1")
    #expect(stored.json["status"] as? String == "stored")
    let pixels = try #require(stored.json["pixels"] as? [String: Int])
    #expect(pixels["total"] == 96 * 112)
    let clusters = try #require(stored.json["clusters"] as? [[String: Any]])
    #expect(clusters.count == 3)
    let elements = try #require(clusters.first?["elements"] as? [[String: Any]])
    #expect(elements.map { $0["symbol"] as? String } == ["Nd", "Fe"])
    #expect((stored.json["found"] as? [String: Any])?["dbscan.radius"] is Double)
    #expect((stored.json["seconds"] as? [String: Any])?["cluster"] is Double)

    let before = try program.bytes("m.lode")
    let again = try program.run(ingest + ["--json"])
    #expect(again.code == 0 && again.json["status"] as? String == "unchanged")
    #expect(try program.bytes("m.lode") == before)

    for arguments in [
      ["list", "runs"], ["list", "scans"], ["list", "samples"], ["list", "queries"],
      ["show", "@last"], ["query", "phase-stats"], ["audit", "@last"],
      ["audit", "@last:0:nd_fraction"],
      ["query", "surface-vs-bulk", "--param", "surface_depth_um=0.5"],
      ["sql", "SELECT sample, nd_fraction FROM cluster_overview"],
    ] {
      let text = try program.run(arguments)
      #expect(text.code == 0 && !text.output.isEmpty, "\(arguments): \(text.errors)")
      let json = try program.run(arguments + ["--json"])
      #expect(json.code == 0 && json.json["schema"] is String, "\(arguments)")
    }
    #expect(try program.bytes("m.lode") == before)

    let audit = try program.run("audit", "@last")
    for word in ["dbscan.radius_factor", "scan.tif", "libtiff", "build_sha256", "noise units"] {
      #expect(audit.output.contains(word), "\(word)")
    }
    // The run by its first digits.
    let run = try #require(stored.json["run"] as? String)
    #expect(try program.run("show", String(run.prefix(6)), "--json").json["run"] as? String == run)
  }

  @Test func exports() throws {
    try program.run("init", "m.lode")
    #expect(try program.run(try program.smallExample()).code == 0)
    let export = try program.run(
      "export", "@last", "--labels", "l.tif", "--dbscan-labels", "d.tif", "--spectra", "s.csv",
      "--drift", "dr.csv")
    #expect(export.code == 0 && export.output.isEmpty)
    for name in ["l.tif", "d.tif"] {
      let file = try TIFFFile(path: program.folder.file(name))
      let layout = try file.layout(ofPage: 0)
      #expect(layout.height == 96 && layout.width == 112)
      // Signed integers.
      #expect(layout.bits == 16 && layout.format == 2)
    }
    let spectra = String(decoding: try program.bytes("s.csv"), as: UTF8.self)
    let lines = spectra.split(separator: "\n")
    #expect(lines.count == 41)
    #expect(lines[0] == "energy_eV,mean_0,sd_0,mean_1,sd_1,mean_2,sd_2")
    #expect(lines.allSatisfy { $0.split(separator: ",").count == 7 })
    let drift = String(decoding: try program.bytes("dr.csv"), as: UTF8.self)
    #expect(drift.hasPrefix("energy_ev,dy_px,dx_px,scale\n6148,0,0,1\n"))
    #expect(try program.run("export", "@last").code == 64)
    #expect(try program.run("export", "@last", "--labels", "no/such/folder.tif").code == 74)
  }

  @Test func listFormats() throws {
    try program.run("init", "m.lode")
    #expect(try program.run(try program.smallExample()).code == 0)
    let csv = try program.run("query", "phase-stats", "--format", "csv").output
    #expect(csv.hasPrefix("sample,run_id,cluster,phase,pixels,share,"))
    // An empty phase is no word.
    let share = try #require(csv.split(separator: "\n")[1].split(separator: ",").dropFirst(4).first)
    let json = try program.run("query", "phase-stats", "--json")
    let rows = try #require(json.json["rows"] as? [[String: Any]])
    // The same digits in every exact format.
    #expect(json.output.contains("\"share\":\(share)"))
    let lines = try program.run("query", "phase-stats", "--format", "ndjson").output
    #expect(lines.split(separator: "\n").count == rows.count)
    #expect(try program.run("list", "runs", "--format", "markdown").output.hasPrefix("| run id |"))
    #expect(try program.run("list", "runs", "--format", "tsv").output.hasPrefix("run_id\tsample"))
  }

  /// A scan that is another sample's is known before its files are digested for the record, which goes on beside: the
  /// program ends in the middle of it, as it should.
  @Test func anErrorWhileFilesAreDigested() throws {
    let ingest = try program.smallExample()
    try program.run("init", "m.lode")
    #expect(try program.run(ingest).code == 0)
    let other = ingest.dropLast() + ["M2"]
    for _ in 0..<25 {
      // A crash need not be explained for minutes.
      let outcome = try program.run(Array(other), environment: ["SWIFT_BACKTRACE": "enable=no"])
      try #require(outcome.code == 1)
    }
  }

  /// Each kind of failure: its exit code, and one line that says what and where.
  @Test func failures() throws {
    let ingest = try program.smallExample()
    func expect(_ code: Int32, _ words: String, _ arguments: [String], line: Int = #line) throws {
      let outcome = try program.run(arguments)
      #expect(outcome.code == code, "line \(line): \(outcome.errors)")
      #expect(outcome.errors.contains(words), "line \(line): \(outcome.errors)")
      #expect(outcome.errors.hasPrefix("lodestone: "), "line \(line)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "line \(line)")
    }
    try expect(66, "lodestone init", ingest)
    try expect(66, "lodestone init x.lode", ["list", "runs", "--catalog", "x.lode"])
    #expect(!FileManager.default.fileExists(atPath: program.folder.file("x.lode")))
    try program.run("init", "m.lode")
    let empty = try program.bytes("m.lode")
    func changed(_ name: String, _ value: String) -> [String] {
      var arguments = ingest
      if let place = arguments.firstIndex(of: name) { arguments[place + 1] = value }
      return arguments
    }
    try expect(66, "none.tif", changed("ingest", "none.tif"))
    try expect(66, "none.txt", changed("--energies", "none.txt"))
    try expect(65, "not a TIFF", changed("ingest", "ex/energies.txt"))
    let short = try program.folder.write("7100\n7101\n", to: "short.txt")
    try expect(65, "2 energies for 40 frames", changed("--energies", short))
    try expect(64, "did you mean", ingest + ["--set", "dbscan.radios=1"])
    try expect(64, "--pixel-size", changed("--pixel-size", "-1"))
    try expect(64, "Missing expected argument", ["ingest"])
    try expect(64, "visible characters", changed("--sample", " \n"))
    try expect(64, "no --reference", ingest + ["--signal", "od"])
    try expect(64, "no name", ["example", ""])
    try expect(64, "no query", ["query", "nothing"])
    try expect(64, "no parameter", ["query", "phase-stats", "--param", "x=1"])
    try expect(64, "only SELECT", ["sql", "DELETE FROM run"])
    try expect(66, "no run is stored", ["show", "@last"])
    #expect(try program.bytes("m.lode") == empty)

    // What fails after its run is known is an execution, and the newest run.
    try expect(
      65, "no pixel is left", ingest + ["--set", "correct.minimum_reference=1000000"])
    try expect(1, "has no result: it failed", ["show", "@last"])
    #expect(try program.run("audit", "@last").output.contains("no pixel is left"))
    #expect(try program.run("list", "failed").output.contains("no pixel is left"))

    let truncated = try program.bytes("ex/scan.tif").prefix(300_000)
    _ = try program.folder.write(Array(truncated), to: "cut.tif")
    try expect(65, "cut.tif: page", changed("ingest", "cut.tif"))
    _ = try program.folder.write("junk", to: "junk.lode")
    try expect(65, "not an SQLite file", ["list", "runs", "--catalog", "junk.lode"])
    try expect(64, "2 catalogs", ["list", "runs"])
    try FileManager.default.removeItem(atPath: program.folder.file("junk.lode"))

    #expect(try program.run(ingest).code == 0)
    try expect(1, "sample assign", changed("--sample", "M2"))
    let scan = try program.run("list", "scans", "--json").json["rows"] as? [[String: Any]]
    let id = try #require(scan?.first?["scan_id"] as? String)
    #expect(try program.run("sample", "assign", String(id.prefix(8)), "M2").code == 0)
    #expect(try program.run(changed("--sample", "M2")).output.hasPrefix("unchanged"))
    try expect(66, "no cluster", ["audit", "@last:9:pixels"])
    try expect(65, "m.lode: is a catalog", ["export", "@last", "--labels", "m.lode"])
    try expect(65, "is an input", ["export", "@last", "--spectra", "ex/scan.tif"])
    try expect(64, "the same name", ["export", "@last", "--spectra", "a", "--drift", "a"])
    try expect(64, "no quantity", ["audit", "@last:0:colour"])
  }

  /// One bad scan does not stop the others; the exit code is the worst.
  @Test func severalScans() throws {
    try program.run("init", "m.lode")
    var arguments = try program.smallExample()
    arguments.insert("none.tif", at: 1)
    let outcome = try program.run(arguments + ["--json"])
    #expect(outcome.code == 66)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].contains("\"status\":\"failed\"") && lines[0].contains("\"exit_code\":66"))
    #expect(lines[1].contains("\"status\":\"stored\""))
  }

  @Test func theCatalogIsFoundAbove() throws {
    try program.run("init", "m.lode")
    try FileManager.default.createDirectory(
      atPath: program.folder.file("a/b"), withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appendingPathComponent("lodestone")
    process.arguments = ["list", "runs"]
    process.currentDirectoryURL = URL(fileURLWithPath: program.folder.file("a/b"))
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let named = try program.run(
      ["list", "runs"], environment: ["LODESTONE_CATALOG": program.folder.file("m.lode")])
    #expect(named.code == 0)
  }

  /// A folder that was removed meanwhile is an error, and not a search without end.
  @Test func theCurrentFolderIsGone() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let gone = program.folder.file("gone")
    process.arguments = [
      "-c",
      "mkdir '\(gone)' && cd '\(gone)' && rmdir '\(gone)' && exec timeout 20 '\(Program.path)' list runs",
    ]
    process.environment = [:]
    process.standardError = Pipe()
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 66)
  }

  /// Every command has a help with examples.
  @Test(arguments: [
    "init", "ingest", "list", "show", "query", "sql", "compare", "phase define", "phase suggest",
    "phase list", "phase show", "phase assign", "phase remove", "audit", "diff", "affected",
    "verify", "sample assign", "sample set", "tag", "note", "retract", "export", "check", "migrate",
    "cluster", "example", "cache",
  ])
  func help(command: String) throws {
    let outcome = try program.run(command.split(separator: " ").map(String.init) + ["--help"])
    #expect(outcome.code == 0)
    #expect(outcome.output.contains("EXAMPLES:\n  lodestone \(command)"))
  }

  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func theRealStack() throws {
    try program.run("init", "m.lode")
    let stack = SharedData.path("stacks/als_fe2p_71214078")
    let stored = try program.run(
      "ingest", stack + "/frames_f32", "--reference", stack + "/i0.xsp", "--pixel-size", "0.08",
      "--sample", "plume", "--json")
    #expect(stored.code == 0)
    #expect(stored.json["energy_min_ev"] as? Double == 700)
    #expect(stored.json["energy_max_ev"] as? Double == 730.353)
    #expect(stored.json["height"] as? Int == 125 && stored.json["width"] as? Int == 125)
    let again = try program.run(
      "ingest", stack + "/stack_f32_deflate.tif", "--energies", stack + "/energies.txt",
      "--reference", stack + "/i0.xsp", "--pixel-size", "0.08", "--sample", "plume", "--json")
    #expect(again.json["scan"] as? String == stored.json["scan"] as? String)
    #expect(again.json["status"] as? String == "sighted")
  }
}
