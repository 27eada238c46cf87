import Foundation
import Lodestone
import Synchronization

/// One line on stderr that tells how far a job has come; nothing where stderr is no terminal, or one that cannot draw a line
/// over.
///
/// It is drawn by a thread of its own, ten times a second: what takes less is not shown, and a terminal that is stopped
/// (Ctrl-S) holds up no computing.
final class ProgressLine: Sendable {
  /// That of this program.
  static let shared = ProgressLine(.errors)

  private struct State {
    /// What is done, where it is no stage of a scan.
    var words: String?
    var progress: StageProgress?
    var left = TimeLeft()
    /// Which of several scans, or runs.
    var which = ""
    var isDrawing = false

    var isEmpty: Bool { words == nil && progress == nil }
  }

  private let terminal: Terminal
  private let state = Mutex(State())
  /// The text that stands on the line; nil where none does. Who holds it may write to stderr.
  private let drawn = Mutex<String?>(nil)

  init(_ terminal: Terminal) {
    self.terminal = terminal
  }

  /// Shows how far a scan has come.
  func show(_ progress: StageProgress) {
    change { state in
      let isSame = state.progress?.stage == progress.stage
      // Threads may tell out of order.
      if !isSame || state.progress?.done ?? 0 <= progress.done { state.progress = progress }
      state.left.note(progress, at: Self.seconds)
      state.words = nil
    }
  }

  /// Shows what is being done.
  func show(_ words: String) {
    change { state in
      state.words = words
      state.progress = nil
    }
  }

  /// Says before all that follows which of several scans it is of; nothing where it is the only one.
  func name(_ which: String) {
    state.withLock { $0.which = which }
  }

  /// Takes the line away, before anything else is written.
  func clear() {
    guard terminal.canRedraw else { return }
    state.withLock { ($0.words, $0.progress) = (nil, nil) }
    drawn.withLock { drawn in
      if drawn != nil { Self.write("\r\u{1B}[K") }
      drawn = nil
    }
  }

  private static var seconds: Double {
    Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
  }

  private static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  private func change(_ body: (inout State) -> Void) {
    guard terminal.canRedraw else { return }
    let isNew = state.withLock { state in
      body(&state)
      defer { state.isDrawing = true }
      return !state.isDrawing
    }
    if isNew { Thread.detachNewThread { self.draw() } }
  }

  private func draw() {
    while true {
      Thread.sleep(forTimeInterval: 0.1)
      let goesOn = drawn.withLock { drawn in
        let text = state.withLock { state -> String? in
          if state.isEmpty { state.isDrawing = false }
          return state.isEmpty ? nil : self.text(state, at: Self.seconds)
        }
        guard let text else { return false }
        if text != drawn { Self.write("\r\(text)\u{1B}[K") }
        drawn = text
        return true
      }
      if !goesOn { return }
    }
  }

  // MARK: Words

  /// What there is room for; the last cell stays free, for a terminal may go to the next line behind it.
  private func text(_ state: State, at seconds: Double) -> String {
    let room = (terminal.width ?? 80) - 1
    let which = state.which.isEmpty ? "" : state.which + ": "
    guard let progress = state.progress else {
      return fitted((which + (state.words ?? "")).shown, room)
    }
    let elapsed = state.left.inStage(at: seconds)
    var parts = [Self.extent(progress)]
    if let rate = Self.rate(progress, elapsed) { parts.append(rate) }
    if let left = state.left.left(at: seconds) { parts.append(Self.words(left: left)) }
    func joined() -> String {
      which + progress.stage.words + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
    }
    // The rate is wanted least.
    while joined().cells > room, !parts.isEmpty { parts.remove(at: parts.count > 1 ? 1 : 0) }
    return fitted(joined(), room)
  }

  private func fitted(_ text: String, _ room: Int) -> String {
    text.shortened(to: room, mark: terminal.ellipsis)
  }

  /// How far the stage has come, or which of the stages it is.
  private static func extent(_ progress: StageProgress) -> String {
    guard let share = progress.share else {
      return "stage \(progress.stage.place) of \(StageProgress.Stage.allCases.count)"
    }
    return progress.countsFrames
      ? "\(progress.done) of \(progress.total) frames" : "\(Int(100 * share)) %"
  }

  /// The scan's spectra times the share of the stage that is done, over the time that this took.
  private static func rate(_ progress: StageProgress, _ elapsed: Double) -> String? {
    guard let share = progress.share, share > 0, elapsed > 0.3, progress.spectra > 0 else {
      return nil
    }
    return words(spectra: Double(progress.spectra) * share / elapsed)
  }

  /// A rate to two digits: "310,000 spectra/s".
  static func words(spectra rate: Double) -> String {
    let magnitude = pow(10, max(0, log10(max(rate, 1)).rounded(.down) - 1))
    let digits = String(Int((rate / magnitude).rounded() * magnitude))
    let places = digits.enumerated().map { place, digit in
      let isGroup = place > 0 && (digits.count - place).isMultiple(of: 3)
      return (isGroup ? "," : "") + String(digit)
    }
    return places.joined() + " spectra/s"
  }

  /// Not more exact than it is known.
  private static func words(left seconds: Double) -> String {
    let whole = max(1, Int(seconds.rounded(.up)))
    if whole <= 10 { return "about \(whole) s left" }
    if whole < 90 { return "about \((whole + 4) / 5 * 5) s left" }
    let minutes = (whole + 30) / 60
    return minutes < 90 ? "about \(minutes) min left" : "about \((minutes + 30) / 60) h left"
  }
}
