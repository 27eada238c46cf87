import PhaseCatalog

/// What a page tells of a sample: all its runs that count.
struct SamplePage {
  private let catalog: Catalog
  private let sample: String
  private let runs: [String]
  private let request: Report.Request

  /// - Parameter sample: its name.
  /// - Throws: ``CatalogError``; of kind `noResult` where no run of it counts.
  init(_ catalog: Catalog, sample: String, _ request: Report.Request) throws {
    self.catalog = catalog
    self.sample = sample
    self.request = request
    let all = try catalog.comparedRuns(ofSample: sample)
    runs = all.filter { request.parameters == nil || $0.parameters == request.parameters }
      .map(\.run)
    guard !runs.isEmpty else {
      throw CatalogError.noResult(
        "sample \"\(sample)\" has no run that counts\(all.isEmpty ? "" : " of these parameters"): see lodestone list runs"
      )
    }
  }

  /// The whole page.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  func html() throws -> String {
    // A page of many runs may be larger than that of one, but not as many times.
    let budget = Report.pictureBudget * min(runs.count, 3) / max(runs.count, 1)
    let articles = try runs.map { run in
      try RunPage(catalog, run: run, level: 3, budget: budget).article().markup
    }
    let links =
      [("runs", "Runs"), ("phases", "Phases")]
      + runs.map { ("r\($0.prefix(12))", "Run \($0.prefix(8))") }
    let phases = try self.phases()
    let attributes = try self.attributes()
    let table = try runTable()
    let retracted = try catalog.retractedRuns(ofSamples: [sample])
    return HTML.page(title: "Sample \(sample)", links: links) {
      HTML.heading(sample, level: 1)
      Markup.element("p", ["class": "sub"]) {
        "Sample with \(runs.count) \(runs.count == 1 ? "run that counts" : "runs that count")"
          + (retracted == 0 ? "" : "; \(retracted) retracted left out")
      }
      attributes
      HTML.section("runs", "Runs") { table }
      HTML.section("phases", "Phases") { phases }
      articles
    }
  }

  private func attributes() throws -> Markup {
    let table = try catalog.ask(StoredQuery.named("sample-attributes"))
    let own = table.rows.indices.filter { table.value("sample", row: $0).text == sample }
    guard !own.isEmpty else { return .none }
    return .element("dl", ["class": "facts"]) {
      own.map { row in
        Markup.element("div") {
          Markup.element("dt") { table.value("name", row: row).text }
          Markup.element("dd") { table.value("value", row: row).text }
        }
      }
    }
  }

  private func runTable() throws -> Markup {
    var table = HTMLTable(caption: "The runs of this page", columns: RunTable.columns)
    table.rows = try runs.map { run in
      try RunTable.row(catalog, run: run, name: sample, link: "r\(run.prefix(12))")
    }
    return table.markup
  }

  /// What the comparison says of this sample alone; where it says nothing, why.
  private func phases() throws -> Markup {
    let comparison: SampleComparison
    do {
      comparison = try SampleComparison(
        catalog, subjects: [sample], surfaceDepthUM: request.surfaceDepthUM,
        parameters: request.parameters)
    } catch let error as CatalogError {
      switch error {
      case .notFound(let reason), .question(let reason):
        return .element("p") {
          "Nothing is said of phases: \(reason.replacing(catalog.path + ": ", with: ""))."
        }
      default: throw error
      }
    }
    let figures = ComparisonFigures(
      comparison: comparison, colours: try PhaseColours(catalog), id: "sample")
    return .joined([
      .element("p", ["class": "sub"]) { "Surface: \(figures.surfaceInWords)." },
      figures.all, figures.shareTable.markup,
    ])
  }
}
