import Foundation
public import PhaseCatalog
import StackIO

/// Checks a catalog, and for a deep check also its maps and the files that its scans were read from.
public struct CatalogCheck {
  /// What a check found.
  public struct Outcome: Sendable, Equatable {
    /// What is not as it should be, a line each.
    public var findings: [String]
    /// What is worth knowing, and no fault of the catalog.
    public var remarks: [String]
    /// What was looked at: names and how many.
    public let counts: [(name: String, count: Int)]

    /// Whether two checks found the same.
    public static func == (a: Outcome, b: Outcome) -> Bool {
      a.findings == b.findings && a.remarks == b.remarks
    }
  }

  private let catalog: Catalog
  private let progress: (String) -> Void

  /// A check of an open catalog.
  public init(catalog: Catalog, progress: @escaping (String) -> Void = { _ in }) {
    self.catalog = catalog
    self.progress = progress
  }

  /// Checks it.
  ///
  /// - Throws: ``CatalogError`` where another program holds the file.
  public func run(_ depth: Catalog.CheckDepth) throws -> Outcome {
    let report = try catalog.check(depth, decode: Self.decode)
    var outcome = Outcome(findings: report.findings, remarks: [], counts: report.counts)
    if depth == .deep { checkFiles(&outcome) }
    return outcome
  }

  static func decode(
    _ tiff: [UInt8]
  ) throws -> (height: Int, width: Int, samples: MapRecord.Samples) {
    let file = try TIFFFile(bytes: tiff, name: "map")
    let (layout, frame) = (try file.layout(ofPage: 0), try file.frame(page: 0))
    let floats = try (0..<file.pageCount).flatMap { try file.frame(page: $0).values.floats }
    if layout.format == 3 { return (frame.height, frame.width, .float32(floats)) }
    let labels = floats.compactMap { Int16(exactly: $0) }
    guard labels.count == floats.count else { throw InputError("not 16 bits", path: "map") }
    return (frame.height, frame.width, .int16(labels))
  }

  /// A scan's file that holds something else now is a finding, unless what it held still lies where it was
  /// seen too. One that is not there is none: data is archived.
  private func checkFiles(_ outcome: inout Outcome) {
    let files: [(scanID: String, path: String, sha256: String)]
    do {
      files = try catalog.sightedFiles()
    } catch {
      outcome.findings.append("source files: \(error)")
      return
    }
    // What each place holds now.
    var contents: [String: String] = [:]
    for path in Set(files.map(\.path)).sorted()
    where FileManager.default.fileExists(atPath: path) {
      progress("reading \(path)")
      if let (sha256, _) = ContentDigest.ofFile(path) {
        contents[path] = sha256
      } else {
        outcome.remarks.append("source file \(path) cannot be read")
      }
    }
    let held = Set(files.filter { contents[$0.path] == $0.sha256 }.map(\.sha256))
    var (same, missing) = (0, 0)
    for file in files {
      switch contents[file.path] {
      case .none: missing += 1
      case .some(file.sha256): same += 1
      case .some where !held.contains(file.sha256):
        outcome.findings.append(
          "source file \(file.path) of scan \(file.scanID.prefix(12)) has changed since it was seen"
        )
      case .some: break
      }
    }
    if !files.isEmpty {
      outcome.remarks.append(
        "\(same) of \(files.count) source files are where they were seen, and the same; "
          + "\(missing) are not there")
    }
  }
}
