/// How far two label maps of one size agree, over the pixels that were analysed in both.
///
/// Labels are those of the maps: from 0, -1 noise, -2 not analysed. Noise counts as a label of its own. A cluster's number
/// means nothing in another map, and none of this depends on it.
public struct LabelAgreement: Sendable, Equatable {
  /// A cluster of one map and the cluster of the other that it is.
  public struct Match: Sendable, Equatable {
    /// In the first map.
    public let cluster: Int
    /// In the other.
    public let other: Int
    /// The pixels that both have.
    public let pixels: Int

    /// A match.
    package init(cluster: Int, other: Int, pixels: Int) {
      self.cluster = cluster
      self.other = other
      self.pixels = pixels
    }
  }

  /// The pixels analysed in both.
  public let commonPixels: Int
  /// The adjusted Rand index: 1 where the maps part the pixels alike, about 0 where they agree no more than by chance,
  /// and below it where less; nil without a pixel in common.
  public let adjustedRand: Double?
  /// The pixels whose labels are a match, or are noise in both.
  public let samePixels: Int
  /// Which cluster is which: of all ways to pair clusters off, one with the most pixels in common, and the same one
  /// each time. In the order of the first map's labels; a pair without a common pixel is none.
  public let matches: [Match]

  /// Compares two maps.
  ///
  /// - Complexity: O(pixels), and O(clusters³) for the matching.
  package init(_ first: [Int32], _ other: [Int32]) {
    precondition(first.count == other.count, "maps of one size")
    var cells: [Cell: Int] = [:]
    for (a, b) in zip(first, other) where a > -2 && b > -2 {
      cells[Cell(first: Int(a), other: Int(b)), default: 0] += 1
    }
    let common = cells.values.reduce(0, +)
    commonPixels = common
    adjustedRand = common > 0 ? Self.adjustedRand(of: cells, pixels: common) : nil
    matches = Self.matches(of: cells)
    let noise = cells[Cell(first: -1, other: -1)] ?? 0
    samePixels = matches.reduce(noise) { $0 + $1.pixels }
  }

  /// Their share of the pixels analysed in both; nil without any.
  public var sameShare: Double? {
    commonPixels > 0 ? Double(samePixels) / Double(commonPixels) : nil
  }

  /// A cell of the contingency table: a label in each map.
  private struct Cell: Hashable {
    let first: Int
    let other: Int
  }

  /// The index of Hubert and Arabie, doi 10.1007/BF01908075: pairs of pixels that are together in both maps, less what
  /// chance leaves, over the most that there could be. Exact but for the last division. Where chance leaves nothing
  /// to agree on (all pixels in one cluster, or each in its own, in both maps) it is 1.
  private static func adjustedRand(of cells: [Cell: Int], pixels: Int) -> Double {
    func pairs(_ counts: some Sequence<Int>) -> Int128 {
      counts.reduce(0) { $0 + Int128($1) * Int128($1 - 1) / 2 }
    }
    let together = pairs(cells.values)
    let inFirst = pairs(
      Dictionary(cells.map { ($0.key.first, $0.value) }, uniquingKeysWith: +).values)
    let inOther = pairs(
      Dictionary(cells.map { ($0.key.other, $0.value) }, uniquingKeysWith: +).values)
    let all = pairs(CollectionOfOne(pixels))
    // With 2^31 pixels the products still fit.
    let largest = (inFirst + inOther) * all - 2 * inFirst * inOther
    return largest == 0 ? 1 : Double(2 * (together * all - inFirst * inOther)) / Double(largest)
  }

  /// The matching with the most common pixels.
  private static func matches(of cells: [Cell: Int]) -> [Match] {
    let clusters = cells.keys.filter { $0.first >= 0 && $0.other >= 0 }
    let rows = Set(clusters.map(\.first)).sorted()
    let columns = Set(clusters.map(\.other)).sorted()
    func overlap(_ row: Int, _ column: Int) -> Int {
      cells[Cell(first: row, other: column)] ?? 0
    }
    // As many columns as rows at least: the missing ones overlap with nothing.
    let width = max(rows.count, columns.count)
    let costs = rows.map { row in
      (0..<width).map { $0 < columns.count ? -overlap(row, columns[$0]) : 0 }
    }
    return zip(rows, cheapestAssignment(costs)).compactMap { row, place in
      guard place < columns.count, overlap(row, columns[place]) > 0 else { return nil }
      return Match(cluster: row, other: columns[place], pixels: overlap(row, columns[place]))
    }
  }
}

/// A column for each row, none twice, for which the sum of the costs is the least: the Hungarian method, with shortest
/// augmenting paths (Kuhn, doi 10.1002/nav.3800020109; Jonker and Volgenant, doi 10.1007/BF02278710).
///
/// - Parameter costs: rows of one length, which is not less than their count.
/// - Complexity: O(rows² · columns).
private func cheapestAssignment(_ costs: [[Int]]) -> [Int] {
  let width = costs.first?.count ?? 0
  // Prices that no cost undercuts: cost(r, c) >= rowPrice[r] + columnPrice[c], and equal where r has c. Rows and columns
  // count from 1; row 0 is the one that is being placed.
  var rowPrice = [Int](repeating: 0, count: costs.count + 1)
  var columnPrice = [Int](repeating: 0, count: width + 1)
  var rowOf = [Int](repeating: 0, count: width + 1)
  for row in 1..<costs.count + 1 {
    var cheapest = [Int](repeating: .max, count: width + 1)
    var before = [Int](repeating: 0, count: width + 1)
    var isReached = [Bool](repeating: false, count: width + 1)
    rowOf[0] = row
    var column = 0
    while rowOf[column] != 0 {
      isReached[column] = true
      let from = rowOf[column]
      var (next, step) = (0, Int.max)
      for other in 1..<width + 1 where !isReached[other] {
        let cost = costs[from - 1][other - 1] - rowPrice[from] - columnPrice[other]
        if cost < cheapest[other] { (cheapest[other], before[other]) = (cost, column) }
        if cheapest[other] < step { (next, step) = (other, cheapest[other]) }
      }
      for other in 0..<width + 1 {
        if isReached[other] {
          rowPrice[rowOf[other]] += step
          columnPrice[other] -= step
        } else if other > 0 {
          cheapest[other] -= step
        }
      }
      column = next
    }
    // The path back: each column takes the row of the one before it.
    while column != 0 {
      rowOf[column] = rowOf[before[column]]
      column = before[column]
    }
  }
  var columns = [Int](repeating: 0, count: costs.count)
  for column in 1..<width + 1 where rowOf[column] != 0 { columns[rowOf[column] - 1] = column - 1 }
  return columns
}
