import PhaseCatalog

/// The figures and tables of a comparison: all their numbers are its own.
struct ComparisonFigures {
  typealias Estimate = SampleComparison.Estimate

  let comparison: SampleComparison
  let colours: PhaseColours
  /// Begins the identifiers of what it draws.
  let id: String

  /// All of them: shares, and beside them layers and Nd fractions.
  var all: Markup {
    .joined([
      .element("div", ["class": "panels wide"]) {
        shares
        Markup.element("div") {
          layers
          fractions
        }
      },
      .element("p", ["class": "remark"]) { Self.remark },
    ])
  }

  private var samples: [SampleComparison.Sample] { comparison.samples }
  private var depth: String { Numeral.short(comparison.surfaceDepthUM) }
  private var isProjection: Bool { comparison.geometry == "projection" }

  /// All phases, by name.
  private var phases: [String] {
    Set(samples.flatMap { $0.phases.map(\.name) }).sorted()
  }

  private func phase(_ name: String, _ sample: SampleComparison.Sample) -> SampleComparison.Phase? {
    sample.phases.first { $0.name == name }
  }

  private func ink(_ phase: String) -> Ink {
    Ink(colour: colours[phase] ?? Palette.noise, name: "phase")
  }

  /// What counts as surface.
  var surfaceInWords: String {
    isProjection
      ? "up to \(depth) µm from the rim of a projection, which holds what lies behind too"
      : "up to \(depth) µm below the surface of a section"
  }

  // MARK: Dots and intervals

  private func rows(
    _ entries: (SampleComparison.Phase) -> [IntervalChart.Entry]
  ) -> [IntervalChart.Row] {
    phases.flatMap { name in
      samples.compactMap { sample in
        guard let own = phase(name, sample).map(entries), !own.isEmpty else { return nil }
        return IntervalChart.Row(
          label: sample.name, group: name, ink: ink(name), entries: own)
      }
    }
  }

  private func entry(
    _ estimate: Estimate?, _ what: String, isFilled: Bool = true,
    _ words: (Estimate) -> String
  ) -> IntervalChart.Entry? {
    estimate.map {
      IntervalChart.Entry(
        value: $0.median, error: $0.uncertainty, singles: $0.values, isFilled: isFilled,
        says: "\(what) \(words($0))")
    }
  }

  private func description(_ rows: [IntervalChart.Row]) -> String {
    rows.map { row in
      "\(row.group) in \(row.label): \(row.entries.map(\.says).joined(separator: ", "))."
    }.joined(separator: " ")
  }

  /// Shares of each phase at the surface and in the bulk.
  private var shares: Markup {
    let rows = rows { phase in
      [
        entry(phase.shares.bulk, "bulk", isFilled: false, Self.percent),
        entry(phase.shares.surface, "surface", Self.percent),
      ].compactMap(\.self)
    }
    return figure(
      "shares", rows, title: "Share of each phase at the surface and in the bulk",
      axis: .linear("Share of the analysed pixels (%)", [0, 1], asPercent: true),
      key: [
        .init(ink: .plain, shape: .dot, label: isProjection ? "near the rim" : "surface"),
        .init(ink: .plain, shape: .hollow, label: isProjection ? "further in" : "bulk"),
      ])
  }

  /// The layer that each phase makes, where it makes one.
  private var layers: Markup? {
    let rows = rows { phase in
      [entry(phase.layerThicknessUM, "layer", Self.value)].compactMap(\.self)
    }
    return rows.isEmpty
      ? nil
      : figure(
        "layers", rows, title: "Thickness of the layer along the surface",
        axis: .linear("Mean thickness of the layer (µm)", ends(rows) + [0], ticks: 6))
  }

  /// Nd fractions.
  private var fractions: Markup? {
    let rows = rows { phase in
      [entry(phase.ndFraction, "Nd/(Nd+Fe)", Self.value)].compactMap(\.self)
    }
    return rows.isEmpty
      ? nil
      : figure(
        "fractions", rows, title: "Nd fraction of each phase",
        axis: .linear("Nd / (Nd + Fe), atoms", ends(rows) + [0, 1], ticks: 5))
  }

  private func ends(_ rows: [IntervalChart.Row]) -> [Double] {
    rows.flatMap(\.entries).flatMap { entry in
      [entry.value - (entry.error ?? 0), entry.value + (entry.error ?? 0)] + entry.singles
    }
  }

  private func figure(
    _ name: String, _ rows: [IntervalChart.Row], title: String, axis: Axis,
    key: [Chart.Key] = []
  ) -> Markup {
    .element("figure", ["class": "charts"]) {
      HTML.heading(title, level: 3)
      IntervalChart(rows: rows, axis: axis).inPage(
        id: "\(id)-\(name)", title: title, description: description(rows))
      if !key.isEmpty { RunPage.key(key) }
    }
  }

  /// How the dots are to be read.
  private static let remark =
    "Dots: the median over a sample's scans. Bars: ± one standard error within a scan, from how its parts differ, and of the fit. Small ticks: each single scan, where there are several."

  // MARK: Tables

  private static func percent(_ estimate: Estimate) -> String {
    Numeral.measured(100 * estimate.median, error(estimate).map { 100 * $0 }) + "\u{202F}%"
  }

