import Foundation
import PhaseCatalog
import Testing
import TestSupport

@Suite struct UserSQLTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("test.lode")
    _ = try Catalog.create(at: path)
    try Sample.store(in: Catalog(path: path, access: .write))
  }

  @Test func answersSelects() throws {
    let sql = UserSQL(path: path)
    #expect(
      try sql.answer("SELECT 1 AS a, 'x' AS b, NULL, 2.5;").rows == [
        [.integer(1), .text("x"), .null, .real(2.5)]
      ])
    let counted =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT sum(i) FROM n"
    #expect(try sql.answer(counted).rows == [[.integer(15)]])
    #expect(try sql.answer("SELECT label, nd_fraction FROM cluster_overview").rows.count == 2)
    #expect(try sql.answer("SELECT name FROM pragma_table_info('run')").rows.count == 5)
  }

  /// Statements that would write, open, or never end. None changes the folder, nor anything beside it.
  static let hostile: [String] = [
    // Rows.
    "DELETE FROM run", "INSERT INTO sample VALUES (9, 'x', '2026-01-01T00:00:00.000Z')",
    "INSERT OR REPLACE INTO sample SELECT * FROM sample",
    "REPLACE INTO sample SELECT * FROM sample",
    "UPDATE run SET recorded_at = ''", "UPDATE OR IGNORE cluster SET pixels = 0",
    "DELETE FROM event RETURNING *", "WITH x AS (SELECT 1) DELETE FROM run",
    "WITH x AS (SELECT 1) INSERT INTO sample SELECT 9, 'x', 'y'",
    // The schema.
    "CREATE TABLE t (x)", "CREATE TEMP TABLE t (x)", "CREATE TABLE temp.t AS SELECT * FROM run",
    "CREATE VIEW v AS SELECT 1", "CREATE TEMP VIEW v AS SELECT 1",
    "CREATE INDEX i ON run (scan_key)",
    "CREATE TRIGGER t AFTER INSERT ON run BEGIN SELECT 1; END",
    "CREATE TEMP TRIGGER t AFTER INSERT ON run BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE f USING fts5 (x)", "CREATE VIRTUAL TABLE r USING rtree (id, a, b)",
    "CREATE VIRTUAL TABLE temp.d USING dbstat", "DROP TABLE run", "DROP VIEW run_overview",
    "DROP TRIGGER run_no_delete", "DROP INDEX run_by_scan", "ALTER TABLE run RENAME TO walk",
    "ALTER TABLE run ADD COLUMN x", "ALTER TABLE run DROP COLUMN recorded_at", "REINDEX", "ANALYZE",
    "UPDATE sqlite_schema SET sql = ''", "DELETE FROM sqlite_sequence",
    // Other files.
    "ATTACH 'FOLDER/other.db' AS x", "ATTACH ':memory:' AS x", "ATTACH '' AS x",
    "ATTACH 'file:FOLDER/o.db?mode=rwc' AS x", "DETACH main", "VACUUM",
    "VACUUM INTO 'FOLDER/copy.db'",
    "SELECT load_extension('FOLDER/x.so')", "SELECT load_extension('x', 'y')",
    "SELECT fts3_tokenizer('simple')", "SELECT fts3_tokenizer('x', x'00')",
    "SELECT writefile('FOLDER/w', 'x')", "SELECT readfile('/etc/passwd')", "SELECT edit('x')",
    "SELECT * FROM fsdir('/')", "SELECT * FROM csv('/etc/passwd')",
    // Settings.
    "PRAGMA user_version = 7", "PRAGMA writable_schema = ON", "PRAGMA journal_mode = WAL",
    "PRAGMA journal_mode = OFF", "PRAGMA query_only = OFF", "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA application_id = 1", "PRAGMA temp_store_directory = 'FOLDER'", "PRAGMA wal_checkpoint",
    "PRAGMA incremental_vacuum", "PRAGMA optimize", "PRAGMA schema_version = 1",
    "SELECT * FROM pragma_user_version", "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_journal_mode('wal')",
    // Transactions, and more than one statement.
    "BEGIN EXCLUSIVE", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE s",
    "SELECT 1; SELECT 2", "SELECT 1; DELETE FROM run", "SELECT 1;; DROP TABLE run;",
    "/* */ DELETE FROM run -- SELECT", "EXPLAIN DELETE FROM run",
    "SELECT 1\u{0}; DELETE FROM run",
    // Without an end, or too large.
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n ORDER BY -i",
    "SELECT count(*) FROM parameter a, parameter b, parameter c, parameter d, frame e, frame f, frame g, frame h, cluster_spectrum, cluster_spectrum i, cluster_spectrum j, frame k, frame l, frame m, frame n, frame o",
    "SELECT randomblob(2000000000)", "SELECT length(hex(zeroblob(90000000)))",
    "SELECT group_concat(hex(zeroblob(9000000))) FROM frame a, frame b, frame c",
    "SELECT \(String(repeating: "(", count: 3000))1\(String(repeating: ")", count: 3000))",
    "SELECT 1 \(String(repeating: "UNION SELECT 1 ", count: 500))",
    "SELECT '\(String(repeating: "x", count: 200_000))'",
    // No SQL.
    "", ";", "--", "SELEC 1", "SELECT * FROM nowhere", "SELECT \"no such column\"", "SELECT",
  ]

  @Test func thereAreManyHostileStatements() { #expect(Self.hostile.count > 80) }

  @Test(arguments: hostile)
  func refusesEverythingElse(statement: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    var sql = UserSQL(path: path)
    sql.deadline = 0.2
    sql.mostRows = 10_000
    let text = statement.replacing("FOLDER", with: folder.path)
    #expect(throws: CatalogError.self, "\(statement.prefix(60))") { try sql.answer(text) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == names)
  }
}
