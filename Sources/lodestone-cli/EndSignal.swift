import Dispatch
import Foundation
import Synchronization

/// The wish that the program ends: SIGINT, SIGTERM, or SIGHUP where a terminal was closed. The first is heard when the work in
/// hand is done, the second ends the program at once, which harms no catalog.
final class EndSignal: Sendable {
  private struct State {
    var name: String?
    var isWorking = false
  }

  private let state = Mutex(State())
  private let heard = DispatchSemaphore(value: 0)
  nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

  /// Begins to listen.
  init() {
    var names = [SIGINT: "SIGINT", SIGTERM: "SIGTERM"]
    let hangup = signal(SIGHUP, SIG_IGN)
    // Without a terminal it is a rotation of logs that says so, and a log is opened anew for each line; nohup has it ignored.
    let hasTerminal = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].contains { isatty($0) != 0 }
    if hasTerminal, unsafeBitCast(hangup, to: Int.self) != 1 {
      names[SIGHUP] = "SIGHUP"
    }
    // Of its own: while a scan is computed no other thread may be free.
    let queue = DispatchQueue(label: "signals")
    for (number, name) in names {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [weak self] in self?.hear(number, name) }
      source.resume()
      sources.append(source)
    }
  }

  private func hear(_ number: Int32, _ name: String) {
    let (isAgain, isWorking) = state.withLock { state in
      defer { if state.name == nil { state.name = name } }
      return (state.name != nil, state.isWorking)
    }
    if isAgain {
      Output.progress("")
      _exit(128 + number)
    }
    if isWorking {
      Output.progress("")
      Output.remark("\(name): ends when this scan is done; once more ends it at once")
    }
    heard.signal()
  }

  /// Which signal was heard; nil where none was.
  var name: String? { state.withLock(\.name) }

  /// Does something that is finished before a signal is heeded.
  func whileWorking<T>(_ body: () throws -> T) rethrows -> T {
    state.withLock { $0.isWorking = true }
    defer { state.withLock { $0.isWorking = false } }
    return try body()
  }

  /// Waits so many seconds, or until a signal is heard.
  func wait(_ seconds: Double) {
    if heard.wait(timeout: .now() + max(0, seconds)) == .success { heard.signal() }
  }
}
