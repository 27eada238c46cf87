import Foundation
import Spectra
import StackIO

/// Counts, transmission or optical density as read -> optical density with gaps and outliers replaced
/// and the beam's flicker known.
struct OpticalDensityStage {
  /// What was replaced in a frame.
  struct Alterations: Sendable {
    /// The pixels, ascending.
    var pixels: [Int32] = []
    /// Those of them that nothing near was measured of.
    var lost: [Int32] = []
    var saturated = 0
    var outliers = 0
    var unmeasured = 0
  }

  /// What the stage makes.
  struct Output: Sendable {
    /// The optical density, the beam's flicker in it.
    var frames: FrameStore
    /// Of each frame.
    var altered: [Alterations]
    /// The level of the empty field in each frame, which is the beam's flicker; empty where there is none.
    var emptyFieldLevels: [Float] = []
    var emptyFieldPixels = 0
    var saturation: Float?
    var minimumReference: Float?

    /// The beam's flicker in a frame: 0 where it is not known.
    func emptyFieldLevel(_ frame: Int) -> Float {
      emptyFieldLevels.isEmpty ? 0 : emptyFieldLevels[frame]
    }
  }

  let parameters: ParameterSet
  let resources: ResourcePlan
  let progress: ProgressTeller

  func run(_ loaded: LoadedScan) throws -> Output {
    // Where I0 is found in the frames themselves, they are read once more, before.
    let passes = loaded.scan.signal.value == .counts && loaded.scan.reference == .emptyField ? 2 : 1
    let count = progress.count(
      .correct, of: passes * loaded.frames.count, countsFrames: passes == 1)
    var output = try opticalDensity(loaded, count)
    guard parameters.text("correct.empty_field") == "auto",
      let empty = try EmptyField(of: output.frames)
    else { return output }
    output.emptyFieldPixels = empty.pixels.count
    let frames = output.frames
    output.emptyFieldLevels = try mapInParallel(frames.count) { (frame) throws(ScratchFailure) in
      try empty.level(of: frames, frame)
    }
    return output
  }

  private func opticalDensity(_ loaded: LoadedScan, _ count: StageCount) throws -> Output {
    var correction = OpticalDensityCorrection()
    correction.outlierFloor = Float(parameters.fixed("correct.outlier_od"))
    correction.outlierDeviations = Float(parameters.fixed("correct.outlier_deviations"))
    switch loaded.scan.signal.value {
    case .counts: return try fromCounts(loaded, &correction, count)
    case .transmission:
      let finished = correction
      return try collect(loaded, count) { index, source in
        let image = try source.frame(index)
        try refuseCounts(image, above: 1.5, "transmission", loaded.location(index))
        return finished.opticalDensity(transmission: image)
      }
    case .od:
      let finished = correction
      return try collect(loaded, count) { index, source in
        let image = try source.frame(index)
        // No detector sees e^-20 of the beam.
        try refuseCounts(image, above: 20, "optical density", loaded.location(index))
        return finished.repaired(image)
      }
    }
  }

