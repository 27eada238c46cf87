public import PhaseCatalog

/// What differs between runs, the first of which is what the others are compared with.
///
///     let comparison = try RunComparison(of: [a, b], in: catalog)
///     for row in comparison.parameters where row.differs { print(row.name, row.values) }
public struct RunComparison: Sendable {
  /// A quantity with its value in each run.
  public struct Row: Sendable, Equatable {
    /// What it is.
    public let name: String
    /// Its unit; empty where it has none, or its name says it.
    public let unit: String
    /// One a run; null where a run has none.
    public let values: [AnswerTable.Value]

    /// Whether the runs do not agree on it.
    public var differs: Bool { values.contains { $0 != values[0] } }
  }

  /// A cluster of the first run with those of the others that match it, or a cluster that matches none.
  public struct Cluster: Sendable, Equatable {
    /// Its number in each run; nil where a run has no such cluster.
    public let labels: [Int?]
    /// Its numbers.
    public let rows: [Row]
  }

  /// How the label map of a run agrees with that of the first.
  public struct Labels: Sendable, Equatable {
    /// The full id of the other run.
    public let run: String
    /// Why the maps cannot be compared; nil where they can.
    public let reason: String?
    /// Whether any pixel has another label, counting those that were not analysed.
    public let differs: Bool
    /// How far they agree over the pixels analysed in both, and which cluster is which: the first map is the first run's.
    public let agreement: LabelAgreement?
  }

  /// The runs' full ids.
  public let runs: [String]
  /// The scan: what it is of, its sample, and which of its frames differ.
  public let data: [Row]
  /// The parameters as asked.
  public let parameters: [Row]
  /// The version of each stage.
  public let stages: [Row]
  /// What was found where a parameter said "auto", and other single numbers.
  public let found: [Row]
  /// The counts.
  public let outcome: [Row]
  /// The warnings, each with 1 for the runs that have it and 0 for the others.
  public let warnings: [Row]
  /// The clusters. Where maps cannot be compared, none matches another.
  public let clusters: [Cluster]
  /// A line for each run but the first.
  public let labels: [Labels]
  /// Software and machine of the execution that made each result.
  public let environment: [Row]

  /// Whether anything differs but software and machine: those leave a result the same, or show in its numbers.
  public var differs: Bool {
    [data, parameters, stages, found, outcome, warnings].contains { $0.contains(where: \.differs) }
      || clusters.contains { $0.rows.contains(where: \.differs) }
      || labels.contains(where: \.differs)
  }

  /// Compares runs, by their full ids.
  ///
  /// - Throws: ``CatalogError``, also where a run has no result; ``InputError`` where a map cannot be decoded.
  /// - Complexity: O(pixels) for each run; two maps are in memory at a time.
  public init(of runs: [String], in catalog: Catalog) throws {
    precondition(!runs.isEmpty, "a run to compare with")
    for run in runs { try catalog.requireResult(of: run) }
    self.runs = runs
    let summaries = try runs.map { try catalog.ask("run-summary", run: $0) }
    let records = try runs.map { try catalog.run($0) }
    data =
      Self.rows(Self.dataColumns, of: summaries)
      + Self.frames(try records.map { try catalog.scan($0.scanID) })
    parameters = Self.rows(
      records.map { run in
        run.parameters.sorted { $0.name < $1.name }.map { ($0.name, $0.unit, $0.answer) }
      })
    stages = Self.rows(
      records.map { run in
        run.stages.sorted { $0.key < $1.key }.map { ($0.key, "", .integer(Int64($0.value))) }
      })
    found = Self.rows(
      try runs.map { run in
        try catalog.ask("run-found", run: run).rows.map { ($0[0].text, $0[2].text, $0[1]) }
      })
    outcome = Self.rows(Self.outcomeColumns, of: summaries)
    let messages = try runs.map { run in
      try catalog.ask("run-warnings", run: run).rows.map { $0[0].text }
    }
    warnings = Self.names(messages).map { message in
      Row(
        name: message, unit: "", values: messages.map { .integer($0.contains(message) ? 1 : 0) })
    }
    labels = try Self.labels(of: runs, in: catalog)
    clusters = try Self.clusters(of: runs, labels, in: catalog)
    environment = Self.rows(
      try zip(runs, summaries).map { run, summary in
        try Self.environment(of: run, result: summary.value("result_id"), in: catalog)
      })
  }

  private static let dataColumns = [
    "sample", "scan_id", "height", "width", "energy_count", "energy_min_ev", "energy_max_ev",
    "signal", "reference", "pixel_size_um", "pixel_height_um", "pixel_width_um", "geometry",
    "exposure_s", "reference_exposure_s",
  ]

  private static let outcomeColumns = [
    "total_pixels", "analysed_pixels", "eligible_pixels", "noise_pixels", "altered_values",
    "cluster_count", "smallest_findable_pixels",
  ]

  // MARK: Rows

  private typealias Entry = (name: String, unit: String, value: AnswerTable.Value)

  private static func rows(_ columns: [String], of tables: [AnswerTable]) -> [Row] {
    columns.map { column in
      Row(name: column, unit: "", values: tables.map { $0.value(column) })
    }
  }

  /// A row for each name, in the order of the first run that has it.
  private static func rows(_ entries: [[Entry]]) -> [Row] {
    let values = entries.map { Dictionary($0.map { ($0.name, $0) }) { first, _ in first } }
    return names(entries.map { $0.map(\.name) }).map { name in
      Row(
        name: name, unit: values.lazy.compactMap { $0[name]?.unit }.first ?? "",
        values: values.map { $0[name]?.value ?? .null })
    }
  }

