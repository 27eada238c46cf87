import Foundation
import Testing
import TestSupport

/// The real program while it runs.
final class RunningProgram {
  private let process = Process()
  private let output: String
  private let errors: String

  /// Starts it in the folder of a ``Program``.
  ///
  /// - Parameter limits: limits of the shell's `ulimit`.
  init(_ program: Program, _ arguments: [String], limits: String? = nil) throws {
    output = program.folder.file("stdout-\(UUID().uuidString)")
    errors = program.folder.file("stderr-\(UUID().uuidString)")
    for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
    var command = [Program.path] + arguments
    if let limits { command = ["/bin/sh", "-c", "ulimit \(limits); exec \"$@\"", "sh"] + command }
    process.executableURL = URL(fileURLWithPath: command.removeFirst())
    process.arguments = command
    process.currentDirectoryURL = URL(fileURLWithPath: program.folder.path)
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["LODESTONE_CACHE": program.folder.file("cache"), "LODESTONE_CACHE_SIZE": "0"]) { $1 }
    // No terminal: its hanging up would be heard.
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
  }

  var id: Int32 { process.processIdentifier }

  var isRunning: Bool { process.isRunning }

  /// What it has written to stdout so far.
  var text: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

  /// What it has written to stderr so far.
  var errorText: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

  /// Sends it a signal, if it still runs: its number may be another's by then.
  func signal(_ number: Int32) {
    if process.isRunning { kill(id, number) }
  }

  /// Waits until something is so; after two minutes it will never be.
  func wait(_ what: String, until isSo: () throws -> Bool) throws {
    for _ in 0..<6000 {
      if try isSo() { return }
      usleep(20_000)
    }
    Issue.record("waited in vain for: \(what)\n\(text)\n\(errorText)")
    process.terminate()
    throw Vain()
  }

  struct Vain: Error {}

  /// Waits for its end: the exit code, or a signal's number below 0.
  func end() throws -> Int32 {
    try wait("the end") { !process.isRunning }
    return process.terminationReason == .uncaughtSignal
      ? -process.terminationStatus : process.terminationStatus
  }
}
