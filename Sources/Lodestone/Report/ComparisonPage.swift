import PhaseCatalog

/// What a page tells of several samples beside one another.
struct ComparisonPage {
  private let catalog: Catalog
  private let comparison: SampleComparison
  private let figures: ComparisonFigures

  /// - Throws: ``CatalogError``.
  init(_ catalog: Catalog, _ comparison: SampleComparison) throws {
    self.catalog = catalog
    self.comparison = comparison
    figures = ComparisonFigures(
      comparison: comparison, colours: try PhaseColours(catalog), id: "comparison")
  }

  private var names: [String] { comparison.samples.map(\.name) }

  /// "Comparison of M1, M2 and M3".
  var title: String {
    guard names.count <= 6, let last = names.last else {
      return "Comparison of \(names.count) samples"
    }
    return names.count == 1
      ? "Phases of \(last)"
      : "Comparison of \(names.dropLast().joined(separator: ", ")) and \(last)"
  }

  /// The whole page.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  func html() throws -> String {
    let maps = try self.maps()
    let parts: [(id: String, name: String, markup: Markup)] = [
      ("phases", "Phases", figures.all), ("maps", "Maps", maps),
      ("numbers", "Numbers", numberPart), ("runs", "Runs", try runPart()),
    ].filter { $0.2 != .none }
    return HTML.page(title: title, links: parts.map { ($0.id, $0.name) }) {
      header
      warnings
      parts.map { part in
        HTML.section(part.id, part.name, class: "part-\(part.id)") { part.markup }
      }
    }
  }

  private var header: Markup {
    let runs = comparison.samples.reduce(0) { $0 + $1.runs.count }
    return .joined([
      HTML.heading(title, level: 1),
      .element("p", ["class": "sub"]) {
        "Surface: \(figures.surfaceInWords). \(runs) runs of parameter set "
        HTML.command(String(comparison.parameters.prefix(12)))
        "."
      },
    ])
  }

  private var warnings: Markup {
    let retracted = comparison.retractedLeftOut
    let said =
      comparison.remarks
      + (retracted == 0
        ? [] : ["\(retracted) retracted \(retracted == 1 ? "run is" : "runs are") left out"])
    guard !said.isEmpty else { return .none }
    return HTML.section("warnings", "What to know first", class: "warnings") {
      Markup.element("ul") {
        said.map { text in Markup.element("li") { text.prefix(1).uppercased() + text.dropFirst() } }
      }
    }
  }

  /// The label map of each run, small.
  private func maps() throws -> Markup {
    let runs = comparison.samples.flatMap { sample in sample.runs.map { (sample.name, $0) } }
    let budget = Report.pictureBudget / max(runs.count, 1)
    return .joined([
      try .element("div", ["class": "small-maps"]) {
        try runs.map { name, run in
          let maps = try PageMaps(
            catalog, run: run, RunClusters(catalog, run: run), budget: budget, hasDensity: false)
          let picture = maps.labelPicture
          return Markup.element("figure", ["class": picture.shape]) {
            Markup.element("div", ["class": "frame"]) {
              Markup.element(
                "img",
                [
                  "class": "pixels", "src": picture.source, "width": "\(picture.width)",
                  "height": "\(picture.height)",
                  "alt": "Label map of \(name), run \(run.prefix(12)).",
                ])
            }
            maps.scaleBar
            Markup.element("figcaption") {
              Markup.element("b") { name }
              " run "
              HTML.command(String(run.prefix(12)))
            }
          }
        }
      }, phaseLegend,
    ])
  }

  private var phaseLegend: Markup {
    let phases = Set(comparison.samples.flatMap { $0.phases.map(\.name) }).sorted()
    return .element("ul", ["class": "key"]) {
      phases.map { phase in
        Markup.element("li") {
          figures.colours[phase].map(HTML.swatch)
          phase
        }
      }
    }
  }

  private var numberPart: Markup {
    let (edges, distances) = (figures.edgeTable, figures.distanceTable)
    let names = self.names.map(shellQuoted).joined(separator: " ")
    return .joined([
      figures.shareTable.markup,
      .element("p", ["class": "remark"]) {
        "Shares are of all analysed pixels of the zone, noise included. The same numbers, with the addresses of what each was made from: "
        HTML.command(
          "lodestone compare \(names) --surface-depth \(CanonicalJSON.text(of: comparison.surfaceDepthUM)) --json"
        )
      }, edges.rows.isEmpty ? .none : HTML.details("Edges") { edges.markup },
      distances.rows.isEmpty ? .none : HTML.details("Distances of spectra") { distances.markup },
    ])
  }

  private func runPart() throws -> Markup {
    var table = HTMLTable(
      caption: "Runs that were compared, one of each scan",
      columns: RunTable.columns)
    for sample in comparison.samples {
      for run in sample.runs {
        table.rows.append(
          try RunTable.row(catalog, run: run, name: sample.name, link: nil))
      }
    }
    return table.droppingEmpty().markup
  }
}

/// Runs, a line each.
enum RunTable {
  static let columns: [HTMLTable.Column] = [
    .init(heading: "Sample"), .init(heading: "Run"), .init(heading: "Scan"),
    .init(heading: "Clusters", isNumber: true), .init(heading: "Analysed (px)", isNumber: true),
    .init(heading: "Noise (%)", isNumber: true), .init(heading: "Warnings", isNumber: true),
    .init(heading: "Parameters"), .init(heading: "Stored"),
  ]

  /// - Parameter link: where on the page the run stands.
  /// - Throws: ``CatalogError``.
  static func row(
    _ catalog: Catalog, run: String, name: String, link: String?
  ) throws -> HTMLTable.Row {
    let summary = try catalog.ask("run-summary", run: run)
    func number(_ column: String) -> Int { Int(summary.value(column).number ?? 0) }
    func id(_ column: String) -> Markup {
      HTML.command(String(summary.value(column).text.prefix(12)))
    }
    let warnings = try catalog.ask("run-warnings", run: run).rows.count
    let analysed = number("analysed_pixels")
    let noise = 100 * Double(number("noise_pixels")) / Double(max(analysed, 1))
    return HTMLTable.Row(
      cells: [
        .text(name),
        HTMLTable.Cell(
          content: link.map { link in
            Markup.element("a", ["href": "#\(link)"]) { id("run_id") }
          } ?? id("run_id")), HTMLTable.Cell(content: id("scan_id")),
        .number(Numeral.count(number("cluster_count"))), .number(Numeral.count(analysed)),
        .number(Numeral.fixed(noise, 1)), .number("\(warnings)"),
        HTMLTable.Cell(content: id("parameters_id")),
        .text(RunPage.minute(summary.value("recorded_at").text)),
      ])
  }
}
