public import PhaseCatalog
import StackIO

/// A page of HTML that shows what a catalog holds: of a run, of a sample, or of several samples beside one another.
///
///     let page = try Report(catalog).page(.init(subjects: ["@last"])).html
public struct Report {
  /// What a page is to show.
  public struct Request: Sendable {
    /// Runs or samples as they were named; none for all samples.
    public var subjects: [String]
    /// What counts as surface, um.
    public var surfaceDepthUM: Double
    /// The full id of the parameter set whose runs count; nil where there is only one.
    public var parameters: String?

    /// A page of runs or samples, each named once.
    public init(subjects: [String], surfaceDepthUM: Double = 0.5, parameters: String? = nil) {
      self.subjects = subjects
      self.surfaceDepthUM = surfaceDepthUM
      self.parameters = parameters
    }
  }

  /// About how many bytes the pictures of a page may take.
  static let pictureBudget = 1_400_000

  private let catalog: Catalog

  /// Reports of a catalog.
  public init(_ catalog: Catalog) { self.catalog = catalog }

  /// The page, as HTML: of one subject a run's or a sample's, of several, or of none, a comparison.
  ///
  /// - Throws: ``CatalogError``: ``CatalogError/ambiguous(_:)`` where a name is a sample and begins a run's id;
  ///   ``InputError``.
  public func page(_ request: Request) throws -> (html: String, isOfRun: Bool) {
    if request.subjects.count == 1 {
      switch try subject(request.subjects[0]) {
      case .run(let run): return (try page(ofRun: run), true)
      case .sample(let sample):
        return (try SamplePage(catalog, sample: sample, request).html(), false)
      }
    }
    let comparison = try SampleComparison(
      catalog, subjects: request.subjects, surfaceDepthUM: request.surfaceDepthUM,
      parameters: request.parameters)
    return (try ComparisonPage(catalog, comparison).html(), false)
  }

  private func page(ofRun run: String) throws -> String {
    let page = try RunPage(catalog, run: run, budget: Self.pictureBudget)
    let (markup, links) = try page.article()
    let title = [page.facts.sample, "run \(page.facts.short)"].compactMap(\.self)
    return HTML.page(title: title.joined(separator: ", "), links: links) { markup }
  }

  /// What a page of one subject is of.
  enum Subject: Equatable {
    case run(String)
    case sample(String)
  }

  /// What a name means: a run where it is one, else a sample; `sample:NAME` is always a sample.
  func subject(_ name: String) throws -> Subject {
    if name.hasPrefix("sample:") {
      let sample = GivenName.stored(String(name.dropFirst(7)))
      try catalog.requireSample(sample)
      return .sample(sample)
    }
    let sample = GivenName.stored(name)
    let isSample: Bool
    do {
      try catalog.requireSample(sample)
      isSample = true
    } catch CatalogError.notFound {
      isSample = false
    }
    let mayBeRun =
      name == "@last" || name.hasPrefix("tag:")
      || name.count >= 4 && name.allSatisfy(\.isHexDigit)
    guard mayBeRun else {
      if isSample { return .sample(sample) }
      throw CatalogError.notFound(
        "\(catalog.path): no sample or run \"\(name)\": see lodestone list samples, lodestone list runs"
      )
    }
    do {
      let run = try catalog.resolveRun(name)
      guard !isSample else {
        throw CatalogError.ambiguous(
          "\(catalog.path): \"\(name)\" is a sample, and a run (\(run.prefix(12))): say sample:\(name), or more of the run's id"
        )
      }
      return .run(run)
    } catch CatalogError.notFound(let reason) {
      if isSample { return .sample(sample) }
      throw CatalogError.notFound(reason)
    }
  }
}
