package import Foundation
package import StackIO

/// Real data with independently computed answers, in a folder beside the checkout. Where it is not
/// there, the tests that need it are skipped, and say so.
package enum SharedData {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared/data")

  package static var isThere: Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent("README.md").path)
  }

  package static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  package static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  /// The rows of a CSV file, header included, split at commas.
  package static func rows(_ name: String) throws -> [[String]] {
    String(decoding: try data(name), as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }

  package static func frame(_ name: String) throws -> Frame {
    try TIFFFile(path: path(name)).frame(page: 0)
  }
}

/// A folder that is removed when the value goes away.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("lodestone-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  package func file(_ name: String) -> String { path + "/" + name }

  package func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }
}

/// The agreement of two partitions, corrected for chance: 1 where they are the same.
///
/// Source: Hubert and Arabie, doi 10.1007/BF01908075.
package func adjustedRandIndex(_ a: [Int], _ b: [Int]) -> Double {
  func pairs(_ count: Int) -> Double { Double(count) * Double(count - 1) / 2 }
  var cells: [[Int]: Int] = [:]
  var rows: [Int: Int] = [:]
  var columns: [Int: Int] = [:]
  for (x, y) in zip(a, b) {
    cells[[x, y], default: 0] += 1
    rows[x, default: 0] += 1
    columns[y, default: 0] += 1
  }
  let together = cells.values.reduce(0) { $0 + pairs($1) }
  let inRows = rows.values.reduce(0) { $0 + pairs($1) }
  let inColumns = columns.values.reduce(0) { $0 + pairs($1) }
  let expected = inRows * inColumns / pairs(a.count)
  let largest = (inRows + inColumns) / 2
  return largest == expected ? 1 : (together - expected) / (largest - expected)
}

/// Small, seeded, and good enough to make test inputs.
package struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
