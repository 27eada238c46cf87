import PhaseCatalog
import TestSupport
import Testing

/// How far the shapes of spectra are apart, and which of them make a group.
@Suite struct SpectrumDistanceTests {
  private let energies = (0..<30).map { 7100 + 3 * Double($0) }

  private func spectrum(_ value: (Double) -> Double) -> Spectrum {
    Spectrum(energies: energies, values: energies.map(value))
  }

  /// An edge at an energy, with a peak behind it.
  private func edge(at energy: Double, peak: Double = 1) -> Spectrum {
    spectrum { ($0 < energy ? 0 : 1) + peak * max(0, 1 - abs($0 - energy - 6) / 9) }
  }

  private func random(_ random: inout TestRandom) -> Spectrum {
    spectrum { _ in Double.random(in: -1...1, using: &random) }
  }

  /// Thickness, units and a smooth background do not count.
  @Test func aFactorAndALineDoNotCount() throws {
    let one = edge(at: 7130)
    for (factor, offset, slope) in [(1.0, 0.0, 0.0), (3, 0, 0), (0.25, -2, 0), (1e-6, 1e-5, 1e-7)] {
      let other = Spectrum(
        energies: energies,
        values: zip(energies, one.values).map { factor * $1 + offset + slope * ($0 - 7100) })
      let distance = try #require(spectrumDistance(one, other))
      #expect(distance < 1e-6, "\(factor)")
      #expect(try #require(spectrumDistance(other, one)) < 1e-6)
    }
    #expect(try #require(spectrumDistance(one, edge(at: 7130, peak: 0.5))) > 0.1)
    #expect(try #require(spectrumDistance(one, edge(at: 7160))) > 0.3)
  }

  /// What goes the other way shares nothing.
  @Test func theOppositeIsFarthest() {
    let one = edge(at: 7130)
    let opposite = Spectrum(energies: energies, values: one.values.map { 2 - 3 * $0 })
    #expect(spectrumDistance(one, opposite) == 1)
    #expect(spectrumDistance(opposite, one) == 1)
  }

  @Test func noStructureAndTooFewEnergies() throws {
    let one = edge(at: 7130)
    #expect(spectrumDistance(one, spectrum { _ in 2 }) == nil)
    #expect(spectrumDistance(spectrum { _ in 0 }, one) == nil)
    #expect(spectrumDistance(one, spectrum { 0.3 + 0.01 * ($0 - 7100) }) == nil)
    #expect(spectrumDistance(one, Spectrum(energies: [], values: [])) == nil)
    #expect(spectrumDistance(one, Spectrum(energies: [7130], values: [1])) == nil)
    /// The last energies, and as many beyond.
    func last(_ count: Int) -> Spectrum {
      let own = (0..<2 * count).map { energies[30 - count] + 3 * Double($0) }
      return Spectrum(energies: own, values: own.indices.map { Double($0 * $0 % 5) })
    }
    // The overlap must have a structure of its own.
    var random = TestRandom(seed: 1)
    let rough = self.random(&random)
    #expect(spectrumDistance(rough, last(7)) == nil)
    #expect(spectrumDistance(rough, last(8)) != nil)
    let beyond = Spectrum(energies: energies.map { $0 + 1000 }, values: rough.values)
    #expect(spectrumDistance(rough, beyond) == nil)
  }

  /// The share of one's structure that the other does not explain, by least squares: once with a line alone, and once
  /// with the other too.
  @Test func leastSquares() throws {
    var random = TestRandom(seed: 2)
    for _ in 0..<200 {
      let (a, b) = (self.random(&random), self.random(&random))
      let mix = Double.random(in: -1...1, using: &random)
      let mixed = Spectrum(
        energies: energies, values: zip(a.values, b.values).map { mix * $0 + $1 })
      let line = [energies.map { _ in 1 }, energies.map { ($0 - 7140) / 40 }]
      let (alone, _) = leastSquares(mixed.values, line)
      let (rest, factors) = leastSquares(mixed.values, line + [a.values])
      let expected = factors[2] > 0 ? (rest / alone).squareRoot() : 1
      let distance = try #require(spectrumDistance(a, mixed))
      #expect(abs(distance - expected) < 1e-7)
      let back = try #require(spectrumDistance(mixed, a))
      #expect(abs(distance - back) < 1e-12)
      #expect((0...1).contains(distance))
    }
  }

