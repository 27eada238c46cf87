/// The windows, relative to an edge's energy, in which its step is measured and that a fit of
/// tabulated attenuation leaves out.
public struct EdgeWindows: Sendable, Equatable {
  /// The pre-edge line is fitted between these, eV.
  public var pre: ClosedRange<Double> = -60...(-12)
  /// The post-edge line is fitted between these, eV.
  public var post: ClosedRange<Double> = 45...145
  /// The near-edge structure, which tables do not describe, eV.
  public var near: ClosedRange<Double> = -12...45
  /// The fewest energies in a window.
  public var minimumEnergies: Int = 3

  /// The default windows, for the spans of a transmission X-ray microscope.
  public init() {}
}

/// The jump of the optical density across an edge.
public struct EdgeStep: Sendable, Equatable {
  /// The edge.
  public let edge: AbsorptionEdge
  /// The post-edge line less the pre-edge line at the edge's energy, in OD.
  public let step: Double
  /// The step's standard error, from the scatter about the lines.
  public let standardError: Double
}

extension EdgeWindows {
  /// The K and L3 edges of `elements` that `energies` (eV, ascending) measure: enough of them lie in
  /// the windows before and behind.
  public func measuredEdges(of elements: [Element], energies: [Double]) -> [AbsorptionEdge] {
    elements.flatMap(\.edges).filter { $0.shell == .k || $0.shell == .l3 }.filter { edge in
      energies.count(where: { pre.contains($0 - edge.energyEV) }) >= minimumEnergies
        && energies.count(where: { post.contains($0 - edge.energyEV) }) >= minimumEnergies
    }.sorted { $0.energyEV < $1.energyEV }
  }

  /// The step of a spectrum of optical density at an edge; nil where a window holds too few
  /// energies.
  ///
  /// What other edges add within the windows is part of the step: that of Fe K (7112 eV) holds
  /// that of Nd L1 (7126 eV).
  public func step(of od: [Double], energies: [Double], at edge: AbsorptionEdge) -> EdgeStep? {
    func line(_ window: ClosedRange<Double>) -> (value: Double, variance: Double)? {
      let points = zip(energies, od).filter { window.contains($0.0 - edge.energyEV) }
      guard points.count >= minimumEnergies else { return nil }
      return lineValue(at: edge.energyEV, points.map(\.0), points.map(\.1))
    }
    guard let before = line(pre), let behind = line(post) else { return nil }
    return EdgeStep(
      edge: edge, step: behind.value - before.value,
      standardError: (before.variance + behind.variance).squareRoot())
  }
}

/// The value at `x0` of the least-squares line through points, and its variance.
private func lineValue(
  at x0: Double, _ x: [Double], _ y: [Double]
) -> (value: Double, variance: Double) {
  let n = Double(x.count)
  let meanX = x.reduce(0, +) / n
  let meanY = y.reduce(0, +) / n
  var (squares, products) = (0.0, 0.0)
  for (xi, yi) in zip(x, y) {
    squares += (xi - meanX) * (xi - meanX)
    products += (xi - meanX) * (yi - meanY)
  }
  let slope = squares > 0 ? products / squares : 0
  var residual = 0.0
  for (xi, yi) in zip(x, y) {
    let difference = yi - meanY - slope * (xi - meanX)
    residual += difference * difference
  }
  let variance = residual / max(n - 2, 1)
  let spread = squares > 0 ? (x0 - meanX) * (x0 - meanX) / squares : 0
  return (meanY + slope * (x0 - meanX), variance * (1 / n + spread))
}
