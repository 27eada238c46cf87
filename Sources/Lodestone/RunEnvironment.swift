import Clustering
import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// The program's version.
public let lodestoneVersion = "0.1.0"

/// The software and the machine that compute, for the provenance of a result.
enum RunEnvironment {
  /// Names and values.
  static var current: [String: String] {
    var items = [
      "lodestone": lodestoneVersion,
      "libtiff": TIFFFile.libraryVersion,
      "sqlite": Catalog.libraryVersion,
      "lapack": PrincipalComponents.libraryVersion,
      "xraylib": Element.tablesVersion,
      "system": ProcessInfo.processInfo.operatingSystemVersionString,
      "cores": String(ProcessInfo.processInfo.activeProcessorCount),
    ]
    // The program itself, byte for byte: a version number does not tell two builds apart.
    if let build = ContentDigest.ofFile("/proc/self/exe") { items["build_sha256"] = build.sha256 }
    if let processor = processorName() { items["processor"] = processor }
    var name = utsname()
    if uname(&name) == 0 {
      items["kernel"] = text(of: &name.release)
      items["machine"] = text(of: &name.machine)
    }
    return items
  }

  private static func text<T>(of field: inout T) -> String {
    withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func processorName() -> String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else {
      return nil
    }
    return text.split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
