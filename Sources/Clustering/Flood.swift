extension PixelGrid {
  /// Extends labels over all points that can be reached from a labelled one: a watershed.
  ///
  /// Labelled points are the markers; a point takes the label of the direct neighbour that
  /// reaches it first, where points of small `gradient` are entered before steep ones, and
  /// points of equal gradient in the order in which they were reached. What touches no marker
  /// stays -1.
  ///
  /// Source: Meyer, "Topographic distance and watershed lines", doi 10.1016/0165-1684(94)90060-4.
  ///
  /// - Parameters:
  ///   - labels: one a point, negative where there is none.
  ///   - gradient: one a point.
  /// - Complexity: O(points log points).
  public func flood(_ labels: [Int32], gradient: [Float]) -> [Int32] {
    var flooded = labels.map { max($0, -1) }
    var queue = FloodQueue()
    for (point, label) in flooded.enumerated() where label >= 0 {
      queue.push(point: Int32(point), gradient: gradient[point])
    }
    while let point = queue.pop() {
      let row = Int(pixels[Int(point)]) / width
      let column = Int(pixels[Int(point)]) % width
      for (dy, dx) in Self.directSteps {
        let neighbour = Int(self.point(row + dy, column + dx))
        guard neighbour >= 0, flooded[neighbour] < 0 else { continue }
        flooded[neighbour] = flooded[Int(point)]
        queue.push(point: Int32(neighbour), gradient: gradient[neighbour])
      }
    }
    return flooded
  }
}

/// Points waiting to be left, by gradient and then by age: a binary heap.
private struct FloodQueue {
  private struct Entry {
    var gradient: Float
    var age: Int32
    var point: Int32

    func isBefore(_ other: Entry) -> Bool {
      gradient != other.gradient ? gradient < other.gradient : age < other.age
    }
  }

  private var heap: [Entry] = []
  private var nextAge: Int32 = 0

  mutating func push(point: Int32, gradient: Float) {
    heap.append(Entry(gradient: gradient, age: nextAge, point: point))
    nextAge += 1
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Int32? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first.point }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count && heap[child + 1].isBefore(heap[child]) { child += 1 }
      guard heap[child].isBefore(heap[parent]) else { break }
      heap.swapAt(child, parent)
      parent = child
    }
    return first.point
  }
}
