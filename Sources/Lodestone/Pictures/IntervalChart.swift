/// Numbers of several samples beside one another: a dot each, with its interval of one standard error, and each single scan as
/// a small tick.
struct IntervalChart {
  /// A number of a row.
  struct Entry {
    var value: Double
    /// One standard error; nil where it is not known.
    var error: Double?
    /// Of each single scan, where there are several.
    var singles: [Double]
    var isFilled = true
    /// In words: "surface", ...
    var says: String
  }

  struct Row {
    var label: String
    /// What its rows have in common; where it is another than before a heading stands.
    var group: String
    var ink: Ink
    var entries: [Entry]
  }

  var rows: [Row]
  var axis: Axis

  private static let rowHeight = 21.0
  private static let groupHeight = 25.0

  /// The picture, for a page.
  ///
  /// - Parameter id: an identifier that nothing else in the page has.
  func inPage(id: String, title: String, description: String, width: Double = 460) -> Markup {
    let labels = rows.map { TextWidth.of($0.label, size: ChartStyle.labelSize) }.max() ?? 0
    let left = min(170, labels + 26)
    let (inner, top) = (width - left - 16, 6.0)
    var places: [(y: Double, row: Row, startsGroup: Bool)] = []
    var y = top
    for (number, row) in rows.enumerated() {
      let starts = number == 0 || rows[number - 1].group != row.group
      if starts { y += Self.groupHeight }
      places.append((y + Self.rowHeight / 2, row, starts))
      y += Self.rowHeight
    }
    let bottom = y + 4
    return .element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart", "role": "img",
        "aria-labelledby": "\(id)-title \(id)-description",
        "viewBox": SVG.list([0, 0, width, bottom + 40]),
      ]
    ) {
      Markup.element("title", ["id": "\(id)-title"]) { title }
      Markup.element("desc", ["id": "\(id)-description"]) { description }
      scale(left: left, width: inner, top: top + Self.groupHeight - 4, bottom: bottom)
      places.map { place, row, starts in
        Markup.joined([
          starts
            ? SVG.text(row.group, 0, place - Self.rowHeight / 2 - 7, ["class": "group"]) : .none,
          draw(row, y: place, left: left, width: inner),
        ])
      }
    }
  }

  private func scale(left: Double, width: Double, top: Double, bottom: Double) -> Markup {
    .element("g", ["class": "axes"]) {
      axis.ticks.map { tick in
        let x = left + axis.position(tick.value) * width
        return Markup.joined([
          SVG.line(x, top, x, bottom, ["class": "grid"]),
          SVG.text(tick.label, x, bottom + 16, ["class": "tick", "text-anchor": "middle"]),
        ])
      }
      SVG.line(left, bottom, left + width, bottom, ["class": "axis"])
      SVG.text(
        axis.title, left + width / 2, bottom + 34,
        ["class": "axis-title", "text-anchor": "middle"])
    }
  }

  private func draw(_ row: Row, y: Double, left: Double, width: Double) -> Markup {
    func place(_ value: Double) -> Double {
      left + min(max(axis.position(value), 0), 1) * width
    }
    let colour = row.ink.colour.hex
    let ends = row.entries.map(\.value)
    return .element("g", ["class": "row"]) {
      SVG.text(
        TextWidth.fitted(row.label, size: ChartStyle.labelSize, to: left - 14), 10, y + 4,
        ["class": "label"])
      if let low = ends.min(), let high = ends.max(), high > low {
        SVG.line(place(low), y, place(high), y, ["class": "connector"])
      }
      row.entries.map { entry in
        let singles = entry.singles.count > 1 ? entry.singles : []
        return Markup.element("g") {
          Markup.element("title") { "\(row.group), \(row.label), \(entry.says)" }
          singles.map { single in
            SVG.line(
              place(single), y - 5.5, place(single), y + 5.5,
              ["class": "single", "stroke": colour])
          }
          if let error = entry.error {
            SVG.line(
              place(entry.value - error), y, place(entry.value + error), y,
              ["class": "interval", "stroke": colour])
          }
          SVG.circle(
            place(entry.value), y, 4,
            [
              "class": entry.isFilled ? "dot" : "dot hollow",
              "fill": entry.isFilled ? colour : nil, "stroke": colour,
            ])
        }
      }
    }
  }
}
