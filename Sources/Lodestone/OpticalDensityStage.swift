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
    switch loaded.scan.signal {
    case .counts: return try fromCounts(loaded, &correction)
    case .transmission:
      try refuseCounts(loaded, above: 1.5, "transmission")
      let finished = correction
      return try collect(loaded) { finished.opticalDensity(transmission: loaded.frames[$0].image) }
    case .od:
      // No detector sees e^-20 of the beam.
      try refuseCounts(loaded, above: 20, "optical density")
      let finished = correction
      return try collect(loaded) { finished.repaired(loaded.frames[$0].image) }
    }
  }

  private func fromCounts(
    _ loaded: LoadedScan, _ correction: inout OpticalDensityCorrection
  ) throws -> Output {
    let reference = try referenceLevel(loaded)
    let dark = loaded.dark?.image
    correction.saturation = saturation(loaded)
    correction.minimumReference = minimumReference(
      loaded.frames.count, dark: dark, reference: reference)
    let finished = correction
    var logRatio: Float = 0
    // The empty field is in the frame itself: its exposure is the frame's.
    if let exposure = loaded.scan.exposure, let other = loaded.scan.referenceExposure,
      loaded.scan.reference != .emptyField
    {
      logRatio = Float(log(exposure / other))
    }
    let ratio = logRatio
    var output = try collect(loaded) { index in
      finished.opticalDensity(
        counts: loaded.frames[index].image, dark: dark, reference: reference(index),
        logExposureRatio: ratio)
    }
    output.saturation = correction.saturation
    output.minimumReference = correction.minimumReference
    return output
  }

  private func collect(
    _ loaded: LoadedScan, _ body: @Sendable (Int) -> OpticalDensityFrame?
  ) throws -> Output {
    let made = mapInParallel(loaded.frames.count, body)
    for (index, frame) in made.enumerated() where frame == nil {
      let location = loaded.scan.frames[index]
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
    _ loaded: LoadedScan
  ) throws -> @Sendable (_ energy: Int) -> ReferenceLevel {
    switch loaded.reference {
    case .notNeeded: preconditionFailure("only counts have a reference")
    case .frame(let frame):
      let image = frame.image
      return { _ in .frame(image) }
    case .frames(let frames): return { .frame(frames[$0].image) }
    case .levels(let levels): return { .level(Float(levels[$0])) }
    case .emptyField:
      let net = loaded.frames.map { frame in
        var image = frame.image
        if let dark = loaded.dark?.image {
          for index in image.pixels.indices { image.pixels[index] -= dark.pixels[index] }
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
    var all = loaded.frames
    switch loaded.reference {
    case .frames(let frames): all += frames
    case .frame(let frame): all.append(frame)
    case .notNeeded, .levels, .emptyField: break
    }
    let largest = all.compactMap(\.values.maximum).max()
    // The largest count of a detector of 8, 12, 14 or 16 bits.
    return [255, 4095, 16383, 65535].contains(largest) ? largest.map { Float($0) } : nil
  }

  private func minimumReference(
    _ energies: Int, dark: Image?, reference: @Sendable (Int) -> ReferenceLevel
  ) -> Float {
    if let given = parameters.number("correct.minimum_reference") { return Float(given) }
    let typical = mapInParallel(energies) { energy -> Float in
      switch reference(energy) {
      case .level(let level): return level
      case .frame(let frame):
        // The median of about 20,000 pixels, evenly spread.
        let step = max(1, frame.pixels.count / 20_000)
        let net = stride(from: 0, to: frame.pixels.count, by: step)
          .map { frame.pixels[$0] - (dark?.pixels[$0] ?? 0) }.filter { !$0.isNaN }.sorted()
        return net.isEmpty ? 0 : net[net.count / 2]
      }
    }
    return max(0, min(5, 0.01 * (typical.min() ?? 0)))
  }

  private func refuseCounts(
    _ loaded: LoadedScan, above limit: Float, _ kind: String
  ) throws {
    for (index, frame) in loaded.frames.enumerated() {
      let values = frame.values.floats
      if 2 * values.count(where: { $0 > limit }) > values.count {
        let location = loaded.scan.frames[index]
        throw InputError(
          "\(kind) above \(limit) over half the pixels: this looks like counts (--signal counts)",
          path: location.path, place: "page \(location.page + 1)")
      }
    }
  }
}
