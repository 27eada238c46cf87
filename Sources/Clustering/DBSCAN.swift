/// Density-based clustering of points, exact and deterministic.
///
///     let result = try DBSCAN(radius: 0.5, minimumPoints: 10).cluster(points, dimensions: 3)
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

  /// What one clustering found.
  public struct Result: Sendable, Equatable {
    /// A cluster number for each point, -1 for noise.
    public let labels: [Int32]
    /// Whether each point is core.
    public let isCore: [Bool]
    /// The number of clusters.
    public let clusterCount: Int
    /// The number of points that belong to no cluster.
    public var noiseCount: Int { labels.count { $0 < 0 } }
  }

  /// A reason why points cannot be clustered.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    /// The radius is not a finite number above zero.
    case radius(Double)
    /// Fewer than one minimum point.
    case minimumPoints(Int)
    /// The values do not fill whole rows.
    case shape(values: Int, dimensions: Int)
    /// A row holds NaN or infinity. Rows count from 0.
    case notFinite(row: Int)
    /// More points than the labels' Int32 can number.
    case tooMany(Int)

    /// The failure in words.
    public var description: String {
      switch self {
      case .radius(let value): "the radius is \(value): it must be a finite number above 0"
      case .minimumPoints(let value): "minimum points is \(value): it must be at least 1"
      case .shape(let values, let dimensions):
        "\(values) values do not fill rows of \(dimensions)"
      case .notFinite(let row): "row \(row) (from 0) holds a value that is not a finite number"
      case .tooMany(let count): "\(count) points are more than 2147483647"
      }
    }
  }

  /// Makes a clustering with these parameters.
  ///
  /// - Throws: ``Failure`` when a parameter is out of range.
  public init(radius: Double, minimumPoints: Int) throws(Failure) {
    guard radius > 0, radius.isFinite else { throw .radius(radius) }
    guard minimumPoints >= 1 else { throw .minimumPoints(minimumPoints) }
    self.radius = radius
    self.minimumPoints = minimumPoints
  }

  /// Clusters `points`: row-major, `dimensions` values a point.
  ///
  /// - Throws: ``Failure`` when the shape is wrong or a value is not finite.
  /// - Complexity: O(n log n) expected for bounded neighbourhoods in low dimensions. Memory is
  ///   O(n dimensions), whatever the radius.
  public func cluster(_ points: [Double], dimensions: Int) throws(Failure) -> Result {
    guard dimensions > 0, points.count.isMultiple(of: dimensions) else {
      throw .shape(values: points.count, dimensions: dimensions)
    }
    let count = points.count / dimensions
    guard count <= Int(Int32.max) else { throw .tooMany(count) }
    if let bad = points.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: bad / dimensions)
    }
    guard count > 0 else { return Result(labels: [], isCore: [], clusterCount: 0) }
    let tree = KDTree(points: points, dimensions: dimensions)
    return tree.withView { view in
      var search = RadiusSearch(tree: tree, view: view, radius: radius)
      let isCore = search.corePoints(minimumPoints: minimumPoints)
      return search.label(isCore: isCore)
    }
  }
}
