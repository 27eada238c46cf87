import CClusteringKernels
import Foundation

/// Distances from points to their nearest neighbours: exact, by way of bounds in Float. One thread's.
///
/// The k-th distance of a point is first bounded by points near it in the tree's order, then all points within the
/// bound are gathered and the k-th of them selected in Float; those between the certain bounds around it are compared
/// in Double.
struct NeighbourDistances {
  private let tree: PointTree
  private let pairs: PairTest
  private let arena = Arena()
  private let kernels = clustering_kernels().pointee
  private let box: Storage<Float>
  private let near: Storage<Float>
  private let far: Storage<Float>
  private var squares: Storage<Float>
  private var count = 0
  /// The leaves' points whose squares were gathered, one range after another.
  private var ranges: [Range<Int>] = []
  private var pending: [Int32] = []

  init(tree: PointTree, source: PointSource) {
    self.tree = tree
    pairs = PairTest(tree: tree, source: source, squaredRadius: 0)
    box = arena.storage(uninitialized: 2 * tree.dimensions)
    near = arena.storage(uninitialized: PointTree.lanes)
    far = arena.storage(uninitialized: PointTree.lanes)
    squares = arena.storage(uninitialized: 4096)
  }

  /// The squared distance of a point of a leaf to its k-th nearest point, itself being the first, in Double.
  mutating func kthSquare(of point: Int, inLeaf leaf: Int, _ k: Int) -> Double {
    let band = gather(point, leaf, k)
    // Below `accept` all are certainly nearer than the k-th or as near; above `reject` none is.
    var certain = 0
    var open: [Double] = []
    forEachGathered { other, square in
      if square <= band.accept {
        certain += 1
      } else if square <= band.reject {
        open.append(pairs.exactSquare(other))
      }
    }
    return open.sorted()[k - certain - 1]
  }

  /// The k smallest squared distances of a point of a leaf, itself included, in order.
  mutating func smallestSquares(of point: Int, inLeaf leaf: Int, _ k: Int) -> [Double] {
    let band = gather(point, leaf, k)
    var found: [Double] = []
    forEachGathered { other, square in
      if square <= band.reject { found.append(pairs.exactSquare(other)) }
    }
    return Array(found.sorted().prefix(k))
  }

  /// Gathers all points that may be among the k nearest; the bounds of the k-th's square.
  private mutating func gather(_ point: Int, _ leaf: Int, _ k: Int) -> ClusteringBand {
    let d = tree.dimensions
    pairs.take(point, inLeaf: tree.nodes.points(of: leaf))
    pairs.copyPoint(to: box)
    // The points of the smallest part of the tree that has enough, or of all of it.
    var slot = leaf
    while Int(tree.nodes.counts.base[slot]) < k, slot / PointTree.lanes > 0 {
      slot = Int(tree.nodes.parents.base[slot / PointTree.lanes])
    }
    let hasEnough = Int(tree.nodes.counts.base[slot]) >= k
    restart()
    let nodes = tree.nodes
    for slot in hasEnough ? slot..<slot + 1 : nodes.slots(of: 0) {
      nodes.forEachLeaf(of: slot) { take(nodes.points(of: $0)) }
    }
    let bound = kthGathered(k)
    if hasEnough {
      // Now all within that.
      let reach = tree.space.bounds(ofSquare: bound, at: box, dimensions: d).reject
      restart()
      pending.append(0)
      while let node = pending.popLast() {
        kernels.box_distances(
          Int32(d), box.base, box.base + d,
          tree.nodes.boxes.base + Int(node) * PointTree.lanes * 2 * d, near.base, far.base)
        for slot in tree.nodes.slots(of: Int(node))
        where near.base[slot % PointTree.lanes] <= reach {
          if tree.nodes.isLeaf(slot) {
            take(tree.nodes.points(of: slot))
          } else {
            pending.append(tree.nodes.children.base[slot])
          }
        }
      }
    }
    return tree.space.bounds(ofSquare: kthGathered(k), at: box, dimensions: d)
  }

  private mutating func restart() {
    count = 0
    ranges.removeAll(keepingCapacity: true)
  }

  /// Gathers the squared distances to the points of a leaf.
  private mutating func take(_ points: Range<Int>) {
    ranges.append(points)
    if count + points.count + PointTree.lanes > squares.count {
      let larger: Storage<Float> = arena.storage(
        uninitialized: 2 * (count + points.count + PointTree.lanes))
      larger.base.update(from: squares.base, count: count)
      arena.free(squares)
      squares = larger
    }
    var first = points.lowerBound
    while first < points.upperBound {
      let m = min(points.upperBound - first, PointTree.lanes)
      pairs.distances(toBlock: first, of: m, squares.base + count)
      count += m
      first += m
    }
  }

  private func forEachGathered(_ body: (_ point: Int, _ square: Float) -> Void) {
    var place = 0
    for range in ranges {
      for point in range {
        body(point, squares.base[place])
        place += 1
      }
    }
  }

  /// The k-th smallest of the squares gathered.
  private func kthGathered(_ k: Int) -> Float { kernels.select(squares.base, count, k - 1) }
}
