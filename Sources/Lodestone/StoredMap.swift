package import PhaseCatalog
import StackIO

/// A map of a run as the catalog holds it, decoded, and checked against its digest.
package struct StoredMap {
  /// Rows.
  package let height: Int
  /// Columns.
  package let width: Int
  /// The values of each page, row-major.
  package let pages: [[Float]]
  /// What each page shows; nil where it has no name.
  package let names: [String?]

  /// Reads a map of one of the schema's kinds.
  ///
  /// - Throws: ``CatalogError``, also where the run has no such map, or it is not what was stored.
  package init(_ kind: String, _ catalog: Catalog, run: String) throws {
    let stored = try catalog.storedMap(kind, run: run)
    do {
      let file = try TIFFFile(bytes: stored.tiff, name: "map")
      var (pages, names): ([[Float]], [String?]) = ([], [])
      for page in 0..<file.pageCount {
        pages.append(try file.frame(page: page).values.floats)
        names.append(file.label(ofPage: page))
      }
      let decoded = try CatalogCheck.decode(stored.tiff)
      guard
        MapRecord.digest(height: decoded.height, width: decoded.width, samples: decoded.samples)
          == stored.digest, pages.allSatisfy({ $0.count == decoded.height * decoded.width })
      else { throw InputError("its values have another digest", path: "map") }
      (self.pages, self.names) = (pages, names)
      (height, width) = (decoded.height, decoded.width)
    } catch let error as InputError {
      throw CatalogError.damaged(
        path: catalog.path,
        reason: "the map \"\(kind)\" of run \(run.prefix(12)): \(error.reason)")
    }
  }

  /// The values of the first page as labels.
  package var labels: [Int] { pages[0].map { Int($0) } }
}
