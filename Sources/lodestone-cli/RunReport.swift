import Foundation
import PhaseCatalog
import StackIO

/// What a run found, from the catalog: as text for the eye, or as JSON.
struct RunReport {
  let summary: AnswerTable
  let clusters: AnswerTable
  let elements: AnswerTable
  private let edges: AnswerTable
  private let ratios: AnswerTable
  let fits: AnswerTable
  private let radii: AnswerTable
  let found: AnswerTable
  let warnings: [String]
  /// Tags, notes and retractions: when, who, what.
  let remarks: AnswerTable
  let isRetracted: Bool
  let catalog: Catalog
  let run: String

  init(catalog: Catalog, run: String) throws {
    self.catalog = catalog
    self.run = run
    summary = try catalog.ask("run-summary", run: run)
    try catalog.requireResult(of: run)
    remarks = try catalog.ask("run-remarks", run: run)
    isRetracted = try catalog.isRetracted(run: run)
    clusters = try catalog.ask("run-clusters", run: run)
    elements = try catalog.ask("run-elements", run: run)
    edges = try catalog.ask("run-edges", run: run)
    ratios = try catalog.ask("run-ratios", run: run)
    fits = try catalog.ask("run-fit", run: run)
    radii = try catalog.ask("run-radii", run: run)
    found = try catalog.ask("run-found", run: run)
    warnings = try catalog.ask("run-warnings", run: run).rows.compactMap { $0.first?.text }
  }

  func count(_ column: String) -> Int { Int(summary.value(column).number ?? 0) }

  // MARK: JSON

  /// The members of an ingested or shown scan's JSON, behind its schema and status.
  var members: [(String, JSONText)] {
    let pixels = ["total", "analysed", "eligible", "noise"].map { name in
      (name, JSONText.integer(count(name + "_pixels")))
    }
    return [
      ("sample", JSONText(summary.value("sample"))), ("scan", JSONText(summary.value("scan_id"))),
      ("run", .string(run)), ("result", JSONText(summary.value("result_id"))),
      ("pixels", .object(pixels + [("altered", .integer(count("altered_values")))])),
      ("energies", .integer(count("energy_count"))),
      ("energy_min_ev", JSONText(summary.value("energy_min_ev"))),
      ("energy_max_ev", JSONText(summary.value("energy_max_ev"))),
      ("height", .integer(count("height"))), ("width", .integer(count("width"))),
      ("pixel_size_um", JSONText(summary.value("pixel_size_um"))),
      ("geometry", JSONText(summary.value("geometry"))),
      ("clusters", .array(clusters.rows.indices.map(cluster))),
      (
        "found",
        .object(found.rows.map { row in (row[0].text, JSONText(wholeIfWhole: row[1])) })
      ),
      ("radii", JSONText(radii)),
      ("smallest_findable_pixels", .integer(count("smallest_findable_pixels"))),
      ("warnings", .array(warnings.map { .string($0) })), ("retracted", .bool(isRetracted)),
      ("said", JSONText(remarks)),
    ]
  }

  /// The rows of a table that are of a cluster, as an array, without its number and some columns.
  private func rows(
    of label: AnswerTable.Value, in table: AnswerTable, dropping dropped: [String] = []
  ) -> JSONText {
    let own = AnswerTable(columns: table.columns, rows: table.rows.filter { $0[0] == label })
    return JSONText(own.dropping(Set(["cluster"] + dropped)))
  }

  private func cluster(_ row: Int) -> JSONText {
    let label = clusters.value("cluster", row: row)
    let quality = ratios.rows.firstIndex { $0[0] == label }
    let ofCluster = ["thickness_um", "fit_residual_od", "spread", "width_px"]
    let qualities = ofCluster.map { name in
      (name, quality.map { JSONText(ratios.value(name, row: $0)) } ?? .null)
    }
    let hasRatio = quality.map { ratios.value("ratio", row: $0) != .null } ?? false
    return .object(
      [
        ("label", JSONText(label)), ("pixels", JSONText(clusters.value("pixels", row: row))),
        ("dbscan_pixels", JSONText(clusters.value("dbscan_pixels", row: row))),
        ("share", JSONText(clusters.value("share", row: row))),
        ("area_um2", JSONText(clusters.value("area_um2", row: row))),
        ("nd_fraction", JSONText(clusters.value("nd_fraction", row: row))),
        ("nd_fraction_error", JSONText(clusters.value("nd_fraction_error", row: row))),
        ("elements", rows(of: label, in: elements)),
        ("edges", rows(of: label, in: edges)),
        ("ratios", hasRatio ? rows(of: label, in: ratios, dropping: ofCluster) : .array([])),
        ("fit", rows(of: label, in: fits)),
      ] + qualities)
  }
}

extension JSONText {
  /// A number, written without a fraction where it has none.
  fileprivate init(wholeIfWhole value: AnswerTable.Value) {
    if let number = value.number, let whole = Int(exactly: number) {
      self = .integer(whole)
    } else {
      self = JSONText(value)
    }
  }
}
