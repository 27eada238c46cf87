/// Areal densities of elements from a spectrum of optical density.
public struct ElementFit: Sendable, Equatable {
  /// How the densities were found.
  public enum Method: String, Sendable {
    /// Tabulated attenuation of all elements fitted to the optical density away from the edges.
    case attenuationFit = "attenuation_fit"
    /// The edge step divided by the one that the same windows see in the tables: where a single element was measured.
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

  /// How many atoms of one element there are to one of another.
  public struct Ratio: Sendable, Equatable {
    /// The element that is divided.
    public let numerator: Element
    /// The one that it is divided by.
    public let denominator: Element
    /// Atoms to atoms; where it is a lower bound, with three standard errors more of the denominator than was found.
    public let value: Double
    /// Its standard error, from the fit alone; nil for a bound.
    public let standardError: Double?
    /// Whether it is a lower bound: there are less than three standard errors of the denominator.
    public var isLowerBound: Bool { standardError == nil }
  }

  /// A step of the optical density that the elements do not explain.
  public struct UnexplainedStep: Sendable, Equatable {
    /// The energies that it lies between, eV.
    public let between: ClosedRange<Double>
    /// OD.
    public let step: Double
    /// Its standard error, OD.
    public let standardError: Double
  }

  /// How the densities were found.
  public let method: Method
  /// One amount an element, in the order of the elements asked for.
  public let amounts: [Amount]
  /// Of the first element to each of the others.
  public let ratios: [Ratio]
  /// What the fit leaves: the root mean square over its energies, OD; nil where none was made.
  public let residual: Double?
  /// The step that explains most of what the fit leaves, where it is five standard errors or more.
  public let unexplainedStep: UnexplainedStep?
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
  ///
  /// - Parameter light: an element without edges near the energies that stands for all such in the sample (oxygen,
  ///   boron, carbon): it is fitted too, where there is more than none of it, and not told.
  public func elementFit(
    of od: [Double], energies: [Double], elements: [Element], light: Element? = nil
  ) -> ElementFit? {
    let edges = measuredEdges(of: elements, energies: energies)
    let measured = elements.filter { element in edges.contains { $0.element == element } }
    guard let first = measured.first else { return nil }
    if measured.count == 1 {
      guard let edge = edges.first(where: { $0.element == first }),
        let step = try? step(of: od, energies: energies, at: edge)
      else { return nil }
      let scale = 1 / tabulatedStep(at: edge, energies: energies)
      let amount = ElementFit.Amount(
        element: first, arealDensity: step.value * scale,
        arealDensityError: step.standardError * scale, atomicFraction: nil,
        atomicFractionError: nil)
      return ElementFit(
        method: .edgeStep, amounts: [amount], ratios: [], residual: nil, unexplainedStep: nil)
    }
    // One whose edge is among the energies is no smooth background.
    let range = (energies.first ?? 0) - 50...(energies.last ?? 0) + 50
    if let light, !elements.contains(light),
      !light.edges.contains(where: { range.contains($0.energyEV) }),
      let fit = attenuationFit(
        of: od, energies: energies, elements: measured + [light], told: measured.count)
    {
      return fit
    }
    return attenuationFit(
      of: od, energies: energies, elements: measured, told: measured.count)
  }

  /// The step that the same windows see in the tabulated attenuation, cm2/g: lines that are drawn across an edge, and
  /// soft X-rays' L2 behind L3, are in both, and drop out of the ratio.
  private func tabulatedStep(at edge: AbsorptionEdge, energies: [Double]) -> Double {
    let tabulated = energies.map { edge.element.massAttenuation(energyEV: $0) }
    let seen = try? step(of: tabulated, energies: energies, at: edge)
    return seen.flatMap { $0.value > 0 ? $0.value : nil } ?? edge.massAttenuationStep
  }

