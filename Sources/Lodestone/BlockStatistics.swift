import Clustering
import PhaseCatalog
import Spectra
import StackIO

/// How a result varies over the parts of its sample: what its numbers would be without one part after the other.
struct BlockStatistics {
  let blocks: SpatialBlocks
  private let clustered: ClusteringStage.Output
  private let depth: Depth?
  private let isAtSurface: [Bool]

  /// - Parameter isAtSurface: for each pixel of the frame, whether it is in a piece that touches the surface.
  init(
    _ scan: Scan, _ clustered: ClusteringStage.Output, _ depth: Depth?, isAtSurface: [Bool]
  ) {
    let side = scan.pixelSize?.value ?? PixelSize(sideUM: 1)
    blocks = SpatialBlocks(
      of: clustered.grid.pixels, width: clustered.grid.width,
      sides: (side.heightUM, side.widthUM))
    self.clustered = clustered
    self.depth = depth
    self.isAtSurface = isAtSurface
  }

  /// What of each cluster, and of noise, lies in each block; in the order of labels and blocks.
  func clusterBlocks() -> [ClusterBlock] {
    var found: [ClusterBlock?] = Array(
      repeating: nil, count: (clustered.clusterCount + 1) * blocks.count)
    for (point, label) in clustered.labels.enumerated() {
      let pixel = Int(clustered.grid.pixels[point])
      let (label, block) = (Int(max(label, -1)), Int(blocks.numbers[point]))
      let place = (label + 1) * blocks.count + block
      var own =
        found[place]
        ?? ClusterBlock(label: label, block: block, pixels: 0, surfacePixels: 0, depth: [:])
      // The array must not hold the dictionary too while it changes.
      found[place] = nil
      own.pixels += 1
      if label >= 0 && isAtSurface[pixel] { own.surfacePixels += 1 }
      if let depth {
        let bin = Int(depth.values[pixel] / SummaryStage.depthBinPX)
        own.depth[ClusterBlock.wideBin(bin), default: 0] += 1
      }
      found[place] = own
    }
    return found.compactMap(\.self)
  }

  /// What a cluster's place in the sample gives: its share, and the thickness of the layer that it makes.
  ///
  /// - Parameter histogram: pixels by label and bin of depth.
  func placeEstimates(
    of label: Int, _ parts: [ClusterBlock], _ histogram: [Int: [Int: Int]]
  ) -> [ClusterEstimate] {
    var (own, all) = (
      [Int](repeating: 0, count: blocks.count), [Int](repeating: 0, count: blocks.count)
    )
    for part in parts {
      all[part.block] += part.pixels
      if part.label == label { own[part.block] += part.pixels }
    }
    let (pixels, total) = (own.reduce(0, +), all.reduce(0, +))
    var estimates = [
      ClusterEstimate(
        quantity: "share", value: Double(pixels) / Double(total),
        error: jackknifeError(
          own.indices.map { block in
            total == all[block]
              ? nil : Double(pixels - own[block]) / Double(total - all[block])
          }))
    ]
    if let layer = layerThickness(of: label, parts, histogram) { estimates.append(layer) }
    return estimates
  }

  /// px of the smaller side; nil where no piece touches the surface.
  private func layerThickness(
    of label: Int, _ parts: [ClusterBlock], _ histogram: [Int: [Int: Int]]
  ) -> ClusterEstimate? {
    var atSurface = [Int](repeating: 0, count: blocks.count)
    var shells = [[Int: Int]](repeating: [:], count: blocks.count)
    for part in parts {
      if part.label == label { atSurface[part.block] += part.surfacePixels }
      shells[part.block].merge(part.depth) { $0 + $1 }
    }
    let area = atSurface.reduce(0, +)
    let bins = histogram.values.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
    guard
      let value = shellThickness(
        ofArea: Double(area), in: Self.shell(bins) { $0 })
    else { return nil }
    let wide = shells.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
    let withoutOne = shells.indices.map { block in
      let rest = wide.merging(shells[block]) { $0 - $1 }
      return shellThickness(
        ofArea: Double(area - atSurface[block]), in: Self.shell(rest, ClusterBlock.firstBin))
    }
    return ClusterEstimate(
      quantity: "layer_thickness_px", value: value, error: jackknifeError(withoutOne))
  }

  /// Counts by bin as a shell, px.
  private static func shell(
    _ bins: [Int: Int], _ start: (Int) -> Int
  ) -> [(from: Double, to: Double, area: Double)] {
    bins.sorted { $0.key < $1.key }.map { bin, pixels in
      (
        SummaryStage.depthBinPX * Double(start(bin)),
        SummaryStage.depthBinPX * Double(start(bin + 1)), Double(pixels)
      )
    }
  }

  /// What a cluster's spectrum gives.
  ///
  /// Where a spectrum rises most is known to the step between energies: its error (that of rounding, a step over the root
  /// of 12) is added in squares, since it is the same in all parts.
  ///
  /// - Parameters:
  ///   - energies: eV, ascending.
  ///   - withoutOne: the findings without one block after the other; nil where nothing would be left.
  static func spectrumEstimates(
    _ whole: Chemistry.Findings, withoutOne: [Chemistry.Findings?], energies: [Double]
  ) -> [ClusterEstimate] {
    let others = withoutOne.map { $0.map { Dictionary(numbers($0)) { first, _ in first } } }
    return numbers(whole).map { name, value in
      var error = jackknifeError(others.map { $0?[name] })
      if name.hasSuffix(".derivative_ev") {
        let step = step(at: value, energies) / 12.0.squareRoot()
        error = error.map { ($0 * $0 + step * step).squareRoot() }
      }
      return ClusterEstimate(quantity: name, value: value, error: error)
    }
  }

  /// The distance of the energies about an energy: the larger one, where it is one of them.
  private static func step(at energy: Double, _ energies: [Double]) -> Double {
    var step = 0.0
    for (low, high) in zip(energies, energies.dropFirst()) where low <= energy && energy <= high {
      step = max(step, high - low)
    }
    return step
  }

  /// The numbers that are measured of a spectrum, by the names that they have in addresses.
  private static func numbers(_ findings: Chemistry.Findings) -> [(String, Double)] {
    var numbers: [(String, Double)] = []
    func add(_ name: String, _ value: Double?) {
      if let value, value.isFinite { numbers.append((name, value)) }
    }
    for element in findings.elements {
      add("\(element.symbol).step", element.step)
      add("\(element.symbol).areal_g_cm2", element.arealDensity)
      add("\(element.symbol).atomic_fraction", element.atomicFraction)
    }
    for edge in findings.chemistry.edges {
      let name = "\(edge.symbol)-\(edge.edge)"
      add("\(name).derivative_ev", edge.derivativeEnergy)
      add("\(name).divisor", edge.divisor)
      add("\(name).white_line_ev", edge.whiteLineEnergy)
      add("\(name).white_line_height", edge.whiteLineHeight)
    }
    for part in findings.chemistry.fit?.parts ?? [] {
      add("\(part.name).amount", part.amount)
      add("\(part.name).fraction", part.fraction)
    }
    return numbers
  }
}
