import Clustering
import Testing
import TestSupport

@Suite struct RadiusScanTests {
  /// Three clouds of 400 points on a floor of 100.
  private func clouds(seed: UInt64) -> [Double] {
    var random = TestRandom(seed: seed)
    return (0..<1300).flatMap { row -> [Double] in
      let centre = [(0.0, 0.0), (3, 0), (0, 3)]
      if row >= 1200 { return (0..<2).map { _ in Double.random(in: -2...5, using: &random) } }
      func around(_ place: Double) -> Double {
        place + (0..<4).reduce(0) { sum, _ in sum + Double.random(in: -0.3...0.3, using: &random) }
      }
      return [around(centre[row % 3].0), around(centre[row % 3].1)]
    }
  }

  @Test func threeCloudsAreFound() throws {
    let points = try Points(clouds(seed: 1), dimensions: 2)
    let (choice, result) = try RadiusScan(minimumPoints: 10).cluster(points)
    #expect(choice.plateau?.clusters == 3 && choice.minimumPoints == 10)
    let alone = try DBSCAN(radius: choice.radius, minimumPoints: 10).cluster(points)
    #expect(result.labels == alone.labels && result.isCore == alone.isCore)
    for cloud in 0..<3 {
      let labels = stride(from: cloud, to: 1200, by: 3).map { result.labels[$0] }.filter { $0 >= 0 }
      let most = Dictionary(grouping: labels) { $0 }.map(\.value.count).max() ?? 0
      #expect(Double(most) > 0.98 * Double(labels.count) && labels.count > 200)
    }
  }

  /// Each step is what DBSCAN finds at that radius by itself.
  @Test(arguments: [16, 20, 24]) func everyStepIsExact(steps: Int) throws {
    let points = try Points(clouds(seed: 2), dimensions: 2)
    let (choice, _) = try RadiusScan(minimumPoints: 12, steps: steps).cluster(points)
    #expect(choice.steps.count <= steps && choice.steps.count > 4)
    for step in choice.steps {
      let alone = try DBSCAN(radius: step.radius, minimumPoints: 12).cluster(points)
      var cores = [Int](repeating: 0, count: alone.clusterCount)
      for (label, isCore) in zip(alone.labels, alone.isCore) where isCore { cores[Int(label)] += 1 }
      #expect(step.corePoints == cores.reduce(0, +))
      #expect(step.clusters == cores.count { $0 >= 12 })
      #expect(step.largestCluster == cores.max() ?? 0)
    }
    let radii = choice.steps.map(\.radius)
    #expect(radii == radii.sorted() && Set(radii).count == radii.count)
  }

  @Test func threadsMoveNothing() throws {
    let points = try Points(clouds(seed: 3).map { Float($0) }, dimensions: 2)
    let one = try RadiusScan().cluster(points, workers: Workers(threads: 1))
    let three = try RadiusScan().cluster(points, workers: Workers(threads: 3))
    #expect(one.choice == three.choice && one.result == three.result)
  }

  /// One cloud: the whole curve is looked at, and one cluster is the answer.
  @Test func oneCloud() throws {
    var random = TestRandom(seed: 4)
    let values = (0..<4000).map { _ in
      (0..<6).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &random) }
    }
    let (choice, result) = try RadiusScan(minimumPoints: 100).cluster(Points(values, dimensions: 2))
    #expect(choice.plateau?.clusters == 1 && choice.steps.count == 16)
    #expect(result.clusterCount >= 1)
  }

  @Test func minimumPointsFromThePoints() {
    #expect(RadiusScan.defaultMinimumPoints(weight: 1_000_000, dimensions: 4) == 1000)
    #expect(RadiusScan.defaultMinimumPoints(weight: 5000, dimensions: 4) == 8)
    #expect(RadiusScan.defaultMinimumPoints(weight: 10_501, dimensions: 4) == 11)
  }

  @Test func nothingToChoose() throws {
    #expect(throws: ClusteringFailure.nothingToChoose) {
      try RadiusScan().cluster(Points([Double](), dimensions: 2))
    }
    #expect(throws: ClusteringFailure.nothingToChoose) {
      try RadiusScan().cluster(Points([1.0, 2], dimensions: 2))
    }
    #expect(throws: ClusteringFailure.nothingToChoose) {
      try RadiusScan().cluster(Points([Double](repeating: 3, count: 500), dimensions: 2))
    }
    #expect(throws: ClusteringFailure.minimumPoints(0)) { try RadiusScan(minimumPoints: 0) }
    #expect(throws: ClusteringFailure.nothingToChoose) {
      try RadiusScan(minimumPoints: 5).cluster(Points([1.0, 2, 3, 4], dimensions: 1))
    }
    // Most points in one place, and every point its own nearest: there is something to choose from.
    let stacked = [Double](repeating: 0, count: 490) + (1...10).map { Double($0) }
    #expect(try RadiusScan().cluster(Points(stacked, dimensions: 1)).result.clusterCount > 0)
    #expect(
      try RadiusScan(minimumPoints: 1).cluster(Points(stacked, dimensions: 1)).choice.radius > 0)
  }

  @Test func blobsFarApart() throws {
    var random = TestRandom(seed: 5)
    let near = (0..<1000).map { _ in Double.random(in: -1...1, using: &random) }
    let (choice, _) = try RadiusScan(minimumPoints: 40)
      .cluster(Points(near + near.map { $0 + 1e9 }, dimensions: 2))
    #expect(choice.radius > 0)
  }

  // MARK: The rule

  private func choice(_ clusters: Int...) -> RadiusChoice {
    let steps = clusters.enumerated().map { number, clusters in
      RadiusChoice.Step(
        radius: Double(1 << number), clusters: clusters, corePoints: 0, largestCluster: 0)
    }
    return RadiusChoice(minimumPoints: 1, steps: steps)
  }

  @Test func theWidestPlateauWins() {
    let found = choice(0, 2, 5, 5, 5, 3, 3, 1)
    #expect(found.plateau?.clusters == 5 && found.runnerUp?.clusters == 3)
    #expect(found.radius == 8 && found.plateau?.width == 4)
    #expect(found.plateau?.steps == 2..<5)
  }

  @Test func amongEqualsTheLargerRadii() {
    #expect(choice(4, 4, 2, 2).plateau?.clusters == 2)
    #expect(choice(4, 4, 7, 2, 2).radius == (8.0 * 16).squareRoot())
  }

  @Test func oneClusterOnlyWhereThereIsNoOther() {
    #expect(choice(1, 1, 1, 1, 2, 2, 2).plateau?.clusters == 2)
    #expect(choice(1, 1, 1, 1, 2, 2).plateau?.clusters == 1)
    #expect(choice(1, 1, 1, 1, 2, 1).plateau?.clusters == 1)
    #expect(choice(1, 1, 1, 1, 2, 1).runnerUp?.clusters == 1)
    #expect(choice(3, 2, 1).plateau?.clusters == 1)
    #expect(choice(0, 0, 1, 0).radius == 4)
  }

  @Test func noClusterAtAll() {
    let found = choice(0, 0, 0)
    #expect(found.plateau == nil && found.runnerUp == nil && found.radius == 4)
  }
}
