import Clustering
import Foundation
import Synchronization
import Testing
import TestSupport

/// What makes DBSCAN programs wrong, one by one.
@Suite struct TrapTests {
  private func labels(
    _ values: [Double], _ dimensions: Int, _ radius: Double, _ minimumPoints: Int
  ) throws -> [Int32] {
    try DBSCAN(radius: radius, minimumPoints: minimumPoints)
      .cluster(Points(values, dimensions: dimensions)).labels
  }

  private func equalsBruteForce(
    _ values: [Double], _ dimensions: Int, _ radius: Double, _ minimumPoints: Int,
    _ comment: Comment? = nil
  ) throws {
    let found = try DBSCAN(radius: radius, minimumPoints: minimumPoints)
      .cluster(Points(values, dimensions: dimensions))
    let expected = BruteForce(points: values, dimensions: dimensions)
      .cluster(radius: radius, minimumPoints: minimumPoints)
    #expect(found.labels == expected.labels, comment)
    #expect(found.isCore == expected.isCore, comment)
  }

  private func noise(_ count: Int, seed: UInt64, _ range: ClosedRange<Double> = 0...1) -> [Double] {
    var random = TestRandom(seed: seed)
    return (0..<count).map { _ in Double.random(in: range, using: &random) }
  }

  // MARK: Definition

  @Test func oneMinimumPointMakesAllCore() throws {
    let result = try DBSCAN(radius: 0.01, minimumPoints: 1)
      .cluster(Points(noise(300, seed: 1), dimensions: 2))
    #expect(result.isCore.allSatisfy { $0 } && result.noiseCount == 0)
  }

  @Test(arguments: [1.0, 2.0.squareRoot(), 3.0.squareRoot(), 2])
  func tiesOnALatticeCount(radius: Double) throws {
    var lattice: [Double] = []
    for place in 0..<7 * 7 * 7 {
      lattice += [place % 7, place / 7 % 7, place / 49].map { Double($0) }
    }
    for scale in [1, 0.1, 1.0 / 3] {
      try equalsBruteForce(lattice.map { $0 * scale }, 3, radius * scale, 9, "scale \(scale)")
    }
  }

  @Test func duplicatesOfManyPlaces() throws {
    var random = TestRandom(seed: 3)
    let places = noise(20, seed: 4)
    let values = (0..<900).map { _ in places.randomElement(using: &random) ?? 0 }
    for minimumPoints in [40, 45, 50] { try equalsBruteForce(values, 1, 1e-9, minimumPoints) }
    // More than a leaf holds in one place, and some of them at the radius.
    let stacked = [Double](repeating: 0, count: 300) + [Double](repeating: 0.3, count: 301)
    try equalsBruteForce(stacked, 1, 0.3, 601)
    try equalsBruteForce(stacked, 1, 0.3.nextDown, 301)
    try equalsBruteForce(stacked, 1, 0.3.nextUp, 602)
  }

  /// A border point between two clusters goes to the one whose first core point comes first.
  @Test func borderFollowsTheOrderOfRows() throws {
    let left = [-2.0, -1.9, -1.8, -1.7, -1]
    let right = [1, 1.7, 1.8, 1.9, 2.0]
    var random = TestRandom(seed: 5)
    for _ in 0..<50 {
      try equalsBruteForce((left + [0] + right).shuffled(using: &random), 1, 1, 5)
    }
  }

  /// A cluster whose border points go to another keeps fewer points than the minimum, and is one.
  @Test func aClusterMayBeSmallerThanTheMinimum() throws {
    // The core at 0 has five in reach; both borders at +-1 go to the clusters that come first.
    let values = [-2, -2.0, -2, -2, 2, 2, 2, 2, 0, -1, 1]
    let found = try labels(values, 1, 1, 3)
    #expect(found == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0] || found.count == 11)
    try equalsBruteForce(values, 1, 1, 3)
    try equalsBruteForce([-1.5, -1.4, -1.3, -1, 1, 1.3, 1.4, 1.5, 0], 1, 1, 4)
  }

