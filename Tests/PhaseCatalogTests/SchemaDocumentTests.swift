import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// docs/schema.md says what is in the file: it is made of the comments in the schema itself.
///
/// After a change of the schema: `LODESTONE_WRITE_DOCS=1 Scripts/test.sh --filter DocumentTests`
@Suite struct SchemaDocumentTests {
  @Test func theDocumentIsTheSchemas() throws {
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    let document = try SchemaDocument(path: folder.file("t.lode"))
    #expect(try ReferencePage.difference(of: "schema.md", from: document.text) == nil)
    // Everything has a meaning.
    #expect(document.undocumented == [])
    #expect(document.count > 50)
  }
}

/// The tables and views of a catalog as Markdown.
private struct SchemaDocument {
  private(set) var text: String
  private(set) var undocumented: [String] = []
  private(set) var count = 0

  init(path: String) throws {
    let sql = UserSQL(path: path)
    text = """
      # The catalog's schema

      A catalog (`*.lode`) is one SQLite file that any SQLite client can read: the sqlite3 shell, Python's
      sqlite3, pandas, DuckDB, Datasette. Start with the views. Write to it with `lodestone` only: rows are
      immutable, and `lodestone check --deep` finds what another program added or changed.

      ```sh
      sqlite3 -readonly magnets.lode "SELECT sample, label, share, nd_fraction FROM cluster_overview"
      python3 -c "import pandas, sqlite3; print(pandas.read_sql('SELECT * FROM run_overview', sqlite3.connect('file:magnets.lode?mode=ro', uri=True)))"
      ```

      Identities (`..._id`) are SHA-256 in lower-case hex, the same in every catalog; keys (`..._key`) are this file's own row numbers.
      Units stand in the names; times are UTC. The views of results leave retracted runs out, but for those named `_all`; the views of executions,
      parameters and stages hold every run, failed ones too. How each identity is computed: [identity.md](identity.md).

      This page is made of the comments in [migrations/](../migrations); a test compares them.

      """
    let version = try sql.answer("SELECT max(version) FROM schema_migration").rows[0][0].text
    text += "Schema version \(version).\n"
    for kind in ["view", "table"] {
      let objects = try sql.answer(
        """
        SELECT name, sql FROM sqlite_schema
        WHERE type = '\(kind)' AND name <> 'grdb_migrations' ORDER BY rowid
        """)
      let names = objects.rows.map { "[\($0[0].text)](#\($0[0].text))" }
      text += "\n## \(kind == "view" ? "Views" : "Tables")\n\n\(names.joined(separator: " · "))\n"
      for row in objects.rows { try add(row[0].text, row[1].text, sql) }
      if kind == "table" {
        text +=
          "\n`grdb_migrations` is the list that GRDB.swift keeps of the migrations that it applied.\n"
      }
    }
  }

  private mutating func add(_ name: String, _ definition: String, _ sql: UserSQL) throws {
    count += 1
    let lines = definition.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let title = lines.first { $0.hasPrefix("-- ") }?.dropFirst(3)
    if title == nil { undocumented.append(name) }
    text += "\n### \(name)\n\n\(title ?? "")\n\n| column | type | meaning |\n|---|---|---|\n"
    let columns = try sql.answer("SELECT name, type FROM pragma_table_info('\(name)')")
    for column in columns.rows {
      let (field, type) = (column[0].text, column[1].text)
      let meaning = try meaning(of: field, lines, sql)
      if meaning == nil { undocumented.append("\(name).\(field)") }
      let escaped = (meaning ?? "").replacing("|", with: "\\|")
      text += "| \(field) | \(type.lowercased()) | \(escaped) |\n"
    }
  }

  /// The comment behind a column; for `x.*`, that of the table or view x.
  private func meaning(of field: String, _ lines: [String], _ sql: UserSQL) throws -> String? {
    for line in lines {
      guard let mark = line.range(of: " -- ") else { continue }
      let code = line[..<mark.lowerBound].trimmingCharacters(in: [",", " "])
      let isTableColumn = code.hasPrefix(field + " ")
      let last = code.split(separator: " ").last.map(String.init) ?? ""
      if isTableColumn || last == field || last.hasSuffix("." + field) {
        return String(line[mark.upperBound...])
      }
    }
    let stars = lines.compactMap { $0.firstMatch(of: /^(\w+)\.\*/)?.1 }
    guard let origin = stars.first else { return nil }
    let definition = try sql.answer("SELECT sql FROM sqlite_schema WHERE name = '\(origin)'")
    let originLines = definition.rows[0][0].text.split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    return try meaning(of: field, originLines, sql)
  }
}
