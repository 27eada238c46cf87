import Foundation
import Spectra
import Testing
import TestSupport

@Suite struct LinearCombinationTests {
  private let energies = [1.0, 2, 3, 4, 5, 6]
  private let a = [0.0, 0, 1, 2, 2, 1]
  private let b = [0.0, 1, 0, 1, 3, 3]

  private func mixed(_ x: Double, _ y: Double, constant: Double = 0, slope: Double = 0) -> [Double]
  {
    energies.indices.map { x * a[$0] + y * b[$0] + constant + slope * energies[$0] }
  }

  @Test(arguments: LinearCombination.Background.allCases)
  func findsWhatWasMixed(background: LinearCombination.Background) throws {
    let fit = try LinearCombination(of: [a, b], energies: energies, background: background)
      .fit(
        mixed(
          0.5, 1.5, constant: background == .none ? 0 : 7, slope: background == .line ? -0.25 : 0))
    #expect(zip(fit.amounts, [0.5, 1.5]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(fit.residual < 1e-7 && fit.rFactor < 1e-12)
    let fractions = try #require(fit.fractions)
    #expect(abs(fractions[0] - 0.25) < 1e-12 && abs(fractions[1] - 0.75) < 1e-12)
  }

  /// What is wanted less than none of is none, and what it would have explained is in the residual.
  @Test func amountsAreNotNegative() throws {
    let combination = try LinearCombination(of: [a, b], energies: energies, background: .none)
    let fit = combination.fit(mixed(1, -0.25))
    #expect(fit.amounts[1] == 0)
    // The best amount of a alone: 1 - 0.25 a.b / a.a = 1 - 0.25 * 11 / 10.
    #expect(abs(fit.amounts[0] - (1 - 0.25 * 1.1)) < 1e-12)
    #expect(fit.residual > 0.1)
    let nothing = combination.fit(mixed(-1, -1))
    #expect(nothing.amounts == [0, 0] && nothing.fractions == nil)
    #expect(abs(nothing.rFactor - 1) < 1e-12)
  }

  @Test func fractionsMaySumToOne() throws {
    let combination = try LinearCombination(
      of: [a, b], energies: energies, background: .none, sumsToOne: true)
    let fit = combination.fit(mixed(0.3, 0.7))
    #expect(abs(fit.amounts[0] - 0.3) < 1e-12)
    for spectrum in [mixed(2, 1), mixed(-3, 1), mixed(0, 0)] {
      let amounts = combination.fit(spectrum).amounts
      #expect(abs(amounts.reduce(0, +) - 1) < 1e-12 && amounts.allSatisfy { $0 >= 0 })
    }
    #expect(combination.fit(mixed(3, -2)).amounts == [1, 0])
  }

  /// No combination on a fine grid leaves less.
  @Test(arguments: 0..<20) func isTheBestOfAll(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    let references = (0..<2).map { _ in
      energies.map { _ in Double.random(in: -1...1, using: &random) }
    }
    let spectrum = energies.map { _ in Double.random(in: -1...1, using: &random) }
    for sumsToOne in [false, true] {
      let fit = try LinearCombination(
        of: references, energies: energies, background: .none, sumsToOne: sumsToOne
      ).fit(spectrum)
      func left(_ x: Double, _ y: Double) -> Double {
        energies.indices.reduce(0) { sum, e in
          let rest = spectrum[e] - x * references[0][e] - y * references[1][e]
          return sum + rest * rest
        }
      }
      let best = left(fit.amounts[0], fit.amounts[1])
      #expect(abs(best / 6 - fit.residual * fit.residual) < 1e-9)
      for x in stride(from: 0.0, through: sumsToOne ? 1 : 3, by: 0.05) {
        for y in sumsToOne ? [1 - x] : Array(stride(from: 0.0, through: 3, by: 0.05)) {
          #expect(left(x, y) >= best - 1e-9)
        }
      }
    }
  }

  /// The standard errors are the scatter of the amounts over many noisy spectra.
  @Test func errorsAreTheScatter() throws {
    var random = TestRandom(seed: 5)
    let energies = (0..<40).map { Double($0) }
    let references = [energies.map { $0 > 20 ? 1.0 : 0 }, energies.map { $0 / 40 }]
    let combination = try LinearCombination(
      of: references, energies: energies, background: .constant)
    var (found, stated): ([Double], [Double]) = ([], [])
    for _ in 0..<2000 {
      let noise = energies.map { _ in
        (0..<12).reduce(-6.0) { sum, _ in sum + .random(in: 0...1, using: &random) }
      }
      let fit = combination.fit(
        energies.indices.map { 5 * references[0][$0] + 9 * references[1][$0] + noise[$0] })
      found.append(fit.amounts[0])
      stated.append(fit.errors[0])
    }
    let mean = found.reduce(0, +) / 2000
    let scatter = (found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1999).squareRoot()
    #expect(abs(stated.reduce(0, +) / 2000 / scatter - 1) < 0.06)
  }

  @Test func whatCannotBeFittedIsSaid() {
    #expect(throws: LinearCombination.Failure.references(0)) {
      try LinearCombination(of: [], energies: energies)
    }
    #expect(throws: LinearCombination.Failure.tooFewEnergies(found: 4, needed: 5)) {
      try LinearCombination(of: [[0, 1, 0, 2], [1, 0, 0, 0]], energies: [1, 2, 3, 4])
    }
    #expect(throws: LinearCombination.Failure.alike(reference: 1)) {
      try LinearCombination(of: [a, a.map { 2 * $0 }], energies: energies, background: .none)
    }
    // A line is no other than the background.
    #expect(throws: LinearCombination.Failure.alike(reference: 0)) {
      try LinearCombination(of: [energies], energies: energies)
    }
    #expect(throws: LinearCombination.Failure.references(9)) {
      try LinearCombination(of: Array(repeating: a, count: 9), energies: energies)
    }
  }

  /// Two iron species of a real stack: the amounts in its mean spectra, as scipy's nnls finds them.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func agreesWithScipy() throws {
    let folder = "stacks/als_fe2p_71214078/"
    func column(_ name: String, _ index: Int) throws -> [Double] {
      String(decoding: try SharedData.data(name), as: UTF8.self).split(whereSeparator: \.isNewline)
        .compactMap { line in
          let words = line.split { $0 == "," || $0.isWhitespace }
          return words.count > index && Double(words[0]) != nil ? Double(words[index]) : nil
        }
    }
    let energies = try column(folder + "reduced.t", 0)
    let combination = try LinearCombination(
      of: [try column(folder + "reduced.t", 1), try column(folder + "oxidized.t", 1)],
      energies: energies)
    let header = try #require(try SharedData.rows("od/als4078_mean_spectra.csv").first)
    // Amounts of the reduced and the oxidised.
    let expected = [
      "(height": (0.0958, 0.3764), "below": (0.4099, 0.0146), "from": (0.0596, 0.4180),
    ]
    for (name, amounts) in expected {
      let index = try #require(header.firstIndex { $0.contains(name) })
      let fit = combination.fit(try column("od/als4078_mean_spectra.csv", index))
      #expect(abs(fit.amounts[0] - amounts.0) < 6e-5, "\(name)")
      #expect(abs(fit.amounts[1] - amounts.1) < 6e-5, "\(name)")
    }
  }
}
