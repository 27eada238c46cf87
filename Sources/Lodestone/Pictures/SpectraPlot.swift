import Foundation
import PhaseCatalog
import StackIO

/// The mean spectrum of each cluster with its spread; below, brought to the scale of each edge.
struct SpectraPlot {
  private let clusters: RunClusters
  private let run: RunSpectra

  /// - Throws: ``CatalogError``; of kind `noResult` where there is no cluster.
  init(_ catalog: Catalog, run: String, _ clusters: RunClusters) throws {
    self.clusters = clusters
    self.run = try RunSpectra(catalog, run: run)
    if self.run.spectra.isEmpty {
      throw CatalogError.noResult(
        "run \(run.prefix(12)) has no cluster: there is no spectrum to draw")
    }
  }

  /// - Parameter subtitle: of which run.
  func chart(subtitle: String) -> Chart {
    let remark = Self.bandRemark + " " + Self.pointerRemark(hasPointers)
    return Chart(
      title: "Mean spectra", subtitle: subtitle, description: description,
      rows: [panels] + (normalised.isEmpty ? [] : [normalised]),
      legend: clusters.legend(.line),
      remarks: [remark] + (normalised.isEmpty ? [] : ["Lower row: " + normalisedRemark]))
  }

  static let bandRemark =
    "Bands: ± one standard deviation over the pixels that DBSCAN labelled. Dashed: E0 that was used to normalise."

  /// What the triangles are, where there are some.
  static func pointerRemark(_ hasPointers: Bool) -> String {
    hasPointers ? "Triangles: where each mean spectrum rises most." : ""
  }

  /// Whether it is known where spectra rise most.
  var hasPointers: Bool { run.edges.contains { $0.derivative != nil } }

  /// What the normalised spectra are.
  var normalisedRemark: String {
    let conventions = Set(run.edges.compactMap { $0.step == nil ? nil : $0.convention }).sorted()
    let missing = run.edgesByName.compactMap { name, edges -> String? in
      let own = edges.filter { $0.step == nil }.map { String($0.label) }
      return own.isEmpty ? nil : "\(own.joined(separator: ", ")) at \(name)"
    }
    return
      "each mean spectrum less its pre-edge line, divided by its edge step (convention: \(conventions.joined(separator: ", ")))"
      + (missing.isEmpty
        ? "."
        : "; not of clusters \(missing.joined(separator: "; ")), where there is no step to divide by.")
  }

  /// In words: which clusters, and what their spectra reach.
  var description: String {
    let energies = run.energies
    let span = energies.first.map { first in
      "from \(Numeral.short(first)) to \(Numeral.short(energies.last ?? first)) eV"
    }
    let parts = run.spectra.map { spectrum -> String in
      let cluster = clusters.all.first { $0.label == spectrum.label }
      let finite = spectrum.mean.filter(\.isFinite)
      let reach = "\(Numeral.short(finite.min() ?? 0)) to \(Numeral.short(finite.max() ?? 0))"
      return "\(cluster?.name ?? "cluster \(spectrum.label)"): \(reach)"
    }
    return
      "Mean optical density of \(run.spectra.count) clusters at \(energies.count) energies \(span ?? ""). "
      + parts.joined(separator: "; ") + "."
  }

  // MARK: Panels

  private func ink(_ label: Int) -> Ink { clusters.ink(label) }

