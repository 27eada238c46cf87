import Foundation
import Spectra

/// A phase of the example's magnet: what it is made of and how its absorption edges look.
struct ExamplePhase: Sendable {
  let name: String
  /// Atoms of each element in a formula unit.
  let composition: [(symbol: String, atoms: Double)]
  /// g/cm3.
  let density: Double
  /// How much the edges of oxidised atoms are shifted, eV.
  let edgeShiftEV: Double
  /// The height of the white line over the edge step, for L3 and L2 edges and for K edges.
  let whiteLine: (l: Double, k: Double)
  /// The distance to the neighbours that makes the oscillations behind an edge, in angstrom.
  let neighbourDistance: Double

  /// In the order of their labels; iron is only in samples that were given a disc of it.
  static let all = [
    ExamplePhase(
      name: "Nd2Fe14B grains", composition: [("Nd", 2), ("Fe", 14), ("B", 1)], density: 7.6,
      edgeShiftEV: 0, whiteLine: (l: 1.1, k: 0.15), neighbourDistance: 2.5),
    ExamplePhase(
      name: "Nd-rich grain boundary", composition: [("Nd", 11), ("Fe", 9)], density: 7.2,
      edgeShiftEV: 0.3, whiteLine: (l: 1.4, k: 0.25), neighbourDistance: 2.9),
    ExamplePhase(
      name: "altered surface layer", composition: [("Nd", 5), ("Fe", 2), ("O", 10)],
      density: 6.2, edgeShiftEV: 3.5, whiteLine: (l: 2.1, k: 0.8), neighbourDistance: 2.0),
    ExamplePhase(
      name: "iron", composition: [("Fe", 1)], density: 7.87, edgeShiftEV: 0,
      whiteLine: (l: 0, k: 0.1), neighbourDistance: 2.5),
  ]

  /// Nd / (Nd + Fe), by atoms.
  var ndFraction: Double {
    let atoms = Dictionary(uniqueKeysWithValues: composition.map { ($0.symbol, $0.atoms) })
    let (nd, fe) = (atoms["Nd"] ?? 0, atoms["Fe"] ?? 0)
    return nd / (nd + fe)
  }

  /// The optical density of 1 um at an energy (eV): tabulated attenuation, its steps broadened and
  /// given near-edge structure.
  func absorptionPerUM(energyEV: Double) -> Double {
    let elements = composition.compactMap { part in
      Element(part.symbol).map { (element: $0, atoms: part.atoms) }
    }
    let mass = elements.reduce(0.0) { $0 + $1.atoms * $1.element.atomicWeight }
    let attenuation = elements.reduce(0.0) { sum, part in
      let weight = part.atoms * part.element.atomicWeight / mass
      return sum + weight * massAttenuation(of: part.element, energyEV: energyEV)
    }
    return attenuation * density * 1e-4
  }

  private func massAttenuation(of element: Element, energyEV: Double) -> Double {
    element.edges.reduce(element.massAttenuation(energyEV: energyEV)) { sum, edge in
      let tabulated = energyEV - edge.energyEV
      guard abs(tabulated) < 250 else { return sum }
      let offset = tabulated - edgeShiftEV * (edge.shell == .k ? 1 : 0.3)
      // The step is as wide as the core hole and the monochromator make it.
      let width = 1.6
      let rise = 0.5 * (1 + erf(offset / (width * 2.0.squareRoot())))
      let step = tabulated > 0 ? 1.0 : 0.0
      var structure = rise - step
      let height = edge.shell == .k ? whiteLine.k : edge.shell == .l1 ? 0.1 : whiteLine.l
      let peak = (offset - 3) / 2.6
      structure += height * exp(-0.5 * peak * peak)
      if offset > 4 {
        // A single shell of neighbours; 0.2625 turns eV into inverse square angstrom.
        let k = (0.2625 * offset).squareRoot()
        structure += 0.18 / (k * k) * sin(2 * k * neighbourDistance) * exp(-0.02 * k * k)
      }
      return sum + edge.massAttenuationStep * structure
    }
  }
}
