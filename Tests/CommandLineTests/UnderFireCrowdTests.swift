import CSQLite
import Foundation
import PhaseCatalog
import Synchronization
import Testing
import TestSupport

/// Many programs at once on one catalog. Short: about 20 s, and half a minute of waiting for a lock.
@Suite struct UnderFireCrowdTests {
  private let program: Program

  init() throws { program = try Program() }

  private func ingest(_ scan: Int, radius: Double, into catalog: String) -> [String] {
    [
      "ingest", "ex\(scan)/scan.tif", "--energies", "ex\(scan)/energies.txt", "--reference",
      "ex\(scan)/references.tif", "--dark", "ex\(scan)/dark.tif", "--pixel-size", "0.028",
      "--sample",
      "M\(scan % 3)", "--set", "dbscan.radius=\(radius)", "--json", "--catalog", catalog,
    ]
  }

  /// What happened.
  private final class Log: Sendable {
    struct State {
      var acknowledged: Set<String> = []
      var problems: [String] = []
      var killed = 0
      var readings = 0
      var backups = 0
      var isOver = false
    }

    let state = Mutex(State())
  }

  /// Runs the program, and kills it in the middle of things where that is asked for.
  private func run(_ arguments: [String], killedAfter delay: useconds_t?) throws -> Program.Outcome
  {
    guard let delay else { return try program.run(arguments) }
    let seconds = String(format: "%.3f", Double(delay) / 1e6)
    return try program.run(
      arguments, through: ["/usr/bin/timeout", "--signal=KILL", "--foreground", seconds])
  }

