internal import GRDB

/// What each write added, with a digest over every value, so that any later change of a stored value
/// is found.
///
/// The content ids cover what identifies a row; the ledger covers everything else too: statistics,
/// paths, times. Rows are numbered from 1 without gaps, since none is ever deleted; an entry holds, for
/// each table that a write added to, the range of its rows and SHA-256 over the table's previous digest
/// and all values of the range.
enum Ledger {
  /// The last row of each table.
  typealias Marks = [String: Int64]

  /// The tables that the ledger covers: the migrations', but for itself.
  static let tables = tables(of: Catalog.migrations)

  /// Those that some migrations make.
  static func tables(of steps: [Catalog.Migration]) -> [String] {
    steps.flatMap { step in
      // By lines of bytes: a regular expression over all of it would take longer than the write.
      step.sql.split(separator: UInt8(ascii: "\n")).compactMap { line -> String? in
        let start = "CREATE TABLE "
        guard line.starts(with: start.utf8) else { return nil }
        let name = line.dropFirst(start.utf8.count).prefix { $0 != UInt8(ascii: " ") }
        return String(decoding: name, as: UTF8.self)
      }
    }.filter { $0 != "ledger" }.sorted()
  }

  /// Where each table ends now.
  static func marks(of tables: [String] = tables, _ database: Database) throws -> Marks {
    var marks: Marks = [:]
    for table in tables { marks[table] = try lastRow(of: table, database) }
    return marks
  }

  private static func lastRow(of table: String, _ database: Database) throws -> Int64 {
    let statement = try database.cachedStatement(
      sql: "SELECT coalesce(max(rowid), 0) FROM \(table)")
    return try Int64.fetchOne(statement) ?? 0
  }

  /// Enters the rows that were added since the marks were taken, in the same transaction.
  static func enter(
    since marks: Marks, of tables: [String] = tables, _ database: Database
  ) throws {
    let entry =
      try Int64.fetchOne(
        database, sql: "SELECT coalesce(max(entry), 0) + 1 FROM ledger") ?? 1
    for table in tables {
      let (before, last) = (marks[table] ?? 0, try lastRow(of: table, database))
      if last <= before { continue }
      let first = before + 1
      let count = try columnCount(of: table, database)
      let previous = try String.fetchOne(
        database.cachedStatement(
          sql: "SELECT digest FROM ledger WHERE table_name = ? ORDER BY last_row DESC LIMIT 1"),
        arguments: [table])
      try database.insert(
        "ledger",
        [
          "entry": entry, "table_name": table, "first_row": first, "last_row": last,
          "column_count": count,
          "digest": try digest(
            of: table, entry: entry, rows: first...last, columns: count, after: previous ?? "",
            database),
        ])
    }
  }

  private static func columnCount(of table: String, _ database: Database) throws -> Int {
    try Row.fetchAll(database, sql: "PRAGMA table_info(\(table))").count
  }

  private static func digest(
    of table: String, entry: Int64, rows: ClosedRange<Int64>, columns: Int,
    after previous: String, _ database: Database
  ) throws -> String {
    let digest = ContentDigest(domain: "lodestone/ledger/1")
    digest.update(table)
    for number in [entry, rows.lowerBound, rows.upperBound] { digest.update(Int(number)) }
    digest.update(columns)
    digest.update(previous)
    // A later migration may add columns, which old entries do not know.
    let names = try String.fetchAll(
      database, sql: "SELECT name FROM pragma_table_info('\(table)') ORDER BY cid"
    ).prefix(max(0, columns))
    // Text as its bytes: as text it would end at a NUL.
    let values = names.map {
      "typeof(\($0)), CASE typeof(\($0)) WHEN 'text' THEN CAST(\($0) AS BLOB) ELSE \($0) END"
    }
    let cursor = try Row.fetchCursor(
      database,
      sql: """
        SELECT \(values.isEmpty ? "NULL, NULL" : values.joined(separator: ", ")) FROM \(table)
        WHERE rowid BETWEEN ? AND ? ORDER BY rowid
        """,
      arguments: [rows.lowerBound, rows.upperBound])
    while let row = try cursor.next() {
      let values = Array(row.databaseValues)
      for place in stride(from: 0, to: values.count - 1, by: 2) {
        if case .string(let type) = values[place].storage { digest.update(type) }
        update(digest, values[place + 1])
      }
    }
    return digest.finish()
  }

  private static func update(_ digest: borrowing ContentDigest, _ value: DatabaseValue) {
    switch value.storage {
    case .null: break
    case .int64(let integer): digest.update(Int(integer))
    case .double(let real): digest.update(real)
    case .string(let text): digest.update(text)
    case .blob(let data): digest.update(Array(data))
    }
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
      let entries = try database.rows(
        "SELECT * FROM ledger WHERE table_name = ? ORDER BY first_row, entry", [table])
      for entry in entries {
        let (first, last) = (try entry.key("first_row"), try entry.key("last_row"))
        let stored = try entry.text("digest")
        guard first <= last else {
          differences.append("\(table): the ledger's rows \(first) to \(last) make no sense")
          continue
        }
        if first != covered &+ 1 {
          let rows = "rows \(covered &+ 1) to \(first &- 1)"
          differences.append("\(table): \(rows) are not in the ledger: another program's")
        }
        let digest = try digest(
          of: table, entry: try entry.key("entry"), rows: first...last,
          columns: try entry.integer("column_count"), after: previous, database)
        if digest != stored {
          differences.append("\(table): rows \(first) to \(last) are not as they were written")
        }
        (covered, previous) = (last, stored)
      }
      let rest = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM \(table) WHERE rowid > ? OR rowid < 1",
        arguments: [covered])
      if let rest, rest > 0 {
        differences.append("\(table): \(rest) rows are not in the ledger: another program's")
      }
    }
    let strange = try String.fetchAll(
      database, sql: "SELECT DISTINCT table_name FROM ledger ORDER BY 1"
    ).filter { !tables.contains($0) }
    return differences + strange.map { "the ledger has rows of a table \($0), which is not there" }
  }
}
