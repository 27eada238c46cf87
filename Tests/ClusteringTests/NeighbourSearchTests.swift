import Clustering
import Testing
import TestSupport

@Suite struct NeighbourSearchTests {
  /// Everything by hand: four points on a line.
  @Test func fourPoints() throws {
    let search = try NeighbourSearch(Points([0.0, 1, 3, 7], dimensions: 1))
    #expect(try search.counts(within: 2) == [2, 3, 2, 1])
    #expect(try search.counts(within: 1) == [2, 2, 1, 1])
    #expect(try search.counts(within: 1.0.nextDown) == [1, 1, 1, 1])
    #expect(try search.counts(within: 10, limit: 3) == [3, 3, 3, 3])
    #expect(try search.counts(within: 2, of: [3, 1, 1]) == [1, 3, 3])
    #expect(try search.distances(toNeighbour: 1) == [0, 0, 0, 0])
    #expect(try search.distances(toNeighbour: 2) == [1, 1, 2, 4])
    #expect(try search.distances(toNeighbour: 4, of: [3]) == [7])
    #expect(try search.nearestDistances(3) == [[0, 1, 3], [0, 1, 2], [0, 2, 3], [0, 4, 6]])
  }

  @Test func refusals() throws {
    let search = try NeighbourSearch(
      Points([0.0, 1, 3, 7], dimensions: 1, isIncluded: [true, false, true, true]))
    #expect(throws: ClusteringFailure.radius(0)) { try search.counts(within: 0) }
    #expect(throws: ClusteringFailure.minimumPoints(0)) { try search.counts(within: 1, limit: 0) }
    #expect(throws: ClusteringFailure.noSuchPoint(4)) { try search.counts(within: 1, of: [4]) }
    #expect(throws: ClusteringFailure.noSuchPoint(1)) { try search.counts(within: 1, of: [1]) }
    #expect(throws: ClusteringFailure.noSuchPoint(-1)) { try search.counts(within: 1, of: [-1]) }
    #expect(throws: ClusteringFailure.neighbours(4, points: 3)) {
      try search.distances(toNeighbour: 4)
    }
    #expect(throws: ClusteringFailure.neighbours(0, points: 3)) { try search.nearestDistances(0) }
    #expect(try search.counts(within: 3) == [2, 0, 2, 1])
    let distances = try search.distances(toNeighbour: 2)
    #expect(distances[0] == 3 && distances[1].isNaN && distances[3] == 4)
    #expect(try search.nearestDistances(2)[1] == [])
    let none = try NeighbourSearch(Points([Double](), dimensions: 2))
    #expect(try none.counts(within: 1) == [])
    #expect(try none.distances(toNeighbour: 1) == [])
  }

  @Test(arguments: [1, 2, 3, 4, 8, 13]) func equalsBruteForce(dimensions: Int) throws {
    var random = TestRandom(seed: UInt64(300 + dimensions))
    for round in 0..<12 {
      let count = Int.random(in: 1...900, using: &random)
      let levels = [4, 1_000_000].randomElement(using: &random) ?? 4
      let values = (0..<count * dimensions).map { _ in
        Double(Int.random(in: 0..<levels, using: &random)) / 7 + (round % 3 == 0 ? 1e5 : 0)
      }
      let brute = BruteForce(points: values, dimensions: dimensions)
      let search = try NeighbourSearch(Points(values, dimensions: dimensions))
      let distances = brute.distances(of: 0)
      let radius = distances.randomElement(using: &random) ?? 1
      if radius > 0 {
        let expected = brute.counts(within: radius)
        #expect(try search.counts(within: radius) == expected)
        #expect(try search.counts(within: radius, limit: 5) == expected.map { min($0, 5) })
      }
      let k = Int.random(in: 1...count, using: &random)
      let chosen = (0..<20).map { _ in Int.random(in: 0..<count, using: &random) }
      let nearest = chosen.map { Array(brute.distances(of: $0).prefix(k)) }
      #expect(try search.nearestDistances(k, of: chosen) == nearest)
      #expect(try search.distances(toNeighbour: k, of: chosen) == nearest.map { $0[k - 1] })
    }
  }

  /// Points that Float cannot tell apart, and squares that Double cannot hold: slow is allowed, for ever is not.
  @Test(arguments: [1e7, 1e9, 1e-200, .leastNormalMagnitude, 1e300]) func hopelessScales(
    scale: Double
  ) throws {
    var random = TestRandom(seed: 320)
    let near = (0..<200).map { _ in Double.random(in: -1...1, using: &random) }
    let values =
      scale > 1 && scale < 1e100 ? near + near.map { $0 + scale } : near.map { $0 * scale }
    let brute = BruteForce(points: values, dimensions: 2)
    let search = try NeighbourSearch(Points(values, dimensions: 2))
    for k in [1, 2, 30, values.count / 2] {
      #expect(
        try search.distances(toNeighbour: k, of: [0, 7])
          == [brute.distances(of: 0)[k - 1], brute.distances(of: 7)[k - 1]])
    }
  }

  /// An index serves several radii, and from several threads at once.
  @Test func oneIndexForManyRadii() async throws {
    var random = TestRandom(seed: 310)
    let values = (0..<20_000).map { _ in Float.random(in: 0...1, using: &random) }
    let points = try Points(values, dimensions: 2)
    let search = try NeighbourSearch(points)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for radius in [0.005, 0.01, 0.02] {
        group.addTask {
          let clustering = try DBSCAN(radius: radius, minimumPoints: 6)
          let shared = try clustering.cluster(search)
          let alone = try clustering.cluster(points)
          #expect(shared == alone)
        }
      }
      try await group.waitForAll()
    }
  }
}
