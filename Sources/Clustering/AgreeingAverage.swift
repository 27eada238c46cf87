internal import CClusteringKernels

extension PixelGrid {
  /// The coordinates of each point averaged over the points near it that agree with it within the noise: noise falls,
  /// borders stay where they are.
  ///
  /// A neighbour agrees where the squared distance is at most five times what noise alone makes of it on average. In
  /// a second pass the averages are compared, whose noise is less, so that more neighbours that are alike
  /// and fewer that are not take part; what is averaged are the coordinates themselves both times.
  ///
  /// Source: the sigma filter, Lee, "Digital image smoothing and the sigma filter",
  /// doi 10.1016/0734-189X(83)90047-6, with a noise of its own for each point.
  ///
  /// - Parameters:
  ///   - coordinates: row-major, `dimensions` values a point.
  ///   - noise: each point's standard deviation in every coordinate.
  ///   - reach: how far neighbours are, px, in either direction; 0 gives the coordinates back.
  /// - Complexity: O(points dimensions reach^2).
  public func averageOfAgreeing(
    _ coordinates: [Float], dimensions: Int, noise: [Float], reach: Int
  ) -> [Float] {
    guard reach > 0, dimensions > 0, !pixels.isEmpty else { return coordinates }
    precondition(coordinates.count == pixels.count * dimensions && noise.count == pixels.count)
    var planes = PaddedPlanes(self, dimensions: dimensions, reach: reach)
    for (point, pixel) in pixels.enumerated() {
      let place = planes.place(pixel)
      planes.variance[place] = noise[point] * noise[point]
      for axis in 0..<dimensions {
        planes.values[axis * planes.plane + place] = coordinates[point * dimensions + axis]
      }
    }
    var average = coordinates
    var estimate = planes.values
    for _ in 0..<2 {
      let weights = average.withUnsafeMutableBufferPointer {
        planes.average(estimate, grid: self, into: $0)
      }
      for (point, pixel) in pixels.enumerated() {
        let place = planes.place(pixel)
        // What structure the neighbours have in common remains: a part of the noise is never averaged away.
        let variance = noise[point] * noise[point]
        planes.variance[place] = variance * (1 / max(weights[point], 1) + 0.0225)
        for axis in 0..<dimensions {
          estimate[axis * planes.plane + place] = average[point * dimensions + axis]
        }
      }
    }
    return average
  }
}

/// Coordinates as images with a margin; not a number where there is no point.
private struct PaddedPlanes {
  let dimensions: Int
  let reach: Int
  let stride: Int
  let plane: Int
  let gridWidth: Int
  var values: [Float]
  var variance: [Float]

  init(_ grid: PixelGrid, dimensions: Int, reach: Int) {
    self.dimensions = dimensions
    self.reach = reach
    gridWidth = grid.width
    stride = grid.width + 2 * reach
    plane = stride * (grid.height + 2 * reach)
    values = [Float](repeating: .nan, count: dimensions * plane)
    variance = [Float](repeating: 0, count: plane)
  }

  /// Where a pixel lies in a plane.
  func place(_ pixel: Int32) -> Int {
    let (row, column) = Int(pixel).quotientAndRemainder(dividingBy: gridWidth)
    return (row + reach) * stride + column + reach
  }

  /// Writes each point's average over the neighbours whose estimates agree; how many they were.
  func average(
    _ estimate: [Float], grid: PixelGrid, into target: UnsafeMutableBufferPointer<Float>
  ) -> [Float] {
    let (n, d) = (grid.width, dimensions)
    let limit = 5 * Float(d)
    var counts = [Float](repeating: 0, count: grid.pixels.count)
    counts.withUnsafeMutableBufferPointer { buffer in
      // Each row writes the places of its own points.
      nonisolated(unsafe) let (counts, target) = (buffer, target)
      forEachChunk(of: grid.height, size: 8) { _, rows in
        var squares = [Float](repeating: 0, count: n)
        var weights = [Float](repeating: 0, count: n)
        var sums = [Float](repeating: 0, count: n * d)
        for row in rows {
          let first = (row + reach) * stride + reach
          // The kernel reads up to `reach` rows and columns from the row: all within the margin.
          estimate.withUnsafeBufferPointer { estimate in
            values.withUnsafeBufferPointer { values in
              variance.withUnsafeBufferPointer { variance in
                guard let estimate = estimate.baseAddress, let values = values.baseAddress,
                  let variance = variance.baseAddress
                else { return }
                clustering_average_agreeing(
                  estimate + first, values + first, variance + first, stride, plane, Int32(d),
                  Int32(reach), limit, &squares, &weights, &sums, n)
              }
            }
          }
          for column in 0..<n {
            let point = Int(grid.point(row, column))
            guard point >= 0 else { continue }
            counts[point] = weights[column]
            // A point agrees with itself, whatever its noise.
            for axis in 0..<d {
              target[point * d + axis] = sums[axis * n + column] / max(weights[column], 1)
            }
          }
        }
      }
    }
    return counts
  }
}
