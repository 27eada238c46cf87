public import Foundation
internal import GRDB

extension Catalog {
  /// A step of the schema: a file of `migrations/`, embedded in the program.
  package struct Migration {
    package let name: String
    let sql: [UInt8]

    /// A step of a name and its SQL.
    package init(name: String, sql: [UInt8]) {
      self.name = name
      self.sql = sql
    }

    var sha256: String {
      let digest = ContentDigest()
      digest.updateRaw(sql)
      return digest.finish()
    }
  }

  /// The steps in order; the n-th leads to schema version n. A test compares them with the folder.
  package static let migrations = [
    Migration(name: "v001_first_light", sql: PackageResources.v001_first_light_sql),
    Migration(name: "v002_surfaces", sql: PackageResources.v002_surfaces_sql),
    Migration(name: "v003_chemistry", sql: PackageResources.v003_chemistry_sql),
    Migration(name: "v004_growth", sql: PackageResources.v004_growth_sql),
    Migration(name: "v005_questions", sql: PackageResources.v005_questions_sql),
    Migration(name: "v006_pictures", sql: PackageResources.v006_pictures_sql),
  ]

  /// What bringing a catalog up to date did.
  public struct MigrationOutcome: Sendable, Equatable {
    /// The schema version before.
    public let from: Int
    /// The schema version now.
    public let to: Int
    /// The backup that was made first; nil where there was nothing to do.
    public let backupPath: String?
  }

  /// Brings a catalog's schema up to date, after a verified backup beside it.
  ///
  /// Each step is one transaction: killed at any point, the catalog is of one version or the next, and
  /// the command can be repeated.
  ///
  /// - Throws: ``CatalogError``, also where the steps that made the file are not this program's.
  public static func migrate(
    _ path: String, allowsNetwork: Bool = false
  ) throws -> MigrationOutcome {
    try migrate(path, steps: migrations, allowsNetwork: allowsNetwork)
  }

  package static func migrate(
    _ path: String, steps: [Migration], allowsNetwork: Bool = false
  ) throws -> MigrationOutcome {
    let catalog = try Catalog(
      anyVersionAt: path, access: .write, allowsNetwork: allowsNetwork)
    let version = try catalog.schemaVersion()
    guard version <= steps.count else {
      throw CatalogError.newer(path: path, version: version, known: steps.count)
    }
    let strange = try catalog.read { try foreignSteps($0, steps: steps, version: version) }
    if let strange { throw CatalogError.foreignSchema(path: path, reason: strange) }
    if version == steps.count {
      return MigrationOutcome(from: version, to: version, backupPath: nil)
    }
    let time = timestamp(Date()).filter { $0.isNumber }
    // Not .lode: two catalogs in a folder would have to be told apart by every command after.
    let backup = path + ".v\(version)-\(time)"
    try catalog.backUp(to: backup)
    do {
      try migrate(catalog.queue, steps: steps)
    } catch {
      throw CatalogError(error, path: path)
    }
    return MigrationOutcome(from: version, to: steps.count, backupPath: backup)
  }

