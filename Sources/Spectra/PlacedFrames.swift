/// Rows of frames, each at its place in the stack: those of a store as they are, or of the splines that have its values for
/// coefficients, sampled at each frame's placement when they are asked for. Aligned frames are never held.
struct PlacedFrames: Sendable {
  private let frames: FrameStore
  /// One a frame; nil where the frames are taken as they are.
  private let samplers: [SplineSampler]?

  /// Frames that are at their places.
  init(_ frames: FrameStore) {
    self.frames = frames
    samplers = nil
  }

  /// The splines with these coefficients, moved back by placements about an optical centre.
  init(coefficients: FrameStore, _ placements: [Placement], about centre: OpticalCentre) {
    frames = coefficients
    samplers = mapInParallel(placements.count) {
      SplineSampler(
        height: coefficients.height, width: coefficients.width, placements[$0], centre)
    }
  }

  /// The number of frames.
  var count: Int { frames.count }
  /// The rows of a frame.
  var height: Int { frames.height }
  /// The columns of a frame.
  var width: Int { frames.width }

  /// Runs `body` with every `step`-th of some rows of a frame.
  ///
  /// - Throws: ``ScratchFailure``.
  func forEachRow(
    _ rows: Range<Int>, step: Int = 1, of frame: Int,
    _ body: (_ y: Int, _ row: UnsafePointer<Float>) -> Void
  ) throws(ScratchFailure) {
    let chosen = stride(from: rows.lowerBound, to: rows.upperBound, by: step)
    guard var sampler = samplers?[frame] else {
      return try frames.withRows(rows, of: frame) { base in
        for y in chosen { body(y, base + y * width) }
      }
    }
    var row = [Float](repeating: 0, count: width)
    try frames.withRows(sampler.source(of: rows), of: frame) { base in
      row.withUnsafeMutableBufferPointer { row in
        guard let place = row.baseAddress else { return }
        for y in chosen {
          sampler.sample(base, row: y, into: place)
          body(y, place)
        }
      }
    }
  }
}
