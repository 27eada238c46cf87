import Clustering
import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// What a reader of a result should know: one line each.
struct ResultWarnings {
  let parameters: ParameterSet
  let scan: Scan
  let density: OpticalDensityStage.Output
  let registered: RegistrationStage.Output
  let mask: MaskStage.Output
  let clustered: ClusteringStage.Output
  let clusters: [ClusterRecord]
  /// What was found of each cluster's mean spectrum.
  let findings: [Chemistry.Findings]
  let smallestFindable: Int
  let hasDepth: Bool

  var lines: [String] {
    scan.remarks + measurement + registration + clustering + radius + clusterLines + edges
      + elements
  }

  private func percent(_ part: Int, of whole: Int) -> String {
    "\(Int((100 * Double(part) / Double(max(whole, 1))).rounded())) %"
  }

  private func rounded(_ value: Double) -> Double { (100 * value).rounded() / 100 }

  private var measurement: [String] {
    var lines: [String] = []
    let values = scan.energies.count * scan.height * scan.width
    let saturated = density.altered.reduce(0) { $0 + $1.saturated }
    if 100 * saturated > values {
      lines.append("\(percent(saturated, of: values)) of the values are saturated")
    }
    let altered = density.altered.reduce(0) { $0 + $1.pixels.count } - saturated
    if 50 * altered > values {
      lines.append(
        "\(percent(altered, of: values)) of the values were not measured or far from their "
          + "neighbours (query run-frames)")
    }
    let lost = registered.isLost.count { $0 }
    if lost > 0 {
      lines.append(
        "\(lost) pixels are not analysed: some frame shows nothing of them, nor of what lies within 2 px"
      )
    }
    if density.emptyFieldLevels.isEmpty && parameters.text("correct.empty_field") == "auto" {
      lines.append("no empty field was found: the beam's flicker is not corrected")
    }
    let levels = density.emptyFieldLevels.sorted()
    if !levels.isEmpty, abs(levels[levels.count / 2]) > 0.2 {
      lines.append(
        "the empty field's OD was \(rounded(Double(levels[levels.count / 2]))) and was taken "
          + "off: the reference and the frames differ in exposure, or there is a support")
    }
    if scan.reference == .emptyField {
      lines.append(
        "I0 was taken from the brightest part of the field: where the sample fills the frame, that "
          + "is its thinnest part and not the beam")
    }
    return lines
  }

  private var registration: [String] {
    var lines: [String] = []
    let residuals = registered.residuals.sorted()
    if residuals.isEmpty, parameters.text("register.method") != "none",
      parameters.text("register.drift") == "measured"
    {
      lines.append(
        "nothing was registered: the frames show too little structure, or are below 16 px")
    }
    if !residuals.isEmpty {
      // Noise leaves its share of every frame; one that shows something else stands out.
      let limit = max(0.1, 5 * residuals[residuals.count / 2])
      for (energy, residual) in zip(scan.energies, registered.residuals) where residual > limit {
        lines.append(
          "the frame of \(energy) eV is not like the others: \(rounded(residual)) of its variance is "
            + "not explained by them (damaged, misplaced, or of another field?)")
      }
    }
    if !residuals.isEmpty, residuals[residuals.count / 2] > 0.1 {
      lines.append(
        "once registered, the frames leave \(rounded(residuals[residuals.count / 2])) of one another's variance "
          + "unexplained: drift is uncertain, or there is little but noise (query run-frames)")
    }
    let total = scan.height * scan.width
    if 5 * registered.croppedPixels > 2 * total {
      func reach(_ placement: Placement) -> Double {
        max(abs(placement.drift.dy), abs(placement.drift.dx))
      }
      let farthest = registered.placements.indices.max {
        reach(registered.placements[$0]) < reach(registered.placements[$1])
      }
      let energy = scan.energies[farthest ?? 0]
      lines.append(
        "every frame shows only \(percent(total - registered.croppedPixels, of: total)) of the field: "
          + "the largest drift is that of \(energy) eV, "
          + "\(rounded(reach(registered.placements[farthest ?? 0]))) px")
    }
    return lines
  }

