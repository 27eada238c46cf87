import CClusteringKernels
import Synchronization

/// A part of the points on its way to becoming a leaf or a node.
private struct Part {
  var start: Int
  var count: Int
  /// Whether the rows lie in the spare table.
  var isInSpare: Bool
  /// How often points were cut to come here.
  var depth: Int
  /// Where its tight box lies in the grower's boxes: the lower corner, then the upper.
  var box: Int
  var isLeaf: Bool
}

/// Cuts a table of rows into a tree, and orders the rows by it.
struct TreeBuilder {
  private let table: RowTable
  private let workers: Workers
  private let arena: Arena
  private let spare: RowSpare

  init(_ table: RowTable, arena: Arena, workers: Workers) {
    self.arena = arena
    self.table = table
    self.workers = workers
    spare = RowSpare(count: table.count, dimensions: table.dimensions, arena: arena)
  }

  /// Makes all nodes: first those of the top, which all threads cut together, then what hangs below each of
  /// its slots, by one thread each.
  ///
  /// - Throws: ``ClusteringFailure/cancelled``.
  func build() throws(ClusteringFailure) -> [NodeDrafts] {
    guard table.count > 0 else { return [] }
    defer {
      arena.free(spare.rows)
      arena.free(spare.numbers)
      arena.free(spare.cells)
    }
    var top = TreeGrower(table, spare, workers)
    let below = try top.growTop(share: max(table.count / 64, 4096))
    let (table, spare) = (table, spare)
    let drafts = Mutex([NodeDrafts](repeating: NodeDrafts(), count: below.count))
    try workers.run(.build, count: below.count, make: {}) { _, number in
      var grower = TreeGrower(table, spare, nil)
      grower.grow(below[number])
      let made = grower.drafts
      drafts.withLock { $0[number] = made }
    }
    var all = [top.drafts] + drafts.withLock { $0 }
    var first = all[0].childCounts.count
    for (number, place) in below.enumerated() {
      all[0].children[place.slot] = Int32(first)
      all[number + 1].parents[0] = Int32(place.slot)
      first += all[number + 1].childCounts.count
    }
    return all
  }
}

/// A second table of rows, to cut into.
struct RowSpare: Sendable {
  let rows: Storage<Float>
  let numbers: Storage<Int32>
  /// Of each row, the cell that it falls into.
  let cells: Storage<UInt8>

  init(count: Int, dimensions: Int, arena: Arena) {
    // Rows are read by whole vectors.
    rows = arena.storage(uninitialized: count * dimensions + PointTree.lanes)
    numbers = arena.storage(uninitialized: count)
    cells = arena.storage(uninitialized: count)
  }
}

/// Grows the nodes over one range of rows.
private struct TreeGrower {
  /// Parts of more points are cut into cells; smaller ones, in the cache, in halves.
  private static let cellsAbove = 2048
  /// A node of so few points has leaves only: about 42 points each, so that they fill the node.
  private static let bottomSize = 640
  /// So many points a cell are aimed at, for nodes of leaves that are well filled.
  private static let pointsPerCell = 384
  /// Beyond so many cuts the median is taken.
  private static let medianDepth = 40
  private static let rowsPerChunk = 1 << 14

  /// What is left to be done later.
  struct Below: Sendable {
    var slot: Int
    var start: Int
    var count: Int
    var isInSpare: Bool
    var depth: Int
  }

  private(set) var drafts = NodeDrafts()
  private let d: Int
  private let rows: Storage<Float>
  private let numbers: Storage<Int32>
  private let spare: RowSpare
  /// nil where this thread works alone.
  private let workers: Workers?
  private let kernels = clustering_kernels().pointee
  /// The parts' boxes.
  private var boxes: [Float] = []
  /// Room for halving a part or turning a block.
  private let arena = Arena()
  private let roomRows: Storage<Float>
  private let roomNumbers: Storage<Int32>

  init(_ table: RowTable, _ spare: RowSpare, _ workers: Workers?) {
    d = table.dimensions
    rows = table.rows
    numbers = table.numbers
    self.spare = spare
    self.workers = workers
    roomRows = arena.storage(uninitialized: max(Self.cellsAbove, PointTree.leafSize) * d)
    roomNumbers = arena.storage(uninitialized: Self.cellsAbove)
  }

