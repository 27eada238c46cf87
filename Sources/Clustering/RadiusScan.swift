import CClusteringKernels
import Foundation

/// Chooses the radius of a DBSCAN from the points: the one in the middle of the widest range of radii that find the
/// same number of clusters.
///
///     let (choice, result) = try RadiusScan().cluster(points)
///     choice.radius          // result is DBSCAN's at this radius
///     choice.steps           // the whole curve
///
/// 1. `minimumPoints` is max(2 d, total weight / 1000), rounded, unless it is given: a cluster of less than a thousandth
///    of the points is not looked for.
/// 2. The radii are a geometric series between two quantiles, 1 % and 90 %, of the distance to the neighbour of that
///    rank (the second at least: a point is its own first), over points picked by a fixed stride.
/// 3. At each radius exact DBSCAN finds the clusters; those with at least `minimumPoints` core points count. Radii above
///    one at which a single cluster holds half of the points are left out, unless the smaller ones make no plateau of
///    several clusters.
/// 4. A *plateau* is a run of radii with the same number of clusters, not 0. Those of several clusters over three radii
///    or more come before all others; among these the one over the most radii is chosen, and of two as wide the one at
///    larger radii. The radius is its geometric middle.
///
/// The k-distance plot's knee, everybody's automatic radius, finds one cluster where phases are joined by
/// mixed pixels. A scan over radii does not ask where the curve bends, but where the answer does not change.
///
/// Every radius is exact and takes what smaller and larger ones have found: a point's smallest radius at which it is
/// core is found by bisection, and components only join as the radius grows.
public struct RadiusScan: Sendable {
  /// The rank of the neighbour, and DBSCAN's minimum points; chosen from the points where nil.
  public let minimumPoints: Int?
  /// The number of radii, 16 to 24.
  public let steps: Int

  static let quantiles = (lower: 0.01, upper: 0.9)
  static let sampleSize = 2048

  /// - Throws: ``ClusteringFailure/minimumPoints(_:)``.
  /// - Precondition: `steps` is 16 to 24.
  public init(minimumPoints: Int? = nil, steps: Int = 16) throws(ClusteringFailure) {
    precondition(16...24 ~= steps)
    if let minimumPoints, minimumPoints < 1 { throw .minimumPoints(minimumPoints) }
    self.minimumPoints = minimumPoints
    self.steps = steps
  }

  /// The minimum points for so much weight in so many dimensions: max(2 d, weight / 1000), rounded.
  public static func defaultMinimumPoints(weight: Int, dimensions: Int) -> Int {
    max(2 * dimensions, Int((Double(weight) / 1000).rounded()))
  }

  /// Chooses a radius and clusters the points with it.
  ///
  /// - Throws: ``ClusteringFailure/nothingToChoose`` for fewer points than are needed for a core point, or so many in
  ///   every place; or ``ClusteringFailure/cancelled``.
  /// - Complexity: about eight clusterings at one radius and these minimum points.
  public func cluster(
    _ points: Points, workers: Workers = Workers()
  ) throws(ClusteringFailure) -> (choice: RadiusChoice, result: DBSCAN.Result) {
    let needed =
      minimumPoints
      ?? Self.defaultMinimumPoints(weight: points.totalWeight, dimensions: points.dimensions)
    let search = try NeighbourSearch(points, workers: workers)
    let radii = try radii(search, rank: needed)
    return try search.withClusters(minimumPoints: needed) { clusters throws(ClusteringFailure) in
      var ladder = RadiusLadder(clusters, radii: radii, minimumPoints: needed)
      let steps = try ladder.climb()
      let choice = RadiusChoice(minimumPoints: needed, steps: steps)
      let test = try ladder.stand(at: choice.radius)
      return (choice, try clusters.labels(of: points, test))
    }
  }

  /// The radii to try, in ascending order.
  private func radii(
    _ search: NeighbourSearch, rank: Int
  ) throws(ClusteringFailure) -> [Double] {
    let count = search.tree.count
    guard count > 1, rank <= search.points.totalWeight else { throw .nothingToChoose }
    let stride = max(1, count / Self.sampleSize)
    let sample = search.everyPoint(by: stride)
    let distances = try search.distances(
      // A point is its own first neighbour.
      toNeighbour: min(max(rank, 2), count), of: sample
    ).sorted()
    var upper = quantile(distances, Self.quantiles.upper)
    // Where most points lie in few places, all that is known is how far others are.
    if upper == 0 { upper = distances.last ?? 0 }
    guard upper > 0, upper.isFinite else { throw .nothingToChoose }
    // Where many points lie in one place the lower quantile may be 0.
    let lowest = quantile(distances, Self.quantiles.lower)
    let lower = min(max(lowest, upper / 1000), upper / 1.5)
    let ratio = upper / lower
    return (0..<steps).map { lower * pow(ratio, Double($0) / Double(steps - 1)) }
  }
}