  /// The fit of all elements, of which the first `told` are wanted; nil where there is less than none of another.
  private func attenuationFit(
    of od: [Double], energies: [Double], elements: [Element], told: Int
  ) -> ElementFit? {
    let allEdges = elements.flatMap(\.edges) + bounds
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
    guard let density = solveSymmetric(normal, right), density[told...].allSatisfy({ $0 > 0 })
    else { return nil }
    let rest = used.indices.map { place in
      od[used[place]] - (0..<k).reduce(0.0) { $0 + attenuation[$1][place] * density[$1] }
    }
    let variance = dot(rest, rest) / Double(used.count - k)
    var covariance = [Double](repeating: 0, count: k * k)
    for j in 0..<k {
      guard let column = solveSymmetric(normal, (0..<k).map { $0 == j ? 1 : 0 }) else { return nil }
      for i in 0..<k { covariance[i * k + j] = variance * column[i] }
    }
    let wanted = Array(elements[..<told])
    let known = (0..<told).flatMap { row in (0..<told).map { covariance[row * k + $0] } }
    return ElementFit(
      method: .attenuationFit,
      amounts: amounts(of: wanted, density: density, covariance: known),
      ratios: ratios(of: wanted, density: density, covariance: known),
      residual: (dot(rest, rest) / Double(used.count)).squareRoot(),
      unexplainedStep: unexplainedStep(
        in: rest, energies: used.map { energies[$0] }, attenuation: attenuation, normal: normal))
  }

  /// Atoms of the first element to those of each other.
  private func ratios(
    of elements: [Element], density: [Double], covariance: [Double]
  ) -> [ElementFit.Ratio] {
    let k = elements.count
    let atoms = (0..<k).map { density[$0] / elements[$0].atomicWeight }
    func covarianceOfAtoms(_ i: Int, _ j: Int) -> Double {
      covariance[i * k + j] / (elements[i].atomicWeight * elements[j].atomicWeight)
    }
    return (1..<k).map { other in
      let error = covarianceOfAtoms(other, other).squareRoot()
      guard atoms[other] > 0, atoms[other] >= 3 * error else {
        let most = max(atoms[other], 0) + 3 * error
        return ElementFit.Ratio(
          numerator: elements[0], denominator: elements[other],
          value: most > 0 ? max(atoms[0], 0) / most : 0, standardError: nil)
      }
      let ratio = atoms[0] / atoms[other]
      let variance =
        covarianceOfAtoms(0, 0) - 2 * ratio * covarianceOfAtoms(0, other)
        + ratio * ratio * covarianceOfAtoms(other, other)
      return ElementFit.Ratio(
        numerator: elements[0], denominator: elements[other], value: ratio,
        standardError: max(variance, 0).squareRoot() / atoms[other])
    }
  }

  /// The step, between two of the energies, that explains most of what a fit leaves: that of an element which is not
  /// in it. At least three energies lie on either side.
  private func unexplainedStep(
    in rest: [Double], energies: [Double], attenuation: [[Double]], normal: [Double]
  ) -> ElementFit.UnexplainedStep? {
    let (n, k) = (rest.count, attenuation.count)
    var best: ElementFit.UnexplainedStep?
    for first in stride(from: 3, through: n - 3, by: 1) where n > k + 3 {
      // The step less what the elements explain of it.
      let inside = attenuation.map { $0[first...].reduce(0, +) }
      guard let shares = solveSymmetric(normal, inside) else { return nil }
      let shape = (0..<n).map { place in
        (place >= first ? 1 : 0)
          - (0..<k).reduce(0.0) { $0 + shares[$1] * attenuation[$1][place] }
      }
      let length = dot(shape, shape)
      guard length > 1e-9 * Double(n) else { continue }
      let step = dot(shape, rest) / length
      let left = max(dot(rest, rest) - step * step * length, 0) / Double(n - k - 1)
      let error = (left / length).squareRoot()
      guard abs(step) >= 5 * error else { continue }
      if abs(step) * (best?.standardError ?? 0) >= abs(best?.step ?? 0) * error {
        best = .init(
          between: energies[first - 1]...energies[first], step: step, standardError: error)
      }
    }
    return best
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
