/// The squared Euclidean distance from the centre of each inside pixel to that of the nearest outside pixel: 0
/// outside, infinite where there is no outside at all.
///
/// The image's border is no outside. Exact: with sides of 1, sums of squares of whole numbers.
///
/// Source: Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions",
/// doi 10.4086/toc.2012.v008a019.
///
/// - Parameter sides: a pixel's height and width, in the unit of the distance.
/// - Complexity: O(pixels).
public func squaredDistanceToOutside(
  of isInside: [Bool], height: Int, width: Int,
  sides: (height: Double, width: Double) = (1, 1)
) -> [Double] {
  distances(of: isInside, height, width, sides) { along, across in along + across }
}

/// The distances by `combine`, which is given the squared distances down and across to the nearest outside pixel.
private func distances(
  of isInside: [Bool], _ height: Int, _ width: Int, _ sides: (height: Double, width: Double),
  _ combine: @Sendable (_ down: Double, _ across: Double) -> Double
) -> [Double] {
  precondition(isInside.count == height * width)
  var distance = isInside.map { $0 ? Double.infinity : 0 }
  let block = 32
  distance.withUnsafeMutableBufferPointer { buffer in
    // Each call writes its own columns, and then its own rows.
    nonisolated(unsafe) let distance = buffer
    forEachInParallel((width + block - 1) / block) { number in
      var envelope = ParabolaEnvelope(capacity: height, side: sides.height)
      for x in number * block..<min((number + 1) * block, width) {
        envelope.clear()
        for y in 0..<height { envelope.add(distance[y * width + x], at: y) }
        envelope.forEachPlace(height) { distance[$0 * width + x] = $1 + $2 }
      }
    }
    forEachInParallel((height + block - 1) / block) { number in
      var envelope = ParabolaEnvelope(capacity: width, side: sides.width)
      for y in number * block..<min((number + 1) * block, height) {
        envelope.clear()
        for x in 0..<width { envelope.add(distance[y * width + x], at: x) }
        envelope.forEachPlace(width) { distance[y * width + $0] = combine($1, $2) }
      }
    }
  }
  return distance
}

/// The lower envelope of parabolas of one curvature, over the places of a line.
private struct ParabolaEnvelope {
  private let side: Double
  private var last = -1
  private var apex: [Int]
  private var start: [Double]
  private var values: [Double]

  /// - Parameter side: the distance of two places.
  init(capacity: Int, side: Double) {
    self.side = side
    apex = [Int](repeating: 0, count: capacity)
    start = [Double](repeating: 0, count: capacity + 1)
    values = [Double](repeating: 0, count: capacity)
  }

  mutating func clear() { last = -1 }

  /// Adds a parabola of a finite value over a place behind those of before.
  mutating func add(_ value: Double, at q: Int) {
    guard value < .infinity else { return }
    values[q] = value
    let curvature = side * side
    var crossing = -Double.infinity
    while last >= 0 {
      let p = apex[last]
      let heights = (value + curvature * Double(q * q)) - (values[p] + curvature * Double(p * p))
      crossing = heights / (2 * curvature * Double(q - p))
      if crossing > start[last] { break }
      last -= 1
      crossing = -.infinity
    }
    last += 1
    apex[last] = q
    start[last] = crossing
    start[last + 1] = .infinity
  }

  /// Gives the least parabola's value at its apex and the squared distance to that, for each place.
  func forEachPlace(
    _ count: Int, _ body: (_ place: Int, _ value: Double, _ squaredDistance: Double) -> Void
  ) {
    guard last >= 0 else {
      for place in 0..<count { body(place, .infinity, 0) }
      return
    }
    var current = 0
    for place in 0..<count {
      while start[current + 1] < Double(place) { current += 1 }
      let offset = side * Double(place - apex[current])
      body(place, values[apex[current]], offset * offset)
    }
  }
}

/// How deep sample lies below its surface.
public struct Depth: Sendable {
  /// The depth of each sample pixel, 0 elsewhere, in the unit of a pixel's sides.
  public let values: [Double]
  /// The empty field that the surface borders.
  public let isOutside: [Bool]

  /// A depth that was measured before.
  package init(values: [Double], isOutside: [Bool]) {
    (self.values, self.isOutside) = (values, isOutside)
  }

