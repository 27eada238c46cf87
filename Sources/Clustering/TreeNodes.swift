/// The nodes of a tree, as arrays over nodes and slots.
struct TreeNodes: Sendable {
  /// The number of nodes. Children have larger numbers than their parents; node 0 is the root.
  let count: Int
  /// The children's boxes, 2 x dimensions x 16 a node.
  let boxes: Storage<Float>
  /// Of each slot: its first point, its number of points, its node (-1 for a leaf; behind all slots the root), its
  /// weight.
  let starts: Storage<Int32>
  let counts: Storage<Int32>
  let children: Storage<Int32>
  let weights: Storage<Int32>
  /// Of each slot: its own number.
  let numbers: Storage<Int32>
  /// Of each node: how many children it has, which of them are nodes, and the slot that leads to it (-1).
  let childCounts: Storage<Int32>
  let nodeLanes: Storage<UInt16>
  let parents: Storage<Int32>

  init(
    boxes: Storage<Float>, starts: Storage<Int32>, counts: Storage<Int32>,
    children: Storage<Int32>, weights: Storage<Int32>, childCounts: Storage<Int32>,
    nodeLanes: Storage<UInt16>, parents: Storage<Int32>, arena: Arena
  ) {
    count = childCounts.count
    self.boxes = boxes
    self.starts = starts
    self.counts = counts
    self.children = children
    self.weights = weights
    self.childCounts = childCounts
    self.nodeLanes = nodeLanes
    self.parents = parents
    numbers = arena.storage(uninitialized: starts.count)
    for slot in 0..<starts.count { numbers[slot] = Int32(slot) }
  }

  var slotCount: Int { count * PointTree.lanes }

  /// A number behind all slots that leads to the root.
  var rootSlot: Int { slotCount }

  func isLeaf(_ slot: Int) -> Bool { children.base[slot] < 0 }

  func slots(of node: Int) -> Range<Int> {
    let first = node * PointTree.lanes
    return first..<first + Int(childCounts.base[node])
  }

  func points(of slot: Int) -> Range<Int> {
    let start = Int(starts.base[slot])
    return start..<start + Int(counts.base[slot])
  }

  /// Copies a slot's box to `box`: the lower corner, then the upper.
  func copyBox(of slot: Int, dimensions: Int, to box: UnsafeMutablePointer<Float>) {
    let (node, lane) = (slot / PointTree.lanes, slot % PointTree.lanes)
    let from = boxes.base + node * PointTree.lanes * 2 * dimensions + lane
    for axis in 0..<dimensions {
      box[axis] = from[2 * axis * PointTree.lanes]
      box[dimensions + axis] = from[(2 * axis + 1) * PointTree.lanes]
    }
  }

  /// Calls `body` with each leaf of a slot, in order.
  func forEachLeaf(of slot: Int, _ body: (Int) -> Void) {
    if isLeaf(slot) { return body(slot) }
    for child in slots(of: Int(children.base[slot])) { forEachLeaf(of: child, body) }
  }

  /// Calls `body` with each slot that has some of these slots below it, the lowest first.
  func forEachSlot(above below: Set<Int>, node: Int = 0, _ body: (Int) -> Void) {
    for slot in slots(of: node) where !below.contains(slot) {
      guard !isLeaf(slot) else { continue }
      forEachSlot(above: below, node: Int(children.base[slot]), body)
      body(slot)
    }
  }

  /// Slots that cover all points, none of them with more than `largest` points unless it is a leaf; in order.
  func cut(largest: Int) -> [Int] {
    var found: [Int] = []
    var pending = Array(slots(of: 0).reversed())
    while let slot = pending.popLast() {
      if isLeaf(slot) || Int(counts[slot]) <= largest {
        found.append(slot)
      } else {
        pending.append(contentsOf: slots(of: Int(children[slot])).reversed())
      }
    }
    return found
  }
}
