internal import CSpectraKernels

/// How much of an edge there is in each pixel, above a background that falls as E^-3: what spectra that are mostly
/// background are divided by.
///
/// The background is the mean optical density before the edge times (E / mean E)^-3, the law of photoelectric absorption
/// far from edges; a line through a few noisy energies would be extrapolated far beyond them.
public struct EdgeMeasure: Sendable {
  /// The mean optical density before the edge.
  public let before: Image
  /// The mean, over the energies behind, of what lies above the background, OD.
  public let height: Image
  /// Its standard error, from the scatter about the background before the edge; of a pixel's own or the median pixel's where that is more.
  public let standardError: Image
  /// The background at each energy, in units of ``before``.
  public let shape: [Double]

  /// Measures all pixels.
  ///
  /// - Parameters:
  ///   - energies: eV, ascending, one a frame.
  ///   - isBefore: the energies before the edge: two or more.
  ///   - isBehind: those behind it that are averaged: one or more.
  /// - Throws: ``ScratchFailure``.
  /// - Complexity: O(pixels energies).
  public init(
    of frames: FrameStore, energies: [Double], isBefore: [Bool], isBehind: [Bool]
  ) throws(ScratchFailure) {
    func mean(_ values: [Double], over chosen: [Bool]) -> Double {
      let sum = zip(values, chosen).reduce(0.0) { $1.1 ? $0 + $1.0 : $0 }
      return sum / Double(max(chosen.count { $0 }, 1))
    }
    let middle = mean(energies, over: isBefore)
    let shape = energies.map { middle * middle * middle / ($0 * $0 * $0) }
    let share = mean(shape, over: isBehind)
    let shapeSquares = zip(shape, isBefore).reduce(0.0) { $1.1 ? $0 + $1.0 * $1.0 : $0 }
    let (few, many) = (Double(isBefore.count { $0 }), Double(isBehind.count { $0 }))
    let (width, runs) = (frames.width, frames.rowRuns)
    let made = try mapInParallel(runs.count) { (run) throws(ScratchFailure) in
      let pixels = runs[run].lowerBound * width..<runs[run].upperBound * width
      return try frames.withBand(pixels) { band in
        let before = band.sums(pixels.count) { isBefore[$0] ? 1 / few : 0 }
        let behind = band.sums(pixels.count) { isBehind[$0] ? 1 / many : 0 }
        let alongShape = band.sums(pixels.count) { isBefore[$0] ? shape[$0] : 0 }
        let squares = band.squares(pixels.count) { isBefore[$0] }
        return before.indices.map { pixel -> (before: Float, height: Float, scatter: Float) in
          let level = before[pixel]
          let rest = max(squares[pixel] - level * (2 * alongShape[pixel] - level * shapeSquares), 0)
          return (
            Float(level), Float(behind[pixel] - share * level),
            Float((rest / max(few - 1, 1)).squareRoot())
          )
        }
      }
    }.flatMap(\.self)
    func image(_ value: (Int) -> Float) -> Image {
      Image(height: frames.height, width: width, pixels: made.indices.map(value))
    }
    let typical = quantile(made.map(\.scatter).filter(\.isFinite), 0.5) ?? 0
    let factor = Float((1 / many + share * share / few).squareRoot())
    before = image { made[$0].before }
    height = image { made[$0].height }
    standardError = image { factor * max(made[$0].scatter, typical) }
    self.shape = shape
  }
}
