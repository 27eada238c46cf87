/// The windows in which edges are measured, relative to an edge's energy, and what a fit of tabulated attenuation
/// leaves out.
///
/// Bounds that are nil follow from the energies (``NormalisationWindows/automatic(energies:e0:previousEdge:nextEdge:)``).
/// No window reaches past another of the edges that ``bounds`` lists.
public struct EdgeWindows: Sendable, Equatable {
  /// The pre-edge window begins here, eV.
  public var preStart: Double? = -60
  /// It ends here, eV.
  public var preEnd: Double? = -12
  /// The post-edge window begins here, eV.
  public var postStart: Double? = 45
  /// It ends here, eV.
  public var postEnd: Double? = 145
  /// The degree of the post-edge polynomial.
  public var postDegree: Int? = 1
  /// The near-edge structure, which tables do not describe, eV.
  public var near: ClosedRange<Double> = -12...45
  /// The fewest energies in a window.
  public var minimumEnergies: Int = 3
  /// How steps are measured.
  public var method: NormalisationMethod = .textbook
  /// Edges, of elements that are or may be in the sample, that end the windows of the others.
  public var bounds: [AbsorptionEdge] = []

  /// The default windows, for the spans of a transmission X-ray microscope.
  public init() {}
}

extension EdgeWindows {
  /// An element's edges that lie closer above its L3 edge than this, in eV, belong to it: soft X-rays' L2 edges.
  private static let multiplet = 60.0

  /// The energies about one that no gap of more than 100 eV parts from it: those that were taken for one edge.
  private static func group(of energies: [Double], about energy: Double) -> [Double] {
    let near = indexNearest(energy, in: energies)
    var (first, last) = (near, near)
    while first > 0, energies[first] - energies[first - 1] <= 100 { first -= 1 }
    while last + 1 < energies.count, energies[last + 1] - energies[last] <= 100 { last += 1 }
    return energies.isEmpty ? [] : Array(energies[first...last])
  }

  /// The windows of one edge.
  ///
  /// - Parameters:
  ///   - e0: where the edge is, eV; the tabulated energy where nil.
  public func windows(
    at edge: AbsorptionEdge, energies: [Double], e0: Double? = nil
  ) -> NormalisationWindows {
    let place = e0 ?? edge.energyEV
    let own = edge.element.edges.filter {
      $0.energyEV > edge.energyEV && $0.energyEV <= edge.energyEV + Self.multiplet
    }
    let reach = own.map { $0.energyEV - edge.energyEV }.max()
    let start = max(postStart ?? 25, reach ?? 0)
    let next = bounds.filter { $0.energyEV > edge.energyEV + start && !own.contains($0) }
      .map(\.energyEV).min()
    let previous = bounds.filter { $0.energyEV < edge.energyEV + (preEnd ?? -10) - 45 }
      .map(\.energyEV).max()
    let automatic = NormalisationWindows.automatic(
      energies: Self.group(of: energies, about: place), e0: place, previousEdge: previous,
      nextEdge: next)
    let low = max(preStart ?? automatic.pre.lowerBound, (previous ?? -.infinity) + 45 - place)
    let preHigh = preEnd ?? automatic.pre.upperBound
    let postLow = postStart ?? max(automatic.post.lowerBound, reach.map { $0 + 5 } ?? 0)
    let high = min(postEnd ?? automatic.post.upperBound, (next ?? .infinity) - 10 - place)
    return NormalisationWindows(
      pre: min(low, preHigh)...preHigh, post: postLow...max(postLow, high),
      postDegree: postDegree ?? automatic.postDegree, minimumEnergies: minimumEnergies)
  }

  /// Why the energies (eV, ascending) do not measure an edge; nil where they do: enough of them lie in its windows.
  public func failure(at edge: AbsorptionEdge, energies: [Double]) -> NormalisationFailure? {
    let windows = windows(at: edge, energies: energies)
    for (name, window) in [("pre-edge", windows.pre), ("post-edge", windows.post)] {
      let found = energies.count { window.contains($0 - edge.energyEV) }
      if found < minimumEnergies {
        return .tooFewEnergies(
          window: name, from: edge.energyEV + window.lowerBound,
          to: edge.energyEV + window.upperBound, found: found, needed: minimumEnergies)
      }
    }
    return nil
  }

  /// The K and L3 edges of `elements` that `energies` (eV, ascending) measure.
  public func measuredEdges(of elements: [Element], energies: [Double]) -> [AbsorptionEdge] {
    elements.flatMap(\.edges).filter { $0.shell == .k || $0.shell == .l3 }
      .filter { failure(at: $0, energies: energies) == nil }
      .sorted { $0.energyEV < $1.energyEV }
  }

  /// What lies before and behind an edge in a spectrum of optical density, and the step between.
  ///
  /// What other edges add within the windows is part of the step: that of Fe K (7112 eV) holds that of Nd L1
  /// (7126 eV).
  ///
  /// - Parameter e0: where the edge is, eV; the tabulated energy where nil.
  /// - Throws: `tooFewEnergies`.
  public func background(
    of od: [Double], energies: [Double], at edge: AbsorptionEdge, e0: Double? = nil
  ) throws(NormalisationFailure) -> EdgeBackground {
    try EdgeBackground(
      of: od, energies: energies, e0: e0 ?? edge.energyEV, method: method,
      windows: windows(at: edge, energies: energies, e0: e0))
  }

  /// The step at an edge and its standard error, OD; of the methods that measure none that of `textbook`.
  ///
  /// - Throws: `tooFewEnergies`.
  public func step(
    of od: [Double], energies: [Double], at edge: AbsorptionEdge, e0: Double? = nil
  ) throws(NormalisationFailure) -> (value: Double, standardError: Double) {
    var windows = self
    if method == .area || method == .none { windows.method = .textbook }
    let background = try windows.background(of: od, energies: energies, at: edge, e0: e0)
    return (background.divisor, background.divisorError)
  }
}
