import PhaseCatalog
import Spectra
import StackIO

/// A scan with its frames, references and dark in memory, and its identity.
struct LoadedScan: Sendable {
  /// Where I0 comes from, at each energy.
  enum Reference: Sendable {
    case notNeeded
    case frames([Frame])
    case frame(Frame)
    case levels([Double])
    case emptyField
  }

  let scan: Scan
  let frames: [Frame]
  let reference: Reference
  let dark: Frame?
  let record: ScanRecord

  /// Reads a scan's frames and digests them.
  init(_ scan: Scan, progress: (String) -> Void) throws {
    let reader = FrameReader()
    var frames: [Frame] = []
    for (index, location) in scan.frames.enumerated() {
      progress("reading frame \(index + 1) of \(scan.frames.count)")
      frames.append(try reader.frame(at: location))
    }
    var digests = zip(frames, scan.energies).map { frame, energy in
      ScanRecord.FrameDigest(
        kind: .sample, energyEV: energy, exposureS: scan.exposure, digest: Self.digest(frame))
    }
    func addReference(
      _ kind: ScanRecord.FrameDigest.Kind, _ energy: Double?, _ digest: String
    ) {
      digests.append(
        .init(kind: kind, energyEV: energy, exposureS: scan.referenceExposure, digest: digest))
    }
    switch scan.reference {
    case .notNeeded: reference = .notNeeded
    case .emptyField: reference = .emptyField
    case .frame(let location):
      let frame = try reader.frame(at: location)
      addReference(.reference, nil, Self.digest(frame))
      reference = .frame(frame)
    case .frames(let locations):
      var references: [Frame] = []
      for (location, energy) in zip(locations, scan.energies) {
        let frame = try reader.frame(at: location)
        addReference(.reference, energy, Self.digest(frame))
        references.append(frame)
      }
      reference = .frames(references)
    case .spectrum(_, let energies, let values, let levels):
      let digest = ContentDigest(domain: "lodestone/spectrum/1")
      digest.update(energies)
      digest.update(values)
      addReference(.spectrum, nil, digest.finish())
      reference = .levels(levels)
    }
    for location in scan.darks {
      let frame = try reader.frame(at: location)
      digests.append(.init(kind: .dark, energyEV: nil, digest: Self.digest(frame)))
    }
    dark = try reader.mean(of: scan.darks)
    self.scan = scan
    self.frames = frames
    record = ScanRecord(
      height: scan.height, width: scan.width, signal: scan.signal.rawValue,
      reference: scan.reference.name, pixelSizeUM: scan.pixelSizeUM,
      geometry: scan.geometry.rawValue, frames: digests)
  }

  private static func digest(_ frame: Frame) -> String {
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

extension ReferenceSource {
  /// The kind of reference, as the catalog names it.
  fileprivate var name: String {
    switch self {
    case .notNeeded: "not-needed"
    case .frames: "frames"
    case .frame: "frame"
    case .spectrum: "spectrum"
    case .emptyField: "empty-field"
    }
  }
}
