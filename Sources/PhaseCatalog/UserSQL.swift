internal import CSQLite
import Foundation

/// Answers SQL of the user's own on a connection that cannot write, nor open another file.
///
/// The file is opened read-only on a connection apart from GRDB's, whose authorizer would replace
/// this one. Allowed are SELECT (with recursive tables), functions that have no side effects, and the
/// pragmas that describe tables. See https://sqlite.org/security.html.
public struct UserSQL: Sendable {
  /// The catalog.
  public var path: String
  /// What errors call it.
  public var name: String
  /// How long a statement may run, s.
  public var deadline: Double = 10
  /// How long another program's lock is waited for, s.
  public var patience = Patience.seconds
  /// Whether what a crashed program left half written is rolled back, which writes.
  public var recovers = true
  /// The most rows that are returned.
  public var mostRows = 1_000_000
  /// The most bytes of text and blobs that are returned.
  public var mostBytes = 256 << 20

  /// User SQL on the catalog at a path, which must have been opened as a ``Catalog`` before: that
  /// checks that it is one.
  public init(path: String, name: String = "sql") {
    self.path = path
    self.name = name
  }

  /// The answer to one statement.
  ///
  /// - Parameter parameters: the values of its named parameters (`:name`).
  /// - Throws: ``CatalogError/question(_:)`` with SQLite's reason.
  public func answer(
    _ sql: String, parameters: [String: AnswerTable.Value] = [:]
  ) throws -> AnswerTable {
    // SQLite would take it for the end.
    if sql.utf8.contains(0) { throw CatalogError.question("\(name): a zero byte in the statement") }
    do {
      return try answerOnce(sql, parameters)
    } catch is HotJournal where recovers {
      // Another program crashed in this moment: opening the catalog rolls back what it left.
      _ = try Catalog(path: path, access: .read)
      do {
        return try answerOnce(sql, parameters)
      } catch is HotJournal {
        throw CatalogError.busy(path: path)
      }
    }
  }

  private struct HotJournal: Error {}

  private func answerOnce(
    _ sql: String, _ parameters: [String: AnswerTable.Value]
  ) throws -> AnswerTable {
    var connection: OpaquePointer?
    let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_PRIVATECACHE
    defer { sqlite3_close_v2(connection) }
    guard sqlite3_open_v2(Catalog.sqliteName(path), &connection, flags, nil) == SQLITE_OK,
      let connection
    else {
      throw CatalogError.io(path: path, reason: "cannot be opened")
    }
    secure(connection)
    let end = Unmanaged.passRetained(Deadline(Date(timeIntervalSinceNow: deadline)))
    defer { end.release() }
    sqlite3_progress_handler(
      connection, 10_000,
      { Unmanaged<Deadline>.fromOpaque($0!).takeUnretainedValue().isOver ? 1 : 0 }, end.toOpaque())
    var statement: OpaquePointer?
    var rest: UnsafePointer<CChar>?
    defer { sqlite3_finalize(statement) }
    let isComplete = try sql.withCString { text in
      guard sqlite3_prepare_v2(connection, text, -1, &statement, &rest) == SQLITE_OK else {
        throw failure(connection)
      }
      return rest.map { String(cString: $0).allSatisfy { $0.isWhitespace || $0 == ";" } } ?? true
    }
    guard let statement else { throw CatalogError.question("\(name): no statement in it") }
    guard isComplete else { throw CatalogError.question("\(name): one statement at a time") }
    try bind(parameters, to: statement)
    return try rows(of: statement, connection)
  }

  private func bind(
    _ parameters: [String: AnswerTable.Value], to statement: OpaquePointer
  ) throws {
    // SQLite copies what it is given.
    let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    let count = sqlite3_bind_parameter_count(statement)
    for place in 0..<count {
      let name =
        sqlite3_bind_parameter_name(statement, place + 1).map { String(cString: $0) } ?? "?"
      switch parameters[String(name.dropFirst())] {
      case .real(let number)?: sqlite3_bind_double(statement, place + 1, number)
      case .integer(let number)?: sqlite3_bind_int64(statement, place + 1, number)
      case .text(let text)?: sqlite3_bind_text(statement, place + 1, text, -1, copy)
      default:
        throw CatalogError.question(
          "\(self.name): parameter \(name) has no value: "
            + (parameters.isEmpty && self.name == "sql"
              ? "write the value" : "document it in the header: -- :name type = default  meaning"))
      }
    }
  }

