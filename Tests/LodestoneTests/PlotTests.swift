import Foundation
import Lodestone
import PhaseCatalog
import Testing
import TestSupport

/// Plots are read back: what stands where is what the catalog says.
@Suite("Plots")
struct PlotTests {
  private let small: SmallScan
  private let run: String

  init() throws {
    small = try SmallScan(height: 96, width: 96)
    run = try small.ingest().runID
  }

  private func plot(_ plot: Plot, run: String? = nil) throws -> MarkupTree {
    try MarkupTree.parse(try plot.svg(small.catalog, run: run ?? self.run))
  }

  /// Where values of the y axis lie in a panel, by its ticks.
  private struct YAxis {
    private let ticks: [(value: Double, place: Double)]

    init(_ panel: MarkupTree) throws {
      let axes = try #require(panel.find("g", class: "axes").first)
      let frame = panel.numbers("data-frame")
      let labels = axes.find("text", class: "tick").filter { $0.attributes["text-anchor"] == "end" }
      ticks = labels.compactMap { label in
        // The number stands a little below its line.
        Double(label.text.replacing("−", with: "-")).map { ($0, label.numbers("y")[0] - 3.8) }
      }
      #expect(ticks.count >= 3 && frame.count == 4)
    }

    func place(_ value: Double) -> Double {
      let (first, last) = (ticks[0], ticks[ticks.count - 1])
      return first.place
        + (value - first.value) / (last.value - first.value) * (last.place - first.place)
    }
  }

  private func points(_ path: MarkupTree) -> [(x: Double, y: Double)] {
    let numbers = path.numbers("d")
    return stride(from: 0, to: numbers.count - 1, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
  }

  private func series(_ panel: MarkupTree, _ name: String) -> MarkupTree? {
    panel.find("g", class: "series").first { $0.classes.contains(name) }
  }

  @Test("Mean spectra lie where the catalog says, with bands of their spread, and cross no gap")
  func spectra() throws {
    let svg = try plot(.spectra)
    let panels = svg.find("g", class: "panel")
    // Nd L3 and Fe K, as they are and normalised.
    #expect(panels.count == 4)
    let table = try small.catalog.ask("run-spectra", run: run)
    let clusters = try small.catalog.ask("run-clusters", run: run)
    let colours = try PhaseColours(small.catalog).ofClusters(clusters)
    #expect(clusters.rows.count >= 2)
    for cluster in clusters.rows.indices {
      let rows = table.rows.indices.filter {
        table.value("cluster", row: $0) == .integer(Int64(cluster))
      }
      var drawn = 0
      for panel in panels.prefix(2) {
        let (range, frame) = (panel.numbers("data-x"), panel.numbers("data-frame"))
        let axis = try YAxis(panel)
        let own = rows.filter { row in
          let energy = table.value("energy_ev", row: row).number ?? 0
          return energy >= range[0] && energy <= range[1]
        }
        let group = try #require(series(panel, "c\(cluster)"))
        let line = try #require(group.find("path", class: "line").first)
        let band = try #require(group.find("path", class: "band").first)
        #expect(line.attributes["stroke"] == colours[cluster].hex)
        #expect(points(line).count == own.count && points(band).count == 2 * own.count)
        for (point, row) in zip(points(line), own) {
          let energy = table.value("energy_ev", row: row).number ?? 0
          let mean = table.value("mean_od", row: row).number ?? 0
          let x = frame[0] + (energy - range[0]) / (range[1] - range[0]) * frame[2]
          #expect(abs(point.x - x) < 0.02 && abs(point.y - axis.place(mean)) < 0.1)
        }
        let first = try #require(own.first)
        let deviation = table.value("sd_od", row: first).number ?? 0
        let mean = table.value("mean_od", row: first).number ?? 0
        #expect(abs(points(band)[0].y - axis.place(mean + deviation)) < 0.1)
        drawn += own.count
      }
      #expect(drawn == rows.count)
    }
    // A gap of 700 eV lies between the panels.
    #expect(panels[0].numbers("data-x")[1] < 6400 && panels[1].numbers("data-x")[0] > 7000)
  }

  @Test(
    "Edges are marked and named, each cluster's E0 has a triangle, normalised spectra end near 1")
  func edges() throws {
    let svg = try plot(.spectra)
    let panels = svg.find("g", class: "panel")
    let edges = try small.catalog.ask("run-edges", run: run)
    let clusters = try small.catalog.ask("run-clusters", run: run).rows.count
    for (panel, name) in zip(panels, ["Nd L3", "Fe K"]) {
      #expect(panel.find("path", class: "landmark").count == 1)
      #expect(panel.find("text", class: "label").contains { $0.text.contains("\(name)  ") })
      #expect(panel.find("path", class: "pointer").count == clusters)
      let (range, frame) = (panel.numbers("data-x"), panel.numbers("data-frame"))
      for pointer in panel.find("path", class: "pointer") {
        let label = try #require(pointer.classes.last?.dropFirst())
        let row = try #require(
          edges.rows.indices.first {
            edges.value("cluster", row: $0).text == label
              && edges.value("symbol", row: $0).text == name.prefix(2)
          })
        let e0 = edges.value("derivative_ev", row: row).number ?? 0
        let x = frame[0] + (e0 - range[0]) / (range[1] - range[0]) * frame[2]
        #expect(abs(points(pointer)[0].x + 3.5 - x) < 0.02)
      }
    }
    for panel in panels.suffix(2) {
      let axis = try YAxis(panel)
      for group in panel.find("g", class: "series") {
        let line = points(try #require(group.find("path", class: "line").first))
        #expect(abs(line[0].y - axis.place(0)) < 0.1 * abs(axis.place(1) - axis.place(0)))
        #expect(
          abs(line[line.count - 1].y - axis.place(1)) < 0.15 * abs(axis.place(1) - axis.place(0)))
      }
    }
  }