/// A radius that was chosen, and why.
public struct RadiusChoice: Sendable, Equatable {
  /// What DBSCAN finds at one radius.
  public struct Step: Sendable, Equatable {
    /// The radius, in the unit of the points.
    public let radius: Double
    /// The number of clusters with at least `minimumPoints` core points.
    public let clusters: Int
    /// The number of core points.
    public let corePoints: Int
    /// The number of core points of the largest cluster.
    public let largestCluster: Int

    package init(radius: Double, clusters: Int, corePoints: Int, largestCluster: Int) {
      self.radius = radius
      self.clusters = clusters
      self.corePoints = corePoints
      self.largestCluster = largestCluster
    }
  }

  /// A run of radii that find the same number of clusters.
  public struct Plateau: Sendable, Equatable {
    /// The number of clusters.
    public let clusters: Int
    /// The steps.
    public let steps: Range<Int>
    /// The smallest of the radii.
    public let lower: Double
    /// The largest of the radii.
    public let upper: Double
    /// How much larger the largest radius is: 1 for a single step.
    public var width: Double { upper / lower }
    /// Whether it has several clusters over three radii or more.
    public var isLasting: Bool { clusters > 1 && steps.count >= 3 }
    /// The geometric middle of the radii.
    public var middle: Double { (lower * upper).squareRoot() }
  }

  /// The minimum points of all steps.
  public let minimumPoints: Int
  /// The whole curve, radii ascending.
  public let steps: [Step]
  /// The plateau that was chosen; nil where no radius finds a cluster of that size.
  public let plateau: Plateau?
  /// The one that would have been chosen without it.
  public let runnerUp: Plateau?
  /// The radius: the middle of the plateau, or the largest tried where there is none.
  public let radius: Double

  package init(minimumPoints: Int, steps: [Step]) {
    self.minimumPoints = minimumPoints
    self.steps = steps
    let ranked = RadiusChoice.plateaus(of: steps).sorted(by: RadiusChoice.isBetter)
    plateau = ranked.first
    runnerUp = ranked.dropFirst().first
    radius =
      ranked.first.map { $0.steps.count == 1 ? $0.lower : $0.middle } ?? steps.last?.radius ?? 0
  }

  static func plateaus(of steps: [Step]) -> [Plateau] {
    var found: [Plateau] = []
    var start = 0
    while start < steps.count {
      let end = steps[start...].firstIndex { $0.clusters != steps[start].clusters } ?? steps.count
      if steps[start].clusters > 0 {
        found.append(
          Plateau(
            clusters: steps[start].clusters, steps: start..<end, lower: steps[start].radius,
            upper: steps[end - 1].radius))
      }
      start = end
    }
    return found
  }

  /// Several clusters over three radii or more before all else, then more radii, then larger ones.
  static func isBetter(_ a: Plateau, _ b: Plateau) -> Bool {
    if a.isLasting != b.isLasting { return a.isLasting }
    if a.steps.count != b.steps.count { return a.steps.count > b.steps.count }
    return a.steps.lowerBound > b.steps.lowerBound
  }
}

extension NeighbourSearch {
  /// Calls `body` with the steps of DBSCAN over the index.
  func withClusters<Result>(
    minimumPoints: Int, _ body: (DensityClusters) throws(ClusteringFailure) -> Result
  ) throws(ClusteringFailure) -> Result {
    try points.withSource { source throws(ClusteringFailure) in
      try body(
        DensityClusters(
          tree: tree, arena: Arena(parent: arena), source: source, minimumPoints: minimumPoints,
          workers: workers))
    }
  }

  /// The original index of every `stride`-th point that takes part.
  func everyPoint(by stride: Int) -> [Int] {
    guard let isIncluded = points.isIncluded else {
      return Array(Swift.stride(from: 0, to: points.count, by: stride))
    }
    let included = isIncluded.indices.filter { isIncluded[$0] }
    return Swift.stride(from: 0, to: included.count, by: stride).map { included[$0] }
  }
}