  /// The distance of each sample pixel to the nearest empty field, less half a pixel in that direction: a pixel at the
  /// surface lies half a pixel deep. Nil where there is no empty field.
  ///
  /// The border of what was measured is no surface.
  ///
  /// - Parameters:
  ///   - isSample: sample pixels.
  ///   - isMeasured: pixels seen in every frame; sample pixels are among them.
  ///   - sides: a pixel's height and width.
  ///   - poresAreSurface: whether empty field that sample encloses counts too.
  /// - Complexity: O(pixels).
  public init?(
    isSample: [Bool], isMeasured: [Bool], height: Int, width: Int,
    sides: (height: Double, width: Double) = (1, 1), poresAreSurface: Bool = false
  ) {
    isOutside =
      poresAreSurface
      ? isSample.indices.map { isMeasured[$0] && !isSample[$0] }
      : openField(isSample, isMeasured, height, width)
    guard isOutside.contains(true) else { return nil }
    let (h, w) = (sides.height * sides.height, sides.width * sides.width)
    let depth = distances(of: isOutside.map { !$0 }, height, width, sides) { down, across in
      let distance = (down + across).squareRoot()
      guard distance > 0, distance < .infinity else { return 0 }
      // Half a pixel's extent along the way: an ellipse, so that it is half a side down and across.
      return distance - (h * down + w * across).squareRoot() / (2 * distance)
    }
    values = isSample.indices.map { isSample[$0] ? depth[$0] : 0 }
  }
}

/// A piece of some pixels, connected by sides.
public struct Piece: Sendable, Equatable {
  /// How many pixels it has.
  public var pixels: Int
  /// Whether one of them lies beside the empty field.
  public var isAtSurface: Bool

  /// A piece of so many pixels.
  public init(pixels: Int, isAtSurface: Bool) {
    (self.pixels, self.isAtSurface) = (pixels, isAtSurface)
  }
}

/// The pieces of each of some labels.
public struct Pieces: Sendable, Equatable {
  /// By label.
  public var ofLabel: [[Piece]]
  /// Whether each pixel is in a piece that touches the surface.
  public var isAtSurface: [Bool]
}

/// The pieces of each of some labels: pixels of one label that are connected by sides.
///
/// - Parameters:
///   - labels: a label a pixel; those below 0 make no pieces.
///   - isOutside: the empty field that the surface borders.
/// - Complexity: O(pixels).
public func pieces(of labels: [Int32], isOutside: [Bool], height: Int, width: Int) -> Pieces {
  let count = Int((labels.max() ?? -1) + 1)
  var found = Pieces(
    ofLabel: [[Piece]](repeating: [], count: max(count, 0)),
    isAtSurface: [Bool](repeating: false, count: labels.count))
  var isDone = [Bool](repeating: false, count: labels.count)
  // The pixels of a piece; those behind `next` are still to be looked at.
  var members: [Int] = []
  for first in labels.indices where labels[first] >= 0 && !isDone[first] {
    var isAtSurface = false
    isDone[first] = true
    members.removeAll(keepingCapacity: true)
    members.append(first)
    var next = 0
    while next < members.count {
      let (y, x) = (members[next] / width, members[next] % width)
      next += 1
      for (dy, dx) in sideSteps {
        let (row, column) = (y + dy, x + dx)
        guard row >= 0, row < height, column >= 0, column < width else { continue }
        let neighbour = row * width + column
        if isOutside[neighbour] { isAtSurface = true }
        guard labels[neighbour] == labels[first], !isDone[neighbour] else { continue }
        isDone[neighbour] = true
        members.append(neighbour)
      }
    }
    if isAtSurface { for pixel in members { found.isAtSurface[pixel] = true } }
    found.ofLabel[Int(labels[first])].append(
      Piece(pixels: members.count, isAtSurface: isAtSurface))
  }
  return found
}

/// The measured pixels without sample that are connected (by sides) to the rim of what was
/// measured.
public func openField(
  _ isSample: [Bool], _ isMeasured: [Bool], _ height: Int, _ width: Int
) -> [Bool] {
  func isMeasuredAt(_ y: Int, _ x: Int) -> Bool {
    y >= 0 && y < height && x >= 0 && x < width && isMeasured[y * width + x]
  }
  let isEmpty = isSample.indices.map { isMeasured[$0] && !isSample[$0] }
  let isAtRim = isEmpty.indices.map { pixel in
    let (y, x) = (pixel / width, pixel % width)
    return isEmpty[pixel] && !sideSteps.allSatisfy { isMeasuredAt(y + $0.0, x + $0.1) }
  }
  return connected(isEmpty, from: isAtRim, height: height, width: width)
}

private let sideSteps = [(-1, 0), (0, -1), (0, 1), (1, 0)]

/// The pixels of a set that are connected by sides, within it, to some of its pixels.
///
/// - Complexity: O(pixels).
func connected(_ isIn: [Bool], from isStart: [Bool], height: Int, width: Int) -> [Bool] {
  var isFound = isStart
  var pending = isStart.indices.filter { isStart[$0] }
  while let pixel = pending.popLast() {
    let (y, x) = (pixel / width, pixel % width)
    for (dy, dx) in sideSteps {
      let (row, column) = (y + dy, x + dx)
      guard row >= 0, row < height, column >= 0, column < width else { continue }
      let next = row * width + column
      guard isIn[next], !isFound[next] else { continue }
      isFound[next] = true
      pending.append(next)
    }
  }
  return isFound
}
