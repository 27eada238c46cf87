import PhaseCatalog

/// The clusters of a run as pictures and pages name and colour them.
struct RunClusters {
  struct Cluster {
    let label: Int
    let phase: String?
    /// Of the analysed pixels.
    let share: Double
    let colour: Colour
    /// How many larger clusters have the same colour: those of the same phase.
    let rank: Int

    var ink: Ink {
      Ink(colour: colour, name: "c\(label)", dash: Self.dashes[rank % Self.dashes.count])
    }
    private static let dashes = [nil, "7 3", "2 3", "9 3 2 3"]
    /// "cluster 0", or "0 Nd2Fe14B".
    var name: String { phase.map { "\(label)  \($0)" } ?? "cluster \(label)" }
  }

  /// Largest first.
  let all: [Cluster]
  /// The answer to `run-clusters`.
  let table: AnswerTable

  /// The clusters of a run (its full id).
  ///
  /// - Throws: ``CatalogError``.
  init(_ catalog: Catalog, run: String) throws {
    let table = try catalog.ask("run-clusters", run: run)
    let colours = try PhaseColours(catalog).ofClusters(table)
    self.table = table
    var ranks: [Colour: Int] = [:]
    all = table.rows.indices.map { row in
      let rank = ranks[colours[row], default: 0]
      ranks[colours[row]] = rank + 1
      let phase = table.value("phase", row: row)
      return Cluster(
        label: Int(table.value("cluster", row: row).number ?? 0),
        phase: phase == .null ? nil : phase.text,
        share: table.value("share", row: row).number ?? 0, colour: colours[row],
        rank: rank)
    }
  }

  /// A line of the legend for each.
  func legend(_ shape: Chart.Key.Shape) -> [Chart.Key] {
    all.map { cluster in
      Chart.Key(
        ink: cluster.ink, shape: shape, label: cluster.name,
        detail: Numeral.percent(cluster.share))
    }
  }

  func ink(_ label: Int) -> Ink {
    all.first { $0.label == label }?.ink ?? (label < 0 ? .noise : .plain)
  }
}

extension AnswerTable {
  /// The rows as dictionaries would be read: a column's number in each.
  func numbers(_ column: String) -> [Double?] {
    guard let index = columns.firstIndex(of: column) else { return rows.map { _ in nil } }
    return rows.map { $0[index].number }
  }

  func texts(_ column: String) -> [String?] {
    guard let index = columns.firstIndex(of: column) else { return rows.map { _ in nil } }
    return rows.map { $0[index] == .null ? nil : $0[index].text }
  }

  /// Places of the rows with a whole number in a column, by it.
  func rows(by column: String) -> [Int: [Int]] {
    Dictionary(grouping: rows.indices) { Int(value(column, row: $0).number ?? 0) }
  }
}
