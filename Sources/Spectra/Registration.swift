/// Measures how each frame of a stack of optical density lies against the first: its drift, and its
/// magnification where that changes with energy.
///
/// Neighbouring frames are chained by phase correlation, each link refined by least squares. Then
/// every frame is fitted to what the whole aligned stack says it should look like (its
/// reconstruction from the stack's first two components), so that errors do not add up along
/// the chain and contrast that reverses across an edge is that of the template too. What is left
/// is an offset between the frames before and behind an edge, where contrast changes at once: it
/// goes in a last fit of how steep each frame is, wherever it is steep, to what all have in common. There
/// magnification is measured too, and smoothed over the energies.
public struct Registration: Sendable, Equatable {
  /// The standard deviation of the blur before measuring, px.
  public var blur: Double = 1
  /// How many times all frames are fitted to the stack's reconstruction, before and after the
  /// first fit of their steepness; 0 leaves the chain as it is.
  public var templateRounds: Int = 3
  /// Frames with a longer side than this are measured on pixels binned in powers of two.
  public var largestSide: Int = 640
  /// What is known of the magnification.
  public var scale = Scale.none
  /// What scaling leaves where it is; nil for the middle of the frames.
  public var centre: OpticalCentre?

  /// What is known of the magnification of each frame against the first.
  public enum Scale: Sendable, Equatable {
    /// It is the same for all.
    case none
    /// It is given for each frame.
    case known([Double])
    /// It is measured; frames have these energies, eV.
    case measured(energies: [Double])

    var measuredEnergies: [Double]? {
      if case .measured(let energies) = self { energies } else { nil }
    }
  }

  /// What was measured.
  public struct Outcome: Sendable {
    /// The placement of each frame; as it was given, or none, where the frames show no structure.
    public var placements: [Placement]
    /// The share of each frame's variance that its reconstruction from the others does not explain; empty
    /// where there is none.
    public var residuals: [Double] = []
    /// The rms distance of the chain of neighbours from what was found in the end, px: what is gained by
    /// closing it.
    public var chainError: Double?
    /// What was measured of magnification; nil where it was not asked for.
    public var scale: ScaleLaw?

    /// Placements that were not measured.
    public init(placements: [Placement]) { self.placements = placements }
  }

  /// The default registration.
  public init() {}

  /// The placement of each frame against the first.
  ///
  /// - Complexity: O(frames pixels log pixels).
  public func run(on stack: [Image]) -> Outcome {
    let known = knownScales(stack.count)
    var outcome = Outcome(placements: known.map { Placement(scale: $0) })
    guard stack.count > 1, let first = stack.first else { return outcome }
    let factor = binning(of: max(first.height, first.width))
    let frames = mapInParallel(stack.count) { index in
      stack[index].binned(by: factor).blurred(sigma: blur)
    }
    guard min(frames[0].height, frames[0].width) >= 16 else { return outcome }
    let middle = centre ?? OpticalCentre(ofHeight: first.height, width: first.width)
    // The centre of a binned pixel lies between those of the pixels in it.
    let shift = Double(factor - 1) / 2
    let stackFit = StackFit(
      frames: frames, blur: blur, rounds: templateRounds,
      centre: OpticalCentre(
        y: (middle.y - shift) / Double(factor), x: (middle.x - shift) / Double(factor)))
    guard let chain = Chain(frames, blur: blur, stackFit.centre).placements(scale, known) else {
      return outcome
    }
    let fitted = stackFit.refine(chain, scale)
    let size = Double(factor)
    func inPixels(_ placements: [Placement]) -> [Placement] {
      let origin = placements[0]
      return placements.map { placement in
        // The first frame's own rest is taken off all: they lie against it.
        Placement(
          drift: Drift(
            dy: (placement.drift.dy - origin.drift.dy * placement.scale) * size,
            dx: (placement.drift.dx - origin.drift.dx * placement.scale) * size),
          scale: placement.scale)
      }
    }
    outcome.placements = inPixels(fitted.placements)
    outcome.residuals = fitted.residuals
    outcome.scale = fitted.scale
    outcome.chainError = rms(inPixels(chain), outcome.placements)
    return outcome
  }

  /// The drift of each frame; (0, 0) for the first, and for all where the frames show no structure.
  ///
  /// - Complexity: O(frames pixels log pixels).
  public func drifts(of stack: [Image]) -> [Drift] { run(on: stack).placements.map(\.drift) }

  private func knownScales(_ count: Int) -> [Double] {
    guard case .known(let scales) = scale else { return [Double](repeating: 1, count: count) }
    precondition(scales.count == count, "one scale a frame")
    return scales
  }

  private func binning(of side: Int) -> Int {
    var factor = 1
    while side / factor > largestSide { factor *= 2 }
    return factor
  }

  private func rms(_ a: [Placement], _ b: [Placement]) -> Double {
    let squares = zip(a, b).reduce(0.0) { sum, pair in
      let (dy, dx) = (
        pair.0.drift.dy - pair.1.drift.dy, pair.0.drift.dx - pair.1.drift.dx
      )
      return sum + dy * dy + dx * dx
    }
    return (squares / Double(a.count)).squareRoot()
  }
}
