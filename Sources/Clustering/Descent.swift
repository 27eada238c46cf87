import CClusteringKernels

/// Boxes side by side that grow as they are gathered.
final class BoxList {
  /// The list where the kernels find it: two arguments may be one list.
  let list: UnsafeMutablePointer<ClusteringList>
  private let arena = Arena()
  private let dimensions: Int
  private var boxes: Storage<Float>
  private var slots: Storage<Int32>
  private var values: Storage<Int32>

  init(dimensions: Int) {
    self.dimensions = dimensions
    list = arena.storage(repeating: ClusteringList(), count: 1).base
    boxes = arena.storage(uninitialized: 0)
    slots = arena.storage(uninitialized: 0)
    values = arena.storage(uninitialized: 0)
  }

  var count: Int { list.pointee.count }

  func clear() { list.pointee.count = 0 }

  /// Makes room for `more` boxes, and for a vector behind them.
  @inline(__always) func reserve(_ more: Int) {
    let needed = list.pointee.count + more + PointTree.lanes
    if needed > list.pointee.stride { grow(to: max(needed, 2 * list.pointee.stride, 64)) }
  }

  private func grow(to stride: Int) {
    let old = list.pointee
    let newBoxes = arena.storage(repeating: Float(0), count: 2 * dimensions * stride)
    let newSlots = arena.storage(repeating: Int32(0), count: stride)
    let newValues = arena.storage(repeating: Int32(0), count: stride)
    for row in 0..<2 * dimensions {
      (newBoxes.base + row * stride).update(from: boxes.base + row * old.stride, count: old.count)
    }
    newSlots.base.update(from: slots.base, count: old.count)
    newValues.base.update(from: values.base, count: old.count)
    arena.free(boxes)
    arena.free(slots)
    arena.free(values)
    (boxes, slots, values) = (newBoxes, newSlots, newValues)
    list.pointee = ClusteringList(
      boxes: boxes.base, slots: slots.base, values: values.base, stride: stride, count: old.count)
  }

  /// The sum of the values.
  var total: Int {
    var sum = 0
    for index in 0..<count { sum += Int(list.pointee.values[index]) }
    return sum
  }
}

/// A walk down the tree with a box of queries, that keeps at each level what may lie within the radius of it.
///
/// At every level there are two lists: leaves, and nodes of about the size of the queries' box, that are
/// neither wholly within the radius of all queries nor wholly beyond it for any. The lists of a level
/// follow from those of the level above it, so that a leaf's list costs a few vector operations. One
/// thread's.
final class Descent {
  /// One level: the lists, and the queries' box.
  final class Level {
    let leaves: BoxList
    var nodes: BoxList
    let box: Storage<Float>
    /// What lies wholly within the radius of all queries: its weight, or its smallest label.
    var known = 0
    /// What lies in the boxes of the lists: their weight.
    var possible = 0
    /// The thresholds that hold for all queries.
    var band = ClusteringBand()

    init(dimensions: Int, arena: Arena) {
      leaves = BoxList(dimensions: dimensions)
      nodes = BoxList(dimensions: dimensions)
      box = arena.storage(uninitialized: 2 * dimensions)
    }
  }

  /// What the values beside the boxes are, and what becomes of those wholly within the radius.
  enum Purpose {
    /// Weights, to be added up.
    case weight
    /// Smallest labels, of which the smallest is kept: what cannot be smaller is dropped.
    case smallestLabel
  }

  let tree: PointTree
  let test: RadiusTest
  let purpose: Purpose
  let values: Storage<Int32>
  let kernels = clustering_kernels().pointee
  /// The tree as the kernels see it.
  let view: UnsafePointer<ClusteringTree>
  private let arena = Arena()
  private var levels: [Level] = []
  private var spare: BoxList
  /// Boxes compared so far.
  private(set) var boxTests = 0

  init(tree: PointTree, test: RadiusTest, purpose: Purpose, values: Storage<Int32>) {
    self.tree = tree
    self.test = test
    self.purpose = purpose
    self.values = values
    view = UnsafePointer(arena.storage(repeating: tree.kernelView, count: 1).base)
    spare = BoxList(dimensions: tree.dimensions)
  }