  private func secure(_ connection: OpaquePointer) {
    sqlite3_busy_timeout(connection, Int32(1000 * patience))
    _ = lodestone_sqlite3_configure(connection, SQLITE_DBCONFIG_DEFENSIVE, 1)
    _ = lodestone_sqlite3_configure(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    _ = lodestone_sqlite3_configure(connection, SQLITE_DBCONFIG_DQS_DML, 0)
    _ = lodestone_sqlite3_configure(connection, SQLITE_DBCONFIG_DQS_DDL, 0)
    _ = lodestone_sqlite3_configure(connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0)
    sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
    sqlite3_limit(connection, SQLITE_LIMIT_SQL_LENGTH, 100_000)
    sqlite3_limit(connection, SQLITE_LIMIT_EXPR_DEPTH, 200)
    sqlite3_limit(connection, SQLITE_LIMIT_COMPOUND_SELECT, 50)
    sqlite3_limit(connection, SQLITE_LIMIT_VDBE_OP, 250_000)
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, 100_000_000)
    sqlite3_limit(connection, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)
    sqlite3_limit(connection, SQLITE_LIMIT_WORKER_THREADS, 0)
    // The table-valued pragmas are made at their first use, which the authorizer would refuse.
    for pragma in Self.pragmas {
      sqlite3_exec(connection, "SELECT 1 FROM pragma_\(pragma) LIMIT 0", nil, nil, nil)
    }
    for table in ["json_each", "json_tree"] {
      sqlite3_exec(connection, "SELECT 1 FROM \(table)('[]') LIMIT 0", nil, nil, nil)
    }
    // What is sorted stays in memory, and that has a limit: no file is made, and no machine brought down.
    sqlite3_exec(connection, "PRAGMA temp_store = MEMORY", nil, nil, nil)
    sqlite3_hard_heap_limit64(1 << 29)
    sqlite3_exec(connection, "PRAGMA query_only = ON", nil, nil, nil)
    sqlite3_set_authorizer(connection, authorize, nil)
  }

  fileprivate static let pragmas = [
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list",
  ]

  private func rows(of statement: OpaquePointer, _ connection: OpaquePointer) throws -> AnswerTable
  {
    let columns = (0..<sqlite3_column_count(statement)).map {
      String(cString: sqlite3_column_name(statement, $0))
    }
    var reader = StatementRows(statement)
    var rows: [[AnswerTable.Value]] = []
    var bytes = 0
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        guard rows.count < mostRows else {
          throw CatalogError.question("\(name): more than \(mostRows) rows: add LIMIT")
        }
        let row = reader.row()
        bytes += row.reduce(0) { $0 + $1.byteCount }
        guard bytes <= mostBytes else {
          throw CatalogError.question("\(name): more than \(mostBytes >> 20) MiB: ask for less")
        }
        rows.append(row)
      case SQLITE_DONE: return AnswerTable(columns: columns, rows: rows)
      case SQLITE_INTERRUPT:
        throw CatalogError.question("\(name): not answered within \(Int(deadline)) s")
      case SQLITE_BUSY: throw CatalogError.busy(path: path)
      default: throw failure(connection)
      }
    }
  }

  private func failure(_ connection: OpaquePointer) -> any Error {
    switch sqlite3_errcode(connection) {
    case SQLITE_AUTH:
      CatalogError.question(
        "\(name): only SELECT is allowed: this connection cannot write or open anything")
    case SQLITE_BUSY: CatalogError.busy(path: path)
    case SQLITE_READONLY: HotJournal()
    case SQLITE_NOMEM, SQLITE_TOOBIG:
      CatalogError.question("\(name): needs too much memory: ask for less")
    default: CatalogError.question("\(name): " + String(cString: sqlite3_errmsg(connection)))
    }
  }

  private final class Deadline: Sendable {
    private let end: Date

    init(_ end: Date) { self.end = end }

    var isOver: Bool { Date() > end }
  }
}

extension AnswerTable.Value {
  fileprivate var byteCount: Int {
    switch self {
    case .null, .integer, .real: 16
    case .text(let text): 16 + text.utf8.count
    case .blob(let bytes): 16 + bytes.count
    }
  }
}

/// What a user's statement may do: sqlite3_set_authorizer's callback.
private func authorize(
  _: UnsafeMutableRawPointer?, action: Int32, first: UnsafePointer<CChar>?,
  second: UnsafePointer<CChar>?, _: UnsafePointer<CChar>?, _: UnsafePointer<CChar>?
) -> Int32 {
  switch action {
  case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return SQLITE_OK
  case SQLITE_FUNCTION:
    let name = second.map { String(cString: $0).lowercased() } ?? ""
    return ["load_extension", "fts3_tokenizer"].contains(name) ? SQLITE_DENY : SQLITE_OK
  case SQLITE_PRAGMA:
    let name = first.map { String(cString: $0).lowercased() } ?? ""
    return UserSQL.pragmas.contains(name) ? SQLITE_OK : SQLITE_DENY
  default: return SQLITE_DENY
  }
}

extension Catalog {
  /// SQLite's version: "3.40.1".
  public static var libraryVersion: String { String(cString: sqlite3_libversion()) }
}
