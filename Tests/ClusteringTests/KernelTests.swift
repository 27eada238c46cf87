import CClusteringKernels
import Foundation
import Testing
import TestSupport

/// The kernels of each instruction set against plain loops.
@Suite struct KernelTests {
  struct Kernels: Sendable, CustomTestStringConvertible {
    let number: Int32
    var kernels: ClusteringKernels { clustering_kernels_at(number)!.pointee }
    var testDescription: String { String(cString: kernels.name) }
    static let all = (0..<8).compactMap {
      clustering_kernels_at($0) == nil ? nil : Kernels(number: $0)
    }
  }

  private static let dimensions: [Int32] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 64]

  private func noise(_ count: Int, _ random: inout TestRandom) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
  }

  @Test func theBaselineIsAlwaysThere() {
    #expect(Kernels.all.last?.testDescription == "baseline")
    #expect(clustering_kernels() != nil && clustering_kernels_at(-1) == nil)
  }

  @Test(arguments: Kernels.all) func finite(_ kernels: Kernels) {
    let kernels = kernels.kernels
    for count in [0, 1, 5, 16, 33] {
      var floats = [Float](repeating: -.greatestFiniteMagnitude, count: count)
      var doubles = [Double](repeating: .leastNonzeroMagnitude, count: count)
      #expect(
        kernels.finite_floats(floats, count) != 0 && kernels.finite_doubles(doubles, count) != 0)
      for bad in floats.indices {
        for value in [Float.nan, .infinity, -.infinity] {
          (floats[bad], doubles[bad]) = (value, Double(value))
          #expect(kernels.finite_floats(floats, count) == 0)
          #expect(kernels.finite_doubles(doubles, count) == 0)
        }
        (floats[bad], doubles[bad]) = (0, 0)
      }
    }
  }

  @Test(arguments: Kernels.all) func boundsAndPartition(_ kernels: Kernels) {
    let kernels = kernels.kernels
    var random = TestRandom(seed: 1)
    for d in Self.dimensions {
      let width = Int(d)
      for count in [1, 2, 3, 16, 50] {
        var rows = noise(count * width + 16, &random)
        var lower = [Float](repeating: 0, count: width)
        var upper = lower
        kernels.bounds(d, rows, count, &lower, &upper)
        for axis in 0..<width {
          let column = (0..<count).map { rows[$0 * width + axis] }
          #expect(lower[axis] == column.min() && upper[axis] == column.max())
        }
        let before = (0..<count).map { Array(rows[$0 * width..<($0 + 1) * width]) }
        var numbers = (0..<Int32(count)).map { $0 }
        var spare = [Float](repeating: 0, count: count * width)
        var spareNumbers = numbers
        let axis = width - 1
        let middle = before[count / 2][axis]
        let low = kernels.partition(
          d, &rows, &numbers, count, Int32(axis), middle, &spare, &spareNumbers)
        #expect(low == before.count { $0[axis] <= middle })
        #expect(numbers.prefix(low) == numbers.prefix(low).sorted()[...])
        for (place, number) in numbers.enumerated() {
          #expect(Array(rows[place * width..<(place + 1) * width]) == before[Int(number)])
          #expect((before[Int(number)][axis] <= middle) == (place < low))
        }
      }
    }
  }

  @Test(arguments: Kernels.all) func blocksAndDistances(_ kernels: Kernels) {
    let kernels = kernels.kernels
    var random = TestRandom(seed: 2)
    for d in Self.dimensions {
      let width = Int(d)
      for m in [1, 7, 15, 16] {
        let rows = noise(m * width, &random)
        let point = noise(width, &random)
        var block = [Float](repeating: 0, count: m * width + 16)
        kernels.transpose(d, rows, m, &block)
        for row in 0..<m {
          for axis in 0..<width { #expect(block[axis * m + row] == rows[row * width + axis]) }
        }
        var squares = [Float](repeating: 0, count: 16)
        kernels.distances(d, point, block, m, &squares)
        let exact = (0..<m).map { row in
          (0..<width).reduce(0.0) { sum, axis in
            let difference = Double(rows[row * width + axis]) - Double(point[axis])
            return sum + difference * difference
          }
        }
        for row in 0..<m {
          #expect(abs(Double(squares[row]) - exact[row]) <= 1e-6 * Double(d) * exact[row])
        }
        let limit = Float(exact.sorted()[m / 2])
        var accepted: UInt32 = 0
        let reached = kernels.reach(
          d, point, block, m, ClusteringBand(accept: limit * 0.99, reject: limit * 1.01), &accepted)
        for row in 0..<16 {
          let bit: UInt32 = 1 << UInt32(row)
          #expect((accepted & bit != 0) == (row < m && squares[row] <= limit * 0.99))
          #expect((reached & bit != 0) == (row < m && squares[row] <= limit * 1.01))
        }
      }
    }
  }

  @Test(arguments: Kernels.all) func cellsAndScatter(_ kernels: Kernels) {
    let kernels = kernels.kernels
    var random = TestRandom(seed: 3)
    for d in Self.dimensions {
      let width = Int(d)
      let count = 100
      let rows = noise(count * width + 16, &random)
      var grid = ClusteringCells()
      let second = width > 1 ? width - 1 : 0
      withUnsafeMutableBytes(of: &grid.lower) {
        let lower = $0.bindMemory(to: Float.self)
        (lower[0], lower[second]) = (-1, -1)
      }
      withUnsafeMutableBytes(of: &grid.scale) {
        let scale = $0.bindMemory(to: Float.self)
        (scale[0], scale[second]) = (2, 2)
      }
      withUnsafeMutableBytes(of: &grid.last) {
        let last = $0.bindMemory(to: Int32.self)
        (last[0], last[second]) = (3, 3)
      }
      withUnsafeMutableBytes(of: &grid.shift) {
        let shift = $0.bindMemory(to: Int32.self)
        (shift[0], shift[second]) = (2, 0)
      }
      var cells = [UInt8](repeating: 0, count: count)
      var histogram = [Int32](repeating: 0, count: 16)
      kernels.cells(d, rows, count, &grid, &cells, &histogram)
      for row in 0..<count {
        func place(_ axis: Int) -> Int { min(3, Int((rows[row * width + axis] + 1) * 2)) }
        #expect(Int(cells[row]) == (width > 1 ? 4 * place(0) + place(second) : place(0)))
      }
      for cell in 0..<16 { #expect(Int(histogram[cell]) == cells.count { Int($0) == cell }) }
      var next = [Int](repeating: 0, count: 16)
      for cell in 1..<16 { next[cell] = next[cell - 1] + Int(histogram[cell - 1]) }
      let numbers = (0..<Int32(count)).map { $0 }
      var to = [Float](repeating: 0, count: count * width)
      var toNumbers = numbers
      kernels.scatter(d, rows, numbers, cells, count, &next, &to, &toNumbers)
      let order = (0..<count).sorted { (cells[$0], $0) < (cells[$1], $1) }
      #expect(toNumbers.map { Int($0) } == order)
      #expect(to == order.flatMap { rows[$0 * width..<($0 + 1) * width] })
    }
  }

  @Test(arguments: Kernels.all) func selection(_ kernels: Kernels) {
    let kernels = kernels.kernels
    var random = TestRandom(seed: 4)
    for count in [1, 2, 15, 16, 17, 200] {
      let values = (0..<count).map { _ in Float(Int.random(in: 0..<50, using: &random)) / 8 }
      let padded = values + [Float](repeating: 0, count: 16)
      for rank in 0..<count {
        #expect(kernels.select(padded, count, rank) == values.sorted()[rank])
      }
    }
    let extremes: [Float] = [0, .leastNonzeroMagnitude, 1, .greatestFiniteMagnitude]
    for rank in 0..<4 {
      #expect(
        kernels.select(extremes + [Float](repeating: 0, count: 16), 4, rank) == extremes[rank])
    }
  }

  /// Lists of boxes: what is kept, what is added up, and the end behind the last.
  @Test(arguments: Kernels.all) func gathering(_ kernels: Kernels) {
    let kernels = kernels.kernels
    var random = TestRandom(seed: 5)
    for d in Self.dimensions {
      let width = Int(d)
      for count in [1, 5, 16, 17, 40] {
        let from = TestList(capacity: 64, dimensions: width)
        let boxes = (0..<count).map { _ in
          let (a, b) = (noise(width, &random), noise(width, &random))
          return (lower: zip(a, b).map(min), upper: zip(a, b).map(max))
        }
        for (place, box) in boxes.enumerated() {
          from.append(box.lower, box.upper, Int32(place + 1))
        }
        let centre = noise(width, &random).map { $0 * 0.3 }
        let lower = centre.map { $0 - 0.05 }
        let upper = centre.map { $0 + 0.05 }
        let near = boxes.map { box in
          (0..<width).reduce(Float(0)) { sum, axis in
            let gap = max(box.lower[axis] - upper[axis], lower[axis] - box.upper[axis], 0)
            return sum + gap * gap
          }
        }
        let far = boxes.map { box in
          (0..<width).reduce(Float(0)) { sum, axis in
            let span = max(box.upper[axis] - lower[axis], upper[axis] - box.lower[axis])
            return sum + span * span
          }
        }
        // Thresholds between the values, where rounding decides nothing.
        let sorted = (near + far).sorted()
        let limit = (sorted[count] + sorted[max(count - 1, 0)]) / 2
        let band = ClusteringBand(accept: limit, reject: limit)
        let kept = TestList(capacity: 64, dimensions: width)
        let sums = kernels.gather(d, lower, upper, from.list, band, kept.list)
        let within = (0..<count).filter { far[$0] <= limit }
        let cut = (0..<count).filter { near[$0] <= limit && far[$0] > limit }
        #expect(sums.within == within.reduce(0) { $0 + Int64($1 + 1) })
        #expect(sums.partial == cut.reduce(0) { $0 + Int64($1 + 1) })
        #expect(kept.slots == cut.map { Int32($0) })
        for (place, box) in cut.enumerated() {
          #expect(
            kept.box(place).lower == boxes[box].lower && kept.box(place).upper == boxes[box].upper)
        }
        #expect(kept.box(cut.count).lower[0] == .infinity)
        let labels = TestList(capacity: 64, dimensions: width)
        let smallest = kernels.gather_labels(d, lower, upper, from.list, band, 9, labels.list)
        #expect(smallest == min(9, within.map { Int32($0 + 1) }.min() ?? 9))
        // What is no better than the answer may be kept, never what is better left out.
        let better = cut.map { Int32($0) }.filter { $0 + 1 < smallest }
        #expect(Set(better).isSubset(of: Set(labels.slots)))
        #expect(Set(labels.slots).isSubset(of: Set(cut.map { Int32($0) })))
      }
    }
  }
}

