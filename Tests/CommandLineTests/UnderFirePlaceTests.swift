import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// Where a catalog lies: read-only folders, full disks, network file systems, files of two names.
@Suite struct UnderFirePlaceTests {
  private let program: Program
  private let ingest: [String]

  init() throws {
    program = try Program()
    try program.run("init", "m.lode")
    ingest = try program.smallExample()
    #expect(try program.run(ingest).code == 0)
    #expect(try program.run("tag", "@last", "best").code == 0)
    let define = ["phase", "define", "any", "--where", "pixels>=1"]
    #expect(try program.run(define).code == 0)
  }

  private static let readingVerbs = [
    ["list", "runs"], ["list", "samples"], ["list", "tags"], ["list", "failed"],
    ["list", "queries"],
    ["show", "@last"], ["show", "tag:best", "--json"], ["query", "phase-stats"],
    ["query", "surface-vs-bulk", "--param", "surface_depth_um=0.5"],
    ["query", "run-spectra", "--param", "run=@last"], ["sql", "SELECT * FROM run_overview"],
    ["audit", "@last"], ["audit", "@last:0"], ["audit", "@last:0:nd_fraction", "--json"],
    ["list", "phases"], ["phase", "list"], ["phase", "show", "any"], ["phase", "suggest"],
    ["compare"], ["compare", "M1", "--json"],
    ["diff", "@last", "tag:best", "--all"], ["affected", "--file", "ex", "--json"],
    ["check"], ["check", "--quick"], ["check", "--deep"],
    ["export", "--all"], ["export", "@last", "--labels", "/dev/null"], ["recipe", "list"],
    ["sql", "DELETE FROM run"], ["show", "beef"],
  ]

  /// No reading verb changes a byte, nor the folder.
  @Test func readingChangesNothing() throws {
    let before = try UnderFire.listing(program.folder.path)
    for verb in Self.readingVerbs {
      let outcome = try program.run(verb)
      #expect(outcome.code == (verb.last == "DELETE FROM run" ? 64 : verb.last == "beef" ? 66 : 0))
      #expect(try UnderFire.listing(program.folder.path) == before, "\(verb)")
    }
  }