  /// One for each range of energies without a gap, all to the same scale of optical density.
  var panels: [Panel] {
    let ends = run.spectra.flatMap { spectrum in
      zip(spectrum.mean, spectrum.deviation).flatMap { [$0 - $1, $0 + $1] }
    }
    let y = Axis.linear("Optical density", ends, endsOnTicks: false, isTight: false)
    return RunSpectra.ranges(of: run.energies).map { range in
      let energies = Array(run.energies[range])
      var panel = Panel(x: .energies(energies), y: y)
      panel.marks = run.spectra.reversed().map { spectrum in
        .line(
          range.map {
            .init(
              x: run.energies[$0], y: spectrum.mean[$0], error: spectrum.deviation[$0])
          }, ink(spectrum.label))
      }
      let edges = edges(within: energies)
      panel.landmarks = edges.map { name, edges in Self.landmark(name, edges) }
      panel.pointers = edges.flatMap(\.of).compactMap { edge in
        edge.derivative.map {
          .init(
            x: $0, ink: ink(edge.label),
            says: "cluster \(edge.label): \(edge.name) rises most at \(Numeral.short($0)) eV")
        }
      }.filter { panel.x.range.contains($0.x) }
      panel.name =
        edges.isEmpty
        ? "\(Numeral.short(energies[0])) to \(Numeral.short(energies.last ?? 0)) eV"
        : edges.map(\.name).joined(separator: ", ")
      return panel
    }
  }

  private func edges(within energies: [Double]) -> [(name: String, of: [RunSpectra.Edge])] {
    guard let first = energies.first, let last = energies.last else { return [] }
    return run.edgesByName.filter { (first...last).contains($0.of[0].e0) }
  }

  /// Where E0 was measured for each cluster, the line stands at their middle.
  private static func landmark(_ name: String, _ edges: [RunSpectra.Edge]) -> Panel.Landmark {
    let all = edges.map(\.e0).sorted()
    let middle = all[all.count / 2]
    let isOne = all.first == all.last
    return .init(
      x: middle, label: "\(name)  \(isOne ? "" : "~")\(Numeral.short(middle)) eV")
  }

  /// One for each edge: its spectra less the pre-edge line, over the step.
  var normalised: [Panel] {
    var panels: [Panel] = []
    for range in RunSpectra.ranges(of: run.energies) {
      let own = edges(within: Array(run.energies[range]))
      for (place, (name, edges)) in own.enumerated() where edges.contains(where: { $0.step != nil })
      {
        // An edge's own energies: from its pre-edge window on, and up to that of the next.
        let from = place == 0 ? -Double.infinity : edges[0].preStart
        let to = place + 1 < own.count ? own[place + 1].of[0].e0 - 10 : .infinity
        let places = range.filter { run.energies[$0] >= from && run.energies[$0] <= to }
        if places.count > 1 { panels.append(normalisedPanel(name, edges, places)) }
      }
    }
    return panels
  }

  private func normalisedPanel(
    _ name: String, _ edges: [RunSpectra.Edge], _ places: [Int]
  ) -> Panel {
    let lines = edges.reversed().compactMap { edge -> ([Panel.Point], Ink)? in
      guard let step = edge.step,
        let spectrum = run.spectra.first(where: { $0.label == edge.label })
      else { return nil }
      let points = places.map { place in
        let energy = run.energies[place]
        let line = edge.preLine.offset + edge.preLine.slope * energy
        return Panel.Point(x: energy, y: (spectrum.mean[place] - line) / step)
      }
      return (points, ink(edge.label))
    }
    let y = Axis.linear(
      "Normalised absorption, \(name)", lines.flatMap { $0.0.map(\.y) } + [0, 1],
      endsOnTicks: false, isTight: false)
    var panel = Panel(x: .energies(places.map { run.energies[$0] }), y: y)
    panel.marks = [.level(1)] + lines.map { .line($0.0, $0.1) }
    panel.height = 170
    panel.name = name
    return panel
  }

  // MARK: For a page

  /// The numbers that a page tells under the cursor: energies, and mean and standard deviation of each cluster.
  var values: (energies: [Double], spectra: [RunSpectra.Spectrum]) { (run.energies, run.spectra) }
}

extension Axis {
  /// Energies, from the first to the last.
  static func energies(_ energies: [Double]) -> Axis {
    .linear("Energy (eV)", energies, ticks: 8, endsOnTicks: false)
  }
}
