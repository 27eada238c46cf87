public import Foundation
internal import GRDB

extension Catalog {
  /// A step of the schema: a file of `migrations/`, embedded in the program.
  struct Migration {
    let name: String
    let sql: [UInt8]

    var sha256: String {
      let digest = ContentDigest()
      digest.updateRaw(sql)
      return digest.finish()
    }
  }

  /// The steps in order; the n-th leads to schema version n. A test compares them with the folder.
  static let migrations = [
    Migration(name: "v001_first_light", sql: PackageResources.v001_first_light_sql)
  ]

  /// Applies the steps that a file lacks, each in a transaction of its own.
  static func migrate(_ queue: DatabaseQueue) throws {
    var migrator = DatabaseMigrator()
    for (index, migration) in migrations.enumerated() {
      migrator.registerMigration(migration.name) { database in
        try database.execute(sql: String(decoding: migration.sql, as: UTF8.self))
        try database.execute(
          sql: "INSERT INTO schema_migration VALUES (?, ?, ?, ?)",
          arguments: [index + 1, migration.name, migration.sha256, timestamp(Date())])
      }
    }
    try migrator.migrate(queue)
  }
}

/// A time as the catalog stores it: UTC, RFC 3339, with milliseconds.
public func timestamp(_ date: Date) -> String {
  date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
