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
    var coefficients = filteredAlongRows()
    coefficients.pixels.withUnsafeMutableBufferPointer {
      filterColumns($0, height: height, width: width)
    }
    return coefficients
  }

  /// The spline with these coefficients, sampled at all pixels displaced by a drift.
  func sampled(at drift: Drift) -> Image {
    sampled(
      at: Placement(drift: drift), about: OpticalCentre(ofHeight: height, width: width))
  }

  /// The spline with these coefficients, sampled at each pixel's place in a frame.
  func sampled(at placement: Placement, about centre: OpticalCentre) -> Image {
    var sampler = SplineSampler(height: height, width: width, placement, centre)
    var result = Image(unsetOfHeight: height, width: width)
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        for y in 0..<height {
          sampler.sample(input, row: y, into: output.baseAddress! + y * width)
        }
      }
    }
    return result
  }

  /// The prefilter along each row: the recursion's impulse response, sqrt(3) (sqrt(3) - 2)^|k|, which is
  /// below a Float's precision after 12 places.
  private func filteredAlongRows() -> Image {
    guard width > 1 else { return self }
    let radius = 12
    let kernel = (0...radius).map { Float(3.0.squareRoot() * pow(splinePole, Double($0))) }
    var result = Image(unsetOfHeight: height, width: width)
    var padded = [Float](repeating: 0, count: width + 2 * radius)
    let ends = Array(-radius..<0) + Array(width..<width + radius)
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        padded.withUnsafeMutableBufferPointer { padded in
          for y in 0..<height {
            let row = input.baseAddress! + y * width
            (padded.baseAddress! + radius).update(from: row, count: width)
            for x in ends { padded[radius + x] = row[mirrored(x, width)] }
            spectra_convolve(
              padded.baseAddress!, kernel, radius, output.baseAddress! + y * width, width)
          }
        }
      }
    }
    return result
  }
}

/// Samples a spline row by row: each row of coefficients interpolated down into a line, and along that.
struct SplineSampler {
  private let height: Int
  private let width: Int
  /// The first of four rows, and the weights of all four.
  private let firstRow: [Int]
  private let rowWeights: [Float]
  /// The first of four places in the line, and the weights, one array for each of the four.
  private let firstPlace: [Int32]
  private let columnWeights: [[Float]]
  /// Whether all columns have the same weights, their places following each other.
  private let isEven: Bool
  /// How many places the line has before the first and behind the last column.
  private let before: Int
  private let behind: Int
  private var line: [Float]

  init(height: Int, width: Int, _ placement: Placement, _ centre: OpticalCentre) {
    (self.height, self.width) = (height, width)
    isEven = placement.scale == 1
    // Without scale the taps of all pixels are the same, to the last bit.
    let even = isEven
    let rows = (0..<height).map { y in
      even
        ? SplineTaps(placement.drift.dy, from: y)
        : SplineTaps(placement.row(Double(y), centre: centre.y), from: 0)
    }
    let columns = (0..<width).map { x in
      even
        ? SplineTaps(placement.drift.dx, from: x)
        : SplineTaps(placement.column(Double(x), centre: centre.x), from: 0)
    }
    firstRow = rows.map(\.first)
    rowWeights = rows.flatMap { [$0.weights[0], $0.weights[1], $0.weights[2], $0.weights[3]] }
    let first = columns.map(\.first).min() ?? 0
    let last = columns.map(\.first).max() ?? 0
    let before = max(0, -first)
    self.before = before
    behind = max(0, last + 4 - width)
    firstPlace = columns.map { Int32($0.first + before) }
    columnWeights = (0..<4).map { k in columns.map { $0.weights[k] } }
    line = [Float](repeating: 0, count: before + width + behind)
  }

  /// Samples a row of the spline with the coefficients of a whole image.
  mutating func sample(
    _ coefficients: UnsafeBufferPointer<Float>, row y: Int, into target: UnsafeMutablePointer<Float>
  ) {
    let base = coefficients.baseAddress!
    let rows = (0..<4).map { base + mirrored(firstRow[y] + $0, height) * width }
    // Taken out for the time being: it is written while the rest is read.
    var line: [Float] = []
    swap(&line, &self.line)
    defer { swap(&line, &self.line) }
    line.withUnsafeMutableBufferPointer { line in
      let middle = line.baseAddress! + before
      rowWeights.withUnsafeBufferPointer {
        // The imported signature has optional rows.
        spectra_combine(rows.map { Optional($0) }, $0.baseAddress! + 4 * y, 4, middle, width)
      }
      for place in 1..<before + 1 { middle[-place] = middle[mirrored(-place, width)] }
      for place in width..<width + behind { middle[place] = middle[mirrored(place, width)] }
      if isEven {
        let weights = columnWeights.map { $0[0] }
        spectra_interpolate(line.baseAddress! + Int(firstPlace[0]), weights, target, width)
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
            spectra_interpolate_each(
              line, firstPlace, [a.baseAddress, b.baseAddress, c.baseAddress, d.baseAddress],
              target, width)
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

/// The recursive prefilter of the cubic B-spline down all columns.
private func filterColumns(
  _ values: UnsafeMutableBufferPointer<Float>, height: Int, width: Int
) {
  guard height > 1, let first = values.baseAddress else { return }
  let pole = Float(splinePole)
  // The pole's 12th power is below a Float's precision.
  for x in 0..<width {
    var sum = first[x]
    var power = pole
    for k in 1..<min(12, height) {
      sum += power * first[k * width + x]
      power *= pole
    }
    first[x] = 6 * sum
  }
  for y in 1..<height {
    spectra_filter_forth(first + y * width, first + (y - 1) * width, pole, width)
  }
  let last = first + (height - 1) * width
  let scale = pole / (pole * pole - 1)
  for x in 0..<width { last[x] = scale * (last[x] + pole * last[x - width]) }
  for y in Swift.stride(from: height - 2, through: 0, by: -1) {
    spectra_filter_back(first + y * width, first + (y + 1) * width, pole, width)
  }
}
