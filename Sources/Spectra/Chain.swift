/// The start of a registration: each frame against its neighbour, from link to link.
struct Chain {
  private let frames: FrameStore
  private let blur: Double
  private let centre: OpticalCentre
  private let correlation: PhaseCorrelation
  /// Is called when a link is found.
  private let done: @Sendable () -> Void

  /// A frame in its known scale, and what it shows to phase correlation.
  private struct View {
    let image: Image
    /// Of its density and of how steep it is.
    let spectra: (PhaseCorrelation.Spectrum, PhaseCorrelation.Spectrum)
  }

  /// Across a gap in energy wider than this the magnification may jump, eV.
  private static let gap = 100.0
  /// The scales that are tried there: a zone plate between Nd L3 and Fe K changes by 13 %.
  private static let jumps = (-8...8).map { 1 + 0.02 * Double($0) }
  /// So many links are found one after another, each frame's spectra being made once.
  private static let run = 8

  init(
    _ frames: FrameStore, blur: Double, _ centre: OpticalCentre,
    done: @escaping @Sendable () -> Void
  ) {
    self.done = done
    self.frames = frames
    self.blur = blur
    self.centre = centre
    correlation = PhaseCorrelation(height: frames.height, width: frames.width)
  }

  /// The placement of each frame; nil where no link explains a fifth of a frame: the frames are blank.
  ///
  /// - Parameter known: the scale of each frame, where it is known.
  func placements(
    _ scale: Registration.Scale, _ known: [Double]
  ) throws(ScratchFailure) -> [Placement]? {
    let links = try links(scale, known)
    guard links.contains(where: { $0.unexplained < 0.8 }) else { return nil }
    var placements = [Placement()]
    for link in links.map(\.placement) {
      let last = placements[placements.count - 1]
      placements.append(
        Placement(
          drift: Drift(
            dy: link.scale * last.drift.dy + link.drift.dy,
            dx: link.scale * last.drift.dx + link.drift.dx),
          scale: link.scale * last.scale))
    }
    return zip(placements, known).map { placement, known in
      Placement(
        drift: Drift(dy: placement.drift.dy * known, dx: placement.drift.dx * known),
        scale: placement.scale * known)
    }
  }

  private func links(
    _ scale: Registration.Scale, _ known: [Double]
  ) throws(ScratchFailure) -> [TemplateFit.Outcome] {
    let energies = scale.measuredEnergies
    let last = frames.count - 1
    let starts = Array(stride(from: 0, to: last, by: Self.run))
    return try mapInParallel(starts.count) { (run) throws(ScratchFailure) in
      var links: [TemplateFit.Outcome] = []
      var first = try view(starts[run], known)
      for index in starts[run]..<min(starts[run] + Self.run, last) {
        let moved = try view(index + 1, known)
        let jump = energies.map { $0[index + 1] - $0[index] > Self.gap } ?? false
        links.append(
          bestLink(
            from: first, to: moved, jump ? Self.jumps : [1], fitsScale: energies != nil))
        first = moved
        done()
      }
      return links
    }.flatMap(\.self)
  }

  /// A frame's view. A known scale is taken out first: then links are displacements.
  private func view(_ frame: Int, _ known: [Double]) throws(ScratchFailure) -> View {
    view(of: try frames.image(frame).moved(back: Placement(scale: known[frame]), about: centre))
  }

  private func view(of frame: Image) -> View {
    View(
      image: frame,
      spectra: correlation.spectra(frame, frame.gradientMagnitude().blurred(sigma: blur)))
  }

  /// The best of some placements of a frame against another, each refined by least squares with a gain that
  /// may be negative: contrast reverses across an edge. The first candidate stands unless a later
  /// one leaves a tenth less unexplained, as it does where the frames show that they moved.
  private func bestLink(
    from first: View, to moved: View, _ scales: [Double], fitsScale: Bool
  ) -> TemplateFit.Outcome {
    var best = TemplateFit.Outcome(placement: Placement(), unexplained: .infinity)
    let region = Region(height: frames.height, width: frames.width, inset: 2)
    guard let fit = TemplateFit(template: first.image, region: region, centre: centre) else {
      return best
    }
    let coefficients = moved.image.splineCoefficients()
    for scale in scales {
      let view =
        scale == 1
        ? moved : view(of: coefficients.sampled(at: Placement(scale: scale), about: centre))
      // To a whole pixel: the fit goes on from there.
      let coarse = correlation.wholeDrifts(of: view.spectra, against: first.spectra)
      var candidates: [Drift] = []
      for drift in [Drift(dy: 0, dx: 0), coarse.peak, coarse.trough, coarse.secondPeak]
      where !candidates.contains(drift) { candidates.append(drift) }
      for candidate in candidates {
        let start = Placement(
          drift: Drift(dy: candidate.dy * scale, dx: candidate.dx * scale), scale: scale)
        let refined = coefficients.pixels.withUnsafeBufferPointer {
          fit.refine(start, of: $0.baseAddress!, fitsScale: fitsScale)
        }
        guard let found = refined else { continue }
        // A far displacement leaves a small overlap, which chance alone may explain.
        let drift = found.placement.drift
        let distance = max(abs(drift.dy), abs(drift.dx))
        let side = Double(min(first.image.height, first.image.width))
        let share = 0.9 - 1.5 * distance / side
        if found.unexplained < share * best.unexplained { best = found }
      }
    }
    return best
  }
}
