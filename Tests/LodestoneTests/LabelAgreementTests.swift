import Lodestone
import TestSupport
import Testing

/// The agreement of label maps against answers by hand, and against its definitions spelt out over pairs and orders.
@Suite struct LabelAgreementTests {
  /// Hubert and Arabie by pairs of pixels: together in both, less what chance leaves.
  private func byPairs(_ a: [Int32], _ b: [Int32]) -> Double? {
    let common = a.indices.filter { a[$0] > -2 && b[$0] > -2 }
    if common.isEmpty { return nil }
    var (both, inA, inB, all): (Double, Double, Double, Double) = (0, 0, 0, 0)
    for (place, i) in common.enumerated() {
      for j in common[..<place] {
        all += 1
        if a[i] == a[j] { inA += 1 }
        if b[i] == b[j] { inB += 1 }
        if a[i] == a[j] && b[i] == b[j] { both += 1 }
      }
    }
    // All together, or none, in both: chance leaves nothing.
    if inA == inB && (inA == 0 || inA == all) { return 1 }
    let expected = inA * inB / all
    return (both - expected) / ((inA + inB) / 2 - expected)
  }

  /// The most common pixels of any way to pair clusters off, by trying all of them.
  private func mostInCommon(_ a: [Int32], _ b: [Int32]) -> Int {
    let rows = Set(a).filter { $0 >= 0 }.sorted()
    func best(_ row: Int, without taken: Set<Int32>) -> Int {
      guard row < rows.count else { return 0 }
      let alone = best(row + 1, without: taken)
      return Set(b).filter { $0 >= 0 && !taken.contains($0) }.reduce(alone) { most, column in
        let overlap = zip(a, b).count { $0 == rows[row] && $1 == column }
        return max(most, overlap + best(row + 1, without: taken.union([column])))
      }
    }
    return best(0, without: [])
  }

  @Test func byHand() throws {
    // The table {{2, 1}, {0, 3}}: 4 pairs together, 6 and 7 in each, of 15. (4 - 2.8) / (6.5 - 2.8).
    let agreement = LabelAgreement([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1])
    #expect(abs(try #require(agreement.adjustedRand) - 1.2 / 3.7) < 1e-15)
    #expect(agreement.commonPixels == 6 && agreement.sameShare == 5.0 / 6)
    #expect(
      agreement.matches == [
        .init(cluster: 0, other: 0, pixels: 2), .init(cluster: 1, other: 1, pixels: 3),
      ])
  }

  @Test func numbersMeanNothing() {
    let agreement = LabelAgreement([0, 0, 0, 1, 1, 2, -1, -2], [2, 2, 2, 0, 0, 5, -1, -2])
    #expect(agreement.adjustedRand == 1 && agreement.sameShare == 1)
    #expect(agreement.commonPixels == 7)
    #expect(agreement.matches.map(\.cluster) == [0, 1, 2])
    #expect(agreement.matches.map(\.other) == [2, 0, 5])
  }

  /// Noise is a label, and no cluster's match; what one map did not analyse does not count.
  @Test func noiseAndWhatWasNotAnalysed() {
    let noise = LabelAgreement([0, 0, -1, -1], [0, 0, 1, 1])
    #expect(noise.adjustedRand == 1 && noise.sameShare == 0.5)
    #expect(noise.matches == [.init(cluster: 0, other: 0, pixels: 2)])
    let part = LabelAgreement([0, 0, 1, 1, 0], [0, 0, 1, 1, -2])
    #expect(part.adjustedRand == 1 && part.sameShare == 1 && part.commonPixels == 4)
  }

  @Test func degenerateCases() {
    for labels: [Int32] in [[0, 0, 0], [-1, -1], [0, 1, 2], [0]] {
      let same = LabelAgreement(labels, labels)
      #expect(same.adjustedRand == 1 && same.sameShare == 1)
    }
    // All together against each alone: as much as by chance.
    #expect(LabelAgreement([0, 0, 0], [0, 1, 2]).adjustedRand == 0)
    #expect(LabelAgreement([0, 0, 0], [0, 0, 1]).adjustedRand == 0)
    let nothing = LabelAgreement([0, -2], [-2, 0])
    #expect(nothing.adjustedRand == nil && nothing.sameShare == nil && nothing.matches.isEmpty)
    #expect(LabelAgreement([], []).commonPixels == 0)
    // Less than by chance.
    #expect(LabelAgreement([0, 0, 1, 1], [0, 1, 0, 1]).adjustedRand == -0.5)
  }

  /// Taking the largest overlap first (10) would leave 0 for the others: 9 + 9 is more.
  @Test func theLargestOverlapIsNotTakenFirst() {
    var (a, b): ([Int32], [Int32]) = ([], [])
    for (x, y, count) in [(0, 0, 10), (0, 1, 9), (1, 0, 9)] as [(Int32, Int32, Int)] {
      a += Array(repeating: x, count: count)
      b += Array(repeating: y, count: count)
    }
    #expect(
      LabelAgreement(a, b).matches == [
        .init(cluster: 0, other: 1, pixels: 9), .init(cluster: 1, other: 0, pixels: 9),
      ])
  }

  @Test func randomMaps() throws {
    var random = TestRandom(seed: 20)
    for _ in 0..<2000 {
      let count = Int.random(in: 0...24, using: &random)
      let most = Int32.random(in: -2...5, using: &random)
      func labels() -> [Int32] {
        (0..<count).map { _ in Int32.random(in: -2...most, using: &random) }
      }
      let a = labels()
      // Some are like the first.
      let b =
        Bool.random(using: &random)
        ? labels() : a.map { $0 == 0 && Bool.random(using: &random) ? 1 : $0 }
      let agreement = LabelAgreement(a, b)
      let (found, expected) = (agreement.adjustedRand, byPairs(a, b))
      #expect((found == nil) == (expected == nil))
      #expect(abs((found ?? 0) - (expected ?? 0)) < 1e-12, "\(a) \(b)")
      let matched = agreement.matches.reduce(0) { $0 + $1.pixels }
      #expect(matched == mostInCommon(a, b), "\(a) \(b)")
      #expect(Set(agreement.matches.map(\.other)).count == agreement.matches.count)
      // The other way round.
      let back = LabelAgreement(b, a)
      #expect(back.adjustedRand == found && back.sameShare == agreement.sameShare)
      // As the tests of registration compute it.
      let common = a.indices.filter { a[$0] > -2 && b[$0] > -2 }
      if common.count > 1 {
        let other = adjustedRandIndex(common.map { Int(a[$0]) }, common.map { Int(b[$0]) })
        #expect(abs(other - (found ?? 0)) < 1e-12)
      }
    }
  }

  /// A megapixel whose pairs no Double holds exactly.
  @Test func manyPixels() {
    let a = (0..<1_000_000).map { Int32($0 % 3) }
    let b = a.map { Int32(2 - $0) }
    let agreement = LabelAgreement(a, b)
    #expect(agreement.adjustedRand == 1 && agreement.sameShare == 1)
  }
}
