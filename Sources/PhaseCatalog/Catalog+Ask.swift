import Foundation
internal import GRDB

extension Catalog {
  /// Asks a stored query.
  ///
  /// - Parameter parameters: values by name; the others take their defaults.
  /// - Throws: ``CatalogError/question(_:)`` where a parameter is unknown, missing or no number.
  public func ask(_ query: StoredQuery, parameters given: [String: String] = [:]) throws
    -> AnswerTable
  {
    let parameters = query.parameters
    let known = parameters.map(\.name)
    if let unknown = given.keys.sorted().first(where: { !known.contains($0) }) {
      throw CatalogError.question(
        "query \(query.name) has no parameter \"\(unknown)\""
          + (known.isEmpty ? "" : ": it has " + known.joined(separator: ", ")))
    }
    var arguments: [String: AnswerTable.Value] = [:]
    for parameter in parameters {
      guard let text = given[parameter.name] ?? parameter.defaultText else {
        throw CatalogError.question(
          "query \(query.name) needs --param \(parameter.name)=...: \(parameter.meaning)")
      }
      arguments[parameter.name] = try Self.value(text, of: parameter, in: query)
    }
    if let file = query.file {
      return try UserSQL(path: path, name: file).answer(query.sql, parameters: arguments)
    }
    return try read { database in
      let statement = try database.makeStatement(sql: query.sql)
      let columns = statement.columnNames
      // Row by row, and past GRDB's own rows: there may be tens of thousands.
      let cursor = try Row.fetchCursor(
        statement, arguments: StatementArguments(arguments.mapValues(\.databaseValue)))
      var reader = StatementRows(statement.sqliteStatement)
      var rows: [[AnswerTable.Value]] = []
      while try cursor.next() != nil { rows.append(reader.row()) }
      return AnswerTable(columns: columns, rows: rows)
    }
  }

  /// Asks a stored query of a run (a full id).
  ///
  /// - Throws: ``CatalogError``.
  public func ask(_ name: String, run: String) throws -> AnswerTable {
    try ask(StoredQuery.named(name), parameters: ["run": run])
  }

  private static func value(
    _ text: String, of parameter: StoredQuery.Field, in query: StoredQuery
  ) throws -> AnswerTable.Value {
    switch parameter.type {
    case "number":
      guard let number = Double(text), number.isFinite else { break }
      return .real(number)
    case "integer":
      guard let number = Int64(text) else { break }
      return .integer(number)
    default: return .text(text)
    }
    throw CatalogError.question(
      "query \(query.name): \(parameter.name)=\(text) is not \(parameter.type == "number" ? "a" : "an") "
        + parameter.type)
  }

  static func answer(_ value: DatabaseValue) -> AnswerTable.Value {
    switch value.storage {
    case .null: .null
    case .int64(let number): .integer(number)
    case .double(let number): .real(number)
    case .string(let text): .text(text)
    case .blob(let data): .blob(Array(data))
    }
  }

  /// The full id of a run that the user names: `@last` (the newest), `tag:NAME`, or a prefix of at
  /// least 4 digits.
  ///
  /// - Throws: ``CatalogError`` where there is none or more than one.
  public func resolveRun(_ name: String) throws -> String {
    if name == "@last" {
      let last = try read { database in
        try String.fetchOne(
          database, sql: "SELECT run_id FROM run ORDER BY recorded_at DESC, run_key DESC LIMIT 1")
      }
      guard let last else { throw CatalogError.notFound("\(path): no run is stored yet") }
      return last
    }
    if name.hasPrefix("tag:") {
      let tag = GivenName.stored(String(name.dropFirst(4)))
      let runs = try read { try Self.runs(tagged: tag, in: $0) }
      guard let first = runs.first else {
        throw CatalogError.notFound(
          "\(path): no run is tagged \"\(tag)\": see lodestone list tags")
      }
      guard runs.count == 1 else {
        throw CatalogError.ambiguous(
          "\(path): several runs are tagged \"\(tag)\" "
            + "(\(runs.map { $0.prefix(12) }.joined(separator: ", "))): name one by its id")
      }
      return first
    }
    return try resolve(name, table: "run", column: "run_id", "run")
  }

