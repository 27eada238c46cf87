import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// A scan whose frames were all read once: its identity, and what is known of each mean of exposures. Pixels are
/// read again where they are used, and must be the same.
struct LoadedScan: Sendable {
  /// Frames whose mean is used: exposures at one energy.
  struct Group: Sendable {
    /// Those that can be read, with their digests, and what tells cheaply whether they are still the same.
    let frames: [(frame: ScanFrame, digest: String, fingerprint: UInt64)]
    /// The largest value of any.
    let largest: Double?
    /// About the median of their values.
    let typical: Float

    /// The mean exposure, s.
    var exposure: Double? { frames.map(\.frame).meanExposure }
  }

  /// The scan; its remarks tell of damaged frames too.
  let scan: Scan
  /// The frames at each energy.
  let frames: [Group]
  /// References, and which of them is I0 at each energy; empty where frames are not I0.
  let references: [Group]
  let referenceOf: [Int]
  /// Darks, and which of them is the dark at each energy; empty where there are none.
  let darks: [Group]
  let darkOf: [Int]
  /// The digest of each frame that could be read.
  let digests: [FrameLocation: String]
  /// The time that decoding took, without digests, summed over the workers, s.
  let readSeconds: Double
  let record: ScanRecord

  /// The location of an energy's first frame.
  func location(_ energy: Int) -> FrameLocation { scan.steps[energy].frames[0].location }

  /// What the dark at an energy is to be multiplied by for an exposure; nil where there is no dark.
  func darkScale(_ energy: Int, exposure: Double?) -> Float? {
    guard !darks.isEmpty else { return nil }
    guard let exposure, let other = darks[darkOf[energy]].exposure, exposure != other else {
      return 1
    }
    return Float(exposure / other)
  }
}

extension LoadedScan {
  /// Reads a scan's frames and digests them.
  ///
  /// - Throws: ``InputError``: of a frame that is damaged and has no other exposure to stand for it.
  init(
    _ scan: Scan, progress: @escaping @Sendable (StageProgress) -> Void
  ) throws {
    let groups = scan.steps.map { $0.frames }
    var remarks: [String] = []
    // A reference or dark that serves many energies is read once.
    func distinct(_ groups: [[Int]]) -> (groups: [[Int]], of: [Int]) {
      var indices: [[Int]: Int] = [:]
      var ordered: [[Int]] = []
      let of = groups.map { group in
        if let index = indices[group] { return index }
        indices[group] = ordered.count
        ordered.append(group)
        return ordered.count - 1
      }
      return (ordered, of)
    }
    let references = distinct(scan.steps.map(\.references))
    let darks = distinct(scan.steps.map(\.darks))
    let (i0, i0Of) = scan.references.isEmpty ? ([], []) : (references.groups, references.of)
    let (dark, darkOf) = scan.darks.isEmpty ? ([], []) : (darks.groups, darks.of)
    let teller = ProgressTeller(scan, progress)
    teller.begin(.read)
    let read = teller.count(
      .read, of: (groups.map(\.count) + (i0 + dark).map(\.count)).reduce(0, +), countsFrames: true)
    let samples = try ScanReader.survey(groups, &remarks, read)
    let i0Found = try ScanReader.survey(i0.map { $0.map { scan.references[$0] } }, &remarks, read)
    let darkFound = try ScanReader.survey(dark.map { $0.map { scan.darks[$0] } }, &remarks, read)
    var scan = scan
    scan.add(remarks: remarks)
    self.scan = scan
    frames = samples.map(\.group)
    self.references = i0Found.map(\.group)
    referenceOf = i0Of
    self.darks = darkFound.map(\.group)
    self.darkOf = darkOf
    let all = samples + i0Found + darkFound
    digests = Dictionary(
      all.flatMap(\.group.frames).map { ($0.frame.location, $0.digest) },
      uniquingKeysWith: { one, _ in one })
    readSeconds = all.reduce(0) { $0 + $1.readSeconds }
    record = Self.record(
      of: scan, samples: samples.flatMap(\.group.frames).map { ($0.frame, $0.digest) },
      references: Self.ordered(scan.references, i0, i0Found),
      darks: Self.ordered(scan.darks, dark, darkFound))
  }

  /// The digest of each reference or dark once, in the scan's order; nil for those left out.
  private static func ordered(
    _ frames: [ScanFrame], _ groups: [[Int]], _ found: [ScanReader.Survey]
  ) -> [(ScanFrame, String)] {
    var digests = [String?](repeating: nil, count: frames.count)
    for (group, survey) in zip(groups, found) {
      for (index, frame) in zip(group, survey.all) { digests[index] = frame }
    }
    return zip(frames, digests).compactMap { frame, digest in digest.map { (frame, $0) } }
  }

  private static func record(
    of scan: Scan, samples: [(ScanFrame, String)], references: [(ScanFrame, String)],
    darks: [(ScanFrame, String)]
  ) -> ScanRecord {
    func record(
      _ kind: ScanRecord.FrameDigest.Kind, _ frame: (ScanFrame, String), energy: Double?
    ) -> ScanRecord.FrameDigest {
      .init(
        kind: kind, energyEV: energy, exposureS: frame.0.exposure?.value,
        acquisition: frame.0.acquisition, digest: frame.1)
    }
    var digests = samples.map { record(.sample, $0, energy: $0.0.energyEV?.value) }
    digests += references.map { record(.reference, $0, energy: $0.0.energyEV?.value) }
    if case .spectra(let spectra) = scan.reference {
      for spectrum in spectra {
        let digest = ContentDigest(domain: "lodestone/spectrum/1")
        digest.update(spectrum.energies)
        digest.update(spectrum.values)
        digests.append(
          .init(
            kind: .spectrum, energyEV: nil, exposureS: scan.spectrumExposure,
            digest: digest.finish()))
      }
    }
    digests += darks.map { record(.dark, $0, energy: nil) }
    return ScanRecord(
      height: scan.height, width: scan.width, signal: scan.signal.value.rawValue,
      reference: scan.reference.kind, pixelSizeUM: scan.pixelSize?.value.smallerUM,
      oblongPixelUM: scan.pixelSize.flatMap {
        $0.value.isSquare ? nil : .init(height: $0.value.heightUM, width: $0.value.widthUM)
      },
      geometry: scan.geometry.rawValue, frames: digests)
  }
}
