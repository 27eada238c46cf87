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
    // A marker among markers reaches nothing: only those at the rim wait, in the order of their numbers.
    let rim = pixels.indices.filter { flooded[$0] >= 0 && hasUnlabelledNeighbour($0, flooded) }
    var queue = FloodQueue(rim.map { Int32($0) }, gradient: gradient)
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

  private func hasUnlabelledNeighbour(_ point: Int, _ labels: [Int32]) -> Bool {
    let row = Int(pixels[point]) / width
    let column = Int(pixels[point]) % width
    return Self.directSteps.contains { dy, dx in
      let neighbour = Int(self.point(row + dy, column + dx))
      return neighbour >= 0 && labels[neighbour] < 0
    }
  }
}

/// Points waiting to be left, by gradient and then by age.
///
/// Those that wait at the beginning are sorted once. A point that is reached and is less steep than the one it was reached
/// from is left before all others, so that it waits among few: of the heaps one holds these, the other the rest.
private struct FloodQueue {
  private var first: [Entry]
  private var next = 0
  private var below = Heap()
  private var above = Heap()
  private var age: Int32
  /// The steepest point that was left.
  private var level = -Float.infinity

  struct Entry {
    var gradient: Float
    var age: Int32
    var point: Int32

    func isBefore(_ other: Entry) -> Bool {
      gradient != other.gradient ? gradient < other.gradient : age < other.age
    }
  }

  /// A queue of points that were reached in this order.
  init(_ points: [Int32], gradient: [Float]) {
    first = points.enumerated().map {
      Entry(gradient: gradient[Int($1)], age: Int32($0), point: $1)
    }
    first.sort { $0.isBefore($1) }
    age = Int32(points.count)
  }

  mutating func push(point: Int32, gradient: Float) {
    let entry = Entry(gradient: gradient, age: age, point: point)
    age += 1
    if gradient < level { below.push(entry) } else { above.push(entry) }
  }

  mutating func pop() -> Int32? {
    if let entry = below.pop() { return entry.point }
    let isFirst: Bool
    switch (next < first.count, above.top) {
    case (false, nil): return nil
    case (true, nil): isFirst = true
    case (false, _?): isFirst = false
    case (true, let top?): isFirst = first[next].isBefore(top)
    }
    if isFirst {
      level = first[next].gradient
      next += 1
      return first[next - 1].point
    }
    guard let entry = above.pop() else { return nil }
    level = entry.gradient
    return entry.point
  }

  /// A binary heap.
  private struct Heap {
    private var entries: [Entry] = []

    var top: Entry? { entries.first }

    mutating func push(_ entry: Entry) {
      entries.append(entry)
      entries.withUnsafeMutableBufferPointer { entries in
        var place = entries.count - 1
        while place > 0 {
          let parent = (place - 1) / 2
          guard entry.isBefore(entries[parent]) else { break }
          entries[place] = entries[parent]
          place = parent
        }
        entries[place] = entry
      }
    }

    mutating func pop() -> Entry? {
      guard let first = entries.first, let last = entries.popLast() else { return nil }
      guard !entries.isEmpty else { return first }
      entries.withUnsafeMutableBufferPointer { entries in
        var place = 0
        while true {
          var child = 2 * place + 1
          guard child < entries.count else { break }
          if child + 1 < entries.count && entries[child + 1].isBefore(entries[child]) {
            child += 1
          }
          guard entries[child].isBefore(last) else { break }
          entries[place] = entries[child]
          place = child
        }
        entries[place] = last
      }
      return first
    }
  }
}
