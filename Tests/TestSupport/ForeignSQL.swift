import CSQLite
import PhaseCatalog

/// What another program does to a file: SQLite by itself, with none of our settings.
package enum ForeignSQL {
  /// Why a statement was refused.
  package struct Refusal: Error { package let reason: String }

  /// Runs statements.
  package static func run(_ sql: String, on path: String) throws {
    var connection: OpaquePointer?
    defer { sqlite3_close(connection) }
    guard sqlite3_open(path, &connection) == SQLITE_OK,
      sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK
    else { throw Refusal(reason: String(cString: sqlite3_errmsg(connection))) }
  }

  /// Runs statements on a catalog with the triggers out of the way, and puts them back, as one does who
  /// wants to leave no trace.
  package static func tamper(_ sql: String, on path: String) throws {
    let triggers = try UserSQL(path: path).answer(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    let drops = triggers.rows.map { "DROP TRIGGER \($0[0].text);" }.joined()
    let makes = triggers.rows.map { "\($0[1].text);" }.joined()
    try run(drops + sql + ";" + makes, on: path)
  }
}
