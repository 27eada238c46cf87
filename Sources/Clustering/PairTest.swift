import CClusteringKernels

/// The numbers of the bits that are set, lowest first.
struct Lanes<Bits: FixedWidthInteger & UnsignedInteger>: Sequence, IteratorProtocol {
  private var bits: Bits

  init(_ bits: Bits) { self.bits = bits }

  mutating func next() -> Int? {
    guard bits != 0 else { return nil }
    defer { bits &= bits &- 1 }
    return bits.trailingZeroBitCount
  }
}

/// Compares one point with others, a block at a time: in Float, and in Double where that does not decide.
/// One thread's.
final class PairTest {
  private let arena = Arena()
  private let tree: PointTree
  private let source: PointSource
  private let squaredRadius: Double
  private let kernels = clustering_kernels().pointee
  private let coordinates: Storage<Float>
  private var original = 0
  /// Pairs compared in Double so far.
  private(set) var exactTests = 0

  init(tree: PointTree, source: PointSource, squaredRadius: Double) {
    self.tree = tree
    self.source = source
    self.squaredRadius = squaredRadius
    coordinates = arena.storage(uninitialized: tree.dimensions)
  }

  /// Makes a point of a leaf the one that is compared.
  func take(_ point: Int, inLeaf points: Range<Int>) {
    let lanes = PointTree.lanes
    let first = points.lowerBound + (point - points.lowerBound) / lanes * lanes
    let m = min(points.upperBound - first, lanes)
    let block = tree.coordinates.base + first * tree.dimensions + (point - first)
    for axis in 0..<tree.dimensions { coordinates.base[axis] = block[axis * m] }
    original = Int(tree.order.base[point])
  }

  /// Copies the point to a box of no extent: its lower corner, then its upper.
  func copyPoint(to box: Storage<Float>) {
    for corner in [0, tree.dimensions] {
      (box.base + corner).update(from: coordinates.base, count: tree.dimensions)
    }
  }

  /// Whether the radius may reach into a box: its lower corner, then its upper.
  func reaches(_ box: Storage<Float>, _ band: ClusteringBand) -> Bool {
    let d = tree.dimensions
    var sum: Float = 0
    for axis in 0..<d {
      let x = coordinates.base[axis]
      let gap = max(box.base[axis] - x, x - box.base[d + axis], 0)
      sum += gap * gap
    }
    return sum <= band.reject
  }

  /// The blocks of a leaf: the first point of each, and how many it has.
  func forEachBlock(of points: Range<Int>, _ body: (_ first: Int, _ count: Int) -> Void) {
    var first = points.lowerBound
    while first < points.upperBound {
      let count = min(points.upperBound - first, PointTree.lanes)
      body(first, count)
      first += count
    }
  }

  /// Which points of a block are neighbours, among those of `wanted`: a bit each.
  func neighbours(
    inBlock first: Int, of count: Int, _ band: ClusteringBand, wanted: UInt32 = 0xFFFF
  ) -> UInt32 {
    var accepted: UInt32 = 0
    let reached =
      kernels.reach(
        Int32(tree.dimensions), coordinates.base, tree.coordinates.base + first * tree.dimensions,
        count, band, &accepted) & wanted
    accepted &= wanted
    for lane in Lanes(reached & ~accepted) {
      exactTests += 1
      let other = Int(tree.order.base[first + lane])
      if source.squaredDistance(original, other) <= squaredRadius { accepted |= 1 << UInt32(lane) }
    }
    return accepted
  }

  /// The weight within the radius among the leaves of a level, and what is known to be; counting stops at the limit.
  func weight(near level: Descent.Level, known: Int, limit: Int) -> Int {
    var sum = known
    for index in 0..<level.leaves.count where sum < limit {
      let slot = Int(level.leaves.list.pointee.slots[index])
      forEachBlock(of: tree.nodes.points(of: slot)) { first, count in
        let lanes = neighbours(inBlock: first, of: count, level.band)
        guard let weights = tree.weights else {
          sum += lanes.nonzeroBitCount
          return
        }
        for lane in Lanes(lanes) { sum += Int(weights.base[first + lane]) }
      }
    }
    return sum
  }

  /// The squared distances in Float to the points of a block; 16 values are written.
  func distances(toBlock first: Int, of count: Int, _ squared: UnsafeMutablePointer<Float>) {
    kernels.distances(
      Int32(tree.dimensions), coordinates.base, tree.coordinates.base + first * tree.dimensions,
      count, squared)
  }

  /// The squared distance to a point, in Double.
  func exactSquare(_ other: Int) -> Double {
    source.squaredDistance(original, Int(tree.order.base[other]))
  }
}