  func level(_ number: Int) -> Level {
    while levels.count <= number { levels.append(Level(dimensions: tree.dimensions, arena: arena)) }
    return levels[number]
  }

  /// Walks from the root to a slot, but not into it; the number of the level above the slot.
  func approach(_ slot: Int) -> Int {
    var path: [Int] = []
    var node = slot / PointTree.lanes
    while node > 0 {
      let above = Int(tree.nodes.parents[node])
      path.append(above)
      node = above / PointTree.lanes
    }
    let root = level(0)
    root.leaves.clear()
    root.nodes.clear()
    root.known = purpose == .weight ? 0 : Int(Int32.max)
    // Everything is near: a box test that accepts nothing and rejects nothing.
    root.band = ClusteringBand(accept: -1, reject: .infinity)
    root.box.base.update(repeating: 0, count: 2 * tree.dimensions)
    // One box that leads to the root.
    spare.clear()
    spare.reserve(1)
    spare.list.pointee.slots[0] = Int32(tree.nodes.rootSlot)
    spare.list.pointee.count = 1
    open(spare.list, into: root)
    for (above, slot) in path.reversed().enumerated() { enter(slot, from: above) }
    return path.count
  }

  /// Makes the lists of a slot's queries from those of the level above it.
  ///
  /// Nodes in the lists are opened once, or until only leaves are left where the slot is a leaf.
  @discardableResult func enter(_ slot: Int, from above: Int) -> Level {
    let here = level(above + 1)
    let parent = levels[above]
    let d = tree.dimensions
    tree.nodes.copyBox(of: slot, dimensions: d, to: here.box.base)
    here.band = test.band(box: here.box)
    here.known = parent.known
    here.possible = 0
    here.leaves.clear()
    here.nodes.clear()
    spare.clear()
    gather(parent.leaves, into: here, keeping: here.leaves)
    gather(parent.nodes, into: here, keeping: spare)
    // What was possible in the nodes is counted again, box by box.
    here.possible -= spare.total
    open(spare.list, into: here)
    if tree.nodes.isLeaf(slot) {
      while here.nodes.count > 0 {
        here.possible -= here.nodes.total
        swap(&here.nodes, &spare)
        here.nodes.clear()
        open(spare.list, into: here)
      }
    }
    return here
  }

  /// Keeps the boxes of a list that the radius cuts, for the queries of a level.
  private func gather(_ list: BoxList, into here: Level, keeping kept: BoxList) {
    guard list.count > 0 else { return }
    kept.reserve(list.count)
    boxTests += list.count
    let (lower, upper) = (here.box.base, here.box.base + tree.dimensions)
    switch purpose {
    case .weight:
      let sums = kernels.gather(
        Int32(tree.dimensions), lower, upper, list.list, here.band, kept.list)
      here.known += Int(sums.within)
      here.possible += Int(sums.partial)
    case .smallestLabel:
      here.known = Int(
        kernels.gather_labels(
          Int32(tree.dimensions), lower, upper, list.list, here.band, Int32(here.known),
          kept.list))
    }
  }

  /// The same for the slots of nodes.
  private func open(_ list: UnsafePointer<ClusteringList>, into here: Level) {
    let count = list.pointee.count
    guard count > 0 else { return }
    here.leaves.reserve(count * PointTree.lanes)
    here.nodes.reserve(count * PointTree.lanes)
    boxTests += count * PointTree.lanes
    let (lower, upper) = (here.box.base, here.box.base + tree.dimensions)
    switch purpose {
    case .weight:
      let sums = kernels.open(
        view, lower, upper, list, values.base, here.band, here.leaves.list, here.nodes.list)
      here.known += Int(sums.within)
      here.possible += Int(sums.partial)
    case .smallestLabel:
      here.known = Int(
        kernels.open_labels(
          view, lower, upper, list, values.base, here.band, Int32(here.known), here.leaves.list,
          here.nodes.list))
    }
  }
}
