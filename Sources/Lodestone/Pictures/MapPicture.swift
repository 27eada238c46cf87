import Foundation
import PhaseCatalog
import StackIO

/// A run's map as a picture, as SVG: with a scale bar, and a colour bar or a legend.
struct MapPicture {
  /// The shortest length, px, that a map's longer side is drawn at: small maps are magnified by whole numbers.
  private static let leastSide = 720

  private let title: String
  private let note: String?
  private let panels: [Panel]
  private let pixelSize: PixelSize?

  /// One map, with what explains its colours.
  private struct Panel {
    let height: Int
    let width: Int
    let name: String
    /// The colour of each pixel, as places in a palette.
    let places: [UInt8]
    let colours: [Colour]
    let key: Key

    enum Key {
      case legend([(colour: Colour, words: String)])
      case bar(ColourScale, unit: String)
    }
  }

  /// The label map of a run.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  init(labelsOf run: String, catalog: Catalog) throws {
    let map = try LabelMap(catalog: catalog, run: run)
    // Place 0 is not analysed, 1 noise, and clusters follow.
    let colours = [Palette.notAnalysed, Palette.noise] + Palette.colours
    let place = map.entries.map { colours.firstIndex(of: $0.colour) ?? 1 }
    func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
    var legend = map.entries.map { (colour: $0.colour, words: "\($0.name)  \(percent($0.share))") }
    if map.noiseShare > 0 { legend.append((Palette.noise, "noise  \(percent(map.noiseShare))")) }
    if map.labels.contains(-2) { legend.append((Palette.notAnalysed, "not analysed")) }
    try self.init(
      run, catalog, "clusters",
      [
        Panel(
          height: map.height, width: map.width, name: "clusters",
          places: map.labels.map { label in
            UInt8(label < 0 ? label + 2 : label < place.count ? place[label] : 1)
          }, colours: colours, key: .legend(legend))
      ], note: nil)
  }

  /// A map of numbers of a run: a panel each, where there is one an edge.
  ///
  /// - Throws: ``CatalogError``, also where the run has none; ``InputError``.
  init(_ kind: MapKind, of run: String, catalog: Catalog) throws {
    let maps = try PixelMap.all(kind, catalog: catalog, run: run)
    var isClipped = false
    let panels = try maps.map { map in
      let ramp: ColourScale.Ramp = kind == .od ? .grey : .viridis
      guard
        let scale = ColourScale(
          map.values, ramp: ramp, from: kind == .depth ? 0 : nil,
          clipped: kind == .depth ? 0 : ColourScale.clippedShare)
      else {
        throw CatalogError.notFound("run \(run.prefix(12)): its map of the \(map.name) is empty")
      }
      isClipped = isClipped || scale.isClipped
      // The last place is for what has no value.
      return Panel(
        height: map.height, width: map.width, name: map.name,
        places: map.values.map { $0.isFinite ? UInt8((scale.place(of: $0) * 254).rounded()) : 255 },
        colours: (0..<255).map { ramp.colour(at: Double($0) / 254) } + [Palette.notAnalysed],
        key: .bar(scale, unit: map.unit == "um" ? "µm" : map.unit))
    }
    try self.init(
      run, catalog, maps.count == 1 ? maps[0].name : "edge steps", panels,
      note: isClipped
        ? "the lowest and the highest 0.5 % of the pixels take the colours of the ends" : nil)
  }

  private init(
    _ run: String, _ catalog: Catalog, _ what: String, _ panels: [Panel], note: String?
  ) throws {
    let summary = try catalog.ask("run-summary", run: run)
    let sample = summary.value("sample")
    title = [sample == .null ? nil : sample.text, "run \(run.prefix(12))", what]
      .compactMap(\.self).joined(separator: ", ")
    self.note = note
    self.panels = panels
    pixelSize = PixelSize(summary: summary)
  }

  // MARK: Drawing

  /// The size that a panel's map is drawn at, px.
  private func drawn(_ panel: Panel) -> (height: Int, width: Int) {
    let size = pixelSize ?? PixelSize(sideUM: 1)
    let height = Double(panel.height) * size.heightUM / size.smallerUM
    let width = Double(panel.width) * size.widthUM / size.smallerUM
    let factor = max(1, (Double(Self.leastSide) / max(height, width)).rounded())
    return (max(1, Int((height * factor).rounded())), max(1, Int((width * factor).rounded())))
  }

  /// The picture.
  ///
  /// - Throws: ``InputError`` where a map cannot be encoded.
  func svg() throws -> String {
    var (body, x) = ("", 24.0)
    var tallest = 0.0
    for panel in panels {
      let (height, width) = drawn(panel)
      if panels.count > 1 {
        body += Self.text(x, 62, panel.name)
      }
      body += try image(panel, height, width, x: x)
      body += scaleBar(
        width, Double(width) / Double(panel.width), x: x, y: top + Double(height) + 22)
      let (key, keyWidth) = key(panel, height, x: x + Double(width) + 20)
      body += key
      x += Double(width) + 20 + keyWidth + 24
      tallest = max(tallest, Double(height))
    }
    let height = top + tallest + (note == nil ? 52 : 78)
    if let note { body += Self.text(24, height - 16, note, size: 13) }
    // A title that is longer than the maps are wide needs room too.
    let width = max(x, 48 + Self.width(of: title, size: 18))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width.rounded(.up)))" height="\(Int(height))" \
      viewBox="0 0 \(Int(width.rounded(.up))) \(Int(height))" role="img" \
      font-family="DejaVu Sans, Verdana, sans-serif" fill="#1a1a1a">
      <title>\(Self.escaped(title))</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(Self.text(24, 34, title, size: 18))\(body)</svg>

      """
  }

  /// Where the maps begin, below the title and the panels' names.
  private var top: Double { panels.count > 1 ? 76 : 54 }

  /// The map itself, each pixel a rectangle of whole pixels of the picture where pixels are square.
  private func image(_ panel: Panel, _ height: Int, _ width: Int, x: Double) throws -> String {
    var places = [UInt8](repeating: 0, count: height * width)
    for row in 0..<height {
      let source = row * panel.height / height * panel.width
      for column in 0..<width {
        places[row * width + column] = panel.places[source + column * panel.width / width]
      }
    }
    let png = try PNGWriter.encode(
      .init(
        height: height, width: width,
        pixels: .palette(places, colours: panel.colours.flatMap { [$0.red, $0.green, $0.blue] })))
    return """
      <image x="\(Int(x))" y="\(Int(top))" width="\(width)" height="\(height)" \
      image-rendering="pixelated" href="data:image/png;base64,\(Data(png).base64EncodedString())"/>
      <rect x="\(Int(x) - 1).5" y="\(Int(top) - 1).5" width="\(width + 1)" height="\(height + 1)" fill="none" \
      stroke="#808080"/>

      """
  }

  /// A bar of a round length, about a fifth of the map's width.
  private func scaleBar(_ width: Int, _ pixel: Double, x: Double, y: Double) -> String {
    let unit = pixelSize?.widthUM ?? 1
    let length = roundLength(upTo: 0.25 * Double(width) / pixel * unit)
    let words: String
    if pixelSize == nil {
      words = "\(Self.number(length)) px"
    } else {
      words = length < 1 ? "\(Self.number(length * 1000)) nm" : "\(Self.number(length)) µm"
    }
    let drawn = length / unit * pixel
    return """
      <rect x="\(Self.number(x))" y="\(Self.number(y - 5))" width="\(Self.number(drawn))" height="6"/>
      \(Self.text(x + drawn + 10, y + 4, words))
      """
  }

  private func key(_ panel: Panel, _ height: Int, x: Double) -> (svg: String, width: Double) {
    switch panel.key {
    case .legend(let entries): legend(entries, height, x: x)
    case .bar(let scale, let unit): colourBar(scale, unit, height, x: x)
    }
  }

  /// Swatches with words, in columns as high as the map.
  private func legend(
    _ entries: [(colour: Colour, words: String)], _ height: Int, x: Double
  ) -> (svg: String, width: Double) {
    let perColumn = max(4, height / 26)
    var (svg, column) = ("", 0.0)
    for start in stride(from: 0, to: entries.count, by: perColumn) {
      let part = entries[start..<min(start + perColumn, entries.count)]
      for (row, entry) in part.enumerated() {
        let y = top + 26 * Double(row)
        svg += """
          <rect x="\(Self.number(x + column))" y="\(Self.number(y))" width="18" height="18" \
          fill="\(entry.colour.hex)" stroke="#808080"/>
          \(Self.text(x + column + 26, y + 14.5, entry.words))
          """
      }
      column += 26 + (part.map { Self.width(of: $0.words) }.max() ?? 0) + 16
    }
    return (svg, max(column - 16, 0))
  }

  /// A bar of the scale's colours with round numbers along it.
  private func colourBar(
    _ scale: ColourScale, _ unit: String, _ height: Int, x: Double
  ) -> (svg: String, width: Double) {
    let bar = min(Double(height), 480)
    let stops = stride(from: 0.0, through: 1, by: 0.0625).map { place in
      "<stop offset=\"\(place)\" stop-color=\"\(scale.ramp.colour(at: place).hex)\"/>"
    }.joined()
    let name = "ramp-\(Int(x))"
    var svg = """
      <linearGradient id="\(name)" x1="0" y1="1" x2="0" y2="0">\(stops)</linearGradient>
      <rect x="\(Self.number(x))" y="\(Self.number(top))" width="18" height="\(Self.number(bar))" \
      fill="url(#\(name))" stroke="#808080"/>

      """
    let ticks = roundTicks(scale.low, scale.high, about: 6)
    let words = Self.numbers(ticks)
    for (tick, words) in zip(ticks, words) {
      let y = top + bar * (1 - (tick - scale.low) / (scale.high - scale.low))
      svg += """
        <path d="M\(Self.number(x + 18)) \(Self.number(y))h6" stroke="#1a1a1a"/>
        \(Self.text(x + 28, y + 5, words))
        """
    }
    svg += Self.text(x, top + bar + 22, unit)
    return (svg, 28 + max(24, words.map { Self.width(of: $0) }.max() ?? 0))
  }

  // MARK: Words

  private static func text(_ x: Double, _ y: Double, _ words: String, size: Double = 15) -> String {
    """
    <text x="\(number(x))" y="\(number(y))" font-size="\(number(size))" \
    xml:space="preserve">\(escaped(words))</text>

    """
  }

  /// About how wide words are: a little more than letters are on average.
  private static func width(of words: String, size: Double = 15) -> Double {
    0.62 * size * Double(words.count)
  }

  /// A number without needless digits.
  private static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() && abs(rounded) < 1e15
      ? "\(Int(rounded))" : "\(rounded)"
  }

  /// Numbers at even distances, with equally many places behind the point.
  private static func numbers(_ ticks: [Double]) -> [String] {
    guard ticks.count > 1 else { return ticks.map { String(format: "%.4g", $0) } }
    let places = max(0, Int((-log10(ticks[1] - ticks[0]) - 1e-9).rounded(.up)))
    return ticks.map { tick in
      let words = String(format: "%.\(min(places, 6))f", tick)
      return Double(words) == 0 ? words.replacing("-", with: "") : words
    }
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      // What XML has no place for.
      case _ where scalar.value < 32: escaped += " "
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
