import Foundation
public import PhaseCatalog
import StackIO

/// Brings what other catalogs hold into a catalog: from their files, or from the lines that `export --all` wrote.
public struct CatalogExchange {
  private let catalog: Catalog
  private let progress: (String) -> Void

  /// An exchange with a catalog that is open for writing.
  public init(catalog: Catalog, progress: @escaping (String) -> Void = { _ in }) {
    self.catalog = catalog
    self.progress = progress
  }

  /// Merges another catalog into this one, once it proved to be whole.
  ///
  /// - Throws: ``CatalogError``; what is not whole is refused before anything is written.
  public func merge(_ other: Catalog) throws -> Catalog.MergeOutcome {
    try merge(other, named: other.path)
  }

  /// Merges the records of a file that ``Catalog/exportAll(_:)`` wrote, once they proved to be whole.
  ///
  /// - Parameter path: the file, or "-" for standard input.
  /// - Throws: ``CatalogError``; what is not whole is refused before anything is written.
  public func importAll(_ path: String) throws -> Catalog.MergeOutcome {
    // A catalog of its own is what the lines are checked in.
    try Self.withScratchCatalog { lines in
      try lines.importAll(path, progress: progress)
      return try merge(lines, named: path == "-" ? "standard input" : path)
    }
  }

  /// Keeps what could not be stored as a file for ``importAll(_:)``.
  ///
  /// - Returns: the file.
  static func keep(_ path: String, _ store: (Catalog) throws -> Void) throws -> String {
    try withScratchCatalog { catalog in
      try store(catalog)
      _ = try OutputFile.stream(to: path) { write in try catalog.exportAll(write) }
    }
    return path
  }

  private static func withScratchCatalog<Result>(
    _ body: (Catalog) throws -> Result
  ) throws -> Result {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("lodestone-\(UUID().uuidString).scratch").path
    defer {
      for ending in ["", "-journal"] { try? FileManager.default.removeItem(atPath: path + ending) }
    }
    _ = try Catalog.create(at: path)
    return try body(try Catalog(path: path, access: .write))
  }

  private func merge(_ other: Catalog, named name: String) throws -> Catalog.MergeOutcome {
    progress("checking \(name)")
    let findings = try other.check(.records, decode: CatalogCheck.decode).findings
    if let first = findings.first {
      let more = findings.count > 1 ? " (and \(findings.count - 1) more)" : ""
      throw CatalogError.notWhole(path: name, reason: first + more)
    }
    return try catalog.merge(other, progress: progress)
  }
}
