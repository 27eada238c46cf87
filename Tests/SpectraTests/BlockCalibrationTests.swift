import Spectra
import Testing
import TestSupport

/// The standard error by blocks is one: over many made-up maps, the truth lies within it as often as it claims.
@Suite struct BlockCalibrationTests {
  /// Grains of a few pixels, by noise that is averaged over squares and cut at a level: the share of one phase over all
  /// maps is the truth, and one map's share has to tell how far it is from that.
  @Test func aShareIsWithinOneStandardErrorInTwoOfThreeMaps() {
    let (side, maps) = (96, 300)
    let pixels = (0..<Int32(side * side)).map { $0 }
    let blocks = SpatialBlocks(of: pixels, width: side)
    var random = TestRandom(seed: 11)
    let found = (0..<maps).map { _ -> (share: Double, error: Double) in
      let isPhase = Self.map(side, &random)
      var own = [Int](repeating: 0, count: blocks.count)
      var all = own
      for pixel in isPhase.indices {
        all[Int(blocks.numbers[pixel])] += 1
        own[Int(blocks.numbers[pixel])] += isPhase[pixel] ? 1 : 0
      }
      let (pixels, total) = (own.reduce(0, +), all.reduce(0, +))
      let withoutOne = own.indices.map {
        Double(pixels - own[$0]) / Double(total - all[$0])
      }
      return (Double(pixels) / Double(total), jackknifeError(withoutOne) ?? 0)
    }
    let truth = found.reduce(0) { $0 + $1.share } / Double(maps)
    let inside = found.count { abs($0.share - truth) <= $0.error }
    let twice = found.count { abs($0.share - truth) <= 2 * $0.error }
    // 68 % and 95 %, as far as 300 maps tell.
    #expect((180...228).contains(inside), "\(inside) of \(maps)")
    #expect(twice >= 270, "\(twice) of \(maps)")
  }

  private static func map(_ side: Int, _ random: inout TestRandom) -> [Bool] {
    let (reach, wide) = (3, side + 6)
    let noise = (0..<wide * wide).map { _ in Double.random(in: -1...1, using: &random) }
    // Sums over squares, by sums over all rows above and columns before.
    var sums = [Double](repeating: 0, count: (wide + 1) * (wide + 1))
    for y in 0..<wide {
      for x in 0..<wide {
        sums[(y + 1) * (wide + 1) + x + 1] =
          noise[y * wide + x] + sums[y * (wide + 1) + x + 1] + sums[(y + 1) * (wide + 1) + x]
          - sums[y * (wide + 1) + x]
      }
    }
    let size = 2 * reach + 1
    return (0..<side * side).map { pixel in
      let (y, x) = (pixel / side, pixel % side)
      let sum =
        sums[(y + size) * (wide + 1) + x + size] - sums[y * (wide + 1) + x + size]
        - sums[(y + size) * (wide + 1) + x] + sums[y * (wide + 1) + x]
      return sum > 2
    }
  }
}
