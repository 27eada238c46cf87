import Foundation
import PhaseCatalog

/// An answer as text for other programs, byte for byte into one buffer: an answer may have tens of thousands of rows.
struct AnswerText {
  private(set) var bytes: [UInt8] = []
  private let table: AnswerTable

  init(_ table: AnswerTable) {
    self.table = table
    bytes.reserveCapacity(64 + 16 * table.columns.count * (1 + table.rows.count))
  }

  // MARK: Separated values

  /// A head and a line a row, a separator between the cells.
  mutating func addSeparated(by separator: UInt8) {
    for (place, name) in table.columns.enumerated() {
      if place > 0 { bytes.append(separator) }
      addCell(name, separator)
    }
    bytes.append(UInt8(ascii: "\n"))
    for row in table.rows {
      for (place, value) in row.enumerated() {
        if place > 0 { bytes.append(separator) }
        if case .text(let text) = value { addCell(text, separator) } else { add(value) }
      }
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  private mutating func addCell(_ cell: String, _ separator: UInt8) {
    if cell.needsQuotes(separator) {
      bytes += "\"\(cell.replacingOccurrences(of: "\"", with: "\"\""))\"".utf8
    } else {
      bytes += cell.utf8
    }
  }

  /// A value that no separator is in.
  private mutating func add(_ value: AnswerTable.Value) {
    switch value {
    case .real(let number) where number.isFinite: CanonicalJSON.append(number, to: &bytes)
    default: bytes += value.text.utf8
    }
  }

  // MARK: JSON

  /// An object a row, a separator between them.
  mutating func addObjects(separator: UInt8) {
    // What stands before each value.
    let heads = table.columns.enumerated().map { place, name in
      Array(((place == 0 ? "{" : ",") + JSONText.string(name).text + ":").utf8)
    }
    for (number, row) in table.rows.enumerated() {
      if number > 0 { bytes.append(separator) }
      for (place, value) in row.enumerated() {
        bytes += heads[place]
        addJSON(value)
      }
      bytes += heads.isEmpty ? "{}".utf8 : "}".utf8
    }
  }

  private mutating func addJSON(_ value: AnswerTable.Value) {
    switch value {
    case .integer(let number): bytes += String(number).utf8
    case .real(let number) where number.isFinite: CanonicalJSON.append(number, to: &bytes)
    case .text(let text): CanonicalJSON.append(quoted: text, to: &bytes)
    default: bytes += JSONText(value).text.utf8
    }
  }

  /// One object with some members, and the rows as the last.
  mutating func addObject(_ members: [(String, JSONText)]) {
    bytes += JSONText.object(members).text.utf8.dropLast()
    bytes += (members.isEmpty ? "" : ",").utf8
    bytes += "\"rows\":[".utf8
    addObjects(separator: UInt8(ascii: ","))
    bytes += "]}".utf8
  }

  mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }
}

extension String {
  /// Whether a cell of separated values must be quoted. By bytes: a line end or a separator with a mark on it is one
  /// character.
  fileprivate func needsQuotes(_ separator: UInt8) -> Bool {
    let isSpecial = utf8.contains { byte in
      byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        || byte == separator
    }
    return isSpecial || utf8.contains(0xE2) && unicodeScalars.contains("\u{2028}")
  }
}
