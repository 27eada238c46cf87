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
    let depth = try #require(
      depthBelowSurface(
        isSample: isSample, isMeasured: [Bool](repeating: true, count: 18), height: 3, width: 6))
    // Half a pixel is taken off; neither the pore nor the border is a surface.
    #expect(Array(depth[6..<9]) == [0, 0.5, 1.5])
    #expect(depth[10] == 3.5)
    #expect(depth[11] == 4.5)
  }

  @Test func noEmptyFieldNoDepth() {
    let all = [Bool](repeating: true, count: 9)
    #expect(depthBelowSurface(isSample: all, isMeasured: all, height: 3, width: 3) == nil)
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
      let found = squaredDistanceToOutside(of: isInside, height: h, width: w)
      for index in 0..<h * w {
        var nearest = Double.infinity
        for other in 0..<h * w where !isInside[other] {
          let (dy, dx) = (index / w - other / w, index % w - other % w)
          nearest = min(nearest, Double(dy * dy + dx * dx))
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
