import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// Reads the frames of a scan, keeping the file of the last one open. Not for several threads at once.
final class ScanReader {
  /// What a first reading of a group of frames found.
  struct Survey: Sendable {
    let group: LoadedScan.Group
    /// The digest of each frame of the group; nil where it is damaged.
    let all: [String?]
    let remarks: [String]
    let readSeconds: Double
  }

  private let reader = FrameReader()

  /// Reads and digests groups of frames on all cores; their pixels are let go.
  ///
  /// A frame that cannot be decoded is left out, and told in a remark, where its group has another.
  ///
  /// - Parameter count: the frames that were read.
  /// - Throws: ``InputError`` of the first frame, in the order of the groups, that cannot be left out.
  static func survey(
    _ groups: [[ScanFrame]], _ remarks: inout [String], _ count: StageCount
  ) throws -> [Survey] {
    // Each worker keeps the file of its last frame open.
    let workers = max(1, min(ProcessInfo.processInfo.activeProcessorCount, groups.count))
    let made = mapInParallel(workers) { worker in
      let reader = ScanReader()
      let first = worker * groups.count / workers
      let last = (worker + 1) * groups.count / workers
      return (first..<last).map { group in
        defer { count.add(groups[group].count) }
        return Result { try reader.survey(groups[group]) }
      }
    }
    let surveys = try made.flatMap(\.self).map { try $0.get() }
    remarks += surveys.flatMap(\.remarks)
    return surveys
  }

  private func survey(_ group: [ScanFrame]) throws -> Survey {
    var all: [String?] = []
    var sound: [(frame: ScanFrame, digest: String, fingerprint: UInt64)] = []
    var damage: [InputError] = []
    var largest: Double?
    var typical: Float = 0
    let clock = ContinuousClock()
    var readTime = Duration.zero
    for frame in group {
      do throws(InputError) {
        let start = clock.now
        let pixels = try reader.frame(at: frame.location)
        readTime += clock.now - start
        let digest = Self.digest(pixels)
        all.append(digest)
        sound.append((frame, digest, pixels.values.fingerprint))
        if let maximum = pixels.values.maximum { largest = max(largest ?? maximum, maximum) }
        typical += pixels.values.typical
      } catch {
        // What is not there, or may not be read, is no damage: it can be put right.
        guard error.kind == .invalid else { throw error }
        damage.append(error)
        all.append(nil)
      }
    }
    if sound.isEmpty, let first = damage.first { throw first }
    return Survey(
      group: .init(
        frames: sound, largest: largest, typical: typical / Float(max(sound.count, 1))), all: all,
      remarks: damage.map {
        "\($0): left out, the mean is of the other \(sound.count) "
          + "exposure\(sound.count == 1 ? "" : "s")"
      }, readSeconds: readTime / .seconds(1))
  }

  /// The mean of a group of frames; pixels that were saturated in some of several exposures, which a mean hides, are no
  /// numbers.
  ///
  /// - Parameter saturation: the count at and above which the detector is saturated.
  /// - Throws: ``InputError``, also where a frame is not what it was when the scan was identified.
  func mean(of group: LoadedScan.Group, saturation: Double?) throws(InputError) -> Image {
    var mean = FrameMean(saturation: saturation)
    for (frame, _, fingerprint) in group.frames {
      let pixels = try reader.frame(at: frame.location)
      guard pixels.values.fingerprint == fingerprint else {
        throw InputError(
          "changed while it was being read", path: frame.location.path,
          place: "page \(frame.location.page + 1)", kind: .io)
      }
      mean.add(pixels)
    }
    guard let frame = mean.frame else { preconditionFailure("a group has a frame") }
    var image = frame.image
    for pixel in saturation.map(mean.saturatedPixels) ?? [] { image.pixels[Int(pixel)] = .nan }
    return image
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

extension FrameValues {
  /// The median of about 4000 of the values, evenly spread; those that are no numbers do not count.
  fileprivate var typical: Float {
    let step = max(1, count / 4000)
    let places = stride(from: 0, to: count, by: step)
    let values: [Float] =
      switch self {
      case .uint16(let values): places.map { Float(values[$0]) }
      case .float32(let values): places.map { values[$0] }
      case .float64(let values): places.map { Float(values[$0]) }
      }
    let sorted = values.filter { !$0.isNaN }.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }
}
