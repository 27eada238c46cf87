import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// `watch` by the real program, on folders that fill while it looks.
@Suite struct WatchCommandTests {
  private let program: Program
  private var folder: TemporaryFolder { program.folder }

  init() throws {
    program = try Program()
    try program.run("init", "t.lode")
    try FileManager.default.createDirectory(
      atPath: program.folder.file("data"), withIntermediateDirectories: true)
  }

  private var arguments: [String] {
    ["watch", "data", "--sample-from", "{sample}/*", "--pixel-size", "0.028", "--poll", "0.05"]
  }

  /// A scan of its own in a folder: scan.tif, references.tif, dark.tif, energies.txt.
  private func make(_ place: String, seed: Int, side: Int = 48) throws {
    var example = ExampleScan()
    (example.height, example.width, example.energyCount) = (side, side, 24)
    example.seed = UInt64(seed)
    try example.write(to: folder.file(place))
    try FileManager.default.removeItem(atPath: folder.file(place + "/truth"))
  }

  private func events(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func isWhole() throws -> Bool { try program.run("check", "--deep").code == 0 }

  private func runCount() throws -> Int {
    try UserSQL(path: folder.file("t.lode")).answer("SELECT run_id FROM run").rows.count
  }

  // MARK: Once

  @Test func onceStoresWhatIsThere() throws {
    try make("data/M1/n1", seed: 1)
    try make("data/M2/n1", seed: 2)
    _ = try folder.write("no TIFF", to: "data/M2/n1/overview.tif")
    let once = arguments + ["--once", "--settle", "0.2"]
    let first = try program.run(once)
    #expect(first.code == 65 && first.errors.isEmpty, "\(first.errors)")
    let lines = first.output.split(separator: "\n").map(String.init)
    let words = lines.map { $0.split(separator: " ")[1] }
    #expect(words == ["started", "stored", "failed", "stored", "ended"], "\(first.output)")
    #expect(
      lines.allSatisfy { $0.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [a-z]+ +\S/) })
    #expect(lines[1].contains(/data\/M1\/n1\/scan.tif: sample M1, run [0-9a-f]{12}, \d clusters/))
    #expect(lines[2].contains("data/M2/n1/overview.tif: not a TIFF"))
    #expect(lines[4].contains("data: 2 stored, 1 failed: nothing is left to do"))
    #expect(try runCount() == 2)

