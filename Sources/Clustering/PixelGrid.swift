/// Where points lie in an image: each point is one pixel of a frame of `height` x `width`.
public struct PixelGrid: Sendable {
  /// The frame's rows.
  public let height: Int
  /// The frame's columns.
  public let width: Int
  /// The pixel (row * width + column) of each point, ascending.
  public let pixels: [Int32]
  /// The point at each pixel, or -1.
  let points: [Int32]

  /// A grid of the given pixels, which must lie in the frame and ascend.
  public init(height: Int, width: Int, pixels: [Int32]) {
    self.height = height
    self.width = width
    self.pixels = pixels
    var points = [Int32](repeating: -1, count: height * width)
    for (point, pixel) in pixels.enumerated() { points[Int(pixel)] = Int32(point) }
    self.points = points
  }

  /// The point at a place that may lie outside the frame; -1 where there is none.
  @inline(__always)
  func point(_ row: Int, _ column: Int) -> Int32 {
    row >= 0 && row < height && column >= 0 && column < width ? points[row * width + column] : -1
  }

  /// The points within `reach` px of a point in either direction, without it, row by row.
  public func neighbours(of point: Int, reach: Int) -> [Int] {
    let (row, column) = Int(pixels[point]).quotientAndRemainder(dividingBy: width)
    var found: [Int] = []
    for y in row - reach...row + reach {
      for x in column - reach...column + reach {
        let neighbour = Int(self.point(y, x))
        if neighbour >= 0, neighbour != point { found.append(neighbour) }
      }
    }
    return found
  }

  /// How steeply the coordinates change in the image: for each point the length of the Sobel
  /// gradients (divided by 8) of all `dimensions` maps together, in the coordinates' unit a pixel.
  ///
  /// A neighbour without a point takes the value of the nearest point, so that the rim of the
  /// sample is no edge.
  ///
  /// - Parameter coordinates: row-major, `dimensions` values a point.
  /// - Complexity: O(points dimensions).
  public func gradientMagnitude(_ coordinates: [Float], dimensions: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: pixels.count) { buffer, initialized in
      // Each chunk writes the values of its own points.
      nonisolated(unsafe) let gradient = buffer
      forEachChunk(of: pixels.count, size: 4096) { _, range in
        for point in range {
          let around = neighbourhood(of: point)
          var sum: Float = 0
          for axis in 0..<dimensions {
            let v = InlineArray<9, Float> { coordinates[around[$0] * dimensions + axis] }
            let across = (v[2] - v[0]) + 2 * (v[5] - v[3]) + (v[8] - v[6])
            let down = (v[6] - v[0]) + 2 * (v[7] - v[1]) + (v[8] - v[2])
            sum += (across * across + down * down) / 64
          }
          gradient[point] = sum.squareRoot()
        }
      }
      initialized = pixels.count
    }
  }

  /// The nine points of the 3 x 3 pixels around a point, row by row, gaps filled with the nearest.
  private func neighbourhood(of point: Int) -> [9 of Int] {
    let row = Int(pixels[point]) / width
    let column = Int(pixels[point]) % width
    var around = [9 of Int](repeating: point)
    for place in 0..<9 {
      let (dy, dx) = (place / 3 - 1, place % 3 - 1)
      let neighbour = self.point(row + dy, column + dx)
      if neighbour >= 0 {
        around[place] = Int(neighbour)
      } else {
        around[place] = nearest(toRow: row + dy, column: column + dx, centre: point)
      }
    }
    return around
  }

  /// The nearest point to a pixel that has none but touches the pixel of `centre`: the first of its
  /// direct neighbours, then of its diagonal ones.
  private func nearest(toRow row: Int, column: Int, centre: Int) -> Int {
    for (dy, dx) in Self.directSteps {
      let candidate = point(row + dy, column + dx)
      if candidate >= 0 { return Int(candidate) }
    }
    for (dy, dx) in Self.diagonalSteps {
      let candidate = point(row + dy, column + dx)
      if candidate >= 0 { return Int(candidate) }
    }
    return centre
  }

  static let directSteps = [(-1, 0), (0, -1), (0, 1), (1, 0)]
  private static let diagonalSteps = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
}
