import Spectra

/// What each pixel's spectrum is divided by before it is compared with others, and what is taken off it before that.
struct SpectrumMeasure: Sendable {
  /// nil where spectra are taken as they are.
  let divisor: Image?
  /// A background in the first number, that falls over the energies as `shape`; nil where nothing is taken off.
  let background: (level: Image, shape: [Float])?
  /// Pixels that there is enough of.
  let isUsable: [Bool]

  /// The measure that `normalise.measure` names.
  ///
  /// - Throws: ``AnalysisError`` where an edge is needed and not measured; ``ScratchFailure``.
  init(
    _ parameters: ParameterSet, _ frames: FrameStore, energies: [Double], mean: Image,
    _ plan: EdgePlan
  ) throws {
    let name = parameters.text("normalise.measure")
    guard name.hasPrefix("edge_") else {
      divisor = name == "mean_od" ? mean : nil
      background = nil
      // What has no optical density at all is no sample.
      isUsable = mean.pixels.map { $0 > 0 }
      return
    }
    guard let edge = plan.edges.first else {
      throw AnalysisError("normalise.measure=\(name): " + plan.whyNone)
    }
    let windows = plan.windows.windows(at: edge, energies: energies)
    let end = edge.energyEV + windows.pre.upperBound
    let measure = try EdgeMeasure(
      of: frames, energies: energies,
      isBefore: energies.map { windows.pre.contains($0 - edge.energyEV) },
      isBehind: energies.map {
        name == "edge_area"
          ? $0 > end && $0 <= edge.energyEV + windows.post.upperBound
          : windows.post.contains($0 - edge.energyEV)
      })
    let least = Float(parameters.fixed("normalise.minimum_signal"))
    divisor = measure.height
    background = (measure.before, measure.shape.map { Float($0) })
    isUsable = zip(measure.height.pixels, measure.standardError.pixels).map {
      $0 > 0 && $0 >= least * $1
    }
  }
}

extension EdgePlan {
  /// Why no edge is measured, in one line.
  var whyNone: String {
    if let (edge, failure) = unmeasured.first { return "\(edge.name): \(failure)" }
    if elements.isEmpty {
      return "no edge was found in the mean spectrum: name the element (elements.symbols)"
    }
    let symbols = elements.map(\.symbol).joined(separator: ", ")
    return "no K or L3 edge of \(symbols) lies among the energies (elements.symbols)"
  }
}
