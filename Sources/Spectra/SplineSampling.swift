internal import CSpectraKernels
import Foundation

/// The image moved and scaled back: each place takes the value of its place in the frame, by cubic spline
/// interpolation.
extension Image {
  /// The image moved back by a drift: the value at (y, x) is that found at (y + dy, x + dx) by
  /// cubic spline interpolation. Beyond the border the image is mirrored.
  ///
  /// Source: Unser, "Splines: a perfect fit for signal and image processing",
  /// doi 10.1109/79.799930.
  ///
  /// - Complexity: O(pixels).
  public func moved(back drift: Drift) -> Image {
    moved(back: Placement(drift: drift), about: OpticalCentre(ofHeight: height, width: width))
  }

  /// The image moved and scaled back by a placement about an optical centre, in one interpolation.
  ///
  /// - Complexity: O(pixels).
  public func moved(back placement: Placement, about centre: OpticalCentre) -> Image {
    guard placement != Placement() else { return self }
    return splineCoefficients().sampled(at: placement, about: centre)
  }

  /// The coefficients of the cubic B-spline that passes through all pixels.
  func splineCoefficients() -> Image {
    pixels.withUnsafeBufferPointer {
      Image(splineThrough: $0, height: height, width: width)
    }
  }

  /// The coefficients of the cubic B-spline that passes through all values of an image, a number added to them.
  init(
    splineThrough values: UnsafeBufferPointer<Float>, height: Int, width: Int,
    adding number: Float = 0
  ) {
    self.init(unsetOfHeight: height, width: width)
    pixels.withUnsafeMutableBufferPointer {
      filterRows(values, height: height, width: width, adding: number, into: $0)
      filterColumns($0, height: height, width: width)
    }
  }

  /// The spline with these coefficients, sampled at each pixel's place in a frame.
  func sampled(at placement: Placement, about centre: OpticalCentre) -> Image {
    var result = Image(unsetOfHeight: height, width: width)
    result.pixels.withUnsafeMutableBufferPointer {
      sample(at: placement, about: centre, into: $0)
    }
    return result
  }

  /// Writes the spline with these coefficients, sampled at each pixel's place in a frame.
  func sample(
    at placement: Placement, about centre: OpticalCentre,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    var sampler = SplineSampler(height: height, width: width, placement, centre)
    pixels.withUnsafeBufferPointer { input in
      for y in 0..<height {
        sampler.sample(input.baseAddress!, row: y, into: output.baseAddress! + y * width)
      }
    }
  }
}

extension FrameStore {
  /// Adds a number to a frame, and moves and scales it back by a placement about an optical centre.
  ///
  /// - Throws: ``ScratchFailure``.
  /// - Complexity: O(pixels).
  package func move(
    _ frame: Int, back placement: Placement, about centre: OpticalCentre, adding number: Float
  ) throws(ScratchFailure) {
    if placement == Placement() {
      guard number != 0 else { return }
      var image = try image(frame)
      image.add(number)
      return try set(frame, to: image)
    }
    let spline = try withPixels(of: frame) {
      Image(splineThrough: $0, height: height, width: width, adding: number)
    }
    try fill(frame) { spline.sample(at: placement, about: centre, into: $0) }
  }
}

/// Samples a spline row by row: each row of coefficients interpolated down into a line, and along that.
struct SplineSampler: Sendable {
  private let height: Int
  private let width: Int
  /// The first of four rows, and the weights of all four.
  private let firstRow: [Int]
  private let rowWeights: [Float]
  /// The first of four places in the line, and the weights, one array for each of the four.
  private let firstPlace: [Int32]
  private let columnWeights: [[Float]]
  /// Columns whose places follow each other.
  private let runs: [Range<Int>]
  /// The weights that all columns have where the scale is 1.
  private let evenWeights: [Float]?
  /// How many places the line has before the first and behind the last column.
  private let before: Int
  private let behind: Int
  private var line: [Float]

  init(height: Int, width: Int, _ placement: Placement, _ centre: OpticalCentre) {
    (self.height, self.width) = (height, width)
    // Without scale the taps of all pixels are the same, to the last bit.
    let isEven = placement.scale == 1
    let rows = (0..<height).map { y in
      isEven
        ? SplineTaps(placement.drift.dy, from: y)
        : SplineTaps(placement.row(Double(y), centre: centre.y), from: 0)
    }
    let columns = (0..<width).map { x in
      isEven
        ? SplineTaps(placement.drift.dx, from: x)
        : SplineTaps(placement.column(Double(x), centre: centre.x), from: 0)
    }
    firstRow = rows.map(\.first)
    var rowWeights: [Float] = []
    rowWeights.reserveCapacity(4 * height)
    for row in rows { for k in 0..<4 { rowWeights.append(row.weights[k]) } }
    self.rowWeights = rowWeights
    let first = columns.map(\.first).min() ?? 0
    let last = columns.map(\.first).max() ?? 0
    let before = max(0, -first)
    self.before = before
    behind = max(0, last + 4 - width)
    firstPlace = columns.map { Int32($0.first + before) }
    columnWeights = (0..<4).map { k in columns.map { $0.weights[k] } }
    evenWeights = isEven ? columnWeights.map { $0.first ?? 0 } : nil
    var runs: [Range<Int>] = []
    var start = 0
    for x in columns.indices.dropFirst() where columns[x].first != columns[x - 1].first + 1 {
      runs.append(start..<x)
      start = x
    }
    runs.append(start..<width)
    self.runs = runs
    line = [Float](repeating: 0, count: before + width + behind)
  }

  /// The rows of coefficients that some rows are made of.
  func source(of rows: Range<Int>) -> Range<Int> {
    var (low, high) = (height, 0)
    for y in rows {
      for k in 0..<4 {
        let row = mirrored(firstRow[y] + k, height)
        (low, high) = (min(low, row), max(high, row + 1))
      }
    }
    return low..<max(low, high)
  }

