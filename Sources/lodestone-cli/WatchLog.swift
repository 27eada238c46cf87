import Foundation
import Lodestone
import PhaseCatalog

/// What a watch tells, a line an event: to a file or to stdout, as text or as JSON.
final class WatchLog {
  private let file: String?
  private let isJSON: Bool
  private var isBroken = false

  /// - Throws: ``Failure`` where the file cannot be written from the start.
  init(file: String?, isJSON: Bool) throws {
    (self.file, self.isJSON) = (file, isJSON)
    do {
      if let file { try append("", to: file) }
    } catch {
      let codes: [Int32: Int32] = [ENOENT: 66, ENOTDIR: 66, EACCES: 77, EPERM: 77, EROFS: 77]
      throw Failure(
        "\(file ?? ""): the log cannot be written: \(error)", exitCode: codes[error.number] ?? 74)
    }
  }

  /// Tells of an event.
  ///
  /// - Parameters:
  ///   - event: a word.
  ///   - path: the scan or folder that it is about.
  ///   - json: the whole object, where it is another command's; the time is added.
  func tell(
    _ event: String, _ path: String?, _ words: String, _ members: [(String, JSONText)] = [],
    json: JSONText? = nil
  ) {
    let time = timestamp(Date())
    guard isJSON else {
      let subject = path.map { "\($0): " } ?? ""
      let gap = String(repeating: " ", count: max(1, 10 - event.count))
      write("\(time) \(event)\(gap)\(subject)\(words)".shown)
      return
    }
    let own: [(String, JSONText)] =
      [("schema", .string("lodestone.watch/1")), ("event", .string(event))]
      + (path.map { [("path", .string($0))] } ?? []) + [("words", .string(words))] + members
    var all = own
    if case .object(let given) = json { all = given }
    write(JSONText.object(all + [("time", .string(time))]).text)
  }

  private func write(_ line: String) {
    Output.progress("")
    guard let file else { return Output.line(line) }
    do {
      // Opened for each line: a log that was renamed or removed is begun anew.
      try append(line + "\n", to: file)
      isBroken = false
    } catch {
      if !isBroken { Output.remark("\(file): the log cannot be written: \(error)") }
      isBroken = true
      Output.remark(line)
    }
  }
}