  @Test func orderOfRowsMovesNothingButNumbers() throws {
    let values = noise(800, seed: 6)
    let clustering = try DBSCAN(radius: 0.06, minimumPoints: 4)
    let first = try clustering.cluster(Points(values, dimensions: 2))
    var random = TestRandom(seed: 7)
    let order = (0..<400).shuffled(using: &random)
    let second = try clustering.cluster(
      Points(order.flatMap { [values[2 * $0], values[2 * $0 + 1]] }, dimensions: 2))
    #expect(order.map { first.isCore[$0] } == second.isCore)
    #expect(order.map { first.labels[$0] < 0 } == second.labels.map { $0 < 0 })
    var renamed: [Int32: Int32] = [:]
    for (place, original) in order.enumerated() where second.isCore[place] {
      let name = renamed[first.labels[original]] ?? second.labels[place]
      renamed[first.labels[original]] = name
      #expect(name == second.labels[place])
    }
    #expect(Set(renamed.values).count == renamed.count)
  }

  @Test func threadsMoveNothing() throws {
    let values = noise(4 * 30_000, seed: 8)
    let points = try Points(values, dimensions: 4)
    let clustering = try DBSCAN(radius: 0.06, minimumPoints: 8)
    let one = try clustering.cluster(points, workers: Workers(threads: 1))
    #expect(one.clusterCount > 1 && one.noiseCount > 100)
    for threads in [2, 3, 8] {
      #expect(try clustering.cluster(points, workers: Workers(threads: threads)) == one)
    }
  }

  // MARK: Numbers

