/// Nodes as they are made: the arrays of ``TreeNodes``, growing.
struct NodeDrafts: Sendable {
  var boxes: [Float] = []
  var starts: [Int32] = []
  var counts: [Int32] = []
  var children: [Int32] = []
  var childCounts: [Int32] = []
  /// The slot that leads to each node, -1 for the first.
  var parents: [Int32] = []
}

extension TreeNodes {
  /// Joins drafts: those of the top first, then the others in order. Children's numbers become those of the whole.
  init(
    _ drafts: [NodeDrafts], dimensions: Int, weights: Storage<Int32>?, arena: Arena
  ) {
    let count = drafts.reduce(0) { $0 + $1.childCounts.count }
    let lanes = PointTree.lanes
    let boxes: Storage<Float> = arena.storage(uninitialized: count * lanes * 2 * dimensions)
    let starts: Storage<Int32> = arena.storage(uninitialized: count * lanes)
    let counts: Storage<Int32> = arena.storage(uninitialized: count * lanes)
    let children: Storage<Int32> = arena.storage(uninitialized: count * lanes + 1)
    children[count * lanes] = 0
    let childCounts: Storage<Int32> = arena.storage(uninitialized: count)
    let parents: Storage<Int32> = arena.storage(uninitialized: count)
    var first = 0
    for (number, draft) in drafts.enumerated() {
      let slot = first * lanes
      copy(draft.boxes, to: boxes, at: slot * 2 * dimensions)
      copy(draft.starts, to: starts, at: slot)
      copy(draft.counts, to: counts, at: slot)
      copy(draft.children, to: children, at: slot)
      copy(draft.childCounts, to: childCounts, at: first)
      copy(draft.parents, to: parents, at: first)
      if number > 0 {
        // The first draft's children are the others' first nodes already; a first node's parent too.
        for index in slot..<slot + draft.children.count where children[index] >= 0 {
          children[index] += Int32(first)
        }
        for node in first + 1..<first + max(draft.parents.count, 1) { parents[node] += Int32(slot) }
      }
      first += draft.childCounts.count
    }
    let nodeLanes = arena.storage(repeating: UInt16(0), count: count)
    for slot in 0..<count * lanes where children[slot] >= 0 {
      nodeLanes[slot / lanes] |= 1 << UInt16(slot % lanes)
    }
    self.init(
      boxes: boxes, starts: starts, counts: counts, children: children,
      weights: Self.slotWeights(starts, counts, children, weights, arena), childCounts: childCounts,
      nodeLanes: nodeLanes, parents: parents, arena: arena)
  }

  private static func slotWeights(
    _ starts: Storage<Int32>, _ counts: Storage<Int32>, _ children: Storage<Int32>,
    _ weights: Storage<Int32>?, _ arena: Arena
  ) -> Storage<Int32> {
    guard let weights else { return counts }
    let sums = arena.storage(repeating: Int32(0), count: counts.count)
    let lanes = PointTree.lanes
    // Children have larger numbers: their sums are there first.
    for slot in stride(from: counts.count - 1, through: 0, by: -1) {
      if children[slot] >= 0 {
        let first = Int(children[slot]) * lanes
        for lane in 0..<lanes { sums[slot] += sums[first + lane] }
      } else {
        for place in 0..<Int(counts[slot]) { sums[slot] += weights[Int(starts[slot]) + place] }
      }
    }
    return sums
  }
}

private func copy<Element>(_ values: [Element], to storage: Storage<Element>, at place: Int) {
  values.withUnsafeBufferPointer { values in
    guard let base = values.baseAddress else { return }
    (storage.base + place).update(from: base, count: values.count)
  }
}
