import Spectra

/// Registered optical density -> what is sample and what is empty field.
struct MaskStage {
  /// What the stage makes.
  struct Output: Sendable {
    /// The mean optical density over the energies.
    var mean: Image
    /// The pixels that hold sample; those that some frame does not show hold none.
    var isSample: [Bool]
    /// How many of them only an edge step shows.
    var stepPixels: Int
    /// The edges that are measured.
    var edges: EdgePlan
    /// The step at each of them.
    var steps: [Image]
  }

  let parameters: ParameterSet

  func run(
    _ registered: RegistrationStage.Output, energies: [Double]
  ) throws -> Output {
    let plan = try EdgePlan(
      parameters, registered.frames, energies: energies, isInside: registered.isInside)
    let maps = try AbsorptionMaps(
      of: registered.frames, energies: energies,
      edges: plan.edges, windows: plan.windows)
    let isInside = registered.isInside
    var mask = SampleMask(isInside: isInside)
    mask.fraction = parameters.fixed("mask.fraction")
    mask.stepDeviations = parameters.fixed("mask.step_deviations")
    mask.rimFraction = parameters.fixed("mask.rim_fraction")
    let byDensity = mask.withoutMixedRim(
      mask.pixels(meanOpticalDensity: maps.mean), meanOpticalDensity: maps.mean)
    let byStep = mask.pixels(anyOf: maps.steps)
    let nothing = [Bool](repeating: false, count: isInside.count)
    let isSample =
      switch parameters.text("mask.method") {
      case "od": byDensity
      case "step": mask.joined(nothing, byStep, width: maps.mean.width)
      default: mask.joined(byDensity, byStep, width: maps.mean.width)
      }
    return Output(
      mean: maps.mean, isSample: zip(isSample, registered.isLost).map { $0 && !$1 },
      stepPixels: isSample.indices.count { isSample[$0] && !byDensity[$0] },
      edges: plan, steps: maps.steps.map(\.step))
  }
}
