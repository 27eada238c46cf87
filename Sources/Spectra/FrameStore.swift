import Foundation

/// The frames of a stack, all of one shape: in memory, or in a scratch file where they would not fit.
///
/// Invariant, which the callers keep: while a thread writes a frame, no other reads or writes it.
public final class FrameStore: @unchecked Sendable {
  /// The number of frames.
  public let count: Int
  /// The rows of a frame.
  public let height: Int
  /// The columns of a frame.
  public let width: Int
  private let memory: UnsafeMutableBufferPointer<Float>?
  private let file: ScratchFile?

  /// A store of frames whose values are not yet set.
  ///
  /// - Parameter scratch: where a scratch file may be made; nil keeps the frames in memory.
  /// - Throws: ``ScratchFailure``.
  public init(
    count: Int, height: Int, width: Int, scratch: ScratchSpace? = nil
  ) throws(ScratchFailure) {
    (self.count, self.height, self.width) = (count, height, width)
    let values = count * height * width
    if let scratch {
      file = try ScratchFile(in: scratch, bytes: values * MemoryLayout<Float>.stride)
      memory = nil
    } else {
      memory = .allocate(capacity: values)
      file = nil
      if let bytes { Self.inLargePages(bytes) }
    }
  }

  /// Asks for pages of 2 MB: of small ones a stack has a hundred thousand, each to be given when it is first touched. It
  /// is advice; where it is not taken nothing changes.
  private static func inLargePages(_ bytes: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
      guard let base = bytes.baseAddress else { return }
      let first = base.alignedUp(toMultipleOf: 1 << 21)
      let count = bytes.count - (first - base)
      if count > 0 { madvise(first, count, MADV_HUGEPAGE) }
    #endif
  }

  deinit { memory?.deallocate() }

  private var pixels: Int { height * width }

  /// A frame's values in memory; nil where they are in a file.
  func memory(_ frame: Int) -> UnsafeMutableBufferPointer<Float>? {
    memory.map { .init(rebasing: $0[frame * pixels..<(frame + 1) * pixels]) }
  }

  /// All values, frame after frame, as they lie in memory; nil where they are in a file. They are valid as long as the
  /// store.
  package var bytes: UnsafeMutableRawBufferPointer? { memory.map { .init($0) } }

  /// A frame.
  ///
  /// - Throws: ``ScratchFailure``.
  public func image(_ frame: Int) throws(ScratchFailure) -> Image {
    var image = Image(unsetOfHeight: height, width: width)
    if let memory = memory(frame) {
      image.pixels.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: memory) }
    } else {
      try file?.read(at: frame * pixels, into: &image.pixels)
    }
    return image
  }

  /// Runs `body` with a frame's values.
  ///
  /// - Throws: ``ScratchFailure``.
  package func withPixels<R>(
    of frame: Int, _ body: (UnsafeBufferPointer<Float>) -> R
  ) throws(ScratchFailure) -> R {
    if let memory = memory(frame) { return body(UnsafeBufferPointer(memory)) }
    let image = try image(frame)
    return image.pixels.withUnsafeBufferPointer(body)
  }

  /// Runs `body` with the place where a frame's first row lies, or would: only the given rows are there.
  ///
  /// - Throws: ``ScratchFailure``.
  func withRows(
    _ rows: Range<Int>, of frame: Int, _ body: (UnsafePointer<Float>) -> Void
  ) throws(ScratchFailure) {
    if let base = memory(frame)?.baseAddress { return body(base) }
    let range = rows.lowerBound * width..<rows.upperBound * width
    var values = [Float](unsafeUninitializedCapacity: range.count) { _, filled in
      filled = range.count
    }
    try file?.read(
      at: frame * pixels + range.lowerBound, into: &values, places: 0..<range.count)
    values.withUnsafeBufferPointer { body($0.baseAddress! - range.lowerBound) }
  }

  /// Has `body` set all values of a frame; they are not set when it begins.
  ///
  /// - Throws: ``ScratchFailure``.
  func fill(
    _ frame: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) throws(ScratchFailure) {
    if let memory = memory(frame) { return body(memory) }
    var image = Image(unsetOfHeight: height, width: width)
    image.pixels.withUnsafeMutableBufferPointer { body($0) }
    try set(frame, to: image)
  }

  /// Sets a frame.
  ///
  /// - Throws: ``ScratchFailure``.
  public func set(_ frame: Int, to image: Image) throws(ScratchFailure) {
    precondition(image.height == height && image.width == width)
    if let memory = memory(frame) {
      image.pixels.withUnsafeBufferPointer { _ = memory.update(fromContentsOf: $0) }
    } else {
      try file?.write(image.pixels, at: frame * pixels)
    }
  }

  /// Some consecutive pixels of all frames, or of every `step`-th.
  package struct Band {
    /// The first of the pixels in the first frame.
    package let base: UnsafePointer<Float>
    /// How far the same pixel of the next frame lies.
    package let stride: Int
    /// The number of frames.
    package let frames: Int
  }

  /// Runs `body` with some consecutive pixels of every `step`-th frame.
  ///
  /// - Throws: ``ScratchFailure``.
  package func withBand<R>(
    _ range: Range<Int>, step: Int = 1, _ body: (Band) -> R
  ) throws(ScratchFailure) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= pixels)
    let frames = (count + step - 1) / step
    if let memory, let base = memory.baseAddress {
      return body(
        Band(base: base + range.lowerBound, stride: pixels * step, frames: frames))
    }
    var values = [Float](unsafeUninitializedCapacity: frames * range.count) { _, filled in
      filled = frames * range.count
    }
    for frame in 0..<frames {
      try file?.read(
        at: frame * step * pixels + range.lowerBound, into: &values,
        places: frame * range.count..<(frame + 1) * range.count)
    }
    return values.withUnsafeBufferPointer {
      body(Band(base: $0.baseAddress!, stride: range.count, frames: frames))
    }
  }

  /// The frames' rows in runs of about a quarter of a million values over all frames: what is read at a time.
  /// They depend on the shape alone.
  package var rowRuns: [Range<Int>] {
    let rows = max(1, (1 << 18) / max(1, width * count))
    return stride(from: 0, to: height, by: rows).map { $0..<min($0 + rows, height) }
  }
}

extension FrameStore {
  /// The frames of a stack, in memory.
  public convenience init(_ images: [Image]) {
    precondition(!images.isEmpty, "a stack has frames")
    do {
      try self.init(count: images.count, height: images[0].height, width: images[0].width)
      for (index, image) in images.enumerated() { try set(index, to: image) }
    } catch {
      preconditionFailure("memory has no scratch file: \(error)")
    }
  }

  /// All frames, in memory.
  ///
  /// - Throws: ``ScratchFailure``.
  public func images() throws(ScratchFailure) -> [Image] {
    try mapInParallel(count) { (index) throws(ScratchFailure) in try image(index) }
  }
}

extension Image {
  /// An image whose values are set next: what they are before is not said.
  init(unsetOfHeight height: Int, width: Int) {
    self.init(
      height: height, width: width,
      pixels: [Float](unsafeUninitializedCapacity: height * width) { _, filled in
        // Float has no invalid bit patterns.
        filled = height * width
      })
  }
}
