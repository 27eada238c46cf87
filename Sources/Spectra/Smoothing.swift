internal import CSpectraKernels
import Foundation

extension Image {
  /// The image convolved with a Gaussian of standard deviation `sigma` px; at the rim the
  /// nearest pixel is repeated.
  ///
  /// - Complexity: O(pixels sigma).
  public func blurred(sigma: Double) -> Image {
    let radius = max(1, Int((3.5 * sigma).rounded(.up)))
    let weights = (0...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let total = 2 * weights.reduce(0, +) - weights[0]
    let kernel = weights.map { Float($0 / total) }
    return convolvedAlongRows(kernel).convolvedDownColumns(kernel)
  }

  private func convolvedAlongRows(_ kernel: [Float]) -> Image {
    var result = Image(unsetOfHeight: height, width: width)
    result.pixels.withUnsafeMutableBufferPointer { output in
      forEachPaddedRow(by: kernel.count - 1) { y, row in
        spectra_convolve(
          row, kernel, kernel.count - 1, output.baseAddress! + y * width, width)
      }
    }
    return result
  }

  private func convolvedDownColumns(_ kernel: [Float]) -> Image {
    let radius = kernel.count - 1
    var result = Image(unsetOfHeight: height, width: width)
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        // The imported signature has optional rows.
        var rows = [UnsafePointer<Float>?](repeating: nil, count: 2 * radius + 1)
        for y in 0..<height {
          for k in rows.indices {
            rows[k] = input.baseAddress! + min(max(y - radius + k, 0), height - 1) * width
          }
          spectra_convolve_rows(
            rows, kernel, radius, output.baseAddress! + y * width, width)
        }
      }
    }
    return result
  }

  /// Runs `body` with each row, its ends repeated `radius` times.
  private func forEachPaddedRow(by radius: Int, _ body: (Int, UnsafePointer<Float>) -> Void) {
    var padded = [Float](repeating: 0, count: width + 2 * radius)
    pixels.withUnsafeBufferPointer { input in
      padded.withUnsafeMutableBufferPointer { padded in
        for y in 0..<height {
          let row = input.baseAddress! + y * width
          (padded.baseAddress! + radius).update(from: row, count: width)
          for x in 0..<radius {
            padded[x] = row[0]
            padded[radius + width + x] = row[width - 1]
          }
          body(y, padded.baseAddress!)
        }
      }
    }
  }

  /// The median of each pixel's 3 x 3 neighbourhood; at the rim the nearest pixel is repeated.
  public func median3x3() -> Image {
    var result = Image(unsetOfHeight: height, width: width)
    // Three padded rows: above, of the pixel, and below.
    let stride = width + 2
    var rows = [Float](repeating: 0, count: 3 * stride)
    rows.withUnsafeMutableBufferPointer { rows in
      result.pixels.withUnsafeMutableBufferPointer { output in
        func median(_ y: Int, _ above: Int, _ below: Int) {
          let base = rows.baseAddress!
          spectra_median_of_9(
            base + (above % 3) * stride, base + (y % 3) * stride, base + (below % 3) * stride,
            output.baseAddress! + y * width, width)
        }
        forEachPaddedRow(by: 1) { y, row in
          (rows.baseAddress! + (y % 3) * stride).update(from: row, count: stride)
          if y > 0 { median(y - 1, max(y - 2, 0), y) }
        }
        median(height - 1, max(height - 2, 0), height - 1)
      }
    }
    return result
  }

  /// The length of the gradient by central differences; 0 at the rim.
  func gradientMagnitude() -> Image {
    var result = Image(height: height, width: width)
    guard height > 2, width > 2 else { return result }
    pixels.withUnsafeBufferPointer { input in
      result.pixels.withUnsafeMutableBufferPointer { output in
        for y in 1..<height - 1 {
          let row = input.baseAddress! + y * width
          spectra_steepness(row - width, row, row + width, output.baseAddress! + y * width, width)
        }
      }
    }
    return result
  }

  /// Values of an image brought into a range, and averaged over squares of `factor` pixels; what does not fill a square is
  /// left out.
  init(
    averaging values: UnsafeBufferPointer<Float>, height: Int, width: Int, over factor: Int,
    clippedTo range: ClosedRange<Float>
  ) {
    self.init(unsetOfHeight: height / factor, width: width / factor)
    let scale = 1 / Float(factor * factor)
    let (rows, columns) = (self.height, self.width)
    var sums = [Float](repeating: 0, count: width)
    pixels.withUnsafeMutableBufferPointer { output in
      sums.withUnsafeMutableBufferPointer { sums in
        for y in 0..<rows {
          sums.update(repeating: 0)
          for row in y * factor..<(y + 1) * factor {
            spectra_add_clipped(
              values.baseAddress! + row * width, range.lowerBound, range.upperBound,
              sums.baseAddress!, width)
          }
          spectra_bin(
            sums.baseAddress!, factor, scale, output.baseAddress! + y * columns, columns)
        }
      }
    }
  }

  /// The values of an image averaged over squares of `factor` pixels, those beyond all but 0.2 % at either end brought to
  /// there: a spot of the detector that is denser than any sample must not be what is followed. The bounds are those of about
  /// 20,000 pixels.
  package init(
    clipping values: UnsafeBufferPointer<Float>, height: Int, width: Int, averagedOver factor: Int
  ) {
    let step = max(1, values.count / 20_000)
    let sampled = stride(from: 0, to: values.count, by: step).map { values[$0] }
    let low = quantile(sampled, 0.002) ?? -.infinity
    let high = quantile(sampled, 0.998) ?? .infinity
    self.init(
      averaging: values, height: height, width: width, over: factor,
      clippedTo: low...max(low, high))
  }
}
