import Foundation
import Testing
import TestSupport

/// The real program, run as a process in a folder of its own.
struct Program: Sendable {
  let folder: TemporaryFolder

  struct Outcome {
    let code: Int32
    let output: String
    let errors: String

    /// The only line of stdout as a JSON object.
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]) ?? [:]
    }
  }

  init() throws { folder = try TemporaryFolder() }

  @discardableResult
  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try run(arguments, environment: environment)
  }

  /// The program itself.
  static let path = Bundle.main.bundleURL.appendingPathComponent("lodestone").path

  /// - Parameters:
  ///   - limits: limits of the shell's `ulimit`: the most memory (-d) that the program may ask for, say.
  ///   - wrapper: a command that runs the program.
  func run(
    _ arguments: [String], environment: [String: String] = [:], limits: String? = nil,
    through wrapper: [String] = []
  ) throws -> Outcome {
    var command = wrapper + [Self.path] + arguments
    if let limits { command = ["/bin/sh", "-c", "ulimit \(limits); exec \"$@\"", "sh"] + command }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command.removeFirst())
    process.arguments = command
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    // No test touches the user's cache; those of the cache switch it on.
    let cache = ["LODESTONE_CACHE": folder.file("cache"), "LODESTONE_CACHE_SIZE": "0"]
    // Where continuous integration asks for colours, pipes are no pipes.
    let colours = ["CLICOLOR_FORCE": "", "FORCE_COLOR": ""]
    process.environment = ProcessInfo.processInfo.environment.merging(cache) { $1 }
      .merging(colours) { $1 }
      .merging(environment) { $1 }
    // Into files: a pipe that fills up would stop the program.
    let output = folder.file("stdout-\(UUID().uuidString)")
    let errors = folder.file("stderr-\(UUID().uuidString)")
    for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    process.waitUntilExit()
    func text(_ path: String) throws -> String {
      defer { try? FileManager.default.removeItem(atPath: path) }
      return try String(contentsOfFile: path, encoding: .utf8)
    }
    return Outcome(
      code: process.terminationReason == .uncaughtSignal ? -1 : process.terminationStatus,
      output: try text(output), errors: try text(errors))
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  /// A small example, and the arguments that ingest it.
  func smallExample(energies: Int = 40) throws -> [String] {
    let made = try run(
      "example", "ex", "--height", "96", "--width", "112", "--energies", "\(energies)")
    #expect(made.code == 0)
    return [
      "ingest", "ex/scan.tif", "--energies", "ex/energies.txt", "--reference", "ex/references.tif",
      "--dark", "ex/dark.tif", "--pixel-size", "0.028", "--sample", "M1",
    ]
  }
}
