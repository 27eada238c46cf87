import Foundation
import Spectra
import Testing
import TestSupport

@Suite struct EdgeNormalisationTests {
  /// 50, 60 ... 150 eV.
  private let energies = (5...15).map { 10 * Double($0) }
  private let windows = NormalisationWindows(pre: -50...(-20), post: 20...50, postDegree: 0)
  /// 0.1 + E / 1000, and 0.5 more from 100 eV on.
  private var stair: [Double] { energies.map { 0.1 + $0 / 1000 + ($0 < 100 ? 0 : 0.5) } }

  private func normalise(
    _ od: [Double], _ method: NormalisationMethod, _ windows: NormalisationWindows? = nil
  ) throws -> EdgeNormalisation {
    try EdgeNormalisation(
      of: od, energies: energies, e0: 100, method: method, windows: windows ?? self.windows)
  }

  private func agree(_ a: [Double], _ b: [Double], within tolerance: Double = 1e-12) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
  }

  @Test(arguments: [NormalisationMethod.textbook, .larch])
  func aLineAndAStep(method: NormalisationMethod) throws {
    let found = try normalise(stair, method)
    let background = found.background
    #expect(abs(background.preSlope - 0.001) < 1e-15)
    #expect(abs(background.preOffset - 0.1) < 1e-13)
    #expect(agree(background.postCoefficients, [0.5]))
    #expect(abs((background.step ?? 0) - 0.5) < 1e-13)
    #expect((background.stepError ?? 1) < 1e-12)
    #expect(agree(found.normalised, energies.map { $0 < 100 ? 0 : 1 }))
    #expect(agree(found.flattened, found.normalised))
    #expect(abs(background.preEdge(at: 100) - 0.2) < 1e-13)
    #expect(abs(background.postEdge(at: 100) - 0.7) < 1e-13)
    // Both bounds belong to a textbook window; Larch's ends before the energy nearest the upper
    // one.
    let count = method == .larch ? 3 : 4
    #expect(background.preCount == count && background.postCount == count)
  }

  @Test func textbookWindowsEndWhereTheySay() throws {
    func counts(_ pre: ClosedRange<Double>, _ post: ClosedRange<Double>) throws -> [Int] {
      let windows = NormalisationWindows(pre: pre, post: post)
      let background = try normalise(stair, .textbook, windows).background
      return [background.preCount, background.postCount]
    }
    #expect(try counts(-40...(-20), 10...30) == [3, 3])
    #expect(try counts(-41...(-19), 9...31) == [3, 3])
    #expect(try counts(-50...(-20.01), 10.01...50) == [3, 4])
  }

  @Test func larchWindowsAreRangesOfPlaces() throws {
    // From the energy below -46 to the one before that nearest -22: 50, 60, 70.
    let windows = NormalisationWindows(pre: -46...(-22), post: 16...44, postDegree: 2)
    let background = try normalise(stair, .larch, windows).background
    #expect(background.preCount == 3)
    // From 50 to 70, the last below the bound, Larch counts two, and takes the mean of the three.
    #expect(background.preSlope == 0 && abs(background.preOffset - 0.16) < 1e-13)
    // 110, 120, 130 carry a line at most, and the windows say so.
    #expect(background.postCount == 3)
    #expect(background.windows.postDegree == 1 && background.postCoefficients.count == 2)
  }

  @Test func larchStepsAtTheMeasuredEnergyNearestE0() throws {
    let rising = energies.map { $0 < 100 ? 0 : $0 / 100 }
    let windows = NormalisationWindows(pre: -50...(-20), post: 10...46)
    for (method, energy) in [(NormalisationMethod.larch, 100.0), (.textbook, 104)] {
      let background = try EdgeBackground(
        of: rising, energies: energies, e0: 104, method: method, windows: windows)
      #expect(background.stepEnergy == energy)
      #expect(abs((background.step ?? 0) - energy / 100) < 1e-12)
    }
  }

  /// 0.5 + 2e-3 t - 1e-5 t^2 with t = E - 100 is 0.2 + 4e-3 E - 1e-5 E^2.
  @Test func flatteningTakesTheCurveBehindTheEdge() throws {
    let od = energies.map { energy in
      let t = energy - 100
      return energy < 100 ? 0 : 0.5 + 2e-3 * t - 1e-5 * t * t
    }
    let windows = NormalisationWindows(pre: -50...(-20), post: 10...50, postDegree: 2)
    let found = try normalise(od, .textbook, windows)
    #expect(agree(found.background.postCoefficients, [0.2, 4e-3, -1e-5]))
    #expect(abs((found.background.step ?? 0) - 0.5) < 1e-12)
    #expect(agree(found.normalised, od.map { $0 / 0.5 }))
    #expect(agree(found.flattened, energies.map { $0 < 100 ? 0 : 1 }))
  }

  @Test func areaUnderTheSpectrumIsOne() throws {
    // From 80 eV on: half of 2 OD between 90 and 100 eV, and 2 OD for 50 eV.
    let found = try normalise(energies.map { $0 < 100 ? 0 : 2 }, .area)
    #expect(abs(found.background.divisor - 110) < 1e-10)
    #expect(found.background.step == nil && found.background.stepError == nil)
    #expect(found.background.windows.post == -20...50 && found.background.postCount == 8)
    let sloped = try normalise(stair, .area).normalised
    let used = zip(energies, sloped).filter { $0.0 >= 80 }
    let area = zip(used, used.dropFirst()).reduce(0.0) { sum, pair in
      sum + (pair.1.0 - pair.0.0) * (pair.0.1 + pair.1.1) / 2
    }
    #expect(abs(area - 1) < 1e-12)
  }

  @Test func errorOfAnArea() throws {
    // Before the edge a line of nothing with a variance of 0.04 / 2 about it; its mean is at 65 eV,
    // its sum of squares 500 eV2. The weights, 10 eV and twice 5 eV, are of 70 eV together and of
    // 3500 eV2 about that mean.
    let od = [0.1, -0.1, -0.1, 0.1, 0, 9, 9, 9, 9, 9, 9]
    let background = try EdgeBackground(
      of: od, energies: energies, e0: 100, method: .area, windows: windows)
    // 70^2 / 4 of the mean, 3500^2 / 500 of the slope, and 650 eV2 of the values' own.
    let variance = 0.02 * (1225.0 + 24500 + 650)
    #expect(abs(background.divisorError - variance.squareRoot()) < 1e-10)
  }

  @Test func twoMeans() throws {
    // The means of 0.15 ... 0.18 and 0.72 ... 0.75.
    let found = try normalise(stair, .twoMeans)
    #expect(abs((found.background.step ?? 0) - 0.57) < 1e-13)
    #expect(abs((found.background.stepError ?? 0) - (0.0005 / 6).squareRoot()) < 1e-13)
    #expect(agree(found.normalised, stair.map { ($0 - 0.165) / 0.57 }))
    #expect(found.background.preSlope == 0 && found.background.windows.postDegree == 0)
  }

  @Test func noneLeavesTheSpectrum() throws {
    let found = try normalise(stair, .none)
    #expect(found.normalised == stair && found.flattened == stair)
    #expect(found.background.step == nil && found.background.postCoefficients.isEmpty)
  }

  @Test(arguments: [NormalisationMethod.larch, .textbook, .area, .twoMeans])
  func tooFewEnergies(method: NormalisationMethod) {
    // Larch's range is 50 and 60 eV, the closed one 60 eV.
    let found = method == .larch ? "2 energies" : "1 energy"
    #expect {
      _ = try normalise(stair, method, NormalisationWindows(pre: -49...(-32), post: 20...50))
    } throws: {
      "\($0)" == "the pre-edge window 51 to 68 eV holds \(found), 3 are needed"
    }
    #expect(throws: NormalisationFailure.self) {
      _ = try EdgeBackground(of: [], energies: [], e0: 100, method: method, windows: windows)
    }
  }

  @Test func tooFewEnergiesBehind() {
    let failure = NormalisationFailure.tooFewEnergies(
      window: "post-edge", from: 132.5, to: 200, found: 2, needed: 3)
    #expect(throws: failure) {
      _ = try normalise(stair, .textbook, NormalisationWindows(pre: -50...(-20), post: 32.5...100))
    }
    #expect("\(failure)" == "the post-edge window 132.5 to 200 eV holds 2 energies, 3 are needed")
  }

  @Test func aStepWithinNoiseIsNotDividedBy() throws {
    // Before 1, 2, 1, 2, behind 2, 3, 2, 4: means 1.5 and 2.75, variances 1/3 and 2.75/3.
    let od = [1.0, 2, 1, 2, 0, 0, 0, 2, 3, 2, 4]
    let failure = "the edge step 1.25 OD is below 3 standard errors of 0.559 OD"
    #expect {
      _ = try normalise(od, .twoMeans)
    } throws: {
      "\($0)" == failure
    }
    let background = try EdgeBackground(
      of: od, energies: energies, e0: 100, method: .twoMeans, windows: windows)
    #expect(background.step == 1.25)
    #expect(abs((background.stepError ?? 0) - 0.3125.squareRoot()) < 1e-13)
    #expect(
      "\(NormalisationFailure.areaBelowNoise(area: -1.5, error: 0.25))".contains("-1.5 OD eV"))
  }

  @Test(arguments: [NormalisationMethod.larch, .textbook, .area, .twoMeans])
  func whatIsNoStepIsNotDividedBy(method: NormalisationMethod) {
    // None at all, one downwards, and one that is no number.
    for od in [
      energies.map { _ in 0.3 }, energies.map { $0 < 100 ? 0.5 : 0.1 },
      energies.map { $0 < 130 ? 0.1 : .nan },
    ] {
      #expect(throws: NormalisationFailure.self) { _ = try normalise(od, method) }
    }
  }

  /// The scatter of many noisy steps is the error that each of them states.
  @Test(arguments: [NormalisationMethod.larch, .textbook, .area, .twoMeans], [0, 2])
  func statedErrorsAreThoseOfNoise(method: NormalisationMethod, degree: Int) throws {
    var random = TestRandom(seed: 5)
    let energies = Array(stride(from: 7050.0, through: 7250, by: 2.5))
    let windows = NormalisationWindows(pre: -60...(-12), post: 25...135, postDegree: degree)
    let found = try (0..<500).map { _ in
      // The sum of twelve uniform numbers: nearly normal, of variance 1.
      let od = energies.map { energy in
        let noise = (0..<12).reduce(-6.0) { sum, _ in sum + .random(in: 0..<1, using: &random) }
        return (energy < 7112 ? 0.3 : 0.9) + 0.01 * noise
      }
      return try EdgeBackground(
        of: od, energies: energies, e0: 7112, method: method, windows: windows)
    }
    let mean = found.reduce(0) { $0 + $1.divisor } / 500
    let measured = found.reduce(0) { $0 + pow($1.divisor - mean, 2) } / 499
    let stated = found.reduce(0) { $0 + pow($1.divisorError, 2) } / 500
    #expect(abs(measured / stated - 1) < 0.25, "\(measured) \(stated)")
  }

  @Test func automaticWindows() {
    let energies = Array(stride(from: 7080.0, through: 7250, by: 2))
    func automatic(previous: Double? = nil, next: Double? = nil) -> NormalisationWindows {
      .automatic(energies: energies, e0: 7112, previousEdge: previous, nextEdge: next)
    }
    #expect(automatic() == NormalisationWindows(pre: -30...(-15), post: 25...138))
    #expect(automatic(next: 7206) == NormalisationWindows(pre: -30...(-15), post: 25...84))
    #expect(automatic(previous: 7040).pre == -24...(-12))
    #expect(automatic(next: 7150).post == 10...28 && automatic(next: 7150).postDegree == 0)
    // No room on one side: nothing that could be fitted, and no trap.
    #expect(automatic(next: 7110).post == 0...0)
    #expect(automatic(previous: 7090).pre == 0...0)
    #expect(automatic(previous: 7300).post == 0...0)
    #expect(NormalisationWindows.automatic(energies: [], e0: 7112).pre == 0...0)
    // Degree 2 from a width of 300 eV on.
    #expect(NormalisationWindows.automatic(energies: [7000, 7010, 7437], e0: 7112).postDegree == 2)
  }
}
