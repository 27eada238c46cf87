/// The main part of a registration: all frames against what they have in common.
struct StackFit {
  /// The spline coefficients of the frames.
  private let coefficients: FrameStore
  private let blur: Double
  private let centre: OpticalCentre
  /// How many of the scan's pixels a side of these has.
  private let binning: Int
  /// Is called when a frame was fitted.
  private let done: @Sendable () -> Void

  /// Where no frame moves further than this in a round, binned px, the next would change nothing: a quarter of what
  /// noise leaves of a good scan's drifts.
  private static let settled = 0.002

  /// What was found.
  struct Found {
    var placements: [Placement]
    var residuals: [Double] = []
    var scale: ScaleLaw?
  }

  init(
    coefficients: FrameStore, blur: Double, _ centre: OpticalCentre, binning: Int,
    done: @escaping @Sendable () -> Void
  ) {
    self.done = done
    self.coefficients = coefficients
    self.blur = blur
    self.centre = centre
    self.binning = binning
  }

  /// Refines placements in rounds of fits to the reconstruction, with a fit of steepness after each half.
  func refine(
    _ start: [Placement], _ scale: Registration.Scale, rounds: Int
  ) throws(ScratchFailure) -> Found {
    var found = Found(placements: start)
    if case .measured(let energies) = scale {
      // Links that each err a little add up: their law is smoother.
      found.placements = smoothed(found.placements, energies, []).placements
      try fitScale(&found, energies, rounds)
    } else {
      try fitToReconstruction(&found, rounds)
    }
    let steepness = try FrameStore(
      count: coefficients.count, height: coefficients.height, width: coefficients.width)
    try fitSteepness(&found, in: steepness)
    try fitToReconstruction(&found, rounds)
    try fitSteepness(&found, in: steepness)
    return found
  }

  /// Refines what was found on smaller frames. The coefficients are used up.
  func finish(
    _ coarse: Found, _ scale: Registration.Scale, rounds: Int
  ) throws(ScratchFailure) -> Found {
    var found = coarse
    if case .measured(let energies) = scale { try fitScale(&found, energies, 1) }
    try fitToReconstruction(&found, rounds)
    try fitSteepness(&found, in: coefficients)
    return found
  }

  /// Fits scale too, and has it follow its law.
  private func fitScale(
    _ found: inout Found, _ energies: [Double], _ rounds: Int
  ) throws(ScratchFailure) {
    for _ in 0..<rounds {
      let contrast = try fitToReconstruction(&found, 1, fitsScale: true)
      let (placements, law) = smoothed(found.placements, energies, contrast)
      (found.placements, found.scale) = (placements, law)
    }
  }

  /// Placements whose scales follow the law that fits them.
  private func smoothed(
    _ placements: [Placement], _ energies: [Double], _ contrast: [[Double]]
  ) -> (placements: [Placement], law: ScaleLaw) {
    let first = placements[0].scale
    let law = ScaleLaw(
      energies: energies, scales: placements.map { $0.scale / first }, contrast: contrast,
      halfSide: Double(binning * max(coefficients.height, coefficients.width)) / 2)
    return (
      zip(placements, law.scales).map { Placement(drift: $0.drift, scale: $1) }, law
    )
  }

  /// The pixels that every frame shows, two pixels and more from its border.
  private func region(_ placements: [Placement]) -> Region {
    let (height, width) = (coefficients.height, coefficients.width)
    return placements.reduce(Region(height: height, width: width, inset: 2)) {
      $0.shown(at: $1, centre, height: height, width: width, rim: 2)
    }
  }

  private func components(
    at placements: [Placement], rank: Int, _ region: Region
  ) throws(ScratchFailure) -> StackComponents {
    try StackComponents(
      of: PlacedFrames(coefficients: coefficients, placements, about: centre), rank: rank,
      region: region)
  }

  /// Fits each frame to its reconstruction from the aligned stack's first two components. Gives what the frames'
  /// contrast is made of.
  @discardableResult
  private func fitToReconstruction(
    _ found: inout Found, _ rounds: Int, fitsScale: Bool = false
  ) throws(ScratchFailure) -> [[Double]] {
    var contrast: [[Double]] = []
    for round in 0..<rounds {
      let placements = found.placements
      let region = region(placements)
      let components = try components(at: placements, rank: 2, region)
      let fits = try mapInParallel(coefficients.count) { (index) throws(ScratchFailure) in
        defer { done() }
        let fit = TemplateFit(
          template: components.reconstruction(of: index), region: region, centre: centre)
        return try coefficients.withPixels(of: index) {
          fit?.refine(placements[index], of: $0.baseAddress!, fitsScale: fitsScale)
        }
      }
      contrast = components.contrast
      found.residuals = fits.map { $0?.unexplained ?? 1 }
      found.placements = zip(fits, placements).map { $0?.placement ?? $1 }
      let moved = zip(found.placements, placements).map {
        max(abs($0.drift.dy - $1.drift.dy), abs($0.drift.dx - $1.drift.dx))
      }
      if moved.allSatisfy({ $0 < Self.settled }) {
        // What is left out is done too.
        for _ in 0..<(rounds - 1 - round) * coefficients.count { done() }
        break
      }
    }
    return contrast
  }

  /// Fits the gradient's magnitude of each denoised frame to that of all frames in common. An
  /// interface stays where it is when its contrast changes or reverses. The steepness is kept in a store, which may be that
  /// of the coefficients.
  private func fitSteepness(
    _ found: inout Found, in steepness: FrameStore
  ) throws(ScratchFailure) {
    let placements = found.placements
    let region = region(placements)
    let components = try components(at: placements, rank: 4, region)
    _ = try mapInParallel(coefficients.count) { (index) throws(ScratchFailure) in
      try steepness.set(
        index,
        to: components.reconstruction(of: index).gradientMagnitude().blurred(sigma: blur))
    }
    let common = try StackComponents(of: PlacedFrames(steepness), rank: 1, region: region)
    found.placements = try mapInParallel(coefficients.count) { (index) throws(ScratchFailure) in
      let old = placements[index]
      defer { done() }
      let fit = TemplateFit(
        template: common.reconstruction(of: index), region: region.inset(by: 1), centre: centre)
      let spline = try steepness.withPixels(of: index) {
        Image(splineThrough: $0, height: steepness.height, width: steepness.width)
      }
      let refined = spline.pixels.withUnsafeBufferPointer {
        fit?.refine(Placement(), of: $0.baseAddress!)
      }
      guard let rest = refined?.placement else { return old }
      return Placement(
        drift: Drift(
          dy: old.drift.dy + old.scale * rest.drift.dy,
          dx: old.drift.dx + old.scale * rest.drift.dx),
        scale: old.scale * rest.scale)
    }
  }
}