  /// Iris at 0.4: ties at decimals fall otherwise in Float. The sizes are those of ELKI, R and scikit-learn.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func floatPointsAreOtherPoints() throws {
    let rows = try SharedData.rows("dbscan/iris_raw.csv").dropFirst().joined().compactMap {
      Double($0)
    }
    #expect(rows.count == 600)
    func sizes(_ points: Points) throws -> [Int] {
      let result = try DBSCAN(radius: 0.4, minimumPoints: 4).cluster(points)
      return (-1..<Int32(result.clusterCount)).map { label in
        result.labels.count { $0 == label }
      }
    }
    #expect(try sizes(Points(rows, dimensions: 4)) == [25, 47, 38, 36, 4])
    #expect(try sizes(Points(rows.map { Float($0) }, dimensions: 4)) == [26, 47, 38, 35, 4])
  }

  /// Distances a few last digits from the radius: Float cannot tell them, and must not try.
  @Test(arguments: [1, 2, 4, 7]) func nearTheRadius(dimensions: Int) throws {
    var random = TestRandom(seed: 9)
    for _ in 0..<40 {
      // Spokes around a hub whose ends lie at the radius, or up to four steps in Double beside it.
      var values = [Double](repeating: 0, count: dimensions)
      for spoke in 0..<60 {
        var end = (0..<dimensions).map { _ in Double.random(in: -1...1, using: &random) }
        let length = end.reduce(0) { $0 + $1 * $1 }.squareRoot()
        end = end.map { $0 / length * 0.7 }
        for _ in 0..<Int.random(in: 0...4, using: &random) {
          end[spoke % dimensions] =
            Bool.random(using: &random)
            ? end[spoke % dimensions].nextUp : end[spoke % dimensions].nextDown
        }
        values += end
      }
      for minimumPoints in [20, 30, 40] {
        try equalsBruteForce(values, dimensions, 0.7, minimumPoints)
      }
    }
  }

  @Test(arguments: [1e3, 1e6, 1e9, 1e15, -1e6]) func largeOffsets(offset: Double) throws {
    let values = noise(600, seed: 10).map { offset + $0 * max(1, abs(offset) * 0x1p-48) }
    for radius in [0.02, 0.05] {
      try equalsBruteForce(values, 3, radius * max(1, abs(offset) * 0x1p-48) * 3, 5)
    }
    // With one point at zero, as dead pixels are.
    try equalsBruteForce([0, 0, 0] + values, 3, 0.2 * max(1, abs(offset) * 0x1p-48), 5)
  }

  @Test(arguments: [1e-300, 1e-200, 1e-160, 1e-40, 1e-20, 1e20, 1e40, 1e150, 1e160, 1e300])
  func extremeScales(scale: Double) throws {
    let values = noise(400, seed: 11).map { $0 * scale }
    for radius in [0.05, 0.3, 10] { try equalsBruteForce(values, 2, radius * scale, 4) }
    // Far apart, but for their scale in one place; and a radius that has nothing to do with either.
    try equalsBruteForce(values + [0, 0, 1, 1, 1e3, -1e3], 2, 0.1 * scale, 4)
    try equalsBruteForce(values, 2, 1e-3, 4)
    try equalsBruteForce(values, 2, 1e250, 4)
  }

  @Test func floatScalesAndZeroes() throws {
    for scale: Float in [.leastNonzeroMagnitude * 8, 2e-38, 1e-20, 1, 1e20, 1e37] {
      var random = TestRandom(seed: 12)
      let values =
        (0..<300).map { _ in Float.random(in: -1...1, using: &random) * scale } + [0, -0.0]
      for radius in [0.02, 0.2, 3] where Double(scale) * radius > 0 {
        let found = try DBSCAN(radius: Double(scale) * radius, minimumPoints: 3)
          .cluster(Points(values, dimensions: 2))
        let expected = BruteForce(points: values.map { Double($0) }, dimensions: 2)
          .cluster(radius: Double(scale) * radius, minimumPoints: 3)
        #expect(found.labels == expected.labels, "scale \(scale), radius \(radius)")
      }
    }
  }

  /// Boxes decide, not cells or their centres: the case in which a much used program misses one core point in 25.
  @Test(arguments: [3, 5, 8, 11]) func manyDimensions(dimensions: Int) throws {
    var random = TestRandom(seed: 13)
    let values = (0..<1500 * dimensions).map { _ in
      (0..<6).reduce(0.0) { sum, _ in sum + Double.random(in: -0.7...0.7, using: &random) }
    }
    let brute = BruteForce(points: values, dimensions: dimensions)
    let radius = brute.distances(of: 0)[25]
    for minimumPoints in [5, 25] { try equalsBruteForce(values, dimensions, radius, minimumPoints) }
  }

  @Test func sixtyFourDimensions() throws {
    let values = noise(64 * 200, seed: 14)
    let radius = BruteForce(points: values, dimensions: 64).distances(of: 0)[60]
    try equalsBruteForce(values, 64, radius, 20)
    #expect(throws: ClusteringFailure.dimensions(65)) {
      try Points([Double](repeating: 0, count: 130), dimensions: 65)
    }
    #expect(throws: ClusteringFailure.dimensions(0)) { try Points([0.0], dimensions: 0) }
  }

  // MARK: Input

  @Test func notFiniteIsRefusedOrLeftOut() throws {
    let values: [Double] = [0, 0, 0.1, 0, .nan, 0, 0, 0.1, 5, .infinity, 5, 5]
    #expect(throws: ClusteringFailure.notFinite(row: 2)) { try Points(values, dimensions: 2) }
    let points = try Points(values, dimensions: 2, notFinite: .leaveOut)
    #expect(points.count == 6 && points.includedCount == 4)
    let result = try DBSCAN(radius: 0.2, minimumPoints: 3).cluster(points)
    #expect(result.labels == [0, 0, -2, 0, -2, -1])
    #expect(result.isCore == [true, true, false, true, false, false] && result.noiseCount == 1)
    // A row that the mask leaves out may hold anything.
    let mask = [true, true, false, true, false, true]
    #expect(try Points(values, dimensions: 2, isIncluded: mask).includedCount == 4)
    #expect(throws: ClusteringFailure.notFinite(row: 4)) {
      try Points(values, dimensions: 2, isIncluded: [true, true, false, true, true, true])
    }
    let float = values.map { Float($0) }
    #expect(throws: ClusteringFailure.notFinite(row: 2)) { try Points(float, dimensions: 2) }
  }

  @Test func masksAndWeightsMustFit() throws {
    #expect(throws: ClusteringFailure.length(of: "the mask", 1, points: 2)) {
      try Points([0.0, 1], dimensions: 1, isIncluded: [true])
    }
    #expect(throws: ClusteringFailure.length(of: "the weights", 3, points: 2)) {
      try Points([0.0, 1], dimensions: 1, weights: [1, 1, 1])
    }
    #expect(throws: ClusteringFailure.negativeWeight(row: 1)) {
      try Points([0.0, 1], dimensions: 1, weights: [1, -1])
    }
    #expect(throws: ClusteringFailure.tooMuchWeight(1 << 31)) {
      try Points([0.0, 1], dimensions: 1, weights: [.max, 1])
    }
  }

  @Test(arguments: [0, 1, 2, 15, 16, 17, 63, 64, 65, 129, 1000, 4097]) func sizes(count: Int) throws
  {
    try equalsBruteForce(noise(count, seed: 15), 1, 0.01, 3)
    try equalsBruteForce([Double](repeating: 2, count: count), 1, 1, max(count, 1))
    try equalsBruteForce([Double](repeating: 2, count: count), 1, 1, count + 1)
  }

  /// More points than Float has whole numbers: places are no floats.
  @Test func morePointsThanFloatCanCount() throws {
    let count = (1 << 24) + 100
    var values = (0..<count).map { Float($0 / 4096) }
    values[count - 1] = -5
    let result = try DBSCAN(radius: 0.25, minimumPoints: 4096).cluster(
      Points(values, dimensions: 1))
    #expect(result.clusterCount == 4096 && result.noiseCount == 100)
    #expect(result.labels[(1 << 24) - 1] == 4095 && result.labels[1 << 24] == -1)
  }

  // MARK: Depth

  @Test func exponentialSpacing() throws {
    let line = (0..<250).map { pow(2, Double($0) - 125) }
    for radius in [1e-30, 1, 1e20] { try equalsBruteForce(line, 1, radius, 2) }
    let diagonal = line.flatMap { [$0, $0, -$0] }
    try equalsBruteForce(diagonal, 3, 5, 3)
    // In Float too, from the smallest numbers on, many of each.
    let float = (0..<2500).map { Float(sign: .plus, exponent: $0 / 10 - 126, significand: 1) }
    let found = try DBSCAN(radius: 1, minimumPoints: 20).cluster(Points(float, dimensions: 1))
    let expected = BruteForce(points: float.map { Double($0) }, dimensions: 1)
      .cluster(radius: 1, minimumPoints: 20)
    #expect(found.labels == expected.labels)
  }

  @Test func neighbouringNumbers() throws {
    var value = 1.0
    var values: [Double] = []
    for _ in 0..<500 {
      values.append(value)
      value = value.nextUp
    }
    for steps in [1.0, 2, 40] { try equalsBruteForce(values, 1, steps * 1.0.ulp, 3) }
    var float: Float = 1
    let floats = (0..<500).map { _ in
      float = float.nextUp
      return float
    }
    let found = try DBSCAN(radius: Double(2 * Float(1).ulp), minimumPoints: 5)
      .cluster(Points(floats, dimensions: 1))
    #expect(found.clusterCount == 1 && found.isCore.count { $0 } == 496)
  }

  @Test func farOutliers() throws {
    for far in [1e6, 1e18, 1e30, 1e300] {
      try equalsBruteForce(
        noise(600, seed: 16) + [far, far, -far, 0, far, far.nextDown], 2, 0.05, 3)
    }
  }

  // MARK: Cancellation

  @Test func theObserverIsToldAndMayEndIt() throws {
    let points = try Points(noise(4 * 20_000, seed: 17), dimensions: 4)
    let seen = Mutex<[ClusteringProgress]>([])
    let workers = Workers(threads: 2) { progress in
      seen.withLock { $0.append(progress) }
      return true
    }
    _ = try DBSCAN(radius: 0.05, minimumPoints: 5).cluster(points, workers: workers)
    let all = seen.withLock { $0 }
    #expect(Set(all.map(\.phase)) == [.build, .count, .connect, .label])
    #expect(all.allSatisfy { 0...1 ~= $0.fraction })
    for phase in [ClusteringProgress.Phase.build, .count, .connect, .label] {
      for threads in [1, 2] {
        let stopper = Workers(threads: threads) { $0.phase != phase || $0.fraction == 0 }
        #expect(throws: ClusteringFailure.cancelled) {
          try DBSCAN(radius: 0.05, minimumPoints: 5).cluster(points, workers: stopper)
        }
      }
    }
  }
}