  private var clustering: [String] {
    var lines: [String] = []
    let analysed = clustered.grid.pixels.count
    if clusters.isEmpty, clustered.clustersBeforeDrop > 0 {
      lines.append(
        "no cluster is left: \(clustered.clustersBeforeDrop) of fewer than \(smallestFindable) pixels were dropped "
          + "(cluster.minimum_share)")
    } else if clusters.isEmpty {
      lines.append(
        "no cluster was found: the spectra do not gather at this radius (dbscan.radius)")
    } else if let largest = clusters.first, 10 * largest.pixels > 9 * analysed {
      lines.append(
        "one cluster holds \(percent(largest.pixels, of: analysed)) of the analysed pixels: the sample "
          + "is uniform, or its spectra form a continuum that density does not part")
    }
    let noise = clustered.labels.count(where: { $0 < 0 })
    if 5 * noise > analysed {
      lines.append("\(percent(noise, of: analysed)) of the analysed pixels are noise")
    }
    let area = scan.pixelSize.map {
      ", \(String(format: "%.3g", $0.value.areaUM2 * Double(smallestFindable))) um2,"
    }
    if smallestFindable < analysed {
      lines.append(
        "a phase of fewer than \(smallestFindable) pixels\(area ?? "") is found only where it is no mixture "
          + "of the others")
    }
    if clustered.unusablePixels > 0 {
      lines.append(
        "\(clustered.unusablePixels) pixels of sample are not analysed: their edge is below "
          + "\(parameters.text("normalise.minimum_signal")) standard errors (normalise.minimum_signal)"
      )
    }
    if !hasDepth {
      lines.append("no empty field borders the sample: there is no depth")
    }
    return lines
  }

  private var radius: [String] {
    guard let used = clustered.radii.firstIndex(where: \.isUsed) else { return [] }
    let (radii, found) = (clustered.radii, clustered.radii[used].clusters)
    var lines: [String] = []
    if used > 0, used + 1 < radii.count,
      radii[used - 1].clusters != found || radii[used + 1].clusters != found
    {
      lines.append(
        "how many clusters there are hangs on the radius: \(radii[used - 1].clusters) at 0.8 times it, "
          + "\(found), and \(radii[used + 1].clusters) at 1.25 times it")
    }
    if let first = clustered.enlargedFrom {
      lines.append(
        "the radius was enlarged to \(rounded(radii[used].radius)) noise units, since at "
          + "\(rounded(first.radius)) \(percent(first.noise, of: clustered.eligibleCount)) of the eligible "
          + "pixels were noise, more than dbscan.noise_limit: the spectra scatter more than their noise"
      )
    }
    return lines
  }

  private var clusterLines: [String] {
    /// "cluster 1 (2.3 px)", or "clusters 1 (2.3 px), 2 (3 px)".
    func listed(
      _ unit: String, _ value: KeyPath<ClusterChemistry, Double>, where isMeant: (Double) -> Bool
    ) -> String? {
      let found = clusters.compactMap { cluster in
        cluster.chemistry.map { (cluster.label, $0[keyPath: value]) }
      }.filter { isMeant($0.1) }
      guard !found.isEmpty else { return nil }
      return (found.count == 1 ? "cluster " : "clusters ")
        + found.map { "\($0.0) (\(rounded($0.1)) \(unit))" }.joined(separator: ", ")
    }
    var lines: [String] = []
    if let wide = listed("noise units", \.spread, where: { $0 > 1.4 }) {
      lines.append(
        "the spectra form a continuum, a gradient, or several phases in one: the scores of \(wide) spread "
          + "further than noise, which leaves 0.3")
    }
    if let narrow = listed("px", \.width, where: { $0 < 4.5 }) {
      lines.append(
        "narrow on average: \(narrow); the microscope's blur mixes spectra and elements with the "
          + "neighbours'")
    }
    return lines
  }

