import Foundation

/// What a user says of a scan: its files and how it was taken.
public struct ScanRequest: Sendable, Equatable {
  /// A multi-page TIFF or a folder of TIFFs; several are stacks of one field, joined into one scan.
  public var paths: [String]
  /// Which of the scans in a folder; nil for all, or the only one.
  public var part: String?
  /// The names of those of the folder's TIFFs that are opened; nil for all. It makes no other scan, only less to read.
  package var files: Set<String>?
  /// Lists of energies: none, one, or one for each path. Without them the energies are in names, labels, or
  /// a text file beside the stack.
  public var energiesPaths: [String] = []
  /// Reference frames (a TIFF or a folder), text spectra of I0, or `empty-field`: none, one, or one for
  /// each path. Without them a folder's own references serve.
  public var references: [String] = []
  /// Dark frames (a TIFF or a folder): none, one, or one for each path.
  public var darkPaths: [String] = []
  /// What the values are; nil where the layout tells it.
  public var signal: SignalKind?
  /// The sides of a pixel at the lowest energy; where it is nil the file may tell them.
  public var pixelSize: PixelSize?
  /// The exposure of a frame, s; where it is nil a tag may tell it.
  public var exposure: Double?
  /// The exposure of a reference frame, s; where it is nil a tag may tell it.
  public var referenceExposure: Double?
  /// The exposure of a dark frame, s; where it is nil a tag may tell it.
  public var darkExposure: Double?
  /// What depth means.
  public var geometry: Geometry = .section

  /// A request for the scan at a path, with nothing else said.
  public init(path: String) { paths = [path] }

  /// A request for several stacks of one field, joined.
  public init(joining paths: [String]) { self.paths = paths }

  /// The path, or the first of those that are joined.
  public var path: String {
    get { paths[0] }
    set { paths = [newValue] }
  }

  /// The value of an option for one of the paths: the only one serves all.
  func option(_ values: [String], _ index: Int) -> String? {
    values.count == 1 ? values[0] : index < values.count ? values[index] : nil
  }
}

extension ScanRequest {
  /// Finds the scans: each one's frames, energies, references and darks, checked to fit together.
  ///
  /// - Returns: one for a file; for a folder one for each position and repetition, or its error.
  /// - Throws: ``InputError`` where there is no scan to speak of.
  public func scans() throws(InputError) -> [Result<Scan, InputError>] {
    let reader = FrameReader()
    var found: [[FoundScan]] = []
    for path in paths { found.append(try FoundScan.find(at: path, only: files, reader)) }
    return try joined(found).map { stacks in
      do throws(InputError) {
        var parts: [StackAssembly.Stack] = []
        let total = stacks.reduce(0) { $0 + $1.samples.count }
        var start = 0
        for (index, stack) in stacks.enumerated() {
          let place = start..<start + stack.samples.count
          let assembly = StackAssembly(
            request: self, index: index, place: place, total: total, reader: reader)
          parts.append(try assembly.stack(stack))
          start = place.upperBound
        }
        return .success(try ScanAssembly(request: self, stacks: parts).scan())
      } catch {
        return .failure(error)
      }
    }
  }

  /// The only scan, or the one that ``part`` names.
  ///
  /// - Throws: ``InputError``, also where there are several.
  public func open() throws(InputError) -> Scan {
    let scans = try scans()
    guard scans.count == 1 else {
      throw InputError(
        "\(scans.count) scans in it, of several positions or repetitions: name one", path: path)
    }
    return try scans[0].get()
  }

  /// The stacks of each scan: all of the path's scans, or what is joined to one.
  private func joined(_ found: [[FoundScan]]) throws(InputError) -> [[FoundScan]] {
    let chosen = found.map { scans in
      part.map { part in scans.filter { $0.part == part } } ?? scans
    }
    for (scans, (all, path)) in zip(chosen, zip(found, paths)) where scans.isEmpty {
      // A folder that had one scan when it was first read may have got a name by now.
      if all.count == 1 { continue }
      let names = all.compactMap(\.part).map { "\"\($0)\"" }.joined(separator: ", ")
      throw InputError("no part \"\(part ?? "")\" in it: it has \(names)", path: path)
    }
    let stacks = zip(chosen, found).map { $0.isEmpty ? $1 : $0 }
    if stacks.count == 1 { return stacks[0].map { [$0] } }
    if stacks.allSatisfy({ $0.count == 1 }) { return [stacks.map { $0[0] }] }
    let names = stacks.map { $0.map { $0.part ?? "" }.sorted() }
    for (others, path) in zip(names, paths) where others != names[0] {
      throw InputError(
        "its parts are not those of \(paths[0]): what belongs together is not known (--part NAME)",
        path: path)
    }
    return stacks[0].map { first in stacks.compactMap { $0.first { $0.part == first.part } } }
  }
}
