import Foundation
import Spectra
import StackIO

/// What an analysis may use of the machine. It changes nothing of what is found.
public struct Resources {
  /// Memory, bytes; nil for as much as it takes.
  public var memory: Int?
  /// The folder for a scratch file, which is made where the memory does not hold the stack.
  public var scratchDirectory: String
  /// Is told of a scratch file, its size and its place, before it is made.
  public var tell: (String) -> Void = { _ in }

  /// As much memory as it takes, or so many bytes.
  ///
  /// - Parameter scratchDirectory: nil for the system's folder of temporary files.
  public init(memory: Int? = nil, scratchDirectory: String? = nil) {
    self.memory = memory
    self.scratchDirectory =
      scratchDirectory ?? FileManager.default.temporaryDirectory.path
  }

  /// How a scan of a shape is analysed with them.
  ///
  /// - Throws: ``ScratchFailure`` where the memory is too little for any way, or the scratch file has no room.
  func plan(frames: Int, height: Int, width: Int) throws(ScratchFailure) -> ResourcePlan {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    guard let memory else { return ResourcePlan(threads: cores, scratch: nil, scratchBytes: 0) }
    let stack = frames * height * width * MemoryLayout<Float>.stride
    let fixed = ResourcePlan.fixedBytes(frames: frames, height: height, width: width)
    // A thread holds a frame as read, its reference and dark, and what is made of them.
    let aThread = 10 * height * width * MemoryLayout<Float>.stride
    // Of large frames drift is measured on binned ones in the end, beside the small ones.
    let (coarse, fine) = Registration().binning(height: height, width: width)
    let measured = coarse == fine ? 0 : stack / (fine * fine)
    if fixed + stack + measured + cores * aThread <= memory {
      return ResourcePlan(threads: cores, scratch: nil, scratchBytes: 0)
    }
    let threads = min(cores, (memory - fixed) / aThread)
    guard threads >= 1 else {
      throw ScratchFailure(
        description: "a scan of \(frames) frames of \(height) x \(width) needs at least "
          + "\(sizeInWords(fixed + aThread)) (--memory)")
    }
    let space = ScratchSpace(directory: scratchDirectory)
    try space.require(bytes: stack + measured)
    return ResourcePlan(threads: threads, scratch: space, scratchBytes: stack + measured)
  }
}

/// How one scan is analysed: where its frames lie, and how many threads hold whole frames.
struct ResourcePlan: Sendable {
  let threads: Int
  /// nil where the frames stay in memory.
  let scratch: ScratchSpace?
  /// The size of all that lies in scratch files.
  let scratchBytes: Int

  /// What an analysis holds whatever it does: the program, per-pixel maps and features, small frames to measure on, and
  /// the energies' products of up to 128 runs of pixels.
  static func fixedBytes(frames: Int, height: Int, width: Int) -> Int {
    let program = 48 << 20
    let maps = 64 * height * width
    let (coarse, _) = Registration().binning(height: height, width: width)
    let small = 2 * frames * (height / coarse) * (width / coarse) * MemoryLayout<Float>.stride
    let products = 128 * frames * frames * MemoryLayout<Double>.stride
    return program + maps + small + products
  }

  /// nil where there is no scratch file.
  var scratchWords: String? {
    scratch.map { "a scratch file of \(sizeInWords(scratchBytes)) in \($0.directory)" }
  }

  /// A store for a scan's frames.
  func frameStore(of scan: Scan) throws(ScratchFailure) -> FrameStore {
    try FrameStore(
      count: scan.energies.count, height: scan.height, width: scan.width, scratch: scratch)
  }

  /// Runs of consecutive frames, each for one thread: some for each, so that none is left alone at the end.
  func runs(of count: Int) -> [Range<Int>] {
    let size = max(1, count / (4 * threads))
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }
}
