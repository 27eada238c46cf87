internal import GRDB

extension Database {
  /// Inserts a row that is new.
  ///
  /// - Throws: ``CatalogError/damaged(path:reason:)`` where one of its identity is there already: the
  ///   triggers then keep that one, and this one would be lost unseen.
  func insert(
    _ table: String, _ values: KeyValuePairs<String, (any DatabaseValueConvertible)?>
  ) throws {
    try insert(
      table, columns: values.map(\.key), values: values.map { $0.value?.databaseValue ?? .null })
  }

  /// The same with columns that are known at run time only.
  func insert(_ table: String, columns: [String], values: [DatabaseValue]) throws {
    try insert(table, columns: columns, rows: CollectionOfOne(values))
  }

  /// Inserts many rows that are new.
  func insert(
    _ table: String, columns: [String], rows: some Sequence<[DatabaseValue]>
  ) throws {
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    let statement = try cachedStatement(
      sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))")
    for row in rows {
      precondition(row.count == columns.count, "a value a column")
      statement.setUncheckedArguments(StatementArguments(row))
      try statement.execute()
      guard changesCount == 1 else {
        throw CatalogError.damaged(
          "another program added a row of \(table) that stands in the way")
      }
    }
  }

  /// This file's number for the row of an identity; nil where there is none. The table `run` has the
  /// columns `run_key` and `run_id`.
  func key(of table: String, id: String) throws -> Int64? {
    let stem = table == "parameter_set" ? "parameters" : table
    let statement = try cachedStatement(
      sql: "SELECT \(stem)_key FROM \(table) WHERE \(stem)_id = ?")
    return try Int64.fetchOne(statement, arguments: [id])
  }

  /// The same for a row that must be there.
  func requiredKey(of table: String, id: String) throws -> Int64 {
    guard let key = try key(of: table, id: id) else {
      throw CatalogError.notFound("no \(table) \(id) is stored")
    }
    return key
  }

  /// Whether a query has a row.
  func exists(_ sql: String, _ arguments: StatementArguments) throws -> Bool {
    try Row.fetchOne(self, sql: sql, arguments: arguments) != nil
  }
}

/// A row whose values are read with their type checked: a damaged file is an error, not a crash.
struct CheckedRow {
  private let values: [String: DatabaseValue]

  init(_ row: Row) { values = Dictionary(row.map { ($0, $1) }) { first, _ in first } }

  private func value(_ column: String) throws -> DatabaseValue.Storage {
    guard let value = values[column] else {
      throw CatalogError.damaged("a row lacks \(column)")
    }
    return value.storage
  }

  func text(_ column: String) throws -> String {
    guard let text = try optionalText(column) else { throw wrong(column) }
    return text
  }

  func optionalText(_ column: String) throws -> String? {
    switch try value(column) {
    case .null: nil
    case .string(let text): text
    default: throw wrong(column)
    }
  }

  func integer(_ column: String) throws -> Int {
    guard let integer = try optionalInteger(column) else { throw wrong(column) }
    return integer
  }

  func optionalInteger(_ column: String) throws -> Int? {
    switch try value(column) {
    case .null: nil
    case .int64(let integer): Int(integer)
    default: throw wrong(column)
    }
  }

  func key(_ column: String) throws -> Int64 { Int64(try integer(column)) }

  func real(_ column: String) throws -> Double {
    guard let real = try optionalReal(column) else { throw wrong(column) }
    return real
  }

  /// A number that is part of an identity: infinity was never stored.
  func optionalFinite(_ column: String) throws -> Double? {
    let number = try optionalReal(column)
    if let number, !number.isFinite { throw wrong(column) }
    return number
  }

  func optionalReal(_ column: String) throws -> Double? {
    switch try value(column) {
    case .null: nil
    case .double(let real): real
    default: throw wrong(column)
    }
  }

  func blob(_ column: String) throws -> [UInt8] {
    guard case .blob(let data) = try value(column) else { throw wrong(column) }
    return Array(data)
  }

  private func wrong(_ column: String) -> CatalogError {
    .damaged("a value of \(column) is not of its type")
  }
}

extension Row {
  /// A value by its column's place, with its type checked; for loops over many rows.
  func checked<T: DatabaseValueConvertible>(_ place: Int) throws -> T {
    let value: DatabaseValue = self[place]
    guard let value = T.fromDatabaseValue(value) else {
      throw CatalogError.damaged("a value in column \(place + 1) is not of its type")
    }
    return value
  }
}

extension Database {
  /// All rows of a query.
  func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [CheckedRow] {
    try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments).map(CheckedRow.init)
  }
}
