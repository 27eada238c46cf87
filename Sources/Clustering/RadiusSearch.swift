/// The three passes of DBSCAN over a k-d tree, leaf by leaf: count, connect, label.
///
/// All queries of a leaf share one walk down the tree, and a subtree wholly within reach is
/// counted or joined as a whole: the work in a dense region does not grow with the number of
/// neighbours, and no neighbour list is kept.
struct RadiusSearch {
  private let tree: KDTree
  private let view: KDTree.View
  private let squaredRadius: Double
  /// Leaves a task takes at a time; it does not touch the result.
  private static let leavesPerChunk = 64

  init(tree: KDTree, view: KDTree.View, radius: Double) {
    self.tree = tree
    self.view = view
    squaredRadius = radius * radius
  }

  // MARK: Count

  /// Which points (in tree order) have at least `minimumPoints` points within the radius.
  func corePoints(minimumPoints: Int) -> [Bool] {
    [Bool](unsafeUninitializedCapacity: tree.order.count) { buffer, initialized in
      // Each leaf writes the range of its own points; the leaves cover all points.
      nonisolated(unsafe) let isCore = buffer
      forEachChunk(of: tree.leaves.count, size: Self.leavesPerChunk) { _, range in
        var candidates: [Int] = []
        var pending: [Int] = []
        for leaf in range {
          countLeaf(
            Int(tree.leaves[leaf]), minimumPoints, into: isCore, &candidates, &pending)
        }
      }
      initialized = tree.order.count
    }
  }

  private func countLeaf(
    _ leaf: Int, _ minimumPoints: Int, into isCore: UnsafeMutableBufferPointer<Bool>,
    _ candidates: inout [Int], _ pending: inout [Int]
  ) {
    let node = view.nodes[leaf]
    let points = Int(node.start)..<Int(node.end)
    candidates.removeAll(keepingCapacity: true)
    var common = 0
    var possible = 0
    pending.append(0)
    while let other = pending.popLast() {
      switch view.reach(leaf, other, squaredRadius: squaredRadius) {
      case .beyond: continue
      case .within: common += view.nodes[other].count
      case .partial:
        let candidate = view.nodes[other]
        if candidate.isLeaf {
          candidates.append(other)
          possible += candidate.count
        } else {
          pending.append(Int(candidate.left))
          pending.append(Int(candidate.right))
        }
      }
      if common >= minimumPoints { break }
    }
    pending.removeAll(keepingCapacity: true)
    guard common < minimumPoints, common + possible >= minimumPoints else {
      for point in points { isCore[point] = common >= minimumPoints }
      return
    }
    for point in points {
      isCore[point] = reaches(
        minimumPoints, from: point, counted: common, possible: possible, candidates)
    }
  }

  /// Whether the points in `candidates` within reach of `point`, with those counted already,
  /// come to `minimumPoints`.
  private func reaches(
    _ minimumPoints: Int, from point: Int, counted: Int, possible: Int, _ candidates: [Int]
  ) -> Bool {
    var count = counted
    var left = possible
    for other in candidates {
      let node = view.nodes[other]
      left -= node.count
      switch view.reach(point: point, other, squaredRadius: squaredRadius) {
      case .beyond: break
      case .within: count += node.count
      case .partial:
        for neighbour in Int(node.start)..<Int(node.end)
        where view.squaredDistance(point, neighbour) <= squaredRadius {
          count += 1
        }
      }
      if count >= minimumPoints { return true }
      if count + left < minimumPoints { return false }
    }
    return count >= minimumPoints
  }

  // MARK: Connect

  /// The components of core points, and for each node what is known of its core points.
  private struct Components {
    var sets: DisjointSets
    /// A node's first core point in tree order, -1 where it has none.
    var firstCore: [Int32]
    /// Nodes whose core points are known to lie in one component.
    var isUniform: [Bool]
  }

  private func connect(isCore: [Bool]) -> Components {
    var firstCore = [Int32](repeating: -1, count: tree.nodes.count)
    var isUniform = [Bool](repeating: false, count: tree.nodes.count)
    // Children stand behind their parents, so going backwards meets them first.
    for index in stride(from: tree.nodes.count - 1, through: 0, by: -1) {
      let node = tree.nodes[index]
      if node.isLeaf {
        var cores = 0
        for point in Int(node.start)..<Int(node.end) where isCore[point] {
          if cores == 0 { firstCore[index] = Int32(point) }
          cores += 1
        }
        isUniform[index] = cores <= 1
      } else {
        let left = firstCore[Int(node.left)]
        firstCore[index] = left >= 0 ? left : firstCore[Int(node.right)]
      }
    }
    var components = Components(
      sets: DisjointSets(count: isCore.count), firstCore: firstCore, isUniform: isUniform)
    var pending: [Int] = []
    for leaf in tree.leaves where firstCore[Int(leaf)] >= 0 {
      pending.append(0)
      while let other = pending.popLast() {
        join(Int(leaf), other, isCore, &components, &pending)
      }
    }
    return components
  }

  /// Unites what lies within reach between the core points of a leaf and of a node, or puts the
  /// node's children on `pending`.
  private func join(
    _ leaf: Int, _ other: Int, _ isCore: [Bool], _ components: inout Components,
    _ pending: inout [Int]
  ) {
    let node = view.nodes[other]
    // Pairs are symmetric: a subtree that ends before the leaf starts has met it already.
    guard components.firstCore[other] >= 0, node.end > view.nodes[leaf].start else { return }
    if !node.isLeaf && !components.isUniform[other] {
      components.isUniform[other] = areOne(Int(node.left), Int(node.right), &components)
    }
    if leaf != other && areOne(leaf, other, &components) { return }
    switch view.reach(leaf, other, squaredRadius: squaredRadius) {
    case .beyond: return
    case .within:
      uniteAll(leaf, with: Int(components.firstCore[other]), isCore, &components)
      uniteAll(other, with: Int(components.firstCore[leaf]), isCore, &components)
    case .partial:
      guard node.isLeaf else {
        pending.append(Int(node.right))
        pending.append(Int(node.left))
        return
      }
      unitePairs(leaf, other, isCore, &components)
    }
  }

