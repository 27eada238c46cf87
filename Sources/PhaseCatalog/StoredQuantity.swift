import Foundation
internal import GRDB

/// A stored number of a run or of one of its clusters, and what it is: behind an address `RUN:CLUSTER:NAME`, or
/// `RUN:NAME`.
///
/// The name is that of a column of the stored query that tells the number. Where this has several rows a cluster, what
/// tells them apart stands before it (`Nd.step`, `Fe-K.e0_ev`, `Nd/Fe.ratio`), or behind it for rows by energy, depth or
/// radius (`mean_od@7112`).
public struct StoredQuantity: Sendable {
  /// As in an address.
  public let name: String
  /// A number, or null.
  public let value: AnswerTable.Value
  /// The standard error that is stored beside it, of the measurement on the mean spectrum.
  public let error: AnswerTable.Value
  /// The standard error by the parts of the sample; nil where there is none.
  public let blockError: Double?
  /// Empty where there is none.
  public let unit: String
  /// As the query's header says.
  public let meaning: String
  /// The stored query that tells it.
  public let query: String

  /// Both errors together, 0 where none is known.
  var wholeError: Double {
    let (one, other) = (error.number ?? 0, blockError ?? 0)
    return (one * one + other * other).squareRoot()
  }
}

/// Where numbers of a run are found.
struct QuantitySource: Sendable {
  let query: String
  let isOfCluster: Bool
  /// The columns that tell the rows of a cluster apart, and what joins them.
  var keys: [String] = []
  var joint = ""
  /// Columns that are the same in all rows of a cluster.
  var common: Set<String> = []
  /// The column that a name without column stands for.
  var standard: String?
  /// The number that stands behind the name.
  var place: String?
  /// A column that counts though it holds text: a parameter may be "auto".
  var text: String?

  static let all = [
    QuantitySource(query: "run-clusters", isOfCluster: true),
    QuantitySource(query: "run-surface", isOfCluster: true),
    QuantitySource(query: "run-elements", isOfCluster: true, keys: ["symbol"]),
    QuantitySource(
      query: "run-edges", isOfCluster: true, keys: ["symbol", "edge"], joint: "-"),
    QuantitySource(
      query: "run-ratios", isOfCluster: true, keys: ["numerator", "denominator"], joint: "/",
      common: ["thickness_um", "fit_residual_od", "spread", "width_px"]),
    QuantitySource(query: "run-fit", isOfCluster: true, keys: ["name"]),
    QuantitySource(query: "run-phases", isOfCluster: true),
    QuantitySource(query: "run-estimates", isOfCluster: true, keys: ["quantity"]),
    QuantitySource(query: "run-spectra", isOfCluster: true, place: "energy_ev"),
    QuantitySource(query: "run-depth", isOfCluster: true, place: "bin"),
    QuantitySource(query: "run-summary", isOfCluster: false),
    QuantitySource(query: "run-found", isOfCluster: false, keys: ["name"], standard: "value"),
    QuantitySource(
      query: "run-parameters", isOfCluster: false, keys: ["name"], standard: "value",
      text: "value"),
    QuantitySource(query: "run-frames", isOfCluster: false, place: "energy_ev"),
    QuantitySource(query: "run-radii", isOfCluster: false, place: "radius"),
    QuantitySource(query: "run-components", isOfCluster: false, place: "number"),
  ]

  /// The columns that hold numbers of their own.
  var fields: [StoredQuery.Field] {
    let keys = Set(self.keys + ["cluster", "run"] + (place.map { [$0] } ?? []))
    return ((try? StoredQuery.named(query))?.columns ?? []).filter {
      ($0.type != "text" || $0.name == text) && !keys.contains($0.name)
    }
  }

  /// The name of a row's number.
  func name(of column: String, _ table: AnswerTable, row: Int) -> String {
    if let place { return "\(column)@\(table.value(place, row: row).text)" }
    if keys.isEmpty || common.contains(column) { return column }
    let key = keys.map { table.value($0, row: row).text }.joined(separator: joint)
    return column == standard ? key : "\(key).\(column)"
  }

  /// Whether a name may be one of these.
  func mayHold(_ name: String) -> Bool {
    if place != nil {
      guard let mark = name.lastIndex(of: "@") else { return false }
      return fields.contains { $0.name == name[..<mark] }
    }
    return fields.contains { field in
      keys.isEmpty || common.contains(field.name)
        ? field.name == name : name.hasSuffix(".\(field.name)") || standard == field.name
    }
  }
}

/// Reads numbers of one run; what is read once is kept.
final class QuantityReader {
  private let database: Database
  private let run: String
  private var tables: [String: AnswerTable] = [:]

  init(_ database: Database, run: String) {
    self.database = database
    self.run = run
  }

  func table(_ query: String) throws -> AnswerTable {
    if let known = tables[query] { return known }
    let table = try Catalog.answer(query, run: run, in: database)
    tables[query] = table
    return table
  }

  /// A number; nil where there is none of this name.
  ///
  /// - Parameter cluster: nil for one of the run.
  func quantity(_ name: String, cluster: Int?) throws -> StoredQuantity? {
    try exactly(name, cluster: cluster)
      // As phase-stats calls what is of an element: nd_areal_g_cm2.
      ?? ["nd", "fe"].first { name.hasPrefix($0 + "_") }.flatMap {
        try exactly("\($0.capitalized).\(name.dropFirst(3))", cluster: cluster)
      }
  }

