import Foundation
internal import GRDB

extension Catalog {
  /// How thoroughly a catalog is checked.
  public enum CheckDepth: String, Sendable, CaseIterable {
    /// SQLite's quick check, and the links between rows.
    case quick
    /// SQLite's full check; tables, views and triggers as shipped; what people said.
    case normal
    /// Every identity and every value against what was written.
    case deep
    /// The same without the schema: what is to be merged. Another program's index does no harm.
    case records
  }

  /// What a check found.
  public struct CheckReport: Sendable, Equatable {
    /// What is not as it should be, a line each; none where all is well.
    public internal(set) var findings: [String] = []
    /// What was looked at: names and how many.
    public internal(set) var counts: [(name: String, count: Int)] = []

    /// Whether two checks found the same.
    public static func == (a: CheckReport, b: CheckReport) -> Bool {
      a.findings == b.findings && a.counts.elementsEqual(b.counts) { $0 == $1 }
    }
  }

  /// Checks the whole file; reads only.
  ///
  /// - Parameter decode: for a deep check, reads a map's TIFF: rows, columns and values.
  /// - Throws: ``CatalogError`` where the file cannot even be read. Damage that is met while
  ///   checking is a finding.
  /// - Complexity: `deep` reads every row once and once more for its identity.
  package func check(
    _ depth: CheckDepth,
    decode: (_ tiff: [UInt8]) throws -> (height: Int, width: Int, samples: MapRecord.Samples)
  ) throws -> CheckReport {
    var report = CheckReport()
    /// One part of the check: what it throws is a finding too.
    func part(_ name: String, _ body: (Database) throws -> [String]) throws {
      do {
        let findings = try read(body)
        report.findings += findings
      } catch CatalogError.damaged(_, let reason) {
        report.findings.append("\(name): damaged: \(reason)")
      } catch CatalogError.busy(let path) {
        throw CatalogError.busy(path: path)
      } catch {
        report.findings.append("\(name): \(error)")
      }
    }
    try part("file") { database in
      let pragma = depth == .quick ? "quick_check" : "integrity_check"
      return try String.fetchAll(database, sql: "PRAGMA \(pragma)").filter { $0 != "ok" }
    }
    try part("links between rows") { try Self.brokenLinks($0) }
    if depth == .quick { return report }
    if depth != .records { try part("schema") { try Self.schemaDifferences($0) } }
    try part("events") { database in
      try Self.checkIDs("event", database) { try Self.event(key: $0, in: database).id }
        + Self.misdatedEvents(database) + Self.misstatedPhases(database)
    }
    if depth == .normal { return report }
    try part("ledger") { try Ledger.differences($0) }
    try part("scans") { database in
      try Self.checkIDs("scan", database) { try Self.scan(key: $0, in: database).id }
    }
    try part("parameter sets") { try Self.checkParameterSets($0) }
    try part("reference spectra") { database in
      try Self.checkIDs("reference_spectrum", database) {
        try Self.referenceSpectrum(key: $0, in: database).id
      }
    }
    try part("runs") { database in
      try Self.checkIDs("run", database) { try Self.run(key: $0, in: database).id }
    }
    try part("environments") { database in
      try Self.checkIDs("environment", database) {
        ExecutionRecord.environmentID(try Self.environment(key: $0, in: database))
      }
    }
    try part("executions") { database in
      try Self.checkIDs("execution", database) { try Self.executionID(key: $0, in: database) }
    }
    try part("results") { try Self.checkResults($0, decode: decode) }
    try part("variants") { try Self.checkVariants($0) }
    try part("counts") { database in
      for table in ["sample", "scan", "run", "execution", "result", "map", "event"] {
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
        report.counts.append((table, count))
      }
      return []
    }
    return report
  }

  private static func brokenLinks(_ database: Database) throws -> [String] {
    try database.rows("PRAGMA foreign_key_check").map { row in
      let (table, parent) = (try row.text("table"), try row.text("parent"))
      let number = try row.optionalInteger("rowid").map { " \($0)" } ?? ""
      return "row\(number) of \(table) refers to a row of \(parent) that is not there"
    }
  }

  private static let schemaSQL = """
    SELECT type || ' ' || name AS name, CAST(sql AS BLOB) AS sql FROM sqlite_schema
    WHERE sql IS NOT NULL AND NOT (type = 'table' AND name GLOB 'sqlite_stat[1-4]')
    ORDER BY type, name
    """

  /// What the migrations make: each object's name and SQL.
  private static let shippedSchema = Result {
    let shipped = try DatabaseQueue()
    try migrate(shipped, steps: migrations)
    return try shipped.read { database in
      try database.rows(schemaSQL).map { (try $0.text("name"), try $0.blob("sql")) }
    }
  }

