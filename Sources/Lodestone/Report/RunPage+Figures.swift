import Foundation
import PhaseCatalog

/// The figures of a run's page.
extension RunPage {
  /// A figure of charts beside one another, or below one another where the page is narrow.
  func figure(
    _ charts: [Markup], key: [Chart.Key] = [], caption: String, class kind: String = "charts"
  ) -> Markup {
    .element("figure", ["class": kind]) {
      Markup.element("div", ["class": "panels"]) { charts }
      if !key.isEmpty { Self.key(key) }
      Markup.element("figcaption") { caption }
    }
  }

  /// Colours, dashes and dots with what they mean.
  static func key(_ keys: [Chart.Key]) -> Markup {
    .element("ul", ["class": "key"]) {
      keys.map { key in
        Markup.element("li") {
          Markup.element(
            "svg",
            [
              "class": "chart key-mark", "viewBox": "0 0 18 12", "width": "18", "height": "12",
              "aria-hidden": "true",
            ]
          ) { key.swatch(0, 6) }
          key.label
        }
      }
    }
  }

  // MARK: Spectra

  func spectra() throws -> Markup? {
    guard !clusters.all.isEmpty else {
      return .element("p") { "There is no cluster, and so no spectrum." }
    }
    let plot = try SpectraPlot(catalog, run: run, clusters)
    let (panels, normalised) = (plot.panels, plot.normalised)
    // A panel alone has all the width.
    func shape(_ count: Int) -> (class: String, width: Double) {
      count == 1 ? ("charts solo", 560) : ("charts", 420)
    }
    return .joined([
      .element("div", ["class": "spectra"]) {
        Markup.element(
          "div",
          [
            "class": "spectra-charts", "data-axis": "energies", "role": "group",
            "aria-label": "Mean spectra. With the arrow keys the values at each energy are told.",
            "aria-describedby": id("spectra-how"),
          ]
        ) {
          figure(
            panels.enumerated().map { number, panel in
              Chart.inPage(
                [panel], id: id("spectrum-\(number)"), title: "Mean spectra, \(panel.name)",
                description: plot.description, width: shape(panels.count).width)
            }, caption: SpectraPlot.bandRemark + " " + SpectraPlot.pointerRemark(plot.hasPointers),
            class: shape(panels.count).class)
          if !normalised.isEmpty {
            figure(
              normalised.enumerated().map { number, panel in
                Chart.inPage(
                  [panel], id: id("normalised-\(number)"),
                  title: "Normalised spectra, \(panel.name)",
                  description:
                    "The same mean spectra less the pre-edge line, divided by the step of \(panel.name).",
                  width: shape(normalised.count).width)
              }, caption: "Normalised: " + plot.normalisedRemark,
              class: shape(normalised.count).class)
          }
        }
        values
      },
      HTML.data("spectra-data", data(of: plot)),
      HTML.details("The values as a table") { spectrumTable(plot) },
      .element("p", ["class": "remark"]) {
        "As files: "
        HTML.command("lodestone export \(facts.short) --spectra spectra.csv --xdi FOLDER")
      },
    ])
  }

  /// The values under the cursor.
  private var values: Markup {
    .element("div", ["class": "values"]) {
      Markup.element("p", ["class": "at needs-script", "id": id("spectra-how")]) {
        "Point at the spectra, or move with ← and →, to read their values."
      }
      Markup.element("table", ["class": "readings"]) {
        Markup.element("caption", ["class": "hidden"]) { "Optical density at one energy" }
        Markup.element("thead") {
          Markup.element("tr") {
            Markup.element("th", ["scope": "col"]) { "Cluster" }
            Markup.element("th", ["scope": "col", "class": "n needs-script"]) { "Mean OD" }
            Markup.element("th", ["scope": "col", "class": "n needs-script"]) { "± s.d." }
          }
        }
        Markup.element("tbody") {
          clusters.all.map { cluster in
            Markup.element("tr", ["data-cluster": "\(cluster.label)"]) {
              Markup.element("th", ["scope": "row"]) {
                HTML.swatch(cluster.colour)
                cluster.name
              }
              Markup.element("td", ["class": "n mean needs-script"]) { "–" }
              Markup.element("td", ["class": "n deviation needs-script"]) { "–" }
            }
          }
        }
      }
      Markup.element("p", ["class": "hidden spoken", "role": "status", "aria-live": "polite"])
    }
  }

  private func data(of plot: SpectraPlot) -> CanonicalJSON {
    let (energies, spectra) = plot.values
    func numbers(_ values: [Double]) -> CanonicalJSON {
      .array(
        values.map { $0.isFinite ? .number(($0 * 1e6).rounded() / 1e6) : .null })
    }
    return .object([
      "energies": .array(energies.map { .number($0) }),
      "spectra": .array(
        spectra.map { spectrum in
          .object([
            "label": .number(Double(spectrum.label)), "mean": numbers(spectrum.mean),
            "sd": numbers(spectrum.deviation),
          ])
        }),
    ])
  }

  private func spectrumTable(_ plot: SpectraPlot) -> Markup {
    let (energies, spectra) = plot.values
    guard energies.count * spectra.count <= 6000 else {
      return .element("p") { "They are too many for a page." }
    }
    var table = HTMLTable(
      caption: "Mean optical density of each cluster, ± one standard deviation",
      columns: [.init(heading: "Energy (eV)", isNumber: true)])
    table.columns += spectra.map {
      .init(heading: "Cluster \($0.label)", name: "mean_od", isNumber: true)
    }
    table.rows = energies.indices.map { place in
      HTMLTable.Row(
        cells: [.number(Numeral.short(energies[place]))]
          + spectra.map { spectrum in
            .number(
              Numeral.measured(spectrum.mean[place], spectrum.deviation[place]))
          })
    }
    return table.markup
  }

  // MARK: Depth

  func depth() throws -> Markup? {
    let plot: DepthProfilePlot
    do {
      plot = try DepthProfilePlot(catalog, run: run, clusters)
    } catch CatalogError.noResult {
      return nil
    }
    return .joined([
      figure(
        [
          Chart.inPage(
            plot.panels, id: id("depth-profile"), title: "Clusters over depth",
            description: plot.description, width: 520)
        ], key: plot.legend, caption: plot.remark, class: "charts one"), surfaceTable ?? .none,
    ])
  }

  // MARK: How it was found

  func method() throws -> Markup? {
    var figures: [Markup] = []
    if let plot = try ComponentsPlot(catalog, run: run) {
      let chart = Chart.inPage(
        [plot.panel], id: id("components"), title: "Variance of the principal components",
        description: plot.description)
      figures.append(figure([chart], caption: plot.remark))
    }
    do {
      let plot = try RadiusPlot(catalog, run: run)
      let chart = Chart.inPage(
        plot.panels, id: id("radius"), title: "Clusters over the DBSCAN radius",
        description: plot.description)
      figures.append(figure([chart], caption: plot.remark))
    } catch CatalogError.noResult {}
    guard !figures.isEmpty || !facts.found.rows.isEmpty else { return nil }
    return .joined([.element("div", ["class": "panels"]) { figures }, foundTable])
  }

  // MARK: Frames

  func frames() throws -> Markup? {
    guard !facts.frames.rows.isEmpty else { return nil }
    let plot = try FramesPlot(catalog, run: run)
    return .joined([
      figure(
        plot.columns.enumerated().map { number, panels in
          Chart.inPage(
            panels, id: id("frames-\(number)"), title: "Drift and quality of the frames",
            description: plot.description)
        }, key: plot.legend, caption: plot.remark), HTML.details("Each frame") { frameTable },
    ])
  }
}