  // MARK: Nodes

  /// Grows the nodes above parts of at most `share` points; what is left below them, in order.
  mutating func growTop(share: Int) throws(ClusteringFailure) -> [Below] {
    let whole = try part(
      0..<numbers.count, isInSpare: false, depth: 0)
    return try grow(whole, share: share).sorted { $0.slot < $1.slot }
  }

  /// Grows all nodes over what was left.
  mutating func grow(_ below: Below) {
    do throws(ClusteringFailure) {
      let whole = try part(
        below.start..<below.start + below.count, isInSpare: below.isInSpare, depth: below.depth)
      _ = try grow(whole, share: 0)
    } catch {
      preconditionFailure("only an observer cancels, and there is none")
    }
  }

  private mutating func grow(_ whole: Part, share: Int) throws(ClusteringFailure) -> [Below] {
    var below: [Below] = []
    var pending: [(part: Part, slot: Int)] = [(whole, -1)]
    while let (part, slot) = pending.popLast() {
      let parts = try children(of: part)
      let node = append(parts, parent: slot)
      for (lane, part) in parts.enumerated().reversed() {
        let slot = node * PointTree.lanes + lane
        if part.isLeaf {
          finish(part)
        } else if part.count <= share {
          below.append(
            Below(
              slot: slot, start: part.start, count: part.count, isInSpare: part.isInSpare,
              depth: part.depth))
        } else {
          pending.append((part, slot))
        }
      }
    }
    return below
  }

  /// Cuts a part into at most 16, the largest first.
  private mutating func children(of part: Part) throws(ClusteringFailure) -> [Part] {
    var parts: [Part] = []
    parts.reserveCapacity(PointTree.lanes)
    parts.append(part)
    let smallEnough = part.count > Self.bottomSize ? Self.bottomSize : PointTree.leafSize
    while parts.count < PointTree.lanes {
      var largest = -1
      for index in parts.indices
      where !parts[index].isLeaf && parts[index].count > smallEnough
        && (largest < 0 || parts[index].count > parts[largest].count)
      {
        largest = index
      }
      if largest < 0 { break }
      if parts[largest].count > Self.cellsAbove && parts[largest].depth < Self.medianDepth,
        let cells = try cutIntoCells(parts[largest], most: PointTree.lanes + 1 - parts.count)
      {
        parts.replaceSubrange(largest...largest, with: cells)
      } else {
        let (low, high) = try halve(parts[largest])
        parts[largest] = low
        parts.insert(high, at: largest + 1)
      }
    }
    return parts
  }

  private mutating func append(_ parts: [Part], parent: Int) -> Int {
    let node = drafts.childCounts.count
    let lanes = PointTree.lanes
    for axis in 0..<d {
      // Behind the last child: a box that is nowhere.
      for lane in 0..<lanes {
        drafts.boxes.append(lane < parts.count ? boxes[parts[lane].box + axis] : .infinity)
      }
      for lane in 0..<lanes {
        drafts.boxes.append(lane < parts.count ? boxes[parts[lane].box + d + axis] : -.infinity)
      }
    }
    for lane in 0..<lanes {
      drafts.starts.append(lane < parts.count ? Int32(parts[lane].start) : 0)
      drafts.counts.append(lane < parts.count ? Int32(parts[lane].count) : 0)
      drafts.children.append(-1)
    }
    drafts.childCounts.append(Int32(parts.count))
    drafts.parents.append(Int32(parent))
    if parent >= 0 { drafts.children[parent] = Int32(node) }
    return node
  }

  /// Writes a leaf's points to their place, in blocks.
  private func finish(_ part: Part) {
    let from = part.isInSpare ? spare.rows : rows
    var start = part.start
    while start < part.start + part.count {
      let m = min(part.start + part.count - start, PointTree.lanes)
      roomRows.base.update(from: from.base + start * d, count: m * d)
      kernels.transpose(Int32(d), roomRows.base, m, rows.base + start * d)
      start += m
    }
    if part.isInSpare {
      (numbers.base + part.start).update(from: spare.numbers.base + part.start, count: part.count)
    }
  }

  // MARK: Parts

