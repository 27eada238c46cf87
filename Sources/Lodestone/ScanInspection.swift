import Foundation
import PhaseCatalog
public import StackIO

/// What an ingest of a scan would read: every frame decoded and digested, nothing kept and nothing stored.
public struct ScanInspection: Sendable {
  /// The scan; its remarks tell of damaged frames too.
  public let scan: Scan
  /// The identity that it would have in a catalog.
  public let scanID: String
  /// The digest of each frame that can be read.
  public let digests: [FrameLocation: String]
  /// The time that it took, s.
  public let seconds: Double
  /// The time of decoding alone, summed over the workers, s.
  public let readSeconds: Double

  /// Reads a scan, a frame at a time.
  ///
  /// - Parameter progress: is told how far it has come: often, and by several threads at once.
  /// - Throws: ``InputError`` where a frame cannot be read and has no other exposure to stand for it.
  public init(
    _ scan: Scan, progress: @escaping @Sendable (StageProgress) -> Void = { _ in }
  ) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let loaded = try LoadedScan(scan, progress: progress)
    seconds = (clock.now - start) / .seconds(1)
    self.scan = loaded.scan
    scanID = loaded.record.id
    digests = loaded.digests
    readSeconds = loaded.readSeconds
  }
}