  /// The same as a user who may only read; writing is refused, with its own exit code.
  @Test(.enabled(if: getuid() == 0, "only root can become another user"))
  func inAReadOnlyFolder() throws {
    let folder = program.folder.path
    // The program where that user can run it.
    let copy = folder + "/lodestone"
    try FileManager.default.copyItem(atPath: Program.path, toPath: copy)
    for path in [folder + "/m.lode", folder + "/ex", copy] { chmod(path, 0o555) }
    chmod(folder, 0o555)
    defer { chmod(folder, 0o755) }
    let before = try UnderFire.listing(folder)
    let user = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy]
    func run(_ verb: [String]) throws -> (code: Int32, text: String) {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: user[0])
      process.arguments = user.dropFirst() + verb
      process.currentDirectoryURL = URL(fileURLWithPath: folder)
      let pipe = Pipe()
      process.standardOutput = pipe
      process.standardError = pipe
      try process.run()
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return (process.terminationStatus, text)
    }
    for verb in Self.readingVerbs {
      let outcome = try run(verb)
      #expect(
        outcome.code == (verb.last == "DELETE FROM run" ? 64 : verb.last == "beef" ? 66 : 0),
        "\(verb): \(outcome.text)")
    }
    for verb in [["tag", "@last", "x"], ["merge", "m.lode"], ["init", "n.lode"]] {
      let outcome = try run(verb)
      #expect(outcome.code == 77, "\(verb): \(outcome.text)")
    }
    #expect(try UnderFire.listing(folder) == before)
  }

  /// A disk that has one page more each time, until the next run fits, for several runs: each time all or nothing.
  @Test func fullDisks() throws {
    let path = program.folder.file("m.lode")
    var failures = 0
    for run in 1...200 where failures < (UnderFire.isLong ? 60 : 6) {
      let pristine = try program.bytes("m.lode")
      // The shell counts blocks of 512 bytes; a page has 16.
      var blocks = pristine.count / 512
      let command = ingest + ["--set", "dbscan.radius=\(1 + Double(run) / 64)"]
      while true {
        let outcome = try program.run(command, limits: "-f \(blocks)")
        if outcome.code == 0 { break }
        #expect(outcome.code == 74, "\(outcome)")
        #expect(try program.bytes("m.lode") == pristine)
        #expect(!FileManager.default.fileExists(atPath: path + "-journal"))
        failures += 1
        blocks += 16
      }
    }
    #expect(failures >= 6)
    #expect(UnderFire.findings(path) == [])
    print("full disks: \(failures) sizes too small, each left as it was")
  }

  /// A real file system that is full.
  @Test func aFullFileSystem() throws {
    let mount = program.folder.file("disk")
    try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
    func shell(_ command: String) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", command]
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
    let pages = try program.bytes("m.lode").count / 4096 + 12
    guard try shell("mount -t tmpfs -o size=\(pages * 4)k tmpfs '\(mount)'") == 0 else {
      print("SKIPPED, LOUDLY: no file system can be mounted here: NO real full disk was tested")
      return
    }
    defer { _ = try? shell("umount '\(mount)'") }
    let path = mount + "/m.lode"
    try FileManager.default.copyItem(atPath: program.folder.file("m.lode"), toPath: path)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let outcome = try program.run(ingest + ["--set", "dbscan.radius=1.5", "--catalog", path])
    #expect(outcome.code == 74 && outcome.errors.contains("full"), "\(outcome)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try program.run("backup", mount + "/b.lode", "--catalog", path).code == 74)
    #expect(try FileManager.default.contentsOfDirectory(atPath: mount) == ["m.lode"])
    #expect(UnderFire.findings(path) == [])
  }

  /// File systems whose locks are not to be relied on: statfs is made to name them.
  @Test(
    .enabled(if: UnderFire.strace != nil, "strace cannot run here"),
    arguments: [
      ("6969000000000000", "NFS"), ("424d53ff00000000", "CIFS"), ("424d53fe00000000", "SMB"),
      ("d00bd00b00000000", "Lustre"), ("5346504700000000", "GPFS"),
    ])
  func networkFileSystems(type: String, name: String) throws {
    let statfs = [
      UnderFire.strace ?? "", "-f", "-qq", "-o", "/dev/null", "-e", "trace=statfs", "-e",
      "inject=statfs:poke_exit=@arg2=\(type)",
    ]
    let before = try UnderFire.listing(program.folder.path)
    for verb in [["tag", "@last", "x"], ["init", "n.lode"], ["migrate"]] {
      let outcome = try program.run(verb, through: statfs)
      #expect(outcome.code == 78, "\(verb): \(outcome)")
      #expect(outcome.errors.contains("it lies on \(name), whose locks"), "\(outcome.errors)")
      #expect(try UnderFire.listing(program.folder.path) == before)
    }
    #expect(try program.run(["list", "runs"], through: statfs).code == 0)
    let asked = try program.run(["tag", "@last", "x", "--allow-network-fs"], through: statfs)
    #expect(asked.code == 0 && asked.errors.contains("only one program at a time"), "\(asked)")
  }

  @Test(
    .enabled(if: UnderFire.strace != nil, "strace cannot run here"),
    arguments: [("4655736500000000", "FUSE"), ("9719020100000000", "9p")])
  func uncertainFileSystems(type: String, name: String) throws {
    let outcome = try program.run(
      ["tag", "@last", "x"],
      through: [
        UnderFire.strace ?? "", "-f", "-qq", "-o", "/dev/null", "-e", "trace=statfs", "-e",
        "inject=statfs:poke_exit=@arg2=\(type)",
      ])
    #expect(outcome.code == 0 && outcome.errors.contains("it lies on \(name): "), "\(outcome)")
  }

  /// A file of two names has two journals.
  @Test func hardLinks() throws {
    let other = program.folder.file("other.lode")
    #expect(link(program.folder.file("m.lode"), other) == 0)
    let outcome = try program.run("tag", "@last", "x", "--catalog", "m.lode")
    #expect(outcome.code == 78 && outcome.errors.contains("2 names"), "\(outcome)")
    #expect(try program.run("list", "runs", "--catalog", "m.lode").code == 0)
    #expect(try program.run("backup", "copy.lode", "--catalog", "m.lode").code == 0)
    unlink(other)
    #expect(try program.run("tag", "@last", "x", "--catalog", "m.lode").code == 0)
  }
}
