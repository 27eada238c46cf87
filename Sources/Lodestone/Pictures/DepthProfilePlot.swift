import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// The share of each cluster, and of noise, over depth: from the surface to the bulk.
struct DepthProfilePlot {
  /// A range of depths that is counted as one.
  struct Step: Equatable {
    /// um, or px where the pixel size is not known.
    var from: Double
    var to: Double
    /// By cluster; -1 is noise.
    var pixels: [Int: Int]
    var all: Int { pixels.values.reduce(0, +) }
    var middle: Double { (from + to) / 2 }
  }

  /// A share with its standard error over the parts of the sample.
  struct Share: Equatable {
    var depth: Double
    var share: Double
    var error: Double
  }

  private let clusters: RunClusters
  /// From the surface down.
  let steps: [Step]
  /// By cluster: shares in depth bins that widen, with what the parts of the sample leave open; none for results of before
  /// these were kept.
  let uncertainties: [Int: [Share]]
  let unit: String
  private let isProjection: Bool

  /// - Throws: ``CatalogError``; of kind `noResult` where the run has no depth.
  init(_ catalog: Catalog, run: String, _ clusters: RunClusters) throws {
    self.clusters = clusters
    let summary = try catalog.ask("run-summary", run: run)
    let pixelSize = summary.value("pixel_size_um").number
    isProjection = summary.value("geometry").text == "projection"
    unit = pixelSize == nil ? "px" : "µm"
    let table = try catalog.ask("run-depth", run: run)
    guard !table.rows.isEmpty else {
      throw CatalogError.noResult(
        "run \(run.prefix(12)) has no depth: no empty field borders its sample")
    }
    let size = PixelSize(summary: summary) ?? PixelSize(sideUM: 1)
    steps = Self.steps(
      table, scale: pixelSize ?? 1,
      oblong: max(size.heightUM, size.widthUM) / size.smallerUM)
    uncertainties = Self.uncertainties(
      try catalog.ask("run-blocks", run: run), scale: pixelSize ?? 1)
  }

  /// At most sixty steps of equal thickness, of whole bins; where few pixels lie so deep they are taken together.
  ///
  /// - Parameter oblong: a pixel's longer side over the shorter one: thinner steps would be full and empty by turns.
  private static func steps(_ table: AnswerTable, scale: Double, oblong: Double) -> [Step] {
    var bins: [Int: [Int: Int]] = [:]
    var width = 0.5
    for row in table.rows.indices {
      let bin = Int(table.value("bin", row: row).number ?? 0)
      let label = Int(table.value("cluster", row: row).number ?? -1)
      bins[bin, default: [:]][label, default: 0] += Int(table.value("pixels", row: row).number ?? 0)
      if bin > 0, let depth = table.value("depth_px", row: row).number {
        width = depth / Double(bin)
      }
    }
    let last = bins.keys.max() ?? 0
    // Distances between pixels come in lumps: whole pixels, two bins each, hold alike many.
    let needed = max(last / 60 + 1, oblong > 1 ? Int((2 * oblong).rounded(.up)) : 1)
    let each = needed == 1 ? 1 : (needed + 1) / 2 * 2
    let total = bins.values.reduce(0) { $0 + $1.values.reduce(0, +) }
    let least = max(20, total / 2000)
    var steps: [Step] = []
    var open = Step(from: 0, to: 0, pixels: [:])
    for start in stride(from: 0, through: last, by: each) {
      for bin in start..<(start + each) {
        for (label, pixels) in bins[bin] ?? [:] { open.pixels[label, default: 0] += pixels }
      }
      open.to = Double(start + each) * width * scale
      if open.all >= least {
        steps.append(open)
        open = Step(from: open.to, to: open.to, pixels: [:])
      }
    }
    // The rest is too little for a step of its own.
    if open.all > 0, var deepest = steps.popLast() {
      deepest.to = open.to
      deepest.pixels.merge(open.pixels, uniquingKeysWith: +)
      steps.append(deepest)
    } else if open.all > 0 {
      steps.append(open)
    }
    return steps
  }

