import Foundation
import Spectra
import StackIO

/// What an analysis may use of the machine. It changes nothing of what is found.
public struct Resources: Sendable, Equatable {
  /// Memory, bytes; nil for as much as it takes.
  public var memory: Int?
  /// The folder for a scratch file, which is made where the memory does not hold the stack.
  public var scratchDirectory: String

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
  /// - Throws: ``AnalysisError`` where the memory is too little for any way.
  func plan(frames: Int, height: Int, width: Int) throws(AnalysisError) -> ResourcePlan {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    guard let memory else { return ResourcePlan(threads: cores, scratch: nil, scratchBytes: 0) }
    let stack = frames * height * width * MemoryLayout<Float>.stride
    let fixed = ResourcePlan.fixedBytes(frames: frames, height: height, width: width)
    // A thread holds a frame as read, its reference and dark, and what is made of them.
    let aThread = 10 * height * width * MemoryLayout<Float>.stride
    if fixed + stack + stack / 2 + cores * aThread <= memory {
      return ResourcePlan(threads: cores, scratch: nil, scratchBytes: 0)
    }
    let threads = min(cores, (memory - fixed) / aThread)
    guard threads >= 1 else {
      throw AnalysisError(
        "a scan of \(frames) frames of \(height) x \(width) needs at least "
          + "\(sizeInWords(fixed + aThread)) (--memory)")
    }
    return ResourcePlan(
      threads: threads, scratch: ScratchSpace(directory: scratchDirectory), scratchBytes: stack)
  }
}

/// How one scan is analysed: where its frames lie, and how many threads hold whole frames.
struct ResourcePlan: Sendable {
  let threads: Int
  /// nil where the frames stay in memory.
  let scratch: ScratchSpace?
  /// The size of the stack in the scratch file.
  let scratchBytes: Int

  /// What an analysis holds whatever it does: the program, per-pixel maps and features, small frames to measure on.
  static func fixedBytes(frames: Int, height: Int, width: Int) -> Int {
    let program = 48 << 20
    let maps = 64 * height * width
    var side = max(height, width)
    var factor = 1
    while side > 320 {
      side /= 2
      factor *= 2
    }
    let small = 2 * frames * (height / factor) * (width / factor) * MemoryLayout<Float>.stride
    return program + maps + small
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