/// A list of boxes for the kernels, that owns its arrays.
private final class TestList {
  let list: UnsafeMutablePointer<ClusteringList>
  private let dimensions: Int

  init(capacity: Int, dimensions: Int) {
    self.dimensions = dimensions
    list = .allocate(capacity: 1)
    let boxes = UnsafeMutablePointer<Float>.allocate(capacity: 2 * dimensions * capacity)
    for row in 0..<2 * dimensions {
      (boxes + row * capacity).initialize(
        repeating: row % 2 == 0 ? .infinity : -.infinity, count: capacity)
    }
    let slots = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
    let values = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
    slots.initialize(repeating: 0, count: capacity)
    values.initialize(repeating: 0, count: capacity)
    list.initialize(
      to: ClusteringList(boxes: boxes, slots: slots, values: values, stride: capacity, count: 0))
  }

  deinit {
    list.pointee.boxes.deallocate()
    list.pointee.slots.deallocate()
    list.pointee.values.deallocate()
    list.deallocate()
  }

  func append(_ lower: [Float], _ upper: [Float], _ value: Int32) {
    let place = list.pointee.count
    for axis in 0..<dimensions {
      list.pointee.boxes[2 * axis * list.pointee.stride + place] = lower[axis]
      list.pointee.boxes[(2 * axis + 1) * list.pointee.stride + place] = upper[axis]
    }
    list.pointee.slots[place] = Int32(place)
    list.pointee.values[place] = value
    list.pointee.count += 1
  }

  var slots: [Int32] { (0..<list.pointee.count).map { list.pointee.slots[$0] } }

  func box(_ place: Int) -> (lower: [Float], upper: [Float]) {
    let (boxes, stride) = (list.pointee.boxes!, list.pointee.stride)
    return (
      (0..<dimensions).map { boxes[2 * $0 * stride + place] },
      (0..<dimensions).map { boxes[(2 * $0 + 1) * stride + place] }
    )
  }
}
