import Foundation

/// What a file's values are: declared or known from its layout, never guessed.
public enum SignalKind: String, Sendable, CaseIterable {
  /// Detector counts.
  case counts
  /// I / I0.
  case transmission
  /// Optical density, -ln(I / I0).
  case od
}

/// What the depth of a pixel means.
public enum Geometry: String, Sendable, CaseIterable {
  /// A cut through the sample: depth is below its surface.
  case section
  /// A whole sample seen through: depth is the distance to its rim.
  case projection
}

/// One frame's place: a page of a file.
public struct FrameLocation: Sendable, Equatable, Hashable {
  /// The file.
  public let path: String
  /// The page, from 0.
  public let page: Int

  /// The place as errors name it.
  var place: String { "page \(page + 1)" }
}

/// A value and where it came from, in words.
public struct Sourced<Value: Sendable & Equatable>: Sendable, Equatable {
  /// The value.
  public let value: Value
  /// Where it came from: "file name", "energies.txt, line 3".
  public let source: String
}

/// A frame of a scan, and what is known of how it was taken.
public struct ScanFrame: Sendable, Equatable {
  /// Where it lies.
  public let location: FrameLocation
  /// The photon energy, eV; nil where it serves all energies, or its energy is not known.
  public let energyEV: Sourced<Double>?
  /// The exposure, s; nil where it is not known.
  public let exposure: Sourced<Double>?
  /// The place in time among the frames of the sample and its references; nil where it plays no part.
  public let acquisition: Int?
}

/// What was measured at one energy.
public struct ScanStep: Sendable, Equatable {
  /// The photon energy, eV.
  public let energyEV: Double
  /// The exposures, which are averaged.
  public let frames: [ScanFrame]
  /// Which of the scan's references are averaged to be I0 here.
  public let references: [Int]
  /// Which of the scan's darks are averaged to be the dark here.
  public let darks: [Int]
  /// I0 from a spectrum; nil where it comes from frames or the empty field.
  public let referenceLevel: Double?
}

/// A spectrum of I0, as a text file has it.
public struct I0Spectrum: Sendable, Equatable {
  /// The file.
  public let path: String
  /// eV, ascending.
  public let energies: [Double]
  /// The intensity at each energy, above 0.
  public let values: [Double]
}

/// Where a scan's I0 comes from.
public enum ReferenceSource: Sendable, Equatable {
  /// The values need none: transmission or optical density.
  case notNeeded
  /// Reference frames, by energy.
  case frames
  /// One frame for all energies.
  case frame
  /// A spectrum, or one for each of the joined stacks.
  case spectra([I0Spectrum])
  /// The scan's own empty field.
  case emptyField
}

/// A scan as it lies in files: its energies (ascending), the frames at each, its references, and what is
/// known of how it was taken. Frames are read on demand with a ``FrameReader``.
public struct Scan: Sendable {
  /// Which of the scans in its folder it is: position and repetition; nil where there is one only.
  public let part: String?
  /// The layout of its files, in words.
  public let layout: String
  /// The energies, ascending, and what was measured at each.
  public let steps: [ScanStep]
  /// The references, in the order of the energies that they serve.
  public let references: [ScanFrame]
  /// The darks.
  public let darks: [ScanFrame]
  /// Where I0 comes from.
  public let reference: ReferenceSource
  /// How references were found for each energy, in words; nil where there are no reference frames.
  public let pairing: String?
  /// The shape and type of the frames.
  public let frameLayout: TIFFFile.Layout
  /// How pieces of a frame can be read.
  public let access: TIFFFile.Access
  /// What the values are, and how that is known.
  public let signal: Sourced<SignalKind>
  /// The sides of a pixel at the lowest energy; nil where they are not known.
  public let pixelSize: Sourced<PixelSize>?
  /// What depth means.
  public let geometry: Geometry
  /// The files that list energies.
  public let energyFiles: [String]
  /// The files that tell the order of the frames in time.
  public let scanInfoFiles: [String]
  /// Whatever was done to the input that its owner may want to know.
  public private(set) var remarks: [String]

  /// Whether frames of one file stand in it in another order than that of their energies.
  public var isSorted: Bool {
    let places = steps.map { $0.frames[0].location }
    return zip(places, places.dropFirst()).contains { $0.path == $1.path && $0.page > $1.page }
  }

  /// The photon energies, eV, ascending.
  public var energies: [Double] { steps.map(\.energyEV) }
  /// A frame's rows.
  public var height: Int { frameLayout.height }
  /// A frame's columns.
  public var width: Int { frameLayout.width }

  /// Adds what was found while its frames were read.
  public mutating func add(remarks more: [String]) { remarks += more }

  /// The exposure behind an I0 spectrum, s, as the user gave it.
  public let spectrumExposure: Double?

  /// The files that hold the scan, with their roles, each once.
  public var files: [(path: String, role: String)] {
    var files: [(path: String, role: String)] = []
    var seen: Set<String> = []
    func add(_ paths: some Sequence<String>, _ role: String) {
      for path in paths where seen.insert(role + path).inserted { files.append((path, role)) }
    }
    add(steps.lazy.flatMap { $0.frames.map(\.location.path) }, "frames")
    add(references.map(\.location.path), "reference")
    if case .spectra(let spectra) = reference { add(spectra.map(\.path), "reference") }
    add(darks.map(\.location.path), "dark")
    add(energyFiles, "energies")
    add(scanInfoFiles, "scan-info")
    return files
  }
}

extension [ScanFrame] {
  /// The mean exposure of frames that are averaged, s; nil where one is not known.
  public var meanExposure: Double? {
    let known = compactMap { $0.exposure?.value }
    // Equal exposures give just that: a sum of them is rounded.
    if let first = known.first, known.count == count {
      return known.allSatisfy { $0 == first } ? first : known.reduce(0, +) / Double(count)
    }
    return nil
  }
}

/// Reads frames, keeping the file of the last one open. Not for several threads at once.
public final class FrameReader {
  private var file: TIFFFile?

  /// A reader with nothing open.
  public init() {}

  /// The frame at a location.
  ///
  /// - Throws: ``InputError``.
  public func frame(at location: FrameLocation) throws(InputError) -> Frame {
    try open(location.path).frame(page: location.page)
  }

  /// Some rows of the frame at a location, row-major.
  ///
  /// - Throws: ``InputError``.
  public func values(at location: FrameLocation, rows: Range<Int>) throws(InputError) -> FrameValues
  {
    try open(location.path).values(page: location.page, rows: rows)
  }

  /// The file, opened if it is not open already.
  func open(_ path: String) throws(InputError) -> TIFFFile {
    if let file, file.path == path { return file }
    file = nil
    let opened = try TIFFFile(path: path)
    file = opened
    return opened
  }
}
