import Clustering
import Spectra
import Synchronization

/// What spectra are clustered in: principal-component scores in units of the noise.
struct Features {
  /// Row-major, `dimensions` a point, in units of the median noise, averaged over neighbours that agree.
  let scores: [Float]
  let dimensions: Int
  /// Each point's noise in units of the median, before neighbours were averaged.
  let relativeNoise: [Float]
  /// The median noise of the normalised spectra.
  let noiseUnit: Double
  /// The standard deviation of the scores before neighbours were averaged, all dimensions together, in units of the
  /// noise.
  let spread: Double
  /// Of all components, in squared units of the normalised spectra.
  let variances: [Double]
}

extension Features {
  /// The features of the grid's points.
  ///
  /// - Throws: ``ScratchFailure``, or ``PrincipalComponents/Failure``.
  init(
    _ frames: FrameStore, _ measure: SpectrumMeasure, _ grid: PixelGrid, _ parameters: ParameterSet,
    _ progress: ProgressTeller
  ) throws {
    let count = frames.count
    let failure = Mutex<ScratchFailure?>(nil)
    // The spectra are made twice, once for the components and once for the scores; the averaging takes about as long as a
    // fifth of that.
    let made = progress.count(.features, of: 5 * grid.pixels.count / 2)
    let spectra = Self.spectra(frames, measure, grid, made) { error in
      failure.withLock { $0 = $0 ?? error }
    }
    let components = try PrincipalComponents(of: spectra)
    let rank = min(Int(parameters.fixed("pca.noise_rank")), count - 2)
    let dimensions =
      parameters.number("pca.components").map { min(Int($0), count) }
      ?? min(max(components.significantCount, 2), 4)
    let (raw, noise) = components.scores(of: spectra, count: dimensions, noiseBeyond: rank)
    if let failure = failure.withLock({ $0 }) { throw failure }
    // Without noise (made-up data) a thousandth of the largest spread stands in for it, and
    // what Float can tell apart where there is no spread either.
    let floor = max(1e-3 * (components.variances.first ?? 0).squareRoot(), 1e-5)
    let unit = max(Double(value(ofRank: noise.count / 2, among: noise)), floor)
    let relative = noise.map { Float(Double($0) / unit) }
    scores = grid.averageOfAgreeing(
      raw.map { Float(Double($0) / unit) }, dimensions: dimensions, noise: relative,
      reach: Int(parameters.fixed("features.smoothing")))
    self.dimensions = dimensions
    relativeNoise = relative
    noiseUnit = unit
    spread = components.variances.prefix(dimensions).reduce(0, +).squareRoot() / unit
    variances = components.variances
  }

  /// The scores of some points.
  func points(_ chosen: [Int]) -> [Float] {
    var points: [Float] = []
    points.reserveCapacity(chosen.count * dimensions)
    for point in chosen {
      for axis in 0..<dimensions { points.append(scores[point * dimensions + axis]) }
    }
    return points
  }

  /// The spectra of the grid's pixels, normalised, made from the rows of the frames where they are asked for.
  private static func spectra(
    _ frames: FrameStore, _ measure: SpectrumMeasure, _ grid: PixelGrid, _ made: StageCount,
    fail: @escaping @Sendable (ScratchFailure) -> Void
  ) -> PrincipalComponents.RowSource {
    .init(count: grid.pixels.count, columns: frames.count) { range, target in
      defer { made.add(range.count) }
      let pixels = grid.pixels[range]
      let first = Int(pixels[range.lowerBound])
      // What is written is one run of spectra, which is read a frame at a time: some of them at once stay in the cache.
      do throws(ScratchFailure) {
        try frames.withBand(first..<Int(pixels[range.upperBound - 1]) + 1) { band in
          // What all energies of a pixel share.
          var shared: [(offset: Int, level: Float, divisor: Float)] = []
          for start in stride(from: range.lowerBound, to: range.upperBound, by: 256) {
            let piece = start..<min(start + 256, range.upperBound)
            shared.removeAll(keepingCapacity: true)
            for point in piece {
              let pixel = Int(pixels[point])
              shared.append(
                (
                  pixel - first, measure.background?.level.pixels[pixel] ?? 0,
                  measure.divisor?.pixels[pixel] ?? 1
                ))
            }
            for energy in 0..<band.frames {
              let row = band.base + energy * band.stride
              let shape = measure.background?.shape[energy] ?? 0
              var place = (start - range.lowerBound) * band.frames + energy
              for pixel in shared {
                target[place] = (row[pixel.offset] - pixel.level * shape) / pixel.divisor
                place += band.frames
              }
            }
          }
        }
      } catch {
        target.update(repeating: 0)
        fail(error)
      }
    }
  }
}
