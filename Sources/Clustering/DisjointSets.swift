/// Disjoint sets over `0..<count`, by union to the smaller root with path halving.
///
/// - Complexity: nearly O(1) amortised an operation (Tarjan and van Leeuwen 1984,
///   doi 10.1145/62.2160).
struct DisjointSets {
  private var parent: [Int32]

  init(count: Int) {
    parent = (0..<Int32(count)).map { $0 }
  }

  mutating func root(of element: Int) -> Int {
    parent.withUnsafeMutableBufferPointer { parent in
      var current = element
      while Int(parent[current]) != current {
        let grandparent = parent[Int(parent[current])]
        parent[current] = grandparent
        current = Int(grandparent)
      }
      return current
    }
  }

  mutating func unite(_ a: Int, _ b: Int) {
    let rootA = root(of: a)
    let rootB = root(of: b)
    if rootA < rootB {
      parent[rootB] = Int32(rootA)
    } else if rootB < rootA {
      parent[rootA] = Int32(rootB)
    }
  }
}
