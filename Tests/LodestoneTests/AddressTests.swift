import Foundation
import Lodestone
import PhaseCatalog
import Testing
import TestSupport

/// Every number of a run or a cluster that a stored query tells has an address, and what lies behind it is that number,
/// with what it means.
@Suite struct AddressTests {
  fileprivate let small: SmallScan
  fileprivate let run: String

  init() throws {
    small = try SmallScan()
    try small.catalog.define(
      phase: "grains",
      as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: 0.05, high: 0.3)]))
    run = try small.ingest().runID
  }

  /// The columns that tell the rows of a query apart, by query: what stands before a number's name, and the number that
  /// stands behind it. The rule is the one that the help of audit states.
  private static let rows: [(query: String, keys: [String], joint: String, place: String?)] = [
    ("run-clusters", [], "", nil), ("run-surface", [], "", nil), ("run-phases", [], "", nil),
    ("run-elements", ["symbol"], "", nil), ("run-edges", ["symbol", "edge"], "-", nil),
    ("run-ratios", ["numerator", "denominator"], "/", nil), ("run-fit", ["name"], "", nil),
    ("run-estimates", ["quantity"], "", nil), ("run-spectra", [], "", "energy_ev"),
    ("run-depth", [], "", "bin"), ("run-summary", [], "", nil), ("run-found", ["name"], "", nil),
    ("run-frames", [], "", "energy_ev"), ("run-radii", [], "", "radius"),
    ("run-components", [], "", "number"),
  ]

  /// What the numbers of run-ratios are that are the cluster's.
  private static let common: Set = ["thickness_um", "fit_residual_od", "spread", "width_px"]

  @Test func everyNumberOfARunHasAnAddress() throws {
    var walked = 0
    for (name, keys, joint, place) in Self.rows {
      let query = try StoredQuery.named(name)
      let table = try small.catalog.ask(name, run: run)
      let others = Set(keys + ["cluster"] + [place].compactMap(\.self))
      for row in table.rows.indices {
        let cluster =
          table.columns.contains("cluster")
          ? table.value("cluster", row: row).number.map { Int($0) } : nil
        for column in query.columns where column.type != "text" && !others.contains(column.name) {
          var address = column.name
          if !keys.isEmpty, !Self.common.contains(column.name) {
            let key = keys.map { table.value($0, row: row).text }.joined(separator: joint)
            address = name == "run-found" ? key : "\(key).\(column.name)"
          }
          if let place { address += "@\(table.value(place, row: row).text)" }
          let found = try small.catalog.quantity(address, run: run, cluster: cluster)
          #expect(found?.value == table.value(column.name, row: row), "\(name) \(address)")
          #expect(found?.meaning.isEmpty == false, "\(name) \(address)")
          if name != "run-found" { #expect(found?.unit == column.unit, "\(name) \(address)") }
          walked += 1
        }
      }
    }
    #expect(walked > 700)
    // Every query of a run is walked, but for those that hold no numbers of a result, and the blocks: an address has one place,
    // and their numbers two.
    let rest = Set(
      StoredQuery.all.filter { $0.parameters.first?.name == "run" }.map(\.name)
    ).subtracting(Self.rows.map(\.query))
    #expect(
      rest == [
        "run-blocks", "run-environment", "run-executions", "run-files", "run-parameters",
        "run-remarks", "run-stages", "run-times", "run-warnings",
      ])
  }

  /// The queries over all runs tell stored numbers of clusters under the same names.
  @Test(arguments: ["phase-stats", "phase-clusters", "mean-spectrum"])
  func numbersOfClustersInOtherQueries(name: String) throws {
    let query = try StoredQuery.named(name)
    let table = try small.catalog.ask(query)
    #expect(!table.rows.isEmpty)
    let isByEnergy = table.columns.contains("energy_ev")
    let computed: Set = ["cluster", "energy_ev", "relative_spectrum"]
    for row in table.rows.indices {
      let cluster = try #require(table.value("cluster", row: row).number)
      let energy = isByEnergy ? "@\(table.value("energy_ev", row: row).text)" : ""
      for column in query.columns where column.type != "text" && !computed.contains(column.name) {
        let found = try small.catalog.quantity(
          column.name + energy, run: table.value("run_id", row: row).text, cluster: Int(cluster))
        #expect(found?.value == table.value(column.name, row: row), "\(column.name)\(energy)")
      }
    }
  }

  /// What a comparison says it was made from is there.
  @Test func everySourceOfAComparisonIsThere() throws {
    let comparison = try SampleComparison(small.catalog, surfaceDepthUM: 0.2)
    var walked = 0
    for phase in comparison.samples.flatMap(\.phases) {
      let estimates =
        [phase.shares.surface, phase.shares.bulk, phase.layerThicknessUM, phase.ndFraction]
        + phase.edges.flatMap { [$0.e0, $0.whiteLine, $0.whiteLineHeight] }
      for source in estimates.compactMap(\.self).flatMap(\.sources) {
        let parts = source.split(separator: ":").map(String.init)
        let cluster = try #require(Int(parts[1]))
        let name = parts.count > 2 ? parts[2] : "pixels"
        let found = try small.catalog.quantity(name, run: parts[0], cluster: cluster)
        #expect(found?.value.number != nil, "\(source)")
        walked += 1
      }
    }
    #expect(walked >= 5)
  }
}

extension AddressTests {
  /// An energy or a radius as a table shows it, to five digits, is near enough; a depth's bin is a whole number.
  @Test func placesToFiveDigits() throws {
    let radii = try small.catalog.ask("run-radii", run: run)
    let radius = try #require(radii.value("radius").number)
    func clusters(_ text: String) throws -> AnswerTable.Value? {
      try small.catalog.quantity("cluster_count@\(text)", run: run, cluster: nil)?.value
    }
    #expect(try clusters(String(format: "%.5g", radius)) == radii.value("cluster_count"))
    #expect(try clusters("\(radius * 1.01)") == nil)
    #expect(try clusters("x") == nil)
    let spectra = try small.catalog.ask("run-spectra", run: run)
    let energy = try #require(spectra.value("energy_ev").number)
    let found = try small.catalog.quantity("mean_od@\(energy + 0.2)", run: run, cluster: 0)
    #expect(found?.name == "mean_od@\(spectra.value("energy_ev").text)")
    #expect(found?.value == spectra.value("mean_od"))
    #expect(try small.catalog.quantity("mean_od@\(energy + 0.5)", run: run, cluster: 0) == nil)
  }

  /// A parameter has an address, also where it is automatic; of one that is both, what was found comes first.
  @Test func parametersHaveAddresses() throws {
    let share = try #require(
      try small.catalog.quantity("cluster.minimum_share", run: run, cluster: nil))
    #expect(share.value == .text("0.005") && share.query == "run-parameters")
    let saturation = try #require(
      try small.catalog.quantity("correct.saturation", run: run, cluster: nil))
    #expect(saturation.value == .text("auto") && saturation.unit == "counts")
    #expect(
      try small.catalog.quantity("dbscan.radius", run: run, cluster: nil)?.query == "run-found")
  }
}
