import CClusteringKernels
import Synchronization

/// The three steps of DBSCAN over a tree: core points, their components, labels.
///
/// What is found stays for a next, larger radius: core points stay core, and components only join.
///
/// Valid as long as the source's pointers and the arena are.
final class DensityClusters {
  let tree: PointTree
  /// The mark of each point, in the tree's order. At first all are open.
  let status: Storage<UInt8>
  private let arena: Arena
  private let source: PointSource
  private let minimumPoints: Int
  private let workers: Workers
  private let components: Components
  private let totalWeight: Int
  /// Slots that tasks take: they depend on the tree alone.
  private let tasks: [Int]
  private(set) var work = ClusteringWork()

  init(
    tree: PointTree, arena: Arena, source: PointSource, minimumPoints: Int, workers: Workers
  ) {
    self.arena = arena
    self.tree = tree
    self.source = source
    self.minimumPoints = minimumPoints
    self.workers = workers
    // Read 8 at a time.
    status = arena.storage(repeating: openMark, count: tree.count + 64)
    components = Components(tree: tree, arena: arena)
    totalWeight =
      tree.count > 0 ? tree.nodes.slots(of: 0).reduce(0) { $0 + Int(tree.nodes.weights[$1]) } : 0
    tasks = tree.count > 0 ? tree.nodes.cut(largest: max(tree.count / 256, 1024)) : []
  }

  /// The thresholds of a radius.
  func test(radius: Double) -> RadiusTest {
    tree.space.test(radius: radius, dimensions: tree.dimensions)
  }