  /// Compares tables, indexes, views and triggers with those that the migrations make.
  private static func schemaDifferences(_ database: Database) throws -> [String] {
    var findings = try [foreignSteps(database, steps: migrations, version: migrations.count)]
      .compactMap { $0 }
    let applied = try String.fetchAll(
      database, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
    if applied != migrations.map(\.name) {
      findings.append("the applied migrations are \(applied.joined(separator: ", "))")
    }
    return findings + (try changedObjects(database).map { "\($0) \($1)" })
  }

  /// What is not as shipped: "trigger run_once", and what is wrong with it.
  private static func changedObjects(_ database: Database) throws -> [(name: String, what: String)]
  {
    var changed: [(name: String, what: String)] = []
    var expected = Dictionary(uniqueKeysWithValues: try shippedSchema.get())
    for row in try database.rows(schemaSQL) {
      let name = try row.text("name")
      guard let sql = expected.removeValue(forKey: name) else {
        changed.append((name, "is not part of the schema: another program made it"))
        continue
      }
      if try row.blob("sql") != sql { changed.append((name, "is not as shipped")) }
    }
    return changed + expected.keys.sorted().map { ($0, "is missing") }
  }

  /// SHA-256 over the tables and triggers that the migrations make: a test computes it again. To make the schema at each write,
  /// and compare, would take longer than the write.
  package static let shippedDigest =
    "eda747a529063b1c84027d9c5efe85c8a13e3260a64937502a61422936c06927"

  /// The digest of a file's triggers and of those of its tables that have the shipped names.
  package func schemaDigest() throws -> String { try read { try Self.schemaDigest($0) } }

  private static func schemaDigest(_ database: Database) throws -> String {
    let digest = ContentDigest(domain: "lodestone/schema/1")
    let shipped = Set(
      Ledger.tables.map { "table \($0.name)" } + ["table ledger", "table grdb_migrations"])
    for row in try database.rows(schemaSQL) {
      let name = try row.text("name")
      guard name.hasPrefix("trigger ") || shipped.contains(name) else { continue }
      digest.update(name)
      digest.update(try row.blob("sql"))
    }
    return digest.finish()
  }

  /// Refuses to write where a table or a trigger is not as shipped: what is written would not be what
  /// is stored. Tables, views and indexes of other programs do no harm.
  static func requireShippedTables(_ database: Database) throws {
    if try schemaDigest(database) == shippedDigest { return }
    let shipped = Set(try shippedSchema.get().map(\.0))
    for (name, what) in try changedObjects(database)
    where name.hasPrefix("trigger ") || name.hasPrefix("table ") && shipped.contains(name) {
      throw CatalogError.damaged("\(name) \(what)")
    }
  }

  /// Computes the id of every row of a table again.
  private static func checkIDs(
    _ table: String, _ database: Database, _ computedID: (Int64) throws -> String
  ) throws -> [String] {
    var findings: [String] = []
    for row in try database.rows(
      "SELECT \(table)_key, \(table)_id FROM \(table) ORDER BY \(table)_key")
    {
      let stored = try row.text("\(table)_id")
      do {
        if try computedID(row.key("\(table)_key")) != stored {
          findings.append("\(table) \(stored.prefix(12)): its content has another id")
        }
      } catch CatalogError.damaged(_, let reason) {
        findings.append("\(table) \(stored.prefix(12)): \(reason)")
      }
    }
    return findings
  }

  private static func misdatedEvents(_ database: Database) throws -> [String] {
    try database.rows(
      """
      SELECT event.event_id FROM event_predecessor AS link
      JOIN event ON event.event_key = link.event_key
      JOIN event AS previous ON previous.event_key = link.predecessor_key
      WHERE event.recorded_at <= previous.recorded_at
      """
    ).map { "event \(try $0.text("event_id").prefix(12)): dated before one that it follows" }
  }

  private static func checkVariants(_ database: Database) throws -> [String] {
    let columns = try RecordColumns(database)
    return try database.rows("SELECT * FROM variant").compactMap { row in
      let (id, line) = (try row.text("id"), try row.text("record"))
      do {
        let record = try CatalogRecord(line: Data(line.utf8), isDated: false, columns: columns)
        let isItself =
          try record.id == id && record.kind.name == row.text("kind")
          && record.digest == row.text("digest")
        return isItself ? nil : "variant of \(id.prefix(12)): it is of another record"
      } catch let error as RecordError {
        return "variant of \(id.prefix(12)): \(error.reason)"
      }
    }
  }

  private static func checkParameterSets(_ database: Database) throws -> [String] {
    var findings: [String] = []
    for row in try database.rows("SELECT * FROM parameter_set ORDER BY parameters_key") {
      let id = try row.text("parameters_id")
      let record = RunRecord(
        scanID: "", parameters: try parameters(key: row.key("parameters_key"), in: database),
        stages: [:])
      let json = try row.text("canonical_json")
      if record.parametersID != id || record.canonicalParameters != json {
        findings.append("parameter set \(id.prefix(12)): its parameters have another id")
      }
    }
    return findings
  }

  private static func checkResults(
    _ database: Database,
    decode: (_ tiff: [UInt8]) throws -> (height: Int, width: Int, samples: MapRecord.Samples)
  ) throws -> [String] {
    try checkIDs("result", database) { key in
      let runID = try String.fetchOne(
        database,
        sql: "SELECT run_id FROM run JOIN result USING (run_key) WHERE result_key = ?",
        arguments: [key])
      let result = try Self.result(key: key, in: database)
      for map in result.maps {
        do {
          let (height, width, samples) = try decode(map.tiff)
          let digest = MapRecord.digest(height: height, width: width, samples: samples)
          guard digest == map.digest else {
            throw CatalogError.damaged("map \(map.kind): its values have another digest")
          }
        } catch let error as CatalogError {
          throw error
        } catch {
          throw CatalogError.damaged("map \(map.kind): \(error)")
        }
      }
      return result.id(runID: runID ?? "")
    }
  }

  /// The files in which scans were seen.
  ///
  /// - Throws: ``CatalogError``.
  package func sightedFiles() throws -> [(scanID: String, path: String, sha256: String)] {
    try read { database in
      try database.rows("SELECT * FROM file_overview ORDER BY path, scan_id, sha256").map { row in
        (try row.text("scan_id"), try row.text("path"), try row.text("sha256"))
      }
    }
  }
}