  private static func value(_ estimate: Estimate) -> String {
    Numeral.measured(estimate.median, error(estimate))
  }

  /// The uncertainty, where it is more than rounding.
  private static func error(_ estimate: Estimate) -> Double? {
    estimate.uncertainty.flatMap { $0 > 1e-12 * abs(estimate.median) ? $0 : nil }
  }

  /// A number with its error, and the range over scans below it.
  private static func cell(_ estimate: Estimate?, percent: Bool = false) -> HTMLTable.Cell {
    guard let estimate else { return .none }
    let scale = percent ? 100.0 : 1
    let error = error(estimate).map { $0 * scale }
    func rounded(_ value: Double) -> String { Numeral.rounded(value * scale, to: error) }
    return HTMLTable.Cell(
      content: .joined([
        .text(Numeral.measured(estimate.median * scale, error)),
        estimate.scans > 1
          ? .element("span", ["class": "range"]) {
            "\(rounded(estimate.low)) to \(rounded(estimate.high))"
          } : .none,
      ]), address: estimate.sources.count == 1 ? estimate.sources[0] : nil)
  }

  private func heading(_ phase: String) -> HTMLTable.Cell {
    HTMLTable.Cell(
      content: .joined([colours[phase].map(HTML.swatch) ?? .none, .text(phase)]))
  }

  /// Shares, layers and Nd fractions of each sample.
  var shareTable: HTMLTable {
    var table = HTMLTable(
      caption: "Phases in each sample; below a number, the smallest and the largest of any scan",
      columns: [
        .init(heading: "Sample"), .init(heading: "Phase"),
        .init(heading: "Scans", isNumber: true),
        .init(heading: "Surface (%)", name: "surface_share", isNumber: true),
        .init(heading: "Bulk (%)", name: "bulk_share", isNumber: true),
        .init(heading: "Surface / bulk", name: "enrichment", isNumber: true),
        .init(heading: "Layer (µm)", name: "layer_thickness_um", isNumber: true),
        .init(heading: "Nd/(Nd+Fe)", name: "nd_fraction", isNumber: true),
      ], headings: 2)
    for sample in samples {
      func row(
        _ heading: HTMLTable.Cell, _ scans: Int, _ shares: SampleComparison.Shares,
        _ layer: Estimate? = nil, _ fraction: Estimate? = nil
      ) -> HTMLTable.Row {
        HTMLTable.Row(
          cells: [
            .text(sample.name), heading, .number("\(scans)"),
            Self.cell(shares.surface, percent: true), Self.cell(shares.bulk, percent: true),
            Self.cell(shares.enrichment), Self.cell(layer), Self.cell(fraction),
          ])
      }
      table.rows += sample.phases.map {
        row(heading($0.name), $0.scans, $0.shares, $0.layerThicknessUM, $0.ndFraction)
      }
      // What there is none of need not be said.
      for (name, shares) in [
        ("ambiguous", sample.ambiguous), ("of no phase", sample.unassigned),
        ("noise", sample.noise),
      ] where shares.surface?.high ?? 0 > 0 || shares.bulk?.high ?? 0 > 0 {
        table.rows.append(row(.text("(\(name))"), sample.runs.count, shares))
      }
    }
    return table.droppingEmpty()
  }

  /// Energies of edges and white lines.
  var edgeTable: HTMLTable {
    var table = HTMLTable(
      caption: "Edges of each phase; below a number, the smallest and the largest of any scan",
      columns: [
        .init(heading: "Phase"), .init(heading: "Edge"), .init(heading: "Sample"),
        .init(heading: "Rises most (eV)", name: "e0_ev", isNumber: true),
        .init(heading: "White line (eV)", name: "white_line_ev", isNumber: true),
        .init(heading: "Its height (steps)", name: "white_line_height", isNumber: true),
      ], headings: 3)
    for name in phases {
      let own = samples.compactMap { sample in
        phase(name, sample).map { (sample.name, $0.edges) }
      }
      for edge in Set(own.flatMap { $0.1.map(\.name) }).sorted() {
        for (sample, edges) in own {
          guard let found = edges.first(where: { $0.name == edge }) else { continue }
          table.rows.append(
            HTMLTable.Row(
              cells: [
                heading(name), .text(edge.replacing("-", with: " ")), .text(sample),
                Self.cell(found.e0), Self.cell(found.whiteLine),
                Self.cell(found.whiteLineHeight),
              ]))
        }
      }
    }
    return table
  }

  /// How far mean spectra are apart.
  var distanceTable: HTMLTable {
    HTMLTable(
      caption:
        "Distance of mean spectra: the share of a spectrum's structure that the other sample's does not explain",
      columns: [
        .init(heading: "Phase"), .init(heading: "Sample"), .init(heading: "Other sample"),
        .init(heading: "Distance", isNumber: true),
      ],
      rows: comparison.distances.map { distance in
        HTMLTable.Row(
          cells: [
            heading(distance.phase), .text(distance.samples[0]), .text(distance.samples[1]),
            .number(Numeral.short(distance.distance)),
          ])
      }, headings: 3)
  }
}