  /// Samples a row of the spline, the first row of whose coefficients lies there.
  mutating func sample(
    _ base: UnsafePointer<Float>, row y: Int, into target: UnsafeMutablePointer<Float>
  ) {
    func row(_ k: Int) -> UnsafePointer<Float> {
      base + mirrored(firstRow[y] + k, height) * width
    }
    // Taken out for the time being: it is written while the rest is read.
    var line: [Float] = []
    swap(&line, &self.line)
    defer { swap(&line, &self.line) }
    line.withUnsafeMutableBufferPointer { line in
      let middle = line.baseAddress! + before
      rowWeights.withUnsafeBufferPointer {
        spectra_combine_four(
          row(0), row(1), row(2), row(3), $0.baseAddress! + 4 * y, middle, width)
      }
      for place in 1..<before + 1 { middle[-place] = middle[mirrored(-place, width)] }
      for place in width..<width + behind { middle[place] = middle[mirrored(place, width)] }
      if let evenWeights {
        spectra_interpolate(line.baseAddress! + Int(firstPlace[0]), evenWeights, target, width)
      } else {
        interpolateEach(line.baseAddress!, into: target)
      }
    }
  }

  private func interpolateEach(
    _ line: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
  ) {
    columnWeights[0].withUnsafeBufferPointer { a in
      columnWeights[1].withUnsafeBufferPointer { b in
        columnWeights[2].withUnsafeBufferPointer { c in
          columnWeights[3].withUnsafeBufferPointer { d in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: 4) { weights in
              (weights[0], weights[1]) = (a.baseAddress, b.baseAddress)
              (weights[2], weights[3]) = (c.baseAddress, d.baseAddress)
              let weights = UnsafePointer(weights.baseAddress!)
              // Long runs are read as they lie, and short ones each place by itself.
              guard 32 * runs.count <= width else {
                return spectra_interpolate_each(line, firstPlace, weights, target, width)
              }
              for run in runs {
                let first = run.lowerBound
                spectra_interpolate_run(
                  line + Int(firstPlace[first]), weights, first, target + first, run.count)
              }
            }
          }
        }
      }
    }
  }
}

/// The four places and weights of a cubic B-spline about a place.
private struct SplineTaps {
  /// The first place.
  let first: Int
  let weights: [4 of Float]

  /// The taps about the place that lies `offset` from a pixel.
  init(_ offset: Double, from pixel: Int) {
    let whole = offset.rounded(.down)
    let t = offset - whole
    first = pixel + Int(whole) - 1
    let u = 1 - t
    weights = [
      Float(u * u * u / 6),
      Float((3 * t * t * t - 6 * t * t + 4) / 6),
      Float((3 * u * u * u - 6 * u * u + 4) / 6),
      Float(t * t * t / 6),
    ]
  }
}

/// A place reflected into `0..<count` about the first and the last pixel.
@inline(__always)
private func mirrored(_ place: Int, _ count: Int) -> Int {
  if place >= 0 && place < count { return place }
  guard count > 1 else { return 0 }
  let period = 2 * (count - 1)
  let folded = ((place % period) + period) % period
  return folded < count ? folded : period - folded
}

/// The pole of the cubic B-spline's prefilter.
private let splinePole = 3.0.squareRoot() - 2

/// The prefilter along each row: the recursion's impulse response, sqrt(3) (sqrt(3) - 2)^|k|, which is
/// below a Float's precision after 12 places.
private func filterRows(
  _ values: UnsafeBufferPointer<Float>, height: Int, width: Int, adding number: Float,
  into output: UnsafeMutableBufferPointer<Float>
) {
  guard width > 1 else {
    for y in 0..<height { output[y] = values[y] + number }
    return
  }
  let radius = 12
  let kernel = (0...radius).map { Float(3.0.squareRoot() * pow(splinePole, Double($0))) }
  var padded = [Float](repeating: 0, count: width + 2 * radius)
  padded.withUnsafeMutableBufferPointer { padded in
    for y in 0..<height {
      let row = values.baseAddress! + y * width
      let middle = padded.baseAddress! + radius
      for x in 0..<width { middle[x] = row[x] + number }
      for x in 1...radius {
        middle[-x] = middle[mirrored(-x, width)]
        middle[width - 1 + x] = middle[mirrored(width - 1 + x, width)]
      }
      spectra_convolve(
        padded.baseAddress!, kernel, radius, output.baseAddress! + y * width, width)
    }
  }
}

/// The recursive prefilter of the cubic B-spline down all columns.
private func filterColumns(
  _ values: UnsafeMutableBufferPointer<Float>, height: Int, width: Int
) {
  guard height > 1, let base = values.baseAddress else { return }
  let pole = Float(splinePole)
  let scale = pole / (pole * pole - 1)
  // Some columns at a time, down and up again: they stay in the cache.
  for start in stride(from: 0, to: width, by: 128) {
    let (first, count) = (base + start, min(128, width - start))
    // The pole's 12th power is below a Float's precision.
    for x in 0..<count {
      var sum = first[x]
      var power = pole
      for k in 1..<min(12, height) {
        sum += power * first[k * width + x]
        power *= pole
      }
      first[x] = 6 * sum
    }
    for y in 1..<height {
      spectra_filter_forth(first + y * width, first + (y - 1) * width, pole, count)
    }
    let last = first + (height - 1) * width
    for x in 0..<count { last[x] = scale * (last[x] + pole * last[x - width]) }
    for y in stride(from: height - 2, through: 0, by: -1) {
      spectra_filter_back(first + y * width, first + (y + 1) * width, pole, count)
    }
  }
}
