import Foundation
public import PhaseCatalog
import StackIO

/// A page of HTML that shows what a catalog holds of a run.
public struct Report {
  private let catalog: Catalog

  /// Reports of a catalog.
  public init(_ catalog: Catalog) { self.catalog = catalog }

  /// About how many bytes the pictures of a page may take.
  static let pictureBudget = 1_500_000

  /// The page of a run (its full id).
  ///
  /// - Throws: ``CatalogError``, also where the run has no result; ``InputError``.
  public func page(ofRun run: String) throws -> String {
    let page = try RunPage(catalog, run: run, budget: Self.pictureBudget)
    let (markup, links) = try page.article()
    let title = [page.facts.sample, "run \(page.facts.short)"].compactMap(\.self)
    return HTML.page(title: title.joined(separator: ", "), links: links) { markup }
  }
}
