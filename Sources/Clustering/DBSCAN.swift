/// Density-based clustering of points, exact and deterministic.
///
///     let points = try Points(scores, dimensions: 3)
///     let result = try DBSCAN(radius: 0.5, minimumPoints: 10).cluster(points)
///     result.labels      // one a point: 0, 1, ... or -1 for noise
///
/// A point is *core* if at least `minimumPoints` points, itself included, lie within `radius` of
/// it: their squared distance, summed in Double over the coordinates in order, is at most
/// `radius * radius`. Core points within reach of each other share a cluster. A point that is not
/// core but within reach of a core point is a *border* point; the rest is noise.
///
/// Clusters are numbered by their smallest core index, and a border point takes the smallest
/// label among its core neighbours: labels are those of scikit-learn, element by element, and
/// depend on nothing but the data.
///
/// Source: Ester, Kriegel, Sander, Xu, "A density-based algorithm for discovering clusters",
/// KDD 1996; Schubert et al., "DBSCAN revisited, revisited", doi 10.1145/3068335.
public struct DBSCAN: Sendable {
  /// The largest distance of two neighbours, in the unit of the points. It is not the largest
  /// distance within a cluster.
  public let radius: Double
  /// The number of points within the radius, the point itself included, that makes it core.
  public let minimumPoints: Int

  /// The label of a point that belongs to no cluster.
  public static let noise: Int32 = -1
  /// The label of a point that was left out.
  public static let leftOut: Int32 = -2

  /// What one clustering found.
  public struct Result: Sendable, Equatable {
    /// A cluster number for each point, ``DBSCAN/noise`` or ``DBSCAN/leftOut``.
    public let labels: [Int32]
    /// Whether each point is core.
    public let isCore: [Bool]
    /// The number of clusters.
    public let clusterCount: Int
    /// What it took.
    public let work: ClusteringWork
    /// The number of points that took part and belong to no cluster.
    public var noiseCount: Int { labels.count { $0 == DBSCAN.noise } }
  }

  /// Makes a clustering with these parameters.
  ///
  /// - Throws: ``ClusteringFailure`` when a parameter is out of range.
  public init(radius: Double, minimumPoints: Int) throws(ClusteringFailure) {
    guard radius > 0, radius.isFinite else { throw .radius(radius) }
    guard minimumPoints >= 1 else { throw .minimumPoints(minimumPoints) }
    self.radius = radius
    self.minimumPoints = minimumPoints
  }

  /// Clusters points.
  ///
  /// With weights, a point counts as often as its weight says.
  ///
  /// - Throws: ``ClusteringFailure/cancelled`` where the workers' observer says so.
  /// - Complexity: O(n log n) expected in low dimensions, whatever the radius. Memory: about 60 bytes a point at 4
  ///   dimensions, beyond the points, whatever the radius.
  public func cluster(
    _ points: Points, workers: Workers = Workers()
  ) throws(ClusteringFailure) -> Result {
    try cluster(NeighbourSearch(points, workers: workers))
  }

  /// Clusters the points of an index, which may serve for several radii.
  ///
  /// - Throws: ``ClusteringFailure/cancelled`` where the index's workers' observer says so.
  public func cluster(_ search: NeighbourSearch) throws(ClusteringFailure) -> Result {
    try search.withClusters(minimumPoints: minimumPoints) { clusters throws(ClusteringFailure) in
      let test = clusters.test(radius: radius)
      try clusters.findCores(test)
      try clusters.connect(test)
      return try clusters.labels(of: search.points, test)
    }
  }
}