  @Test(
    "At each depth the shares of all clusters and noise make the whole, as the catalog counts them")
  func depthProfile() throws {
    let svg = try plot(.depthProfile)
    let panel = try #require(svg.find("g", class: "panel").first)
    let axis = try YAxis(panel)
    let lines = panel.find("path", class: "line").map(points)
    #expect(lines.count >= 2 && lines.allSatisfy { $0.count == lines[0].count })
    for place in lines[0].indices {
      let whole = lines.reduce(0) { $0 + axis.place(0) - $1[place].y }
      // Noise is drawn only where there is much of it.
      #expect(abs(whole - (axis.place(0) - axis.place(100))) < 1.5)
    }
    // The outermost step, counted anew.
    let table = try small.catalog.ask("run-depth", run: run)
    let (range, frame) = (panel.numbers("data-x"), panel.numbers("data-frame"))
    let middle = range[0] + (lines[0][0].x - frame[0]) / frame[2] * (range[1] - range[0])
    let within = table.rows.indices.filter {
      (table.value("depth_um", row: $0).number ?? 1) < 2 * middle - 1e-4
    }
    let all = within.reduce(0.0) { $0 + (table.value("pixels", row: $1).number ?? 0) }
    let group = try #require(series(panel, "c1"))
    let own = within.filter { table.value("cluster", row: $0) == .integer(1) }
      .reduce(0.0) { $0 + (table.value("pixels", row: $1).number ?? 0) }
    let line = points(try #require(group.find("path", class: "line").first))
    #expect(all > 20 && abs(line[0].y - axis.place(100 * own / all)) < 0.1)
    // Intervals, of what the parts of the scan leave open.
    #expect(panel.find("path", class: "interval").count >= 3)
    #expect(svg.text.contains("Depth below the surface (µm)"))
  }

  @Test("The radius that was used is marked, and whether it was chosen or given is said")
  func radius() throws {
    let table = try small.catalog.ask("run-radii", run: run)
    let svg = try plot(.radius)
    let panels = svg.find("g", class: "panel")
    #expect(panels.count == 2)
    let axis = try YAxis(panels[0])
    let line = points(try #require(panels[0].find("path", class: "line").first))
    #expect(line.count == table.rows.count && table.rows.count >= 3)
    for (point, row) in zip(line, table.rows.indices) {
      let count = table.value("cluster_count", row: row).number ?? 0
      #expect(abs(point.y - axis.place(count)) < 0.1)
    }
    let used = try #require(
      table.rows.indices.first { table.value("is_used", row: $0) == .integer(1) })
    let ring = try #require(svg.find("circle", class: "ring").first)
    #expect(abs(ring.numbers("cx")[0] - line[used].x) < 0.02)
    #expect(svg.text.contains("chosen: ") && !svg.text.contains("given: "))

    let given = try small.ingest(nil, ["dbscan.radius=2.5"]).runID
    let other = try plot(.radius, run: given)
    #expect(other.text.contains("given: 2.5") && other.text.contains("was given, not chosen"))
  }

  @Test(
    "Plots are told in words, text is text, and equal catalogs give equal bytes",
    arguments: Plot.allCases)
  func words(_ plot: Plot) throws {
    let text = try plot.svg(small.catalog, run: run)
    let svg = try MarkupTree.parse(text)
    #expect(svg.attributes["role"] == "img")
    let ids = (svg.attributes["aria-labelledby"] ?? "").split(separator: " ").map(String.init)
    #expect(ids.count == 2)
    for id in ids {
      #expect(svg.all.contains { $0.attributes["id"] == id && $0.text.count > 10 })
    }
    #expect(svg.find("text").count > 8)
    #expect(svg.text.contains("sample M1, run \(run.prefix(12))"))
    // librsvg knows no variables, and nothing is fetched.
    #expect(!text.contains("var(") && !text.contains("href") && !text.contains("@import"))
    #expect(try plot.svg(small.catalog, run: run) == text)
    // Nothing is not a number, and nothing lies outside.
    #expect(!text.contains("nan") && !text.contains("inf,"))
    let box = svg.numbers("viewBox")
    for label in svg.find("text") {
      let (x, y) = (label.numbers("x")[0], label.numbers("y")[0])
      #expect(x >= 0 && x <= box[2] && y >= 0 && y <= box[3], "\(label.text) at \(x), \(y)")
    }
  }

  @Test("A PNG has two pixels for each of the SVG")
  func png() throws {
    let path = small.folder.file("spectra.PNG")
    try Export(catalog: small.catalog, run: run).writePlot(.spectra, to: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes.prefix(4).elementsEqual([0x89, 0x50, 0x4E, 0x47]))
    let width = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
    #expect(width == 2 * Int(try plot(.spectra).numbers("width")[0]))
  }

  @Test("Names that would be markup stay names, also in a phase's legend")
  func hostileNames() throws {
    try small.catalog.define(
      phase: "<b>&\"grains'",
      as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: 0, high: 1)]))
    let svg = try plot(.spectra)
    #expect(svg.find("b").isEmpty)
    #expect(svg.find("text").contains { $0.text.contains("<b>&\"grains'") })
  }
}
