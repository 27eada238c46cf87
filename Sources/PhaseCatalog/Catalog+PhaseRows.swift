internal import GRDB

/// The rows beside the events of phases: what an event's value says, for SQL.
extension Catalog {
  private static let conditionColumns = [
    "event_key", "number", "quantity", "low", "high", "reference_spectrum_id", "run_id", "label",
    "name", "within",
  ]

  static func insert(
    _ conditions: [PhaseRule.Condition], of event: Int64, into database: Database
  ) throws {
    try database.insert(
      "phase_condition", columns: conditionColumns,
      rows: conditions.enumerated().map { number, condition in
        [event.databaseValue, (number + 1).databaseValue] + condition.row
      })
  }

  private static let scoreColumns = [
    "event_key", "label", "outcome", "phase", "score", "margin", "second", "definition_id",
  ]

  static func insert(
    _ parts: [PhaseAssignment], of event: Int64, into database: Database
  ) throws {
    try database.insert(
      "phase_score", columns: scoreColumns,
      rows: parts.map { [event.databaseValue] + $0.row })
  }

  /// Events whose rows do not say what their value does.
  static func misstatedPhases(_ database: Database) throws -> [String] {
    func rows(_ table: String, _ columns: [String], of event: Int64) throws -> [[DatabaseValue]] {
      try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT \(columns.dropFirst().joined(separator: ", ")) FROM \(table)
            WHERE event_key = ? ORDER BY 1
            """), arguments: [event]
      ).map { Array($0.databaseValues) }
    }
    return try database.rows(
      "SELECT event_key, event_id, kind, name, value FROM event WHERE kind GLOB 'phase.*'"
    ).compactMap { row in
      let key = try row.key("event_key")
      let conditions = try rows("phase_condition", conditionColumns, of: key)
      let scores = try rows("phase_score", scoreColumns, of: key)
      let isSo: Bool
      switch try row.text("kind") {
      case "phase.define":
        let rule = try PhaseRule(meaning: nil, json: try row.text("value"))
        isSo =
          scores.isEmpty
          && conditions
            == rule.conditions.enumerated().map { [($0 + 1).databaseValue] + $1.row }
      case "phase.assign":
        let parts = try PhaseAssignment.parts(json: try row.text("value"))
        isSo = conditions.isEmpty && scores == parts.map(\.row)
      default: isSo = conditions.isEmpty && scores.isEmpty
      }
      return isSo
        ? nil : "event \(try row.text("event_id").prefix(12)): its rows say something else"
    }
  }
}

extension PhaseRule.Condition {
  /// The columns behind the number.
  fileprivate var row: [DatabaseValue] {
    func row(
      quantity: String? = nil, low: Double? = nil, high: Double? = nil, spectrum: String? = nil,
      run: String? = nil, label: Int? = nil, name: String? = nil, within: Double? = nil
    ) -> [DatabaseValue] {
      [
        quantity.databaseValue, low.databaseValue, high.databaseValue, spectrum.databaseValue,
        run.databaseValue, label.databaseValue, name.databaseValue, within.databaseValue,
      ]
    }
    return switch self {
    case .bounds(let quantity, let low, let high): row(quantity: quantity, low: low, high: high)
    case .near(.spectrum(let id, let name), let within):
      row(spectrum: id, name: name, within: within)
    case .near(.cluster(let run, let label), let within):
      row(run: run, label: label, within: within)
    }
  }
}

extension PhaseAssignment {
  /// The columns behind the event.
  fileprivate var row: [DatabaseValue] {
    [
      label.databaseValue, outcome.rawValue.databaseValue, phase.databaseValue,
      score.databaseValue, margin.databaseValue, second.databaseValue, definition.databaseValue,
    ]
  }
}