  /// The part of a range of rows, with its box.
  private mutating func part(
    _ range: Range<Int>, isInSpare: Bool, depth: Int
  ) throws(ClusteringFailure) -> Part {
    let box = boxes.count
    boxes.append(contentsOf: repeatElement(0, count: 2 * d))
    let from = isInSpare ? spare.rows : rows
    if let workers, range.count > Self.rowsPerChunk {
      let chunks = (range.count + Self.rowsPerChunk - 1) / Self.rowsPerChunk
      let found: Storage<Float> = arena.storage(uninitialized: chunks * 2 * d)
      defer { arena.free(found) }
      let (kernels, d) = (kernels, d)
      try workers.forEachRange(.build, of: range.count, size: Self.rowsPerChunk) { chunk, rows in
        let box = found.base + chunk * 2 * d
        kernels.bounds(
          Int32(d), from.base + (range.lowerBound + rows.lowerBound) * d, rows.count, box, box + d)
      }
      for axis in 0..<d {
        boxes[box + axis] = (0..<chunks).reduce(Float.infinity) {
          min($0, found[$1 * 2 * d + axis])
        }
        boxes[box + d + axis] = (0..<chunks).reduce(-Float.infinity) {
          max($0, found[$1 * 2 * d + d + axis])
        }
      }
    } else {
      boxes.withUnsafeMutableBufferPointer { buffer in
        guard let corner = buffer.baseAddress.map({ $0 + box }) else { return }
        kernels.bounds(
          Int32(d), from.base + range.lowerBound * d, range.count, corner, corner + d)
      }
    }
    let hasExtent = (0..<d).contains { boxes[box + $0] < boxes[box + d + $0] }
    return Part(
      start: range.lowerBound, count: range.count, isInSpare: isInSpare, depth: depth, box: box,
      isLeaf: range.count <= PointTree.leafSize || !hasExtent)
  }

  /// Cuts a part at the middle of its box's longest side.
  private mutating func halve(_ part: Part) throws(ClusteringFailure) -> (Part, Part) {
    var axis = 0
    for other in 1..<max(d, 1) where side(part, other) > side(part, axis) { axis = other }
    // A side may be too small for a difference, and there all that matters is that it is one.
    if side(part, axis) == 0 {
      axis = (0..<d).first { boxes[part.box + $0] < boxes[part.box + d + $0] } ?? 0
    }
    let (lower, upper) = (boxes[part.box + axis], boxes[part.box + d + axis])
    let (from, fromNumbers) =
      part.isInSpare ? (spare.rows, spare.numbers) : (rows, numbers)
    var middle = lower + (upper - lower) / 2
    if part.depth >= Self.medianDepth {
      let values = (part.start..<part.start + part.count).map { from.base[$0 * d + axis] }.sorted()
      middle = values[values.count / 2]
    }
    // Between neighbouring numbers the middle rounds to one of them; the upper part must not be empty.
    if middle >= upper { middle = part.depth >= Self.medianDepth ? upper.nextDown : lower }
    let low = partition(part, from, fromNumbers, axis: axis, middle: middle)
    let border = part.start + low
    return (
      try self.part(part.start..<border, isInSpare: part.isInSpare, depth: part.depth + 1),
      try self.part(
        border..<part.start + part.count, isInSpare: part.isInSpare, depth: part.depth + 1)
    )
  }

  private func side(_ part: Part, _ axis: Int) -> Float {
    boxes[part.box + d + axis] - boxes[part.box + axis]
  }

  private func partition(
    _ part: Part, _ from: Storage<Float>, _ fromNumbers: Storage<Int32>, axis: Int, middle: Float
  ) -> Int {
    // A large part is halved only where cells do not work: then room is made for it.
    let isLarge = part.count > Self.cellsAbove
    let large = Arena()
    defer { withExtendedLifetime(large) {} }
    let roomRows = isLarge ? large.storage(uninitialized: part.count * d) : roomRows
    let roomNumbers = isLarge ? large.storage(uninitialized: part.count) : roomNumbers
    return kernels.partition(
      Int32(d), from.base + part.start * d, fromNumbers.base + part.start, part.count,
      Int32(axis), middle, roomRows.base, roomNumbers.base)
  }

