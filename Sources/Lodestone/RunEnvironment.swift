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
    if let build { items["build_sha256"] = build }
    if let processor = processorName() { items["processor"] = processor }
    var name = utsname()
    if uname(&name) == 0 {
      items["kernel"] = text(of: &name.release)
      items["machine"] = text(of: &name.machine)
    }
    return items
  }

  /// The program itself, byte for byte: a version number does not tell two builds apart.
  private static let build = ContentDigest.ofFile("/proc/self/exe")?.sha256

  /// What of it numbers may depend on, to the last bit.
  static var ofNumbers: [String: String] {
    var items = current
    for name in ["cores", "kernel"] { items[name] = nil }
    items["kernels"] = ProcessInfo.processInfo.environment["LODESTONE_KERNELS"]
    items["libraries"] = libraries
    // Where the build cannot be told, this process is like no other.
    if build == nil { items["process"] = process }
    return items
  }

  private static let process = UUID().uuidString

  /// The libraries in use, with their sizes and times: two of one version may be of different makers.
  private static let libraries: String = {
    // Foundation stops where a file of /proc gives it a part.
    guard let file = fopen("/proc/self/maps", "r") else { return "" }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var bytes: [UInt8] = []
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
      bytes += buffer[..<count]
    }
    let maps = String(decoding: bytes, as: UTF8.self)
    let paths = maps.split(separator: "\n").compactMap { line in
      line.firstIndex(of: "/").map { String(line[$0...]) }
    }.filter { $0.contains(".so") }
    return Set(paths).sorted().map { path in
      var status = stat()
      stat(path, &status)
      return "\(path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }.joined(separator: "\n")
  }()

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
