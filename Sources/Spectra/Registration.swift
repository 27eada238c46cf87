/// Measures the drift of each frame of a stack of optical density against the first.
///
/// Neighbouring frames are chained by phase correlation, each link refined by least squares. Then
/// every frame is fitted to what the whole aligned stack says it should look like (its
/// reconstruction from the stack's first two components), so that errors do not add up along
/// the chain and contrast that reverses across an edge is that of the template too. What is left
/// is an offset between the frames before and behind an edge, where contrast changes at once: it
/// goes in a last fit of how steep each frame is, wherever it is steep, to what all have in common.
public struct Registration: Sendable, Equatable {
  /// The standard deviation of the blur before measuring, px.
  public var blur: Double = 1
  /// How many times all frames are fitted to the stack's reconstruction, before and after the
  /// first fit of their steepness; 0 leaves the chain as it is.
  public var templateRounds: Int = 3
  /// Frames with a longer side than this are measured on pixels binned in powers of two.
  public var largestSide: Int = 640

  /// The default registration.
  public init() {}

  /// The drift of each frame; (0, 0) for the first, and for all where the frames show no structure.
  ///
  /// - Complexity: O(frames pixels log pixels).
  public func drifts(of stack: [Image]) -> [Drift] {
    guard stack.count > 1, let first = stack.first else {
      return stack.map { _ in Drift(dy: 0, dx: 0) }
    }
    let factor = binning(of: max(first.height, first.width))
    let frames = mapInParallel(stack.count) { index in
      stack[index].binned(by: factor).blurred(sigma: blur)
    }
    guard min(frames[0].height, frames[0].width) >= 16 else {
      return stack.map { _ in Drift(dy: 0, dx: 0) }
    }
    guard var drifts = chain(frames) else { return stack.map { _ in Drift(dy: 0, dx: 0) } }
    let coefficients = mapInParallel(frames.count) { frames[$0].splineCoefficients() }
    for _ in 0..<2 where templateRounds > 0 {
      for _ in 0..<templateRounds { drifts = fitToReconstruction(coefficients, drifts) }
      drifts = fitSteepness(coefficients, drifts)
    }
    let origin = drifts[0]
    return drifts.map { drift in
      Drift(
        dy: (drift.dy - origin.dy) * Double(factor), dx: (drift.dx - origin.dx) * Double(factor))
    }
  }

  private func binning(of side: Int) -> Int {
    var factor = 1
    while side / factor > largestSide { factor *= 2 }
    return factor
  }

  /// The drift of each frame from link to link; nil where no link explains a fifth of a frame:
  /// the frames are blank.
  private func chain(_ frames: [Image]) -> [Drift]? {
    let correlation = PhaseCorrelation(height: frames[0].height, width: frames[0].width)
    let spectra = mapInParallel(frames.count) { index in
      (
        density: correlation.spectrum(frames[index]),
        steepness: correlation.spectrum(frames[index].gradientMagnitude().blurred(sigma: blur))
      )
    }
    let links = mapInParallel(frames.count - 1) { index in
      let (before, behind) = (spectra[index], spectra[index + 1])
      // To a whole pixel: the fit goes on from there.
      func coarse(
        _ b: PhaseCorrelation.Spectrum, _ a: PhaseCorrelation.Spectrum, isReversed: Bool = false
      ) -> Drift {
        correlation.drift(of: b, against: a, isReversed: isReversed, isRefined: false)
      }
      return bestLink(
        from: frames[index], to: frames[index + 1],
        [
          Drift(dy: 0, dx: 0), coarse(behind.density, before.density),
          coarse(behind.density, before.density, isReversed: true),
          coarse(behind.steepness, before.steepness),
        ])
    }
    guard links.contains(where: { $0.unexplained < 0.8 }) else { return nil }
    var drifts = [Drift(dy: 0, dx: 0)]
    for link in links.map(\.drift) {
      let previous = drifts[drifts.count - 1]
      drifts.append(Drift(dy: previous.dy + link.dy, dx: previous.dx + link.dx))
    }
    return drifts
  }

