import Foundation

/// A picture of one or more panels: as a file of its own, or panel by panel in a page.
struct Chart {
  /// A line of the legend.
  struct Key {
    enum Shape { case line, dot, hollow, pointer, shade }
    var ink: Ink
    var shape: Shape
    var label: String
    /// Behind the label, in another tone.
    var detail = ""
  }

  /// What it shows.
  var title: String
  /// Of what: sample, run.
  var subtitle = ""
  /// In words, for those who do not see it.
  var description: String
  /// From top to bottom, each from left to right.
  var rows: [[Panel]]
  var legend: [Key] = []
  /// Beneath: how it is to be read.
  var remarks: [String] = []
  /// Of the file.
  var width = 860.0
}

// MARK: As a file

extension Chart {
  private static let margin = 20.0
  private static let gap = 16.0

  /// The whole picture as an SVG file: text as text, on white.
  func svg() -> String {
    let legendWidth = self.legendWidth
    let (left, top) = (Self.margin, Self.margin + (subtitle.isEmpty ? 26 : 44))
    let right = width - Self.margin - (legendWidth > 0 ? legendWidth + 22 : 0)
    var y = top
    var drawn: [Markup] = []
    for row in rows {
      drawn.append(draw(row, left: left, right: right, top: y))
      y += Self.height(of: row) + 14
    }
    let lines = remarks.flatMap { Self.lines($0, width: width - 2 * Self.margin) }
    let legendTop = top + (rows.first?.map(\.topMargin).max() ?? 0)
    let bottom = max(y, legendTop + legendHeight + 10)
    let height = bottom + 15 * Double(lines.count) + (lines.isEmpty ? 4 : Self.margin)
    let picture = Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart", "role": "img",
        "aria-labelledby": "title description",
        "viewBox": SVG.list([0, 0, width, height.rounded(.up)]),
        "width": SVG.number(width), "height": SVG.number(height.rounded(.up)),
      ]
    ) {
      Markup.element("title", ["id": "title"]) {
        subtitle.isEmpty ? title : "\(title): \(subtitle)"
      }
      Markup.element("desc", ["id": "description"]) { description }
      Markup.element("style") { Markup.verbatim("\n" + ChartStyle.standalone) }
      SVG.rect(0, 0, width, height.rounded(.up), ["class": "ground"])
      SVG.text(title, Self.margin, Self.margin + 12, ["class": "title"])
      if !subtitle.isEmpty {
        SVG.text(
          TextWidth.fitted(subtitle, size: 12, to: width - 2 * Self.margin), Self.margin,
          Self.margin + 31, ["class": "subtitle"])
      }
      drawn
      drawLegend(left: width - Self.margin - legendWidth, top: legendTop)
      lines.enumerated().map { number, line in
        SVG.text(line, Self.margin, bottom + 12 + 15 * Double(number), ["class": "remark"])
      }
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + picture.source + "\n"
  }

  private static func height(of row: [Panel]) -> Double {
    row.map { $0.topMargin + $0.height + $0.bottomMargin }.max() ?? 0
  }

  private func draw(_ row: [Panel], left: Double, right: Double, top: Double) -> Markup {
    // Panels below one another begin at the same place.
    let alike = rows.filter { $0.count == row.count }
    let margins = row.indices.map { column in alike.map { $0[column].leftMargin }.max() ?? 0 }
    let free = right - left - margins.reduce(0, +) - Self.gap * Double(row.count - 1)
    let inner = free / Double(max(row.count, 1))
    let above = row.map(\.topMargin).max() ?? 0
    var x = left
    return .joined(
      zip(row, margins).map { panel, margin in
        x += margin
        defer { x += inner + Self.gap }
        return panel.drawn(
          in: .init(
            left: x, top: top + above, width: inner, height: panel.height, margin: margin))
      })
  }

  // MARK: The legend

  private static let keyHeight = 19.0

  private var legendWidth: Double {
    let widest = legend.map { key in
      max(
        TextWidth.of(key.label, size: ChartStyle.labelSize),
        TextWidth.of(key.detail, size: ChartStyle.labelSize))
    }.max()
    return widest.map { min(190, $0 + 28) } ?? 0
  }

  private var legendHeight: Double {
    legend.reduce(0) { $0 + Self.keyHeight + ($1.detail.isEmpty ? 0 : 14) }
  }

  private func drawLegend(left: Double, top: Double) -> Markup {
    var y = top
    return .element("g", ["class": "legend"]) {
      legend.map { key -> Markup in
        defer { y += Self.keyHeight + (key.detail.isEmpty ? 0 : 14) }
        let room = legendWidth - 26
        return .joined([
          key.swatch(left, y + 5),
          SVG.text(
            TextWidth.fitted(key.label, size: ChartStyle.labelSize, to: room), left + 26, y + 9,
            ["class": "label"]),
          key.detail.isEmpty
            ? .none
            : SVG.text(
              TextWidth.fitted(key.detail, size: ChartStyle.labelSize, to: room), left + 26,
              y + 23, ["class": "detail"]),
        ])
      }
    }
  }

  /// A text broken into lines of a width.
  private static func lines(_ text: String, width: Double) -> [String] {
    var lines: [String] = [""]
    for word in text.split(separator: " ") {
      let longer = (lines.last ?? "").isEmpty ? String(word) : "\(lines.last ?? "") \(word)"
      if TextWidth.of(longer, size: ChartStyle.labelSize) > width, lines.last != "" {
        lines.append(String(word))
      } else {
        lines[lines.count - 1] = longer
      }
    }
    return lines
  }
}

