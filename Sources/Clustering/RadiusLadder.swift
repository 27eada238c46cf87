/// DBSCAN at each of a series of radii, every one exact, for the price of a few.
///
/// A point's first radius at which it is core is found by bisection: each pass settles, at one radius, only those
/// points for which smaller and larger radii leave it open. Then the components grow from radius to radius.
struct RadiusLadder {
  private let clusters: DensityClusters
  private let radii: [Double]
  private let minimumPoints: Int
  /// The first radius at which each point is core lies in `lower...upper`, numbers of radii; `radii.count` is none.
  private var lower: [UInt8]
  private var upper: [UInt8]

  init(_ clusters: DensityClusters, radii: [Double], minimumPoints: Int) {
    self.clusters = clusters
    self.radii = radii
    self.minimumPoints = minimumPoints
    lower = [UInt8](repeating: 0, count: clusters.tree.count)
    upper = [UInt8](repeating: UInt8(radii.count), count: clusters.tree.count)
  }

  /// What is found at each radius. Radii above one at which a single cluster holds half of the points are left out,
  /// unless the smaller ones make no plateau of several clusters.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  mutating func climb() throws(ClusteringFailure) -> [RadiusChoice.Step] {
    let end = try settle(0..<radii.count, stopsWhereSaturated: true)
    clusters.disconnect()
    var steps = try grow(over: 0..<end)
    if end < radii.count, !RadiusChoice.plateaus(of: steps).contains(where: \.isLasting) {
      _ = try settle(end..<radii.count, stopsWhereSaturated: false)
      steps += try grow(over: end..<radii.count)
    }
    return steps
  }

  /// Finds the core points at a radius between the smallest and the largest, and joins them; its thresholds.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  mutating func stand(at radius: Double) throws(ClusteringFailure) -> RadiusTest {
    let below = radii.lastIndex { $0 <= radius } ?? -1
    let above = radii.firstIndex { $0 >= radius } ?? radii.count
    mark { upper in Int(upper) <= below ? coreMark : Int(upper) <= above ? openMark : sparseMark }
    let test = clusters.test(radius: radius)
    try clusters.findCores(test)
    clusters.disconnect()
    try clusters.connect(test)
    return test
  }

  // MARK: Core points

  /// Settles the core points at the radii of a range; the end of what was settled.
  private mutating func settle(
    _ range: Range<Int>, stopsWhereSaturated: Bool
  ) throws(ClusteringFailure) -> Int {
    var end = range.upperBound
    // Larger radii first: they tell where to stop.
    var pending = [range]
    while let range = pending.popLast() {
      guard !range.isEmpty, range.upperBound <= end else { continue }
      let middle = (range.lowerBound + range.upperBound) / 2
      try settle(range, at: middle)
      pending.append(range.lowerBound..<middle)
      if stopsWhereSaturated, range.upperBound == end, try isSaturated(at: middle) {
        end = middle + 1
      } else {
        pending.append(middle + 1..<range.upperBound)
      }
    }
    return end
  }

  /// Settles at one radius the points whose first radius is known to lie in a range or at its end.
  private mutating func settle(
    _ range: Range<Int>, at middle: Int
  ) throws(ClusteringFailure) {
    let status = clusters.status.base
    let (first, last, step) = (UInt8(range.lowerBound), UInt8(range.upperBound), UInt8(middle))
    lower.withUnsafeMutableBufferPointer { lower in
      upper.withUnsafeMutableBufferPointer { upper in
        for point in lower.indices {
          let isOpen =
            lower[point] >= first && upper[point] <= last && lower[point] <= step
            && upper[point] > step
          status[point] = isOpen ? openMark : upper[point] <= step ? coreMark : sparseMark
        }
      }
    }
    try clusters.findCores(clusters.test(radius: radii[middle]))
    // Points that were settled before are not moved by this.
    lower.withUnsafeMutableBufferPointer { lower in
      upper.withUnsafeMutableBufferPointer { upper in
        for point in lower.indices {
          let isCore = status[point] == coreMark
          upper[point] = isCore ? min(upper[point], step) : upper[point]
          lower[point] = isCore ? lower[point] : max(lower[point], step + 1)
        }
      }
    }
  }

  private func mark(_ status: (_ upper: UInt8) -> UInt8) {
    for (point, upper) in upper.enumerated() { clusters.status.base[point] = status(upper) }
  }

  // MARK: Clusters

  /// Whether a single cluster holds half of the points.
  private func isSaturated(at step: Int) throws(ClusteringFailure) -> Bool {
    clusters.disconnect()
    let found = try grow(over: step..<step + 1)[0]
    return found.clusters == 1 && 2 * found.largestCluster >= upper.count
  }

  /// Joins the core points at one radius after another, and counts the clusters.
  private func grow(over range: Range<Int>) throws(ClusteringFailure) -> [RadiusChoice.Step] {
    var steps: [RadiusChoice.Step] = []
    for step in range {
      mark { Int($0) <= step ? coreMark : sparseMark }
      try clusters.connect(clusters.test(radius: radii[step]))
      let sizes = clusters.clusterSizes()
      steps.append(
        RadiusChoice.Step(
          radius: radii[step], clusters: sizes.count { $0 >= minimumPoints },
          corePoints: sizes.reduce(0, +), largestCluster: sizes.max() ?? 0))
    }
    return steps
  }
}
