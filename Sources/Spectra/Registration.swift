internal import CSpectraKernels

/// Measures how each frame of a stack of optical density lies against the first: its drift, and its
/// magnification where that changes with energy.
///
/// Neighbouring frames are chained by phase correlation, each link refined by least squares. Then
/// every frame is fitted to what the whole aligned stack says it should look like (its
/// reconstruction from the stack's first two components), so that errors do not add up along
/// the chain and contrast that reverses across an edge is that of the template too. What is left
/// is an offset between the frames before and behind an edge, where contrast changes at once: it
/// goes in a last fit of how steep each frame is, wherever it is steep, to what all have in common.
/// Magnification is measured in the first fits to the reconstruction, and follows a ``ScaleLaw``.
public struct Registration: Sendable, Equatable {
  /// The standard deviation of the blur before measuring, px; 0.6 of it in binned pixels where frames are binned, which
  /// takes most of the noise.
  public var blur: Double = 1
  /// How many times at most all frames are fitted to the stack's reconstruction, before and after the
  /// first fit of their steepness, until none moves any more; 0 leaves the chain as it is.
  public var templateRounds: Int = 3
  /// Frames with a longer side than this are measured on pixels binned in powers of two; at first on such
  /// of half that side.
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
    guard let first = stack.first else { return Outcome(placements: []) }
    do {
      return try run(
        on: stack.count, height: first.height, width: first.width
      ) { (index, binning) throws(ScratchFailure) in
        stack[index].pixels.withUnsafeBufferPointer {
          Image(clipping: $0, height: first.height, width: first.width, averagedOver: binning)
        }
      }
    } catch {
      preconditionFailure("memory has no scratch file: \(error)")
    }
  }

  /// The placement of each of `count` frames against the first.
  ///
  /// - Parameters:
  ///   - scratch: where smaller frames may lie; nil keeps them in memory.
  ///   - threads: how many frames are held at once; nil for as many as there are cores.
  ///   - done: is told how much more of ``work(on:height:width:)`` is done, by several threads at once.
  ///   - frame: gives a frame, clipped and averaged over squares of so many pixels; each is asked for once or twice.
  /// - Throws: ``ScratchFailure``.
  /// - Complexity: O(frames pixels log pixels).
  public func run(
    on count: Int, height: Int, width: Int, scratch: ScratchSpace? = nil, threads: Int? = nil,
    done: @escaping @Sendable (Int) -> Void = { _ in },
    _ frame: @Sendable (_ frame: Int, _ binning: Int) throws(ScratchFailure) -> Image
  ) throws(ScratchFailure) -> Outcome {
    let known = knownScales(count)
    var outcome = Outcome(placements: known.map { Placement(scale: $0) })
    let fine = binning(of: height, width, toSide: largestSide)
    let coarse =
      templateRounds == 0 ? fine : binning(of: height, width, toSide: largestSide / 2)
    guard count > 1, min(height, width) / coarse >= 16 else { return outcome }
    let middle = centre ?? OpticalCentre(ofHeight: height, width: width)
    guard
      let (chain, coarsely) = try onSmallFrames(
        count, height / coarse, width / coarse, coarse, middle, known, threads, done, frame)
    else { return outcome }
    var (found, size) = (coarsely, Double(coarse))
    if fine != coarse {
      // The small ones are gone by now: this is the most that an analysis holds.
      spectra_return_freed_memory()
      let large = try FrameStore(
        count: count, height: height / fine, width: width / fine, scratch: scratch)
      _ = try mapInParallel(count, threads: threads) { (index) throws(ScratchFailure) in
        let binned = try frame(index, fine)
        try large.set(index, to: binned.blurred(sigma: blur(fine)).splineCoefficients())
      }
      let ratio = size / Double(fine)
      found.placements = found.placements.map { $0.magnified(by: ratio) }
      found = try StackFit(
        coefficients: large, blur: blur(fine), middle.binned(by: fine), binning: fine,
        done: { done(coarse / fine) }
      ).finish(found, scale, rounds: templateRounds)
      size = Double(fine)
    }
    outcome.placements = againstFirst(found.placements.map { $0.magnified(by: size) })
    outcome.residuals = found.residuals
    outcome.scale = found.scale
    let chained = againstFirst(chain.map { $0.magnified(by: Double(coarse)) })
    outcome.chainError = rms(chained, outcome.placements)
    return outcome
  }

  /// The chain of neighbours, and what fits of small frames make of it; nil where the frames are blank.
  private func onSmallFrames(
    _ count: Int, _ height: Int, _ width: Int, _ binning: Int, _ middle: OpticalCentre,
    _ known: [Double], _ threads: Int?, _ done: @escaping @Sendable (Int) -> Void,
    _ frame: @Sendable (_ frame: Int, _ binning: Int) throws(ScratchFailure) -> Image
  ) throws(ScratchFailure) -> (chain: [Placement], found: StackFit.Found)? {
    let small = try FrameStore(count: count, height: height, width: width)
    _ = try mapInParallel(count, threads: threads) { (index) throws(ScratchFailure) in
      try small.set(index, to: try frame(index, binning).blurred(sigma: blur(binning)))
      done(Self.preparing)
    }
    let centre = middle.binned(by: binning)
    let links = Chain(small, blur: blur(binning), centre, done: { done(Self.linking) })
    guard let chain = try links.placements(scale, known) else { return nil }
    guard templateRounds > 0 else { return (chain, StackFit.Found(placements: chain)) }
    _ = try mapInParallel(count) { (index) throws(ScratchFailure) in
      try small.set(index, to: try small.image(index).splineCoefficients())
    }
    let fit = StackFit(
      coefficients: small, blur: blur(binning), centre, binning: binning, done: { done(1) })
    return (chain, try fit.refine(chain, scale, rounds: templateRounds))
  }

  /// The first frame's own rest is taken off all: they lie against it.
  private func againstFirst(_ placements: [Placement]) -> [Placement] {
    let origin = placements[0]
    return placements.map { placement in
      Placement(
        drift: Drift(
          dy: placement.drift.dy - origin.drift.dy * placement.scale,
          dx: placement.drift.dx - origin.drift.dx * placement.scale),
        scale: placement.scale)
    }
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

  // What binning and blurring a frame, and a link of the chain, cost beside a fit of a small frame (1000 x 900 pixels, 100
  // energies).
  private static let preparing = 4
  private static let linking = 11

  /// How much there is to do, in fits of a small frame: for showing how far it has come.
  package func work(on count: Int, height: Int, width: Int) -> Int {
    let (coarse, fine) = binning(height: height, width: width)
    guard count > 1, min(height, width) / coarse >= 16 else { return 0 }
    let start = Self.preparing * count + Self.linking * (count - 1)
    guard templateRounds > 0 else { return start }
    let refined = 2 * (templateRounds + 1) * count
    guard coarse != fine else { return start + refined }
    let finished = (templateRounds + 1 + (scale.measuredEnergies == nil ? 0 : 1)) * count
    return start + refined + finished * (coarse / fine)
  }

  /// How many pixels a side those have that are measured on at first, and in the end.
  package func binning(height: Int, width: Int) -> (coarse: Int, fine: Int) {
    (
      coarse: binning(of: height, width, toSide: largestSide / 2),
      fine: binning(of: height, width, toSide: largestSide)
    )
  }

  private func blur(_ binning: Int) -> Double { binning == 1 ? blur : 0.6 * blur }

  /// So that the longer side is at most that, unless the shorter would be below 128 then: a narrow frame shows little as it
  /// is.
  private func binning(of height: Int, _ width: Int, toSide largest: Int) -> Int {
    var factor = 1
    while max(height, width) / factor > largest, min(height, width) / (2 * factor) >= 128 {
      factor *= 2
    }
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
