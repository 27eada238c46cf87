import PhaseCatalog

/// The drift of each frame, and how well the others explain it.
struct FramesPlot {
  private let energies: [Double]
  private let dy: [Double]
  private let dx: [Double]
  private let residuals: [Double?]
  private let altered: [Double]

  /// - Throws: ``CatalogError``.
  init(_ catalog: Catalog, run: String) throws {
    let table = try catalog.ask("run-frames", run: run)
    energies = table.numbers("energy_ev").map { $0 ?? 0 }
    dy = table.numbers("dy_px").map { $0 ?? 0 }
    dx = table.numbers("dx_px").map { $0 ?? 0 }
    residuals = table.numbers("residual")
    altered = table.numbers("altered_pixels").map { $0 ?? 0 }
  }

  static let down = Ink(colour: Palette.colours[0], name: "down")
  static let right = Ink(colour: Palette.colours[5], name: "right")

  /// In words.
  var description: String {
    func largest(_ values: [Double]) -> (value: Double, energy: Double) {
      zip(values, energies).max { abs($0.0) < abs($1.0) }.map { ($0.0, $0.1) } ?? (0, 0)
    }
    let (down, right) = (largest(dy), largest(dx))
    return
      "Drift of \(energies.count) frames against that of the lowest energy. The largest: \(Numeral.short(down.value)) px down at \(Numeral.short(down.energy)) eV, \(Numeral.short(right.value)) px to the right at \(Numeral.short(right.energy)) eV."
  }

  /// How it is to be read.
  var remark: String {
    let alters = altered.contains { $0 > 0 } ? " Below: pixels whose value was replaced." : ""
    return
      "Drift of each frame against that of the lowest energy, and the share of its variance that the other frames do not explain once they are registered.\(alters)"
  }

  var legend: [Chart.Key] {
    [
      .init(ink: Self.down, shape: .dot, label: "drift down"),
      .init(ink: Self.right, shape: .dot, label: "drift to the right"),
    ]
  }

  /// For each range of energies: drift, what of each frame the others do not explain, and altered pixels.
  var columns: [[Panel]] {
    let drift = Axis.linear("Drift (px)", dy + dx + [-0.5, 0.5], ticks: 4)
    let known = residuals.compactMap(\.self)
    let residual = Axis.logarithmic("Variance that other frames do not explain", known)
    let most = altered.max() ?? 0
    return RunSpectra.ranges(of: energies).map { range in
      let x = Axis.energies(Array(energies[range]))
      func points(_ values: [Double]) -> [Panel.Point] {
        range.map { .init(x: energies[$0], y: values[$0]) }
      }
      var panels = [Panel(x: x, y: drift, height: 130, hasXLabels: known.isEmpty && most == 0)]
      panels[0].marks = [
        .level(0), .line(points(dy), Self.down), .line(points(dx), Self.right),
      ]
      if !known.isEmpty {
        let own = range.compactMap { place in
          residuals[place].flatMap { $0 > 0 ? Panel.Point(x: energies[place], y: $0) : nil }
        }
        panels.append(Panel(x: x, y: residual, height: 90, hasXLabels: most == 0))
        panels[1].marks = [.line(own, .plain), .dots(own, .plain, radius: 1.6)]
      }
      if most > 0 {
        panels.append(
          Panel(x: x, y: .linear("Altered pixels", altered + [0], ticks: 2), height: 50))
        panels[panels.count - 1].marks = [.dots(points(altered), .plain, radius: 1.6)]
      }
      return panels
    }
  }
}

/// How much each principal component varies, and which of them are features.
struct ComponentsPlot {
  private let variances: [Double]
  private let used: Int

  /// nil where the run keeps none.
  ///
  /// - Throws: ``CatalogError``.
  init?(_ catalog: Catalog, run: String) throws {
    let table = try catalog.ask("run-components", run: run)
    variances = table.numbers("variance").map { $0 ?? 0 }
    used = table.numbers("is_used").count { $0 == 1 }
    if variances.isEmpty { return nil }
  }

  /// In words.
  var description: String {
    let first = variances.prefix(max(used, 1) + 1).map(Numeral.short).joined(separator: ", ")
    return
      "Variance of \(variances.count) principal components, of which the first \(used) are features. The largest: \(first)."
  }

  /// How it is to be read.
  var remark: String {
    "Filled: the components that are features, \(used) of \(variances.count)."
  }

  /// The first forty: those behind are noise like them.
  var panel: Panel {
    // What normalising leaves no freedom for is nothing but rounding.
    let largest = variances.max() ?? 0
    let shown = variances.prefix(40).prefix { $0 > 1e-9 * largest }
    let points = shown.enumerated().map { Panel.Point(x: Double($0 + 1), y: $1) }
    var x = Axis.linear(
      "Principal component", [0, Double(shown.count) + 1], ticks: 8, endsOnTicks: false)
    x.ticks = x.ticks.filter { $0.value >= 1 && $0.value.rounded() == $0.value }
    var panel = Panel(x: x, y: .logarithmic("Variance (normalised spectra, squared)", shown))
    let positive = points.filter { $0.y > 0 }
    panel.marks = [
      .line(positive, .plain),
      .dots(positive.filter { Int($0.x) > used }, .plain, isFilled: false, radius: 2.2),
      .dots(positive.filter { Int($0.x) <= used }, FramesPlot.down, radius: 3.4),
    ]
    return panel
  }
}
