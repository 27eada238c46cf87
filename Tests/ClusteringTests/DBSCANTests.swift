import Clustering
import Foundation
import StackIO
import Testing
import TestSupport

/// The points of a file.
func points(of file: PointsFile) throws -> Points {
  switch file.values {
  case .float(let values): try Points(values, dimensions: file.dimensions)
  case .double(let values): try Points(values, dimensions: file.dimensions)
  }
}

extension DBSCAN {
  fileprivate func cluster(_ points: [Double], dimensions: Int) throws -> Result {
    try cluster(Points(points, dimensions: dimensions))
  }
}

private func labels(
  _ points: [Double], _ dimensions: Int, radius: Double, minimumPoints: Int
) throws -> [Int32] {
  try DBSCAN(radius: radius, minimumPoints: minimumPoints)
    .cluster(points, dimensions: dimensions).labels
}

@Suite struct DBSCANTests {
  /// A chain of five, a pair apart, and a loner: every label by hand.
  @Test(arguments: [
    (1, [0, 0, 0, 0, 0, 1, 1, 2]),
    (2, [0, 0, 0, 0, 0, 1, 1, -1]),
    (3, [0, 0, 0, 0, 0, -1, -1, -1]),
    (4, [-1, -1, -1, -1, -1, -1, -1, -1]),
  ])
  func toyOnALine(minimumPoints: Int, expected: [Int32]) throws {
    let points: [Double] = [0, 1, 2, 3, 4, 10, 11, 20]
    #expect(try labels(points, 1, radius: 1, minimumPoints: minimumPoints) == expected)
  }

  @Test func theRadiusItselfCounts() throws {
    #expect(try labels([0, 1], 1, radius: 1, minimumPoints: 2) == [0, 0])
    #expect(try labels([0, 1], 1, radius: 1.0.nextDown, minimumPoints: 2) == [-1, -1])
    let diagonal = 2.0.squareRoot()
    // sqrt(2) squared is a little above 2, and its lower neighbour's square below.
    #expect(try labels([0, 0, 1, 1], 2, radius: diagonal, minimumPoints: 2) == [0, 0])
    #expect(try labels([0, 0, 1, 1], 2, radius: diagonal.nextDown, minimumPoints: 2) == [-1, -1])
  }

  @Test func duplicatesAllCount() throws {
    let points = [Double](repeating: 3.5, count: 200)
    #expect(try labels(points, 2, radius: 1e-300, minimumPoints: 100).allSatisfy { $0 == 0 })
    #expect(try labels(points, 2, radius: 1, minimumPoints: 101).allSatisfy { $0 == -1 })
  }

  /// The middle point reaches both groups and is not core: it takes the smaller label and joins
  /// nothing, whichever group comes first.
  @Test func aBorderPointDoesNotConduct() throws {
    let left = [-2.0, -1.9, -1.8, -1.7, -1]
    let right = [1, 1.7, 1.8, 1.9, 2.0]
    for points in [left + [0] + right, right + [0] + left] {
      let found = try labels(points, 1, radius: 1, minimumPoints: 5)
      #expect(found == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    }
    // First the border point: the clusters are still numbered by their cores.
    #expect(try labels([0] + right + left, 1, radius: 1, minimumPoints: 5)[0] == 0)
  }

  @Test func emptyAndSingle() throws {
    #expect(try labels([], 3, radius: 1, minimumPoints: 1).isEmpty)
    #expect(try labels([7, 7], 2, radius: 1, minimumPoints: 1) == [0])
    #expect(try labels([7, 7], 2, radius: 1, minimumPoints: 2) == [-1])
  }

  @Test func refusals() throws {
    #expect(throws: ClusteringFailure.self) { try DBSCAN(radius: 0, minimumPoints: 1) }
    #expect(throws: ClusteringFailure.self) { try DBSCAN(radius: .infinity, minimumPoints: 1) }
    #expect(throws: ClusteringFailure.minimumPoints(0)) { try DBSCAN(radius: 1, minimumPoints: 0) }
    let clustering = try DBSCAN(radius: 1, minimumPoints: 2)
    #expect(throws: ClusteringFailure.notFinite(row: 1)) {
      _ = try clustering.cluster([0, 0, 1, .nan, 2, 2], dimensions: 2)
    }
    #expect(throws: ClusteringFailure.shape(values: 5, dimensions: 2)) {
      try clustering.cluster([0, 0, 1, 1, 2], dimensions: 2)
    }
  }

  /// Radii are drawn from distances between the points, so that ties happen; the coordinates are
  /// coarse, so that duplicates do.
  @Test(arguments: 1...8) func equalsBruteForce(dimensions: Int) throws {
    var random = TestRandom(seed: UInt64(dimensions))
    for round in 0..<300 {
      let count = Int.random(in: 1...220, using: &random)
      let levels = [4, 12, 1000].randomElement(using: &random) ?? 4
      let points = (0..<count * dimensions).map { _ in
        Double(Int.random(in: 0..<levels, using: &random)) / 3
      }
      let (a, b) = (
        Int.random(in: 0..<count, using: &random), Int.random(in: 0..<count, using: &random)
      )
      let squared = (0..<dimensions).reduce(0.0) { sum, axis in
        let difference = points[a * dimensions + axis] - points[b * dimensions + axis]
        return sum + difference * difference
      }
      let radius = squared > 0 ? squared.squareRoot() : 0.5
      let minimumPoints = Int.random(in: 1...12, using: &random)
      let expected = BruteForce(points: points, dimensions: dimensions)
        .cluster(radius: radius, minimumPoints: minimumPoints)
      let found = try DBSCAN(radius: radius, minimumPoints: minimumPoints)
        .cluster(points, dimensions: dimensions)
      #expect(found.labels == expected.labels, "round \(round), radius \(radius)")
      #expect(found.isCore == expected.isCore, "round \(round), radius \(radius)")
    }
  }

  /// Exponentially spaced points, far outliers, huge and tiny scales: depth and rounding.
  @Test func extremeCoordinates() throws {
    let line = (0..<2000).map { pow(2, Double($0) - 1000) }
    #expect(try labels(line, 1, radius: 1, minimumPoints: 3).count(where: { $0 == 0 }) == 1002)
    let far = [0, 1, 2, 1e300, -1e300]
    #expect(try labels(far, 1, radius: 1, minimumPoints: 2) == [0, 0, 0, -1, -1])
    let offset = (0..<500).map { 1e15 + Double($0 % 10) }
    #expect(Set(try labels(offset, 1, radius: 0.5, minimumPoints: 50)).count == 10)
  }

  /// Independent answers: the labels, element by element, of scikit-learn 1.9.1.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func equalsScikitLearn() throws {
    struct Cases: Decodable {
      struct Case: Decodable {
        let name: String
        let eps: Double
        let min_samples: Int
      }
      let cases: [Case]
    }
    let cases = try JSONDecoder().decode(Cases.self, from: SharedData.data("dbscan/cases.json"))
      .cases
    #expect(cases.count == 9)
    for entry in cases {
      let file = try PointsFile(path: SharedData.path("dbscan/\(entry.name).csv"))
      let result = try DBSCAN(radius: entry.eps, minimumPoints: entry.min_samples)
        .cluster(points(of: file))
      let expected = try SharedData.rows("dbscan/\(entry.name).expected.csv").dropFirst()
      #expect(result.labels == expected.map { Int32($0[3]) }, "\(entry.name)")
      #expect(result.isCore == expected.map { $0[2] == "1" }, "\(entry.name)")
    }
  }
}
