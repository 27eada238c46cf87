import Clustering
import Spectra
import Synchronization

/// Registered optical density -> two label maps: the exact DBSCAN of the eligible pixels, and the
/// flood of all analysed pixels from it.
struct ClusteringStage {
  /// What the stage makes. All arrays with a value a point have the order of `grid.pixels`.
  struct Output {
    /// The analysed pixels.
    var grid: PixelGrid
    /// Labels after the flood: 0 is the largest cluster, -1 noise.
    var labels: [Int32]
    /// DBSCAN's own labels, with the same numbers: -1 noise, -3 not eligible.
    var dbscanLabels: [Int32]
    var clusterCount: Int
    var variances: [Double]
    var dimensions: Int
    var radius: Double
    var minimumPoints: Int
    /// The median noise of the thickness-normalised spectra: the unit of the features.
    var noiseUnit: Double
    var eligibleCount: Int
    var gradientThreshold: Double
    var clustersBeforeDrop: Int
    var rejectedPixels: Int
  }

  let parameters: ParameterSet

  func run(_ registered: RegistrationStage.Output, _ mask: MaskStage.Output) throws -> Output {
    let frames = registered.frames
    let pixels = mask.isSample.indices.filter {
      mask.isSample[$0] && registered.isMeasured[$0] && mask.mean.pixels[$0] > 0
    }.map { Int32($0) }
    try refuseTooLittle(energies: frames.count, pixels: pixels.count, mask.mean)
    let grid = PixelGrid(height: frames.height, width: frames.width, pixels: pixels)
    let features = try features(frames, mask.mean, grid)
    let gradient = grid.gradientMagnitude(features.scores, dimensions: features.dimensions)
    let share = parameters.fixed("features.eligible_fraction")
    let rank = min(max(Int((share * Double(pixels.count)).rounded()), 1), pixels.count)
    let threshold = gradient.sorted()[rank - 1]
    let eligible = gradient.indices.filter { gradient[$0] <= threshold }

    let radius =
      parameters.number("dbscan.radius")
      ?? parameters.fixed("dbscan.radius_factor") * Double(features.dimensions).squareRoot()
    let minimumPoints =
      parameters.number("dbscan.minimum_points").map { Int($0) }
      ?? max(2 * features.dimensions, pixels.count / 1000)
    var points: [Float] = []
    points.reserveCapacity(eligible.count * features.dimensions)
    for point in eligible {
      for axis in 0..<features.dimensions {
        points.append(features.scores[point * features.dimensions + axis])
      }
    }
    let clustering = try DBSCAN(radius: radius, minimumPoints: minimumPoints)
      .cluster(Points(points, dimensions: features.dimensions))

    var dbscanLabels = [Int32](repeating: -3, count: pixels.count)
    for (place, point) in eligible.enumerated() { dbscanLabels[point] = clustering.labels[place] }
    let kept = dropSmall(
      &dbscanLabels, clusterCount: clustering.clusterCount,
      leastPixels: parameters.fixed("cluster.minimum_share") * Double(pixels.count))
    guard kept <= Int(Int16.max) else {
      throw AnalysisError(
        "\(kept) clusters are more than a map can number: raise cluster.minimum_share")
    }
    var labels = grid.flood(dbscanLabels, gradient: gradient)
    let rejected = reject(&labels, dbscanLabels: dbscanLabels, clusterCount: kept, features)
    renumberBySize(&labels, &dbscanLabels, clusterCount: kept)
    return Output(
      grid: grid, labels: labels, dbscanLabels: dbscanLabels,
      clusterCount: kept, variances: features.variances, dimensions: features.dimensions,
      radius: radius, minimumPoints: minimumPoints, noiseUnit: features.noiseUnit,
      eligibleCount: eligible.count, gradientThreshold: Double(threshold),
      clustersBeforeDrop: clustering.clusterCount, rejectedPixels: rejected)
  }

  private func refuseTooLittle(energies: Int, pixels: Int, _ mean: Image) throws(AnalysisError) {
    guard energies >= 5 else {
      throw AnalysisError("\(energies) energies are no spectrum: at least 5 are needed")
    }
    if pixels == 0, mean.pixels.max() ?? 0 <= 0 {
      throw AnalysisError(
        "the optical density is below 0 everywhere: the reference is darker than the frames "
          + "(is it that of this scan, and are the exposures known?)")
    }
    guard pixels >= 100 else {
      throw AnalysisError(
        "only \(pixels) pixels hold sample: at least 100 are needed "
          + "(mask.fraction, or the drift is larger than the frame)")
    }
  }

  // MARK: Features

  private struct Features {
    /// Row-major, `dimensions` a point, in units of the median noise.
    var scores: [Float]
    var dimensions: Int
    /// Each point's noise in units of the median.
    var relativeNoise: [Float]
    var noiseUnit: Double
    var variances: [Double]
  }

  private func features(_ frames: FrameStore, _ mean: Image, _ grid: PixelGrid) throws -> Features {
    let count = frames.count
    let failure = Mutex<ScratchFailure?>(nil)
    let spectra = spectra(frames, mean, grid) { error in failure.withLock { $0 = $0 ?? error } }
    let components = try PrincipalComponents(of: spectra)
    let rank = min(Int(parameters.fixed("pca.noise_rank")), count - 2)
    let dimensions =
      parameters.number("pca.components").map { min(Int($0), count) }
      ?? min(max(components.significantCount, 2), 4)
    let (scores, noise) = components.scores(of: spectra, count: dimensions, noiseBeyond: rank)
    if let failure = failure.withLock({ $0 }) { throw failure }
    // Without noise (made-up data) a thousandth of the largest spread stands in for it, and
    // what Float can tell apart where there is no spread either.
    let floor = max(1e-3 * (components.variances.first ?? 0).squareRoot(), 1e-5)
    let unit = max(Double(noise.sorted()[noise.count / 2]), floor)
    return Features(
      scores: scores.map { Float(Double($0) / unit) }, dimensions: dimensions,
      relativeNoise: noise.map { Float(Double($0) / unit) }, noiseUnit: unit,
      variances: components.variances)
  }

