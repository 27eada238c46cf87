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
  private let fits: AnswerTable
  private let radii: AnswerTable
  let found: AnswerTable
  let warnings: [String]
  /// Tags, notes and retractions: when, who, what.
  private let remarks: AnswerTable
  private let isRetracted: Bool
  private let catalog: Catalog
  private let run: String

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

  private func count(_ column: String) -> Int { Int(summary.value(column).number ?? 0) }

  // MARK: Text

  /// One line on what was scanned and one on what was analysed.
  var heading: String {
    func short(_ column: String) -> String { TextTable.short(summary.value(column).number ?? 0) }
    let analysed = max(count("analysed_pixels"), 1)
    let noise = 100 * Double(count("noise_pixels")) / Double(analysed)
    func side(_ column: String) -> String? {
      summary.value(column).number.map { TextTable.short($0) }
    }
    let sides = [side("pixel_height_um"), side("pixel_width_um")].compactMap(\.self)
    let size = (sides.isEmpty ? side("pixel_size_um") : sides.joined(separator: " x "))
      .map { ", pixels of \($0) um" }
    return """
      run \(run.prefix(12)), sample \(summary.value("sample").text), \
      scan \(summary.value("scan_id").text.prefix(12))
      \(count("height")) x \(count("width")) pixels, \(count("energy_count")) energies \
      \(short("energy_min_ev")) to \(short("energy_max_ev")) eV\(size ?? ""); \
      \(analysed) pixels analysed, \(String(format: "%.1f", noise)) % noise

      """
  }

  /// The clusters as a table, what they consist of, and the warnings.
  var body: String {
    var text = TextTable(clusters).text
    if !fits.rows.isEmpty {
      let hidden: Set = ["energies", "start_ev", "end_ev", "reference_spectrum_id", "r_factor"]
      text += "\nfitted with reference spectra:\n" + TextTable(fits.dropping(hidden)).text
    }
    for warning in warnings { text += "note: \(warning)\n" }
    return text + said
  }

  /// What people said of the run: a line each.
  var said: String {
    var text = isRetracted ? "RETRACTED: it is left out of queries\n" : ""
    for row in remarks.rows.indices {
      let parts = ["kind", "name", "value"].map { remarks.value($0, row: row) }
      let words = parts.filter { $0 != .null }.map(\.text).joined(separator: " ").shown
      let of = remarks.value("subject_kind", row: row) == .text("scan") ? " (its scan)" : ""
      text +=
        "\(words)\(of), \(remarks.value("author", row: row).text) "
        + "\(remarks.value("recorded_at", row: row).text)\n"
    }
    return text
  }

  /// The label map in at most 72 columns: each cluster's number, `.` noise, blank what was not
  /// analysed. A character stands for the label that most of its pixels have.
  func map(hasColour: Bool) throws -> String {
    let tiff = try TIFFFile(bytes: catalog.map("label", run: run), name: "label map")
    let frame = try tiff.frame(page: 0)
    let labels = frame.values.floats.map { Int($0) }
    let step = max(1, Double(frame.width) / 72)
    var text = ""
    for row in 0..<Int(Double(frame.height) / (2 * step)) {
      var line = ""
      for column in 0..<Int(Double(frame.width) / step) {
        var votes: [Int: Int] = [:]
        for y in Int(Double(row) * 2 * step)..<min(Int(Double(row + 1) * 2 * step), frame.height) {
          for x in Int(Double(column) * step)..<min(Int(Double(column + 1) * step), frame.width) {
            votes[labels[y * frame.width + x], default: 0] += 1
          }
        }
        let label = votes.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? -2
        line += symbol(label, hasColour)
      }
      text += line.replacing(/\s+$/, with: "") + "\n"
    }
    return text
  }

  private func symbol(_ label: Int, _ hasColour: Bool) -> String {
    guard label >= 0 else { return label == -1 ? "." : " " }
    let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    let digit = label < digits.count ? String(digits[label]) : "+"
    return hasColour ? "\u{1B}[\(31 + (label + 3) % 6)m\(digit)\u{1B}[0m" : digit
  }

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
