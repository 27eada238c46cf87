import CSQLite
import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// The schema defends itself against any SQLite client; and each trigger, CHECK and foreign key is
/// needed: without it, something that must be refused is not.
@Suite struct SchemaTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("full.lode")
    _ = try Catalog.create(at: path)
    try Sample.fill(Catalog(path: path, access: .write))
  }

  @Test func refusesEveryOffence() throws {
    let database = try Mutant(schema: Mutant.shippedSchema(path), rowsOf: path)
    #expect(database.tables.count == 49)
    // Every table has a row to defend.
    for table in database.tables { #expect(!database.dump(table).isEmpty, "\(table)") }
    for offence in try database.offences() { Issue.record("accepted: \(offence)") }
  }

  @Test(.timeLimit(.minutes(20))) func everyTriggerCheckAndForeignKeyIsNeeded() throws {
    let mutants = try Mutant.schemas(path)
    #expect(mutants.count(where: { $0.what.hasPrefix("trigger") }) == 4 * 49)
    #expect(mutants.count(where: { $0.what.hasPrefix("CHECK") }) > 60)
    #expect(mutants.count(where: { $0.what.hasPrefix("REFERENCES") }) > 20)
    for (what, schema) in mutants {
      let offences = try Mutant(schema: schema, rowsOf: path).offences()
      #expect(!offences.isEmpty, "nothing misses \(what)")
    }
  }
}

/// The schema, perhaps with a part taken out, in memory, with the rows of a real catalog.
private final class Mutant {
  private(set) var tables: [String] = []
  private var connection: OpaquePointer?

  /// The statements that make the schema of a catalog.
  static func shippedSchema(_ path: String) throws -> [String] {
    try UserSQL(path: path).answer(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    ).rows.map { $0[0].text }
  }

  /// The schema without one trigger, one CHECK or one REFERENCES: all ways.
  static func schemas(_ path: String) throws -> [(what: String, schema: [String])] {
    let shipped = try shippedSchema(path)
    return shipped.enumerated().flatMap { place, statement in
      mutations(of: statement).map { what, mutated in
        var schema = shipped
        schema[place] = mutated
        return (what, schema)
      }
    }
  }

  private static func mutations(of statement: String) -> [(what: String, mutated: String)] {
    if let name = statement.firstMatch(of: /^CREATE TRIGGER (\w+)/)?.1 {
      return [("trigger \(name)", "SELECT 1")]
    }
    guard let table = statement.firstMatch(of: /^CREATE TABLE (\w+)/)?.1 else { return [] }
    var ranges: [(String, Range<String.Index>)] = []
    for match in statement.matches(of: /CHECK \(/) {
      var (end, depth) = (match.range.upperBound, 1)
      while depth > 0 {
        if statement[end] == "(" { depth += 1 }
        if statement[end] == ")" { depth -= 1 }
        end = statement.index(after: end)
      }
      ranges.append(
        (String(statement[match.range.lowerBound..<end]), match.range.lowerBound..<end))
    }
    for match in statement.matches(of: /,\s*FOREIGN KEY \([^)]*\) REFERENCES \w+/) {
      ranges.append(("REFERENCES, table's: \(match.0)", match.range))
    }
    for match in statement.matches(of: /[A-Z] (REFERENCES \w+(?: \(\w+\))?)/) {
      // That rows are written with their owner, a trigger says too.
      if statement.contains("WITHOUT ROWID") { continue }
      ranges.append(("\(match.1)", match.1.startIndex..<match.1.endIndex))
    }
    return ranges.map { what, range in
      let rest = what.hasPrefix("CHECK") ? "CHECK (1)" : ""
      return ("\(what) (\(table))", statement.replacingCharacters(in: range, with: rest))
    }
  }