  private func fromCounts(
    _ loaded: LoadedScan, _ correction: inout OpticalDensityCorrection, _ count: StageCount
  ) throws -> Output {
    let saturation = saturation(loaded)
    correction.saturation = saturation.map { Float($0) }
    let levels = try constantLevels(loaded, count)
    correction.minimumReference = minimumReference(loaded, levels)
    let finished = correction
    var output = try collect(loaded, count, saturation: saturation) { index, source in
      let (exposure, i0Exposure) = exposures(loaded, index)
      var ratio: Float = 0
      if let exposure, let i0Exposure { ratio = Float(log(exposure / i0Exposure)) }
      return finished.opticalDensity(
        counts: try source.frame(index), dark: try source.dark(index),
        darkScale: loaded.darkScale(index, exposure: exposure) ?? 1,
        referenceDarkScale: loaded.darkScale(index, exposure: i0Exposure) ?? 1,
        reference: try levels.map { .level($0[index]) } ?? .frame(source.reference(index)),
        logExposureRatio: ratio)
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

  /// Makes every frame, some consecutive ones by the same reader.
  private func collect(
    _ loaded: LoadedScan, _ count: StageCount, saturation: Double? = nil,
    _ body: @Sendable (Int, FrameSource) throws -> OpticalDensityFrame?
  ) throws -> Output {
    let frames = try resources.frameStore(of: loaded.scan)
    let runs = resources.runs(of: loaded.frames.count)
    let altered = try mapInParallel(runs.count, threads: resources.threads) { run in
      let source = FrameSource(loaded, saturation: saturation)
      return try runs[run].map { index in
        guard let frame = try body(index, source) else {
          let location = loaded.location(index)
          throw InputError(
            "no pixel is left at \(loaded.scan.energies[index]) eV: all counts or references are "
              + "below correct.minimum_reference, saturated or not numbers", path: location.path,
            place: "page \(location.page + 1)")
        }
        try frames.set(index, to: frame.image)
        count.add()
        return Alterations(
          pixels: frame.altered, lost: frame.lost, saturated: frame.saturatedCount,
          outliers: frame.outlierCount,
          unmeasured: frame.unmeasuredCount)
      }
    }
    return Output(frames: frames, altered: altered.flatMap(\.self))
  }

  /// I0 at each energy where it is one number for all pixels; nil where it is a frame.
  private func constantLevels(_ loaded: LoadedScan, _ count: StageCount) throws -> [Float]? {
    switch loaded.scan.reference {
    case .notNeeded: preconditionFailure("only counts have a reference")
    case .frames, .frame: return nil
    case .spectra: return loaded.scan.steps.map { Float($0.referenceLevel ?? 0) }
    case .emptyField:
      let net = try resources.frameStore(of: loaded.scan)
      let runs = resources.runs(of: loaded.frames.count)
      _ = try mapInParallel(runs.count, threads: resources.threads) { run in
        let source = FrameSource(loaded, saturation: nil)
        for index in runs[run] {
          var image = try source.frame(index)
          let scale = loaded.darkScale(index, exposure: loaded.frames[index].exposure)
          if let dark = try source.dark(index), let scale { image.add(dark, times: -scale) }
          try net.set(index, to: image)
          count.add()
        }
      }
      guard let empty = try EmptyField(ofCounts: net) else {
        throw AnalysisError(
          "no empty field was found to take I0 from: give --reference FILE")
      }
      return try mapInParallel(net.count) { (frame) throws(ScratchFailure) in
        try empty.level(of: net, frame)
      }
    }
  }

  private func saturation(_ loaded: LoadedScan) -> Double? {
    if let given = parameters.number("correct.saturation") { return given }
    let largest = (loaded.frames + loaded.references).compactMap(\.largest).max()
    return largest.flatMap { FrameMean.ceilings.contains($0) ? $0 : nil }
  }

  private func minimumReference(_ loaded: LoadedScan, _ levels: [Float]?) -> Float {
    if let given = parameters.number("correct.minimum_reference") { return Float(given) }
    let typical =
      levels
      ?? loaded.frames.indices.map { energy in
        let i0 = loaded.references[loaded.referenceOf[energy]]
        guard let scale = loaded.darkScale(energy, exposure: i0.exposure) else { return i0.typical }
        return i0.typical - scale * loaded.darks[loaded.darkOf[energy]].typical
      }
    return max(0, min(5, 0.01 * (typical.min() ?? 0)))
  }

  private func refuseCounts(
    _ image: Image, above limit: Float, _ kind: String, _ location: FrameLocation
  ) throws(InputError) {
    if 2 * image.pixels.count(where: { $0 > limit }) > image.pixels.count {
      throw InputError(
        "\(kind) above \(limit) over half the pixels: this looks like counts (--signal counts)",
        path: location.path, place: "page \(location.page + 1)")
    }
  }
}

/// Reads the frames of a scan and what belongs to each, keeping the last reference and dark. Not for several threads
/// at once.
private final class FrameSource {
  private let loaded: LoadedScan
  private let saturation: Double?
  private let reader = ScanReader()
  private let beside = ScanReader()
  private var lastReference: (number: Int, image: Image)?
  private var lastDark: (number: Int, image: Image)?

  init(_ loaded: LoadedScan, saturation: Double?) {
    self.loaded = loaded
    self.saturation = saturation
  }

  func frame(_ energy: Int) throws -> Image {
    try reader.mean(of: loaded.frames[energy], saturation: saturation)
  }

  func reference(_ energy: Int) throws -> Image {
    let number = loaded.referenceOf[energy]
    if let lastReference, lastReference.number == number { return lastReference.image }
    let image = try beside.mean(of: loaded.references[number], saturation: saturation)
    lastReference = (number, image)
    return image
  }

  /// nil where there is no dark.
  func dark(_ energy: Int) throws -> Image? {
    guard !loaded.darks.isEmpty else { return nil }
    let number = loaded.darkOf[energy]
    if let lastDark, lastDark.number == number { return lastDark.image }
    let image = try beside.mean(of: loaded.darks[number], saturation: nil)
    lastDark = (number, image)
    return image
  }
}
