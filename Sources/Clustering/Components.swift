import CClusteringKernels

/// The connected components of the core points, as far as they are known: it grows with the radius.
///
/// Disjoint sets over the points in the tree's order, each set's root its smallest member, and for every slot
/// whether its core points are known to lie in one component: then most pairs of slots need no look at points. Tasks
/// that join within slots that do not overlap touch ranges that do not overlap.
///
/// Disjoint sets: Tarjan and van Leeuwen, doi 10.1145/62.2160.
struct Components: Sendable {
  let tree: PointTree
  /// A member of the same set, not after the point; the point itself for a root and for points that are not core.
  let parent: Storage<Int32>
  /// The first core point of each slot, -1 where it has none.
  let firstCore: Storage<Int32>
  /// The number of core points of each slot.
  let coreCounts: Storage<Int32>
  /// Whether a slot's core points are known to lie in one component.
  let isOne: Storage<Bool>

  init(tree: PointTree, arena: Arena) {
    self.tree = tree
    parent = arena.storage(uninitialized: tree.count)
    firstCore = arena.storage(uninitialized: tree.nodes.slotCount)
    coreCounts = arena.storage(uninitialized: tree.nodes.slotCount)
    isOne = arena.storage(uninitialized: tree.nodes.slotCount)
    reset()
  }

  /// Forgets all core points and how they are joined.
  func reset() {
    for point in 0..<tree.count { parent.base[point] = Int32(point) }
    firstCore.base.update(repeating: -1, count: firstCore.count)
    coreCounts.base.update(repeating: 0, count: coreCounts.count)
    isOne.base.update(repeating: false, count: isOne.count)
  }

  @inline(__always) func root(_ point: Int) -> Int {
    var current = point
    while Int(parent.base[current]) != current {
      let grandparent = parent.base[Int(parent.base[current])]
      parent.base[current] = grandparent
      current = Int(grandparent)
    }
    return current
  }

  /// The root, without shortening the way to it: for several threads at once.
  @inline(__always) func rootUnchanged(_ point: Int) -> Int {
    var current = point
    while Int(parent.base[current]) != current { current = Int(parent.base[current]) }
    return current
  }

  @inline(__always) func unite(_ a: Int, _ b: Int) {
    let rootA = root(a)
    let rootB = root(b)
    if rootA < rootB {
      parent.base[rootB] = Int32(rootA)
    } else if rootB < rootA {
      parent.base[rootA] = Int32(rootB)
    }
  }

  /// Whether the core points of two slots are known to lie in one component.
  @inline(__always) func areOne(_ a: Int, _ b: Int) -> Bool {
    isOne.base[a] && isOne.base[b]
      && root(Int(firstCore.base[a])) == root(Int(firstCore.base[b]))
  }

  /// Notes a node's core points as one component where its slots' are.
  func refresh(_ slot: Int) {
    guard !isOne.base[slot], firstCore.base[slot] >= 0, !tree.nodes.isLeaf(slot) else { return }
    let first = root(Int(firstCore.base[slot]))
    for child in tree.nodes.slots(of: Int(tree.nodes.children.base[slot])) {
      let core = firstCore.base[child]
      if core >= 0 && !(isOne.base[child] && root(Int(core)) == first) { return }
    }
    isOne.base[slot] = true
  }

  /// Takes in core points of a slot that are new: each a component of its own for now.
  ///
  /// - Complexity: O(points).
  func admit(_ slot: Int, _ status: Storage<UInt8>) {
    if tree.nodes.isLeaf(slot) { return admitLeaf(slot, status) }
    for child in tree.nodes.slots(of: Int(tree.nodes.children.base[slot])) { admit(child, status) }
    sumUp(slot)
  }

  private func admitLeaf(_ slot: Int, _ status: Storage<UInt8>) {
    let points = tree.nodes.points(of: slot)
    var cores: Int32 = 0
    var first = -1
    for point in points where status.base[point] == coreMark {
      if cores == 0 { first = point }
      cores += 1
    }
    guard cores != coreCounts.base[slot] else { return }
    coreCounts.base[slot] = cores
    firstCore.base[slot] = Int32(first)
    let common = rootUnchanged(first)
    isOne.base[slot] = points.allSatisfy {
      status.base[$0] != coreMark || rootUnchanged($0) == common
    }
  }

  /// Takes in what has been admitted to a slot's children.
  func sumUp(_ slot: Int) {
    var cores: Int32 = 0
    var first: Int32 = -1
    for child in tree.nodes.slots(of: Int(tree.nodes.children.base[slot])) {
      cores += coreCounts.base[child]
      if first < 0 { first = firstCore.base[child] }
    }
    guard cores != coreCounts.base[slot] else { return }
    coreCounts.base[slot] = cores
    firstCore.base[slot] = first
    isOne.base[slot] = false
    let common = rootUnchanged(Int(first))
    isOne.base[slot] = tree.nodes.slots(of: Int(tree.nodes.children.base[slot])).allSatisfy {
      coreCounts.base[$0] == 0
        || isOne.base[$0] && rootUnchanged(Int(firstCore.base[$0])) == common
    }
  }
}
