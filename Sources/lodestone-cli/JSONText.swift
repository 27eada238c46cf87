import Foundation
import PhaseCatalog

/// A JSON value whose members keep the order in which they were written.
indirect enum JSONText {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONText])
  case object([(String, JSONText)])

  init(_ value: AnswerTable.Value) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(Int(number))
    case .real(let number): self = number.isFinite ? .number(number) : .null
    case .text(let text): self = .string(text)
    case .blob(let bytes): self = .string(Data(bytes).base64EncodedString())
    }
  }

  /// A row of a table as an object.
  init(row: [AnswerTable.Value], of table: AnswerTable) {
    self = .object(zip(table.columns, row).map { ($0, JSONText($1)) })
  }

  /// The rows of a table as an array of objects.
  init(_ table: AnswerTable) {
    self = .array(table.rows.map { JSONText(row: $0, of: table) })
  }

  /// The text, on one line. Numbers read back to the same bits.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): CanonicalJSON.text(of: value)
    case .string(let value): CanonicalJSON.string(value).text
    case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.map { CanonicalJSON.string($0).text + ":" + $1.text }.joined(separator: ",")
        + "}"
    }
  }
}
