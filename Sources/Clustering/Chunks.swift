import Dispatch

/// Runs `body` over consecutive ranges of `0..<count`, on all cores.
///
/// The ranges depend on `count` and `size` only, never on the number of cores: a sum taken
/// within each range and then over the ranges in order has the same bits on any machine.
/// Each call of `body` must write to places of its own.
func forEachChunk(
  of count: Int, size: Int, _ body: @Sendable (_ chunk: Int, _ range: Range<Int>) -> Void
) {
  let chunks = (count + size - 1) / size
  DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
    body(chunk, chunk * size..<min((chunk + 1) * size, count))
  }
}

/// The `fraction` quantile of `values` by the nearest rank: the element at
/// `round(fraction * (count - 1))` of the sorted values.
///
/// - Complexity: O(n log n). `values` must not be empty and holds no NaN.
func quantile<T: BinaryFloatingPoint>(_ values: [T], _ fraction: Double) -> T {
  let rank = (fraction * Double(values.count - 1)).rounded()
  return values.sorted()[Int(rank)]
}
