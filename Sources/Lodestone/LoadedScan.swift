import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// A scan with its frames, references and darks in memory, and its identity.
struct LoadedScan: Sendable {
  /// The mean of some exposures.
  struct MeanFrame: Sendable {
    /// The values; those of a single exposure as the file holds them.
    let frame: Frame
    /// The largest value of any exposure.
    let largest: Double?
    /// The mean exposure, s.
    let exposure: Double?
    /// By the counts at which a detector can be saturated: pixels that were, where the mean hides it.
    let saturated: [Float: [Int32]]

    /// The values for computing, those that were saturated in some exposure being no numbers.
    func image(saturation: Float?) -> Image {
      var image = frame.image
      for pixel in saturation.flatMap({ saturated[$0] }) ?? [] {
        image.pixels[Int(pixel)] = .nan
      }
      return image
    }
  }

  /// The scan; its remarks tell of damaged frames too.
  let scan: Scan
  /// The frame at each energy.
  let frames: [MeanFrame]
  /// The means of references, and which of them is I0 at each energy; empty where frames are not I0.
  let references: [MeanFrame]
  let referenceOf: [Int]
  /// The means of darks, and which of them is the dark at each energy; empty where there are none.
  let darks: [MeanFrame]
  let darkOf: [Int]
  /// The digest of each frame that could be read.
  let digests: [FrameLocation: String]
  /// The time that decoding took, without digests and means, summed over the workers, s.
  let readSeconds: Double
  let record: ScanRecord

  /// The location of an energy's first frame.
  func location(_ energy: Int) -> FrameLocation { scan.steps[energy].frames[0].location }

  /// The dark at an energy, and what it is to be multiplied by for an exposure.
  func dark(_ energy: Int, exposure: Double?) -> (image: Image, scale: Float)? {
    guard !darks.isEmpty else { return nil }
    let dark = darks[darkOf[energy]]
    guard let exposure, let other = dark.exposure, exposure != other else {
      return (dark.frame.image, 1)
    }
    return (dark.frame.image, Float(exposure / other))
  }
}

extension LoadedScan {
  /// Reads a scan's frames and digests them.
  ///
  /// - Parameters:
  ///   - saturation: the count at which the detector is saturated, where that is given.
  ///   - keepsPixels: false where the identity is all that is wanted: each frame is let go when it is
  ///     digested.
  /// - Throws: ``InputError``: of a frame that is damaged and has no other exposure to stand for it.
  init(
    _ scan: Scan, saturation: Double? = nil, keepsPixels: Bool = true, progress: (String) -> Void
  ) throws {
    let reader = ScanReader(saturation: saturation, keepsPixels: keepsPixels)
    let groups = scan.steps.map { $0.frames }
    var remarks: [String] = []
    progress("reading \(groups.reduce(0) { $0 + $1.count }) frames")
    let samples = try reader.means(of: groups, &remarks)
    progress("reading references")
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
    let i0Means = try reader.means(of: i0.map { $0.map { scan.references[$0] } }, &remarks)
    let darkMeans = try reader.means(of: dark.map { $0.map { scan.darks[$0] } }, &remarks)
    var scan = scan
    scan.add(remarks: remarks)
    self.scan = scan
    frames = samples.compactMap(\.mean)
    self.references = i0Means.compactMap(\.mean)
    referenceOf = i0Of
    self.darks = darkMeans.compactMap(\.mean)
    self.darkOf = darkOf
    let all = (samples + i0Means + darkMeans).flatMap(\.digests)
    digests = Dictionary(all.map { ($0.0.location, $0.1) }, uniquingKeysWith: { one, _ in one })
    readSeconds = (samples + i0Means + darkMeans).reduce(0) { $0 + $1.readSeconds }
    record = Self.record(
      of: scan, samples: samples.flatMap(\.digests),
      references: Self.ordered(scan.references, i0, i0Means),
      darks: Self.ordered(scan.darks, dark, darkMeans))
  }

  /// The digest of each reference or dark once, in the scan's order; nil for those left out.
  private static func ordered(
    _ frames: [ScanFrame], _ groups: [[Int]], _ means: [ScanReader.GroupMean]
  ) -> [(ScanFrame, String)] {
    var digests = [String?](repeating: nil, count: frames.count)
    for (group, mean) in zip(groups, means) {
      for (index, frame) in zip(group, mean.all) { digests[index] = frame }
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
      reference: scan.reference.kind, pixelSizeUM: scan.pixelSizeUM?.value,
      geometry: scan.geometry.rawValue, frames: digests)
  }
}