  /// Applies the steps that a file lacks, each in a transaction of its own.
  static func migrate(_ queue: DatabaseQueue, steps: [Migration]) throws {
    var migrator = DatabaseMigrator()
    for (index, step) in steps.enumerated() {
      migrator.registerMigration(step.name) { database in
        // Asked again under the lock: another program may have been here meanwhile.
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") == index else {
          throw DatabaseError(resultCode: .SQLITE_BUSY)
        }
        let made = Set(Ledger.tables(of: [step]).map(\.name))
        // A table that the step makes anew is entered from its first row.
        let kept = Ledger.tables(of: Array(steps[..<index])).filter { !made.contains($0.name) }
        let marks = index == 0 ? [:] : try Ledger.marks(of: kept, database)
        database.add(function: unhex)
        try database.execute(sql: String(decoding: step.sql, as: UTF8.self))
        try database.insert(
          "schema_migration",
          [
            "version": index + 1, "name": step.name, "sha256": step.sha256,
            "applied_at": timestamp(Date()),
          ])
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") == index + 1 else {
          preconditionFailure("\(step.name) does not set user_version")
        }
        try Ledger.enter(
          since: marks, of: Ledger.tables(of: Array(steps[...index])), database)
      }
    }
    try migrator.migrate(queue)
  }

  /// Bytes from their hexadecimal digits, as SQLite has it from version 3.41 on.
  private static let unhex = DatabaseFunction("unhex", argumentCount: 1, pure: true) { values in
    Data((String.fromDatabaseValue(values[0]) ?? "").bytesOfHex)
  }

  /// Why the recorded steps of a file are not the first of these; nil where they are.
  static func foreignSteps(
    _ database: Database, steps: [Migration], version: Int
  ) throws -> String? {
    guard try database.tableExists("schema_migration") else { return "it has no schema" }
    let recorded = try database.rows(
      "SELECT * FROM schema_migration WHERE version BETWEEN 1 AND ? ORDER BY version",
      [max(version, steps.count)])
    guard recorded.count == version else {
      return "its schema says version \(version), but it records \(recorded.count) migrations"
    }
    for (row, step) in zip(recorded, steps)
    where try row.text("name") != step.name || row.text("sha256") != step.sha256 {
      return "migration \(try row.text("name")) (sha256 \(try row.text("sha256").prefix(12))) "
        + "is not this program's \(step.name) (\(step.sha256.prefix(12)))"
    }
    return nil
  }

  /// Writes a copy of a catalog of any version, whole or not at all, that is checked after it was written. Others
  /// may read and write meanwhile.
  ///
  /// - Returns: whether what a crashed program had left half written was rolled back first.
  /// - Throws: ``CatalogError``, also where there is a file of this name.
  public static func backUp(_ path: String, to target: String) throws -> Bool {
    let catalog = try Catalog(anyVersionAt: path, access: .read)
    try catalog.backUp(to: target)
    return catalog.isRecovered
  }

  func backUp(to target: String) throws {
    if FileManager.default.fileExists(atPath: target) {
      throw CatalogError.question("\(target): there is a file of this name already")
    }
    try Catalog.refuseFolderWithoutWriting(of: target)
    let draft = target + ".new-\(ProcessInfo.processInfo.processIdentifier)"
    defer { unlink(draft) }
    let copy: DatabaseQueue
    do {
      copy = try Catalog.open(draft, .write, Patience(say: nil))
    } catch {
      throw CatalogError(error, path: target)
    }
    do {
      try queue.backup(to: copy)
      let problems = try copy.read { database in
        try String.fetchAll(database, sql: "PRAGMA integrity_check(3)").filter { $0 != "ok" }
          + Ledger.differences(database)
      }
      try copy.close()
      if let problem = problems.first {
        throw CatalogError.damaged(
          path: path, reason: "its backup would not be whole, so nothing was changed: \(problem)")
      }
    } catch {
      throw CatalogError(error, path: path)
    }
    guard try CatalogPlace.publish(draft, as: target) else {
      throw CatalogError.question("\(target): there is a file of this name already")
    }
  }
}

/// A time as the catalog stores it: UTC, RFC 3339, with milliseconds.
public func timestamp(_ date: Date) -> String {
  date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}

/// Now, or a millisecond past an earlier time where the clock has not passed it: what is said later
/// is dated later.
func timestamp(after earlier: String?) -> String {
  let now = timestamp(Date())
  guard let earlier, now <= earlier,
    let date = try? Date(
      earlier, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  else { return now }
  // In the middle of the next millisecond, away from rounding.
  let milliseconds = (date.timeIntervalSince1970 * 1000).rounded() + 1.5
  return timestamp(Date(timeIntervalSince1970: milliseconds / 1000))
}
