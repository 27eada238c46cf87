import Foundation
public import Spectra
import StackIO

/// A synthetic scan of a magnet's section over the Nd L3 and the Fe K edge, with known truth.
///
/// Absorption is xraylib's with near-edge structure; the microscope blurs, drifts and counts
/// photons; the beam has structure and flickers. The same options give the same bytes.
public struct ExampleScan: Sendable {
  /// The rows of a frame, 48 to 4096.
  public var height = 256
  /// The columns of a frame, 48 to 4096.
  public var width = 256
  /// The number of energies, half at each edge; 24 to 400.
  public var energyCount = 80
  /// The seed of everything random.
  public var seed: UInt64 = 1
  /// Photons a pixel and frame in the middle of the beam.
  public var photons = 6000.0
  /// The largest drift, px.
  public var largestDrift = 4.0
  /// How the image's size changes with the energy.
  public var magnification = Magnification.none
  /// The share of the light that reaches the corners of a frame.
  public var cornerLight = 0.7
  /// The share of the altered layer at its bottom that is the grain's material: 0 for a layer of one composition.
  public var grading = 0.0
  /// The altered layer's mean thickness, px; nil for a share of the frame's side.
  public var layer: Double?
  /// The microscope's blur: the standard deviation of its Gaussian, px.
  public var blur = 0.85
  /// The radius of a disc of iron amid the sample, px; 0 for none.
  public var ironDisc = 0.0
  /// The side of a pixel at the lowest energy, um.
  public let pixelSizeUM = 0.028

  /// How the image's size changes with the energy.
  public enum Magnification: Sendable, Equatable {
    /// It does not.
    case none
    /// It shrinks as one over the energy, as a zone plate's does.
    case zonePlate
    /// It changes by this share from the lowest to the highest energy, evenly.
    case linear(Double)
  }

  /// The default scan: 256 x 256 pixels, 80 energies.
  public init() {}

  /// The photon energies, eV, ascending: half about Nd L3, half about Fe K, closest at the edges.
  public var energies: [Double] {
    let first = energyCount / 2
    return Self.energies(first, edge: 6208, end: 122)
      + Self.energies(energyCount - first, edge: 7112, end: 146)
  }

  private static func energies(_ count: Int, edge: Double, end: Double) -> [Double] {
    func spread(_ count: Int, _ low: Double, _ high: Double) -> [Double] {
      (0..<count).map { low + (high - low) * Double($0) / Double(max(count - 1, 1)) }
    }
    let before = max(4, count * 22 / 100)
    let behind = max(4, count * 30 / 100)
    let near = count - before - behind
    let offsets = spread(before, -60, -13) + spread(near, -10, 42) + spread(behind, 47, end)
    return offsets.map { ((edge + $0) * 10).rounded() / 10 }
  }

  /// The phases in the sample, in the order of their labels.
  var phases: [ExamplePhase] {
    ironDisc > 0 ? ExamplePhase.all : Array(ExamplePhase.all.dropLast())
  }

  /// The placement of each frame: its drift, and its magnification.
  public var placements: [Placement] {
    let energies = energies
    let (low, high) = (energies.first ?? 1, energies.last ?? 1)
    return zip(drifts, energies).map { drift, energy in
      switch magnification {
      case .none: Placement(drift: drift)
      case .zonePlate: Placement(drift: drift, scale: low / energy)
      case .linear(let change):
        Placement(drift: drift, scale: 1 + change * (energy - low) / (high - low))
      }
    }
  }

  /// The drift of each frame: a walk, and a jump where the microscope refocuses between the edges.
  public var drifts: [Drift] {
    var random = RandomSource(seed: seed, stream: 2)
    var (y, x) = (0.0, 0.0)
    var walk: [(Double, Double)] = []
    let trend = 2 * Double.pi * random.uniform()
    for index in 0..<energyCount {
      if index > 0 {
        y += 0.25 * random.normal() + 0.08 * sin(trend)
        x += 0.25 * random.normal() + 0.08 * cos(trend)
      }
      if index == energyCount / 2 {
        y += 2 * random.normal()
        x += 2 * random.normal()
      }
      walk.append((y, x))
    }
    let farthest = walk.map { max(abs($0.0), abs($0.1)) }.max() ?? 0
    let scale = farthest > 0 ? largestDrift / farthest : 0
    return walk.map { Drift(dy: $0.0 * scale, dx: $0.1 * scale) }
  }
}

/// Everything that a generated scan consists of.
struct ExampleFrames: Sendable {
  var sample: [[UInt16]]
  var references: [[UInt16]]
  var dark: [UInt16]
  /// Each frame pixel's phase, -2 for empty field.
  var labels: [Int16]
  /// Each frame pixel's depth below the surface, um.
  var depthUM: [Float]
  /// The altered layer's thickness below each pixel of the surface, um.
  var layerThicknessUM: [Double]
}

