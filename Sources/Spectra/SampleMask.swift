internal import CSpectraKernels
import Foundation

/// Maps of how much is there: the mean optical density over the energies, and the steps at some edges.
public struct AbsorptionMaps: Sendable {
  /// A map of edge steps.
  public struct Step: Sendable {
    /// The edge.
    public let edge: AbsorptionEdge
    /// The post-edge line less the pre-edge line at the edge's energy, OD.
    public let step: Image
    /// The standard deviation of the optical density about its pre-edge line.
    public let deviation: Image
  }

  /// The mean optical density.
  public let mean: Image
  /// The steps, one map an edge.
  public let steps: [Step]

  /// Makes the maps.
  ///
  /// - Parameters:
  ///   - energies: eV, ascending, one a frame.
  ///   - edges: edges whose windows hold enough energies.
  /// - Throws: ``ScratchFailure``.
  /// - Complexity: O(pixels energies (1 + edges)).
  public init(
    of frames: FrameStore, energies: [Double], edges: [AbsorptionEdge], windows: EdgeWindows
  ) throws(ScratchFailure) {
    let fits = edges.map { windows.lineFits(energies: energies, at: $0) }
    let (width, runs) = (frames.width, frames.rowRuns)
    let made = try mapInParallel(runs.count) { (run) throws(ScratchFailure) in
      let pixels = runs[run].lowerBound * width..<runs[run].upperBound * width
      return try frames.withBand(pixels) { band in
        (
          mean: band.sum(pixels.count) { _ in 1 / Double(band.frames) },
          steps: fits.map { $0.maps(of: band, pixels.count) }
        )
      }
    }
    func image(_ part: ((mean: [Float], steps: [(step: [Float], deviation: [Float])])) -> [Float])
      -> Image
    {
      Image(height: frames.height, width: width, pixels: made.flatMap(part))
    }
    mean = image { $0.mean }
    steps = edges.indices.map { edge in
      Step(
        edge: edges[edge], step: image { $0.steps[edge].step },
        deviation: image { $0.steps[edge].deviation })
    }
  }
}

extension FrameStore.Band {
  /// The sum of each pixel's values with a weight for each frame; frames of weight 0 are left out.
  fileprivate func sum(_ pixels: Int, _ weight: (Int) -> Double) -> [Float] {
    sums(pixels, weight).map { Float($0) }
  }

  /// The same in double.
  func sums(_ pixels: Int, _ weight: (Int) -> Double) -> [Double] {
    var sums = [Double](repeating: 0, count: pixels)
    sums.withUnsafeMutableBufferPointer { sums in
      for frame in 0..<frames {
        let weight = weight(frame)
        guard weight != 0 else { continue }
        spectra_add_double(base + frame * stride, weight, sums.baseAddress!, pixels)
      }
    }
    return sums
  }
}

extension FrameStore.Band {
  /// The sum of the squares of each pixel's values in some frames.
  func squares(_ pixels: Int, _ isChosen: (Int) -> Bool) -> [Double] {
    var squares = [Double](repeating: 0, count: pixels)
    squares.withUnsafeMutableBufferPointer { squares in
      for frame in 0..<frames where isChosen(frame) {
        spectra_add_squares(base + frame * stride, squares.baseAddress!, pixels)
      }
    }
    return squares
  }
}

/// The weights of the energies in an edge's step, and in the two orthonormal parts of its pre-edge line.
struct EdgeLineFits: Sendable {
  let step: [Double]
  let level: [Double]
  let slope: [Double]
  /// The energies of the pre-edge window less the line's two numbers.
  let freedom: Double

  /// The step and the deviation of some pixels.
  fileprivate func maps(
    of band: FrameStore.Band, _ pixels: Int
  ) -> (step: [Float], deviation: [Float]) {
    let level = band.sums(pixels) { self.level[$0] }
    let slope = band.sums(pixels) { self.slope[$0] }
    let squares = band.squares(pixels) { self.level[$0] != 0 }
    let deviation = squares.indices.map { pixel -> Float in
      let rest = squares[pixel] - level[pixel] * level[pixel] - slope[pixel] * slope[pixel]
      return Float((max(rest, 0) / freedom).squareRoot())
    }
    return (band.sum(pixels) { self.step[$0] }, deviation)
  }
}

extension EdgeWindows {
  /// The weights of each energy in the step at an edge that the energies measure.
  func lineFits(energies: [Double], at edge: AbsorptionEdge) -> EdgeLineFits {
    /// The weights of a least-squares line's value at the edge, and of its orthonormal parts.
    func line(_ window: ClosedRange<Double>) -> (value: [Double], level: [Double], slope: [Double])
    {
      let inside = energies.map { window.contains($0 - edge.energyEV) }
      let count = Double(inside.count { $0 })
      let mean = zip(energies, inside).reduce(0.0) { $1.1 ? $0 + $1.0 : $0 } / count
      let squares = zip(energies, inside).reduce(0.0) { sum, pair in
        pair.1 ? sum + (pair.0 - mean) * (pair.0 - mean) : sum
      }
      let length = squares > 0 ? squares.squareRoot() : 1
      let level = inside.map { $0 ? 1 / count.squareRoot() : 0 }
      let slope = zip(energies, inside).map { $1 ? ($0 - mean) / length : 0 }
      let atEdge = (edge.energyEV - mean) / length
      let value = zip(level, slope).map { $0 / count.squareRoot() + $1 * atEdge }
      return (value, level, slope)
    }
    let windows = windows(at: edge, energies: energies)
    let (before, behind) = (line(windows.pre), line(windows.post))
    let count = Double(before.level.count { $0 != 0 })
    return EdgeLineFits(
      step: zip(behind.value, before.value).map { $0 - $1 }, level: before.level,
      slope: before.slope, freedom: max(count - 2, 1))
  }
}