  private var edges: [String] {
    var lines = mask.edges.unmeasured.map { "\($0.edge.name) is not measured: \($0.failure)" }
    if mask.edges.isFound {
      let name = mask.edges.edges.first?.name ?? mask.edges.elements.first?.symbol
      lines.append(
        name.map { "the edge was found to be \($0), from the mean spectrum" }
          ?? "no edge was found in the mean spectrum: no elements (elements.symbols)")
    }
    for edge in clusters.first?.chemistry?.edges ?? [] {
      for (window, count) in [("pre", edge.preEnergies), ("post", edge.postEnergies)]
      where count < 5 && edge.convention != "none" {
        lines.append(
          "the \(window)-edge window of \(edge.symbol) \(edge.edge) holds \(count) energies: its line and the "
            + "step are uncertain")
      }
    }
    for cluster in clusters {
      for edge in cluster.chemistry?.edges ?? [] where !edge.isNormalised {
        lines.append(
          "cluster \(cluster.label) is not normalised at \(edge.symbol) \(edge.edge): "
            + String(
              format: "%.2g is below 3 standard errors of %.2g", edge.divisor, edge.divisorError))
      }
    }
    return lines
  }

  private var elements: [String] {
    var lines: [String] = []
    let densest = clusters.compactMap { $0.meanSpectrum.max() }.max() ?? 0
    if densest > 3 {
      lines.append(
        "the mean OD reaches \((10 * densest).rounded() / 10): stray light may flatten the edges")
    }
    let measured = Set(mask.edges.edges.map(\.element))
    let others = mask.edges.elements.filter { !measured.contains($0) }.map(\.symbol)
    if !measured.isEmpty, !others.isEmpty {
      lines.append(
        "no edge of \(others.joined(separator: ", ")) is measured: the amounts and fractions are without it"
      )
    }
    if !measured.isEmpty, let first = clusters.first, first.elements.isEmpty {
      lines.append(
        "the near-edge regions leave too few energies to fit attenuation to: no elements (edges.near_start, "
          + "edges.near_end)")
    }
    if measured.isEmpty, mask.edges.unmeasured.isEmpty, !mask.edges.isFound, !clusters.isEmpty {
      lines.append(
        "no K or L3 edge of \(parameters.text("elements.symbols")) has enough energies before and "
          + "behind it: no elements")
    }
    for (cluster, found) in zip(clusters, findings) {
      guard let rest = found.unexplainedByReferences, rest > 0.05 else { continue }
      lines.append(
        "cluster \(cluster.label): the reference spectra do not explain \(Int((100 * rest).rounded())) % of its "
          + "spectrum: their fractions mean little (query run-fit)")
    }
    for (cluster, found) in zip(clusters, findings) {
      let step = found.unexplainedStep
      let largest = cluster.elements.map(\.step).max() ?? 0
      guard let step, abs(step.step) > 0.1 * largest else { continue }
      let symbols = mask.edges.elements.map(\.symbol).joined(separator: ", ")
      let (low, high) = (step.between.lowerBound, step.between.upperBound)
      // At an edge that is fitted, it is the optical density on its two sides that does not fit together.
      let fitted = mask.edges.edges + mask.edges.elements.flatMap(\.edges)
      let own = fitted.first { step.between.contains($0.energyEV) }
      let reason =
        own.map {
          "what lies before and behind \($0.name) does not fit together (light elements, elements.light; stray "
            + "light; magnification)"
        } ?? (step.step > 0 ? "another element has an edge there" : "it is not absolute")
      lines.append(
        "cluster \(cluster.label): between \(low) and \(high) eV the optical density "
          + (step.step > 0 ? "rises" : "falls")
          + String(format: " by %.2g", abs(step.step)) + " more than \(symbols) explain: "
          + "\(reason), and the amounts are off")
    }
    for cluster in clusters {
      let missing = cluster.elements.filter { $0.arealDensity < -5 * $0.arealDensityError }
      if !missing.isEmpty {
        lines.append(
          "cluster \(cluster.label) has less than no \(missing.map(\.symbol).joined(separator: ", ")): "
            + "its optical density is not that of absorption (damaged frames, or another --signal?)"
        )
      }
    }
    return lines
  }
}
