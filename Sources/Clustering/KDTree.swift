/// A k-d tree with tight bounding boxes over points in `d` dimensions.
///
/// Nodes split at the middle of their box's longest side (a sliding midpoint would change nothing:
/// the box is the points' own). Coordinates are copied in tree order, so that a leaf's points lie
/// side by side in memory.
///
/// Every test against a box is exact in the sense of ``DBSCAN``: rounding is monotone, so the gap
/// from a point to a box, squared and summed over the coordinates in the same order as a
/// distance, never exceeds the computed squared distance to any point in the box; nor does the
/// computed squared distance exceed the one to the box's far side. No tolerance is needed.
struct KDTree: Sendable {
  static let leafSize = 32

  /// A subtree: the points `start..<end` in tree order, and its children's indices (-1 in a leaf).
  struct Node {
    var start: Int32
    var end: Int32
    var left: Int32
    var right: Int32

    var isLeaf: Bool { left < 0 }
    var count: Int { Int(end - start) }
  }

  let dimensions: Int
  /// The original index of the point at each place of the tree's order.
  private(set) var order: [Int32]
  /// The coordinates in tree order, `dimensions` a point.
  private(set) var coordinates: [Double]
  private(set) var nodes: [Node] = []
  /// The boxes' corners: lower then upper, `2 * dimensions` a node.
  private(set) var boxes: [Double] = []
  private(set) var leaves: [Int32] = []

  /// Builds the tree over `points` (row-major, all finite).
  ///
  /// - Complexity: O(n depth); the depth is logarithmic unless the points are spaced
  ///   exponentially, and at most about 2,100 a dimension. The stack is on the heap.
  init(points: [Double], dimensions: Int) {
    self.dimensions = dimensions
    let count = points.count / dimensions
    order = (0..<Int32(count)).map { $0 }
    coordinates = points
    guard count > 0 else { return }
    nodes.reserveCapacity(4 * count / KDTree.leafSize + 1)
    boxes.reserveCapacity(nodes.capacity * 2 * dimensions)
    var pending: [Int32] = [appendNode(start: 0, end: Int32(count))]
    while let index = pending.popLast() {
      let node = nodes[Int(index)]
      guard node.count > KDTree.leafSize, let (axis, middle) = splitPlane(of: Int(index)) else {
        leaves.append(index)
        continue
      }
      let boundary = partition(node, axis: axis, middle: middle)
      let left = appendNode(start: node.start, end: boundary)
      let right = appendNode(start: boundary, end: node.end)
      nodes[Int(index)].left = left
      nodes[Int(index)].right = right
      pending.append(right)
      pending.append(left)
    }
  }

  private mutating func appendNode(start: Int32, end: Int32) -> Int32 {
    let d = dimensions
    nodes.append(Node(start: start, end: end, left: -1, right: -1))
    let box = boxes.count
    let first = Int(start) * d
    boxes.append(contentsOf: coordinates[first..<first + d])
    boxes.append(contentsOf: coordinates[first..<first + d])
    coordinates.withUnsafeBufferPointer { points in
      boxes.withUnsafeMutableBufferPointer { boxes in
        for point in Int(start)..<Int(end) {
          for axis in 0..<d {
            let value = points[point * d + axis]
            if value < boxes[box + axis] { boxes[box + axis] = value }
            if value > boxes[box + d + axis] { boxes[box + d + axis] = value }
          }
        }
      }
    }
    return Int32(nodes.count - 1)
  }

  /// The longest side of a node's box and its middle, or nil where all points coincide.
  private func splitPlane(of node: Int) -> (axis: Int, middle: Double)? {
    let d = dimensions
    var axis = 0
    var longest = 0.0
    for candidate in 0..<d {
      // Halves first: the difference of two large numbers may overflow.
      let side = boxes[(2 * node + 1) * d + candidate] / 2 - boxes[2 * node * d + candidate] / 2
      if side > longest { (axis, longest) = (candidate, side) }
    }
    let lower = boxes[2 * node * d + axis]
    let upper = boxes[(2 * node + 1) * d + axis]
    guard lower < upper else {
      // The sides underflowed; any axis on which the points still differ will do.
      for candidate in 0..<d
      where boxes[2 * node * d + candidate] < boxes[(2 * node + 1) * d + candidate] {
        return (candidate, boxes[2 * node * d + candidate])
      }
      return nil
    }
    let middle = lower / 2 + upper / 2
    // Between adjacent numbers the middle rounds to one of them: keep the upper on the right.
    return (axis, middle >= upper || middle < lower ? lower : middle)
  }

