/// Areal densities of elements from a spectrum of optical density.
public struct ElementFit: Sendable, Equatable {
  /// How the densities were found.
  public enum Method: String, Sendable {
    /// Tabulated attenuation of all elements fitted to the optical density away from the edges.
    case attenuationFit = "attenuation_fit"
    /// The edge step divided by the tabulated one: where a single element was measured.
    case edgeStep = "edge_step"
  }

  /// What was found of one element.
  public struct Amount: Sendable, Equatable {
    /// The element.
    public let element: Element
    /// The areal density, g/cm2.
    public let arealDensity: Double
    /// Its standard error, g/cm2.
    public let arealDensityError: Double
    /// The share of the atoms of all elements fitted; nil where there are fewer than two, or no
    /// atoms.
    public let atomicFraction: Double?
    /// Its standard error.
    public let atomicFractionError: Double?
  }

  /// How the densities were found.
  public let method: Method
  /// One amount an element, in the order of the elements asked for.
  public let amounts: [Amount]
}

extension EdgeWindows {
  /// The areal densities of the elements whose K or L3 edge was measured; nil where there is
  /// none.
  ///
  /// With two elements or more, their tabulated mass attenuation is fitted by least squares to the
  /// optical density at all energies outside the near-edge regions of all their edges, which
  /// takes one element's edge out from under the other's (Nd L1 from under Fe K). The optical
  /// density must be absolute. Errors are those of the fit: what its residual shows, not what
  /// is wrong with the tables (a few per cent).
  public func elementFit(of od: [Double], energies: [Double], elements: [Element]) -> ElementFit? {
    let edges = measuredEdges(of: elements, energies: energies)
    let measured = elements.filter { element in edges.contains { $0.element == element } }
    guard let first = measured.first else { return nil }
    if measured.count == 1 {
      guard let edge = edges.first(where: { $0.element == first }),
        let step = step(of: od, energies: energies, at: edge)
      else { return nil }
      let scale = 1 / edge.massAttenuationStep
      let amount = ElementFit.Amount(
        element: first, arealDensity: step.step * scale,
        arealDensityError: step.standardError * scale, atomicFraction: nil,
        atomicFractionError: nil)
      return ElementFit(method: .edgeStep, amounts: [amount])
    }
    return attenuationFit(of: od, energies: energies, elements: measured)
  }

  private func attenuationFit(
    of od: [Double], energies: [Double], elements: [Element]
  ) -> ElementFit? {
    let allEdges = elements.flatMap(\.edges)
    let used = energies.indices.filter { index in
      !allEdges.contains { near.contains(energies[index] - $0.energyEV) }
    }
    let k = elements.count
    guard used.count >= k + 2 else { return nil }
    let attenuation = elements.map { element in
      used.map { element.massAttenuation(energyEV: energies[$0]) }
    }
    var normal = [Double](repeating: 0, count: k * k)
    var right = [Double](repeating: 0, count: k)
    for i in 0..<k {
      for j in 0..<k { normal[i * k + j] = dot(attenuation[i], attenuation[j]) }
      right[i] = dot(attenuation[i], used.map { od[$0] })
    }
    guard let density = solveSymmetric(normal, right) else { return nil }
    var residual = 0.0
    for (place, index) in used.enumerated() {
      let model = (0..<k).reduce(0.0) { $0 + attenuation[$1][place] * density[$1] }
      residual += (od[index] - model) * (od[index] - model)
    }
    let variance = residual / Double(used.count - k)
    var covariance = [Double](repeating: 0, count: k * k)
    for j in 0..<k {
      guard let column = solveSymmetric(normal, (0..<k).map { $0 == j ? 1 : 0 }) else { return nil }
      for i in 0..<k { covariance[i * k + j] = variance * column[i] }
    }
    return ElementFit(
      method: .attenuationFit,
      amounts: amounts(of: elements, density: density, covariance: covariance))
  }

  /// Atomic fractions f = n / sum(n) with n = density / weight, and their errors to first order.
  private func amounts(
    of elements: [Element], density: [Double], covariance: [Double]
  ) -> [ElementFit.Amount] {
    let k = elements.count
    let weights = elements.map(\.atomicWeight)
    // Less than nothing of an element, within the error or by a wrong spectrum, is none of it: fractions stay from 0 to 1.
    let atoms = (0..<k).map { max(density[$0], 0) / weights[$0] }
    let total = atoms.reduce(0, +)
    return (0..<k).map { i in
      guard total > 0 else {
        return ElementFit.Amount(
          element: elements[i], arealDensity: density[i],
          arealDensityError: covariance[i * k + i].squareRoot(), atomicFraction: nil,
          atomicFractionError: nil)
      }
      let fraction = atoms[i] / total
      let slope = (0..<k).map { j in ((i == j ? 1 : 0) - fraction) / (total * weights[j]) }
      var variance = 0.0
      for a in 0..<k {
        for b in 0..<k { variance += slope[a] * slope[b] * covariance[a * k + b] }
      }
      return ElementFit.Amount(
        element: elements[i], arealDensity: density[i],
        arealDensityError: covariance[i * k + i].squareRoot(), atomicFraction: fraction,
        atomicFractionError: max(variance, 0).squareRoot())
    }
  }
}