  /// The spectra of the grid's pixels, normalised, made from the rows of the frames where they are asked for.
  private func spectra(
    _ frames: FrameStore, _ mean: Image, _ grid: PixelGrid,
    fail: @escaping @Sendable (ScratchFailure) -> Void
  ) -> PrincipalComponents.RowSource {
    let isNormalised = parameters.text("normalise.measure") == "mean_od"
    return .init(count: grid.pixels.count, columns: frames.count) { range, target in
      let pixels = grid.pixels[range]
      let first = Int(pixels[range.lowerBound])
      // What is written is one run of spectra, which is read a frame at a time: some of them at once stay in the cache.
      do throws(ScratchFailure) {
        try frames.withBand(first..<Int(pixels[range.upperBound - 1]) + 1) { band in
          for start in stride(from: range.lowerBound, to: range.upperBound, by: 256) {
            let piece = start..<min(start + 256, range.upperBound)
            for energy in 0..<band.frames {
              let row = band.base + energy * band.stride
              for point in piece {
                let pixel = Int(pixels[point])
                let thickness = isNormalised ? mean.pixels[pixel] : 1
                target[(point - range.lowerBound) * band.frames + energy] =
                  row[pixel - first] / thickness
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

  // MARK: Labels

  /// Turns clusters with fewer pixels than `leastPixels` into noise and closes the gaps in the
  /// numbers; how many are left.
  private func dropSmall(
    _ labels: inout [Int32], clusterCount: Int, leastPixels: Double
  ) -> Int {
    var sizes = [Int](repeating: 0, count: clusterCount)
    for label in labels where label >= 0 { sizes[Int(label)] += 1 }
    var next: Int32 = 0
    let newLabel = sizes.map { size -> Int32 in
      guard Double(size) >= leastPixels else { return -1 }
      next += 1
      return next - 1
    }
    for index in labels.indices where labels[index] >= 0 {
      labels[index] = newLabel[Int(labels[index])]
    }
    return Int(next)
  }

  /// Turns flooded pixels that lie too far from every segment joining two clusters' means into noise:
  /// they are no mixture of what was found. How many there were.
  private func reject(
    _ labels: inout [Int32], dbscanLabels: [Int32], clusterCount: Int, _ features: Features
  ) -> Int {
    let d = features.dimensions
    let means = clusterMeans(dbscanLabels, clusterCount: clusterCount, features)
    let reach = parameters.fixed("flood.reject_distance") * Double(d).squareRoot()
    var rejected = 0
    for point in labels.indices where labels[point] >= 0 && dbscanLabels[point] < 0 {
      let place = (0..<d).map { Double(features.scores[point * d + $0]) }
      let limit = reach * max(1, Double(features.relativeNoise[point]))
      let isMixture = means.indices.contains { a in
        means[a...].contains { b in
          squaredDistance(from: place, toSegment: means[a], b) <= limit * limit
        }
      }
      if !isMixture {
        labels[point] = -1
        rejected += 1
      }
    }
    return rejected
  }

  private func clusterMeans(
    _ labels: [Int32], clusterCount: Int, _ features: Features
  ) -> [[Double]] {
    let d = features.dimensions
    var sums = [[Double]](repeating: [Double](repeating: 0, count: d), count: clusterCount)
    var sizes = [Double](repeating: 0, count: clusterCount)
    for (point, label) in labels.enumerated() where label >= 0 {
      sizes[Int(label)] += 1
      for axis in 0..<d { sums[Int(label)][axis] += Double(features.scores[point * d + axis]) }
    }
    return zip(sums, sizes).map { sum, size in sum.map { $0 / max(size, 1) } }
  }

  /// The squared distance of a place to the segment between `a` and `b`, which may be one point.
  private func squaredDistance(
    from place: [Double], toSegment a: [Double], _ b: [Double]
  ) -> Double {
    var (along, length) = (0.0, 0.0)
    for axis in place.indices {
      along += (place[axis] - a[axis]) * (b[axis] - a[axis])
      length += (b[axis] - a[axis]) * (b[axis] - a[axis])
    }
    let share = length > 0 ? min(max(along / length, 0), 1) : 0
    var sum = 0.0
    for axis in place.indices {
      let difference = place[axis] - a[axis] - share * (b[axis] - a[axis])
      sum += difference * difference
    }
    return sum
  }

  /// Numbers the clusters by their size after the flood, largest first, ties by first pixel.
  private func renumberBySize(
    _ labels: inout [Int32], _ dbscanLabels: inout [Int32], clusterCount: Int
  ) {
    var sizes = [Int](repeating: 0, count: clusterCount)
    var first = [Int](repeating: .max, count: clusterCount)
    for (point, label) in labels.enumerated() where label >= 0 {
      sizes[Int(label)] += 1
      first[Int(label)] = min(first[Int(label)], point)
    }
    let order = (0..<clusterCount).sorted {
      sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : first[$0] < first[$1]
    }
    var newLabel = [Int32](repeating: 0, count: clusterCount)
    for (rank, old) in order.enumerated() { newLabel[old] = Int32(rank) }
    for point in labels.indices {
      if labels[point] >= 0 { labels[point] = newLabel[Int(labels[point])] }
      if dbscanLabels[point] >= 0 { dbscanLabels[point] = newLabel[Int(dbscanLabels[point])] }
    }
  }
}