  /// Settles which of the points that are marked open are core.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  func findCores(_ test: RadiusTest) throws(ClusteringFailure) {
    let (tree, source, status, tasks) = (tree, source, status, tasks)
    let needed = minimumPoints
    guard needed <= totalWeight else {
      for point in 0..<tree.count where status.base[point] == openMark {
        status.base[point] = sparseMark
      }
      return
    }
    var work = ClusteringWork()
    try workers.run(
      .count, count: tasks.count,
      make: {
        CoreSearch(tree: tree, source: source, test: test, needed: needed, status: status)
      }, done: { work += $0.work }
    ) { search, number in
      search.settle(tasks[number])
    }
    self.work += work
  }

  /// Joins the points that are marked core, at a radius not below the last.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  func connect(_ test: RadiusTest) throws(ClusteringFailure) {
    let (components, source, status, tasks) = (components, source, status, tasks)
    var work = ClusteringWork()
    try workers.forEachRange(.connect, of: tasks.count, size: 1) { number, _ in
      components.admit(tasks[number], status)
    }
    guard tree.count > 0 else { return }
    tree.nodes.forEachSlot(above: Set(tasks)) { components.sumUp($0) }
    // First within the tasks' slots, which share no points; then across them.
    try workers.run(
      .connect, count: tasks.count,
      make: { Connection(components, source: source, test: test, status: status) },
      done: { work += $0.work }
    ) { connection, number in
      connection.joinWithin(tasks[number])
    }
    var across = Connection(
      components, source: source, test: test, status: status, joined: Set(tasks))
    across.joinWithin(node: 0)
    self.work += work
    self.work += across.work
  }

  /// Forgets which core points are joined.
  func disconnect() { components.reset() }

  /// The number of core points of each cluster, in no particular order.
  func clusterSizes() -> [Int] {
    var sizes: [Int: Int] = [:]
    for slot in 0..<tree.nodes.slotCount
    where tree.nodes.isLeaf(slot) && components.coreCounts.base[slot] > 0 {
      if components.isOne.base[slot] {
        let root = components.root(Int(components.firstCore.base[slot]))
        sizes[root, default: 0] += Int(components.coreCounts.base[slot])
      } else {
        for point in tree.nodes.points(of: slot) where status.base[point] == coreMark {
          sizes[components.root(point), default: 0] += 1
        }
      }
    }
    return Array(sizes.values)
  }

  // MARK: Labels

  /// The labels of all points, those left out included, at the radius at which core points were joined.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  func labels(
    of points: Points, _ test: RadiusTest
  ) throws(ClusteringFailure) -> DBSCAN.Result {
    let coreLabels: Storage<Int32> = arena.storage(uninitialized: tree.count + PointTree.lanes)
    let slotLabels = arena.storage(
      repeating: Int32.max, count: tree.nodes.slotCount + PointTree.lanes)
    defer {
      arena.free(coreLabels)
      arena.free(slotLabels)
    }
    let clusterCount = try labelCores(coreLabels, slotLabels)
    var labels = [Int32](repeating: DBSCAN.leftOut, count: points.count)
    var isCore = [Bool](repeating: false, count: points.count)
    try labels.withUnsafeMutableBufferPointer { labels throws(ClusteringFailure) in
      try isCore.withUnsafeMutableBufferPointer { isCore throws(ClusteringFailure) in
        guard let labels = labels.baseAddress, let isCore = isCore.baseAddress else { return }
        try labelAll(test, coreLabels, slotLabels, labels, isCore)
      }
    }
    return DBSCAN.Result(
      labels: labels, isCore: isCore, clusterCount: clusterCount, work: work)
  }

  /// Writes the core points' labels, `Int32.max` for the others, and the smallest in each slot. Clusters
  /// are numbered in the order of their smallest original index. The number of clusters.
  private func labelCores(
    _ labels: Storage<Int32>, _ slotLabels: Storage<Int32>
  ) throws(ClusteringFailure) -> Int {
    let (tree, status, tasks, components) = (tree, status, tasks, components)
    // First each root's smallest original index: of runs of points, then of all.
    let runs = Mutex([[(root: Int32, least: Int32)]](repeating: [], count: tasks.count))
    try workers.forEachRange(.label, of: tasks.count, size: 1) { number, _ in
      var found: [(root: Int32, least: Int32)] = []
      tree.nodes.forEachLeaf(of: tasks[number]) { leaf in
        guard components.coreCounts.base[leaf] > 0 else { return }
        let isOne = components.isOne.base[leaf]
        var root = Int32(components.rootUnchanged(Int(components.firstCore.base[leaf])))
        for point in tree.nodes.points(of: leaf) where status.base[point] == coreMark {
          if !isOne { root = Int32(components.rootUnchanged(point)) }
          let original = tree.order.base[point]
          if let last = found.indices.last, found[last].root == root {
            found[last].least = min(found[last].least, original)
          } else {
            found.append((root, original))
          }
        }
      }
      runs.withLock { [found] in $0[number] = found }
    }
    let roots = number(runs.withLock { $0 }, labels)
    // A root's label is at its own place already, and stays there.
    try workers.forEachRange(.label, of: tasks.count, size: 1) { number, _ in
      tree.nodes.forEachLeaf(of: tasks[number]) { leaf in
        let isOne = components.isOne.base[leaf]
        let points = tree.nodes.points(of: leaf)
        guard components.coreCounts.base[leaf] > 0 else {
          (labels.base + points.lowerBound).update(repeating: .max, count: points.count)
          return
        }
        var root = components.rootUnchanged(Int(components.firstCore.base[leaf]))
        var smallest = Int32.max
        for point in points {
          if status.base[point] == coreMark {
            if !isOne { root = components.rootUnchanged(point) }
            let label = labels.base[root]
            if point != root { labels.base[point] = label }
            smallest = min(smallest, label)
          } else {
            labels.base[point] = .max
          }
        }
        slotLabels.base[leaf] = smallest
      }
    }
    for index in tree.count..<labels.count { labels.base[index] = .max }
    let nodes = tree.nodes
    for node in stride(from: nodes.count - 1, through: 0, by: -1) {
      for slot in nodes.slots(of: node) where !nodes.isLeaf(slot) {
        slotLabels.base[slot] = nodes.slots(of: Int(nodes.children.base[slot])).reduce(Int32.max) {
          min($0, slotLabels.base[$1])
        }
      }
    }
    return roots
  }

  /// Numbers the roots of runs of core points by their smallest original index, each number at its root's place; how
  /// many roots there are.
  private func number(
    _ runs: [[(root: Int32, least: Int32)]], _ numbers: Storage<Int32>
  ) -> Int {
    for run in runs.joined() { numbers.base[Int(run.root)] = .max }
    var roots: [Int32] = []
    for run in runs.joined() {
      if numbers.base[Int(run.root)] == .max { roots.append(run.root) }
      numbers.base[Int(run.root)] = min(numbers.base[Int(run.root)], run.least)
    }
    roots.sort { numbers.base[Int($0)] < numbers.base[Int($1)] }
    for (number, root) in roots.enumerated() { numbers.base[Int(root)] = Int32(number) }
    return roots.count
  }

  /// Writes the labels and core marks of all points, in their original order.
  private func labelAll(
    _ test: RadiusTest, _ coreLabels: Storage<Int32>, _ slotLabels: Storage<Int32>,
    _ labels: UnsafeMutablePointer<Int32>, _ isCore: UnsafeMutablePointer<Bool>
  ) throws(ClusteringFailure) {
    // Each task writes at the places of its own points.
    nonisolated(unsafe) let labels = labels
    nonisolated(unsafe) let isCore = isCore
    let (tree, source, tasks, components) = (tree, source, tasks, components)
    var work = ClusteringWork()
    try workers.run(
      .label, count: tasks.count,
      make: {
        BorderSearch(
          tree: tree, source: source, test: test, coreLabels: coreLabels, slotLabels: slotLabels)
      }, done: { work += $0.work }
    ) { search, number in
      for point in tree.nodes.points(of: tasks[number]) {
        let original = Int(tree.order.base[point])
        let label = coreLabels.base[point]
        labels[original] = label == .max ? DBSCAN.noise : label
        isCore[original] = label != .max
      }
      search.label(tasks[number], coreCounts: components.coreCounts) { point, label in
        labels[Int(tree.order.base[point])] = label
      }
    }
    self.work += work
  }
}