extension Chart.Key {
  /// What stands before the label, 18 wide, around a height.
  func swatch(_ x: Double, _ y: Double) -> Markup {
    let colour = ink.colour.hex
    switch shape {
    case .line:
      let path = "M" + SVG.list([x, y]) + "h18"
      let casing = ink.colour.casing.map {
        Markup.element("path", ["class": "casing \($0)", "d": path])
      }
      return .joined([
        SVG.rect(x, y - 5, 18, 10, ["class": "band", "fill": colour]), casing ?? .none,
        .element(
          "path",
          ["class": "line", "stroke": colour, "stroke-dasharray": ink.dash, "d": path]),
      ])
    case .dot:
      return SVG.circle(x + 9, y, 3.2, ["class": "dot", "fill": colour, "stroke": colour])
    case .hollow: return SVG.circle(x + 9, y, 3.2, ["class": "dot hollow", "stroke": colour])
    case .pointer:
      return .element(
        "path",
        [
          "class": "pointer", "fill": colour,
          "d": "M" + SVG.list([x + 5.5, y - 2.5]) + "h7l-3.5 5z",
        ])
    case .shade: return SVG.rect(x, y - 5, 18, 10, ["class": "shade"])
    }
  }
}

// MARK: In a page

extension Chart {
  /// Panels below one another as an SVG of their own.
  ///
  /// - Parameters:
  ///   - id: an identifier that nothing else in the page has.
  ///   - width: in its own units: a page shows it a little larger or smaller.
  static func inPage(
    _ panels: [Panel], id: String, title: String, description: String, width: Double = 420
  ) -> Markup {
    let margin = panels.map(\.leftMargin).max() ?? 0
    let heights = panels.map { $0.topMargin + $0.height + $0.bottomMargin }
    var top = 2.0
    return .element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart", "role": "img",
        "aria-labelledby": "\(id)-title \(id)-description",
        "viewBox": SVG.list([0, 0, width, (heights.reduce(4, +)).rounded(.up)]),
      ]
    ) {
      Markup.element("title", ["id": "\(id)-title"]) { title }
      Markup.element("desc", ["id": "\(id)-description"]) { description }
      zip(panels, heights).map { panel, height -> Markup in
        defer { top += height }
        return panel.drawn(
          in: .init(
            left: margin, top: top + panel.topMargin, width: width - margin - 12,
            height: panel.height, margin: margin))
      }
    }
  }
}

// MARK: Style

/// How charts look: once for files and for pages.
enum ChartStyle {
  static let tickSize = 11.0
  static let labelSize = 11.5

  /// With `$name` where a colour stands.
  private static let rules = """
    .chart text { font-family: $font; font-size: 11.5px; fill: $ink; }
    .chart .title { font-size: 15px; font-weight: bold; }
    .chart .subtitle { font-size: 12px; fill: $muted; }
    .chart .tick { font-size: 11px; fill: $muted; }
    .chart .axis-title, .chart .detail, .chart .remark { fill: $muted; }
    .chart .ground { fill: $ground; }
    .chart .grid { stroke: $grid; stroke-width: 1; fill: none; }
    .chart .axis { stroke: $axis; stroke-width: 1; fill: none; }
    .chart .landmark { stroke: $muted; stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
    .chart .level { stroke: $axis; stroke-width: 1; stroke-dasharray: 1 3; fill: none; }
    .chart .line { fill: none; stroke-width: 1.7; stroke-linejoin: round; stroke-linecap: round; }
    .chart .casing { fill: none; stroke-width: 3; stroke-linejoin: round; stroke-linecap: round; }
    .chart .pale { stroke: $pale; }
    .chart .deep { stroke: $deep; }
    .chart .band { fill-opacity: 0.16; stroke: none; }
    .chart .shade { fill: $shade; }
    .chart .column { fill: $bar; }
    .chart .dot { stroke-width: 1.5; }
    .chart .hollow { fill: $ground; }
    .chart .interval { stroke-width: 1.3; fill: none; }
    .chart .single { stroke-width: 1.2; stroke-opacity: 0.75; fill: none; }
    .chart .ring { fill: none; stroke: $ink; stroke-width: 1.3; }
    .chart .pointer { stroke: $ground; stroke-width: 0.6; }
    .chart .connector { stroke: $axis; stroke-width: 1; fill: none; stroke-opacity: 0.6; }
    .chart .group { font-weight: bold; }

    """

  private static let light = [
    "font": "\"DejaVu Sans\", Verdana, sans-serif", "ink": "#1b1f24", "muted": "#57606a",
    "ground": "#ffffff", "grid": "#e8ebef", "axis": "#8c959f", "pale": "#6e6a2c",
    "deep": "none", "shade": "#eef1f4", "bar": "#c6ccd3",
  ]

  /// For a file: librsvg knows no variables.
  static var standalone: String { replaced { light[$0] ?? "" } }

  /// For a page, which gives the colours.
  static var inPage: String { replaced { "var(--\($0))" } }

  private static func replaced(_ value: (String) -> String) -> String {
    rules.replacing(/\$([a-z]+)/) { value(String($0.1)) }
  }
}

extension Colour {
  /// How light it is to the eye, 0 to 1 (WCAG 2.2, relative luminance).
  var luminance: Double {
    func linear(_ part: UInt8) -> Double {
      let value = Double(part) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// What a line of this colour is edged with: `pale` where it would be lost on white, `deep` where it would on a dark
  /// ground.
  var casing: String? { luminance > 0.475 ? "pale" : luminance < 0.09 ? "deep" : nil }
}
