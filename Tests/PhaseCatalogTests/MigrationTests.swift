import Foundation
import PhaseCatalog
import Testing
import TestSupport

@Suite struct MigrationTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("m.lode")
    _ = try Catalog.create(at: path)
    try Sample.fill(Catalog(path: path, access: .write))
  }

  private func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  private func steps(_ sql: String) -> [Catalog.Migration] {
    Catalog.migrations + [Catalog.Migration(name: "next", sql: Array(sql.utf8))]
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test func whatIsUpToDateStaysAsItIs() throws {
    let before = try bytes()
    let version = Catalog.migrations.count
    let outcome = try Catalog.migrate(path)
    #expect(outcome.from == version && outcome.to == version && outcome.backupPath == nil)
    #expect(try bytes() == before)
    #expect(try names == ["m.lode"])
  }

  /// A step to come: it adds a column, and rows written before it stay verifiable.
  @Test func aStepIsAppliedBehindABackup() throws {
    let version = Catalog.migrations.count
    let next = steps(
      """
      PRAGMA user_version = \(version + 1);
      ALTER TABLE sample ADD COLUMN colour TEXT;
      CREATE TABLE extra (x INTEGER PRIMARY KEY) STRICT;
      INSERT INTO extra VALUES (1);
      """)
    let before = try bytes()
    let outcome = try Catalog.migrate(path, steps: next)
    #expect(outcome.from == version && outcome.to == version + 1)
    let backup = try #require(outcome.backupPath)
    #expect(try names == ["m.lode", (backup as NSString).lastPathComponent].sorted())
    // A second .lode in the folder would have to be told apart from the first.
    #expect(!backup.hasSuffix(".lode"))
    // The backup is a whole catalog of the version before.
    let old = try Catalog(path: backup, access: .read)
    #expect(try old.check(.deep, decode: Sample.decode).findings == [])
    #expect(try old.ask(StoredQuery.named("runs")).rows.count == 1)
    #expect(before.count == (try Data(contentsOf: URL(fileURLWithPath: backup))).count)
    // This program is now the older one.
    let error = #expect(throws: CatalogError.self) { try Catalog(path: path, access: .read) }
    #expect(error == .newer(path: path, version: version + 1, known: version))
    let applied = try UserSQL(path: path).answer(
      "SELECT name FROM schema_migration ORDER BY version")
    #expect(applied.rows.last == [.text("next")])
    let sealed = try UserSQL(path: path).answer(
      "SELECT first_row, last_row, column_count FROM ledger WHERE table_name = 'extra'")
    #expect(sealed.rows == [[.integer(1), .integer(1), .integer(1)]])
    #expect(try Catalog.migrate(path, steps: next).backupPath == nil)
    #expect(throws: CatalogError.self) { try Catalog.migrate(path) }
  }

  /// A step that fails half-way leaves the catalog as it was.
  @Test func aStepThatFailsChangesNothing() throws {
    let before = try bytes()
    let version = Catalog.migrations.count
    let bad = steps(
      "PRAGMA user_version = \(version + 1); CREATE TABLE extra (x); INSERT INTO nowhere VALUES (1);"
    )
    #expect(throws: CatalogError.self) { try Catalog.migrate(path, steps: bad) }
    #expect(try bytes() == before)
    #expect(throws: Never.self) { try Catalog(path: path, access: .read) }
  }

  /// Where the file itself is damaged there is no whole backup, and nothing is changed.
  @Test func withoutAWholeBackupNothingIsChanged() throws {
    try ForeignSQL.run(
      "DROP TRIGGER sample_no_update; UPDATE sample SET recorded_at = '2020-01-01T00:00:00.000Z'",
      on: path)
    let before = try bytes()
    let next = steps("PRAGMA user_version = \(Catalog.migrations.count + 1);")
    let error = #expect(throws: CatalogError.self) { try Catalog.migrate(path, steps: next) }
    #expect(error?.description.contains("its backup would not be whole") == true)
    #expect(try bytes() == before)
    #expect(try names == ["m.lode"])
  }

  @Test func anotherHistoryIsRefused() throws {
    let other = [Catalog.Migration(name: "v001_other", sql: [])]
    #expect(throws: CatalogError.self) { try Catalog.migrate(path, steps: other) }
    try ForeignSQL.run("PRAGMA user_version = 0", on: path)
    let error = #expect(throws: CatalogError.self) { try Catalog.migrate(path) }
    #expect(
      error?.description.contains("it records \(Catalog.migrations.count) migrations") == true)
    #expect(try names == ["m.lode"])
  }
}