extension ExampleScan {
  /// Makes the frames.
  func frames() -> ExampleFrames {
    let placements = placements
    // A smaller image shows more of the sample's surroundings.
    let smallest = placements.map(\.scale).min() ?? 1
    let beyond = Double(max(height, width)) / 2 * max(0, 1 / smallest - 1)
    let margin =
      Int((largestDrift / smallest).rounded(.up) + beyond.rounded(.up)) + 6
      + max(0, Int((3 * blur).rounded(.up)) - 4)
    let sample = ExampleSample(
      height: height + 2 * margin, width: width + 2 * margin, margin: margin, seed: seed,
      grading: grading, ironDisc: ironDisc, layer: layer)
    let beam = beam()
    let dark = dark()
    let energies = energies
    var jitter = RandomSource(seed: seed, stream: 5)
    let flicker = energies.map { _ in
      (frame: 1 + 0.01 * jitter.normal(), reference: 1 + 0.01 * jitter.normal())
    }
    let made = mapInParallel(energies.count) { index -> (sample: [UInt16], reference: [UInt16]) in
      var random = RandomSource(seed: seed, stream: 1000 + UInt64(index))
      let brightness = photons * (1.1 - 0.2 * (energies[index] - 6148) / 1110)
      let transmission = transmission(of: sample, margin, energies[index], placements[index])
      let frame = transmission.indices.map { pixel in
        counted(
          brightness * flicker[index].frame * beam[pixel] * Double(transmission[pixel]),
          dark[pixel], exposures: 1, &random)
      }
      let reference = beam.indices.map { pixel in
        counted(
          brightness * flicker[index].reference * beam[pixel], dark[pixel], exposures: 4, &random)
      }
      return (frame, reference)
    }
    var labels: [Int16] = []
    var depth: [Float] = []
    for y in 0..<height {
      for x in 0..<width {
        let index = (y + margin) * sample.width + x + margin
        labels.append(sample.labels[index])
        depth.append(Float(sample.depth[index] * pixelSizeUM))
      }
    }
    return ExampleFrames(
      sample: made.map(\.sample), references: made.map(\.reference), dark: dark, labels: labels,
      depthUM: depth, layerThicknessUM: sample.layerThickness.map { $0 * pixelSizeUM })
  }

  /// The mean count of some exposures: photons, read noise and the detector's dark level.
  private func counted(
    _ mean: Double, _ dark: UInt16, exposures: Int, _ random: inout RandomSource
  ) -> UInt16 {
    let noise = 1.5 * random.normal() / Double(exposures).squareRoot()
    let photons = Double(random.poisson(mean * Double(exposures))) / Double(exposures)
    return UInt16(min(max((photons + noise + Double(dark)).rounded(), 0), 65535))
  }

  /// The detector's level without beam: a fixed pattern about 100 counts.
  private func dark() -> [UInt16] {
    var random = RandomSource(seed: seed, stream: 3)
    return (0..<height * width).map { _ in UInt16((100 + 2 * random.normal()).rounded()) }
  }

  /// The beam's structure, about 1: vignetting, speckle and the stripes of a monochromator.
  private func beam() -> [Double] {
    var random = RandomSource(seed: seed, stream: 4)
    let noise = Image(
      height: height, width: width,
      pixels: (0..<height * width).map { _ in Float(random.normal()) })
    let speckle = noise.blurred(sigma: 3)
    let phase = random.uniform()
    // The corners lie at a squared distance of 2.
    let falloff = cornerLight == 0.7 ? 0.15 : (1 - cornerLight) / 2
    return (0..<height * width).map { index in
      let y = 2 * Double(index / width) / Double(height) - 1
      let x = 2 * Double(index % width) / Double(width) - 1
      let stripes = 0.02 * sin(2 * Double.pi * (9 * (y + 0.1 * x) + phase))
      return (1 - falloff * (x * x + y * y)) * (1 + 0.4 * Double(speckle.pixels[index]) + stripes)
    }
  }

  /// The intensity that a frame sees: the sample's transmission blurred by the microscope (a
  /// Gaussian), scaled about the middle and displaced.
  private func transmission(
    of sample: ExampleSample, _ margin: Int, _ energyEV: Double, _ placement: Placement
  ) -> [Float] {
    let absorption = ExamplePhase.all.map { Float($0.absorptionPerUM(energyEV: energyEV)) }
    let canvas = sample.labels.indices.map { index -> Float in
      let label = Int(sample.labels[index])
      guard label >= 0 else { return 1 }
      let share = sample.grainShare[index]
      let mixed =
        share == 0 ? absorption[label] : (1 - share) * absorption[label] + share * absorption[0]
      return expf(-mixed * sample.thicknessUM[index])
    }
    /// For each pixel of a side, its taps relative to it.
    func kernels(_ count: Int, _ drift: Double) -> [(first: Int, weights: [Float])] {
      let centre = Double(count - 1) / 2
      return (0..<count).map { place in
        guard placement.scale != 1 else { return Self.kernel(-drift, blur) }
        let fromCentre = Double(place) - centre
        let offset = (fromCentre - drift) / placement.scale - fromCentre
        return Self.kernel(offset, blur / placement.scale)
      }
    }
    let rows = kernels(height, placement.drift.dy)
    let columns = kernels(width, placement.drift.dx)
    var result = [Float](repeating: 0, count: height * width)
    var line = [Float](repeating: 0, count: sample.width)
    for y in 0..<height {
      for x in line.indices { line[x] = 0 }
      for (tap, weight) in rows[y].weights.enumerated() {
        let source = (y + margin + rows[y].first + tap) * sample.width
        for x in line.indices { line[x] += weight * canvas[source + x] }
      }
      for x in 0..<width {
        let source = margin + x + columns[x].first
        var sum: Float = 0
        for (tap, weight) in columns[x].weights.enumerated() { sum += weight * line[source + tap] }
        result[y * width + x] = sum
      }
    }
    return result
  }

  /// The weights of the canvas pixels about a place that lies `offset` from a pixel, px.
  private static func kernel(_ offset: Double, _ sigma: Double) -> (first: Int, weights: [Float]) {
    let reach = max(4, Int((3 * sigma).rounded(.up)))
    let first = Int(offset.rounded()) - reach
    let weights = (0...2 * reach).map { tap -> Double in
      let distance = (Double(first + tap) - offset) / sigma
      return exp(-0.5 * distance * distance)
    }
    let total = weights.reduce(0, +)
    return (first, weights.map { Float($0 / total) })
  }
}
