import CClusteringKernels
import Foundation

extension PointTree {
  /// Puts the points that take part in order.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  /// - Complexity: O(n log n). While it runs, 20 bytes a point at 4 dimensions beyond the tree.
  init(_ points: Points, arena: Arena, workers: Workers) throws(ClusteringFailure) {
    let table = try RowTable(points, arena: arena, workers: workers)
    let drafts = try TreeBuilder(table, arena: arena, workers: workers).build()
    let weights = points.weights.map { weights in
      let inOrder: Storage<Int32> = arena.storage(uninitialized: table.count + PointTree.lanes)
      for place in 0..<table.count { inOrder[place] = weights[Int(table.numbers[place])] }
      for place in table.count..<inOrder.count { inOrder[place] = 0 }
      return inOrder
    }
    self.init(
      dimensions: table.dimensions, count: table.count, space: table.space,
      coordinates: table.rows, order: table.numbers, weights: weights,
      nodes: TreeNodes(drafts, dimensions: table.dimensions, weights: weights, arena: arena))
  }
}

/// The points' rows in filter coordinates, with their original numbers, and room to move them about.
struct RowTable {
  let dimensions: Int
  let count: Int
  let space: FilterSpace
  let rows: Storage<Float>
  let numbers: Storage<Int32>

  init(_ points: Points, arena: Arena, workers: Workers) throws(ClusteringFailure) {
    dimensions = points.dimensions
    count = points.includedCount
    // The last block is read by whole vectors.
    rows = arena.storage(uninitialized: count * dimensions + PointTree.lanes * (dimensions + 1))
    for index in count * dimensions..<rows.count { rows[index] = 0 }
    numbers = arena.storage(uninitialized: count)
    if let isIncluded = points.isIncluded {
      var place = 0
      for index in 0..<points.count where isIncluded[index] {
        numbers[place] = Int32(index)
        place += 1
      }
    } else {
      for index in 0..<count { numbers[index] = Int32(index) }
    }
    let (rows, numbers, dimensions, count) = (rows, numbers, dimensions, count)
    space = try points.withSource { source throws(ClusteringFailure) in
      let sample = SampledExtent(source, numbers: numbers, count: count)
      let plain = FilterSpace(
        centre: [Double](repeating: 0, count: dimensions), scale: sample.scale, isExact: true,
        isClamped: false)
      let losses = try Self.fill(rows, plain, source, numbers, count, workers)
      if losses == [] { return plain }
      let centred = FilterSpace(
        centre: sample.centre, scale: sample.scale, isExact: false, isClamped: false)
      let lossesLeft = try Self.fill(rows, centred, source, numbers, count, workers)
      return FilterSpace(
        centre: centred.centre, scale: centred.scale, isExact: false,
        isClamped: lossesLeft.contains(.clamped))
    }
  }

  private struct Losses: OptionSet, Sendable {
    let rawValue: UInt8
    static let rounded = Losses(rawValue: 1)
    static let clamped = Losses(rawValue: 2)
  }

  /// Writes the rows in filter coordinates; what was lost.
  private static func fill(
    _ rows: Storage<Float>, _ space: FilterSpace, _ source: PointSource,
    _ numbers: Storage<Int32>, _ count: Int, _ workers: Workers
  ) throws(ClusteringFailure) -> Losses {
    let size = 1 << 14
    let arena = Arena()
    defer { withExtendedLifetime(arena) {} }
    let losses = arena.storage(repeating: Losses(), count: (count + size - 1) / size)
    let isPlain = space.scale == 1 && space.centre.allSatisfy { $0 == 0 }
    try workers.forEachRange(.build, of: count, size: size) { chunk, range in
      losses[chunk] = source.withValues(
        float: { values in
          isPlain
            ? copy(range, of: values, numbers, source.dimensions, to: rows)
            : convert(range, of: values, numbers, space, source.dimensions, to: rows)
        },
        double: { convert(range, of: $0, numbers, space, source.dimensions, to: rows) })
    }
    return (0..<losses.count).reduce([]) { $0.union(losses[$1]) }
  }

  private static func copy(
    _ range: Range<Int>, of values: UnsafePointer<Float>, _ numbers: Storage<Int32>,
    _ dimensions: Int, to rows: Storage<Float>
  ) -> Losses {
    var largest: Float = 0
    for place in range {
      let from = values + Int(numbers.base[place]) * dimensions
      let to = rows.base + place * dimensions
      for axis in 0..<dimensions {
        to[axis] = from[axis]
        largest = max(largest, abs(from[axis]))
      }
    }
    return Double(largest) < FilterSpace.limit ? [] : .clamped
  }

  private static func convert<Value: BinaryFloatingPoint>(
    _ range: Range<Int>, of values: UnsafePointer<Value>, _ numbers: Storage<Int32>,
    _ space: FilterSpace, _ dimensions: Int, to rows: Storage<Float>
  ) -> Losses {
    var losses = Losses()
    for place in range {
      let row = Int(numbers.base[place])
      for axis in 0..<dimensions {
        let moved = (Double(values[row * dimensions + axis]) - space.centre[axis]) * space.scale
        let clamped = min(max(moved, -FilterSpace.limit), FilterSpace.limit)
        let rounded = Float(clamped)
        if clamped != moved { losses.insert(.clamped) }
        if Double(rounded) != moved { losses.insert(.rounded) }
        rows.base[place * dimensions + axis] = rounded
      }
    }
    return losses
  }
}

/// Where a sample of the points lies: what centre and scale suit most of them, whatever a few outliers do.
private struct SampledExtent {
  let centre: [Double]
  /// 1, or a power of two where the points' spread is far from 1.
  let scale: Double

  init(_ source: PointSource, numbers: Storage<Int32>, count: Int) {
    let step = max(1, count / 1000)
    var centre: [Double] = []
    var spread = 0.0
    for axis in 0..<source.dimensions {
      let values = stride(from: 0, to: count, by: step).map { source[Int(numbers[$0]), axis] }
      let middle = values.isEmpty ? 0 : quantile(values, 0.5)
      centre.append(middle)
      let distances = values.map { abs($0 - middle) }
      let most = distances.isEmpty ? 0 : quantile(distances, 0.9)
      spread = max(spread, most > 0 ? most : distances.max() ?? 0)
    }
    self.centre = centre
    let exponent = spread > 0 && spread.isFinite ? Int(spread.exponent) : 0
    scale = abs(exponent) <= 30 ? 1 : scalbn(1, min(max(-exponent, -1000), 1000))
  }
}
