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
    sampled(
      at: Placement(drift: drift), about: OpticalCentre(ofHeight: height, width: width))
  }

  /// The spline with these coefficients, sampled at each pixel's place in a frame.
  func sampled(at placement: Placement, about centre: OpticalCentre) -> Image {
    let rows = (0..<height).map { y in
      // Without scale the taps of all rows are the same, to the last bit.
      placement.scale == 1
        ? SplineTaps(placement.drift.dy, from: y)
        : SplineTaps(placement.row(Double(y), centre: centre.y), from: 0)
    }
    let columns = (0..<width).map { x in
      placement.scale == 1
        ? SplineTaps(placement.drift.dx, from: x)
        : SplineTaps(placement.column(Double(x), centre: centre.x), from: 0)
    }
    var result = Image(height: height, width: width)
    guard let firstColumn = columns.map(\.first).min(), let lastColumn = columns.map(\.first).max()
    else { return result }
    // One line of the frame at a time, interpolated down and as long as the columns reach.
    let sources = (firstColumn...lastColumn + 3).map { mirrored($0, width) }
    var line = [Float](repeating: 0, count: sources.count)
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        line.withUnsafeMutableBufferPointer { line in
          for y in 0..<height {
            let (first, w) = (rows[y].first, rows[y].weights)
            let r0 = mirrored(first, height) * width
            let r1 = mirrored(first + 1, height) * width
            let r2 = mirrored(first + 2, height) * width
            let r3 = mirrored(first + 3, height) * width
            for (place, x) in sources.enumerated() {
              line[place] =
                (w[0] * input[r0 + x] + w[1] * input[r1 + x])
                + (w[2] * input[r2 + x] + w[3] * input[r3 + x])
            }
            let target = UnsafeMutableBufferPointer(rebasing: output[y * width..<(y + 1) * width])
            if placement.scale == 1 {
              interpolate(line, columns[0].weights, into: target)
            } else {
              interpolate(line, columns, firstColumn, into: target)
            }
          }
        }
      }
    }
    return result
  }
}

/// Equal taps, one pixel further each.
private func interpolate(
  _ line: UnsafeMutableBufferPointer<Float>, _ v: [4 of Float],
  into target: UnsafeMutableBufferPointer<Float>
) {
  for x in target.indices {
    target[x] = (v[0] * line[x] + v[1] * line[x + 1]) + (v[2] * line[x + 2] + v[3] * line[x + 3])
  }
}

/// Taps of their own for each pixel.
private func interpolate(
  _ line: UnsafeMutableBufferPointer<Float>, _ taps: [SplineTaps], _ first: Int,
  into target: UnsafeMutableBufferPointer<Float>
) {
  for x in target.indices {
    let (place, v) = (taps[x].first - first, taps[x].weights)
    target[x] =
      (v[0] * line[place] + v[1] * line[place + 1])
      + (v[2] * line[place + 2] + v[3] * line[place + 3])
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
