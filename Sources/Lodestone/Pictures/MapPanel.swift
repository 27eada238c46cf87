import Foundation
import StackIO

/// One map of a picture, with what explains its colours.
struct MapPanel {
  /// What explains the colours.
  enum Key {
    /// A colour each.
    case legend([(colour: Colour, words: String)])
    /// A range of numbers.
    case bar(ColourScale, unit: String)
  }

  let height: Int
  let width: Int
  let name: String
  /// The colour of each pixel, as its place among the colours.
  let places: [UInt8]
  let colours: [Colour]
  let key: Key

  private static let textSize = 15.0

  /// The map at another size: each pixel is that of the map which it lies in.
  func picture(height drawnHeight: Int, width drawnWidth: Int) -> PNGWriter.Picture {
    var drawn = [UInt8](repeating: 0, count: drawnHeight * drawnWidth)
    for row in 0..<drawnHeight {
      let source = row * height / drawnHeight * width
      for column in 0..<drawnWidth {
        drawn[row * drawnWidth + column] = places[source + column * width / drawnWidth]
      }
    }
    return .init(
      height: drawnHeight, width: drawnWidth,
      pixels: .palette(drawn, colours: colours.flatMap { [$0.red, $0.green, $0.blue] }))
  }

  /// The key beside a map that is drawn so high.
  func key(height: Int, x: Double, top: Double) -> (drawn: Markup, width: Double) {
    switch key {
    case .legend(let entries): Self.legend(entries, height, x, top)
    case .bar(let scale, let unit): Self.colourBar(scale, unit, height, x, top)
    }
  }

  /// Swatches with words, in columns as high as the map.
  private static func legend(
    _ entries: [(colour: Colour, words: String)], _ height: Int, _ x: Double, _ top: Double
  ) -> (Markup, Double) {
    let rows = max(4, height / 26)
    var (parts, column): ([Markup], Double) = ([], 0)
    for start in stride(from: 0, to: entries.count, by: rows) {
      let part = entries[start..<min(start + rows, entries.count)]
      for (row, entry) in part.enumerated() {
        let y = top + 26 * Double(row)
        parts.append(swatch(x + column, y, height: 18, fill: entry.colour.hex))
        parts.append(MapPicture.text(x + column + 26, y + 14.5, entry.words))
      }
      column += 26 + (part.map { TextWidth.of($0.words, size: textSize) }.max() ?? 0) + 16
    }
    return (Markup.joined(parts), max(column - 16, 0))
  }

  /// A bar of the scale's colours with round numbers along it.
  private static func colourBar(
    _ scale: ColourScale, _ unit: String, _ height: Int, _ x: Double, _ top: Double
  ) -> (Markup, Double) {
    let bar = min(Double(height), 480)
    let name = "ramp-\(Int(x))"
    let stops = stride(from: 0.0, through: 1, by: 0.0625).map { place in
      Markup.element(
        "stop", ["offset": "\(place)", "stop-color": scale.ramp.colour(at: place).hex])
    }
    var parts = [
      Markup.element(
        "linearGradient", ["id": name, "x1": "0", "y1": "1", "x2": "0", "y2": "0"]
      ) { stops },
      swatch(x, top, height: bar, fill: "url(#\(name))"),
    ]
    let axis = Axis.linear(unit, [scale.low, scale.high], ticks: 6, endsOnTicks: false)
    for tick in axis.ticks {
      let y = top + bar * (1 - axis.position(tick.value))
      parts.append(
        Markup.element(
          "path",
          [
            "d": "M\(MapPicture.number(x + 18)) \(MapPicture.number(y))h6", "stroke": "#1a1a1a",
          ]))
      parts.append(MapPicture.text(x + 28, y + 5, tick.label))
    }
    parts.append(MapPicture.text(x, top + bar + 22, unit))
    let widest = axis.ticks.map { TextWidth.of($0.label, size: textSize) }.max() ?? 0
    return (Markup.joined(parts), 28 + max(24, widest))
  }

  private static func swatch(
    _ x: Double, _ y: Double, height: Double, fill: String
  ) -> Markup {
    Markup.element(
      "rect",
      [
        "x": MapPicture.number(x), "y": MapPicture.number(y), "width": "18",
        "height": MapPicture.number(height), "fill": fill, "stroke": "#808080",
      ])
  }
}
