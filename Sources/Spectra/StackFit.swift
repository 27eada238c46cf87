/// The main part of a registration: all frames against what they have in common.
struct StackFit {
  let frames: [Image]
  let blur: Double
  let rounds: Int
  let centre: OpticalCentre

  /// What was found.
  struct Found {
    var placements: [Placement]
    var residuals: [Double] = []
    var scale: ScaleLaw?
  }

  /// Refines placements in rounds of fits to the reconstruction, with a fit of steepness after each third.
  func refine(_ start: [Placement], _ scale: Registration.Scale) -> Found {
    var found = Found(placements: start)
    guard rounds > 0 else { return found }
    let coefficients = mapInParallel(frames.count) { frames[$0].splineCoefficients() }
    if case .measured(let energies) = scale {
      // Links that each err a little add up: their law is smoother.
      found.placements = smoothed(found.placements, energies).placements
      fitToReconstruction(coefficients, &found, rounds)
      for _ in 0..<2 {
        fitSteepness(coefficients, &found, fitsScale: true)
        let (placements, law) = smoothed(found.placements, energies)
        (found.placements, found.scale) = (placements, law)
      }
    } else {
      fitToReconstruction(coefficients, &found, rounds)
      fitSteepness(coefficients, &found, fitsScale: false)
    }
    fitToReconstruction(coefficients, &found, rounds)
    fitSteepness(coefficients, &found, fitsScale: false)
    return found
  }

  /// Placements whose scales follow the law that fits them.
  private func smoothed(
    _ placements: [Placement], _ energies: [Double]
  ) -> (placements: [Placement], law: ScaleLaw) {
    let first = placements[0].scale
    let law = ScaleLaw(
      energies: energies, scales: placements.map { $0.scale / first },
      halfSide: Double(max(frames[0].height, frames[0].width)) / 2)
    return (
      zip(placements, law.scales).map { Placement(drift: $0.drift, scale: $1) }, law
    )
  }

  /// The pixels at the border that some frame does not show, and two more.
  private func margin(_ placements: [Placement]) -> Int {
    let side = Double(max(frames[0].height, frames[0].width))
    let farthest = placements.map { placement in
      max(abs(placement.drift.dy), abs(placement.drift.dx)) + max(0, placement.scale - 1) * side / 2
    }
    return 2 + Int(farthest.max() ?? 0)
  }

  private func aligned(_ coefficients: [Image], _ placements: [Placement]) -> [Image] {
    mapInParallel(coefficients.count) {
      coefficients[$0].sampled(at: placements[$0], about: centre)
    }
  }

  /// Fits each frame to its reconstruction from the aligned stack's first two components.
  private func fitToReconstruction(
    _ coefficients: [Image], _ found: inout Found, _ rounds: Int
  ) {
    for _ in 0..<rounds {
      let placements = found.placements
      let margin = margin(placements)
      let components = StackComponents(
        of: aligned(coefficients, placements), rank: 2, margin: margin)
      let fits = mapInParallel(coefficients.count) { index in
        TemplateFit(
          template: components.reconstruction(of: index), margin: margin, centre: centre)?
          .refine(placements[index], of: coefficients[index])
      }
      found.residuals = fits.map { $0?.unexplained ?? 1 }
      found.placements = zip(fits, placements).map { $0?.placement ?? $1 }
    }
  }

  /// Fits the gradient's magnitude of each denoised frame to that of all frames in common. An
  /// interface stays where it is when its contrast changes or reverses.
  private func fitSteepness(
    _ coefficients: [Image], _ found: inout Found, fitsScale: Bool
  ) {
    let placements = found.placements
    let margin = margin(placements)
    let components = StackComponents(
      of: aligned(coefficients, placements), rank: 4, margin: margin)
    let steepness = mapInParallel(coefficients.count) { index in
      components.reconstruction(of: index).gradientMagnitude().blurred(sigma: blur)
    }
    let common = StackComponents(of: steepness, rank: 1, margin: margin)
    found.placements = mapInParallel(coefficients.count) { index in
      let old = placements[index]
      guard
        let fit = TemplateFit(
          template: common.reconstruction(of: index), margin: margin + 1, centre: centre),
        let rest = fit.refine(
          Placement(), of: steepness[index].splineCoefficients(), fitsScale: fitsScale)?.placement
      else { return old }
      return Placement(
        drift: Drift(
          dy: old.drift.dy + old.scale * rest.drift.dy,
          dx: old.drift.dx + old.scale * rest.drift.dx),
        scale: old.scale * rest.scale)
    }
  }
}

extension Image {
  /// The length of the gradient by central differences; 0 at the rim.
  func gradientMagnitude() -> Image {
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
