import Foundation
import Spectra

/// A section of a sintered magnet: grains, the phase between them, an altered layer of varying
/// thickness along the surface, and empty field around.
struct ExampleSample: Sendable {
  let height: Int
  let width: Int
  /// Each pixel's phase, -2 where there is no sample.
  let labels: [Int16]
  /// Each pixel's depth below the surface, px; 0 where there is no sample.
  let depth: [Double]
  /// The section's thickness, um; 0 where there is no sample.
  let thicknessUM: [Float]
  /// How much of each pixel's material is the grains' though it is part of the layer.
  let grainShare: [Float]
  /// The altered layer's thickness below each pixel of the surface, px.
  let layerThickness: [Double]

  /// - Parameter layer: the altered layer's mean thickness, px; nil for a share of the frame's side.
  init(
    height: Int, width: Int, margin: Int, seed: UInt64, grading: Double, ironDisc: Double,
    layer meanLayer: Double? = nil
  ) {
    var random = RandomSource(seed: seed, stream: 1)
    let side = Double(min(height, width) - 2 * margin)
    let outline = Outline(random: &random)
    let grains = Grains(
      height: height, width: width, spacing: (0.36 * side).clamped(40, 110), &random)
    let layer = LayerThickness(
      mean: meanLayer ?? (0.055 * side).clamped(4, 13), random: &random)
    let boundary = (0.034 * side).clamped(3, 8.5)
    let bump = (0..<3).map { _ in (random.uniform(), random.uniform(), random.uniform()) }

    let halfHeight = 0.415 * Double(height - 2 * margin)
    let halfWidth = 0.415 * Double(width - 2 * margin)
    func polar(_ y: Int, _ x: Int) -> (v: Double, u: Double, angle: Double) {
      let v = (Double(y) - Double(height - 1) / 2) / halfHeight
      let u = (Double(x) - Double(width - 1) / 2) / halfWidth
      return (v, u, atan2(v, u))
    }
    var isSample = [Bool](repeating: false, count: height * width)
    for y in 0..<height {
      for x in 0..<width {
        let (v, u, angle) = polar(y, x)
        isSample[y * width + x] = pow(pow(u, 4) + pow(v, 4), 0.25) < outline.radius(angle)
      }
    }
    let depth = squaredDistanceToOutside(of: isSample, height: height, width: width)
      .map { max($0.squareRoot() - 0.5, 0) }
    var labels = [Int16](repeating: -2, count: height * width)
    var thickness = [Float](repeating: 0, count: height * width)
    var grainShare = [Float](repeating: 0, count: height * width)
    var layerThickness: [Double] = []
    for y in 0..<height {
      for x in 0..<width where isSample[y * width + x] {
        let index = y * width + x
        let (v, u, angle) = polar(y, x)
        if depth[index] < 1 { layerThickness.append(layer.pixels(angle)) }
        if depth[index] < layer.pixels(angle) {
          labels[index] = 2
          grainShare[index] = Float(grading * depth[index] / layer.pixels(angle))
        } else {
          let fromCentre = hypot(
            Double(y) - Double(height - 1) / 2, Double(x) - Double(width - 1) / 2)
          labels[index] =
            fromCentre < ironDisc ? 3 : grains.distanceToBoundary(y, x) < boundary / 2 ? 1 : 0
        }
        // A wedge, gentle hills, and a rim that the cut has thinned.
        let hills = bump.reduce(0.0) {
          $0 + 0.02 * sin(2 * Double.pi * ($1.0 + (1 + $1.1) * u / 2 + (1 + $1.2) * v / 2))
        }
        let rim = min(1, 0.6 + depth[index] / 10)
        thickness[index] = Float(3 * (1 + 0.06 * u + 0.04 * v + hills) * rim)
      }
    }
    self.height = height
    self.width = width
    self.labels = labels
    self.depth = depth
    thicknessUM = thickness
    self.grainShare = grainShare
    self.layerThickness = layerThickness
  }
}

/// The sample's outline: a rounded block with an uneven surface.
private struct Outline {
  private let waves: [(count: Double, phase: Double, height: Double)]

  init(random: inout RandomSource) {
    waves = [3, 5, 8, 13].map { count in
      (count, 2 * Double.pi * random.uniform(), 0.05 / Double(count).squareRoot())
    }
  }

  /// The distance of the surface from the centre, 1 on average.
  func radius(_ angle: Double) -> Double {
    waves.reduce(0.96) { $0 + $1.height * sin($1.count * angle + $1.phase) }
  }
}

/// The altered layer's thickness along the surface.
private struct LayerThickness {
  private let mean: Double
  private let phases: (Double, Double)

  init(mean: Double, random: inout RandomSource) {
    self.mean = mean
    phases = (2 * Double.pi * random.uniform(), 2 * Double.pi * random.uniform())
  }

  func pixels(_ angle: Double) -> Double {
    mean * (1 + 0.3 * sin(2 * angle + phases.0) + 0.15 * sin(5 * angle + phases.1))
  }
}

/// Grains as the cells of jittered seeds (Voronoi).
private struct Grains {
  private let spacing: Double
  private let rows: Int
  private let columns: Int
  private let seeds: [(y: Double, x: Double)]

  init(height: Int, width: Int, spacing: Double, _ random: inout RandomSource) {
    self.spacing = spacing
    // One cell beyond each side, so that the rim has neighbours.
    rows = Int(Double(height) / spacing) + 3
    columns = Int(Double(width) / spacing) + 3
    var seeds: [(y: Double, x: Double)] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let shift = row.isMultiple(of: 2) ? 0.0 : 0.5
        let y = (Double(row) - 0.75 + 0.5 * random.uniform()) * spacing
        let x = (Double(column) - 0.75 + shift + 0.5 * random.uniform()) * spacing
        seeds.append((y, x))
      }
    }
    self.seeds = seeds
  }

  /// The distance from a pixel to the nearest border between two cells, px.
  func distanceToBoundary(_ y: Int, _ x: Int) -> Double {
    let (py, px) = (Double(y), Double(x))
    let centreRow = Int(py / spacing) + 1
    let centreColumn = Int(px / spacing) + 1
    var near: [(distance: Double, seed: Int)] = []
    for row in max(0, centreRow - 2)...min(rows - 1, centreRow + 2) {
      for column in max(0, centreColumn - 2)...min(columns - 1, centreColumn + 2) {
        let seed = seeds[row * columns + column]
        near.append((hypot(py - seed.y, px - seed.x), row * columns + column))
      }
    }
    guard let first = near.min(by: { $0.distance < $1.distance }) else { return .infinity }
    let home = seeds[first.seed]
    return near.reduce(Double.infinity) { least, other in
      guard other.seed != first.seed else { return least }
      let seed = seeds[other.seed]
      let apart = hypot(seed.y - home.y, seed.x - home.x)
      // The distance to the perpendicular bisector of the two seeds.
      let squares = other.distance * other.distance - first.distance * first.distance
      return min(least, squares / (2 * apart))
    }
  }
}

extension Double {
  fileprivate func clamped(_ low: Double, _ high: Double) -> Double { min(max(self, low), high) }
}
