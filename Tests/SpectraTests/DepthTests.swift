import Foundation
import Spectra
import StackIO
import Testing
import TestSupport

@Suite struct DepthTests {
  /// Sample (#) with a pore, against empty field on the left only.
  @Test func depthIsBelowTheOpenSurface() throws {
    let picture = [
      ".#####",
      ".##.##",
      ".#####",
    ]
    let isSample = picture.flatMap { $0.map { $0 == "#" } }
    let all = [Bool](repeating: true, count: 18)
    func depth(_ sides: (Double, Double) = (1, 1), pores: Bool = false) throws -> [Double] {
      try #require(
        Depth(
          isSample: isSample, isMeasured: all, height: 3, width: 6, sides: sides,
          poresAreSurface: pores)
      ).values
    }
    // Half a pixel is taken off; neither the pore nor the border is a surface.
    #expect(
      try depth() == [
        0, 0.5, 1.5, 2.5, 3.5, 4.5, 0, 0.5, 1.5, 0, 3.5, 4.5, 0, 0.5, 1.5, 2.5, 3.5, 4.5,
      ])
    // With pores the pixels beside it lie half a pixel deep.
    #expect(Array(try depth(pores: true)[6..<12]) == [0, 0.5, 0.5, 0, 0.5, 1.5])
    // Pixels twice as high as wide: half of the side that faces the pore, and in between on the diagonal.
    let oblong = try depth((2, 1), pores: true)
    #expect(oblong[3] == 1 && oblong[8] == 0.5)
    let diagonal = 5.0.squareRoot() - 17.0.squareRoot() / (2 * 5.0.squareRoot())
    #expect(abs(oblong[4] - diagonal) < 1e-12)
  }

  @Test func noEmptyFieldNoDepth() {
    let all = [Bool](repeating: true, count: 9)
    #expect(Depth(isSample: all, isMeasured: all, height: 3, width: 3) == nil)
  }

  @Test func piecesAtTheSurface() {
    let picture = [
      ".00.11",
      ".0..1.",
      "..1...",
    ]
    let labels = picture.flatMap { $0.map { Int32(String($0)) ?? -1 } }
    // Empty field on the left only: the other gaps are noise.
    let isOutside = (0..<18).map { $0 % 6 == 0 }
    let found = pieces(of: labels, isOutside: isOutside, height: 3, width: 6)
    #expect(
      found.ofLabel == [
        [Piece(pixels: 3, isAtSurface: true)],
        [Piece(pixels: 3, isAtSurface: false), Piece(pixels: 1, isAtSurface: false)],
      ])
    #expect(found.isAtSurface.indices.filter { found.isAtSurface[$0] } == [1, 2, 7])
  }

  @Test func withoutAnOutsideTheDistanceIsInfinite() {
    let all = [Bool](repeating: true, count: 6)
    #expect(squaredDistanceToOutside(of: all, height: 2, width: 3).allSatisfy { $0 == .infinity })
  }

  @Test func equalsBruteForce() {
    var random = TestRandom(seed: 5)
    for _ in 0..<50 {
      let (h, w) = (Int.random(in: 1...14, using: &random), Int.random(in: 1...14, using: &random))
      let isInside = (0..<h * w).map { _ in Int.random(in: 0..<6, using: &random) > 0 }
      // Pixels up to three times as high as wide, in whole numbers.
      let side = Int.random(in: 1...3, using: &random)
      let found = squaredDistanceToOutside(
        of: isInside, height: h, width: w, sides: (Double(side), 1))
      for index in 0..<h * w {
        var nearest = Double.infinity
        for other in 0..<h * w where !isInside[other] {
          let (dy, dx) = (index / w - other / w, index % w - other % w)
          nearest = min(nearest, Double(side * side * dy * dy + dx * dx))
        }
        #expect(found[index] == nearest)
      }
    }
  }

  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func agreesWithScipy() throws {
    for name in ["als4078_particle", "horse", "single_hole"] {
      let mask = try SharedData.frame("edt/\(name)_mask.tif")
      let expected = try SharedData.frame("edt/\(name)_edt_f32.tif").image.pixels
      let found = squaredDistanceToOutside(
        of: mask.image.pixels.map { $0 > 0 }, height: mask.height, width: mask.width)
      for (a, b) in zip(found, expected) { #expect(Float(a.squareRoot()) == b) }
    }
  }
}
