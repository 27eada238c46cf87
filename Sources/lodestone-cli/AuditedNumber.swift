import Lodestone
import PhaseCatalog

/// One number of a result, behind an address.
struct AuditedNumber {
  private let quantity: StoredQuantity
  private let address: QuantityAddress
  /// The pixels that DBSCAN labelled; null for a number of the run, or of noise.
  private let dbscanPixels: AnswerTable.Value

  init(_ name: String, _ address: QuantityAddress, _ catalog: Catalog) throws {
    try catalog.requireResult(of: address.run)
    self.address = address
    guard let found = try catalog.quantity(name, run: address.run, cluster: address.cluster) else {
      let names = try catalog.quantityNames(run: address.run, cluster: address.cluster)
      let whose = address.cluster.map { "cluster \($0) of run" } ?? "run"
      let cluster = address.cluster.map { ":\($0)" } ?? ""
      throw Failure(
        "no quantity \"\(name)\" of \(whose) \(address.run.prefix(12))"
          + (names.isEmpty
            ? ""
            : ": there are \(names.prefix(12).joined(separator: ", ")) and more: "
              + "lodestone audit \(address.run.prefix(12))\(cluster)"),
        exitCode: 64)
    }
    quantity = found
    dbscanPixels =
      try address.cluster.map {
        try catalog.quantity("dbscan_pixels", run: address.run, cluster: $0)?.value ?? .null
      } ?? .null
  }

  /// The numbers of a cluster as a table.
  static func all(run: String, cluster: Int, _ catalog: Catalog) throws -> AnswerTable {
    AnswerTable(
      columns: ["name", "value", "error", "block_error", "unit", "meaning"],
      rows: try catalog.quantityNames(run: run, cluster: cluster).compactMap { name in
        try catalog.quantity(name, run: run, cluster: cluster).map { number in
          [
            .text(name), number.value, number.error,
            number.blockError.map { .real($0) } ?? .null, .text(number.unit),
            .text(number.meaning),
          ]
        }
      })
  }

  /// Whether the number depends on a parameter: one that the stage which makes it, or one before, reads.
  func dependsOn(_ parameter: String) -> Bool {
    if quantity.query == "run-parameters" { return parameter == quantity.name }
    let counts = ["pixels", "dbscan_pixels", "share", "area_um2"].contains(quantity.name)
    let last: PipelineStage =
      switch quantity.query {
      case "run-frames": .register
      case "run-components": .features
      case "run-clusters" where counts: .cluster
      case "run-radii", "run-surface", "run-depth", "run-spectra", "run-summary": .cluster
      default: .summarise
      }
    guard let stage = PipelineStage.reading(parameter) else { return true }
    let order = PipelineStage.allCases
    let isFit = ["run-fit", "run-estimates"].contains(quantity.query)
    return order.firstIndex(of: stage) ?? 0 <= order.firstIndex(of: last) ?? 0
      && (isFit || !parameter.hasPrefix("fit."))
  }

  /// What it is; of a parameter, as its definition says.
  private var meaning: String {
    guard quantity.query == "run-parameters" else { return quantity.meaning }
    let definition = ParameterDefinition.all.first { $0.name == quantity.name }
    return "the parameter: " + (definition?.meaning ?? quantity.meaning)
  }

  var text: String {
    let unit = quantity.unit.isEmpty ? "" : " " + quantity.unit
    let margin = quantity.error.number.map { " +- \(TextTable.short($0))" } ?? ""
    let shown = quantity.value == .null ? "not measured" : quantity.value.text + margin + unit
    let whose = address.cluster.map { " of cluster \($0)" } ?? ""
    var lines = [
      "\(quantity.name)\(whose) of run \(address.run.prefix(12)): \(shown)",
      "  \(meaning)",
    ]
    if let error = quantity.blockError {
      lines.append("  standard error by the parts of the sample: \(TextTable.short(error))\(unit)")
    }
    if dbscanPixels != .null {
      lines.append("  DBSCAN labelled \(dbscanPixels.text) pixels of the cluster")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: JSONText {
    let cluster = address.cluster.map { ":\($0)" } ?? ""
    return .object([
      ("address", .string("\(address.run)\(cluster):\(quantity.name)")),
      ("cluster", address.cluster.map { .integer($0) } ?? .null),
      ("quantity", .string(quantity.name)), ("value", JSONText(quantity.value)),
      ("error", JSONText(quantity.error)),
      ("block_error", quantity.blockError.map { .number($0) } ?? .null),
      ("unit", .string(quantity.unit)), ("meaning", .string(meaning)),
      ("query", .string(quantity.query)), ("dbscan_pixels", JSONText(dbscanPixels)),
    ])
  }
}

/// Who assigned a run's clusters to phases, and by which rules.
struct AuditedPhases {
  private let assignments: AnswerTable
  private let definitions: [(id: String, definition: Catalog.PhaseDefinition)]

  /// Of the address's cluster, or of all.
  init(_ address: QuantityAddress, _ catalog: Catalog) throws {
    let all = try catalog.ask("run-phases", run: address.run)
    assignments = address.cluster.map { all.filtered("cluster", String($0)) } ?? all
    let place = assignments.columns.firstIndex(of: "definition_id") ?? 0
    let ids = Set(assignments.rows.map { $0[place].text }).subtracting([""]).sorted()
    definitions = try ids.map { ($0, try catalog.phaseDefinition($0)) }
  }

  /// nil where nothing was assigned.
  var text: String? {
    if assignments.rows.isEmpty { return nil }
    let rules = definitions.map { _, definition in
      "\(definition.phase.shown), defined by \(definition.author.shown), \(definition.recordedAt): "
        + definition.rule.conditions.map(\.text).joined(separator: "; ") + "\n"
    }
    let table = TextTable(assignments.dropping(["definition_id", "event_id"]), all: "--json")
    return table.text(on: .output, indent: 2) + (rules.isEmpty ? "" : "\n")
      + rules.joined().wrapped(on: .output, taken: 2)
  }

  var json: JSONText {
    .object([
      ("assignments", JSONText(assignments)),
      (
        "definitions",
        .array(
          definitions.map { id, definition in
            .object([
              ("definition_id", .string(id)), ("phase", .string(definition.phase)),
              ("meaning", definition.rule.meaning.map { .string($0) } ?? .null),
              ("conditions", .array(definition.rule.conditions.map { .string($0.text) })),
              ("author", .string(definition.author)),
              ("recorded_at", .string(definition.recordedAt)),
            ])
          })
      ),
    ])
  }
}
