/// The displacement of the sample's image in a frame against that in the frame of the lowest
/// energy, in px: + is down and right. The correction is the inverse.
public struct Drift: Sendable, Equatable {
  /// Down, in rows.
  public var dy: Double
  /// To the right, in columns.
  public var dx: Double

  /// A displacement by `dy` rows and `dx` columns.
  public init(dy: Double, dx: Double) {
    self.dy = dy
    self.dx = dx
  }
}

extension Image {
  /// The image moved back by a drift: the value at (y, x) is that found at (y + dy, x + dx) by
  /// cubic spline interpolation. Beyond the border the image is mirrored.
  ///
  /// Source: Unser, "Splines: a perfect fit for signal and image processing",
  /// doi 10.1109/79.799930.
  ///
  /// - Complexity: O(pixels).
  public func moved(back drift: Drift) -> Image {
    guard drift.dy != 0 || drift.dx != 0 else { return self }
    return splineCoefficients().sampled(at: drift)
  }

  /// The coefficients of the cubic B-spline that passes through all pixels.
  func splineCoefficients() -> Image {
    var coefficients = self
    coefficients.pixels.withUnsafeMutableBufferPointer { values in
      for y in 0..<height {
        filterLine(values, start: y * width, stride: 1, lines: 1, count: width)
      }
      filterLine(values, start: 0, stride: width, lines: width, count: height)
    }
    return coefficients
  }

  /// The spline with these coefficients, sampled at all pixels displaced by a drift.
  func sampled(at drift: Drift) -> Image {
    let rowTaps = SplineTaps(drift.dy)
    let columnTaps = SplineTaps(drift.dx)
    var result = Image(height: height, width: width)
    var padded = [Float](repeating: 0, count: width + 3)
    let sources = (0..<width + 3).map { mirrored($0 + columnTaps.first, width) }
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        padded.withUnsafeMutableBufferPointer { line in
          for y in 0..<height {
            let r0 = mirrored(y + rowTaps.first, height) * width
            let r1 = mirrored(y + rowTaps.first + 1, height) * width
            let r2 = mirrored(y + rowTaps.first + 2, height) * width
            let r3 = mirrored(y + rowTaps.first + 3, height) * width
            let w = rowTaps.weights
            for (place, x) in sources.enumerated() {
              line[place] =
                (w[0] * input[r0 + x] + w[1] * input[r1 + x])
                + (w[2] * input[r2 + x] + w[3] * input[r3 + x])
            }
            let v = columnTaps.weights
            for x in 0..<width {
              output[y * width + x] =
                (v[0] * line[x] + v[1] * line[x + 1]) + (v[2] * line[x + 2] + v[3] * line[x + 3])
            }
          }
        }
      }
    }
    return result
  }
}

/// The four places and weights of a cubic B-spline at a constant offset.
private struct SplineTaps {
  /// The first place, relative to the pixel.
  let first: Int
  let weights: [4 of Float]

  init(_ offset: Double) {
    let whole = offset.rounded(.down)
    let t = offset - whole
    first = Int(whole) - 1
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

/// The recursive prefilter of the cubic B-spline, over `lines` adjacent lines at once, each of
/// `count` values that lie `stride` apart.
private func filterLine(
  _ values: UnsafeMutableBufferPointer<Float>, start: Int, stride: Int, lines: Int, count: Int
) {
  guard count > 1, let base = values.baseAddress else { return }
  let pole: Float = -0.267_949_19  // sqrt(3) - 2
  // The pole's 12th power is below a Float's precision.
  let horizon = min(12, count)
  let first = base + start
  for line in 0..<lines {
    var sum = first[line]
    var power = pole
    for k in 1..<horizon {
      sum += power * first[k * stride + line]
      power *= pole
    }
    first[line] = 6 * sum
  }
  for k in 1..<count {
    let row = first + k * stride
    let previous = row - stride
    for line in 0..<lines { row[line] = 6 * row[line] + pole * previous[line] }
  }
  let last = first + (count - 1) * stride
  let beforeLast = last - stride
  let scale = pole / (pole * pole - 1)
  for line in 0..<lines { last[line] = scale * (last[line] + pole * beforeLast[line]) }
  for k in Swift.stride(from: count - 2, through: 0, by: -1) {
    let row = first + k * stride
    let next = row + stride
    for line in 0..<lines { row[line] = pole * (next[line] - row[line]) }
  }
}
