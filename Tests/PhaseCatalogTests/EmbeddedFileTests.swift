import Foundation
import PhaseCatalog
import Testing
import TestSupport

@Suite struct EmbeddedFileTests {
  private let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
      .filter { $0.hasSuffix(".sql") }.map { String($0.dropLast(4)) }.sorted()
  }

  /// A file that is forgotten in the list, or left out of the folder, fails here.
  @Test func allQueriesAreInTheProgram() throws {
    #expect(try names("queries") == StoredQuery.all.map(\.name))
    for query in StoredQuery.all {
      let file = root.appendingPathComponent("queries/\(query.name).sql")
      #expect(try String(contentsOf: file, encoding: .utf8) == query.sql)
    }
  }

  @Test func allMigrationsAreInTheProgram() throws {
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("new.lode"))
    let applied = try UserSQL(path: folder.file("new.lode"))
      .answer("SELECT name, sha256 FROM schema_migration ORDER BY version").rows
    #expect(applied.map { $0[0].text } == (try names("migrations")))
    // After a new migration: the digest that is told here belongs into the program.
    let catalog = try Catalog(path: folder.file("new.lode"), access: .read)
    let digest = try catalog.schemaDigest()
    #expect(digest == Catalog.shippedDigest)
    for row in applied {
      let file = root.appendingPathComponent("migrations/\(row[0].text).sql")
      #expect(ContentDigest.ofFile(file.path)?.sha256 == row[1].text)
    }
  }
}
