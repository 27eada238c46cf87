import CClusteringKernels

/// Joins core points within the radius of each other: pairs of slots, from large to small.
///
/// A pair of slots is settled without looking at points where the core points of both are known to be
/// one component already, where the boxes lie wholly beyond the radius, and where they lie wholly within it. In
/// dense regions nearly all pairs are. One thread's.
struct Connection {
  private let arena = Arena()
  private let components: Components
  private let tree: PointTree
  private let nodes: TreeNodes
  private let status: Storage<UInt8>
  private let test: RadiusTest
  private let pairs: PairTest
  private let kernels = clustering_kernels().pointee
  private let box: Storage<Float>
  /// Slots whose core points have been joined within, by tasks of their own.
  private let joined: Set<Int>
  private var counted = ClusteringWork()

  /// What was done so far.
  var work: ClusteringWork {
    var sum = counted
    sum.exactTests += pairs.exactTests
    return sum
  }

  init(
    _ components: Components, source: PointSource, test: RadiusTest, status: Storage<UInt8>,
    joined: Set<Int> = []
  ) {
    self.components = components
    tree = components.tree
    nodes = components.tree.nodes
    self.test = test
    self.status = status
    self.joined = joined
    pairs = PairTest(tree: tree, source: source, squaredRadius: test.squaredRadius)
    box = arena.storage(uninitialized: 2 * tree.dimensions)
  }

  /// Joins the core points of a slot that lie within the radius of each other.
  mutating func joinWithin(_ slot: Int) {
    guard components.firstCore.base[slot] >= 0, !components.isOne.base[slot],
      !joined.contains(slot)
    else { return }
    if isSmall(slot) {
      uniteAll(slot, with: Int(components.firstCore.base[slot]))
    } else if nodes.isLeaf(slot) {
      joinLeaf(slot)
    } else {
      joinWithin(node: Int(nodes.children.base[slot]))
      components.refresh(slot)
    }
  }

  /// Joins the core points of a node's slots.
  mutating func joinWithin(node: Int) {
    let slots = nodes.slots(of: node)
    for slot in slots { joinWithin(slot) }
    for slot in slots where components.firstCore.base[slot] >= 0 {
      join(slot, withSlotsOf: node, lanes: ~0 << UInt32(slot - slots.lowerBound + 1))
    }
  }

  /// Joins a slot with some of a node's slots.
  private mutating func join(_ slot: Int, withSlotsOf node: Int, lanes: UInt32) {
    let d = tree.dimensions
    nodes.copyBox(of: slot, dimensions: d, to: box.base)
    let band = test.band(box: box)
    var within: UInt32 = 0
    let slots = nodes.slots(of: node)
    let valid = lanes & ((1 << UInt32(slots.count)) - 1)
    let reached =
      kernels.reach_boxes(
        Int32(d), box.base, box.base + d, nodes.boxes.base + node * PointTree.lanes * 2 * d, band,
        &within) & valid
    counted.boxTests += slots.count
    for lane in Lanes(reached) {
      let other = slots.lowerBound + lane
      guard components.firstCore.base[other] >= 0, !components.areOne(slot, other) else { continue }
      if within & 1 << UInt32(lane) != 0 {
        uniteAll(slot, with: Int(components.firstCore.base[other]))
        uniteAll(other, with: Int(components.firstCore.base[slot]))
      } else {
        join(slot, other)
      }
    }
  }

  /// Joins two slots that are partly within reach: opens the larger.
  private mutating func join(_ a: Int, _ b: Int) {
    switch (nodes.isLeaf(a), nodes.isLeaf(b)) {
    case (true, true): joinLeaves(a, b)
    case (false, true): open(a, and: b)
    case (true, false): open(b, and: a)
    case (false, false):
      if nodes.counts.base[a] > nodes.counts.base[b] { open(a, and: b) } else { open(b, and: a) }
    }
  }

  private mutating func open(_ slot: Int, and other: Int) {
    join(other, withSlotsOf: Int(nodes.children.base[slot]), lanes: ~0)
    components.refresh(slot)
  }

  /// Joins two leaves that are partly within reach.
  private mutating func joinLeaves(_ a: Int, _ b: Int) {
    if components.isOne.base[a] && components.isOne.base[b] {
      if components.areOne(a, b) { return }
      for piece in Pieces(nodes.points(of: a)) {
        for other in Pieces(nodes.points(of: b)) where join(piece, of: a, other, of: b, isOne: true)
        {
          return
        }
      }
      return
    }
    for piece in Pieces(nodes.points(of: a)) {
      for other in Pieces(nodes.points(of: b)) {
        _ = join(piece, of: a, other, of: b, isOne: components.isOne.base[b])
      }
    }
    noteLeaf(a)
    noteLeaf(b)
  }

  private mutating func joinLeaf(_ slot: Int) {
    let pieces = Array(Pieces(nodes.points(of: slot)))
    for (number, piece) in pieces.enumerated() {
      joinWithin(piece, of: slot)
      for other in pieces[..<number] { _ = join(piece, of: slot, other, of: slot, isOne: false) }
    }
    noteLeaf(slot)
  }

