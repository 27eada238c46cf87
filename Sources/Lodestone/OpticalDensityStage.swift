import Foundation
import Spectra
import StackIO

/// Counts, transmission or optical density as read -> optical density with gaps and outliers replaced
/// and the beam's flicker taken off.
struct OpticalDensityStage {
  /// What the stage makes.
  struct Output {
    var frames: [Image]
    /// The altered pixels of each frame.
    var altered: [[Int32]]
    /// The level of the empty field that was taken off each frame; empty where there is none.
    var emptyFieldLevels: [Float] = []
    var emptyFieldPixels = 0
    var saturation: Float?
    var minimumReference: Float?
  }

  let parameters: ParameterSet

  func run(_ loaded: LoadedScan) throws -> Output {
    var output = try opticalDensity(loaded)
    guard parameters.text("correct.empty_field") == "auto",
      let empty = EmptyField(of: output.frames)
    else { return output }
    output.emptyFieldPixels = empty.pixels.count
    let frames = output.frames
    let levels = mapInParallel(frames.count) { empty.level(of: frames[$0]) }
    output.frames = mapInParallel(frames.count) { index in
      var frame = frames[index]
      for pixel in frame.pixels.indices { frame.pixels[pixel] -= levels[index] }
      return frame
    }
    output.emptyFieldLevels = levels
    return output
  }

  private func opticalDensity(_ loaded: LoadedScan) throws -> Output {
    var correction = OpticalDensityCorrection()
    correction.outlierFloor = Float(parameters.fixed("correct.outlier_od"))
    correction.outlierDeviations = Float(parameters.fixed("correct.outlier_deviations"))
    switch loaded.scan.signal.value {
    case .counts: return try fromCounts(loaded, &correction)
    case .transmission:
      try refuseCounts(loaded, above: 1.5, "transmission")
      let finished = correction
      return try collect(loaded) {
        finished.opticalDensity(transmission: loaded.frames[$0].frame.image)
      }
    case .od:
      // No detector sees e^-20 of the beam.
      try refuseCounts(loaded, above: 20, "optical density")
      let finished = correction
      return try collect(loaded) { finished.repaired(loaded.frames[$0].frame.image) }
    }
  }

  private func fromCounts(
    _ loaded: LoadedScan, _ correction: inout OpticalDensityCorrection
  ) throws -> Output {
    correction.saturation = saturation(loaded)
    let finishedSaturation = correction.saturation
    let reference = try referenceLevel(loaded, saturation: finishedSaturation)
    correction.minimumReference = minimumReference(loaded, reference: reference)
    let finished = correction
    var output = try collect(loaded) { index in
      let (exposure, i0Exposure) = exposures(loaded, index)
      let dark = loaded.dark(index, exposure: exposure)
      var ratio: Float = 0
      if let exposure, let i0Exposure { ratio = Float(log(exposure / i0Exposure)) }
      return finished.opticalDensity(
        counts: loaded.frames[index].image(saturation: finishedSaturation), dark: dark?.image,
        darkScale: dark?.scale ?? 1,
        referenceDarkScale: loaded.dark(index, exposure: i0Exposure)?.scale ?? 1,
        reference: reference(index), logExposureRatio: ratio)
    }
    output.saturation = correction.saturation
    output.minimumReference = correction.minimumReference
    return output
  }

  /// The exposures of the frame and its I0, s; nil where not known.
  private func exposures(_ loaded: LoadedScan, _ energy: Int) -> (frame: Double?, i0: Double?) {
    let frame = loaded.frames[energy].exposure
    switch loaded.scan.reference {
    case .frames, .frame:
      return (frame, loaded.references[loaded.referenceOf[energy]].exposure)
    case .spectra: return (frame, loaded.scan.spectrumExposure)
    // The empty field is in the frame itself.
    case .emptyField, .notNeeded: return (frame, frame)
    }
  }

  private func collect(
    _ loaded: LoadedScan, _ body: @Sendable (Int) -> OpticalDensityFrame?
  ) throws -> Output {
    let made = mapInParallel(loaded.frames.count, body)
    for (index, frame) in made.enumerated() where frame == nil {
      let location = loaded.location(index)
      throw InputError(
        "no pixel is left at \(loaded.scan.energies[index]) eV: all counts or references are "
          + "below correct.minimum_reference, saturated or not numbers", path: location.path,
        place: "page \(location.page + 1)")
    }
    let frames = made.compactMap { $0 }
    return Output(frames: frames.map(\.image), altered: frames.map(\.altered))
  }

  /// I0 at each of the scan's energies.
  private func referenceLevel(
    _ loaded: LoadedScan, saturation: Float?
  ) throws -> @Sendable (_ energy: Int) -> ReferenceLevel {
    switch loaded.scan.reference {
    case .notNeeded: preconditionFailure("only counts have a reference")
    case .frames, .frame:
      let images = loaded.references.map { $0.image(saturation: saturation) }
      return { .frame(images[loaded.referenceOf[$0]]) }
    case .spectra: return { .level(Float(loaded.scan.steps[$0].referenceLevel ?? 0)) }
    case .emptyField:
      let net = loaded.frames.indices.map { energy in
        var image = loaded.frames[energy].frame.image
        if let dark = loaded.dark(energy, exposure: loaded.frames[energy].exposure) {
          for index in image.pixels.indices {
            image.pixels[index] -= dark.image.pixels[index] * dark.scale
          }
        }
        return image
      }
      guard let empty = EmptyField(ofCounts: net) else {
        throw AnalysisError(
          "no empty field was found to take I0 from: give --reference FILE")
      }
      let levels = net.map(empty.level)
      return { .level(levels[$0]) }
    }
  }

  private func saturation(_ loaded: LoadedScan) -> Float? {
    if let given = parameters.number("correct.saturation") { return Float(given) }
    let largest = (loaded.frames + loaded.references).compactMap(\.largest).max()
    return largest.flatMap { FrameMean.ceilings.contains($0) ? Float($0) : nil }
  }

  private func minimumReference(
    _ loaded: LoadedScan, reference: @Sendable (Int) -> ReferenceLevel
  ) -> Float {
    if let given = parameters.number("correct.minimum_reference") { return Float(given) }
    let typical = mapInParallel(loaded.frames.count) { energy -> Float in
      switch reference(energy) {
      case .level(let level): return level
      case .frame(let frame):
        let dark = loaded.dark(energy, exposure: exposures(loaded, energy).i0)
        // The median of about 20,000 pixels, evenly spread.
        let step = max(1, frame.pixels.count / 20_000)
        let net = stride(from: 0, to: frame.pixels.count, by: step)
          .map { frame.pixels[$0] - (dark.map { $0.image }?.pixels[$0] ?? 0) * (dark?.scale ?? 1) }
          .filter { !$0.isNaN }.sorted()
        return net.isEmpty ? 0 : net[net.count / 2]
      }
    }
    return max(0, min(5, 0.01 * (typical.min() ?? 0)))
  }

  private func refuseCounts(
    _ loaded: LoadedScan, above limit: Float, _ kind: String
  ) throws {
    for (index, frame) in loaded.frames.enumerated() {
      let values = frame.frame.values.floats
      if 2 * values.count(where: { $0 > limit }) > values.count {
        let location = loaded.location(index)
        throw InputError(
          "\(kind) above \(limit) over half the pixels: this looks like counts (--signal counts)",
          path: location.path, place: "page \(location.page + 1)")
      }
    }
  }
}
