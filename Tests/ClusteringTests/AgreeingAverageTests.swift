import Clustering
import Foundation
import Testing

@Suite struct AgreeingAverageTests {
  private func grid(_ height: Int, _ width: Int) -> PixelGrid {
    PixelGrid(height: height, width: width, pixels: (0..<Int32(height * width)).map { $0 })
  }

  /// Two flat halves far apart: each is averaged over its own side, and the border stays where it is.
  @Test func aBorderStays() {
    let values = (0..<48).map { pixel -> Float in
      (pixel % 8 < 4 ? 0 : 50) + (pixel.isMultiple(of: 2) ? 0.5 : -0.5)
    }
    let noise = [Float](repeating: 1, count: 48)
    let average = grid(6, 8).averageOfAgreeing(values, dimensions: 1, noise: noise, reach: 2)
    for pixel in 0..<48 {
      #expect(abs(average[pixel] - (pixel % 8 < 4 ? 0 : 50)) < 0.3)
    }
  }

  /// The limit is inclusive: five times 2 x variance x dimensions. At 10 two pixels are averaged, beyond they are not.
  @Test func theLimitIsInclusive() {
    let noise: [Float] = [1, 1]
    let at = grid(1, 2).averageOfAgreeing(
      [0, Float(10).squareRoot()], dimensions: 1, noise: noise, reach: 1)
    #expect(at[0] != 0)
    let beyond = grid(1, 2).averageOfAgreeing([0, 3.2], dimensions: 1, noise: noise, reach: 1)
    #expect(beyond == [0, 3.2])
  }

  @Test func noReachAndNoNeighboursChangeNothing() {
    let values: [Float] = [3, 1, 4, 1, 5, 9]
    let noise = [Float](repeating: 100, count: 6)
    #expect(
      grid(2, 3).averageOfAgreeing(values, dimensions: 1, noise: noise, reach: 0) == values)
    let apart = PixelGrid(height: 1, width: 9, pixels: [0, 3, 6])
    #expect(
      apart.averageOfAgreeing([1, 2, 3], dimensions: 1, noise: [9, 9, 9], reach: 2) == [1, 2, 3])
    // Without noise only what is equal agrees.
    #expect(
      grid(2, 3).averageOfAgreeing(
        values, dimensions: 1, noise: [Float](repeating: 0, count: 6), reach: 1) == values)
  }

  /// The definition, pixel by pixel, on random images with gaps.
  @Test(arguments: 0..<40) func isTheDefinition(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    func uniform() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24)
    }
    let (height, width) = (1 + Int(uniform() * 9), 1 + Int(uniform() * 21))
    let (dimensions, reach) = (1 + Int(uniform() * 4), 1 + Int(uniform() * 3))
    let pixels = (0..<Int32(height * width)).filter { _ in uniform() < 0.8 }
    guard !pixels.isEmpty else { return }
    let noise = pixels.map { _ in 0.5 + uniform() }
    let values = (0..<pixels.count * dimensions).map { _ in 4 * uniform() }
    let found = PixelGrid(height: height, width: width, pixels: pixels).averageOfAgreeing(
      values, dimensions: dimensions, noise: noise, reach: reach)

    var (estimate, variance) = (values, noise.map { $0 * $0 })
    for _ in 0..<2 {
      var next = estimate
      var counts = [Float](repeating: 0, count: pixels.count)
      for (a, pixel) in pixels.enumerated() {
        var sums = [Float](repeating: 0, count: dimensions)
        for (b, other) in pixels.enumerated() {
          let near =
            abs(pixel / Int32(width) - other / Int32(width)) <= reach
            && abs(pixel % Int32(width) - other % Int32(width)) <= reach
          var square: Float = 0
          for axis in 0..<dimensions {
            let difference = estimate[b * dimensions + axis] - estimate[a * dimensions + axis]
            square += difference * difference
          }
          guard near, square <= 5 * Float(dimensions) * (variance[a] + variance[b]) else {
            continue
          }
          counts[a] += 1
          for axis in 0..<dimensions { sums[axis] += values[b * dimensions + axis] }
        }
        for axis in 0..<dimensions { next[a * dimensions + axis] = sums[axis] / counts[a] }
      }
      estimate = next
      variance = zip(noise, counts).map { $0 * $0 * (1 / $1 + 0.0225) }
    }
    #expect(found == estimate)
  }
}
