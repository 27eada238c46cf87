internal import GRDB

/// A kind of record: what catalogs exchange as one piece, a row of a table with all rows of others that belong to it.
///
/// Every table but those that the schema itself fills, and the ledger, is part of one kind.
struct RecordKind: Sendable {
  /// A table whose rows belong to a record.
  struct Part: Sendable {
    let table: String
    /// The column that names the record.
    let owner: String
    var links: [String: String] = [:]
  }

  let name: String
  let table: String
  /// This file's number for a record: a column, or "rowid".
  let key: String
  /// The columns that tell a record from others: one holds its id; several, of which none does, have a digest.
  let identity: [String]
  /// The column that says when this file first stored it: no part of what it says.
  var time: String?
  /// The columns that refer to other records, by the name of their kind.
  var links: [String: String] = [:]
  var parts: [Part] = []

  /// All kinds, each behind those that it refers to.
  static let all: [RecordKind] = [
    RecordKind(
      name: "sample", table: "sample", key: "sample_key", identity: ["name"], time: "recorded_at"),
    RecordKind(
      name: "scan", table: "scan", key: "scan_key", identity: ["scan_id"], time: "recorded_at",
      parts: ["oblong_pixel", "frame"].map { Part(table: $0, owner: "scan_key") }),
    RecordKind(
      name: "sighting", table: "source_file", key: "rowid",
      identity: ["scan_key", "role", "path", "sha256"], time: "seen_at",
      links: ["scan_key": "scan"]),
    RecordKind(
      name: "request", table: "scan_request", key: "rowid",
      identity: ["scan_key", "canonical_json"], time: "seen_at", links: ["scan_key": "scan"]),
    RecordKind(
      name: "parameters", table: "parameter_set", key: "parameters_key",
      identity: ["parameters_id"],
      parts: [Part(table: "parameter", owner: "parameters_key")]),
    RecordKind(
      name: "environment", table: "environment", key: "environment_key",
      identity: ["environment_id"],
      parts: [Part(table: "environment_item", owner: "environment_key")]),
    RecordKind(
      name: "reference_spectrum", table: "reference_spectrum", key: "reference_spectrum_key",
      identity: ["reference_spectrum_id"],
      parts: [Part(table: "reference_spectrum_point", owner: "reference_spectrum_key")]),
    RecordKind(
      name: "run", table: "run", key: "run_key", identity: ["run_id"], time: "recorded_at",
      links: ["scan_key": "scan", "parameters_key": "parameters"],
      parts: [Part(table: "run_stage", owner: "run_key")]),
    RecordKind(
      name: "result", table: "result", key: "result_key", identity: ["result_id"],
      time: "recorded_at", links: ["run_key": "run"],
      parts: [
        "result_value", "result_component", "result_warning", "result_frame", "result_radius",
        "cluster", "cluster_spectrum", "cluster_element", "cluster_surface", "cluster_quality",
        "cluster_edge", "cluster_ratio", "cluster_fit", "cluster_estimate", "cluster_block",
        "cluster_block_depth",
      ].map { Part(table: $0, owner: "result_key") } + [
        Part(
          table: "cluster_fit_part", owner: "result_key",
          links: ["reference_spectrum_key": "reference_spectrum"]),
        Part(table: "cluster_depth", owner: "result_key"), Part(table: "map", owner: "result_key"),
      ]),
    RecordKind(
      name: "execution", table: "execution", key: "execution_key", identity: ["execution_id"],
      links: ["run_key": "run", "environment_key": "environment", "result_key": "result"],
      parts: [
        Part(table: "execution_stage", owner: "execution_key"),
        Part(table: "execution_parameter", owner: "execution_key"),
        Part(
          table: "verification", owner: "execution_key", links: ["compared_result_key": "result"]),
      ]),
    RecordKind(
      name: "event", table: "event", key: "event_key", identity: ["event_id"],
      parts: [
        Part(
          table: "event_predecessor", owner: "event_key", links: ["predecessor_key": "event"]),
        Part(table: "phase_condition", owner: "event_key"),
        Part(table: "phase_score", owner: "event_key"),
      ]),
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  static func named(_ name: String) -> RecordKind? { byName[name] }

  /// The tables that records are made of.
  static let tables = Set(all.flatMap { [$0.table] + $0.parts.map(\.table) })

  /// The column that holds the id of a record that others refer to.
  var idColumn: String { identity[0] }
}

/// A column of a table of records.
struct RecordColumn: Sendable {
  let name: String
  /// "INTEGER", "REAL", "TEXT" or "BLOB"; of a link "TEXT", since it holds an id.
  let type: String
  /// The kind of record that it refers to.
  let link: RecordKind?

  /// What selects its value: of a link, the id.
  var selection: String {
    guard let link else { return name }
    return
      "(SELECT \(link.idColumn) FROM \(link.table) WHERE \(link.table).\(link.key) = own.\(name))"
  }
}

/// The columns that records are made of: all but those that hold this file's numbers, and the time of storing.
struct RecordColumns {
  private var columns: [String: [RecordColumn]] = [:]
  private var orders: [String: String] = [:]

  init(_ database: Database) throws {
    let clustered = Set(Ledger.tables.filter { $0.parent != nil }.map(\.name))
    func add(_ table: String, without: Set<String>, links: [String: String]) throws {
      let rows = try database.rows(
        "SELECT name, type, pk FROM pragma_table_info('\(table)') ORDER BY cid")
      let keys = try rows.filter { try $0.integer("pk") > 0 }
        .sorted { try $0.integer("pk") < $1.integer("pk") }.map { try $0.text("name") }
      orders[table] = clustered.contains(table) ? keys.joined(separator: ", ") : "rowid"
      columns[table] = try rows.compactMap { row in
        let name = try row.text("name")
        if without.contains(name) { return nil }
        let link = links[name].flatMap(RecordKind.named)
        return RecordColumn(
          name: name, type: link == nil ? try row.text("type") : "TEXT", link: link)
      }
    }
    for kind in RecordKind.all {
      try add(
        kind.table, without: Set([kind.key, kind.time].compactMap { $0 }), links: kind.links)
      for part in kind.parts { try add(part.table, without: [part.owner], links: part.links) }
    }
  }

  /// The order in which a table's rows were written.
  func order(of table: String) -> String { orders[table] ?? "rowid" }

  /// An order in which each record stands behind those of its kind that it refers to, and which does not depend on row
  /// numbers.
  func order(of kind: RecordKind) -> String {
    if kind.name == "event" { return "recorded_at, event_id" }
    return kind.identity.map { name in
      self[kind.table].first { $0.name == name }?.selection ?? name
    }.joined(separator: ", ")
  }

  /// Of a table of records, in their order.
  subscript(table: String) -> [RecordColumn] { columns[table] ?? [] }
}
