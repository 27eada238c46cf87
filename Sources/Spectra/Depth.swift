/// The squared Euclidean distance (px) from the centre of each inside pixel to that of the nearest
/// outside pixel: 0 outside, infinite where there is no outside at all.
///
/// The image's border is no outside. Exact: sums of squares of whole numbers.
///
/// Source: Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions",
/// doi 10.4086/toc.2012.v008a019.
///
/// - Complexity: O(pixels).
public func squaredDistanceToOutside(of isInside: [Bool], height: Int, width: Int) -> [Double] {
  precondition(isInside.count == height * width)
  var distance = isInside.map { $0 ? Double.infinity : 0 }
  var envelope = ParabolaEnvelope(capacity: max(height, width))
  var line = [Double](repeating: 0, count: max(height, width))
  for x in 0..<width {
    for y in 0..<height { line[y] = distance[y * width + x] }
    envelope.transform(&line, count: height)
    for y in 0..<height { distance[y * width + x] = line[y] }
  }
  for y in 0..<height {
    for x in 0..<width { line[x] = distance[y * width + x] }
    envelope.transform(&line, count: width)
    for x in 0..<width { distance[y * width + x] = line[x] }
  }
  return distance
}

/// The lower envelope of parabolas of unit curvature, one over each place of a line.
private struct ParabolaEnvelope {
  private var apex: [Int]
  private var start: [Double]
  private var values: [Double]

  init(capacity: Int) {
    apex = [Int](repeating: 0, count: capacity)
    start = [Double](repeating: 0, count: capacity + 1)
    values = [Double](repeating: 0, count: capacity)
  }

  /// Replaces each value by the least `(place - q)^2 + value[q]` over all places q.
  mutating func transform(_ line: inout [Double], count: Int) {
    var last = -1
    for q in 0..<count where line[q] < .infinity {
      values[q] = line[q]
      var crossing = -Double.infinity
      while last >= 0 {
        let p = apex[last]
        let heights = (values[q] + Double(q * q)) - (values[p] + Double(p * p))
        crossing = heights / Double(2 * (q - p))
        if crossing > start[last] { break }
        last -= 1
        crossing = -.infinity
      }
      last += 1
      apex[last] = q
      start[last] = crossing
      start[last + 1] = .infinity
    }
    guard last >= 0 else { return }
    var current = 0
    for place in 0..<count {
      while start[current + 1] < Double(place) { current += 1 }
      let offset = Double(place - apex[current])
      line[place] = offset * offset + values[apex[current]]
    }
  }
}

/// The depth of each sample pixel: its distance (px) to the nearest empty field, less half a
/// pixel, so that a pixel at the rim lies half a pixel deep; nil where there is no empty field.
///
/// Empty field is what is measured, holds no sample, and is connected to the rim of the measured
/// area: a pore inside the sample is no surface. Neither is the border of what was measured.
///
/// - Parameters:
///   - isSample: sample pixels.
///   - isMeasured: pixels seen in every frame; sample pixels are among them.
/// - Complexity: O(pixels).
public func depthBelowSurface(
  isSample: [Bool], isMeasured: [Bool], height: Int, width: Int
) -> [Double]? {
  let isOutside = openField(isSample, isMeasured, height, width)
  guard isOutside.contains(true) else { return nil }
  return squaredDistanceToOutside(of: isOutside.map { !$0 }, height: height, width: width)
    .map { max($0.squareRoot() - 0.5, 0) }
}

/// The measured pixels without sample that are connected (by sides) to the rim of what was
/// measured.
private func openField(
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
