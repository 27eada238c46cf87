import Foundation
package import PhaseCatalog
package import StackIO

/// A path from the root, with links followed as the system does; of what is not there, as it is written.
func absolutePath(_ path: String) -> String {
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
    var members: [String: CanonicalJSON] = [
      "path": .string(absolutePath(path)), "signal": .string(signal.rawValue),
      "geometry": .string(geometry.rawValue),
    ]
    for (name, path) in [("energies", energiesPath), ("dark", darkPath)] {
      members[name] = path.map { .string(absolutePath($0)) }
    }
    members["reference"] = reference.map {
      .string($0 == "empty-field" ? $0 : absolutePath($0))
    }
    for (name, number) in [
      ("pixel_size_um", pixelSizeUM), ("exposure_s", exposure),
      ("reference_exposure_s", referenceExposure),
    ] {
      members[name] = number.map { .number($0) }
    }
    return .object(members)
  }

  /// The request with what was found in the files: where the energies are listed, how large a pixel is.
  func completed(by scan: Scan) -> ScanRequest {
    var request = self
    request.energiesPath = scan.energiesPath
    request.pixelSizeUM = scan.pixelSizeUM
    return request
  }

  /// A kept request; nil where the text is none.
  package init?(canonicalJSON text: String) {
    struct Members: Decodable {
      var path: String
      var energies: String?
      var reference: String?
      var dark: String?
      var signal: String
      var geometry: String
      var pixel_size_um: Double?
      var exposure_s: Double?
      var reference_exposure_s: Double?
    }
    guard let members = try? JSONDecoder().decode(Members.self, from: Data(text.utf8)),
      let signal = SignalKind(rawValue: members.signal),
      let geometry = Geometry(rawValue: members.geometry)
    else { return nil }
    self.init(path: members.path)
    energiesPath = members.energies
    reference = members.reference
    darkPath = members.dark
    self.signal = signal
    self.geometry = geometry
    pixelSizeUM = members.pixel_size_um
    exposure = members.exposure_s
    referenceExposure = members.reference_exposure_s
  }

  /// The same request where the scan was moved to another place: files that are no longer where they
  /// were are looked for as they lay, and by their names beside the scan.
  func moved(to place: String) -> ScanRequest {
    let (oldFolder, newFolder) = (Self.folder(of: path), Self.folder(of: place))
    func found(_ old: String?) -> String? {
      guard let old, old != "empty-field", !FileManager.default.fileExists(atPath: old) else {
        return old
      }
      var candidates = [newFolder + "/" + (old as NSString).lastPathComponent]
      if old.hasPrefix(oldFolder + "/") {
        candidates.insert(newFolder + old.dropFirst(oldFolder.count), at: 0)
      }
      return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? old
    }
    var request = self
    request.path = place
    request.energiesPath = found(energiesPath)
    request.reference = found(reference)
    request.darkPath = found(darkPath)
    return request
  }

  private static func folder(of path: String) -> String {
    URL(fileURLWithPath: absolutePath(path)).deletingLastPathComponent().path
  }
}