  /// Joins the core points of a piece of a leaf: each is met once, from one that it is a neighbour of.
  private mutating func joinWithin(_ piece: Range<Int>, of leaf: Int) {
    let band = band(of: leaf)
    let points = nodes.points(of: leaf)
    var unmet = cores(in: piece)
    while unmet != 0 {
      let first = unmet.trailingZeroBitCount
      var pending: UInt64 = 1 << UInt64(first)
      unmet &= ~pending
      while pending != 0 {
        let lane = pending.trailingZeroBitCount
        pending &= pending &- 1
        pairs.take(piece.lowerBound + lane, inLeaf: points)
        let met = neighbours(in: piece, of: points, band, wanted: unmet)
        unmet &= ~met
        pending |= met
        for lane in Lanes(met) {
          components.unite(piece.lowerBound + first, piece.lowerBound + lane)
        }
      }
    }
  }

  /// Joins the core points of two pieces of leaves; whether any were joined. Where the second is one component, a
  /// point needs one neighbour in it.
  private mutating func join(
    _ piece: Range<Int>, of leaf: Int, _ other: Range<Int>, of otherLeaf: Int, isOne: Bool
  ) -> Bool {
    let band = band(of: leaf)
    let points = nodes.points(of: leaf)
    let others = nodes.points(of: otherLeaf)
    let wanted = cores(in: other)
    guard wanted != 0 else { return false }
    nodes.copyBox(of: otherLeaf, dimensions: tree.dimensions, to: box.base)
    let otherFirst = other.lowerBound + wanted.trailingZeroBitCount
    var found = false
    for lane in Lanes(cores(in: piece)) {
      let point = piece.lowerBound + lane
      if isOne && components.root(point) == components.root(otherFirst) { continue }
      pairs.take(point, inLeaf: points)
      guard pairs.reaches(box, band) else { continue }
      let met = neighbours(in: other, of: others, band, wanted: wanted)
      guard met != 0 else { continue }
      found = true
      if isOne {
        components.unite(point, otherFirst)
        if components.isOne.base[leaf] { return true }
      } else {
        for lane in Lanes(met) { components.unite(point, other.lowerBound + lane) }
      }
    }
    return found
  }

  /// Which points of a piece are neighbours, among those wanted: a bit each.
  private mutating func neighbours(
    in piece: Range<Int>, of leaf: Range<Int>, _ band: ClusteringBand, wanted: UInt64
  ) -> UInt64 {
    var met: UInt64 = 0
    var first = piece.lowerBound
    while first < piece.upperBound {
      let shift = UInt64(first - piece.lowerBound)
      let lanes = UInt32(truncatingIfNeeded: wanted >> shift) & 0xFFFF
      if lanes != 0 {
        let count = min(leaf.upperBound - first, PointTree.lanes)
        counted.pairTests += count
        met |= UInt64(pairs.neighbours(inBlock: first, of: count, band, wanted: lanes)) << shift
      }
      first += PointTree.lanes
    }
    return met
  }

  /// Which points of a piece are core: a bit each.
  private func cores(in piece: Range<Int>) -> UInt64 {
    var bits: UInt64 = 0
    let bytes = UnsafeRawPointer(status.base + piece.lowerBound)
    for offset in stride(from: 0, to: piece.count, by: 8) {
      // A core point's mark is the only one that is odd: the product moves eight lowest bits together.
      let marks = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
      let eight = ((marks & 0x0101_0101_0101_0101) &* 0x0102_0408_1020_4080) >> 56
      bits |= eight << UInt64(offset)
    }
    return piece.count < 64 ? bits & ((1 << UInt64(piece.count)) - 1) : bits
  }

  private func noteLeaf(_ slot: Int) {
    guard !components.isOne.base[slot] else { return }
    let first = components.root(Int(components.firstCore.base[slot]))
    components.isOne.base[slot] = nodes.points(of: slot).allSatisfy {
      status.base[$0] != coreMark || components.root($0) == first
    }
  }

  private func uniteAll(_ slot: Int, with point: Int) {
    components.unite(Int(components.firstCore.base[slot]), point)
    guard !components.isOne.base[slot] else { return }
    for member in nodes.points(of: slot) where status.base[member] == coreMark {
      components.unite(member, point)
    }
    markOne(slot)
  }

  private func markOne(_ slot: Int) {
    guard components.firstCore.base[slot] >= 0, !components.isOne.base[slot] else { return }
    components.isOne.base[slot] = true
    guard !nodes.isLeaf(slot) else { return }
    for child in nodes.slots(of: Int(nodes.children.base[slot])) { markOne(child) }
  }

  private func isSmall(_ slot: Int) -> Bool {
    nodes.copyBox(of: slot, dimensions: tree.dimensions, to: box.base)
    return test.isSmall(box)
  }

  private func band(of slot: Int) -> ClusteringBand {
    nodes.copyBox(of: slot, dimensions: tree.dimensions, to: box.base)
    return test.band(box: box)
  }
}

/// A leaf's points, 64 at a time: nearly always all of them.
private struct Pieces: Sequence, IteratorProtocol {
  private var left: Range<Int>

  init(_ points: Range<Int>) { left = points }

  mutating func next() -> Range<Int>? {
    guard !left.isEmpty else { return nil }
    let end = Swift.min(left.lowerBound + 64, left.upperBound)
    defer { left = end..<left.upperBound }
    return left.lowerBound..<end
  }
}
