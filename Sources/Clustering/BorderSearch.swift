import CClusteringKernels

/// Gives each point that is not core the smallest label among its core neighbours, or noise.
///
/// The same walk as ``CoreSearch``, with smallest labels in place of weights: a box is worth a look only if it has a
/// label smaller than the smallest found already. One thread's.
struct BorderSearch {
  private let arena = Arena()
  private let tree: PointTree
  private let pairs: PairTest
  private let descent: Descent
  /// Of each point in the tree's order: its label if it is core, else `Int32.max`.
  private let coreLabels: Storage<Int32>
  private var best: Storage<Int32>
  private var isOpen: Storage<UInt8>
  private var counted = ClusteringWork()

  /// What was done so far.
  var work: ClusteringWork {
    var sum = counted
    sum.boxTests += descent.boxTests
    sum.exactTests += pairs.exactTests
    return sum
  }

  init(
    tree: PointTree, source: PointSource, test: RadiusTest, coreLabels: Storage<Int32>,
    slotLabels: Storage<Int32>
  ) {
    self.tree = tree
    self.coreLabels = coreLabels
    pairs = PairTest(tree: tree, source: source, squaredRadius: test.squaredRadius)
    descent = Descent(tree: tree, test: test, purpose: .smallestLabel, values: slotLabels)
    best = arena.storage(uninitialized: PointTree.leafSize)
    isOpen = arena.storage(uninitialized: PointTree.leafSize)
  }

  /// Calls `found` with the label of each point of a slot that is a border point.
  mutating func label(_ slot: Int, coreCounts: Storage<Int32>, _ found: (Int, Int32) -> Void) {
    let above = descent.approach(slot)
    visit(slot, from: above, coreCounts, found)
  }

  private mutating func visit(
    _ slot: Int, from above: Int, _ coreCounts: Storage<Int32>, _ found: (Int, Int32) -> Void
  ) {
    guard coreCounts.base[slot] < tree.nodes.counts.base[slot] else { return }
    let level = descent.enter(slot, from: above)
    let points = tree.nodes.points(of: slot)
    if level.leaves.count + level.nodes.count == 0 {
      guard level.known < Int(Int32.max) else { return }
      for point in points where coreLabels.base[point] == .max { found(point, Int32(level.known)) }
      return
    }
    guard tree.nodes.isLeaf(slot) else {
      for child in tree.nodes.slots(of: Int(tree.nodes.children.base[slot])) {
        visit(child, from: above + 1, coreCounts, found)
      }
      return
    }
    labelPoints(points, level, found)
  }

  private mutating func labelPoints(
    _ points: Range<Int>, _ level: Descent.Level, _ found: (Int, Int32) -> Void
  ) {
    if points.count > best.count {
      best = arena.storage(uninitialized: points.count)
      isOpen = arena.storage(uninitialized: points.count)
    }
    counted.pairTests += Int(
      descent.kernels.label(
        descent.view, points.lowerBound, points.count, level.leaves.list, coreLabels.base,
        Int32(level.known), level.band, best.base, isOpen.base))
    counted.boxTests += level.leaves.count * points.count
    for point in points where coreLabels.base[point] == .max {
      var label = best.base[point - points.lowerBound]
      if isOpen.base[point - points.lowerBound] != 0 {
        label = labelExactly(point, inLeaf: points, level, below: label)
      }
      if label != .max { found(point, label) }
    }
  }

  /// The smallest label among a point's core neighbours, pairs between the thresholds being compared in Double.
  private func labelExactly(
    _ point: Int, inLeaf points: Range<Int>, _ level: Descent.Level, below known: Int32
  ) -> Int32 {
    var smallest = known
    pairs.take(point, inLeaf: points)
    for index in 0..<level.leaves.count where level.leaves.list.pointee.values[index] < smallest {
      let slot = Int(level.leaves.list.pointee.slots[index])
      pairs.forEachBlock(of: tree.nodes.points(of: slot)) { first, count in
        var wanted: UInt32 = 0
        for lane in 0..<count where coreLabels.base[first + lane] < smallest {
          wanted |= 1 << UInt32(lane)
        }
        guard wanted != 0 else { return }
        for lane in Lanes(pairs.neighbours(inBlock: first, of: count, level.band, wanted: wanted)) {
          smallest = min(smallest, coreLabels.base[first + lane])
        }
      }
    }
    return smallest
  }
}
