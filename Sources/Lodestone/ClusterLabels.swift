import Clustering

/// Labels of the analysed pixels: those of DBSCAN, and what they become over all pixels.
struct ClusterLabels {
  /// How pixels that DBSCAN did not label get a cluster.
  enum Method {
    /// From their neighbours, over the lowest gradients.
    case watershed
    /// That of the nearest mean.
    case nearest
  }

  /// DBSCAN's own: -1 noise, -3 not eligible.
  private(set) var dbscan: [Int32]
  /// Those of all points, by the flood: -1 noise.
  private(set) var all: [Int32]
  private(set) var clusterCount: Int
  private let grid: PixelGrid
  private let features: Features
  private let gradient: [Float]
  private let method: Method
  /// How far from every mixture of clusters a pixel is noise, in units of the noise.
  private let reach: Double

  /// Floods the clusters over all points, and rejects what is no mixture of them.
  ///
  /// - Parameter dbscan: a label a point; clusters of fewer than `leastPixels` become noise.
  init(
    dbscan: [Int32], leastPixels: Double, method: Method, rejectDistance: Double,
    _ grid: PixelGrid, _ features: Features, gradient: [Float]
  ) {
    self.method = method
    self.dbscan = dbscan
    self.grid = grid
    self.features = features
    self.gradient = gradient
    reach = rejectDistance * Double(features.dimensions).squareRoot()
    all = []
    clusterCount = 0
    dropSmall(leastPixels)
    flood()
  }

  /// Turns clusters with fewer pixels than `leastPixels` into noise and closes the gaps in the numbers.
  private mutating func dropSmall(_ leastPixels: Double) {
    var next: Int32 = 0
    let newLabel = sizes(of: dbscan).map { size -> Int32 in
      guard Double(size) >= leastPixels else { return -1 }
      next += 1
      return next - 1
    }
    for index in dbscan.indices where dbscan[index] >= 0 {
      dbscan[index] = newLabel[Int(dbscan[index])]
    }
    clusterCount = Int(next)
  }

  private func sizes(of labels: [Int32]) -> [Int] {
    var sizes = [Int](repeating: 0, count: Int(labels.max() ?? -1) + 1)
    for label in labels where label >= 0 { sizes[Int(label)] += 1 }
    return sizes
  }

  // MARK: Flood

  /// Extends the clusters over all points, and turns those that lie too far from every segment joining two clusters'
  /// means into noise: they are no mixture of what was found.
  private mutating func flood() {
    let d = features.dimensions
    let means = means()
    switch method {
    case .watershed: all = grid.flood(dbscan, gradient: gradient)
    case .nearest: all = nearest(means)
    }
    for point in all.indices where all[point] >= 0 && dbscan[point] < 0 {
      let place = (0..<d).map { Double(features.scores[point * d + $0]) }
      let limit = reach * max(1, Double(features.relativeNoise[point]))
      let isMixture = means.indices.contains { a in
        means[a...].contains {
          squaredDistance(from: place, toSegment: means[a], $0) <= limit * limit
        }
      }
      if !isMixture { all[point] = -1 }
    }
  }

  /// The label of DBSCAN, or of the nearest of the means.
  private func nearest(_ means: [[Double]]) -> [Int32] {
    dbscan.indices.map { point in
      guard dbscan[point] < 0, !means.isEmpty else { return max(dbscan[point], -1) }
      let place = (0..<features.dimensions).map {
        Double(features.scores[point * features.dimensions + $0])
      }
      let distances = means.map { squaredDistance(from: place, toSegment: $0, $0) }
      return Int32(distances.indices.min { distances[$0] < distances[$1] } ?? 0)
    }
  }

  /// The mean scores of the points that DBSCAN labelled, a cluster each.
  private func means() -> [[Double]] {
    let d = features.dimensions
    var sums = [[Double]](repeating: [Double](repeating: 0, count: d), count: clusterCount)
    for (point, label) in dbscan.enumerated() where label >= 0 {
      for axis in 0..<d { sums[Int(label)][axis] += Double(features.scores[point * d + axis]) }
    }
    return zip(sums, sizes(of: dbscan)).map { sum, size in sum.map { $0 / Double(max(size, 1)) } }
  }

  // MARK: Minorities

