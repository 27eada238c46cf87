import CXraylib
import Foundation

/// A chemical element, with its tabulated X-ray properties.
///
/// The tables are xraylib's (Schoonjans et al., doi 10.1016/j.sab.2011.09.011). Energies are eV:
/// xraylib's keV end here.
public struct Element: Sendable, Hashable {
  /// The symbol: "Nd".
  public let symbol: String
  /// The atomic number.
  public let atomicNumber: Int

  /// The element of a symbol; nil where there is none.
  public init?(_ symbol: String) {
    let number = SymbolToAtomicNumber(symbol, nil)
    guard number > 0 else { return nil }
    self.symbol = symbol
    atomicNumber = Int(number)
  }

  /// The element of an atomic number; nil where there is none.
  public init?(atomicNumber: Int) {
    guard let number = Int32(exactly: atomicNumber), let symbol = AtomicNumberToSymbol(number, nil)
    else { return nil }
    defer { xrlFree(symbol) }
    self.init(String(cString: symbol))
  }

  /// The molar mass, g/mol.
  public var atomicWeight: Double { AtomicWeight(Int32(atomicNumber), nil) }

  /// The mass attenuation coefficient, cm2/g; 0 where the tables end.
  public func massAttenuation(energyEV: Double) -> Double {
    CS_Total(Int32(atomicNumber), energyEV / 1000, nil)
  }

  /// An absorption edge of the element; nil where the tables hold none.
  public func edge(_ shell: AbsorptionEdge.Shell) -> AbsorptionEdge? {
    let energy = EdgeEnergy(Int32(atomicNumber), shell.code, nil)
    guard energy > 0 else { return nil }
    // In whole meV: a thousand times a decimal fraction of a keV is not quite the number that it stands for.
    return AbsorptionEdge(
      element: self, shell: shell, energyEV: (energy * 1e6).rounded() / 1000)
  }

  /// The K and L edges, as far as the tables hold them.
  public var edges: [AbsorptionEdge] { AbsorptionEdge.Shell.allCases.compactMap(edge) }
}

/// An element's absorption edge.
public struct AbsorptionEdge: Sendable, Hashable {
  /// The shell whose electrons the edge frees.
  public enum Shell: String, Sendable, CaseIterable {
    case k = "K"
    case l1 = "L1"
    case l2 = "L2"
    case l3 = "L3"

    var code: Int32 {
      switch self {
      case .k: Int32(K_SHELL)
      case .l1: Int32(L1_SHELL)
      case .l2: Int32(L2_SHELL)
      case .l3: Int32(L3_SHELL)
      }
    }
  }

  /// The element.
  public let element: Element
  /// The shell.
  public let shell: Shell
  /// The edge's energy E0, eV.
  public let energyEV: Double

  /// The name: "Nd L3".
  public var name: String { "\(element.symbol) \(shell.rawValue)" }

  /// The step of the tabulated mass attenuation across the edge, cm2/g.
  ///
  /// The tables of attenuation and of edges differ by up to 2 eV for soft X-rays (Fe L3: 706.8 and 708.1 eV): the step is
  /// the largest within 3 eV of the edge.
  public var massAttenuationStep: Double {
    func jump(_ offset: Double) -> Double {
      element.massAttenuation(energyEV: energyEV + offset + 0.1)
        - element.massAttenuation(energyEV: energyEV + offset - 0.1)
    }
    let largest = (-30...30).map { jump(Double($0) / 10) }.max() ?? 0
    let here = jump(0)
    return here > 0.5 * largest ? here : largest
  }
}

extension Element {
  /// The version of the tables' library: "4.0.0".
  public static var tablesVersion: String {
    "\(XRAYLIB_MAJOR).\(XRAYLIB_MINOR).\(XRAYLIB_MICRO)"
  }
}
