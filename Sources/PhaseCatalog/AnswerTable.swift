/// The answer to a question: named columns and rows of values.
public struct AnswerTable: Sendable, Equatable {
  /// One value.
  public enum Value: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// The value as text: numbers in the shortest form that reads back to the same bits.
    public var text: String {
      switch self {
      case .null: ""
      case .integer(let value): String(value)
      case .real(let value): value.isFinite ? CanonicalJSON.text(of: value) : "\(value)"
      case .text(let value): value
      case .blob(let bytes): "<\(bytes.count) bytes>"
      }
    }

    /// The value as a number; nil where it is none.
    public var number: Double? {
      switch self {
      case .integer(let value): Double(value)
      case .real(let value): value
      default: nil
      }
    }
  }

  /// The columns' names.
  public let columns: [String]
  /// The rows, each with a value a column.
  public let rows: [[Value]]

  /// A table.
  public init(columns: [String], rows: [[Value]]) {
    self.columns = columns
    self.rows = rows
  }

  /// The value of a column in a row; null where there is no such column.
  public func value(_ column: String, row: Int = 0) -> Value {
    guard let index = columns.firstIndex(of: column), row < rows.count else { return .null }
    return rows[row][index]
  }

  /// How many different values a column has.
  func distinct(_ column: String) -> Int {
    guard let place = columns.firstIndex(of: column) else { return 0 }
    return Set(rows.map { $0[place].text }).count
  }

  /// The table without some columns.
  public func dropping(_ names: Set<String>) -> AnswerTable {
    let kept = columns.indices.filter { !names.contains(columns[$0]) }
    return AnswerTable(
      columns: kept.map { columns[$0] }, rows: rows.map { row in kept.map { row[$0] } })
  }
}
