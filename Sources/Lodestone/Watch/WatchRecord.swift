import Foundation
import PhaseCatalog

/// What watches of a catalog have done, in a file beside it, so that a restart need not read every scan again to learn that
/// it is known.
///
/// A line of JSON is added when a scan is begun and when it is done. The catalog alone counts: a line is believed only
/// where the catalog has its runs, and without the file every scan is read once and found unchanged. Several programs may add to
/// one file.
package struct WatchRecord {
  /// What became of a scan.
  private enum Event: String, Codable {
    case begun, done, failed, left
  }

  private struct Line: Codable {
    var event: Event
    /// Where it lies, for those who read the file.
    var path: String
    /// What was asked, of which scan.
    var scan: String
    var files: FileSet?
    var runs: [String]?
    var failure: WatchFailure?
    /// The program's, of a failure: another one may do better.
    var version: String?
  }

  /// The file; nil where nothing is kept.
  private let path: String?
  private var done: [String: [FileSet]] = [:]
  private var failed: [String: (files: FileSet, failure: WatchFailure)] = [:]
  private var begun: [String: Int] = [:]
  /// Whether the file ends in half a line, which a killed program or a full disk left.
  private var endsInHalf = false
  /// Why the last line was not kept; nil where it was.
  package private(set) var remark: String?

  /// The file beside a catalog.
  package static func path(ofCatalog catalog: String) -> String { catalog + ".watched" }

  /// An empty record that is kept in memory only.
  package init() { path = nil }

  /// Reads a record; what is no line of it is left alone.
  ///
  /// - Parameter isStored: whether the catalog has the result of a run.
  package init(path: String, isStored: (String) throws -> Bool) rethrows {
    self.path = path
    let text = String(
      decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    endsInHalf = !text.isEmpty && !text.hasSuffix("\n")
    let decoder = JSONDecoder()
    for text in text.split(separator: "\n") {
      guard let line = try? decoder.decode(Line.self, from: Data(text.utf8)) else { continue }
      if line.event == .done, try line.runs?.allSatisfy(isStored) != true { continue }
      take(line)
    }
  }

  private mutating func take(_ line: Line) {
    switch line.event {
    case .begun: begun[line.scan, default: 0] += 1
    case .done: if let files = line.files { done[line.scan, default: []].append(files) }
    case .failed:
      if let files = line.files, let failure = line.failure, line.version == lodestoneVersion {
        failed[line.scan] = (files, failure)
      }
    case .left: break
    }
    if line.event != .begun { begun[line.scan] = nil }
  }

  /// Whether a scan with these files is done. Files that it had then and that are gone now make nothing new of it: data is
  /// tidied away when it was analysed.
  func isDone(_ scan: String, _ files: FileSet) -> Bool {
    done[scan]?.contains { files.isSubset(of: $0) } ?? false
  }

  /// Why a scan with just these files failed.
  func failure(of scan: String, _ files: FileSet) -> WatchFailure? {
    failed[scan].flatMap { $0.files == files ? $0.failure : nil }
  }

  /// How often a scan was begun and the program ended before it did.
  package func unfinished(_ scan: String) -> Int { begun[scan] ?? 0 }

  mutating func begin(_ scan: String, path: String) {
    add(Line(event: .begun, path: path, scan: scan))
  }

  mutating func finish(_ scan: String, path: String, _ files: FileSet, runs: [String]) {
    add(Line(event: .done, path: path, scan: scan, files: files, runs: runs))
  }

  mutating func fail(_ scan: String, path: String, _ files: FileSet, _ failure: WatchFailure) {
    add(
      Line(
        event: .failed, path: path, scan: scan, files: files, failure: failure,
        version: lodestoneVersion))
  }

  /// Says that a scan was left, to be tried again.
  mutating func leave(_ scan: String, path: String) {
    add(Line(event: .left, path: path, scan: scan))
  }

  private mutating func add(_ line: Line) {
    take(line)
    guard let path else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      let text = String(decoding: try encoder.encode(line), as: UTF8.self)
      // One write at the end of the file, so that lines of several programs do not mix.
      try append((endsInHalf ? "\n" : "") + text + "\n", to: path)
      (endsInHalf, remark) = (false, nil)
    } catch {
      endsInHalf = true
      remark = "\(path): cannot be written: a restart will read again what is done now: \(error)"
    }
  }
}

/// Why a scan was set aside.
package struct WatchFailure: Codable, Equatable, Sendable {
  package var message: String
  package var exitCode: Int32

  package init(message: String, exitCode: Int32) {
    self.message = message
    self.exitCode = exitCode
  }
}

/// Which files, by a number for each that stands for its path, size and time.
package struct FileSet: Equatable, Sendable, Codable {
  private(set) var numbers: Set<UInt64> = []

  /// Adds a file; one that is not there counts as such.
  mutating func add(_ path: String, _ stamp: FileStamp?) {
    let digest = ContentDigest(domain: "lodestone/watched-file/1")
    digest.update(path)
    digest.update(stamp?.bytes ?? -1)
    digest.update(stamp?.modified ?? 0)
    numbers.insert(UInt64(digest.finish().prefix(16), radix: 16) ?? 0)
  }

  func isSubset(of other: FileSet) -> Bool { numbers.isSubset(of: other.numbers) }

  init() {}

  package init(from decoder: any Decoder) throws {
    let data = try decoder.singleValueContainer().decode(Data.self)
    numbers = Set(
      stride(from: 0, to: data.count - data.count % 8, by: 8).map { place in
        data[place..<place + 8].reduce(0) { $0 << 8 | UInt64($1) }
      })
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(
      Data(
        numbers.sorted().flatMap { number in
          (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
        }))
  }
}

/// Adds a text to a file by one write at its end; the file is made where there is none.
///
/// - Throws: the system's reason, in words.
package func append(_ text: String, to path: String) throws(AppendFailure) {
  let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
  guard file >= 0 else { throw AppendFailure(errno) }
  defer { close(file) }
  let bytes = Array(text.utf8)
  let written = write(file, bytes, bytes.count)
  guard written == bytes.count else { throw AppendFailure(written < 0 ? errno : ENOSPC) }
}

/// Why a line was not added.
package struct AppendFailure: Error, CustomStringConvertible {
  /// The system's number for it.
  package let number: Int32

  init(_ number: Int32) { self.number = number }

  /// In words.
  package var description: String { String(cString: strerror(number)) }
}
