import Clustering
import Spectra

/// Registered optical density -> what each pixel's spectrum is compared by.
struct FeatureStage {
  /// What the stage makes.
  struct Output {
    /// The analysed pixels.
    var grid: PixelGrid
    /// One row a pixel of the grid.
    var features: Features
    /// Sample with too little of what spectra are divided by.
    var unusablePixels: Int
  }

  let parameters: ParameterSet
  let progress: ProgressTeller

  func run(
    _ registered: RegistrationStage.Output, _ mask: MaskStage.Output, energies: [Double]
  ) throws -> Output {
    let frames = registered.frames
    let measure = try SpectrumMeasure(
      parameters, frames, energies: energies, mean: mask.mean, mask.edges)
    let sample = mask.isSample.indices.filter {
      mask.isSample[$0] && registered.isMeasured[$0]
    }.map { Int32($0) }
    let pixels = sample.filter { measure.isUsable[Int($0)] }
    try refuseTooLittle(
      energies: frames.count, pixels: pixels.count, ofSample: sample.count, mask.mean)
    let grid = PixelGrid(height: frames.height, width: frames.width, pixels: pixels)
    return Output(
      grid: grid, features: try Features(frames, measure, grid, parameters, progress),
      unusablePixels: sample.count - pixels.count)
  }

  private func refuseTooLittle(
    energies: Int, pixels: Int, ofSample sample: Int, _ mean: Image
  ) throws(AnalysisError) {
    guard energies >= 5 else {
      throw AnalysisError("\(energies) energies are no spectrum: at least 5 are needed")
    }
    if pixels == 0, mean.pixels.max() ?? 0 <= 0 {
      throw AnalysisError(
        "the optical density is below 0 everywhere: the reference is darker than the frames "
          + "(is it that of this scan, and are the exposures known?)")
    }
    guard pixels >= 100 || sample < 100 || parameters.text("normalise.measure") == "mean_od" else {
      throw AnalysisError(
        "only \(pixels) of \(sample) pixels of sample have an edge of "
          + "\(parameters.text("normalise.minimum_signal")) standard errors: at least 100 are needed "
          + "(normalise.minimum_signal)")
    }
    guard pixels >= 100 else {
      throw AnalysisError(
        "only \(pixels) pixels hold sample: at least 100 are needed "
          + "(mask.fraction, or the drift is larger than the frame)")
    }
  }
}
