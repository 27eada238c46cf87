import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// Reads and digests the frames of a scan on all cores, and averages those that belong together.
struct ScanReader {
  /// The mean of a group of frames, and the digest of each.
  struct GroupMean: Sendable {
    /// nil where pixels are not kept.
    let mean: LoadedScan.MeanFrame?
    /// Of each frame of the group; nil where it is damaged.
    let all: [String?]
    /// Of the frames that could be read.
    let digests: [(ScanFrame, String)]
    let remarks: [String]
    let readSeconds: Double
  }

  let saturation: Double?
  let keepsPixels: Bool

  /// The means of groups of frames.
  ///
  /// A frame that cannot be decoded is left out, and told in a remark, where its group has another.
  ///
  /// - Throws: ``InputError`` of the first frame, in the order of the groups, that cannot be left out.
  func means(of groups: [[ScanFrame]], _ remarks: inout [String]) throws -> [GroupMean] {
    // Each worker keeps the file of its last frame open; what it makes goes to its own places.
    let workers = max(1, min(ProcessInfo.processInfo.activeProcessorCount, groups.count))
    let made = mapInParallel(workers) { worker in
      let reader = FrameReader()
      let first = worker * groups.count / workers
      let last = (worker + 1) * groups.count / workers
      return (first..<last).map { group in
        Result { try mean(of: groups[group], reader) }
      }
    }
    let means = try made.flatMap(\.self).map { try $0.get() }
    remarks += means.flatMap(\.remarks)
    return means
  }

  private func mean(of group: [ScanFrame], _ reader: FrameReader) throws -> GroupMean {
    var mean = FrameMean(saturation: saturation)
    var all: [String?] = []
    var sound: [(ScanFrame, String)] = []
    var damage: [InputError] = []
    let clock = ContinuousClock()
    var readTime = Duration.zero
    for frame in group {
      do throws(InputError) {
        let start = clock.now
        let pixels = try reader.frame(at: frame.location)
        readTime += clock.now - start
        let digest = Self.digest(pixels)
        if keepsPixels { mean.add(pixels) }
        all.append(digest)
        sound.append((frame, digest))
      } catch {
        // What is not there, or may not be read, is no damage: it can be put right.
        guard error.kind == .invalid else { throw error }
        damage.append(error)
        all.append(nil)
      }
    }
    if sound.isEmpty, let first = damage.first { throw first }
    return GroupMean(
      mean: self.mean(mean, of: sound.map(\.0)), all: all, digests: sound,
      remarks: damage.map {
        "\($0): left out, the mean is of the other \(sound.count) "
          + "exposure\(sound.count == 1 ? "" : "s")"
      }, readSeconds: readTime / .seconds(1))
  }

  private func mean(_ mean: FrameMean, of frames: [ScanFrame]) -> LoadedScan.MeanFrame? {
    guard let frame = mean.frame else { return nil }
    let ceilings = Set(FrameMean.ceilings + (saturation.map { [$0] } ?? []))
    let saturated = ceilings.map { (Float($0), mean.saturatedPixels(at: $0)) }
      .filter { !$0.1.isEmpty }
    return .init(
      frame: frame, largest: mean.largest, exposure: frames.meanExposure,
      saturated: Dictionary(saturated, uniquingKeysWith: { one, _ in one }))
  }

  /// The identity of a frame's values.
  static func digest(_ frame: Frame) -> String {
    let digest = ContentDigest(domain: "lodestone/frame/1")
    digest.update(frame.height)
    digest.update(frame.width)
    switch frame.values {
    case .uint16(let values):
      digest.update("uint16")
      digest.update(values)
    case .float32(let values):
      digest.update("float32")
      digest.update(values)
    case .float64(let values):
      digest.update("float64")
      digest.update(values)
    }
    return digest.finish()
  }
}
