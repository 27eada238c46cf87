/// Exact neighbour counts and distances of points, by an index that is built once.
///
///     let search = try NeighbourSearch(points)
///     let counts = try search.counts(within: 0.5)
///     let distances = try search.distances(toNeighbour: 8)
///
/// A point is its own first neighbour, at distance 0: as in ``DBSCAN``, all counts and ranks include it. Distances
/// are those in Double of the coordinates as given, and a distance equal to the radius counts.
public final class NeighbourSearch: Sendable {
  /// The points that are searched.
  public let points: Points
  let tree: PointTree
  let arena = Arena()
  let workers: Workers
  /// The leaf of each point in the tree's order, as ranges' starts and their slots.
  private let leaves: [(start: Int, slot: Int)]

  /// Builds the index.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  /// - Complexity: O(n log n); about 45 bytes a point at 4 dimensions, half of them room in which it clusters.
  public init(_ points: Points, workers: Workers = Workers()) throws(ClusteringFailure) {
    self.points = points
    self.workers = workers
    tree = try PointTree(points, arena: arena, workers: workers)
    var leaves: [(start: Int, slot: Int)] = []
    if tree.count > 0 {
      let nodes = tree.nodes
      for slot in nodes.slots(of: 0) {
        nodes.forEachLeaf(of: slot) { leaves.append((Int(nodes.starts[$0]), $0)) }
      }
    }
    self.leaves = leaves
  }

  /// The weight of the points within a radius of each point, itself included.
  ///
  /// - Parameters:
  ///   - limit: where more is within the radius, counting may stop at it, and this is the count.
  ///   - chosen: the points that are asked for; all where nil, 0 being the count of a point that was left out.
  /// - Throws: ``ClusteringFailure`` when the radius is not a finite number above 0, the limit is not above 0, or a
  ///   point that is asked for is not there or left out.
  /// - Complexity: O(log n + leaves that the radius cuts) a point, in low dimensions.
  public func counts(
    within radius: Double, limit: Int? = nil, of chosen: [Int]? = nil
  ) throws(ClusteringFailure) -> [Int] {
    guard radius > 0, radius.isFinite else { throw .radius(radius) }
    if let limit, limit < 1 { throw .minimumPoints(limit) }
    let limit = limit ?? .max
    let test = tree.space.test(radius: radius, dimensions: tree.dimensions)
    let tree = tree
    return try answer(chosen, missing: 0, .count) { source in
      let descent = Descent(
        tree: tree, test: test, purpose: .weight, values: tree.nodes.weights)
      let pairs = PairTest(tree: tree, source: source, squaredRadius: test.squaredRadius)
      return { leaf, queries in
        let level = descent.enter(leaf, from: descent.approach(leaf))
        return queries.map { point in
          pairs.take(point, inLeaf: tree.nodes.points(of: leaf))
          return min(limit, pairs.weight(near: level, known: level.known, limit: limit))
        }
      }
    }
  }

  /// The distance of each point to its k-th nearest point, itself being the first.
  ///
  /// Weights do not count here.
  ///
  /// - Parameter chosen: the points that are asked for; all where nil, NaN being the distance of a point that was
  ///   left out.
  /// - Throws: ``ClusteringFailure`` when k is not 1 to the number of points that take part, or a point that is asked
  ///   for is not there or left out.
  /// - Complexity: O(log n + k) a point in low dimensions.
  public func distances(
    toNeighbour k: Int, of chosen: [Int]? = nil
  ) throws(ClusteringFailure) -> [Double] {
    guard 1...max(tree.count, 1) ~= k else { throw .neighbours(k, points: tree.count) }
    let tree = tree
    return try answer(chosen, missing: .nan, .distances) { source in
      var distances = NeighbourDistances(tree: tree, source: source)
      return { leaf, queries in
        queries.map { distances.kthSquare(of: $0, inLeaf: leaf, k).squareRoot() }
      }
    }
  }

  /// The distances of each point to its k nearest points in ascending order, itself being the first.
  ///
  /// Weights do not count here.
  ///
  /// - Parameter chosen: the points that are asked for; all where nil, nothing being found for one that was left out.
  /// - Throws: ``ClusteringFailure`` as for ``distances(toNeighbour:of:)``.
  /// - Complexity: O(log n + k log k) a point in low dimensions.
  public func nearestDistances(
    _ k: Int, of chosen: [Int]? = nil
  ) throws(ClusteringFailure) -> [[Double]] {
    guard 1...max(tree.count, 1) ~= k else { throw .neighbours(k, points: tree.count) }
    let tree = tree
    return try answer(chosen, missing: [], .distances) { source in
      var distances = NeighbourDistances(tree: tree, source: source)
      return { leaf, queries in
        queries.map { point in
          distances.smallestSquares(of: point, inLeaf: leaf, k).map { $0.squareRoot() }
        }
      }
    }
  }

  // MARK: Queries by leaf

  /// Asks about points, leaf by leaf. `make` makes what one thread asks with: a leaf and some of its points in the
  /// tree's order in, an answer for each out.
  private func answer<Answer: Sendable>(
    _ chosen: [Int]?, missing: Answer, _ phase: ClusteringProgress.Phase,
    make: @Sendable (PointSource) -> (_ leaf: Int, _ queries: [Int]) -> [Answer]
  ) throws(ClusteringFailure) -> [Answer] {
    let queries = try queriesByLeaf(chosen)
    var answers = [Answer](repeating: missing, count: chosen?.count ?? points.count)
    try answers.withUnsafeMutableBufferPointer { buffer throws(ClusteringFailure) in
      // Each query's answer has a place of its own.
      nonisolated(unsafe) let answers = buffer
      try points.withSource { source throws(ClusteringFailure) in
        let perTask = 16
        let tasks = (queries.count + perTask - 1) / perTask
        try workers.run(phase, count: tasks, make: { make(source) }) { ask, task in
          for group in queries[task * perTask..<min((task + 1) * perTask, queries.count)] {
            let found = ask(group.leaf, group.queries.map(\.point))
            for (query, answer) in zip(group.queries, found) { answers[query.place] = answer }
          }
        }
      }
    }
    return answers
  }

  private typealias Query = (point: Int, place: Int)

  /// The points that are asked for, by leaves: each in the tree's order, with the place of its answer.
  private func queriesByLeaf(
    _ chosen: [Int]?
  ) throws(ClusteringFailure) -> [(leaf: Int, queries: [Query])] {
    guard let chosen else {
      return leaves.map { leaf in
        let points = tree.nodes.points(of: leaf.slot)
        return (leaf.slot, points.map { ($0, Int(tree.order[$0])) })
      }
    }
    var placeInTree = [Int32](repeating: -1, count: points.count)
    for place in 0..<tree.count { placeInTree[Int(tree.order[place])] = Int32(place) }
    var queries: [Query] = []
    for (place, index) in chosen.enumerated() {
      guard placeInTree.indices.contains(index), placeInTree[index] >= 0 else {
        throw .noSuchPoint(index)
      }
      queries.append((Int(placeInTree[index]), place))
    }
    queries.sort { $0 < $1 }
    var groups: [(leaf: Int, queries: [Query])] = []
    var leaf = 0
    for query in queries {
      while leaf + 1 < leaves.count && leaves[leaf + 1].start <= query.point { leaf += 1 }
      if groups.last?.leaf == leaves[leaf].slot {
        groups[groups.count - 1].queries.append(query)
      } else {
        groups.append((leaves[leaf].slot, [query]))
      }
    }
    return groups
  }
}