  /// Moves the points at or below `middle` to the front; the first index behind them.
  private mutating func partition(_ node: Node, axis: Int, middle: Double) -> Int32 {
    let d = dimensions
    var low = Int(node.start)
    var high = Int(node.end) - 1
    coordinates.withUnsafeMutableBufferPointer { points in
      order.withUnsafeMutableBufferPointer { order in
        while true {
          while low <= high && points[low * d + axis] <= middle { low += 1 }
          while low <= high && points[high * d + axis] > middle { high -= 1 }
          if low >= high { break }
          order.swapAt(low, high)
          for coordinate in 0..<d { points.swapAt(low * d + coordinate, high * d + coordinate) }
        }
      }
    }
    return Int32(low)
  }
}

extension KDTree {
  /// How a set of places lies against a ball's radius: wholly beyond, wholly within, or neither.
  enum Reach {
    case beyond, within, partial
  }

  /// A view of the tree for the hot loops; valid only inside ``withView(_:)``.
  ///
  /// Invariant: the pointers cover `nodes`, `boxes`, `coordinates` and `order` of one tree that
  /// is not changed meanwhile, and every node index passed in came from that tree.
  struct View: @unchecked Sendable {
    let dimensions: Int
    let nodes: UnsafePointer<Node>
    let boxes: UnsafePointer<Double>
    let coordinates: UnsafePointer<Double>
    let order: UnsafePointer<Int32>

    /// The squared distance of two points in tree order, summed over the coordinates in order.
    @inline(__always)
    func squaredDistance(_ a: Int, _ b: Int) -> Double {
      let p = coordinates + a * dimensions
      let q = coordinates + b * dimensions
      var sum = 0.0
      for axis in 0..<dimensions {
        let difference = p[axis] - q[axis]
        sum += difference * difference
      }
      return sum
    }

    /// How node `b` lies against balls around the points of node `a`.
    @inline(__always)
    func reach(_ a: Int, _ b: Int, squaredRadius: Double) -> Reach {
      let d = dimensions
      let lowA = boxes + 2 * a * d
      let lowB = boxes + 2 * b * d
      return reach(lowA, lowA + d, lowB, lowB + d, squaredRadius)
    }

    /// How node `b` lies against the ball around `point`.
    @inline(__always)
    func reach(point: Int, _ b: Int, squaredRadius: Double) -> Reach {
      let p = coordinates + point * dimensions
      let lowB = boxes + 2 * b * dimensions
      return reach(p, p, lowB, lowB + dimensions, squaredRadius)
    }

    @inline(__always)
    private func reach(
      _ lowA: UnsafePointer<Double>, _ highA: UnsafePointer<Double>,
      _ lowB: UnsafePointer<Double>, _ highB: UnsafePointer<Double>, _ squaredRadius: Double
    ) -> Reach {
      var nearest = 0.0
      var farthest = 0.0
      for axis in 0..<dimensions {
        let above = lowB[axis] - highA[axis]
        let below = lowA[axis] - highB[axis]
        let gap = max(above, below, 0)
        nearest += gap * gap
        let span = max(highB[axis] - lowA[axis], highA[axis] - lowB[axis])
        farthest += span * span
      }
      if nearest > squaredRadius { return .beyond }
      return farthest <= squaredRadius ? .within : .partial
    }
  }

  func withView<R>(_ body: (View) throws -> R) rethrows -> R {
    try nodes.withUnsafeBufferPointer { nodes in
      try boxes.withUnsafeBufferPointer { boxes in
        try coordinates.withUnsafeBufferPointer { coordinates in
          try order.withUnsafeBufferPointer { order in
            guard let nodes = nodes.baseAddress, let boxes = boxes.baseAddress,
              let coordinates = coordinates.baseAddress, let order = order.baseAddress
            else { preconditionFailure("an empty tree has no view") }
            return try body(
              View(
                dimensions: dimensions, nodes: nodes, boxes: boxes, coordinates: coordinates,
                order: order))
          }
        }
      }
    }
  }
}