  private func exactly(_ name: String, cluster: Int?) throws -> StoredQuantity? {
    for source in QuantitySource.all
    where source.isOfCluster == (cluster != nil) && source.mayHold(name) {
      let table = try table(source.query)
      for row in rows(table, of: cluster, source, name) {
        for field in source.fields {
          let own = source.name(of: field.name, table, row: row)
          let isMeant = source.place == nil ? own == name : name.hasPrefix(field.name + "@")
          guard isMeant else { continue }
          return StoredQuantity(
            name: own, value: table.value(field.name, row: row),
            error: error(of: field.name, table, row), blockError: try blockError(name, cluster),
            unit: field.unit.isEmpty && source.standard != nil
              ? table.value("unit", row: row).text : field.unit,
            meaning: field.meaning, query: source.query)
        }
      }
    }
    return nil
  }

  /// The rows of a cluster, or of the run; of those by energy, depth or radius the nearest, as far as the five digits of a
  /// table tell.
  private func rows(
    _ table: AnswerTable, of cluster: Int?, _ source: QuantitySource, _ name: String
  ) -> [Int] {
    let own = table.rows.indices.filter { row in
      cluster.map { table.value("cluster", row: row).number == Double($0) } ?? true
    }
    guard let column = source.place else { return own }
    guard let mark = name.lastIndex(of: "@"), let asked = Double(name[name.index(after: mark)...])
    else { return [] }
    func distance(_ row: Int) -> Double {
      table.value(column, row: row).number.map { abs($0 - asked) } ?? .infinity
    }
    let nearest = own.min { distance($0) < distance($1) }
    return nearest.map { distance($0) <= 5e-5 * abs(asked) ? [$0] : [] } ?? []
  }

  /// The names of all numbers, of the run or of a cluster, but for the errors by blocks, which stand beside the number.
  func names(cluster: Int?) throws -> [String] {
    var names: [String] = []
    for source in QuantitySource.all
    where source.isOfCluster == (cluster != nil) && source.place == nil
      && source.query != "run-estimates"
    {
      let table = try table(source.query)
      for row in table.rows.indices
      where cluster == nil || table.value("cluster", row: row).number == cluster.map(Double.init) {
        for field in source.fields {
          let name = source.name(of: field.name, table, row: row)
          if !names.contains(name), table.value(field.name, row: row) != .null {
            names.append(name)
          }
        }
      }
    }
    return names
  }

  private func error(of column: String, _ table: AnswerTable, _ row: Int) -> AnswerTable.Value {
    let name =
      switch column {
      case "areal_g_cm2": "areal_error_g_cm2"
      case "value": "error"
      default: column + "_error"
      }
    return table.value(name, row: row)
  }

  private static let aliases = [
    "nd_fraction": "Nd.atomic_fraction", "nd_step": "Nd.step", "fe_step": "Fe.step",
    "layer_thickness_um": "layer_thickness_px",
  ]

  private func blockError(_ name: String, _ cluster: Int?) throws -> Double? {
    guard let cluster else { return nil }
    let stored = Self.aliases[name] ?? name
    let table = try table("run-estimates")
    let row = table.rows.indices.first {
      table.value("cluster", row: $0).number == Double(cluster)
        && table.value("quantity", row: $0).text == stored
    }
    guard let row, let error = table.value("error", row: row).number else { return nil }
    guard name == "layer_thickness_um" else { return error }
    return try self.table("run-summary").value("pixel_size_um").number.map { $0 * error }
  }
}

extension Catalog {
  /// A number of a run, or of one of its clusters.
  ///
  /// - Parameters:
  ///   - run: the run's full id.
  ///   - cluster: nil for one of the run; -1 for noise.
  /// - Returns: nil where there is none of this name.
  /// - Throws: ``CatalogError``.
  public func quantity(_ name: String, run: String, cluster: Int?) throws -> StoredQuantity? {
    try read { try QuantityReader($0, run: run).quantity(name, cluster: cluster) }
  }

  /// The names of the numbers of a run, or of one of its clusters, but for those by energy, depth or radius.
  ///
  /// - Throws: ``CatalogError``.
  public func quantityNames(run: String, cluster: Int?) throws -> [String] {
    try read { try QuantityReader($0, run: run).names(cluster: cluster) }
  }

  /// Whether a rule may bound a number of this name: any of a cluster but how well phases fit it, which follows from the rules.
  public static func isClusterQuantity(_ name: String) -> Bool {
    QuantitySource.all.contains {
      $0.isOfCluster && $0.query != "run-phases" && $0.mayHold(name)
    }
  }

  /// A stored query's answer for a run, within a transaction.
  static func answer(_ name: String, run: String, in database: Database) throws -> AnswerTable {
    let statement = try database.cachedStatement(sql: StoredQuery.named(name).sql)
    let columns = statement.columnNames
    let rows = try Row.fetchAll(statement, arguments: ["run": run])
    return AnswerTable(columns: columns, rows: rows.map { $0.databaseValues.map(answer) })
  }
}
