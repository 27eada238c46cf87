internal import CSpectraKernels

/// A two-dimensional array of Float, row-major, its origin top left.
public struct Image: Sendable, Equatable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The values: row y, column x at `y * width + x`.
  public var pixels: [Float]

  /// An image of given values; there must be `height * width` of them.
  public init(height: Int, width: Int, pixels: [Float]) {
    precondition(pixels.count == height * width, "an image's values must fill its rows")
    self.height = height
    self.width = width
    self.pixels = pixels
  }

  /// An image of one value.
  public init(height: Int, width: Int, filledWith value: Float = 0) {
    self.init(
      height: height, width: width, pixels: [Float](repeating: value, count: height * width))
  }

  /// The value at a row and a column.
  public subscript(y: Int, x: Int) -> Float {
    get { pixels[y * width + x] }
    set { pixels[y * width + x] = newValue }
  }
}

/// The sum of the differences of some of an image's values from a number, and that of their squares.
///
/// - Complexity: O(places).
package func sumsOfDifferences(
  _ values: UnsafeBufferPointer<Float>, at places: [Int32], from origin: Float
) -> (sum: Double, squares: Double) {
  var sums = [0.0, 0.0]
  spectra_sums_of_differences(values.baseAddress!, places, places.count, origin, &sums)
  return (sums[0], sums[1])
}

/// The `fraction` quantile of `values` by the nearest rank; nil where there are none.
///
/// - Complexity: O(n) on average (Hoare, "Find", doi 10.1145/366622.366647).
func quantile(_ values: some Collection<Float>, _ fraction: Double) -> Float? {
  var values = Array(values)
  guard !values.isEmpty else { return nil }
  let rank = Int((fraction * Double(values.count - 1)).rounded())
  return values.withUnsafeMutableBufferPointer { element(of: $0, rank: rank) }
}

/// The value that would be at a rank if the values, which are numbers, were sorted.
///
/// - Complexity: O(n) on average.
package func value(ofRank rank: Int, among values: [Float]) -> Float {
  var values = values
  return values.withUnsafeMutableBufferPointer { element(of: $0, rank: rank) }
}

/// The element that would be at a rank if the values, which are numbers, were sorted; they are moved about.
private func element(of values: UnsafeMutableBufferPointer<Float>, rank: Int) -> Float {
  var (low, high) = (0, values.count - 1)
  while low < high {
    let pivot = values[low + (high - low) / 2]
    var (left, right) = (low, high)
    repeat {
      while values[left] < pivot { left += 1 }
      while pivot < values[right] { right -= 1 }
      if left <= right {
        values.swapAt(left, right)
        left += 1
        right -= 1
      }
    } while left <= right
    if rank <= right {
      high = right
    } else if rank >= left {
      low = left
    } else {
      break
    }
  }
  return values[rank]
}
