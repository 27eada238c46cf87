import Foundation
import PhaseCatalog

/// What a page tells of a run, in the order in which a reader asks: what to beware of, what was found, where it comes from.
struct RunPage {
  let facts: RunFacts
  let maps: PageMaps
  let catalog: Catalog
  /// The level of the headings of its parts: 2 on a page of its own, 3 on the page of a sample.
  let level: Int

  /// - Parameters:
  ///   - run: its full id.
  ///   - budget: about how many bytes its pictures may take.
  /// - Throws: ``CatalogError``, ``InputError``.
  init(_ catalog: Catalog, run: String, level: Int = 2, budget: Int) throws {
    let facts = try RunFacts(catalog, run: run)
    self.facts = facts
    maps = try PageMaps(catalog, run: run, facts.clusters, budget: budget)
    self.catalog = catalog
    self.level = level
  }

  var run: String { facts.run }
  var clusters: RunClusters { facts.clusters }

  /// An identifier on the page: no other run has it.
  func id(_ part: String) -> String { "r\(facts.short)-\(part)" }

  /// The whole of it.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  func article() throws -> (markup: Markup, links: [(id: String, name: String)]) {
    let parts = try self.parts()
    let markup = Markup.element("article", ["class": "run", "id": "r\(facts.short)"]) {
      header
      warningList
      parts.map { part in
        HTML.section(id(part.id), part.name, level: level, class: "part-\(part.id)") { part.markup }
      }
    }
    return (markup, parts.map { (id($0.id), $0.name) })
  }

  private struct Part {
    let id: String
    let name: String
    let markup: Markup
  }

  /// Its parts; those of which there is nothing are left out.
  private func parts() throws -> [Part] {
    var parts = [Part(id: "map", name: "Map", markup: map)]
    func add(_ id: String, _ name: String, _ markup: Markup?) {
      if let markup, markup != .none { parts.append(Part(id: id, name: name, markup: markup)) }
    }
    add("spectra", "Spectra", try spectra())
    add("clusters", "Clusters", clusterPart)
    add("elements", "Elements and edges", elementPart)
    add("fit", "Reference spectra", fitPart)
    add("depth", "Depth", try depth())
    add("method", "How it was found", try method())
    add("frames", "Drift and quality", try frames())
    add("parameters", "Parameters", parameterPart)
    add("provenance", "Provenance", provenance)
    return parts
  }

  // MARK: Head

  private var header: Markup {
    .element("header", ["class": "run-head"]) {
      HTML.heading(
        (facts.sample ?? "No sample named") + (level > 2 ? ", run \(facts.short)" : ""),
        level: level - 1)
      Markup.element("p", ["class": "sub"]) {
        "run "
        HTML.command(facts.short)
        " of scan "
        HTML.command(String((facts.text("scan_id") ?? "").prefix(12)))
        ", stored \(Self.minute(facts.text("recorded_at") ?? ""))"
        facts.tags.map { tag in Markup.element("span", ["class": "tag"]) { tag } }
      }
      Markup.element("dl", ["class": "facts"]) {
        headline.map { name, value in
          Markup.element("div") {
            Markup.element("dt") { name }
            Markup.element("dd") { value }
          }
        }
      }
    }
  }

  /// Day and minute of a time stamp.
  static func minute(_ timestamp: String) -> String {
    guard timestamp.count >= 16 else { return timestamp }
    return timestamp.prefix(16).replacing("T", with: " ") + " UTC"
  }

  private var headline: [(String, String)] {
    let analysed = facts.count("analysed_pixels")
    func share(_ part: Int, _ whole: Int) -> String {
      Numeral.percent(Double(part) / Double(max(whole, 1)))
    }
    let sides = [facts.number("pixel_height_um"), facts.number("pixel_width_um")]
      .compactMap(\.self)
    let pixel =
      (sides.isEmpty ? facts.number("pixel_size_um").map { [$0] } ?? [] : sides)
      .map { Numeral.short(1000 * $0) }.joined(separator: " × ")
    let energies = [facts.number("energy_min_ev"), facts.number("energy_max_ev")]
      .compactMap(\.self).map(Numeral.short).joined(separator: " – ")
    return [
      ("Clusters", Numeral.count(facts.count("cluster_count"))),
      (
        "Analysed",
        "\(Numeral.count(analysed)) px, \(share(analysed, facts.count("total_pixels"))) of the frame"
      ),
      ("Noise", noiseShare),
      ("Frame", "\(facts.count("height")) × \(facts.count("width")) px"),
      ("Pixel", pixel.isEmpty ? "size not known" : "\(pixel) nm"),
      ("Energies", "\(facts.count("energy_count")), \(energies) eV"),
      ("Geometry", facts.text("geometry") ?? "–"),
      ("Signal", signal),
    ]
  }

  private var noiseShare: String {
    Numeral.percent(
      Double(facts.count("noise_pixels")) / Double(max(facts.count("analysed_pixels"), 1)))
  }

  private var signal: String {
    let reference = facts.text("reference") ?? ""
    let what = [
      "frames": "reference frames", "frame": "a reference frame", "spectrum": "a spectrum",
      "empty-field": "the empty field",
    ]
    return (facts.text("signal") ?? "") + (what[reference].map { ", I0 from \($0)" } ?? "")
  }

  // MARK: What to beware of

  /// Retractions and differing results, then what the program said of the result.
  private var warningList: Markup {
    let retractions = facts.isRetracted ? [retraction] : []
    let grave = retractions + facts.differing
    let (first, rest) = (facts.warnings.prefix(6), facts.warnings.dropFirst(6))
    guard !grave.isEmpty || !facts.warnings.isEmpty else { return .none }
    return HTML.section(
      id("warnings"), "What to know first", level: level, class: "warnings"
    ) {
      if !grave.isEmpty {
        Markup.element("ul", ["class": "grave"]) {
          grave.map { text in Markup.element("li") { text } }
        }
      }
      if !first.isEmpty { Self.list(first) }
      if !rest.isEmpty {
        HTML.details("\(rest.count) more") { Self.list(rest) }
      }
    }
  }

  private static func list(_ texts: some Sequence<String>) -> Markup {
    .element("ul") { texts.map { text in Markup.element("li") { sentence(text) } } }
  }

  /// With a capital letter.
  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  private var retraction: String {
    let table = facts.remarks
    let last = table.rows.indices.last { table.value("kind", row: $0).text == "retract" }
    let reason = last.flatMap { table.texts("value")[$0] }
    return "Retracted: queries and comparisons leave this run out"
      + (reason.map { ". Reason: \($0)" } ?? ".")
  }

  // MARK: The map

  private var map: Markup {
    .joined([
      .element("div", ["class": maps.density == nil ? "map-part single" : "map-part"]) {
        Markup.element("div", ["class": "map-views", "data-state": "pair"]) {
          labelFigure
          densityFigure ?? .none
        }
        Markup.element("div", ["class": "map-side"]) {
          if maps.density != nil { wipeControls }
          Markup.element("p", ["class": "readout needs-script", "role": "status"]) {
            "Point at the map to read it."
          }
          legend
          if maps.density == nil {
            Markup.element("p", ["class": "remark"]) {
              "This result is of before the map of the optical density was kept: ingest the scan again to see it beside the clusters."
            }
          }
        }
      },
      HTML.data("map-data", mapData),
    ])
  }

  private var labelFigure: Markup {
    let picture = maps.labelPicture
    let names = clusters.all.map { "\($0.name), \(Numeral.percent($0.share))" }
    return .element("figure", ["class": "view labels" + (picture.shape.map { " \($0)" } ?? "")]) {
      Markup.element("div", ["class": "frame"]) {
        Markup.element(
          "img",
          [
            "class": "pixels", "src": picture.source, "width": "\(picture.width)",
            "height": "\(picture.height)",
            "alt": "Label map. " + (names.isEmpty ? "No cluster" : names.joined(separator: "; "))
              + ".",
          ])
      }
      maps.scaleBar
      Markup.element("figcaption") { "Clusters" + Self.said(picture, "the most frequent label") }
    }
  }

  private var densityFigure: Markup? {
    guard let (picture, scale) = maps.density else { return nil }
    let range = "\(Numeral.fixed(scale.low, 2)) (black) to \(Numeral.fixed(scale.high, 2)) (white)"
    return .element("figure", ["class": "view density" + (picture.shape.map { " \($0)" } ?? "")]) {
      Markup.element("div", ["class": "frame"]) {
        Markup.element(
          "img",
          [
            "class": "pixels", "src": picture.source, "width": "\(picture.width)",
            "height": "\(picture.height)", "alt": "Mean optical density, \(range).",
          ])
      }
      maps.scaleBar
      Markup.element("figcaption") {
        "Mean optical density, \(range)" + Self.said(picture, "the mean")
      }
    }
  }

  private static func said(_ picture: PageMaps.Picture, _ what: String) -> String {
    picture.binning == 1
      ? "" : "; \(what) of \(picture.binning) × \(picture.binning) pixels is shown"
  }

  private var wipeControls: Markup {
    .element("fieldset", ["class": "wipe-controls needs-script"]) {
      Markup.element("legend") { "Compare" }
      Markup.element("div", ["class": "choice"]) {
        [("wipe", "One over the other"), ("pair", "Side by side")].map { value, name in
          Markup.element("label") {
            Markup.element(
              "input",
              [
                "type": "radio", "name": id("view"), "value": value,
                "checked": value == "wipe" ? "checked" : nil,
              ])
            name
          }
        }
      }
      Markup.element("label", ["class": "wipe-label", "for": id("wipe")]) {
        "Clusters left, optical density right of the line"
      }
      Markup.element(
        "input",
        [
          "type": "range", "id": id("wipe"), "class": "wipe", "min": "0", "max": "100",
          "step": "1", "value": "60",
        ])
    }
  }

  /// Each cluster with its colour; a page's script shows the one that is pointed at alone.
  private var legend: Markup {
    .element("ul", ["class": "legend", "aria-label": "Clusters"]) {
      clusters.all.map { cluster in
        Markup.element("li") {
          Markup.element(
            "button",
            ["type": "button", "data-cluster": "\(cluster.label)", "aria-pressed": "false"]
          ) {
            HTML.swatch(cluster.colour)
            Markup.element("span", ["class": "name"]) { cluster.name }
            Markup.element("span", ["class": "share"]) { Numeral.percent(cluster.share) }
          }
        }
      }
      if facts.count("noise_pixels") > 0 {
        Markup.element("li", ["class": "plain"]) {
          HTML.swatch(Palette.noise)
          Markup.element("span", ["class": "name"]) { "noise" }
          Markup.element("span", ["class": "share"]) { noiseShare }
        }
      }
      if maps.labels.labels.contains(-2) {
        Markup.element("li", ["class": "plain"]) {
          Markup.element("span", ["class": "swatch void"])
          Markup.element("span", ["class": "name"]) { "not analysed" }
        }
      }
    }
  }

  private var mapData: CanonicalJSON {
    let named = zip(clusters.all, maps.pictureColours).map { cluster, colour in
      CanonicalJSON.object([
        "label": .number(Double(cluster.label)), "name": .string(cluster.name.visible),
        "share": .string(Numeral.percent(cluster.share)), "colour": .string(colour.hex),
      ])
    }
    var members: [String: CanonicalJSON] = [
      "clusters": .array(named), "noise": .string(Palette.noise.hex),
      "height": .number(Double(maps.labels.height)), "width": .number(Double(maps.labels.width)),
    ]
    if let scale = maps.density?.scale {
      members["od"] = .array([.number(scale.low), .number(scale.high)])
    }
    return .object(members)
  }
}

extension String {
  /// The text with what is invisible, or would turn text around, made visible.
  var visible: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { $0.isInvisible ? "\u{FFFD}" : $0 }))
  }
}
