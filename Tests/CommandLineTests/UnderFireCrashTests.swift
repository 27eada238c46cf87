import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// The program is killed, or its disk fails or fills up, at every system call that writes: the catalog is whole, what was said to be
/// stored is there, what is there is there in full, and the command can be repeated.
///
/// After https://sqlite.org/testing.html, 3.1 to 3.3. Short: about 40 s.
@Suite(.serialized, .enabled(if: UnderFire.strace != nil, "strace cannot run here"))
struct UnderFireCrashTests {
  private let program: Program
  private let catalog: String
  private let pristine: String

  init() throws {
    program = try Program()
    catalog = program.folder.file("m.lode")
    pristine = program.folder.file("pristine")
    try program.run("example", "ex", "--height", "48", "--width", "48", "--energies", "24")
    try program.run("init", "m.lode")
    #expect(try program.run(Self.ingest).code == 0)
    try FileManager.default.moveItem(atPath: catalog, toPath: pristine)
  }

  private static let ingest = [
    "ingest", "ex/scan.tif", "--energies", "ex/energies.txt", "--reference", "ex/references.tif",
    "--dark", "ex/dark.tif", "--pixel-size", "0.028", "--sample", "M1", "--catalog", "m.lode",
  ]

  /// A way to do harm at a system call.
  private struct Harm {
    let name: String
    let calls: String
    let injection: String
    /// Whether the call fails from then on, as on a disk that stays full.
    var isLasting = false
  }

  private static let harms = [
    Harm(
      name: "kill -9", calls: "pwrite64,fdatasync,fsync,ftruncate,unlink,unlinkat",
      injection: "signal=SIGKILL"),
    Harm(name: "EIO", calls: "pwrite64,fdatasync,fsync,ftruncate,unlink", injection: "error=EIO"),
    Harm(name: "ENOSPC", calls: "pwrite64,ftruncate", injection: "error=ENOSPC"),
    Harm(
      name: "ENOSPC from then on", calls: "pwrite64,ftruncate", injection: "error=ENOSPC",
      isLasting: true),
  ]

  private struct Counts {
    var points = 0
    var rolledBack = 0
    var committed = 0
    var corrupt = 0
    var lost = 0
    var half = 0
    var unrepeatable = 0
  }

  /// A system call of a command: the n-th of its name. (strace counts each name by itself.)
  private struct Point: CustomStringConvertible {
    let call: String
    let number: Int

    var description: String { "\(call) \(number)" }
  }

  private func wrapper(_ harm: Harm, at point: Point?, log: String = "/dev/null") -> [String] {
    let paths = ["m.lode", "m.lode-journal"].flatMap { ["-P", program.folder.file($0)] }
    // Not --seccomp-bpf, with which strace injects no signal.
    var arguments = [UnderFire.strace ?? "", "-f", "-qq", "-o", log] + paths
    arguments += ["-P", program.folder.path, "-e", "trace=\(harm.calls)"]
    if let point {
      let when = "\(point.number)\(harm.isLasting ? "+" : "")"
      arguments += ["-e", "inject=\(point.call):\(harm.injection):when=\(when)"]
    }
    return arguments
  }

  /// The system calls that a command makes on the catalog, as it goes through.
  private func points(of command: [String], _ harm: Harm) throws -> [Point] {
    let log = program.folder.file("calls")
    #expect(try program.run(command, through: wrapper(harm, at: nil, log: log)).code == 0)
    var counts: [Substring: Int] = [:]
    return try String(contentsOfFile: log, encoding: .utf8).matches(of: /\d+ +(\w+)\(/).map {
      counts[$0.1, default: 0] += 1
      return Point(call: String($0.1), number: counts[$0.1] ?? 0)
    }
  }

  private func restore() throws {
    for ending in ["", "-journal"] { try? FileManager.default.removeItem(atPath: catalog + ending) }
    try FileManager.default.copyItem(atPath: pristine, toPath: catalog)
  }

  /// Does harm at every point of a command (in the short form at some), and looks at what is left.
  ///
  /// - Parameter isDone: whether the catalog holds what the command stores.
  private func harm(
    _ command: [String], named name: String, isDone isDoneNow: () throws -> Bool
  ) throws {
    for harm in Self.harms {
      try restore()
      let all = try points(of: command, harm)
      #expect(all.count > 10)
      // Of the writes to pages some stand for the others; all the rest are the moments that matter.
      let writes = all.filter { $0.call == "pwrite64" }
      let step = UnderFire.isLong ? 1 : max(1, writes.count / 5)
      let chosen = Set(stride(from: 0, to: writes.count, by: step)).union([writes.count - 1])
      let points = chosen.sorted().map { writes[$0] } + all.filter { $0.call != "pwrite64" }
      var counts = Counts()
      for point in points {
        try restore()
        let outcome = try program.run(command, through: wrapper(harm, at: point))
        counts.points += 1
        #expect(outcome.code != 0 || !harm.injection.hasPrefix("signal"), "nothing was killed")
        // Opening it rolls back what was left, which reading verbs do too.
        let findings = UnderFire.findings(catalog)
        if !findings.isEmpty { counts.corrupt += 1 }
        #expect(findings == [], "\(name), \(harm.name) at \(point)")
        let isDone = (try? isDoneNow()) ?? false
        if isDone { counts.committed += 1 } else { counts.rolledBack += 1 }
        if outcome.code == 0 && !isDone { counts.lost += 1 }
        if harm.injection.hasPrefix("error"), outcome.code != 0 {
          #expect(outcome.code == 74, "\(outcome)")
          let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("lodestone: ") }
          #expect(lines.count == 1 && lines[0].contains("m.lode"), "\(outcome.errors)")
        }
        let again = try program.run(command)
        if again.code != 0 { counts.unrepeatable += 1 }
        #expect(again.code == 0, "\(again.errors)")
        let isWhole = UnderFire.findings(catalog).isEmpty
        if try !isWhole || !isDoneNow() { counts.half += 1 }
      }
      print(
        "crash suite: \(name), \(harm.name): \(counts.points) of \(all.count) points: "
          + "\(counts.rolledBack) rolled back, \(counts.committed) committed; \(counts.corrupt) corrupt, "
          + "\(counts.lost) acknowledged and lost, \(counts.half) half stored, \(counts.unrepeatable) not to be repeated"
      )
      #expect(counts.lost == 0 && counts.half == 0)
    }
  }

