internal import GRDB

/// What each write added, with a digest over every value, so that any later change of a stored value
/// is found.
///
/// The content ids cover what identifies a row; the ledger covers everything else too: statistics,
/// paths, times. Rows are numbered from 1 without gaps, since none is ever deleted; an entry holds, for
/// each table that a write added to, the range of its rows and SHA-256 over the table's previous digest
/// and all values of the range. The rows of a table without row numbers are counted by those of the table that they
/// belong to.
enum Ledger {
  /// The last row of each table.
  typealias Marks = [String: Int64]

  /// A table that the ledger covers.
  struct Table {
    let name: String
    /// For a table without row numbers, the one that its rows belong to: they are written with a row of that, and
    /// counted by it.
    let parent: String?

    /// What counts its rows, from 1 without gaps.
    var counter: String { parent.map { $0 + "_key" } ?? "rowid" }
  }

  /// The tables that the ledger covers: the migrations', but for itself.
  static let tables = tables(of: Catalog.migrations)

  /// Those that some migrations make, and do not drop.
  static func tables(of steps: [Catalog.Migration]) -> [Table] {
    var tables: [String: Table] = [:]
    var current: String?
    var parent: String?
    func word(_ line: ArraySlice<UInt8>, after start: String) -> String? {
      guard line.starts(with: start.utf8) else { return nil }
      let name = line.dropFirst(start.utf8.count).prefix {
        $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: ";")
      }
      return String(decoding: name, as: UTF8.self)
    }
    // By lines of bytes: a regular expression over all of it would take longer than the write.
    for line in steps.flatMap({ $0.sql.split(separator: UInt8(ascii: "\n")) }) {
      if let name = word(line, after: "CREATE TABLE ") {
        (current, parent) = (name, nil)
        tables[name] = Table(name: name, parent: nil)
      } else if let name = word(line, after: "DROP TABLE ") {
        tables[name] = nil
      } else if let name = current {
        if parent == nil, let column = word(line, after: "  "), column.hasSuffix("_key") {
          parent = String(column.dropLast(4))
        }
        if line.starts(with: ")".utf8) {
          if line.suffix(14).elementsEqual("WITHOUT ROWID;".utf8) {
            tables[name] = Table(name: name, parent: parent)
          }
          current = nil
        }
      }
    }
    tables["ledger"] = nil
    return tables.values.sorted { $0.name < $1.name }
  }

  /// Where each table ends now.
  static func marks(of tables: [Table] = tables, _ database: Database) throws -> Marks {
    var marks: Marks = [:]
    for table in tables { marks[table.name] = try lastRow(of: table, database) }
    return marks
  }

  private static func lastRow(of table: Table, _ database: Database) throws -> Int64 {
    let statement = try database.cachedStatement(
      sql: "SELECT coalesce(max(rowid), 0) FROM \(table.parent ?? table.name)")
    return try Int64.fetchOne(statement) ?? 0
  }

  /// Enters the rows that were added since the marks were taken, in the same transaction.
  static func enter(
    since marks: Marks, of tables: [Table] = tables, _ database: Database
  ) throws {
    let entry =
      try Int64.fetchOne(
        database, sql: "SELECT coalesce(max(entry), 0) + 1 FROM ledger") ?? 1
    for table in tables {
      let (before, last) = (marks[table.name] ?? 0, try lastRow(of: table, database))
      if last <= before { continue }
      let first = before + 1
      let columns = try columns(of: table, database)
      let previous = try String.fetchOne(
        database.cachedStatement(
          sql: "SELECT digest FROM ledger WHERE table_name = ? ORDER BY last_row DESC LIMIT 1"),
        arguments: [table.name])
      try database.insert(
        "ledger",
        [
          "entry": entry, "table_name": table.name, "first_row": first, "last_row": last,
          "column_count": columns.count,
          "digest": try digest(
            of: table, entry: entry, rows: first...last, columns: columns, after: previous ?? "",
            database),
        ])
    }
  }

  /// A table's columns, each with its place in the primary key, from 1; 0 for those that are not part of it.
  private static func columns(
    of table: Table, _ database: Database
  ) throws -> [(name: String, place: Int)] {
    try database.rows("SELECT name, pk FROM pragma_table_info('\(table.name)') ORDER BY cid").map {
      (try $0.text("name"), try $0.integer("pk"))
    }
  }

  private static func digest(
    of table: Table, entry: Int64, rows: ClosedRange<Int64>, columns: [(name: String, place: Int)],
    after previous: String, _ database: Database
  ) throws -> String {
    let digest = ContentDigest(domain: "lodestone/ledger/1")
    digest.update(table.name)
    for number in [entry, rows.lowerBound, rows.upperBound] { digest.update(Int(number)) }
    digest.update(columns.count)
    digest.update(previous)
    // Text as its bytes: as text it would end at a NUL.
    let values = columns.map(\.name).map {
      "typeof(\($0)), CASE typeof(\($0)) WHEN 'text' THEN CAST(\($0) AS BLOB) ELSE \($0) END"
    }
    let keys = columns.filter { $0.place > 0 }.sorted { $0.place < $1.place }.map(\.name)
    let order =
      table.parent == nil || keys.isEmpty ? table.counter : keys.joined(separator: ", ")
    let cursor = try Row.fetchCursor(
      database.cachedStatement(
        sql: """
          SELECT \(values.isEmpty ? "NULL, NULL" : values.joined(separator: ", ")) FROM \(table.name)
          WHERE \(table.counter) BETWEEN ? AND ? ORDER BY \(order)
          """),
      arguments: [rows.lowerBound, rows.upperBound])
    while let row = try cursor.next() {
      let values = Array(row.databaseValues)
      for place in stride(from: 0, to: values.count - 1, by: 2) {
        if case .string(let type) = values[place].storage { digest.update(type) }
        digest.updateBare(values[place + 1])
      }
    }
    return digest.finish()
  }

  /// Compares every row with the ledger; what does not agree, a line each.
  static func differences(_ database: Database) throws -> [String] {
    var differences: [String] = []
    // A file of an earlier schema has fewer tables.
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    let tables = tables(of: Array(Catalog.migrations.prefix(max(0, version))))
    let entries = try database.rows(
      "SELECT count(DISTINCT entry) AS count, coalesce(max(entry), 0) AS last FROM ledger")
    if let row = entries.first, try row.integer("count") != row.integer("last") {
      differences.append(
        "the ledger has \(try row.integer("count")) of \(try row.integer("last")) entries: some are gone"
      )
    }
    for table in tables {
      var covered: Int64 = 0
      var previous = ""
      let columns = try columns(of: table, database)
      let entries = try database.rows(
        "SELECT * FROM ledger WHERE table_name = ? ORDER BY first_row, entry", [table.name])
      for entry in entries {
        let (first, last) = (try entry.key("first_row"), try entry.key("last_row"))
        let stored = try entry.text("digest")
        guard first <= last else {
          differences.append("\(table.name): the ledger's rows \(first) to \(last) make no sense")
          continue
        }
        if first != covered &+ 1 {
          let rows = "rows \(covered &+ 1) to \(first &- 1)"
          differences.append("\(table.name): \(rows) are not in the ledger: another program's")
        }
        let digest = try digest(
          of: table, entry: try entry.key("entry"), rows: first...last,
          // A later migration may add columns, which old entries do not know.
          columns: Array(columns.prefix(max(0, try entry.integer("column_count")))),
          after: previous, database)
        if digest != stored {
          differences.append("\(table.name): rows \(first) to \(last) are not as they were written")
        }
        (covered, previous) = (last, stored)
      }
      let rest = try Int.fetchOne(
        database,
        sql:
          "SELECT count(*) FROM \(table.name) WHERE \(table.counter) > ? OR \(table.counter) < 1",
        arguments: [covered])
      if let rest, rest > 0 {
        differences.append("\(table.name): \(rest) rows are not in the ledger: another program's")
      }
    }
    let strange = try String.fetchAll(
      database, sql: "SELECT DISTINCT table_name FROM ledger ORDER BY 1"
    ).filter { name in !tables.contains { $0.name == name } }
    return differences + strange.map { "the ledger has rows of a table \($0), which is not there" }
  }
}

extension ContentDigest {
  /// Adds a value without its type.
  func updateBare(_ value: DatabaseValue) {
    switch value.storage {
    case .null: break
    case .int64(let integer): update(Int(integer))
    case .double(let real): update(real)
    case .string(let text): update(text)
    case .blob(let data): update(Array(data))
    }
  }

  /// Adds a value behind its type.
  func update(_ value: DatabaseValue) {
    switch value.storage {
    case .null: update("null")
    case .int64: update("integer")
    case .double: update("real")
    case .string: update("text")
    case .blob: update("blob")
    }
    updateBare(value)
  }
}
