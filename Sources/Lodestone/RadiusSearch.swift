import Clustering

/// DBSCAN at a radius, at larger ones while too much is noise, and at smaller and larger ones than the one used: how
/// much hangs on it.
struct RadiusSearch {
  /// What is found at one radius.
  struct Trial: Equatable {
    /// Noise units.
    var radius: Double
    /// Clusters that are large enough to be kept.
    var clusters: Int
    /// Points in none of them.
    var noise: Int
    var isUsed: Bool
  }

  /// What is found.
  struct Outcome {
    var clustering: DBSCAN.Result
    var radius: Double
    /// Ascending.
    var trials: [Trial]
    /// What was found at the first radius, where it had to grow.
    var enlargedFrom: Trial?
  }

  /// The radii beside the one used, as multiples of it, from half to twice.
  private static let others = [0.512, 0.64, 0.8, 1.25, 1.5625, 1.953125]

  private let search: NeighbourSearch
  private let count: Int
  let minimumPoints: Int
  /// Fewer points are no cluster.
  let leastPixels: Double

  /// A search among points.
  ///
  /// - Throws: `ClusteringFailure`.
  init(_ points: Points, minimumPoints: Int, leastPixels: Double) throws {
    search = try NeighbourSearch(points)
    count = points.count
    self.minimumPoints = minimumPoints
    self.leastPixels = leastPixels
  }

  /// Clusters the points.
  ///
  /// - Parameters:
  ///   - isFixed: whether the radius was asked for, and stays.
  ///   - noiseLimit: the share of noise above which the radius grows by sqrt(2), at most six times.
  /// - Throws: `ClusteringFailure`.
  func run(
    from start: Double, isFixed: Bool, noiseLimit: Double
  ) throws -> Outcome {
    var radius = start
    var clustering = try cluster(radius)
    var trials = [trial(clustering, radius)]
    while !isFixed, trials.count < 7,
      Double(clustering.labels.count { $0 < 0 }) > noiseLimit * Double(count)
    {
      radius *= 2.0.squareRoot()
      clustering = try cluster(radius)
      trials.append(trial(clustering, radius))
    }
    trials[trials.count - 1].isUsed = true
    let start = trials.count > 1 ? trials[0] : nil
    for factor in Self.others {
      trials.append(trial(try cluster(radius * factor), radius * factor))
    }
    return Outcome(
      clustering: clustering, radius: radius, trials: trials.sorted { $0.radius < $1.radius },
      enlargedFrom: start)
  }

  private func cluster(_ radius: Double) throws -> DBSCAN.Result {
    try DBSCAN(radius: radius, minimumPoints: minimumPoints).cluster(search)
  }

  private func trial(_ clustering: DBSCAN.Result, _ radius: Double) -> Trial {
    var sizes = [Int](repeating: 0, count: clustering.clusterCount)
    for label in clustering.labels where label >= 0 { sizes[Int(label)] += 1 }
    let kept = sizes.filter { Double($0) >= leastPixels }
    return Trial(
      radius: radius, clusters: kept.count, noise: count - kept.reduce(0, +), isUsed: false)
  }
}