  @Test func ingest() throws {
    try harm(Self.ingest + ["--set", "dbscan.radius=1.5"], named: "ingest") {
      try UnderFire.runs(catalog).count == 2
    }
  }

  @Test func tag() throws {
    try harm(["tag", "@last", "best", "--catalog", "m.lode"], named: "tag") {
      try !UserSQL(path: catalog).answer("SELECT 1 FROM tag").rows.isEmpty
    }
  }

  @Test func merge() throws {
    try restore()
    #expect(try program.run(Self.ingest + ["--set", "dbscan.radius=1.5"]).code == 0)
    try FileManager.default.moveItem(atPath: catalog, toPath: program.folder.file("other.lode"))
    try harm(["merge", "other.lode", "--catalog", "m.lode"], named: "merge") {
      try UnderFire.runs(catalog).count == 2
    }
  }

  /// A catalog of the first schema, at every step to the newest.
  @Test func migrate() throws {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("LodestoneTests/Golden/v001.lode")
    try restore()
    try FileManager.default.removeItem(atPath: pristine)
    try FileManager.default.copyItem(atPath: golden.path, toPath: pristine)
    for harm in Self.harms.prefix(UnderFire.isLong ? 4 : 1) {
      try restore()
      let command = ["migrate", "m.lode"]
      let all = try points(of: command, harm)
      let step = UnderFire.isLong ? 5 : all.count / 6
      for point in stride(from: 0, to: all.count, by: step).map({ all[$0] }) {
        try restore()
        _ = try program.run(command, through: wrapper(harm, at: point))
        // It is of one version or the next: repeated, it arrives.
        let again = try program.run(command)
        #expect(again.code == 0, "\(again.errors)")
        #expect(UnderFire.findings(catalog) == [], "migrate, \(harm.name) at \(point)")
      }
      print("crash suite: migrate, \(harm.name): every \(step)th of \(all.count) points")
    }
  }

  /// What a crash leaves half written is rolled back by whoever reads next, and that is said.
  @Test(arguments: [
    ["list", "runs"], ["query", "samples"], ["sql", "SELECT 1"], ["show", "@last"], ["check"],
    ["export", "--all"], ["backup", "b.lode"],
  ])
  func theNextReaderRollsBack(verb: [String]) throws {
    try restore()
    let before = try UnderFire.listing(program.folder.path).first { $0.hasPrefix("m.lode") }
    let harm = Self.harms[0]
    let command = Self.ingest + ["--set", "dbscan.radius=1.5"]
    let points = try points(of: command, harm)
    try restore()
    // The journal is removed when all pages are written.
    let outcome = try program.run(
      command, through: wrapper(harm, at: points.first { $0.call == "unlink" }))
    #expect(outcome.code == -1, "\(outcome)")
    #expect(FileManager.default.fileExists(atPath: catalog + "-journal"))
    let read = try program.run(verb + ["--catalog", "m.lode"])
    #expect(read.code == 0, "\(read.errors)")
    #expect(read.errors.contains("rolled back what a program that crashed"), "\(read.errors)")
    #expect(!FileManager.default.fileExists(atPath: catalog + "-journal"))
    func digest(_ line: String?) -> Substring? { line?.split(separator: " ").last }
    let after = try UnderFire.listing(program.folder.path).first { $0.hasPrefix("m.lode ") }
    #expect(digest(before) == digest(after))
  }
}