  /// What a user's name for a subject of events means: a run as in ``resolveRun(_:)``, `scan:ID`, or
  /// `sample:NAME`.
  ///
  /// - Throws: ``CatalogError`` where there is none or more than one.
  public func resolveSubject(_ name: String) throws -> EventSubject {
    if name.hasPrefix("scan:") { return .scan(try resolveScan(name)) }
    if name.hasPrefix("sample:") { return .sample(GivenName.stored(String(name.dropFirst(7)))) }
    return .run(try resolveRun(name))
  }

  /// The full id of a scan that the user names by a prefix of at least 4 digits.
  ///
  /// - Throws: ``CatalogError`` where there is none or more than one.
  public func resolveScan(_ name: String) throws -> String {
    let id = name.hasPrefix("scan:") ? String(name.dropFirst(5)) : name
    return try resolve(id, table: "scan", column: "scan_id", "scan")
  }

  func resolve(
    _ name: String, table: String, column: String, _ what: String
  ) throws -> String {
    let prefix = name.lowercased()
    guard prefix.count >= 4, prefix.count <= 64, prefix.allSatisfy(\.isHexDigit) else {
      throw CatalogError.question(
        "\"\(name)\" is no \(what): give at least 4 digits of its id"
          + (what == "run" ? ", @last, or tag:NAME" : ""))
    }
    let found = try read { database in
      try String.fetchAll(
        database,
        sql: "SELECT \(column) FROM \(table) WHERE \(column) GLOB ? ORDER BY 1 LIMIT 3",
        arguments: [prefix + "*"])
    }
    guard let first = found.first else {
      let place = table == "parameter_set" ? "audit RUN" : "list \(what)s"
      throw CatalogError.notFound("\(path): no \(what) \(name): see lodestone \(place)")
    }
    guard found.count == 1 else {
      throw CatalogError.ambiguous(
        "\(path): \(name) begins several \(what)s (\(found.map { $0.prefix(12) }.joined(separator: ", "))"
          + "): give more digits")
    }
    return first
  }

  /// The result of a run that queries use.
  ///
  /// - Throws: ``CatalogError/noResult(_:)`` with the last failure, where every execution failed.
  @discardableResult
  public func requireResult(of run: String) throws -> String {
    if let result = try storedResult(of: run) { return result }
    let executions = try ask("run-executions", run: run)
    let last = max(0, executions.rows.count - 1)
    throw CatalogError.noResult(
      "run \(run.prefix(12)) has no result: it failed at "
        + "\(executions.value("finished_at", row: last).text): "
        + executions.value("failure", row: last).text)
  }

  /// A map of a run, as the TIFF file that is stored.
  ///
  /// - Throws: ``CatalogError``.
  public func map(_ kind: String, run: String) throws -> [UInt8] {
    try storedMap(kind, run: run).tiff
  }

  /// The same with the digest of its values, as it was stored with it.
  package func storedMap(
    _ kind: String, run: String
  ) throws -> (tiff: [UInt8], digest: String) {
    try requireResult(of: run)
    let values: [AnswerTable.Value]? = try read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT map.tiff, map.digest FROM run_overview_all AS run
          JOIN map ON map.result_key = run.result_key
          WHERE run.run_id = ? AND map.kind = ?
          """, arguments: [run, kind]
      ).map { row in Array(row.databaseValues).map { Self.answer($0) } }
    }
    guard let values, case .blob(let tiff) = values[0] else {
      throw CatalogError.notFound("\(path): run \(run.prefix(12)) has no map \"\(kind)\"")
    }
    return (tiff, values[1].text)
  }

  // MARK: Files that scans were read from

  /// Whether a scan was seen in a file at one of these absolute paths.
  package func isSighted(at paths: Set<String>) throws -> Bool {
    try paths.contains { path in
      try read { try $0.exists("SELECT 1 FROM source_file WHERE path = ?", [path]) }
    }
  }

  /// Whether a scan was seen in a file of so many bytes.
  package func isSighted(ofSize bytes: Int) throws -> Bool {
    try read { try $0.exists("SELECT 1 FROM source_file WHERE bytes = ?", [bytes]) }
  }

  /// Whether a scan was seen in a file of this content.
  package func isSighted(sha256: String) throws -> Bool {
    try read { try $0.exists("SELECT 1 FROM source_file WHERE sha256 = ?", [sha256]) }
  }
}

extension AnswerTable.Value {
  fileprivate var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .integer(let number): number.databaseValue
    case .real(let number): number.databaseValue
    case .text(let text): text.databaseValue
    case .blob(let bytes): Data(bytes).databaseValue
    }
  }
}