  /// Whether the core points of two nodes are known to be in one component.
  private func areOne(_ a: Int, _ b: Int, _ components: inout Components) -> Bool {
    let coreA = components.firstCore[a]
    let coreB = components.firstCore[b]
    if coreA < 0 { return components.isUniform[b] || coreB < 0 }
    if coreB < 0 { return components.isUniform[a] }
    return components.isUniform[a] && components.isUniform[b]
      && components.sets.root(of: Int(coreA)) == components.sets.root(of: Int(coreB))
  }

  private func uniteAll(
    _ node: Int, with point: Int, _ isCore: [Bool], _ components: inout Components
  ) {
    if components.isUniform[node] {
      components.sets.unite(Int(components.firstCore[node]), point)
      return
    }
    for member in Int(view.nodes[node].start)..<Int(view.nodes[node].end) where isCore[member] {
      components.sets.unite(member, point)
    }
    components.isUniform[node] = true
  }

  private func unitePairs(
    _ a: Int, _ b: Int, _ isCore: [Bool], _ components: inout Components
  ) {
    let nodeA = view.nodes[a]
    let nodeB = view.nodes[b]
    for point in Int(nodeA.start)..<Int(nodeA.end) where isCore[point] {
      guard view.reach(point: point, b, squaredRadius: squaredRadius) != .beyond else { continue }
      var root = components.sets.root(of: point)
      let first = a == b ? point + 1 : Int(nodeB.start)
      for neighbour in first..<Int(nodeB.end) where isCore[neighbour] {
        if components.sets.root(of: neighbour) != root
          && view.squaredDistance(point, neighbour) <= squaredRadius
        {
          components.sets.unite(point, neighbour)
          root = components.sets.root(of: point)
        }
      }
    }
    for leaf in [a, b] where !components.isUniform[leaf] {
      let node = view.nodes[leaf]
      let root = components.sets.root(of: Int(components.firstCore[leaf]))
      components.isUniform[leaf] = (Int(node.start)..<Int(node.end)).allSatisfy {
        !isCore[$0] || components.sets.root(of: $0) == root
      }
    }
  }

  // MARK: Label

  /// Labels all points, in the order in which they came, from their core marks in tree order.
  mutating func label(isCore: [Bool]) -> DBSCAN.Result {
    var components = connect(isCore: isCore)
    let count = isCore.count
    var place = [Int32](repeating: 0, count: count)
    for (position, original) in tree.order.enumerated() { place[Int(original)] = Int32(position) }
    var treeLabels = [Int32](repeating: -1, count: count)
    var numberOfRoot = [Int32](repeating: -1, count: count)
    var clusters: Int32 = 0
    for original in 0..<count {
      let position = Int(place[original])
      guard isCore[position] else { continue }
      let root = components.sets.root(of: position)
      if numberOfRoot[root] < 0 {
        numberOfRoot[root] = clusters
        clusters += 1
      }
      treeLabels[position] = numberOfRoot[root]
    }
    labelBorders(&treeLabels, isCore: isCore, firstCore: components.firstCore)
    return DBSCAN.Result(
      labels: place.map { treeLabels[Int($0)] }, isCore: place.map { isCore[Int($0)] },
      clusterCount: Int(clusters))
  }

  /// Gives each point that is not core the smallest label among its core neighbours.
  private func labelBorders(_ labels: inout [Int32], isCore: [Bool], firstCore: [Int32]) {
    labels.withUnsafeMutableBufferPointer { buffer in
      // Core points' labels are only read and each leaf writes its own other points.
      nonisolated(unsafe) let labels = buffer
      forEachChunk(of: tree.leaves.count, size: Self.leavesPerChunk) { _, range in
        var candidates: [Int] = []
        var pending: [Int] = []
        for leaf in range.map({ Int(tree.leaves[$0]) }) {
          let node = view.nodes[leaf]
          let others = (Int(node.start)..<Int(node.end)).filter { !isCore[$0] }
          if others.isEmpty { continue }
          candidates.removeAll(keepingCapacity: true)
          pending.append(0)
          while let other = pending.popLast() {
            guard firstCore[other] >= 0,
              view.reach(leaf, other, squaredRadius: squaredRadius) != .beyond
            else { continue }
            let candidate = view.nodes[other]
            if candidate.isLeaf {
              candidates.append(other)
            } else {
              pending.append(Int(candidate.left))
              pending.append(Int(candidate.right))
            }
          }
          for point in others {
            labels[point] = smallestLabel(near: point, candidates, labels, isCore)
          }
        }
      }
    }
  }

  private func smallestLabel(
    near point: Int, _ candidates: [Int], _ labels: UnsafeMutableBufferPointer<Int32>,
    _ isCore: [Bool]
  ) -> Int32 {
    var smallest = Int32.max
    for other in candidates {
      guard view.reach(point: point, other, squaredRadius: squaredRadius) != .beyond else {
        continue
      }
      let node = view.nodes[other]
      for neighbour in Int(node.start)..<Int(node.end)
      where isCore[neighbour] && labels[neighbour] < smallest
        && view.squaredDistance(point, neighbour) <= squaredRadius
      {
        smallest = labels[neighbour]
      }
    }
    return smallest == Int32.max ? -1 : smallest
  }
}