    // Known is known, to the last byte; what failed is counted, and told by a dry run.
    let before = try program.bytes("t.lode")
    let second = try program.run(once + ["--json"])
    #expect(second.code == 65)
    let events = try events(second.output)
    #expect(events.map { $0["event"] as? String } == ["started", "ended"])
    #expect(events[1]["known"] as? Int == 2 && events[1]["failed"] as? Int == 1)
    #expect(try program.bytes("t.lode") == before)
    let dry = try program.run(arguments + ["--dry-run"])
    #expect(
      dry.output == """
        data/M1/n1/scan.tif: sample M1, with dark.tif, energies.txt, references.tif: known
        data/M2/n1/overview.tif: sample M2, with dark.tif, energies.txt, references.tif: not a TIFF file (Cannot read TIFF header)
        data/M2/n1/scan.tif: sample M2, with dark.tif, energies.txt, references.tif: known

        """)

    // Without the record, all is read again, and nothing stored.
    try FileManager.default.removeItem(atPath: folder.file("t.lode.watched"))
    try FileManager.default.removeItem(atPath: folder.file("data/M2/n1/overview.tif"))
    let third = try program.run(once + ["--json", "--log", "log.ndjson"])
    #expect(third.code == 0 && third.output.isEmpty)
    let log = try self.events(String(contentsOfFile: folder.file("log.ndjson"), encoding: .utf8))
    #expect(log.compactMap { $0["status"] as? String } == ["unchanged", "unchanged"])
    #expect(try program.bytes("t.lode") == before)
    // The object of an ingest.
    let ingested = try program.run(
      "ingest", "data/M1/n1", "--sample", "M1", "--pixel-size", "0.028", "--json"
    ).json
    #expect(ingested["status"] as? String == "unchanged")
    #expect(Set(log[1].keys) == Set(ingested.keys).union(["time"]))
    #expect(log[1]["run"] as? String == ingested["run"] as? String)
  }

  @Test func whatIsAskedWrongly() throws {
    for (asked, code, words) in [
      ([], Int32(64), "--sample NAME, or --sample-from"),
      (["--sample", "A", "--sample-from", "{sample}"], 64, "--sample NAME, or --sample-from"),
      (["--sample-from", "*"], 64, "write {sample}"),
      (["--sample", "A", "--settle", "-1"], 64, "--settle"),
      (["--sample", "A", "--poll", "0"], 64, "--poll"),
      (["--sample", "A", "--dark", "{x}.tif"], 64, "{folder} and {name}"),
      (["--sample", "A", "--dark", "dark.tif"], 66, "dark.tif: no such file"),
      (["--sample", "A", "--signal", "od", "--reference", "r.tif"], 64, "takes no --reference"),
      (["--sample", "A", "--set", "dbscan.radius=x"], 64, "dbscan.radius"),
      (["--sample", "A", "--recipe", "none.toml"], 66, "none.toml"),
      (["--sample", "A", "--catalog", "none.lode"], 66, "lodestone init"),
      (["--sample", "A", "--log", "none/x.log"], 66, "none/x.log"),
    ] {
      let outcome = try program.run(["watch", "data"] + asked)
      #expect(outcome.code == code, "\(asked): \(outcome.code) \(outcome.errors)")
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.output.isEmpty)
    }
    let none = try program.run("watch", "none", "--sample", "A")
    #expect(none.code == 66 && none.errors.contains("none: no such folder"))
    let file = try program.run("watch", "t.lode", "--sample", "A")
    #expect(file.code == 64 && file.errors.contains("give the folder"))
  }

  // MARK: Signals

  @Test(arguments: [SIGTERM, SIGINT]) func aSignalEndsItCleanly(number: Int32) throws {
    for scan in 1...4 { try make("data/M\(scan)/n", seed: scan) }
    let watch = try RunningProgram(program, arguments + ["--settle", "0.1", "--json"])
    try watch.wait("a stored scan") { watch.text.contains("\"stored\"") }
    watch.signal(number)
    #expect(try watch.end() == 0)
    let events = try events(watch.text)
    #expect(events.last?["event"] as? String == "ended")
    #expect(events.last?["reason"] as? String == (number == SIGINT ? "SIGINT" : "SIGTERM"))
    let stored = events.count { $0["status"] as? String == "stored" }
    #expect(try runCount() == stored && isWhole())
    #expect(events.last?["stored"] as? Int == stored)
    let rest = try program.run(arguments + ["--settle", "0.1", "--once"])
    #expect(rest.code == 0 && rest.output.contains("nothing is left to do"))
    #expect(try runCount() == 4)
  }

  @Test func twoAtOnceStoreEachScanOnce() throws {
    for scan in 1...4 { try make("data/M\(scan)/n", seed: scan) }
    let watches = try (0..<2).map { _ in
      try RunningProgram(program, arguments + ["--settle", "0.1", "--once", "--json"])
    }
    for watch in watches { #expect(try watch.end() == 0, "\(watch.errorText)") }
    #expect(try runCount() == 4 && isWhole())
    let again = try program.run(arguments + ["--settle", "0.1", "--once"])
    #expect(again.code == 0 && again.output.contains("4 known"))
  }

  // MARK: The catalog

  @Test func aCatalogThatIsGoneEndsIt() throws {
    let watch = try RunningProgram(program, arguments)
    try watch.wait("its start") { watch.text.contains("started") }
    try FileManager.default.moveItem(
      atPath: folder.file("t.lode"), toPath: folder.file("moved.lode"))
    #expect(try watch.end() == 66)
    #expect(watch.text.contains(" ended ") && watch.errorText.contains("no such catalog"))
  }

  /// A full disk is waited for: nothing is lost, and what could not be stored is when there is room.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/prlimit")))
  func aFullDiskIsWaitedFor() throws {
    // Too large for the pages that an empty catalog has.
    try make("data/M1/n", seed: 1, side: 128)
    // No file may become larger than this, in blocks of 512 bytes.
    let blocks = try program.bytes("t.lode").count / 512 + 4
    let watch = try RunningProgram(
      program, arguments + ["--settle", "0.1", "--json"], limits: "-S -f \(blocks)")
    try watch.wait("a full disk") { watch.text.contains("\"waiting\"") }
    let waiting = try #require(try events(watch.text).last)
    #expect(waiting["exit_code"] as? Int == 74, "\(waiting)")
    #expect(try runCount() == 0)
    let room = Process()
    room.executableURL = URL(fileURLWithPath: "/usr/bin/prlimit")
    room.arguments = ["--pid", "\(watch.id)", "--fsize=unlimited"]
    try room.run()
    try watch.wait("the scan") { watch.text.contains("\"stored\"") }
    watch.signal(SIGTERM)
    #expect(try watch.end() == 0)
    #expect(try runCount() == 1 && isWhole())
  }

  // MARK: The log

  @Test func aLogThatIsRenamedIsBegunAnew() throws {
    let log = folder.file("w.log")
    func text(_ path: String) -> String {
      (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
    let watch = try RunningProgram(program, arguments + ["--settle", "0.1", "--log", "w.log"])
    try watch.wait("its start") { text(log).contains("started") }
    try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
    // What logrotate may send to a service.
    watch.signal(SIGHUP)
    try make("staged", seed: 1)
    try FileManager.default.createDirectory(
      atPath: folder.file("data/M1"), withIntermediateDirectories: false)
    try FileManager.default.moveItem(
      atPath: folder.file("staged"), toPath: folder.file("data/M1/n"))
    try watch.wait("the scan in the new log") { text(log).contains(" stored ") }
    watch.signal(SIGTERM)
    #expect(try watch.end() == 0 && watch.text.isEmpty)
    #expect(text(log).split(separator: "\n").count == 2 && text(log + ".1").contains("started"))
  }
}
