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
public struct FrameLocation: Sendable, Equatable {
  /// The file.
  public let path: String
  /// The page, from 0.
  public let page: Int
}

/// Where a scan's I0 comes from.
public enum ReferenceSource: Sendable, Equatable {
  /// The values need none: transmission or optical density.
  case notNeeded
  /// One reference frame an energy, in the scan's order.
  case frames([FrameLocation])
  /// One frame for all energies.
  case frame(FrameLocation)
  /// A spectrum of I0 (eV, counts) from a text file, and its value at each of the scan's energies.
  case spectrum(path: String, energies: [Double], values: [Double], levels: [Double])
  /// The scan's own empty field.
  case emptyField
}

/// A scan as it lies in files: its energies (ascending), its frames in that order, its references
/// and what is known of how it was taken. Frames are read on demand with a ``FrameReader``.
public struct Scan: Sendable {
  /// The photon energies, eV, ascending.
  public let energies: [Double]
  /// The file that lists the energies; nil where they are in the names of the frames' files.
  public let energiesPath: String?
  /// The frames, in the order of the energies.
  public let frames: [FrameLocation]
  /// A frame's rows.
  public let height: Int
  /// A frame's columns.
  public let width: Int
  /// Where I0 comes from.
  public let reference: ReferenceSource
  /// The dark frames; they are averaged.
  public let darks: [FrameLocation]
  /// What the values are.
  public let signal: SignalKind
  /// The side of a pixel, um, at the lowest energy; nil where it is not known.
  public let pixelSizeUM: Double?
  /// The exposure of a frame, s; nil where it is not known.
  public let exposure: Double?
  /// The exposure of a reference frame, s; nil where it is not known.
  public let referenceExposure: Double?
  /// What depth means.
  public let geometry: Geometry
  /// Whatever was done to the input that its owner may want to know.
  public let remarks: [String]

  /// The files that hold the scan, with their roles, each once.
  public var files: [(path: String, role: String)] {
    var files: [(path: String, role: String)] = []
    func add(_ locations: [FrameLocation], _ role: String) {
      for location in locations where !files.contains(where: { $0.path == location.path }) {
        files.append((location.path, role))
      }
    }
    add(frames, "frames")
    switch reference {
    case .frames(let locations): add(locations, "reference")
    case .frame(let location): add([location], "reference")
    case .spectrum(let path, _, _, _): files.append((path, "reference"))
    case .notNeeded, .emptyField: break
    }
    add(darks, "dark")
    if let energiesPath { files.append((energiesPath, "energies")) }
    return files
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
    let file = try open(location.path)
    return try file.frame(page: location.page)
  }

  /// The file, opened if it is not open already.
  func open(_ path: String) throws(InputError) -> TIFFFile {
    if let file, file.path == path { return file }
    let opened = try TIFFFile(path: path)
    file = opened
    return opened
  }

  /// The mean of the frames at some locations; nil where there are none.
  ///
  /// - Throws: ``InputError``.
  public func mean(of locations: [FrameLocation]) throws(InputError) -> Frame? {
    var frames: [Frame] = []
    for location in locations { frames.append(try frame(at: location)) }
    return Frame.mean(of: frames)
  }
}
