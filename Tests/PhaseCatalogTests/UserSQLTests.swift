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

  @Test(arguments: [
    "DELETE FROM run", "INSERT INTO sample VALUES ('x', 'y')", "CREATE TEMP TABLE t (x)",
    "ATTACH '/tmp/x.db' AS x", "VACUUM INTO '/tmp/lodestone-vacuum.db'", "PRAGMA user_version = 7",
    "PRAGMA writable_schema = ON", "SELECT load_extension('x')", "BEGIN EXCLUSIVE",
    "SELECT 1; SELECT 2", "", "SELEC 1", "SELECT * FROM nowhere",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
  ])
  func refusesEverythingElse(statement: String) throws {
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    var sql = UserSQL(path: path)
    sql.deadline = 0.2
    #expect(throws: CatalogError.self) { try sql.answer(statement) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(!FileManager.default.fileExists(atPath: "/tmp/lodestone-vacuum.db"))
  }
}