  /// Ingests, readers and backups at once, some killed: what was acknowledged is what is stored, under the ids of one
  /// program alone.
  @Test(.timeLimit(.minutes(30))) func aCrowd() throws {
    let (writers, rounds, scans) = UnderFire.isLong ? (8, 50, 6) : (4, 5, 2)
    for scan in 0..<scans {
      try program.run(
        "example", "ex\(scan)", "--height", "48", "--width", "48", "--energies", "24", "--seed",
        "\(scan)")
    }
    for name in ["crowd.lode", "alone.lode"] { #expect(try program.run("init", name).code == 0) }

    // Two writers each have the same questions.
    @Sendable func question(_ writer: Int, _ round: Int) -> (scan: Int, radius: Double) {
      ((writer / 2 + round) % scans, 1 + Double(round + rounds * (writer / 2)) / 64)
    }
    let log = Log()
    @Sendable func check(_ outcome: Program.Outcome, _ what: String) {
      if outcome.code != 0 || outcome.errors.contains("locked") {
        log.state.withLock {
          $0.problems.append("\(what): \(outcome.code) \(outcome.errors)")
        }
      }
    }
    @Sendable func write(_ writer: Int) throws {
      var random = TestRandom(seed: UInt64(writer))
      for round in 0..<rounds {
        let (scan, radius) = question(writer, round)
        let arguments = ingest(scan, radius: radius, into: "crowd.lode")
        while Int.random(in: 0..<3, using: &random) == 0 {
          let delay = useconds_t.random(in: 30_000...300_000, using: &random)
          if try run(arguments, killedAfter: delay).code != 0 {
            log.state.withLock { $0.killed += 1 }
          }
        }
        let outcome = try run(arguments, killedAfter: nil)
        check(outcome, "ingest")
        if outcome.code == 0, let id = outcome.json["run"] as? String {
          _ = log.state.withLock { $0.acknowledged.insert(id) }
        }
      }
    }
    @Sendable func read(_ reader: Int) throws {
      let verbs = [
        ["list", "runs", "--format", "csv"], ["query", "phase-stats"],
        ["sql", "SELECT * FROM run"],
        ["check", "--quick"],
      ]
      while !log.state.withLock({ $0.isOver }) {
        for verb in verbs {
          check(try program.run(verb + ["--catalog", "crowd.lode"]), verb.joined(separator: " "))
          log.state.withLock { $0.readings += 1 }
        }
      }
    }
    @Sendable func backUp() throws {
      var number = 0
      while !log.state.withLock({ $0.isOver }) {
        number += 1
        let name = "backup\(number).lode"
        check(try program.run("backup", name, "--catalog", "crowd.lode"), "backup")
        check(try program.run("check", name), "check of a backup")
        try FileManager.default.removeItem(atPath: program.folder.file(name))
        log.state.withLock { $0.backups += 1 }
      }
    }
    let writing = DispatchGroup()
    let others = DispatchGroup()
    @Sendable func start(_ group: DispatchGroup, _ body: @escaping @Sendable () throws -> Void) {
      group.enter()
      Thread.detachNewThread {
        do { try body() } catch { log.state.withLock { $0.problems.append("\(error)") } }
        group.leave()
      }
    }
    for writer in 0..<writers { start(writing) { try write(writer) } }
    for reader in 0..<2 { start(others) { try read(reader) } }
    start(others) { try backUp() }
    writing.wait()
    log.state.withLock { $0.isOver = true }
    others.wait()

    let state = log.state.withLock { $0 }
    #expect(state.problems == [])
    var expected: Set<String> = []
    for writer in stride(from: 0, to: writers, by: 2) {
      for round in 0..<rounds {
        let (scan, radius) = question(writer, round)
        let outcome = try program.run(ingest(scan, radius: radius, into: "alone.lode"))
        if let id = outcome.json["run"] as? String { expected.insert(id) }
      }
    }
    let stored = try UnderFire.runs(program.folder.file("crowd.lode"))
    #expect(state.acknowledged == stored)
    #expect(stored == expected && expected.count == writers / 2 * rounds)
    #expect(UnderFire.findings(program.folder.file("crowd.lode")) == [])
    print(
      "crowd: \(writers) x \(rounds) ingests, \(state.killed) killed; \(state.readings) readings, \(state.backups) backups: "
        + "\(stored.count) runs acknowledged and stored, each once, under the ids of one program alone"
    )
  }

  /// Another program holds the lock, and does not end: 30 s, then an exit code that says to try again.
  @Test func patienceEnds() throws {
    try program.run("init", "m.lode")
    let path = program.folder.file("m.lode")
    // Read before: closing the file would drop this process's lock.
    let before = try program.bytes("m.lode")
    var connection: OpaquePointer?
    sqlite3_open(path, &connection)
    defer { sqlite3_close(connection) }
    #expect(sqlite3_exec(connection, "BEGIN EXCLUSIVE", nil, nil, nil) == SQLITE_OK)
    let writing = try program.run("sample", "set", "M1", "a=b")
    #expect(writing.code == 75, "\(writing)")
    #expect(writing.errors.contains("waiting for another program"))
    #expect(writing.errors.contains("try again when it has ended"))
    #expect(!writing.errors.contains("locked"))
    sqlite3_exec(connection, "COMMIT", nil, nil, nil)
    #expect(try program.bytes("m.lode") == before)
    #expect(try program.run("list", "samples").code == 0)
  }

  /// A program that writes and does not end: the result of an ingest is kept, and can be imported.
  @Test func whatCannotBeStoredIsKept() throws {
    try program.run("init", "m.lode")
    let ingest = try program.smallExample()
    var connection: OpaquePointer?
    sqlite3_open(program.folder.file("m.lode"), &connection)
    defer { sqlite3_close(connection) }
    #expect(sqlite3_exec(connection, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
    let outcome = try program.run(ingest + ["--catalog", "m.lode", "--json"])
    #expect(outcome.code == 75, "\(outcome)")
    #expect(outcome.errors.contains("lodestone import m.lode.unstored-"), "\(outcome.errors)")
    sqlite3_exec(connection, "ROLLBACK", nil, nil, nil)
    let kept = try #require(
      try FileManager.default.contentsOfDirectory(atPath: program.folder.path)
        .first { $0.hasPrefix("m.lode.unstored-") })
    #expect(try program.run("import", kept, "--catalog", "m.lode").code == 0)
    let again = try program.run(ingest + ["--catalog", "m.lode", "--json"])
    #expect(again.json["status"] as? String == "unchanged", "\(again)")
    #expect(again.json["sample"] as? String == "M1")
    #expect(UnderFire.findings(program.folder.file("m.lode")) == [])
  }

  /// A reader whose output nobody reads holds no lock.
  @Test(.timeLimit(.minutes(20))) func aPagerLeftOpenBlocksNobody() throws {
    try program.run("init", "m.lode")
    #expect(
      try program.run(
        try program.smallExample() + ["--catalog", "m.lode"]
      ).code == 0)
    let numbers =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) "
      + "SELECT i, run_id FROM n, run"
    let reader = Process()
    reader.executableURL = URL(fileURLWithPath: Program.path)
    reader.arguments = ["sql", numbers, "--format", "csv", "--catalog", "m.lode"]
    reader.currentDirectoryURL = URL(fileURLWithPath: program.folder.path)
    let pipe = Pipe()
    reader.standardOutput = pipe
    try reader.run()
    #expect(try pipe.fileHandleForReading.read(upToCount: 1)?.count == 1)
    let writer = try program.run("tag", "@last", "meanwhile", "--catalog", "m.lode")
    #expect(writer.code == 0 && !writer.errors.contains("waiting"), "\(writer)")
    #expect(reader.isRunning)
    kill(reader.processIdentifier, SIGKILL)
    reader.waitUntilExit()
  }
}
