import Spectra

/// The edges of a scan: which elements, which of their edges the energies measure, and in which windows.
struct EdgePlan: Sendable {
  let elements: [Element]
  /// Stands for the light elements of the sample.
  let light: Element?
  /// In order of energy.
  let edges: [AbsorptionEdge]
  let windows: EdgeWindows
  /// Where edges are that the parameters fix, eV, by their name.
  let fixed: [String: Double]
  /// Edges that lie among the energies, and too few of them before or behind.
  let unmeasured: [(edge: AbsorptionEdge, failure: NormalisationFailure)]
  /// Whether the element was found from the spectrum.
  let isFound: Bool

  /// The element that was found from the spectrum; nil where none was, or was to be.
  var foundElement: Element? { isFound ? elements.first : nil }

  /// The edges of the elements that were asked for, or of the one that is found.
  ///
  /// - Parameter isInside: the pixels that every frame shows.
  /// - Throws: ``ParameterError``, ``ScratchFailure``.
  init(
    _ parameters: ParameterSet, _ frames: FrameStore, energies: [Double], isInside: [Bool]
  ) throws {
    var found: Element?
    if try parameters.elements() == nil {
      found = element(near: try steepest(mean(frames, isInside), energies) ?? 0)
    }
    try self.init(parameters, found: found, energies: energies)
  }

  /// The edges of the elements that were asked for, or of the one that was found.
  ///
  /// - Throws: ``ParameterError``.
  init(
    _ parameters: ParameterSet, found: Element?, energies: [Double]
  ) throws(ParameterError) {
    let asked = try parameters.elements()
    elements = asked ?? found.map { [$0] } ?? []
    isFound = asked == nil
    light = try parameters.lightElement()
    fixed = try parameters.fixedEdges()
    let windows = try parameters.edgeWindows(of: elements)
    self.windows = windows
    edges = windows.measuredEdges(of: elements, energies: energies)
    let (low, high) = (energies.first ?? 0, energies.last ?? 0)
    unmeasured = elements.flatMap(\.edges).compactMap { edge in
      guard edge.shell == .k || edge.shell == .l3, edge.energyEV > low, edge.energyEV < high,
        let failure = windows.failure(at: edge, energies: energies)
      else { return nil }
      return (edge, failure)
    }
  }
}

/// The mean optical density of some pixels, frame by frame.
private func mean(_ frames: FrameStore, _ isInside: [Bool]) throws(ScratchFailure) -> [Double] {
  try mapInParallel(frames.count) { (frame) throws(ScratchFailure) in
    var (sum, count) = (0.0, 0.0)
    for (value, isInside) in zip(try frames.image(frame).pixels, isInside)
    where isInside && value.isFinite {
      sum += Double(value)
      count += 1
    }
    return sum / max(count, 1)
  }
}

/// Where a spectrum rises most: by the rule for edges, or, where that finds none (few energies, a narrow white line), the
/// middle of the steepest step between two energies.
func steepest(
  _ od: [Double], _ energies: [Double], within: ClosedRange<Double>? = nil
) -> Double? {
  if let edge = edgeEnergy(of: od, energies: energies, within: within) { return edge }
  let steps = energies.indices.dropFirst().filter { index in
    within.map { $0.contains(energies[index]) && $0.contains(energies[index - 1]) } ?? true
  }
  func slope(_ index: Int) -> Double {
    (od[index] - od[index - 1]) / (energies[index] - energies[index - 1])
  }
  guard let best = steps.max(by: { slope($0) < slope($1) }), slope(best) > 0 else { return nil }
  // In whole meV.
  return (500 * (energies[best] + energies[best - 1])).rounded() / 1000
}

/// The element whose K or L3 edge is nearest below an energy at which a spectrum rises: oxidation moves an edge up by
/// as much as 20 eV, and next to nothing moves it down. nil where no edge is so near.
private func element(near energy: Double) -> Element? {
  let candidates = (3...92).compactMap { Element(atomicNumber: $0) }.flatMap(\.edges).filter {
    ($0.shell == .k || $0.shell == .l3) && (-8...20).contains(energy - $0.energyEV)
  }
  return candidates.min { abs(energy - $0.energyEV - 3) < abs(energy - $1.energyEV - 3) }?.element
}