/// Where sample is.
public struct SampleMask: Sendable {
  /// The pixels that every frame shows: no others hold sample.
  public let isInside: [Bool]
  /// Sample is above this share of the 95 % quantile, of the mean OD or of a step.
  public var fraction = 0.15
  /// A step shows sample above so many standard deviations of the optical density about the pre-edge line; of a pixel's
  /// own, or of the median pixel's where that is more: few energies measure it badly.
  public var stepDeviations = 5.0
  /// A pixel beside the empty field is sample where it absorbs at least this share of what the sample behind it does:
  /// half, where the surface runs through its middle. 0 for any.
  public var rimFraction = 0.5

  /// A mask of what every frame shows.
  public init(isInside: [Bool]) { self.isInside = isInside }

  /// The pixels whose mean optical density shows sample; all that are inside where nothing is.
  public func pixels(meanOpticalDensity mean: Image) -> [Bool] {
    guard let high = quantile(inside(mean), 0.95) else { return isInside }
    let threshold = Float(fraction) * high
    return isInside.indices.map { isInside[$0] && mean.pixels[$0] > threshold }
  }

  /// The pixels where the step of any edge shows sample.
  public func pixels(anyOf steps: [AbsorptionMaps.Step]) -> [Bool] {
    let found = mapInParallel(steps.count) { pixels(steps[$0]) }
    return isInside.indices.map { pixel in found.contains { $0[pixel] } }
  }

  /// The pixels where the step of an edge shows sample.
  private func pixels(_ map: AbsorptionMaps.Step) -> [Bool] {
    guard let high = quantile(inside(map.step), 0.95),
      let typical = quantile(inside(map.deviation), 0.5)
    else { return [Bool](repeating: false, count: isInside.count) }
    let threshold = Float(fraction) * high
    return isInside.indices.map { pixel in
      let limit = Float(stepDeviations) * max(map.deviation.pixels[pixel], typical)
      return isInside[pixel] && map.step.pixels[pixel] > max(threshold, limit)
    }
  }

  /// The pixels of `found` together with the pieces that only `more` shows and that reach further than `rim` px from
  /// them: nearer, what shows is the blurred rim of what was found. Of the 3 x 3 pixels of each most must be in either:
  /// a pixel by itself is noise.
  public func joined(_ found: [Bool], _ more: [Bool], width: Int, rim: Double = 3) -> [Bool] {
    let height = found.count / width
    func isInEither(_ y: Int, _ x: Int) -> Bool {
      y >= 0 && y < height && x >= 0 && x < width
        && (found[y * width + x] || more[y * width + x])
    }
    let isAdded = found.indices.map { pixel in
      if found[pixel] || !more[pixel] { return false }
      let (y, x) = (pixel / width, pixel % width)
      return (0..<9).count { isInEither(y + $0 / 3 - 1, x + $0 % 3 - 1) } >= 5
    }
    let distance = squaredDistanceToOutside(of: found.map { !$0 }, height: height, width: width)
    let isFar = isAdded.indices.map { isAdded[$0] && distance[$0] > rim * rim }
    let pieces = connected(isAdded, from: isFar, height: height, width: width)
    return found.indices.map { found[$0] || pieces[$0] }
  }

  /// A mask without the pixels at its rim that hold less sample than empty field: a threshold for all of the sample lies
  /// where the blurred rim of thick sample is still above it, and the surface would lie half a pixel too far out.
  ///
  /// What a rim pixel absorbs, 1 - exp(-OD), is compared with the mean of the sample within two pixels that is not at the
  /// rim itself. A rim that thins out slowly absorbs more than half of that, and stays.
  ///
  /// - Complexity: O(pixels).
  public func withoutMixedRim(_ isSample: [Bool], meanOpticalDensity mean: Image) -> [Bool] {
    if rimFraction == 0 { return isSample }
    let (height, width) = (mean.height, mean.width)
    func isEmpty(_ y: Int, _ x: Int) -> Bool {
      guard y >= 0, y < height, x >= 0, x < width else { return false }
      return isInside[y * width + x] && !isSample[y * width + x]
    }
    let isRim = isSample.indices.map { pixel -> Bool in
      let (y, x) = (pixel / width, pixel % width)
      return isSample[pixel]
        && (isEmpty(y - 1, x) || isEmpty(y + 1, x) || isEmpty(y, x - 1) || isEmpty(y, x + 1))
    }
    func absorbed(_ pixel: Int) -> Double { 1 - exp(-max(0, Double(mean.pixels[pixel]))) }
    return isSample.indices.map { pixel in
      guard isRim[pixel] else { return isSample[pixel] }
      let (y, x) = (pixel / width, pixel % width)
      var (sum, count) = (0.0, 0.0)
      for row in max(0, y - 2)...min(height - 1, y + 2) {
        for column in max(0, x - 2)...min(width - 1, x + 2) {
          let other = row * width + column
          guard isSample[other], !isRim[other] else { continue }
          sum += absorbed(other)
          count += 1
        }
      }
      return count == 0 || absorbed(pixel) * count >= rimFraction * sum
    }
  }

  private func inside(_ image: Image) -> [Float] {
    isInside.indices.compactMap { isInside[$0] ? image.pixels[$0] : nil }
  }
}