  /// Cuts a part into at most `most` cells; nil where its sides are too small to be divided so.
  private mutating func cutIntoCells(
    _ part: Part, most: Int
  ) throws(ClusteringFailure) -> [Part]? {
    let arena = Arena()
    defer { withExtendedLifetime(arena) {} }
    let grid = arena.storage(repeating: ClusteringCells(), count: 1)
    let bits = divide(part, into: grid.base, cells: part.count / Self.pointsPerCell, most: most)
    guard bits > 0 else { return nil }
    let (from, fromNumbers) =
      part.isInSpare ? (spare.rows, spare.numbers) : (rows, numbers)
    let (to, toNumbers) =
      part.isInSpare ? (rows, numbers) : (spare.rows, spare.numbers)
    let chunks = (part.count + Self.rowsPerChunk - 1) / Self.rowsPerChunk
    let histogram = arena.storage(repeating: Int32(0), count: chunks * PointTree.lanes)
    let (kernels, d, cells) = (kernels, d, spare.cells)
    func forEachChunk(
      _ body: @Sendable (_ chunk: Int, _ range: Range<Int>) -> Void
    ) throws(ClusteringFailure) {
      if let workers, chunks > 1 {
        try workers.forEachRange(.build, of: part.count, size: Self.rowsPerChunk, body)
      } else {
        for chunk in 0..<chunks {
          let start = chunk * Self.rowsPerChunk
          body(chunk, start..<min(start + Self.rowsPerChunk, part.count))
        }
      }
    }
    let start = part.start
    try forEachChunk { chunk, range in
      let first = start + range.lowerBound
      kernels.cells(
        Int32(d), from.base + first * d, range.count, grid.base, cells.base + first,
        histogram.base + chunk * PointTree.lanes)
    }
    // Where each chunk's rows of each cell go: cells one after another, in each the chunks in order.
    let next: Storage<Int> = arena.storage(uninitialized: chunks * PointTree.lanes)
    var place = start
    var borders = [start]
    for cell in 0..<PointTree.lanes {
      for chunk in 0..<chunks {
        next[chunk * PointTree.lanes + cell] = place
        place += Int(histogram[chunk * PointTree.lanes + cell])
      }
      borders.append(place)
    }
    try forEachChunk { chunk, range in
      let first = start + range.lowerBound
      kernels.scatter(
        Int32(d), from.base + first * d, fromNumbers.base + first, cells.base + first,
        range.count, next.base + chunk * PointTree.lanes, to.base, toNumbers.base)
    }
    var parts: [Part] = []
    for cell in 0..<PointTree.lanes where borders[cell] < borders[cell + 1] {
      parts.append(
        try self.part(
          borders[cell]..<borders[cell + 1], isInSpare: !part.isInSpare,
          depth: part.depth + bits))
    }
    return parts
  }

  /// Divides a part's box into cells: the longest side of a cell is halved, time and again. How often.
  private func divide(
    _ part: Part, into grid: UnsafeMutablePointer<ClusteringCells>, cells: Int, most: Int
  ) -> Int {
    var sides = (0..<d).map { side(part, $0) }
    var halvings = [Int](repeating: 0, count: d)
    var order: [Int] = []
    while order.count < 4 && 2 << order.count <= max(2, cells) && 2 << order.count <= most {
      let axis = sides.indices.reduce(0) { sides[$1] > sides[$0] ? $1 : $0 }
      // Smaller sides cannot be divided in Float.
      guard side(part, axis) > 1e-30 else { break }
      halvings[axis] += 1
      sides[axis] /= 2
      order.append(axis)
    }
    var shift = order.count
    for (place, axis) in order.enumerated() where !order[..<place].contains(axis) {
      shift -= halvings[axis]
      set(&grid.pointee.lower, axis, boxes[part.box + axis])
      set(&grid.pointee.scale, axis, Float(1 << halvings[axis]) / side(part, axis))
      set(&grid.pointee.last, axis, Int32(1 << halvings[axis]) - 1)
      set(&grid.pointee.shift, axis, Int32(shift))
    }
    return order.count
  }

  /// Sets an element of a C array.
  private func set<Array, Element>(_ array: inout Array, _ index: Int, _ value: Element) {
    withUnsafeMutableBytes(of: &array) {
      $0.storeBytes(of: value, toByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}
