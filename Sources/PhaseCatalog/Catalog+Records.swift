internal import GRDB

/// Reading and writing of whole records.
extension Catalog {
  /// Where a record lies in this file.
  struct RecordPlace {
    let kind: RecordKind
    let key: Int64
  }

  /// The places of all records of a kind, in an order that row numbers do not change.
  static func places(
    of kind: RecordKind, _ columns: RecordColumns, in database: Database
  ) throws -> [RecordPlace] {
    try Int64.fetchAll(
      database,
      sql: "SELECT \(kind.key) FROM \(kind.table) AS own ORDER BY \(columns.order(of: kind))"
    ).map { RecordPlace(kind: kind, key: $0) }
  }

  /// A record, with the earliest time that is known.
  static func record(
    at place: RecordPlace, _ columns: RecordColumns, in database: Database
  ) throws -> CatalogRecord {
    let kind = place.kind
    func rows(_ table: String, _ key: String, _ more: String = "") throws -> [[DatabaseValue]] {
      let names = columns[table].map(\.selection) + (more.isEmpty ? [] : [more])
      return try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT \(names.joined(separator: ", ")) FROM \(table) AS own
            WHERE own.\(key) = ? ORDER BY \(columns.order(of: table))
            """), arguments: [place.key]
      ).map { Array($0.databaseValues) }
    }
    guard var row = try rows(kind.table, kind.key, kind.time ?? "").first else {
      throw CatalogError.damaged("a \(kind.name) is missing")
    }
    let time = kind.time == nil ? nil : String.fromDatabaseValue(row.removeLast())
    var record = CatalogRecord(
      kind: kind, time: time, row: row,
      parts: try kind.parts.map { try rows($0.table, $0.owner) }, columns: columns)
    if let earlier = try earlierTime(of: record, in: database) {
      record.time = min(earlier, record.time ?? earlier)
    }
    return record
  }

  private static func earlierTime(
    of record: CatalogRecord, in database: Database
  ) throws -> String? {
    guard record.kind.time != nil else { return nil }
    return try String.fetchOne(
      database.cachedStatement(
        sql: "SELECT min(recorded_at) FROM earlier_time WHERE kind = ? AND id = ?"),
      arguments: [record.kind.name, record.id])
  }

  /// The digests of the records that are kept beside the one in the tables.
  static func variants(
    of record: CatalogRecord, in database: Database
  ) throws -> [(digest: String, line: String)] {
    try database.rows(
      "SELECT digest, record FROM variant WHERE kind = ? AND id = ? ORDER BY digest",
      [record.kind.name, record.id]
    ).map { (try $0.text("digest"), try $0.text("record")) }
  }

  /// Where the record of the same identity lies; nil where there is none.
  static func place(
    of record: CatalogRecord, _ columns: RecordColumns, in database: Database
  ) throws -> RecordPlace? {
    let kind = record.kind
    var arguments: [DatabaseValue] = []
    for name in kind.identity {
      guard let index = columns[kind.table].firstIndex(where: { $0.name == name }) else { continue }
      guard let value = try value(record.row[index], columns[kind.table][index], in: database)
      else { return nil }
      arguments.append(value)
    }
    let condition = kind.identity.map { "\($0) = ?" }.joined(separator: " AND ")
    let key = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT \(kind.key) FROM \(kind.table) WHERE \(condition)"),
      arguments: StatementArguments(arguments))
    return key.map { RecordPlace(kind: kind, key: $0) }
  }

  /// A value as this file stores it: of a link, its own number; nil where what it refers to is not here.
  private static func value(
    _ value: DatabaseValue, _ column: RecordColumn, in database: Database
  ) throws -> DatabaseValue? {
    guard let link = column.link, !value.isNull else { return value }
    return try Int64.fetchOne(
      database.cachedStatement(
        sql: "SELECT \(link.key) FROM \(link.table) WHERE \(link.idColumn) = ?"),
      arguments: [value])?.databaseValue
  }

  /// Stores a record that is not here yet.
  ///
  /// - Throws: ``RecordError`` where it refers to one that is not here.
  static func insert(
    _ record: CatalogRecord, _ columns: RecordColumns, into database: Database
  ) throws {
    let kind = record.kind
    func insert(
      _ table: String, _ rows: [[DatabaseValue]], _ column: String?, _ value: DatabaseValue
    ) throws {
      let own = columns[table]
      let rows = try rows.map { row in
        try zip(own, row).map { column, value in
          guard let value = try Self.value(value, column, in: database) else {
            let name = column.link?.name ?? ""
            let text = (String.fromDatabaseValue(value) ?? "").prefix(12)
            throw RecordError(
              "\(kind.name) \(record.id.prefix(12)) refers to \(name) \(text), which is not there")
          }
          return value
        } + (column == nil ? [] : [value])
      }
      try database.insert(
        table, columns: own.map(\.name) + [column].compactMap { $0 }, rows: rows)
    }
    try insert(kind.table, [record.row], kind.time, record.time.databaseValue)
    guard !kind.parts.isEmpty, let place = try place(of: record, columns, in: database) else {
      return
    }
    for (part, rows) in zip(kind.parts, record.parts) {
      try insert(part.table, rows, part.owner, place.key.databaseValue)
    }
  }
}