  /// Each name once: those of the first list, then those that others add.
  private static func names(_ lists: [[String]]) -> [String] {
    var seen: Set<String> = []
    return lists.flatMap { $0.filter { seen.insert($0).inserted } }
  }

  // MARK: Data

  /// What of the frames differs from the first scan's: size, signal and such are columns already.
  private static func frames(_ scans: [ScanRecord]) -> [Row] {
    let known: Set = ["size", "signal", "reference", "pixel_size_um", "geometry"]
    let differences = scans.map { scan in
      Catalog.differences(scans[0], scan).filter { !known.contains($0.component) }
    }
    return names(differences.map { $0.map(\.component) }).map { component in
      let parts = differences.map { $0.first { $0.component == component } }
      let first = parts.lazy.compactMap { $0 }.first
      return Row(
        name: component, unit: "",
        values: parts.map { part in
          guard let part else { return .text(first?.earlier ?? "") }
          return .text(part.now + (part.name.isEmpty ? "" : " (\(part.name))"))
        })
    }
  }

  // MARK: Labels

  private static func labelMap(
    of run: String, in catalog: Catalog
  ) throws -> (height: Int, width: Int, labels: [Int32]) {
    let map = try StoredMap("label", catalog, run: run)
    return (map.height, map.width, map.labels.map { Int32($0) })
  }

  private static func labels(of runs: [String], in catalog: Catalog) throws -> [Labels] {
    let first = try labelMap(of: runs[0], in: catalog)
    return try runs.dropFirst().map { run in
      let other = try labelMap(of: run, in: catalog)
      guard (first.height, first.width) == (other.height, other.width) else {
        return Labels(
          run: run,
          reason:
            "maps of \(first.height) x \(first.width) and \(other.height) x \(other.width) pixels",
          differs: true, agreement: nil)
      }
      return Labels(
        run: run, reason: nil, differs: first.labels != other.labels,
        agreement: LabelAgreement(first.labels, other.labels))
    }
  }

  // MARK: Clusters

  private static func clusters(
    of runs: [String], _ labels: [Labels], in catalog: Catalog
  ) throws -> [Cluster] {
    let entries = try runs.map { try numbers(of: $0, in: catalog) }
    func cluster(_ labels: [Int?]) -> Cluster {
      let own = zip(labels, entries).map { label, entries in label.flatMap { entries[$0] } ?? [] }
      let number = Row(
        name: "label", unit: "", values: labels.map { $0.map { .integer(Int64($0)) } ?? .null })
      return Cluster(labels: labels, rows: [number] + rows(own))
    }
    let matches = labels.map { $0.agreement?.matches ?? [] }
    let matched = entries[0].keys.sorted().map { label in
      cluster(
        [label] + matches.map { $0.first { $0.cluster == label }?.other })
    }
    let others = matches.enumerated().flatMap { place, matches in
      entries[place + 1].keys.sorted().filter { label in
        !matches.contains { $0.other == label }
      }.map { label in
        cluster(runs.indices.map { $0 == place + 1 ? label : nil })
      }
    }
    return matched + others
  }

  /// The numbers of each cluster of a run that people compare: fits and windows in full are in its own queries.
  private static func numbers(of run: String, in catalog: Catalog) throws -> [Int: [Entry]] {
    var entries: [Int: [Entry]] = [:]
    /// - Parameter key: the columns that name what a row is of, besides its cluster.
    func add(_ query: String, _ columns: [String], key: [String] = []) throws {
      let table = try catalog.ask(query, run: run)
      for row in table.rows.indices {
        guard let label = table.value("cluster", row: row).number.map({ Int($0) }) else { continue }
        let of = key.map { table.value($0, row: row).text }.joined(separator: "-")
        for column in columns where table.value(column, row: row) != .null {
          let name = of.isEmpty ? column : "\(of).\(column)"
          entries[label, default: []].append((name, "", table.value(column, row: row)))
        }
      }
    }
    try add(
      "run-clusters",
      ["pixels", "dbscan_pixels", "share", "area_um2", "nd_fraction", "nd_fraction_error"])
    try add(
      "run-elements", ["step", "areal_g_cm2", "atomic_fraction"],
      key: ["symbol", "edge"])
    try add(
      "run-edges", ["e0_ev", "derivative_ev", "white_line_ev", "white_line_height"],
      key: ["symbol", "edge"])
    try add("run-ratios", ["ratio"], key: ["numerator", "denominator"])
    try add("run-ratios", ["thickness_um", "fit_residual_od", "spread", "width_px"])
    try add("run-fit", ["amount", "fraction"], key: ["name"])
    return entries
  }

  // MARK: Environment

  /// Where the result was computed first: later executions came to the same.
  private static func environment(
    of run: String, result: AnswerTable.Value, in catalog: Catalog
  ) throws -> [Entry] {
    let executions = try catalog.ask("run-executions", run: run)
    guard
      let made = executions.rows.indices.first(where: {
        executions.value("result_id", row: $0) == result
      })
    else { return [] }
    let environment = executions.value("environment_id", row: made)
    let items = try catalog.ask("run-environment", run: run)
    return items.rows.filter { $0[2] == environment }.map { ($0[0].text, "", $0[1]) }
      + [("host", "", executions.value("host", row: made))]
  }
}

extension ParameterRecord {
  fileprivate var answer: AnswerTable.Value {
    switch value {
    case .number(let number): .real(number)
    case .integer(let number): .integer(Int64(number))
    case .text(let text): .text(text)
    }
  }
}