  /// Looks for phases too small to be found among the others: DBSCAN once more, over the rejected points alone.
  ///
  /// Of the rejected points those are eligible whose eight neighbours are rejected too (a strip along a rim is no grain),
  /// and that are no steeper than at least half of those within 2 px. A cluster counts where `minimumPoints` of its points hang together (within 2 px of one another), and where
  /// its mean is no mixture of two other clusters': the rim of a small grain is one of the grain and what is around it.
  ///
  /// - Returns: how many clusters were added, and how many points became eligible.
  /// - Throws: `ClusteringFailure`.
  mutating func addMinorities(
    radius: Double, minimumPoints: Int
  ) throws -> (clusters: Int, eligible: Int) {
    guard clusterCount > 0, minimumPoints > 0 else { return (0, 0) }
    let candidates = calmRejected()
    guard candidates.count >= minimumPoints else { return (0, 0) }
    let clustering = try DBSCAN(radius: radius, minimumPoints: minimumPoints)
      .cluster(Points(features.points(candidates), dimensions: features.dimensions))
    var members = [[Int]](repeating: [], count: clustering.clusterCount)
    for (place, label) in clustering.labels.enumerated() where label >= 0 {
      members[Int(label)].append(candidates[place])
    }
    let found = withoutMixtures(members.filter { largestPiece(of: $0) >= minimumPoints })
    guard !found.isEmpty else { return (0, 0) }
    let newlyEligible = candidates.count { dbscan[$0] == -3 }
    for point in candidates { dbscan[point] = -1 }
    for points in found {
      for point in points { dbscan[point] = Int32(clusterCount) }
      clusterCount += 1
    }
    flood()
    return (found.count, newlyEligible)
  }

  /// Rejected points with nothing but rejected ones around, no steeper than at least half of those near.
  private func calmRejected() -> [Int] {
    all.indices.filter { point in
      guard all[point] == -1,
        grid.neighbours(of: point, reach: 1).count(where: { all[$0] == -1 }) == 8
      else { return false }
      let around = grid.neighbours(of: point, reach: 2).filter { all[$0] == -1 }
      let calmer = around.count { gradient[$0] < gradient[point] }
      return 2 * calmer <= around.count + 1
    }
  }

  /// The size of the largest group of points in which each is within 2 px of another.
  private func largestPiece(of points: [Int]) -> Int {
    var left = Set(points)
    var largest = 0
    for start in points where left.remove(start) != nil {
      var piece = [start]
      var next = 0
      while next < piece.count {
        for neighbour in grid.neighbours(of: piece[next], reach: 2)
        where left.remove(neighbour) != nil {
          piece.append(neighbour)
        }
        next += 1
      }
      largest = max(largest, piece.count)
    }
    return largest
  }

  /// Groups of points without those whose mean lies between the means of two others or of clusters, the smallest tested
  /// first.
  private func withoutMixtures(_ groups: [[Int]]) -> [[Int]] {
    let d = features.dimensions
    let clusters = means()
    var kept = groups.sorted { ($0.count, $1[0]) > ($1.count, $0[0]) }.map { points in
      (
        points: points,
        mean: (0..<d).map { axis in
          points.reduce(0.0) { $0 + Double(features.scores[$1 * d + axis]) } / Double(points.count)
        }
      )
    }
    for index in kept.indices.reversed() {
      let others = clusters + kept.indices.filter { $0 != index }.map { kept[$0].mean }
      let isMixture = others.indices.contains { a in
        others[(a + 1)...].contains {
          squaredDistance(from: kept[index].mean, toSegment: others[a], $0) <= reach * reach
        }
      }
      if isMixture { kept.remove(at: index) }
    }
    return kept.map(\.points)
  }

  // MARK: Numbers

  /// Numbers the clusters by their size after the flood, largest first, ties by first pixel.
  mutating func numberBySize() {
    var sizes = [Int](repeating: 0, count: clusterCount)
    var first = [Int](repeating: .max, count: clusterCount)
    for (point, label) in all.enumerated() where label >= 0 {
      sizes[Int(label)] += 1
      first[Int(label)] = min(first[Int(label)], point)
    }
    let order = (0..<clusterCount).sorted {
      sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : first[$0] < first[$1]
    }
    var newLabel = [Int32](repeating: 0, count: clusterCount)
    for (rank, old) in order.enumerated() { newLabel[old] = Int32(rank) }
    for point in all.indices {
      if all[point] >= 0 { all[point] = newLabel[Int(all[point])] }
      if dbscan[point] >= 0 { dbscan[point] = newLabel[Int(dbscan[point])] }
    }
  }
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