  /// The squares that a fit leaves, and its factors: by the normal equations.
  private func leastSquares(
    _ values: [Double], _ columns: [[Double]]
  ) -> (rest: Double, factors: [Double]) {
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { $0 * $1 }.reduce(0, +) }
    let count = columns.count
    var rows = columns.map { own in columns.map { dot(own, $0) } + [dot(own, values)] }
    for pivot in 0..<count {
      for row in 0..<count where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for place in 0...count { rows[row][place] -= factor * rows[pivot][place] }
      }
    }
    let factors = (0..<count).map { rows[$0][count] / rows[$0][$0] }
    let rest = values.indices.map { place in
      values[place] - (0..<count).map { factors[$0] * columns[$0][place] }.reduce(0, +)
    }
    return (dot(rest, rest), factors)
  }

  /// A spectrum is straight between its energies: what was taken of it at others is no other spectrum.
  @Test func otherEnergies() throws {
    let knots = edge(at: 7130)
    // All of the knots and the middles between them.
    let finer = (0..<59).map { 7100 + 1.5 * Double($0) }
    let fine = Spectrum(energies: finer, values: finer.map { 2 * knots.value(at: $0) - 1 })
    #expect(try #require(spectrumDistance(knots, fine)) < 1e-6)
    #expect(try #require(spectrumDistance(fine, knots)) < 1e-6)
    // Fewer energies, none of them a knot, over a part of the range.
    let coarser = (0..<12).map { 7111.7 + 4.1 * Double($0) }
    let coarse = Spectrum(energies: coarser, values: coarser.map { knots.value(at: $0) })
    #expect(try #require(spectrumDistance(knots, coarse)) < 1e-6)
    #expect(try #require(spectrumDistance(coarse, knots)) < 1e-6)
    let sixth = knots.values[10] + (knots.values[11] - knots.values[10]) / 6
    #expect(abs(knots.value(at: 7130.5) - sixth) < 1e-12)
  }

  /// As far there as back, also where both have as many energies, but not the same.
  @Test func thereAndBack() throws {
    var random = TestRandom(seed: 4)
    for _ in 0..<20 {
      let a = self.random(&random)
      let b = Spectrum(
        energies: energies.map { $0 + 1.25 }, values: self.random(&random).values)
      let there = try #require(spectrumDistance(a, b))
      let back = try #require(spectrumDistance(b, a))
      #expect(abs(there - back) < 1e-12)
    }
  }

  // MARK: Groups

  @Test func threeGroups() throws {
    var random = TestRandom(seed: 5)
    func near(_ centre: Spectrum) -> Spectrum {
      Spectrum(
        energies: energies,
        values: centre.values.map { 2 * $0 + Double.random(in: -0.02...0.02, using: &random) })
    }
    let centres = [edge(at: 7115), edge(at: 7140), edge(at: 7165)]
    let kinds = [2, 0, 1, 0, 2, 0, 1, 0, 2]
    let groups = PhaseSuggestion.groups(kinds.map { near(centres[$0]) }, within: 0.2)
    #expect(groups.map(\.members) == [[1, 3, 5, 7], [0, 4, 8], [2, 6]])
    for group in groups {
      let separation = try #require(group.separation)
      #expect(group.members.contains(group.centre))
      #expect(group.radius < 0.1 && separation > 0.3)
      #expect(group.limit > group.radius && group.limit < separation)
    }
  }

  @Test func fewSpectra() {
    #expect(PhaseSuggestion.groups([], within: 0.1).isEmpty)
    let alone = PhaseSuggestion.groups([edge(at: 7130)], within: 0.1)
    #expect(alone.map(\.members) == [[0]] && alone[0].centre == 0 && alone[0].radius == 0)
    #expect(alone[0].separation == nil && alone[0].limit == 0.01)
    // What cannot be compared is never joined.
    let flat = PhaseSuggestion.groups([edge(at: 7130), spectrum { _ in 1 }], within: 0.99)
    #expect(flat.map(\.members) == [[0], [1]])
    #expect(flat.allSatisfy { $0.separation == nil })
  }

  /// Against groups whose mean distances are all taken anew at each step.
  @Test(arguments: 0..<40) func averageLinkage(seed: Int) throws {
    var random = TestRandom(seed: UInt64(seed))
    let bases = (0..<3).map { _ in self.random(&random) }
    let noise = Double.random(in: 0.1...1.5, using: &random)
    let spectra = (0..<Int.random(in: 2...9, using: &random)).map { _ -> Spectrum in
      let base = bases[Int.random(in: 0..<3, using: &random)]
      let values = base.values.map { $0 + Double.random(in: -noise...noise, using: &random) }
      // Some are of elsewhere.
      let isFar = Int.random(in: 0..<6, using: &random) == 0
      return Spectrum(energies: energies.map { $0 + (isFar ? 1000 : 0) }, values: values)
    }
    func distance(_ a: Int, _ b: Int) -> Double {
      a == b ? 0 : spectrumDistance(spectra[max(a, b)], spectra[min(a, b)]) ?? .infinity
    }
    for limit in [0.2, 0.5, 0.8, 0.95] {
      var groups = spectra.indices.map { [$0] }
      while true {
        var best: (mean: Double, a: Int, b: Int)?
        for b in groups.indices {
          for a in 0..<b {
            let sum = groups[a].reduce(0) { sum, one in
              groups[b].reduce(sum) { $0 + distance(one, $1) }
            }
            let mean = sum / Double(groups[a].count * groups[b].count)
            if mean <= limit, mean < best?.mean ?? .infinity { best = (mean, a, b) }
          }
        }
        guard let best else { break }
        let other = groups.remove(at: best.b)
        groups[best.a] += other
      }
      let found = PhaseSuggestion.groups(spectra, within: limit)
      #expect(
        Set(found.map(\.members)) == Set(groups.map { $0.sorted() }), "limit \(limit)")
      let order = found.map { ($0.members.count, $0.members[0]) }
      #expect(zip(order, order.dropFirst()).allSatisfy { ($1.0, $0.1) < ($0.0, $1.1) })
      for group in found {
        let strangers = spectra.indices.filter { !group.members.contains($0) }
        let far = group.members.map { distance(group.centre, $0) }.max() ?? 0
        #expect(group.radius == far)
        let nearest = strangers.map { distance(group.centre, $0) }.min() ?? .infinity
        #expect(group.separation ?? .infinity == nearest)
        func total(_ place: Int) -> Double {
          group.members.reduce(0) { $0 + distance(place, $1) }
        }
        #expect(group.members.allSatisfy { total(group.centre) <= total($0) })
        // The limit parts members from strangers wherever that can be.
        guard nearest > far else { continue }
        #expect(group.members.allSatisfy { distance(group.centre, $0) <= group.limit })
        #expect(strangers.allSatisfy { distance(group.centre, $0) > group.limit })
      }
    }
  }
}
