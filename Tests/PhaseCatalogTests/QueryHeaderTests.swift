import Foundation
import PhaseCatalog
import TestSupport
import Testing

/// What the header of a stored query says is what it does.
@Suite struct QueryHeaderTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    try Sample.fill(catalog)
  }

  private func values(_ query: StoredQuery) -> [String: String] {
    query.parameters.contains { $0.name == "run" } ? ["run": Sample.run().id] : [:]
  }

  // MARK: Those that are shipped

  @Test func titles() {
    #expect(StoredQuery.all.count > 40)
    for query in StoredQuery.all {
      #expect(query.title.hasSuffix(".") && query.title.count > 10, "\(query.name)")
      #expect(!query.title.contains("\n") && query.file == nil, "\(query.name)")
      #expect(!query.description.contains("@") && !query.description.hasPrefix("\n"))
      #expect(!query.statement.hasPrefix("--") && query.sql.hasSuffix(query.statement + "\n"))
      for field in query.parameters + query.columns {
        #expect(field.meaning.hasSuffix("."), "\(query.name): \(field.name)")
        #expect(!field.meaning.hasPrefix("("), "\(query.name): \(field.name)")
      }
    }
    #expect(Set(StoredQuery.all.map(\.name)).count == StoredQuery.all.count)
  }

  /// Every line of a header that begins with a mark is understood.
  @Test func noLineIsLost() {
    for query in StoredQuery.all {
      let lines = query.sql.split(separator: "\n").prefix { $0.hasPrefix("--") }
      for (mark, fields) in [("-- :", query.parameters), ("-- @", query.columns)] {
        #expect(lines.count { $0.hasPrefix(mark) } == fields.count, "\(query.name): \(mark)")
        #expect(Set(fields.map(\.name)).count == fields.count, "\(query.name): \(mark)")
      }
      #expect(!query.columns.isEmpty, "\(query.name)")
    }
  }

  @Test func columns() throws {
    for query in StoredQuery.all {
      let answer = try catalog.ask(query, parameters: values(query))
      #expect(answer.columns == query.columns.map(\.name), "\(query.name)")
    }
  }

  @Test func types() throws {
    for query in StoredQuery.all {
      var given = [values(query)]
      // The other way to ask.
      if query.name == "phase-trend" { given.append(["attribute": "composition"]) }
      for given in given {
        for row in try catalog.ask(query, parameters: given).rows {
          for (field, value) in zip(query.columns, row) {
            let isSo =
              switch (field.type, value) {
              case (_, .null), ("integer", .integer), ("text", .text), ("number", .real): true
              default: false
              }
            #expect(isSo, "\(query.name): \(field.name) is \(value)")
          }
        }
      }
    }
  }

  /// A column that may be empty says when.
  @Test func whatMayBeNullSaysSo() throws {
    for query in StoredQuery.all {
      let answer = try catalog.ask(query, parameters: values(query))
      for (place, field) in query.columns.enumerated()
      where answer.rows.contains(where: { $0[place] == .null }) {
        #expect(
          field.meaning.contains("null"),
          "\(query.name): \(field.name) is null")
      }
    }
  }

  @Test func units() {
    let units = [
      ("_um2", "um2"), ("_um", "um"), ("_ev", "eV"), ("_px", "px"), ("_s", "s"),
      ("_g_cm2", "g/cm2"), ("_mol_cm2", "mol/cm2"), ("_od", "OD"),
    ]
    for query in StoredQuery.all {
      for field in query.columns + query.parameters {
        guard let (_, unit) = units.first(where: { field.name.hasSuffix($0.0) }) else { continue }
        #expect(field.unit == unit, "\(query.name): \(field.name)")
        #expect(field.type != "text", "\(query.name): \(field.name)")
      }
    }
  }

  @Test func parameters() {
    for query in StoredQuery.all {
      let bare = query.statement.replacing(/--[^\n]*/, with: "").replacing(/'[^']*'/, with: "''")
      let used = Set(bare.matches(of: /:([A-Za-z_]\w*)/).map { String($0.1) })
      #expect(used == Set(query.parameters.map(\.name)), "\(query.name)")
      // Only a run must be named.
      for parameter in query.parameters {
        #expect(
          (parameter.defaultText == nil) == (parameter.name == "run"),
          "\(query.name): \(parameter.name)")
      }
    }
  }

  /// The connection that may only read gives the same answer, and takes the same types.
  @Test func allOnlyRead() throws {
    let before = try Data(contentsOf: URL(fileURLWithPath: catalog.path))
    for query in StoredQuery.all {
      let own = StoredQuery(name: query.name, file: folder.file("own.sql"), sql: query.sql)
      let answer = try catalog.ask(own, parameters: values(query))
      #expect(try answer == catalog.ask(query, parameters: values(query)), "\(query.name)")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: catalog.path)) == before)
  }

  // MARK: The form of a header

  @Test func aHeaderIsRead() throws {
    let query = StoredQuery(
      name: "x",
      sql: """
        -- What there is.
        --
        -- More of it,
        -- in two lines.
        --
        -- :least number (um) = 0.5  The least (of all).
        -- :run text  The run.
        -- :bad kind = 1  No such type.
        -- @a integer (px)  Pixels.
        -- @b text  A word, = 1 of it.
        -- @c number (g/cm2)  An areal density.
        SELECT 1 -- :not @here
        """)
    #expect(query.title == "What there is.")
    #expect(query.description == "More of it,\nin two lines.")
    #expect(query.parameters.map(\.name) == ["least", "run"])
    let least = try #require(query.parameters.first)
    #expect(least.type == "number" && least.unit == "um" && least.defaultText == "0.5")
    #expect(least.meaning == "The least (of all).")
    #expect(query.parameters[1].unit == "" && query.parameters[1].defaultText == nil)
    #expect(query.columns.map(\.name) == ["a", "b", "c"])
    #expect(query.columns.map(\.type) == ["integer", "text", "number"])
    #expect(query.columns.map(\.unit) == ["px", "", "g/cm2"])
    #expect(query.columns[1].meaning == "A word, = 1 of it.")
    #expect(query.statement == "SELECT 1 -- :not @here")
    let bare = StoredQuery(name: "y", sql: "SELECT 1")
    #expect(bare.title == "" && bare.description == "" && bare.statement == "SELECT 1")
    #expect(StoredQuery(name: "z", sql: "-- All.").title == "All.")
    #expect(StoredQuery(name: "z", sql: "").statement == "")
  }

  // MARK: The user's own

  private func write(_ sql: String, _ name: String) throws {
    _ = try folder.write(sql, to: "own/" + name)
  }

  private func own() throws -> [StoredQuery] { try StoredQuery.inFolder(folder.file("own")) }

  private func makeFolder(_ name: String = "own") throws {
    try FileManager.default.createDirectory(
      atPath: folder.file(name), withIntermediateDirectories: true)
  }

  @Test func theUsersOwnAreFound() throws {
    #expect(try own().isEmpty)
    try makeFolder()
    #expect(try own().isEmpty)
    try write("-- Two.\nSELECT 2 AS two", "b.sql")
    try write("-- One.\nSELECT run_id FROM run_overview", "a.sql")
    try write("no query", "notes.txt")
    let found = try own()
    #expect(found.map(\.name) == ["a", "b"] && found.map(\.title) == ["One.", "Two."])
    #expect(found.map(\.file) == [folder.file("own/a.sql"), folder.file("own/b.sql")])
    #expect(try StoredQuery.named("b", own: found) == found[1])
    #expect(try StoredQuery.named("runs", own: found).file == nil)
    let error = #expect(throws: CatalogError.self) { try StoredQuery.named("c", own: found) }
    #expect(error?.description.contains("no query \"c\"") == true)
    #expect(error?.description.hasSuffix(", a, b") == true)
    // The second run is retracted.
    #expect(try catalog.ask(found[0]).rows == [[.text(Sample.run().id)]])
    #expect(try catalog.ask(found[1]) == AnswerTable(columns: ["two"], rows: [[.integer(2)]]))
  }

  @Test func theirParametersHaveTypes() throws {
    try makeFolder()
    try write(
      """
      -- Types.
      -- :n number = 2  A number.
      -- :i integer  A whole number.
      -- :t text = 07  A word.
      SELECT typeof(:n), :n, typeof(:i), :i, typeof(:t), :t
      """, "types.sql")
    let query = try StoredQuery.named("types", own: own())
    #expect(
      try catalog.ask(query, parameters: ["i": "5"]).rows == [
        [.text("real"), .real(2), .text("integer"), .integer(5), .text("text"), .text("07")]
      ])
    #expect(
      try catalog.ask(query, parameters: ["i": "-1", "n": "1e-3", "t": "' OR 1"]).rows[0][5]
        == .text("' OR 1"))
    func refusal(_ given: [String: String]) -> String {
      let error = #expect(throws: CatalogError.self) { try catalog.ask(query, parameters: given) }
      guard case .question(let text)? = error else { return "" }
      return text
    }
    #expect(refusal([:]).contains("needs --param i=...: A whole number."))
    #expect(refusal(["i": "1.5"]).contains("i=1.5 is not an integer"))
    #expect(refusal(["i": "1", "n": "x"]).contains("n=x is not a number"))
    #expect(refusal(["i": "1", "n": "inf"]).contains("n=inf is not a number"))
    #expect(refusal(["i": "1", "z": "2"]).contains("no parameter \"z\": it has n, i, t"))
  }

  /// What the header does not say has no value; nor does what has no name.
  @Test func anUndocumentedParameterIsRefused() throws {
    try makeFolder()
    for (name, sql) in [
      ("a", "-- A.\nSELECT :x"), ("b", "-- A.\n-- :y text = 1  Another.\nSELECT :x, :y"),
      ("c", "-- A.\nSELECT ?"), ("d", "-- A.\n\n-- :x text = 1  Too late.\nSELECT :x"),
    ] {
      try write(sql, name + ".sql")
      let query = try StoredQuery.named(name, own: own())
      let error = #expect(throws: CatalogError.self) { try catalog.ask(query) }
      let text = error?.description ?? ""
      #expect(text.contains("has no value: document it in the header"), "\(name): \(text)")
      #expect(text.contains("own/\(name).sql: parameter "), "\(name): \(text)")
    }
  }

  @Test func theyOnlyRead() throws {
    try makeFolder()
    let before = try Data(contentsOf: URL(fileURLWithPath: catalog.path))
    for sql in [
      "DELETE FROM event", "INSERT INTO sample VALUES (9, 'x')", "CREATE TABLE t (x)",
      "DROP VIEW phase", "PRAGMA user_version = 9", "ATTACH '\(folder.file("x.db"))' AS x",
      "VACUUM INTO '\(folder.file("y.db"))'", "SELECT load_extension('x')", "BEGIN",
    ] {
      try write("-- A wolf.\n" + sql, "wolf.sql")
      let query = try StoredQuery.named("wolf", own: own())
      let error = #expect(throws: CatalogError.self, "\(sql)") { try catalog.ask(query) }
      guard case .question(let text)? = error else {
        Issue.record("\(sql): \(String(describing: error))")
        continue
      }
      #expect(text.hasPrefix(folder.file("own/wolf.sql") + ": "), "\(text)")
    }
    try write("-- Two.\nSELECT 1; DELETE FROM event", "wolf.sql")
    let two = try StoredQuery.named("wolf", own: own())
    #expect(throws: CatalogError.self) { try catalog.ask(two) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: catalog.path)) == before)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "own", "t.lode",
      ])
  }

  /// A file that cannot be read, is no text, or is too large is named.
  @Test func whatIsNoQuery() throws {
    func expectRefused(_ name: String) {
      let error = #expect(throws: CatalogError.self) { try own() }
      guard case .io(let path, let reason)? = error else {
        Issue.record("\(name): \(String(describing: error))")
        return
      }
      #expect(path == folder.file("own/\(name)") && reason.contains("UTF-8"))
    }
    try makeFolder("own/folder.sql")
    expectRefused("folder.sql")
    try FileManager.default.removeItem(atPath: folder.file("own/folder.sql"))
    _ = try folder.write([0x2D, 0x2D, 0x20, 0xFF, 0xFE], to: "own/bytes.sql")
    expectRefused("bytes.sql")
    try FileManager.default.removeItem(atPath: folder.file("own/bytes.sql"))
    let start = Array("-- Large.\nSELECT 1 --".utf8)
    let large = start + [UInt8](repeating: 0x20, count: 1 << 20 - start.count)
    _ = try folder.write(large, to: "own/large.sql")
    expectRefused("large.sql")
    _ = try folder.write(Array(large.dropLast()), to: "own/large.sql")
    #expect(try own().map(\.title) == ["Large."])
  }
}
