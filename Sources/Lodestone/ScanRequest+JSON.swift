import Foundation
package import PhaseCatalog
package import StackIO

/// A path from the root, with links followed as the system does; of what is not there, as it is written.
package func absolutePath(_ path: String) -> String {
  guard let resolved = realpath(path, nil) else {
    return URL(fileURLWithPath: path).standardizedFileURL.path
  }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// A request as the catalog keeps it, so that the scan can be read again.
extension ScanRequest {
  /// The members that are known, with absolute paths.
  package var canonicalJSON: CanonicalJSON {
    var members: [String: CanonicalJSON] = ["geometry": .string(geometry.rawValue)]
    func add(_ name: String, _ texts: [String]) {
      let texts = texts.map { CanonicalJSON.string($0 == "empty-field" ? $0 : absolutePath($0)) }
      if !texts.isEmpty { members[name] = texts.count == 1 ? texts[0] : .array(texts) }
    }
    add("path", paths)
    add("energies", energiesPaths)
    add("reference", references)
    add("dark", darkPaths)
    members["part"] = part.map { .string($0) }
    members["signal"] = signal.map { .string($0.rawValue) }
    for (name, number) in [
      ("pixel_size_um", pixelSize?.widthUM),
      ("pixel_height_um", pixelSize.flatMap { $0.isSquare ? nil : $0.heightUM }),
      ("exposure_s", exposure),
      ("reference_exposure_s", referenceExposure), ("dark_exposure_s", darkExposure),
    ] {
      members[name] = number.map { .number($0) }
    }
    return .object(members)
  }

  /// The request with what was found in the files: which of a folder's scans it is, where the energies are
  /// listed, how large a pixel is.
  func completed(by scan: Scan) -> ScanRequest {
    var request = self
    request.part = scan.part
    if request.energiesPaths.isEmpty, scan.energyFiles.count == paths.count {
      request.energiesPaths = scan.energyFiles
    }
    request.signal = scan.signal.value
    request.pixelSize = scan.pixelSize?.value
    return request
  }

  /// A kept request; nil where the text is none.
  package init?(canonicalJSON text: String) {
    struct Members: Decodable {
      var path: OneOrMore
      var part: String?
      var energies: OneOrMore?
      var reference: OneOrMore?
      var dark: OneOrMore?
      var signal: String?
      var geometry: String
      var pixel_size_um: Double?
      var pixel_height_um: Double?
      var exposure_s: Double?
      var reference_exposure_s: Double?
      var dark_exposure_s: Double?
    }
    guard let members = try? JSONDecoder().decode(Members.self, from: Data(text.utf8)),
      let geometry = Geometry(rawValue: members.geometry), !members.path.texts.isEmpty
    else { return nil }
    self.init(joining: members.path.texts)
    part = members.part
    energiesPaths = members.energies?.texts ?? []
    references = members.reference?.texts ?? []
    darkPaths = members.dark?.texts ?? []
    signal = members.signal.flatMap { SignalKind(rawValue: $0) }
    self.geometry = geometry
    pixelSize = members.pixel_size_um.map {
      PixelSize(heightUM: members.pixel_height_um ?? $0, widthUM: $0)
    }
    exposure = members.exposure_s
    referenceExposure = members.reference_exposure_s
    darkExposure = members.dark_exposure_s
  }

  /// A text, or several.
  private struct OneOrMore: Decodable {
    let texts: [String]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        texts = [text]
      } else {
        texts = try container.decode([String].self)
      }
    }
  }

  /// The same request where the scan was moved to another place: files that are no longer where they
  /// were are looked for as they lay, and by their names beside the scan. Of joined stacks the place is
  /// that of the first; the others are looked for in the same way.
  func moved(to place: String) -> ScanRequest {
    let (oldFolder, newFolder) = (Self.folder(of: path), Self.folder(of: place))
    func found(_ old: String) -> String {
      guard old != "empty-field", !FileManager.default.fileExists(atPath: old) else { return old }
      var candidates = [newFolder + "/" + (old as NSString).lastPathComponent]
      if old.hasPrefix(oldFolder + "/") {
        candidates.insert(newFolder + old.dropFirst(oldFolder.count), at: 0)
      }
      return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? old
    }
    var request = self
    request.paths = [place] + paths.dropFirst().map(found)
    request.energiesPaths = energiesPaths.map(found)
    request.references = references.map(found)
    request.darkPaths = darkPaths.map(found)
    return request
  }

  private static func folder(of path: String) -> String {
    URL(fileURLWithPath: absolutePath(path)).deletingLastPathComponent().path
  }
}
