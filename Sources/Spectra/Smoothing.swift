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
        for y in 0..<height {
          let rows = (y - radius...y + radius).map {
            input.baseAddress! + min(max($0, 0), height - 1) * width
          }
          spectra_convolve_rows(
            rows.map { Optional($0) }, kernel, radius, output.baseAddress! + y * width, width)
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

  /// The central differences down and across; 0 at the rim.
  func gradients() -> (down: Image, across: Image) {
    var down = Image(height: height, width: width)
    var across = Image(height: height, width: width)
    guard height > 2, width > 2 else { return (down, across) }
    pixels.withUnsafeBufferPointer { input in
      down.pixels.withUnsafeMutableBufferPointer { down in
        across.pixels.withUnsafeMutableBufferPointer { across in
          for y in 1..<height - 1 {
            let row = input.baseAddress! + y * width
            spectra_gradient(
              row - width, row, row + width, down.baseAddress! + y * width,
              across.baseAddress! + y * width, width)
          }
        }
      }
    }
    return (down, across)
  }

  /// The image averaged over squares of `factor` pixels; what does not fill a square is left out.
  func binned(by factor: Int) -> Image {
    guard factor > 1 else { return self }
    var result = Image(height: height / factor, width: width / factor)
    let scale = 1 / Float(factor * factor)
    var sums = [Float](repeating: 0, count: width)
    pixels.withUnsafeBufferPointer { input in
      sums.withUnsafeMutableBufferPointer { sums in
        for y in 0..<result.height {
          sums.update(repeating: 0)
          for row in y * factor..<(y + 1) * factor {
            spectra_add(input.baseAddress! + row * width, 1, sums.baseAddress!, width)
          }
          for x in 0..<result.width {
            var sum: Float = 0
            for column in x * factor..<(x + 1) * factor { sum += sums[column] }
            result.pixels[y * result.width + x] = sum * scale
          }
        }
      }
    }
    return result
  }
}
