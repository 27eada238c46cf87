import CClusteringKernels
import Foundation

/// Finds core points: the weight within the radius of each point, counted as far as it matters.
///
/// All queries of a box share one walk (``Descent``). Whole boxes are settled without looking at points: where the
/// box itself is small and heavy enough; where enough lies within the radius of all of it; where
/// not enough lies within the radius of any of it. In the leaves that are left each point is compared with the
/// boxes nearby, and with the points of those that its radius cuts. One thread's.
///
/// The idea of settling dense cells without distances: Gan and Tao, doi 10.1145/2723372.2737792.
struct CoreSearch {
  private let tree: PointTree
  private let pairs: PairTest
  private let descent: Descent
  private let needed: Int
  /// The mark of each point, in the tree's order.
  private let status: Storage<UInt8>
  /// Room for the kernel.
  private var room: Storage<UInt16>
  private let arena = Arena()
  private var counted = ClusteringWork()

  /// What was done so far.
  var work: ClusteringWork {
    var sum = counted
    sum.boxTests += descent.boxTests
    sum.exactTests += pairs.exactTests
    return sum
  }

  init(
    tree: PointTree, source: PointSource, test: RadiusTest, needed: Int, status: Storage<UInt8>
  ) {
    self.tree = tree
    pairs = PairTest(tree: tree, source: source, squaredRadius: test.squaredRadius)
    self.needed = needed
    self.status = status
    room = arena.storage(uninitialized: 1024)
    descent = Descent(tree: tree, test: test, purpose: .weight, values: tree.nodes.weights)
  }

  /// Settles all points of a slot that are marked open.
  mutating func settle(_ slot: Int) {
    let above = descent.approach(slot)
    visit(slot, from: above)
  }

  private mutating func visit(_ slot: Int, from above: Int) {
    let points = tree.nodes.points(of: slot)
    if areAllSettled(points) { return }
    let isLeaf = tree.nodes.isLeaf(slot)
    let level = descent.enter(slot, from: above)
    if isSettled(slot, points, level) { return }
    guard isLeaf else {
      for child in tree.nodes.slots(of: Int(tree.nodes.children.base[slot])) {
        visit(child, from: above + 1)
      }
      return
    }
    countPoints(points, level)
    for point in points where status.base[point] == openMark {
      let isCore = countExactly(point, inLeaf: points, level) >= needed
      status.base[point] = isCore ? coreMark : sparseMark
    }
  }

  /// Settles all points at once where what is known and possible for all of them allows it.
  private func isSettled(_ slot: Int, _ points: Range<Int>, _ level: Descent.Level) -> Bool {
    if level.known >= needed
      || descent.test.isSmall(level.box) && Int(tree.nodes.weights.base[slot]) >= needed
    {
      set(points, coreMark)
      return true
    }
    guard level.known + level.possible < needed else { return false }
    set(points, sparseMark)
    return true
  }

  private func areAllSettled(_ points: Range<Int>) -> Bool {
    memchr(status.base + points.lowerBound, Int32(openMark), points.count) == nil
  }

  private func set(_ points: Range<Int>, _ value: UInt8) {
    for point in points where status.base[point] == openMark { status.base[point] = value }
  }

  private mutating func countPoints(_ points: Range<Int>, _ level: Descent.Level) {
    let list = level.leaves
    let roomNeeded = 4 * (list.count + PointTree.lanes)
    if room.count < roomNeeded {
      arena.free(room)
      room = arena.storage(uninitialized: 2 * roomNeeded)
    }
    counted.pairTests += Int(
      descent.kernels.count(
        descent.view, points.lowerBound, points.count, list.list, Int32(level.known),
        Int32(needed), level.band, room.base, status.base + points.lowerBound))
    counted.boxTests += list.count * points.count
  }

  /// The weight within the radius of a point, pairs between the thresholds being compared in Double.
  private mutating func countExactly(
    _ point: Int, inLeaf points: Range<Int>, _ level: Descent.Level
  ) -> Int {
    pairs.take(point, inLeaf: points)
    return pairs.weight(near: level, known: level.known, limit: needed)
  }
}

/// How points are marked: core, not core, and not known yet.
let coreMark = UInt8(clustering_core)
let sparseMark = UInt8(clustering_sparse)
let openMark = UInt8(clustering_undecided)

/// What a clustering did: the same for the same points and parameters, whatever the threads and (but for the pairs
/// in double) the processor.
public struct ClusteringWork: Sendable, Equatable {
  /// Boxes compared with a box or a point.
  public internal(set) var boxTests = 0
  /// Pairs of points compared in Float.
  public internal(set) var pairTests = 0
  /// Pairs of points too near to the radius for Float, compared in Double.
  public internal(set) var exactTests = 0

  static func += (sum: inout ClusteringWork, more: ClusteringWork) {
    sum.boxTests += more.boxTests
    sum.pairTests += more.pairTests
    sum.exactTests += more.exactTests
  }
}
