import Spectra

/// Optical density -> the same, each pixel the same piece of sample at every energy.
struct RegistrationStage {
  /// What the stage makes.
  struct Output {
    var frames: [Image]
    var drifts: [Drift]
    /// The pixels that lie inside every frame and were measured in at least half of them.
    var isMeasured: [Bool]
  }

  let parameters: ParameterSet

  func run(_ density: OpticalDensityStage.Output) -> Output {
    let frames = density.frames
    var drifts = frames.map { _ in Drift(dy: 0, dx: 0) }
    if parameters.text("register.method") == "translation" {
      var registration = Registration()
      registration.blur = parameters.fixed("register.blur_px")
      registration.templateRounds = Int(parameters.fixed("register.template_rounds"))
      drifts = registration.drifts(of: frames)
    }
    let measured = drifts
    let aligned = mapInParallel(frames.count) { frames[$0].moved(back: measured[$0]) }
    return Output(
      frames: aligned, drifts: drifts,
      isMeasured: measuredPixels(density.altered, drifts, frames[0].height, frames[0].width))
  }

  private func measuredPixels(
    _ altered: [[Int32]], _ drifts: [Drift], _ height: Int, _ width: Int
  ) -> [Bool] {
    var alterations = [Int32](repeating: 0, count: height * width)
    for (pixels, drift) in zip(altered, drifts) {
      let (dy, dx) = (Int(drift.dy.rounded()), Int(drift.dx.rounded()))
      for pixel in pixels {
        let (y, x) = (Int(pixel) / width - dy, Int(pixel) % width - dx)
        if y >= 0 && y < height && x >= 0 && x < width { alterations[y * width + x] += 1 }
      }
    }
    let rows = inside(height, drifts.map(\.dy))
    let columns = inside(width, drifts.map(\.dx))
    return (0..<height * width).map { index in
      rows.contains(index / width) && columns.contains(index % width)
        && 2 * Int(alterations[index]) <= drifts.count
    }
  }

  /// The places that lie inside 0...count - 1 under every displacement.
  private func inside(_ count: Int, _ displacements: [Double]) -> ClosedRange<Int> {
    // A thousandth of a pixel past the rim is the measurement's own error.
    let low = displacements.map { (-$0 - 1e-3).rounded(.up) }.max() ?? 0
    let high = displacements.map { (Double(count - 1) - $0 + 1e-3).rounded(.down) }.min() ?? 0
    let first = max(0, Int(low))
    return first...max(first, min(count - 1, Int(high)))
  }
}