  /// The best of some displacements between two frames, each refined by least squares with a gain that
  /// may be negative: contrast reverses across an edge. The first candidate stands unless a later
  /// one leaves a tenth less unexplained, as it does where the frames show that they moved.
  private func bestLink(
    from first: Image, to moved: Image, _ candidates: [Drift]
  ) -> TemplateFit.Outcome {
    var best = TemplateFit.Outcome(drift: Drift(dy: 0, dx: 0), unexplained: .infinity)
    guard let fit = TemplateFit(template: first, margin: 4) else { return best }
    let coefficients = moved.splineCoefficients()
    for candidate in candidates {
      guard let found = fit.refine(candidate, of: coefficients) else { continue }
      // A far displacement leaves a small overlap, which chance alone may explain.
      let distance = max(abs(found.drift.dy), abs(found.drift.dx))
      let share = 0.9 - 1.5 * distance / Double(min(first.height, first.width))
      if found.unexplained < share * best.unexplained { best = found }
    }
    return best
  }

  /// Fits each frame to its reconstruction from the aligned stack's first two components.
  private func fitToReconstruction(_ coefficients: [Image], _ drifts: [Drift]) -> [Drift] {
    let aligned = mapInParallel(coefficients.count) { coefficients[$0].sampled(at: drifts[$0]) }
    let margin = 2 + Int(drifts.map { max(abs($0.dy), abs($0.dx)) }.max() ?? 0)
    let components = StackComponents(of: aligned, rank: 2, margin: margin)
    return mapInParallel(coefficients.count) { index in
      let template = components.reconstruction(of: index)
      return TemplateFit(template: template, margin: margin)?
        .refine(drifts[index], of: coefficients[index])?.drift ?? drifts[index]
    }
  }
}

extension Registration {
  /// Fits the gradient's magnitude of each denoised frame to that of all frames in common. An
  /// interface stays where it is when its contrast changes or reverses.
  private func fitSteepness(_ coefficients: [Image], _ drifts: [Drift]) -> [Drift] {
    let aligned = mapInParallel(coefficients.count) { coefficients[$0].sampled(at: drifts[$0]) }
    let margin = 2 + Int(drifts.map { max(abs($0.dy), abs($0.dx)) }.max() ?? 0)
    let components = StackComponents(of: aligned, rank: 4, margin: margin)
    let steepness = mapInParallel(coefficients.count) { index in
      components.reconstruction(of: index).gradientMagnitude().blurred(sigma: blur)
    }
    let common = StackComponents(of: steepness, rank: 1, margin: margin)
    return mapInParallel(coefficients.count) { index in
      guard let fit = TemplateFit(template: common.reconstruction(of: index), margin: margin + 1),
        let rest = fit.refine(Drift(dy: 0, dx: 0), of: steepness[index].splineCoefficients())?.drift
      else { return drifts[index] }
      return Drift(dy: drifts[index].dy + rest.dy, dx: drifts[index].dx + rest.dx)
    }
  }
}

extension Image {
  /// The length of the gradient by central differences; 0 at the rim.
  fileprivate func gradientMagnitude() -> Image {
    var result = Image(height: height, width: width)
    for y in 1..<height - 1 {
      for x in 1..<width - 1 {
        let down = (self[y + 1, x] - self[y - 1, x]) / 2
        let across = (self[y, x + 1] - self[y, x - 1]) / 2
        result[y, x] = (down * down + across * across).squareRoot()
      }
    }
    return result
  }

  /// The image averaged over squares of `factor` pixels; what does not fill a square is left out.
  func binned(by factor: Int) -> Image {
    guard factor > 1 else { return self }
    var result = Image(height: height / factor, width: width / factor)
    let scale = 1 / Float(factor * factor)
    for y in 0..<result.height {
      for x in 0..<result.width {
        var sum: Float = 0
        for row in y * factor..<(y + 1) * factor {
          for column in x * factor..<(x + 1) * factor { sum += pixels[row * width + column] }
        }
        result[y, x] = sum * scale
      }
    }
    return result
  }
}
