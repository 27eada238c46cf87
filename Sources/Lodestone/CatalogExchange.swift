import Foundation
public import PhaseCatalog

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
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("lodestone-import-\(UUID().uuidString).lode").path
    defer {
      for ending in ["", "-journal"] {
        try? FileManager.default.removeItem(atPath: scratch + ending)
      }
    }
    _ = try Catalog.create(at: scratch)
    let lines = try Catalog(path: scratch, access: .write)
    try lines.importAll(path, progress: progress)
    return try merge(lines, named: path == "-" ? "standard input" : path)
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
