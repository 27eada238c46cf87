import Foundation
import Testing
import TestSupport

/// What docs/watch.md has people copy.
@Suite struct WatchDocumentTests {
  private let program: Program
  private let unit: String

  init() throws {
    program = try Program()
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/watch.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let start = try #require(text.range(of: "```ini\n"))
    let end = try #require(text.range(of: "```", range: start.upperBound..<text.endIndex))
    unit = String(text[start.upperBound..<end.lowerBound])
  }

  private var command: String {
    unit.split(separator: "\n").first { $0.hasPrefix("ExecStart=") }.map(String.init) ?? ""
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
  func theUnitIsOne() throws {
    func complaints(_ unit: String) throws -> String {
      let file = try program.folder.write(
        unit.replacing("/usr/local/bin/lodestone", with: Program.path),
        to: "lodestone-watch.service")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/systemd-analyze")
      process.arguments = ["verify", "--man=no", file]
      let errors = program.folder.file("complaints")
      _ = try program.folder.write("", to: "complaints")
      process.standardError = FileHandle(forWritingAtPath: errors)
      try process.run()
      process.waitUntilExit()
      // Of other units on this machine there may be something to say.
      return try String(contentsOfFile: errors, encoding: .utf8).split(separator: "\n")
        .filter { $0.contains("lodestone-watch") }.joined(separator: "\n")
    }
    #expect(try complaints(unit) == "")
    #expect(try complaints(unit.replacing("KillSignal=SIGTERM", with: "KillSignal=SIGNONE")) != "")
  }

  /// The command line of the unit, with the folder and the catalog of this test.
  @Test func itsCommandLineIsUnderstood() throws {
    var words = command.dropFirst("ExecStart=".count).split(separator: " ").map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: "'"))
    }
    #expect(words.removeFirst() == "/usr/local/bin/lodestone")
    try program.run("init", "t.lode")
    try FileManager.default.createDirectory(
      atPath: program.folder.file("data"), withIntermediateDirectories: false)
    words = words.map {
      $0 == "/data/beamtime" ? "data" : $0 == "/var/lib/lodestone/magnets.lode" ? "t.lode" : $0
    }
    let outcome = try program.run(words + ["--once"])
    #expect(outcome.code == 0 && outcome.output.contains("no scans yet"), "\(outcome.errors)")
    // Exit codes that no restart mends are those that the page says end it.
    let codes = try #require(unit.firstMatch(of: /RestartPreventExitStatus=(.*)/)).1
    #expect(codes == "64 65 66 76 77 78")
  }
}
