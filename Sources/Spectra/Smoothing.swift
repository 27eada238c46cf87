import Foundation

extension Image {
  /// The image convolved with a Gaussian of standard deviation `sigma` px; at the rim the
  /// nearest pixel is repeated.
  ///
  /// - Complexity: O(pixels sigma).
  public func blurred(sigma: Double) -> Image {
    let radius = max(1, Int((3.5 * sigma).rounded(.up)))
    let weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let total = weights.reduce(0, +)
    let kernel = weights.map { Float($0 / total) }
    return convolvedRows(kernel).convolvedColumns(kernel)
  }

  private func convolvedRows(_ kernel: [Float]) -> Image {
    let radius = kernel.count / 2
    var result = Image(height: height, width: width)
    var padded = [Float](repeating: 0, count: width + 2 * radius)
    result.pixels.withUnsafeMutableBufferPointer { output in
      for y in 0..<height {
        for x in 0..<padded.count {
          padded[x] = pixels[y * width + min(max(x - radius, 0), width - 1)]
        }
        padded.withUnsafeBufferPointer { input in
          for (tap, weight) in kernel.enumerated() {
            for x in 0..<width { output[y * width + x] += weight * input[x + tap] }
          }
        }
      }
    }
    return result
  }

  private func convolvedColumns(_ kernel: [Float]) -> Image {
    let radius = kernel.count / 2
    var result = Image(height: height, width: width)
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        for y in 0..<height {
          for (tap, weight) in kernel.enumerated() {
            let source = min(max(y + tap - radius, 0), height - 1) * width
            for x in 0..<width { output[y * width + x] += weight * input[source + x] }
          }
        }
      }
    }
    return result
  }

  /// The median of each pixel's 3 x 3 neighbourhood; at the rim the nearest pixel is repeated.
  public func median3x3() -> Image {
    var result = Image(height: height, width: width)
    // Rows are padded by a pixel at either end, so that the loop below has no special cases.
    let stride = width + 2
    var padded = [Float](repeating: 0, count: 3 * stride)
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        padded.withUnsafeMutableBufferPointer { rows in
          for y in 0..<height {
            for line in 0..<3 {
              let source = min(max(y + line - 1, 0), height - 1) * width
              for x in 0..<width { rows[line * stride + x + 1] = input[source + x] }
              rows[line * stride] = input[source]
              rows[line * stride + width + 1] = input[source + width - 1]
            }
            for x in 0..<width {
              output[y * width + x] = medianOf9(rows, x, x + stride, x + 2 * stride)
            }
          }
        }
      }
    }
    return result
  }
}

/// The median of three runs of three values from places `a`, `b`, `c`.
///
/// Source of the exchange network: Devillard, "Fast median search", 1998.
@inline(__always)
private func medianOf9(
  _ v: UnsafeMutableBufferPointer<Float>, _ a: Int, _ b: Int, _ c: Int
) -> Float {
  func order(_ x: inout Float, _ y: inout Float) {
    let low = x < y ? x : y
    y = x < y ? y : x
    x = low
  }
  var (p0, p1, p2) = (v[a], v[a + 1], v[a + 2])
  var (p3, p4, p5) = (v[b], v[b + 1], v[b + 2])
  var (p6, p7, p8) = (v[c], v[c + 1], v[c + 2])
  order(&p1, &p2)
  order(&p4, &p5)
  order(&p7, &p8)
  order(&p0, &p1)
  order(&p3, &p4)
  order(&p6, &p7)
  order(&p1, &p2)
  order(&p4, &p5)
  order(&p7, &p8)
  order(&p0, &p3)
  order(&p5, &p8)
  order(&p4, &p7)
  order(&p3, &p6)
  order(&p1, &p4)
  order(&p2, &p5)
  order(&p4, &p7)
  order(&p4, &p2)
  order(&p6, &p4)
  order(&p4, &p2)
  return p4
}
