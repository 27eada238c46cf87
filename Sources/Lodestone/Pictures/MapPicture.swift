import Foundation
import PhaseCatalog
import StackIO

/// A run's map as a picture, as SVG: with a scale bar, and a colour bar or a legend.
struct MapPicture {
  /// The shortest length, px, that a map's longer side is drawn at: small maps are magnified by whole numbers.
  private static let leastSide = 720.0
  private static let margin = 24.0
  private static let textSize = 15.0

  private let title: String
  private let note: String?
  private let panels: [MapPanel]
  private let pixelSize: PixelSize?

  /// The label map of a run.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  init(labelsOf run: String, catalog: Catalog) throws {
    let map = try LabelMap(catalog, run: run, RunClusters(catalog, run: run))
    // Place 0 is not analysed, 1 noise, and the palette follows.
    let colours = [Palette.notAnalysed, Palette.noise] + Palette.colours
    let places = map.clusters.map { UInt8(colours.firstIndex(of: $0.colour) ?? 1) }
    var legend = map.clusters.map { ($0.colour, "\($0.name)  \(Numeral.percent($0.share))") }
    if map.noiseShare > 0 {
      legend.append((Palette.noise, "noise  \(Numeral.percent(map.noiseShare))"))
    }
    if map.labels.contains(-2) { legend.append((Palette.notAnalysed, "not analysed")) }
    let panel = MapPanel(
      height: map.height, width: map.width, name: "clusters",
      places: map.labels.map { label in
        label < 0 ? UInt8(label + 2) : label < places.count ? places[label] : 1
      }, colours: colours, key: .legend(legend))
    try self.init(
      run, catalog, "clusters", [panel],
      note: map.clusters.count > Palette.colours.count
        ? "There are more clusters than colours: after \(Palette.colours.count) they begin anew."
        : nil)
  }

  /// A map of numbers of a run: a panel each, where there is one an edge.
  ///
  /// - Throws: ``CatalogError``, also where the run has none; ``InputError``.
  init(_ kind: MapKind, of run: String, catalog: Catalog) throws {
    let maps = try PixelMap.all(kind, catalog: catalog, run: run)
    var isClipped = false
    let panels = try maps.map { map in
      let ramp: ColourScale.Ramp = kind == .od ? .grey : .viridis
      let scale = ColourScale(
        map.values, ramp: ramp, from: kind == .depth ? 0 : nil,
        clipped: kind == .depth ? 0 : ColourScale.clippedShare)
      guard let scale else {
        throw CatalogError.notFound("run \(run.prefix(12)): its map of the \(map.name) is empty")
      }
      isClipped = isClipped || scale.isClipped
      // The last place is for what has no value.
      return MapPanel(
        height: map.height, width: map.width, name: map.name,
        places: map.values.map { $0.isFinite ? UInt8((scale.place(of: $0) * 254).rounded()) : 255 },
        colours: (0..<255).map { ramp.colour(at: Double($0) / 254) } + [Palette.notAnalysed],
        key: .bar(scale, unit: map.unit == "um" ? "µm" : map.unit))
    }
    try self.init(
      run, catalog, maps.count == 1 ? maps[0].name : "edge steps", panels,
      note: isClipped
        ? "The lowest and the highest 0.5 % of the pixels take the colours of the ends." : nil)
  }

  private init(
    _ run: String, _ catalog: Catalog, _ what: String, _ panels: [MapPanel], note: String?
  ) throws {
    let summary = try catalog.ask("run-summary", run: run)
    let sample = summary.value("sample")
    title =
      [
        try catalog.isRetracted(run: run) ? "RETRACTED" : nil,
        sample == .null ? nil : TextWidth.fitted(sample.text, size: 18, to: 480),
        "run \(run.prefix(12))", what,
      ].compactMap(\.self).joined(separator: ", ")
    self.note = note
    self.panels = panels
    pixelSize = PixelSize(summary: summary)
  }

  // MARK: Drawing

  /// Where the maps begin, below the title and the panels' names.
  private var top: Double { panels.count > 1 ? 76 : 54 }

  /// The size that a panel's map is drawn at, px.
  private func drawn(_ panel: MapPanel) -> (height: Int, width: Int) {
    let size = pixelSize ?? PixelSize(sideUM: 1)
    let height = Double(panel.height) * size.heightUM / size.smallerUM
    let width = Double(panel.width) * size.widthUM / size.smallerUM
    let factor = max(1, (Self.leastSide / max(height, width)).rounded())
    return (max(1, Int((height * factor).rounded())), max(1, Int((width * factor).rounded())))
  }

  /// The picture.
  ///
  /// - Throws: ``InputError`` where a map cannot be encoded.
  func svg() throws -> String {
    var parts: [Markup] = []
    var (x, tallest) = (Self.margin, 0.0)
    for panel in panels {
      let (height, width) = drawn(panel)
      if panels.count > 1 { parts.append(Self.text(x, 64, panel.name)) }
      parts.append(try image(panel, height, width, x: x))
      let pixel = Double(width) / Double(panel.width)
      parts.append(scaleBar(width, pixel, x: x, y: top + Double(height) + 22))
      let (key, keyWidth) = panel.key(height: height, x: x + Double(width) + 20, top: top)
      parts.append(key)
      x += Double(width) + 20 + keyWidth + Self.margin
      tallest = max(tallest, Double(height))
    }
    let height = Int(top + tallest + (note == nil ? 52 : 80))
    if let note { parts.append(Self.text(Self.margin, Double(height) - 18, note, size: 13)) }
    // Words that are longer than the maps are wide need room too.
    let words = max(TextWidth.of(title, size: 18), TextWidth.of(note ?? "", size: 13))
    let width = Int(max(x, 2 * Self.margin + words).rounded(.up))
    let picture = Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "width": "\(width)", "height": "\(height)",
        "viewBox": "0 0 \(width) \(height)", "role": "img",
        "font-family": "DejaVu Sans, Verdana, sans-serif", "fill": "#1a1a1a",
      ]
    ) {
      Markup.element("title") { title }
      Markup.element("rect", ["width": "100%", "height": "100%", "fill": "#ffffff"])
      Self.text(Self.margin, 34, title, size: 18)
      parts
    }
    return picture.source + "\n"
  }

  /// The map itself, each pixel a rectangle of whole pixels of the picture where pixels are square.
  private func image(_ panel: MapPanel, _ height: Int, _ width: Int, x: Double) throws -> Markup {
    let png = try PNGWriter.encode(panel.picture(height: height, width: width))
    let data = "data:image/png;base64," + Data(png).base64EncodedString()
    let place = (x: Int(x), y: Int(top))
    return Markup.joined([
      Markup.element(
        "image",
        [
          "x": "\(place.x)", "y": "\(place.y)", "width": "\(width)", "height": "\(height)",
          "image-rendering": "pixelated", "href": data,
        ]),
      Markup.element(
        "rect",
        [
          "x": "\(place.x - 1).5", "y": "\(place.y - 1).5", "width": "\(width + 1)",
          "height": "\(height + 1)", "fill": "none", "stroke": "#808080",
        ]),
    ])
  }

  /// A bar of a round length, about a fifth of the map's width.
  private func scaleBar(_ width: Int, _ pixel: Double, x: Double, y: Double) -> Markup {
    let unit = pixelSize?.widthUM ?? 1
    let length = roundLength(upTo: 0.25 * Double(width) / pixel * unit)
    let words =
      pixelSize == nil
      ? "\(Numeral.short(length)) px"
      : length < 1 ? "\(Numeral.short(length * 1000)) nm" : "\(Numeral.short(length)) µm"
    let drawn = length / unit * pixel
    return Markup.joined([
      Markup.element(
        "rect",
        [
          "x": Self.number(x), "y": Self.number(y - 5), "width": Self.number(drawn), "height": "6",
        ]),
      Self.text(x + drawn + 10, y + 4, words),
    ])
  }

  /// Words whose base line begins at a place.
  static func text(_ x: Double, _ y: Double, _ words: String, size: Double = textSize) -> Markup {
    Markup.element(
      "text", ["x": number(x), "y": number(y), "font-size": number(size), "xml:space": "preserve"]
    ) { words }
  }

  /// A coordinate, to a hundredth.
  static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
