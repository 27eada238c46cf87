import Clustering

/// DBSCAN and neighbour search by their definitions, every pair compared: what the fast paths must equal.
struct BruteForce {
  let points: [Double]
  let dimensions: Int
  var weights: [Int32]?

  var count: Int { points.count / dimensions }

  func squaredDistance(_ a: Int, _ b: Int) -> Double {
    var sum = 0.0
    for axis in 0..<dimensions {
      let difference = points[a * dimensions + axis] - points[b * dimensions + axis]
      sum += difference * difference
    }
    return sum
  }

  func counts(within radius: Double) -> [Int] {
    (0..<count).map { a in
      (0..<count).reduce(0) { sum, b in
        squaredDistance(a, b) <= radius * radius ? sum + Int(weights?[b] ?? 1) : sum
      }
    }
  }

  func distances(of point: Int) -> [Double] {
    (0..<count).map { squaredDistance(point, $0).squareRoot() }.sorted()
  }

  func cluster(radius: Double, minimumPoints: Int) -> (labels: [Int32], isCore: [Bool]) {
    let n = count
    func areNeighbours(_ a: Int, _ b: Int) -> Bool { squaredDistance(a, b) <= radius * radius }
    let isCore = counts(within: radius).map { $0 >= minimumPoints }
    var labels = [Int32](repeating: -1, count: n)
    var next: Int32 = 0
    for start in 0..<n where isCore[start] && labels[start] < 0 {
      labels[start] = next
      var pending = [start]
      while let a = pending.popLast() {
        for b in 0..<n where isCore[b] && labels[b] < 0 && areNeighbours(a, b) {
          labels[b] = next
          pending.append(b)
        }
      }
      next += 1
    }
    for point in 0..<n where !isCore[point] {
      labels[point] =
        (0..<n).filter { isCore[$0] && areNeighbours(point, $0) }.map { labels[$0] }.min() ?? -1
    }
    return (labels, isCore)
  }
}
