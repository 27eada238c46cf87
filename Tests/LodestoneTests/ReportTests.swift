import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// Pages are well-formed, hold what the catalog says, and nothing of it acts.
@Suite("Reports")
struct ReportTests {
  private func page(_ catalog: Catalog, _ subjects: String...) throws -> String {
    try Report(catalog).page(.init(subjects: subjects, surfaceDepthUM: 0.3)).html
  }

  private func define(_ catalog: Catalog) throws {
    try catalog.define(
      phase: "grains",
      as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: 0.02, high: 0.3)]))
    try catalog.define(
      phase: "other",
      as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: 0.3, high: 1)]))
  }

  @Test("The page of a run has its parts in order, warnings first, and every number an address")
  func run() throws {
    let small = try SmallScan(height: 96, width: 96)
    try define(small.catalog)
    let run = try small.ingest(nil, ["features.smoothing=1"]).runID
    _ = try small.catalog.tag("fig-3", run: run)
    try small.catalog.note("looked at twice", on: .run(run))
    let text = try page(small.catalog, "@last")
    let html = try MarkupTree.parse(text)
    let headings = html.find("h2").map(\.text)
    #expect(
      headings == [
        "What to know first", "Map", "Spectra", "Clusters", "Elements and edges", "Depth",
        "How it was found", "Drift and quality", "Parameters", "Provenance",
      ])
    let warnings = try small.catalog.ask("run-warnings", run: run).rows.map { $0[0].text }
    for warning in warnings { #expect(html.text.contains(warning.dropFirst())) }
    #expect(!warnings.isEmpty && html.text.contains("looked at twice"))
    #expect(html.find("span", class: "tag").map(\.text) == ["fig-3"])
    // What is not the default is marked, and stands first.
    let marked = html.find("tr", class: "marked")
    #expect(marked.count == 1 && marked[0].text.contains("features.smoothing"))
    #expect(marked[0].text.contains("1"))
    // Both pictures, and the data for them.
    #expect(html.find("img").count == 2)
    #expect(html.find("img").allSatisfy { ($0.attributes["alt"] ?? "").count > 10 })
    // Addresses lead to what is shown.
    let cells = html.find("td").filter { $0.attributes["title"] != nil }
    #expect(cells.count > 60)
    for cell in cells where cell.text != "–" {
      let address = try #require(cell.attributes["title"]).dropFirst("lodestone audit ".count)
      let parts = address.split(separator: ":", maxSplits: 2).map(String.init)
      #expect(run.hasPrefix(parts[0]))
      let name = try #require(parts.last)
      let found = try small.catalog.quantity(
        name, run: run, cluster: parts.count == 3 ? Int(parts[1]) : nil)
      #expect(found != nil, "\(address)")
    }
    let files = try small.catalog.ask("run-files", run: run)
    for row in files.rows.indices {
      #expect(html.text.contains(files.value("sha256", row: row).text))
    }
    // An ingest of the same in another catalog is another page only in its times: of the same catalog it is the same.
    #expect(try page(small.catalog, "@last") == text)
  }

  @Test("A retraction stands above all other warnings, and a note cannot act")
  func retraction() throws {
    let small = try SmallScan()
    let run = try small.ingest().runID
    let hostile = "</script><script>window.isHostile = true</script><img src=x onerror=alert(1)>"
    try small.catalog.note(hostile, on: .run(run))
    _ = try small.catalog.tag("a<b>&\"'", run: run)
    _ = try small.catalog.retract(.run(run), reason: "]]> wrong <i>references</i>\u{202E}")
    try small.catalog.define(
      phase: "</script><b>",
      as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: 0, high: 1)]))
    let text = try page(small.catalog, run)
    let html = try MarkupTree.parse(text)
    #expect(html.find("i").isEmpty && html.find("img").count == 2)
    // The page's own script, and two blocks of data.
    #expect(html.find("script").count == 3)
    #expect(text.components(separatedBy: "<script").count == 4)
    #expect(text.components(separatedBy: "</script").count == 4)
    #expect(html.text.contains(hostile) && html.text.contains("a<b>&\"'"))
    #expect(!text.contains("\u{202E}"))
    let first = try #require(html.find("section", class: "warnings").first)
    #expect(first.find("li")[0].text.hasPrefix("Retracted"))
    #expect(first.find("li")[0].text.contains("wrong <i>references</i>"))
  }

  @Test("A page loads nothing, and allows nothing but its own script and style")
  func isSelfContained() throws {
    let small = try SmallScan()
    try define(small.catalog)
    _ = try small.ingest()
    for subjects in [["@last"], ["M1"], []] {
      let text = try Report(small.catalog).page(.init(subjects: subjects)).html
      let html = try MarkupTree.parse(text)
      let policy = html.find("meta").compactMap { element in
        element.attributes["http-equiv"] == "Content-Security-Policy"
          ? element.attributes["content"] : nil
      }
      #expect(policy.count == 1)
      #expect(policy[0].hasPrefix("default-src 'none'; img-src data:;"))
      #expect(!policy[0].contains("unsafe"))
      for element in html.all {
        #expect(element.attributes["style"] == nil, "style of \(element.name)")
        for name in ["src", "href", "data", "action", "srcset"] {
          guard let link = element.attributes[name] else { continue }
          #expect(
            link.hasPrefix("#") || link.hasPrefix("data:image/png;base64,"), "\(link.prefix(40))")
        }
        #expect(!element.attributes.keys.contains { $0.hasPrefix("on") })
        #expect(!["link", "iframe", "object", "base", "form"].contains(element.name))
      }
      // Each identifier once.
      let ids = html.all.compactMap { $0.attributes["id"] }
      #expect(Set(ids).count == ids.count)
    }
  }

  @Test("A sample's page has all its runs that count; what is retracted is left out, and said")
  func sample() throws {
    let small = try SmallScan()
    try define(small.catalog)
    let first = try small.ingest().runID
    let second = try small.ingest(nil, ["features.smoothing=1"]).runID
    _ = try small.catalog.set("annealed_c", to: "900 <C>", ofSample: "M1")
    var html = try MarkupTree.parse(try page(small.catalog, "M1"))
    #expect(html.find("article").count == 2)
    #expect(html.text.contains("900 <C>"))
    // Of two parameter sets no number is made.
    #expect(html.text.contains("2 parameter sets"))
    _ = try small.catalog.retract(.run(second), reason: "no")
    html = try MarkupTree.parse(try page(small.catalog, "M1"))
    let articles = html.find("article").compactMap { $0.attributes["id"] }
    #expect(articles == ["r\(first.prefix(12))"])
    #expect(html.text.contains("1 retracted left out"))
    for link in html.find("a") {
      let id = (link.attributes["href"] ?? "").dropFirst()
      #expect(html.all.contains { $0.attributes["id"] == String(id) }, "\(id)")
    }
    _ = try small.catalog.retract(.run(first), reason: "no")
    #expect(throws: CatalogError.self) { try page(small.catalog, "M1") }
  }

  @Test("A comparison shows the numbers of lodestone compare")
  func comparison() throws {
    let small = try SmallScan(height: 96, width: 96)
    try define(small.catalog)
    _ = try small.ingest()
    let comparison = try SampleComparison(small.catalog, surfaceDepthUM: 0.3)
    let html = try MarkupTree.parse(
      try Report(small.catalog).page(.init(subjects: [], surfaceDepthUM: 0.3)).html)
    let sample = try #require(comparison.samples.first)
    let rows = html.find("tr")
    for phase in sample.phases {
      let row = try #require(
        rows.first { row in
          row.find("th").map(\.text).contains(phase.name) && row.find("td").count > 3
        })
      let surface = try #require(phase.shares.surface)
      let shown = try #require(
        row.find("td")[1].text.split(separator: " ").first.flatMap { Double($0) })
      #expect(abs(shown - 100 * surface.median) <= 0.06 + 100 * (surface.uncertainty ?? 0))
      #expect(surface.values == [surface.median])
    }
    // A dot for the surface and one for the bulk of each phase.
    let chart = try #require(html.find("svg", class: "chart").first)
    let expected = sample.phases.reduce(0) { sum, phase in
      sum + (phase.shares.surface == nil ? 0 : 1) + (phase.shares.bulk == nil ? 0 : 1)
    }
    #expect(chart.find("circle").count == expected && expected >= 3)
  }

  @Test("A name that is a sample and begins a run's id is ambiguous; sample:NAME is the sample")
  func names() throws {
    let small = try SmallScan()
    let run = try small.ingest().runID
    let name = String(run.prefix(6))
    let scan = try #require(
      try small.catalog.ask("run-summary", run: run).value("scan_id").text as String?)
    _ = try small.catalog.assign(sample: name, toScan: scan)
    #expect(throws: CatalogError.self) { try page(small.catalog, name) }
    let sample = try page(small.catalog, "sample:\(name)")
    #expect(sample.contains("<title>Sample \(name)</title>"))
    #expect(try page(small.catalog, String(run.prefix(12))).contains("<article"))
    for unknown in ["M7", "tag:none", "ffffff", "sample:M7"] {
      #expect(throws: CatalogError.self) { try page(small.catalog, unknown) }
    }
  }

  /// As results were before schema 6, of a scan whose depth is the distance to the rim.
  @Test("A result without the map of the optical density has the label map alone, and says so")
  func olderResult() throws {
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    let catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    let made = MadeRecords(.real)
    var scan = made.scan(1)
    scan.geometry = "projection"
    let labels: [Int16] = [0, 1, 2, -1, -2, 0]
    var result = made.result(1)
    result.maps = try ["dbscan", "label"].map { kind in
      try MapRecord(
        kind: kind, height: 2, width: 3, samples: .int16(labels),
        tiff: TIFFWriter.encode([.init(height: 2, width: 3, samples: .int16(labels))]))
    }
    var run = made.run(1)
    run.scanID = scan.id
    try catalog.store(
      scan: scan, sample: nil, sighting: nil, run: run, answer: .result(result),
      execution: made.execution(second: 1))
    let html = try MarkupTree.parse(try page(catalog, "@last"))
    #expect(html.find("img").count == 1 && html.find("input").isEmpty)
    #expect(html.text.contains("before the map of the optical density was kept"))
    #expect(html.text.contains("Distance to the rim (µm)"))
    #expect(html.text.contains("a pixel also holds what lies behind it"))
    #expect(html.find("h1").map(\.text) == ["No sample named"])
    // Results of then have no parts of the scan: no intervals are made up.
    let depth = try #require(html.find("section", class: "part-depth").first)
    #expect(
      depth.find("path", class: "interval").isEmpty && depth.find("path", class: "line").count >= 3)
  }

  /// The most that a page is made of: every pixel another cluster than its neighbours, nothing but noise in what is absorbed.
  @Test("A page of 1024 x 1024 pixels of noise is below 2 MB", arguments: [3, 16])
  func size(clusters: Int) throws {
    let side = 1024
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    let catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    var shape = MadeRecords.Size.real
    (shape.energies, shape.clusters, shape.depthBins) = (200, clusters, 400)
    let made = MadeRecords(shape)
    var random = TestRandom(seed: 7)
    let labels = (0..<side * side).map { _ in Int16.random(in: -2..<Int16(clusters), using: &random)
    }
    let density = labels.map { _ in Float.random(in: 0..<2, using: &random) }
    var result = made.result(1)
    result.maps = try [
      MapRecord(
        kind: "dbscan", height: side, width: side, samples: .int16(labels),
        tiff: TIFFWriter.encode([.init(height: side, width: side, samples: .int16(labels))])),
      MapRecord(
        kind: "label", height: side, width: side, samples: .int16(labels),
        tiff: TIFFWriter.encode([.init(height: side, width: side, samples: .int16(labels))])),
      MapRecord(
        kind: "od", height: side, width: side, samples: .float32(density),
        tiff: TIFFWriter.encode([.init(height: side, width: side, samples: .float32(density))])),
    ]
    try catalog.store(
      scan: made.scan(1), sample: "noise", sighting: made.sighting(1), run: made.run(1),
      answer: .result(result), execution: made.execution(second: 1))
    let text = try page(catalog, "@last")
    #expect(text.utf8.count < 2_000_000, "\(text.utf8.count) bytes")
    let html = try MarkupTree.parse(text)
    #expect(html.find("img").count == 2)
    // What is shown smaller than it is, is said.
    #expect(html.text.contains("of 2 × 2 pixels is shown"))
  }
}
