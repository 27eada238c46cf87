import Clustering
import Testing
import TestSupport

/// Thousands of small cases against brute force: Float and Double, weights, masks, radii that are distances.
@Suite struct RandomCaseTests {
  @Test(arguments: 1...10) func equalsBruteForce(dimensions: Int) throws {
    var random = TestRandom(seed: UInt64(100 + dimensions))
    for round in 0..<250 {
      let count = Int.random(in: 1...300, using: &random)
      let step: Double = [1.0, 1.0 / 3, 0.001].randomElement(using: &random) ?? 1
      let levels = [3, 10, 100_000].randomElement(using: &random) ?? 3
      let values = (0..<count * dimensions).map { _ in
        Float(Double(Int.random(in: 0..<levels, using: &random)) * step)
      }
      let isFloat = Bool.random(using: &random)
      let weights =
        Bool.random(using: &random)
        ? (0..<count).map { _ in Int32.random(in: 0...5, using: &random) } : nil
      let mask =
        Bool.random(using: &random)
        ? (0..<count).map { _ in Int.random(in: 0..<5, using: &random) > 0 } : nil
      let kept = (0..<count).filter { mask?[$0] ?? true }
      let exact: [Double] = values.map { Double($0) * (isFloat ? 1 : 1.1) }
      var keptValues: [Double] = []
      for row in kept { keptValues += exact[row * dimensions..<(row + 1) * dimensions] }
      let brute = BruteForce(
        points: keptValues, dimensions: dimensions,
        weights: weights.map { weights in kept.map { weights[$0] } })
      guard kept.count > 0 else { continue }
      let (a, b) = (
        Int.random(in: 0..<kept.count, using: &random),
        Int.random(in: 0..<kept.count, using: &random)
      )
      let distance = brute.squaredDistance(a, b).squareRoot()
      let radius = distance > 0 ? distance : 0.5
      let minimumPoints = Int.random(in: 1...15, using: &random)
      let points =
        isFloat
        ? try Points(values, dimensions: dimensions, weights: weights, isIncluded: mask)
        : try Points(exact, dimensions: dimensions, weights: weights, isIncluded: mask)
      let found = try DBSCAN(radius: radius, minimumPoints: minimumPoints).cluster(points)
      let expected = brute.cluster(radius: radius, minimumPoints: minimumPoints)
      var labels = [Int32](repeating: DBSCAN.leftOut, count: count)
      var isCore = [Bool](repeating: false, count: count)
      for (place, row) in kept.enumerated() {
        labels[row] = expected.labels[place]
        isCore[row] = expected.isCore[place]
      }
      #expect(found.labels == labels, "round \(round)")
      #expect(found.isCore == isCore, "round \(round)")
      #expect(found.clusterCount == Int((labels.max() ?? -1) + 1) || labels.allSatisfy { $0 < 0 })
    }
  }

  /// A point of weight w is w points in one place.
  @Test func weightsAreRepetitions() throws {
    var random = TestRandom(seed: 200)
    let values = (0..<600).map { _ in Double.random(in: 0...1, using: &random) }
    let weights = (0..<200).map { _ in Int32.random(in: 1...4, using: &random) }
    let rows = weights.enumerated().flatMap { row, weight in
      [Int](repeating: row, count: Int(weight))
    }
    let clustering = try DBSCAN(radius: 0.2, minimumPoints: 12)
    let weighted = try clustering.cluster(Points(values, dimensions: 3, weights: weights))
    let repeated = try clustering.cluster(
      Points(rows.flatMap { values[3 * $0..<3 * $0 + 3] }, dimensions: 3))
    #expect(rows.map { weighted.labels[$0] } == repeated.labels)
    #expect(rows.map { weighted.isCore[$0] } == repeated.isCore)
  }

  /// At any size: what a straight scan says of sampled points, and that labels hang together.
  @Test func sampledPointsOfMany() throws {
    var random = TestRandom(seed: 201)
    let count = 120_000
    // Twelve clouds of different density on a floor of noise.
    let centres = (0..<12 * 4).map { _ in Float.random(in: 0...1, using: &random) }
    var values: [Float] = []
    for row in 0..<count {
      let cloud = row % 14
      for axis in 0..<4 {
        var place = Float.random(in: 0...1, using: &random)
        if cloud < 12 {
          let spread = 0.01 * Float(1 + cloud % 4)
          let jitter = Float.random(in: -spread...spread, using: &random)
          place = centres[4 * cloud + axis] + jitter + (place - 0.5) * spread
        }
        values.append(place)
      }
    }
    let radius = 0.012
    let result = try DBSCAN(radius: radius, minimumPoints: 40)
      .cluster(Points(values, dimensions: 4))
    #expect(result.clusterCount >= 3 && result.noiseCount > count / 20)
    let brute = BruteForce(points: values.map { Double($0) }, dimensions: 4)
    for _ in 0..<200 {
      let point = Int.random(in: 0..<count, using: &random)
      let neighbours = (0..<count).filter {
        brute.squaredDistance(point, $0) <= radius * radius
      }
      #expect(result.isCore[point] == (neighbours.count >= 40))
      let cores = neighbours.filter { result.isCore[$0] }.map { result.labels[$0] }
      if result.isCore[point] {
        #expect(cores.allSatisfy { $0 == result.labels[point] })
      } else {
        #expect(result.labels[point] == cores.min() ?? -1)
      }
    }
  }
}
