import Dispatch

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

/// Runs `body` for each of `count` independent frames or rows, on all cores.
func forEachInParallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
  DispatchQueue.concurrentPerform(iterations: count, execute: body)
}

/// The results of `body` for `0..<count`, computed on all cores.
package func mapInParallel<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
  let results = [T?](unsafeUninitializedCapacity: count) { buffer, initialized in
    // Each call initialises the place with its own number.
    nonisolated(unsafe) let places = buffer
    forEachInParallel(count) { index in
      (places.baseAddress! + index).initialize(to: body(index))
    }
    initialized = count
  }
  return results.map { $0! }
}

/// The `fraction` quantile of `values` by the nearest rank; nil where there are none.
///
/// - Complexity: O(n log n).
func quantile(_ values: some Collection<Float>, _ fraction: Double) -> Float? {
  guard !values.isEmpty else { return nil }
  return values.sorted()[Int((fraction * Double(values.count - 1)).rounded())]
}
