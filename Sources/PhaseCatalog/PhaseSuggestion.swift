/// Clusters of many results whose spectra are alike: perhaps a phase.
public struct PhaseSuggestion: Sendable {
  /// Its clusters, as places in what was grouped.
  public let members: [Int]
  /// The one that is nearest to the others.
  public let centre: Int
  /// How far the farthest is from that.
  public let radius: Double
  /// How far from it the nearest cluster of another group is; nil where there is none that can be compared.
  public let separation: Double?

  /// A limit that its clusters lie clearly within, and others beyond, where there is one: in the middle between the two.
  public var limit: Double {
    // At 0.8 of the limit, a cluster is assigned and not ambiguous.
    let least = max(radius / 0.8, 0.01)
    guard let separation, separation > radius else { return least }
    let middle = (radius + separation) / 2
    return least < separation ? max(least, middle) : middle
  }

  /// Groups of spectra, the largest first: two groups are joined while the mean distance of their members is at most a
  /// limit (average linkage), the nearest first. Spectra that cannot be compared are never joined.
  ///
  /// Source: Sokal and Michener, "A statistical method for evaluating systematic relationships", Univ. Kansas Sci.
  /// Bull. 38, 1409 (1958).
  ///
  /// - Complexity: O(n^3) for n spectra, O(n^2 energies) distances.
  public static func groups(_ spectra: [Spectrum], within limit: Double) -> [PhaseSuggestion] {
    let count = spectra.count
    var distances = [[Double]](
      repeating: [Double](repeating: 0, count: count), count: count)
    for a in 0..<count {
      for b in 0..<a {
        let distance = spectrumDistance(spectra[a], spectra[b]) ?? .infinity
        (distances[a][b], distances[b][a]) = (distance, distance)
      }
    }
    return joined(distances, within: limit).map { members in
      func farthest(_ place: Int) -> Double { members.map { distances[place][$0] }.max() ?? 0 }
      func total(_ place: Int) -> Double { members.reduce(0) { $0 + distances[place][$1] } }
      let centre = members.min { (total($0), $0) < (total($1), $1) } ?? members[0]
      let others = Set(members)
      let separation = (0..<count).filter { !others.contains($0) }.map { distances[centre][$0] }
        .min().flatMap { $0.isFinite ? $0 : nil }
      return PhaseSuggestion(
        members: members, centre: centre, radius: farthest(centre), separation: separation)
    }
  }

  /// Groups by average linkage, the largest first, then by the first member.
  static func joined(_ distances: [[Double]], within limit: Double) -> [[Int]] {
    var groups: [[Int]?] = distances.indices.map { [$0] }
    var between = distances
    while true {
      var best: (distance: Double, a: Int, b: Int)?
      for a in groups.indices where groups[a] != nil {
        for b in 0..<a where groups[b] != nil && between[a][b] <= limit {
          if best.map({ between[a][b] < $0.distance }) ?? true { best = (between[a][b], b, a) }
        }
      }
      guard let (_, a, b) = best, let one = groups[a], let other = groups[b] else { break }
      for c in groups.indices where groups[c] != nil && c != a && c != b {
        let sum = Double(one.count) * between[a][c] + Double(other.count) * between[b][c]
        between[a][c] = sum / Double(one.count + other.count)
        between[c][a] = between[a][c]
      }
      groups[a] = (one + other).sorted()
      groups[b] = nil
    }
    return groups.compactMap(\.self).sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
  }
}