  init(schema: [String], rowsOf path: String) throws {
    guard sqlite3_open(":memory:", &connection) == SQLITE_OK else { throw POSIXError(.EIO) }
    try run("PRAGMA foreign_keys = OFF")
    try run("ATTACH '\(path)' AS source")
    for statement in schema where statement.hasPrefix("CREATE TABLE") { try run(statement) }
    let names = column("SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY rowid")
    for table in names { try run("INSERT INTO main.\(table) SELECT * FROM source.\(table)") }
    try run("DETACH source")
    for statement in schema where !statement.hasPrefix("CREATE TABLE") { try run(statement) }
    tables = names
  }

  deinit { sqlite3_close(connection) }

  /// Runs statements; their error is thrown.
  private func run(_ sql: String) throws {
    guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
      throw CatalogError.question(
        "\(String(cString: sqlite3_errmsg(connection))): \(sql.prefix(200))")
    }
  }

  private func isAccepted(_ sql: String) -> Bool {
    sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK
  }

  private func rows(_ sql: String) -> [[String]] {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else { return [] }
    var rows: [[String]] = []
    while sqlite3_step(statement) == SQLITE_ROW {
      rows.append(
        (0..<sqlite3_column_count(statement)).map { index in
          sqlite3_column_text(statement, index).map { String(cString: $0) } ?? "NULL"
        })
    }
    return rows
  }

  private func column(_ sql: String) -> [String] { rows(sql).map { $0[0] } }

  func dump(_ table: String) -> [[String]] {
    Self.owners[table] == nil
      ? rows("SELECT rowid, * FROM \(table) ORDER BY rowid")
      : rows("SELECT * FROM \(table) ORDER BY 1, 2, 3")
  }

  /// The tables without row numbers, and those that their rows belong to.
  private static let owners = [
    "frame": "scan", "result_component": "result", "result_frame": "result",
    "cluster_spectrum": "result", "cluster_depth": "result", "cluster_estimate": "result",
    "cluster_block": "result", "cluster_block_depth": "result",
  ]

  private struct Column {
    let name: String
    let type: String
    let keyPlace: Int
  }

  private func columns(_ table: String) -> [Column] {
    rows("PRAGMA table_info(\(table))").map {
      Column(name: $0[1], type: $0[2], keyPlace: Int($0[5]) ?? 0)
    }
  }

  /// The INTEGER PRIMARY KEY, which is the row number itself.
  private func rowNumber(_ columns: [Column]) -> Column? {
    let keys = columns.filter { $0.keyPlace > 0 }
    return keys.count == 1 && keys[0].type == "INTEGER" ? keys[0] : nil
  }

  /// An INSERT of the table's first row under another identity, but for the columns given.
  private func insertion(
    _ table: String, _ changes: [String: String], keepsKey: Bool = false, verb: String = "INSERT"
  ) -> String {
    let columns = columns(table)
    let number = rowNumber(columns)
    var values: [(String, String)] = []
    for column in columns {
      if let value = changes[column.name] {
        values.append((column.name, value))
      } else if column.name == number?.name {
        // A new row takes the next number.
        if table == "schema_migration" {
          values.append(
            (
              column.name,
              keepsKey ? column.name : "(SELECT max(version) + 1 FROM schema_migration)"
            ))
        }
      } else if keepsKey {
        values.append((column.name, column.name))
      } else if column.name == table + "_id" || column.name == "parameters_id" {
        values.append((column.name, "lower(hex(randomblob(32)))"))
      } else if let owner = Self.owners[table] {
        // A new row belongs to the newest owner, and is the last of its kind there.
        let isLast = column.keyPlace == columns.map(\.keyPlace).max()
        values.append(
          (
            column.name,
            column.keyPlace == 1
              ? "(SELECT max(\(column.name)) FROM \(owner))"
              : isLast ? "\(column.name) + 1000" : column.name
          ))
      } else if table == "ledger" && column.name == "entry" {
        values.append((column.name, "(SELECT max(entry) + 1 FROM ledger)"))
      } else if column.keyPlace == 1 && column.type == "INTEGER"
        || Self.uniqueKeys[table] == column.name
      {
        values.append((column.name, "\(column.name) + 1000"))
      } else if (column.keyPlace == 1 || table == "sample") && column.type == "TEXT"
        && column.name != "recorded_at"
      {
        values.append((column.name, "\(column.name) || 'x'"))
      } else {
        values.append((column.name, column.name))
      }
    }
    if let row = changes["rowid"] { values.append(("rowid", row)) }
    return "\(verb) INTO \(table) (\(values.map(\.0).joined(separator: ", "))) "
      + "SELECT \(values.map(\.1).joined(separator: ", ")) FROM \(table) WHERE true ORDER BY "
      + (Self.owners[table] == nil ? "rowid LIMIT 1" : "1 DESC LIMIT 1")
  }

  /// Tables with a row for some rows of another, and the key that refers to it.
  private static let uniqueKeys = ["verification": "execution_key", "oblong_pixel": "scan_key"]

  /// Everything that must be refused and is not.
  func offences() throws -> [String] {
    try changes() + violations() + danglers()
  }

  /// Statements that change rows.
  private func changes() throws -> [String] {
    var offences: [String] = []
    for table in tables {
      let columns = columns(table)
      let before = dump(table)
      let text = columns.first { $0.type == "TEXT" && $0.keyPlace == 0 }?.name ?? columns[0].name
      let changed = [
        "schema_migration": ["name": "'x'"], "verification": ["grade": "'different'"],
        "frame": ["acquisition": "99"], "result_component": ["variance": "variance + 1"],
        "result_frame": ["scale": "scale + 1"], "cluster_spectrum": ["mean_od": "mean_od + 1"],
        "cluster_depth": ["cumulative_pixels": "cumulative_pixels + 1"],
        "cluster_estimate": ["value": "value + 1"], "cluster_block": ["pixels": "pixels + 1"],
        "cluster_block_depth": ["pixels": "pixels + 1"],
      ]
      let key = rowNumber(columns)?.name ?? "rowid"
      let keys = columns.filter { $0.keyPlace > 0 }.map(\.name)
      let conflict = Self.uniqueKeys[table] ?? keys.joined(separator: ", ")
      let statements = [
        "UPDATE \(table) SET \(text) = \(text)",
        "UPDATE OR REPLACE \(table) SET \(text) = \(text)",
        "UPDATE \(table) SET \(key) = \(key) + 1000",
        "DELETE FROM \(table)", "DELETE FROM \(table) WHERE rowid = 1",
        insertion(table, changed[table] ?? [:], keepsKey: true, verb: "INSERT OR REPLACE"),
        insertion(table, changed[table] ?? [:], keepsKey: true, verb: "REPLACE"),
        insertion(table, changed[table] ?? [:], keepsKey: true)
          .replacing(
            "LIMIT 1", with: "LIMIT 1 ON CONFLICT (\(conflict)) DO UPDATE SET \(text) = 'x'"),
        // Another identity under a row number that is taken.
        insertion(
          table, [key: "(SELECT min(rowid) FROM \(table))"], verb: "INSERT OR REPLACE"),
      ]
      // The ledger's last row is the one that its order alone would let through.
      let ledger = """
        INSERT OR REPLACE INTO ledger (rowid, entry, table_name, first_row, last_row, column_count, digest)
        SELECT rowid, entry, table_name, first_row, last_row, column_count, lower(hex(randomblob(32)))
        FROM ledger ORDER BY rowid DESC LIMIT 1
        """
      for statement in statements + (table == "ledger" ? [ledger] : []) {
        try run("SAVEPOINT before")
        _ = isAccepted(statement)
        if dump(table) != before { offences.append(statement) }
        try run("ROLLBACK TO before")
        try run("RELEASE before")
      }
      // Refused, and not merely without effect.
      if isAccepted("UPDATE \(table) SET \(text) = \(text)") { offences.append("UPDATE \(table)") }
    }
    return offences
  }

  private static let badValues: [String: [String: [String]]] = {
    let id = ["'abc'", "'\(String(repeating: "A", count: 64))'"]
    let time = ["'2026'"]
    return [
      "schema_migration": ["applied_at": time],
      "ledger": [
        "first_row": ["0"], "last_row": ["first_row - 1"], "column_count": ["0"],
        "digest": id,
      ],
      "sample": ["recorded_at": time, "name": ["''"]],
      "scan": [
        "recorded_at": time,
        "scan_id": id, "height": ["0"], "width": ["0"], "energy_count": ["0"],
        "energy_min_ev": ["0.0"], "energy_max_ev": ["energy_min_ev - 1"], "signal": ["'x'"],
        "reference": ["'x'"], "pixel_size_um": ["0.0"], "geometry": ["'x'"],
      ],
      "frame": [
        "kind": ["'x'"], "number": ["-1"], "energy_ev": ["0.0"], "exposure_s": ["0.0"],
        "ring_current_ma": ["0.0"], "acquisition": ["-1"], "digest": ["x'00'"],
      ],
      "source_file": [
        "seen_at": time,
        "role": ["''"], "path": ["''"], "sha256": id, "bytes": ["-1"],
      ],
      "scan_request": ["seen_at": time, "canonical_json": ["'x'"]],
      "parameter_set": ["parameters_id": id, "canonical_json": ["'x'"]],
      "parameter": ["name": ["''"], "type": ["'x'"], "is_default": ["2"]],
      "run": ["recorded_at": time, "run_id": id],
      "run_stage": ["stage": ["''"], "version": ["0"]],
      "environment": ["environment_id": id],
      "environment_item": ["name": ["''"]],
      "result": [
        "recorded_at": time,
        "result_id": id, "analysed_pixels": ["total_pixels + 1"],
        "eligible_pixels": ["-1"], "noise_pixels": ["-1"], "altered_values": ["-1"],
        "cluster_count": ["-1"], "smallest_findable_pixels": ["-1"], "depth_bin_px": ["0.0"],
      ],
      "execution": [
        "started_at": time,
        "execution_id": id, "purpose": ["'x'"], "finished_at": ["'2000-01-01T00:00:00.000Z'"],
        "failure": ["'both'"],
      ],
      "execution_stage": ["number": ["-1"], "stage": ["''"], "seconds": ["-1.0"]],
      "verification": [
        "grade": ["'x'"], "changed_pixels": ["-1"], "largest_difference": ["-1.0"],
      ],
      "result_value": ["name": ["''"]],
      "result_component": ["number": ["0"], "is_used": ["2"]],
      "result_warning": ["number": ["0"], "message": ["''"]],
      "result_frame": [
        "number": ["-1"], "energy_ev": ["0.0"], "scale": ["0.0"], "altered_pixels": ["-1"],
        "residual": ["-1.0", "2.0"], "saturated_pixels": ["-1"], "outlier_pixels": ["-1"],
        "unmeasured_pixels": ["-1"],
      ],
      "oblong_pixel": ["height_um": ["0.0"], "width_um": ["0.0", "height_um"]],
      "earlier_time": ["kind": ["''"], "id": ["''"], "recorded_at": time],
      "variant": ["kind": ["''"], "id": id, "digest": id, "record": ["'x'"]],
      "cluster_surface": [
        "surface_pieces": ["-1", "pieces + 1"], "surface_pixels": ["-1"],
        "surface_area_um2": ["-1.0"],
      ],
      "reference_spectrum": ["reference_spectrum_id": id],
      "reference_spectrum_point": ["number": ["-1"], "energy_ev": ["0.0"]],
      "result_radius": [
        "number": ["0"], "radius": ["0.0"], "cluster_count": ["-1"], "noise_pixels": ["-1"],
        "is_used": ["2"],
      ],
      "cluster_quality": [
        "spread": ["-1.0"], "width_px": ["-1.0"], "fit_residual_od": ["-1.0"],
      ],
      "cluster_edge": [
        "symbol": ["''"], "edge": ["''"], "e0_ev": ["0.0"], "derivative_ev": ["0.0"],
        "convention": ["'x'"], "pre_end_ev": ["pre_start_ev - 1"],
        "post_end_ev": ["post_start_ev - 1"], "pre_energies": ["-1"], "post_energies": ["-1"],
        "divisor_error": ["-1.0"], "is_normalised": ["2"], "white_line_ev": ["0.0"],
      ],
      "cluster_ratio": [
        "numerator": ["''"], "denominator": ["''", "numerator"], "ratio_error": ["-1.0"],
        "is_lower_bound": ["1 - is_lower_bound"],
      ],
      "cluster_fit": [
        "energies": ["0"], "start_ev": ["0.0"], "end_ev": ["start_ev - 1"], "residual": ["-1.0"],
        "r_factor": ["-1.0"],
      ],
      "cluster_fit_part": [
        "number": ["-1"], "name": ["''"], "amount": ["-1.0"], "amount_error": ["-1.0"],
        "fraction": ["-1.0", "2.0"], "fraction_error": ["-1.0"],
      ],
      "cluster": [
        "label": ["-1"], "pixels": ["-1"], "dbscan_pixels": ["-1"], "area_um2": ["-1.0"],
      ],
      "cluster_spectrum": ["number": ["-1"], "sd_od": ["-1.0"]],
      "cluster_element": [
        "symbol": ["''"], "edge": ["''"], "edge_ev": ["0.0"], "step_error": ["-1.0"],
        "areal_error_g_cm2": ["-1.0"], "atomic_fraction_error": ["-1.0"], "method": ["'x'"],
      ],
      "cluster_depth": [
        "label": ["-2"], "bin": ["-1"], "pixels": ["0"], "cumulative_pixels": ["pixels - 1"],
      ],
      "cluster_estimate": ["quantity": ["''"], "error": ["-1.0"]],
      "cluster_block": [
        "label": ["-2"], "block": ["-1"], "pixels": ["0"], "surface_pixels": ["-1", "pixels + 1"],
      ],
      "cluster_block_depth": ["label": ["-2"], "block": ["-1"], "bin": ["-1"], "pixels": ["0"]],
      "execution_parameter": ["name": ["''"], "origin": ["'x'"]],
      "phase_condition": ["number": ["0"], "quantity": ["'x'"], "within": ["NULL", "0.0"]],
      "phase_score": [
        "label": ["-1"], "outcome": ["'x'"], "score": ["2.0"], "margin": ["-1.0", "2.0"],
      ],
      "map_kind": ["samples": ["'x'"]],
      "map": ["height": ["0"], "width": ["0"], "digest": id, "tiff": ["x''"]],
      "event": ["recorded_at": time, "event_id": id, "subject_kind": ["''"], "subject": ["''"]],
      "event_predecessor": ["predecessor_key": ["event_key + 1000"]],
    ]
  }()

  /// Values that a CHECK must refuse, each in an otherwise good row.
  private func violations() throws -> [String] {
    var offences: [String] = []
    for (table, columns) in Self.badValues.sorted(by: { $0.key < $1.key }) {
      try run("SAVEPOINT before")
      // The row itself is good, so that a refusal is the value's.
      let count = dump(table).count
      try run(insertion(table, [:]))
      if dump(table).count != count + 1 { offences.append("no good row of \(table)") }
      try run("ROLLBACK TO before")
      for (column, values) in columns {
        for value in values {
          if isAccepted(insertion(table, [column: value])) {
            offences.append("\(table).\(column) = \(value)")
          }
          try run("ROLLBACK TO before")
        }
      }
      try run("RELEASE before")
    }
    // Rows that leave a gap in the numbers, or in the ledger's entries.
    for table in tables {
      let key = rowNumber(columns(table))?.name ?? "rowid"
      for number in ["max(rowid) + 2", "-1", "0"] {
        try run("SAVEPOINT before")
        if isAccepted(insertion(table, [key: "(SELECT \(number) FROM \(table))"])) {
          offences.append("\(table): row \(number)")
        }
        try run("ROLLBACK TO before")
        try run("RELEASE before")
      }
    }
    // Rows that are added to what was written before.
    for (table, owner) in Self.owners {
      let key = columns(table)[0].name
      try run("SAVEPOINT before")
      if isAccepted(insertion(table, [key: "(SELECT min(\(key)) FROM \(owner))"])) {
        offences.append("\(table): a row of an old \(owner)")
      }
      try run("ROLLBACK TO before")
      try run("RELEASE before")
    }
    try run("SAVEPOINT before")
    if isAccepted(insertion("ledger", ["entry": "(SELECT max(entry) + 2 FROM ledger)"])) {
      offences.append("a gap in the ledger")
    }
    try run("ROLLBACK TO before")
    try run("RELEASE before")
    // Counts that fit each other, of a frame without pixels.
    let names = ["total_pixels", "analysed_pixels", "eligible_pixels", "noise_pixels"]
    try run("SAVEPOINT before")
    let zeros = Dictionary(uniqueKeysWithValues: names.map { ($0, "0") })
    if isAccepted(insertion("result", zeros)) { offences.append("a result of no pixels") }
    try run("ROLLBACK TO before")
    try run("RELEASE before")
    return offences
  }

  /// References to rows that are not there.
  private func danglers() throws -> [String] {
    var offences: [String] = []
    try run("PRAGMA foreign_keys = ON")
    defer { sqlite3_exec(connection, "PRAGMA foreign_keys = OFF", nil, nil, nil) }
    for (table, column) in Self.references {
      try run("SAVEPOINT before")
      let isText = column == "kind"
      var changes = [column: isText ? "'nowhere'" : "999999"]
      if table == "verification" && column != "execution_key" { changes["execution_key"] = "1" }
      if column == "reference_spectrum_key", table == "cluster_fit_part" { changes["number"] = "9" }
      // A phase's ids are of what it names, and not its own.
      for other in columns(table)
      where other.name.hasSuffix("_id") && !table.hasPrefix("phase_") {
        changes[other.name] = "lower(hex(randomblob(32)))"
      }
      // Only this reference dangles: the other columns are those of a row that is there.
      if isAccepted(insertion(table, changes, keepsKey: true)) {
        offences.append("\(table).\(column) refers to nothing")
      }
      try run("ROLLBACK TO before")
      try run("RELEASE before")
    }
    return offences
  }

  private static let references = [
    ("frame", "scan_key"), ("source_file", "scan_key"), ("scan_request", "scan_key"),
    ("parameter", "parameters_key"), ("run", "scan_key"), ("run", "parameters_key"),
    ("run_stage", "run_key"), ("environment_item", "environment_key"), ("result", "run_key"),
    ("execution", "run_key"), ("execution", "environment_key"), ("execution", "result_key"),
    ("execution_stage", "execution_key"), ("verification", "execution_key"),
    ("verification", "compared_result_key"), ("result_value", "result_key"),
    ("result_component", "result_key"), ("result_warning", "result_key"),
    ("result_frame", "result_key"), ("cluster", "result_key"), ("cluster_spectrum", "result_key"),
    ("cluster_element", "result_key"), ("cluster_depth", "result_key"), ("map", "result_key"),
    ("map", "kind"), ("event", "kind"), ("event_predecessor", "event_key"),
    ("event_predecessor", "predecessor_key"), ("oblong_pixel", "scan_key"),
    ("cluster_spectrum", "number"), ("cluster_spectrum", "label"),
    ("cluster_surface", "result_key"),
    ("reference_spectrum_point", "reference_spectrum_key"), ("result_radius", "result_key"),
    ("cluster_quality", "result_key"), ("cluster_edge", "result_key"),
    ("cluster_ratio", "result_key"), ("cluster_fit", "result_key"),
    ("cluster_fit_part", "result_key"), ("cluster_fit_part", "reference_spectrum_key"),
    ("cluster_estimate", "label"), ("execution_parameter", "execution_key"),
    ("phase_condition", "event_key"), ("phase_score", "event_key"),
  ]
}
