import Foundation
import Spectra
import Testing
import TestSupport

@Suite struct ElementTests {
  private let nd = Element("Nd")
  private let fe = Element("Fe")

  @Test func tabulatedEdges() throws {
    let nd = try #require(nd)
    let fe = try #require(fe)
    #expect(abs((nd.edge(.l3)?.energyEV ?? 0) - 6208) < 1)
    #expect(abs((nd.edge(.l1)?.energyEV ?? 0) - 7126) < 1)
    #expect(abs((fe.edge(.k)?.energyEV ?? 0) - 7112) < 1)
    #expect(nd.edge(.l3)?.name == "Nd L3")
    // cm2/g; tables differ by up to 4 %.
    #expect(abs((nd.edge(.l3)?.massAttenuationStep ?? 0) / 312.5 - 1) < 0.05)
    #expect(abs((fe.edge(.k)?.massAttenuationStep ?? 0) / 354.5 - 1) < 0.05)
    // Soft X-rays, where the two tables differ by an eV: thousands of cm2/g, not the slope beside the step.
    let iron = try #require(fe.edge(.l3))
    #expect((3000...40_000).contains(iron.massAttenuationStep))
    #expect(Element("Xx") == nil)
    #expect(Element("fe") == nil)
  }

  /// A spectrum made of known areal densities gives them back, with Nd L1 under Fe K.
  @Test func fitRecoversArealDensities() throws {
    let elements = [try #require(nd), try #require(fe)]
    let energies = [6150.0, 6170, 6190, 6260, 6290, 6320, 7055, 7075, 7095, 7175, 7210, 7250]
    let densities = [0.6e-3, 1.6e-3]
    let od = energies.map { energy in
      zip(elements, densities).reduce(0.0) { $0 + $1.1 * $1.0.massAttenuation(energyEV: energy) }
    }
    let windows = EdgeWindows()
    let edges = windows.measuredEdges(of: elements, energies: energies)
    #expect(edges.map(\.name) == ["Nd L3", "Fe K"])
    let fit = try #require(windows.elementFit(of: od, energies: energies, elements: elements))
    #expect(fit.method == .attenuationFit)
    for (amount, density) in zip(fit.amounts, densities) {
      #expect(abs(amount.arealDensity / density - 1) < 1e-9)
    }
    let atoms = zip(densities, elements).map { $0 / $1.atomicWeight }
    let fraction = try #require(fit.amounts[0].atomicFraction)
    #expect(abs(fraction - atoms[0] / (atoms[0] + atoms[1])) < 1e-9)
    #expect(abs((fit.amounts[1].atomicFraction ?? 0) + fraction - 1) < 1e-12)
  }

  @Test func oneEdgeGivesTheElementFromItsStep() throws {
    let fe = try #require(fe)
    let energies = [7055.0, 7075, 7095, 7112, 7120, 7160, 7180, 7210, 7250]
    let od = energies.map { $0 < 7112 ? 0.2 : 0.9 }
    let windows = EdgeWindows()
    let edge = try #require(fe.edge(.k))
    let step = try windows.step(of: od, energies: energies, at: edge)
    #expect(abs(step.value - 0.7) < 1e-12)
    #expect(step.standardError < 1e-9)
    let both = [fe, try #require(nd)]
    let fit = try #require(windows.elementFit(of: od, energies: energies, elements: both))
    #expect(fit.method == .edgeStep)
    #expect(fit.amounts.count == 1)
    // Within what a line across the edge makes of the tabulated step.
    #expect(abs(fit.amounts[0].arealDensity * edge.massAttenuationStep / 0.7 - 1) < 0.1)
    let tabulated = energies.map { 1.5e-3 * fe.massAttenuation(energyEV: $0) }
    let exact = try #require(
      windows.elementFit(of: tabulated, energies: energies, elements: [fe]))
    #expect(abs(exact.amounts[0].arealDensity / 1.5e-3 - 1) < 1e-9)
    #expect(fit.amounts[0].atomicFraction == nil)
  }

  @Test func tooFewEnergiesMeasureNothing() throws {
    let fe = try #require(fe)
    let windows = EdgeWindows()
    #expect(windows.measuredEdges(of: [fe], energies: [7060, 7080, 7160, 7180, 7200]).isEmpty)
    #expect(windows.elementFit(of: [0, 0], energies: [7060, 7160], elements: [fe]) == nil)
  }

  /// Soft X-rays: the windows see the steps of L3 and L2 together, and so does what they are divided by.
  @Test func softXraysAreDividedByBothSteps() throws {
    let fe = try #require(fe)
    let energies = (0..<60).map { 690 + Double($0) }
    let od = energies.map { 1e-4 * fe.massAttenuation(energyEV: $0) }
    var windows = EdgeWindows()
    (windows.preStart, windows.preEnd, windows.postStart, windows.postEnd) = (-15, -4, 16, 24)
    windows.postDegree = 0
    let fit = try #require(windows.elementFit(of: od, energies: energies, elements: [fe]))
    #expect(abs(fit.amounts[0].arealDensity / 1e-4 - 1) < 1e-9)
  }

  private let spectrum = [
    6150.0, 6160, 6170, 6180, 6190, 6255, 6270, 6290, 6310, 6330, 7055, 7065, 7075, 7085, 7095,
    7175, 7190, 7210, 7230, 7250,
  ]

  private func od(_ amounts: [(String, Double)], noise: Double = 1e-5) throws -> [Double] {
    var random = TestRandom(seed: 9)
    let parts = try amounts.map { (try #require(Element($0.0)), $0.1) }
    return spectrum.map { energy in
      parts.reduce(noise * Double.random(in: -1...1, using: &random)) {
        $0 + $1.1 * $1.0.massAttenuation(energyEV: energy)
      }
    }
  }

  /// Nd5Fe2O10: oxygen that is fitted beside takes its share of the optical density; left out, iron gets it.
  @Test func lightElementsAreTakenOut() throws {
    let elements = [try #require(nd), try #require(fe)]
    let od = try od([("Nd", 0.9e-3), ("Fe", 0.14e-3), ("O", 0.6e-3)])
    let windows = EdgeWindows()
    func fit(_ light: Element?) throws -> ElementFit {
      try #require(
        windows.elementFit(of: od, energies: spectrum, elements: elements, light: light))
    }
    let with = try fit(Element("O"))
    #expect(with.amounts.count == 2)
    #expect(abs(with.amounts[0].arealDensity / 0.9e-3 - 1) < 0.002)
    #expect(abs(with.amounts[1].arealDensity / 0.14e-3 - 1) < 0.01)
    let without = try fit(nil)
    #expect(abs(without.amounts[1].arealDensity / 0.14e-3 - 1) > 0.05)
    // Less than none of it is left out.
    let metal = try self.od([("Nd", 0.9e-3), ("Fe", 0.14e-3)], noise: 0)
    let fit = try #require(
      windows.elementFit(
        of: metal.map { $0 - 1e-3 }, energies: spectrum, elements: elements, light: Element("O")))
    #expect(fit.amounts[0].arealDensity > 0)
  }

  @Test func ratiosOfAtoms() throws {
    let elements = [try #require(nd), try #require(fe)]
    let windows = EdgeWindows()
    let magnet = try od([("Nd", 0.267e-3), ("Fe", 0.723e-3)])
    let ratio = try #require(
      windows.elementFit(of: magnet, energies: spectrum, elements: elements)?.ratios.first)
    #expect(ratio.numerator == nd && ratio.denominator == fe && !ratio.isLowerBound)
    let expected = (0.267 / elements[0].atomicWeight) / (0.723 / elements[1].atomicWeight)
    #expect(abs(ratio.value - expected) < 5 * (try #require(ratio.standardError)))
    #expect(abs(ratio.value / expected - 1) < 0.002)
    // No iron: at least so much, with three standard errors of it.
    let oxide = try od([("Nd", 0.8e-3)], noise: 1e-3)
    let fit = try #require(
      windows.elementFit(of: oxide, energies: spectrum, elements: elements))
    let bound = try #require(fit.ratios.first)
    #expect(bound.isLowerBound && bound.standardError == nil)
    let iron = fit.amounts[1]
    let most = max(iron.arealDensity, 0) + 3 * iron.arealDensityError
    let nd = fit.amounts[0].arealDensity / elements[0].atomicWeight
    #expect(abs(bound.value / (nd / (most / elements[1].atomicWeight)) - 1) < 1e-9)
  }

  /// Praseodymium that was not asked for has edges between the windows of Nd L3 and Fe K.
  @Test func anotherElementLeavesAStep() throws {
    let elements = [try #require(nd), try #require(fe)]
    let windows = EdgeWindows()
    func step(_ praseodymium: Double) throws -> ElementFit.UnexplainedStep? {
      let od = try od([("Nd", 0.27e-3), ("Fe", 0.72e-3), ("Pr", praseodymium)])
      return windows.elementFit(
        of: od, energies: spectrum, elements: elements, light: Element("O"))?.unexplainedStep
    }
    let found = try #require(try step(0.2e-3))
    #expect(found.step > 0 && found.between.lowerBound >= 6250 && found.between.upperBound <= 7095)
    #expect(abs(try step(0)?.step ?? 0) < 1e-4)
  }
}
