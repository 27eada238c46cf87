internal import CSQLite
internal import Foundation

/// Reads the rows of a statement as values.
///
/// A text that stands in the row before too is not made again: answers about many runs name each several times.
struct StatementRows {
  private let statement: OpaquePointer
  private let count: Int32
  private var last: [AnswerTable.Value]

  init(_ statement: OpaquePointer) {
    self.statement = statement
    count = sqlite3_column_count(statement)
    last = Array(repeating: .null, count: Int(count))
  }

  /// The row that the statement was stepped to.
  mutating func row() -> [AnswerTable.Value] {
    for column in 0..<count { read(column, into: &last[Int(column)]) }
    return last
  }

  private func read(_ column: Int32, into value: inout AnswerTable.Value) {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: value = .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: value = .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      // To the first zero, if there is one.
      guard let text = sqlite3_column_text(statement, column) else {
        value = .null
        return
      }
      let bytes = UnsafeRawBufferPointer(
        start: text, count: strlen(UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self)))
      if case .text(var known) = value, known.utf8.count == bytes.count,
        known.withUTF8({ Self.areEqual($0, bytes) })
      {
        return
      }
      value = .text(String(decoding: bytes, as: UTF8.self))
    case SQLITE_BLOB:
      let count = Int(sqlite3_column_bytes(statement, column))
      let bytes = sqlite3_column_blob(statement, column)
      value = .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    default: value = .null
    }
  }

  private static func areEqual(
    _ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeRawBufferPointer
  ) -> Bool {
    guard let first = a.baseAddress, let second = b.baseAddress else { return a.count == b.count }
    return a.count == b.count && memcmp(first, second, a.count) == 0
  }
}
