import Clustering
import PhaseCatalog
import Spectra
import StackIO

/// What a reader of a result should know: one line each.
struct ResultWarnings {
  let parameters: ParameterSet
  let scan: Scan
  let density: OpticalDensityStage.Output
  let registered: RegistrationStage.Output
  let clustered: ClusteringStage.Output
  let clusters: [ClusterRecord]
  let hasDepth: Bool

  var lines: [String] {
    scan.remarks + measurement + registration + clustering + elements
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
    if clusters.isEmpty {
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
    if !hasDepth {
      lines.append("no empty field borders the sample: there is no depth")
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
    if let first = clusters.first, first.elements.isEmpty {
      lines.append(
        "no K or L3 edge of \(parameters.text("elements.symbols")) has enough energies before and "
          + "behind it: no elements")
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
