import Foundation
import Spectra
import Testing

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
    #expect(abs(fit.amounts[0].arealDensity - 0.7 / edge.massAttenuationStep) < 1e-12)
    #expect(fit.amounts[0].atomicFraction == nil)
  }

  @Test func tooFewEnergiesMeasureNothing() throws {
    let fe = try #require(fe)
    let windows = EdgeWindows()
    #expect(windows.measuredEdges(of: [fe], energies: [7060, 7080, 7160, 7180, 7200]).isEmpty)
    #expect(windows.elementFit(of: [0, 0], energies: [7060, 7160], elements: [fe]) == nil)
  }
}