  /// What leaving out one block after the other tells of each share.
  private static func uncertainties(_ table: AnswerTable, scale: Double) -> [Int: [Share]] {
    var cells: [[Double]: [Int: [Int: Double]]] = [:]
    var labels: Set<Int> = []
    for row in table.rows.indices {
      func number(_ column: String) -> Double { table.value(column, row: row).number ?? 0 }
      let (label, block) = (Int(number("cluster")), Int(number("block")))
      labels.insert(label)
      cells[[number("depth_px"), number("depth_end_px")], default: [:]][label, default: [:]][
        block, default: 0] += number("pixels")
    }
    var shares: [Int: [Share]] = [:]
    for (depth, cell) in cells.sorted(by: { $0.key[0] < $1.key[0] }) {
      let blocks = Set(cell.values.flatMap(\.keys)).sorted()
      let all = blocks.map { block in cell.values.reduce(0) { $0 + ($1[block] ?? 0) } }
      let total = all.reduce(0, +)
      for label in labels.sorted() where total > 0 {
        let own = blocks.map { cell[label]?[$0] ?? 0 }
        let sum = own.reduce(0, +)
        let without = zip(own, all).map { own, all in
          total > all ? (sum - own) / (total - all) : nil
        }
        guard let error = jackknifeError(without) else { continue }
        shares[label, default: []].append(
          Share(
            depth: (depth[0] + depth[1]) / 2 * scale, share: sum / total, error: error))
      }
    }
    return shares
  }

  /// Whether there is so much of noise at some depth that it is drawn.
  private var showsNoise: Bool {
    steps.contains { Double($0.pixels[-1] ?? 0) >= 0.005 * Double($0.all) }
  }

  private var labels: [Int] { clusters.all.map(\.label) + (showsNoise ? [-1] : []) }

  /// What depth is in this scan.
  var depthName: String { isProjection ? "distance to the rim" : "depth below the surface" }

  /// - Parameter subtitle: of which run.
  func chart(subtitle: String) -> Chart {
    Chart(
      title: "Clusters over depth", subtitle: subtitle, description: description,
      rows: panels.map { [$0] }, legend: legend, remarks: [remark])
  }

  /// The clusters, and noise where it is drawn.
  var legend: [Chart.Key] {
    clusters.legend(.line)
      + (showsNoise ? [Chart.Key(ink: .noise, shape: .line, label: "noise")] : [])
  }

  /// How it is to be read.
  var remark: String {
    var text =
      "Shares of all analysed pixels at a depth, noise included"
      + (isProjection
        ? "; in a projection a pixel also holds what lies behind it, and depth is its distance to the rim"
        : "")
    if !uncertainties.isEmpty {
      text +=
        ". Dots: the same in bins that widen with depth, ± one standard error over the parts of the scan"
    }
    return text + "."
  }

  /// In words: what lies outermost and innermost.
  var description: String {
    guard let first = steps.first, let last = steps.last else { return "" }
    func said(_ step: Step) -> String {
      let parts = labels.compactMap { label -> String? in
        let share = Double(step.pixels[label] ?? 0) / Double(max(step.all, 1))
        guard share >= 0.005 else { return nil }
        let name = clusters.all.first { $0.label == label }?.name ?? "noise"
        return "\(name) \(Numeral.percent(share))"
      }
      return
        "\(Numeral.short(step.from)) to \(Numeral.short(step.to)) \(unit): \(parts.joined(separator: ", "))"
    }
    return
      "Share of each cluster over the \(depthName). Outermost, \(said(first)). Innermost, \(said(last))."
  }

  /// Shares above, and how many pixels lie at each depth below.
  var panels: [Panel] {
    let ends: [Double] = [0, steps.last?.to ?? 1]
    let name = isProjection ? "Distance to the rim (\(unit))" : "Depth below the surface (\(unit))"
    let x = Axis.linear(name, ends, ticks: 8, endsOnTicks: false)
    var shares = Panel(
      x: x, y: .linear("Share of the pixels at this depth (%)", [0, 1], asPercent: true))
    for label in labels.reversed() {
      let points = steps.map {
        Panel.Point(x: $0.middle, y: Double($0.pixels[label] ?? 0) / Double(max($0.all, 1)))
      }
      shares.marks.append(.line(points, clusters.ink(label)))
    }
    for label in labels.reversed() {
      let points = (uncertainties[label] ?? []).filter { $0.error > 0 && $0.depth < ends[1] }
        .map { Panel.Point(x: $0.depth, y: $0.share, error: $0.error) }
      if !points.isEmpty {
        shares.marks.append(.dots(points, clusters.ink(label), isFilled: false, radius: 2))
      }
    }
    shares.hasXLabels = false
    shares.height = 230
    let densities = steps.map { Double($0.all) / ($0.to - $0.from) }
    let thousands = (densities.max() ?? 0) >= 10_000
    var pixels = Panel(
      x: x,
      y: .linear(
        "Analysed pixels per \(unit)\(thousands ? ", thousands" : "")",
        densities.map { $0 / (thousands ? 1000 : 1) } + [0], ticks: 2))
    pixels.marks = zip(steps, densities).map { step, density in
      .bars(
        [.init(x: step.middle, y: density / (thousands ? 1000 : 1))], width: step.to - step.from,
        .plain)
    }
    pixels.height = 46
    return [shares, pixels]
  }
}
