import Foundation
import StackIO

/// Turns SVG into PNG, by librsvg's own program: one description of a picture serves both formats, and what never asks for a PNG
/// does not pay for the library's thirty others when it starts.
enum SVGRaster {
  /// The picture as PNG.
  ///
  /// - Parameter zoom: pixels of the PNG for each of the SVG.
  /// - Throws: ``InputError`` of kind `missing` where the program is not installed, `io` where it fails.
  static func png(_ svg: String, zoom: Double = 1, path: String) throws -> [UInt8] {
    guard let program = find("rsvg-convert") else {
      throw InputError(
        "PNG is made by rsvg-convert, which is not installed (Debian: apt-get install librsvg2-bin): "
          + "install it, or name a .svg", path: path, kind: .missing)
    }
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("lodestone-picture-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(at: folder) }
      let (source, target) = (
        folder.appendingPathComponent("picture.svg"), folder.appendingPathComponent("picture.png")
      )
      try Data(svg.utf8).write(to: source)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = [
        "--zoom", "\(zoom)", "--unlimited", "--output", target.path, source.path,
      ]
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        throw InputError("rsvg-convert cannot draw it", path: path, kind: .io)
      }
      return Array(try Data(contentsOf: target))
    } catch let error as InputError {
      throw error
    } catch {
      throw InputError(
        "cannot be drawn: \(error.localizedDescription)", path: path, kind: .io)
    }
  }

  /// A program on the path.
  private static func find(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
