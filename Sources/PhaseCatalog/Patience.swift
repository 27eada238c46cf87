import Foundation
internal import GRDB
import Synchronization

/// How a connection waits for another program's lock: for 30 s, looking again after a time that grows, and that chance
/// changes, so that many who wait do not all look at once.
final class Patience: Sendable {
  /// How long, s.
  static let seconds = 30.0

  private struct State {
    var start: ContinuousClock.Instant
    var isSaid = false
  }

  private let state: Mutex<State>
  private let say: (@Sendable () -> Void)?

  /// - Parameter say: is called once, where it takes longer than 2 s.
  init(say: (@Sendable () -> Void)?) {
    state = Mutex(State(start: .now))
    self.say = say
  }

  /// Waits once; false where the time is over.
  func wait(_ tries: Int) -> Bool {
    let (waited, isNews) = state.withLock { state in
      if tries == 0 { state.start = .now }
      let waited = (ContinuousClock.now - state.start) / .seconds(1)
      let isNews = waited > 2 && !state.isSaid
      if isNews { state.isSaid = true }
      return (waited, isNews)
    }
    if isNews { say?() }
    guard waited < Self.seconds else { return false }
    // 1 ms, then half as much again each time, to 50 ms.
    let longest = min(50, pow(1.5, Double(min(tries, 20))))
    usleep(UInt32(1000 * longest * Double.random(in: 0.5...1)))
    return true
  }

  /// For GRDB.
  var mode: Database.BusyMode { .callback { [self] tries in wait(tries) } }
}
