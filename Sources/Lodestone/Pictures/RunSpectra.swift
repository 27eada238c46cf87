import Foundation
import PhaseCatalog

/// The mean spectra of a run's clusters, and its edges.
struct RunSpectra {
  struct Spectrum {
    let label: Int
    /// OD, one an energy.
    let mean: [Double]
    /// Standard deviation over the pixels that DBSCAN labelled.
    let deviation: [Double]
  }

  /// An edge of a cluster's spectrum, as it was normalised.
  struct Edge {
    let label: Int
    let symbol: String
    let edge: String
    /// E0 that was used, eV.
    let e0: Double
    /// Where the mean spectrum rises most, eV.
    let derivative: Double?
    let preStart: Double
    let convention: String
    /// nil where it is not divided by a step.
    let step: Double?
    let preLine: (offset: Double, slope: Double)
    var name: String { "\(symbol) \(edge)" }
  }

  /// eV, ascending.
  let energies: [Double]
  /// Largest cluster first.
  let spectra: [Spectrum]
  /// By cluster and E0.
  let edges: [Edge]

  /// - Throws: ``CatalogError``.
  init(_ catalog: Catalog, run: String) throws {
    let table = try catalog.ask("run-spectra", run: run)
    let (means, deviations) = (table.numbers("mean_od"), table.numbers("sd_od"))
    let rows = table.rows(by: "cluster")
    spectra = rows.keys.sorted().map { label in
      let own = rows[label] ?? []
      return Spectrum(
        label: label, mean: own.map { means[$0] ?? .nan },
        deviation: own.map { deviations[$0] ?? 0 })
    }
    energies = try catalog.ask("run-frames", run: run).numbers("energy_ev").compactMap(\.self)
    let answer = try catalog.ask("run-edges", run: run)
    edges = answer.rows.indices.compactMap { row in
      func number(_ column: String) -> Double? { answer.value(column, row: row).number }
      guard let label = number("cluster"), let e0 = number("e0_ev") else { return nil }
      let convention = answer.value("convention", row: row).text
      let isStep = ["larch", "textbook", "two_means"].contains(convention)
      let isNormalised = isStep && number("is_normalised") == 1
      return Edge(
        label: Int(label), symbol: answer.value("symbol", row: row).text,
        edge: answer.value("edge", row: row).text, e0: e0, derivative: number("derivative_ev"),
        preStart: number("pre_start_ev") ?? e0, convention: convention,
        step: isNormalised ? number("divisor") : nil,
        preLine: (number("pre_offset") ?? 0, number("pre_slope") ?? 0))
    }
  }

  /// Energies without a gap between them: a gap is much wider than the steps on both its sides, and a tenth of the whole.
  static func ranges(of energies: [Double]) -> [Range<Int>] {
    guard energies.count > 3, let first = energies.first, let last = energies.last else {
      return energies.isEmpty ? [] : [energies.indices]
    }
    let steps = zip(energies.dropFirst(), energies).map { $0 - $1 }
    var starts = [0]
    for place in steps.indices where steps[place] > 0.1 * (last - first) {
      let beside = [place - 1, place + 1].filter(steps.indices.contains).map { steps[$0] }
      // Of two single energies far apart neither side says what a step is.
      if let widest = beside.max(), steps[place] > 4 * widest { starts.append(place + 1) }
    }
    return zip(starts, starts.dropFirst() + [energies.count]).map { $0..<$1 }
  }

  /// The edges by name, each with what all clusters say of it, by energy.
  var edgesByName: [(name: String, of: [Edge])] {
    let named = Dictionary(grouping: edges, by: \.name)
    return named.map { ($0.key, $0.value) }
      .sorted { ($0.1[0].e0, $0.0) < ($1.1[0].e0, $1.0) }
  }
}
