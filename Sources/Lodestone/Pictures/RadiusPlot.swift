import PhaseCatalog

/// How many clusters DBSCAN finds, and how much noise, at the radius that was used and at others.
struct RadiusPlot {
  private struct Trial {
    let radius: Double
    let clusters: Int
    let noise: Double?
    let isUsed: Bool
  }

  private let trials: [Trial]
  /// As asked: "auto", or a number.
  private let asked: String

  /// - Throws: ``CatalogError``; of kind `noResult` where no radius was tried.
  init(_ catalog: Catalog, run: String) throws {
    let table = try catalog.ask("run-radii", run: run)
    let eligible = try catalog.ask("run-summary", run: run).value("eligible_pixels").number
    trials = table.rows.indices.compactMap { row in
      func number(_ column: String) -> Double? { table.value(column, row: row).number }
      guard let radius = number("radius"), let count = number("cluster_count") else { return nil }
      let noise = number("noise_pixels").flatMap { pixels in
        eligible.flatMap { $0 > 0 ? pixels / $0 : nil }
      }
      return Trial(
        radius: radius, clusters: Int(count), noise: noise, isUsed: number("is_used") == 1)
    }
    if trials.isEmpty {
      throw CatalogError.noResult(
        "run \(run.prefix(12)) holds no radii: it is of before they were kept, or nothing was clustered"
      )
    }
    let parameters = try catalog.ask("run-parameters", run: run)
    let row = parameters.texts("name").firstIndex(of: "dbscan.radius")
    asked = row.map { parameters.value("value", row: $0).text } ?? "auto"
  }

  /// - Parameter subtitle: of which run.
  func chart(subtitle: String) -> Chart {
    Chart(
      title: "Clusters over the DBSCAN radius", subtitle: subtitle, description: description,
      rows: panels.map { [$0] }, remarks: [remark], width: 640)
  }

  /// The radii around the one used at which as many clusters are found.
  private var plateau: ClosedRange<Double>? {
    guard let used = trials.firstIndex(where: \.isUsed) else { return nil }
    var (low, high) = (used, used)
    while low > 0, trials[low - 1].clusters == trials[used].clusters { low -= 1 }
    while high + 1 < trials.count, trials[high + 1].clusters == trials[used].clusters { high += 1 }
    return low == high ? nil : trials[low].radius...trials[high].radius
  }

  /// How the radius came about.
  var remark: String {
    guard let used = trials.first(where: \.isUsed) else { return "No radius of these was used." }
    let how =
      asked == "auto"
      ? "The program chose the radius \(Numeral.short(used.radius)) noise units by the noise of the spectra"
      : "The radius \(Numeral.short(used.radius)) noise units was given, not chosen"
    guard let plateau else {
      return how + ": at the radii beside it there are other numbers of clusters."
    }
    return how
      + "; shaded: \(Numeral.short(plateau.lowerBound)) to \(Numeral.short(plateau.upperBound)), where the number of clusters is the same."
  }

  /// In words.
  var description: String {
    trials.map { trial in
      let noise = trial.noise.map { ", \(Numeral.percent($0)) noise" } ?? ""
      return
        "Radius \(Numeral.short(trial.radius)): \(trial.clusters) clusters\(noise)\(trial.isUsed ? " (used)" : "")."
    }.joined(separator: " ")
  }

  /// The number of clusters above, noise below.
  var panels: [Panel] {
    let radii = trials.map(\.radius)
    let spread = (radii.max() ?? 1) - (radii.min() ?? 0)
    let edge = spread > 0 ? 0.08 * spread : 0.1 * (radii.first ?? 1)
    let x = Axis.linear(
      "DBSCAN radius (noise units)",
      radii + [(radii.min() ?? 0) - edge, (radii.max() ?? 1) + edge],
      ticks: 7, endsOnTicks: false)
    var counts = Panel(
      x: x, y: .counts("Clusters", upTo: 1 + (trials.map(\.clusters).max() ?? 1)))
    counts.marks = marks { Double($0.clusters) }
    if let used = trials.first(where: \.isUsed) {
      counts.marks.append(
        .note(
          .init(x: used.radius, y: Double(used.clusters)),
          "\(asked == "auto" ? "chosen" : "given"): \(Numeral.short(used.radius))"))
    }
    let noise = trials.compactMap(\.noise)
    guard noise.count == trials.count else { return [counts] }
    counts.hasXLabels = false
    counts.height = 150
    var share = Panel(
      x: x,
      y: .linear(
        "Noise (% of the eligible pixels)", noise + [0, 0.01], ticks: 3, asPercent: true))
    share.marks = marks { $0.noise ?? 0 }
    share.height = 90
    return [counts, share]
  }

  private func marks(_ value: (Trial) -> Double) -> [Panel.Mark] {
    let points = trials.map { Panel.Point(x: $0.radius, y: value($0)) }
    let (used, others) = (
      zip(trials, points).filter(\.0.isUsed).map(\.1),
      zip(trials, points).filter { !$0.0.isUsed }.map(\.1)
    )
    return (plateau.map { [.range($0)] } ?? []) + [
      .line(points, .plain), .dots(others, .plain, isFilled: false), .dots(used, .plain),
    ]
  }
}
