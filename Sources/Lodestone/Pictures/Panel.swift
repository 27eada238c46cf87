import PhaseCatalog

/// What is drawn between two axes.
struct Panel {
  /// A point, and how far it is uncertain.
  struct Point {
    var x: Double
    var y: Double
    /// One standard error, or one standard deviation.
    var error: Double?
  }

  /// How something is drawn.
  enum Mark {
    /// A line through points, with the band of their errors where they have some.
    case line([Point], Ink)
    /// Dots, filled or not, with the intervals of their errors where they have some.
    case dots([Point], Ink, isFilled: Bool = true, radius: Double = 2.6)
    /// Bars from 0, with their width along the axis.
    case bars([Point], width: Double, Ink)
    /// A range of x that is shaded.
    case range(ClosedRange<Double>)
    /// A value of y that is marked.
    case level(Double)
    /// A ring around a point, and what is said of it.
    case note(Point, String)
  }

  /// A place on the x axis that is marked by a dashed line and named above it.
  struct Landmark {
    var x: Double
    var label: String
  }

  /// A small mark under the upper edge: where a cluster's own E0 is, say.
  struct Pointer {
    var x: Double
    var ink: Ink
    var says: String
  }

  var x: Axis
  var y: Axis
  var marks: [Mark] = []
  var landmarks: [Landmark] = []
  var pointers: [Pointer] = []
  /// What it is called where it is alone: "Nd L3".
  var name = ""
  /// The height of what lies between the axes.
  var height = 220.0
  /// Whether the axis below is named, and has its numbers.
  var hasXLabels = true

  /// The room that the numbers of the y axis take.
  var leftMargin: Double {
    (y.ticks.map { TextWidth.of($0.label, size: ChartStyle.tickSize) }.max() ?? 0) + 10
  }

  /// Above: the name of the y axis, and those of the landmarks.
  var topMargin: Double { 22 + (landmarks.isEmpty ? 0 : 15 * Double(1 + lastRow)) }
  var bottomMargin: Double { hasXLabels ? 38 : 10 }

  /// The row in which each landmark's label lies, so that none covers another; of labels as wide as they can be.
  private var lastRow: Int { rows(width: 300).max() ?? 0 }

  private func rows(width: Double) -> [Int] {
    var ends: [Double] = []
    return landmarks.map { landmark in
      let half = TextWidth.of(landmark.label, size: ChartStyle.labelSize) / 2
      let middle = x.position(landmark.x) * width
      let row = ends.firstIndex { $0 + 6 < middle - half } ?? ends.count
      if row == ends.count { ends.append(0) }
      ends[row] = middle + half
      return row
    }
  }
}

/// A colour that something is drawn in, and whom it belongs to.
struct Ink: Sendable {
  var colour: Colour
  /// What it is: `c0` for a cluster; a page's script finds it by this.
  var name: String
  /// How a line is broken, where another has the same colour: lengths of dashes and gaps, px.
  var dash: String?

  static let plain = Ink(colour: Colour(0x57606A), name: "plain")
  static let noise = Ink(colour: Palette.noise, name: "noise")
}

// MARK: Drawing

extension Panel {
  /// Where a panel lies in its picture: the rectangle between the axes.
  struct Frame {
    var left: Double
    var top: Double
    var width: Double
    var height: Double
    /// The room left of it.
    var margin: Double
  }

  private struct Places {
    let frame: Frame
    let panel: Panel
    func x(_ value: Double) -> Double { frame.left + panel.x.position(value) * frame.width }
    func y(_ value: Double) -> Double {
      frame.top + (1 - min(max(panel.y.position(value), -0.02), 1.02)) * frame.height
    }
  }

  /// The panel in its place.
  func drawn(in frame: Frame) -> Markup {
    let places = Places(frame: frame, panel: self)
    return .element(
      "g",
      [
        "class": "panel", "data-x": SVG.exact([x.range.lowerBound, x.range.upperBound]),
        "data-frame": SVG.list([frame.left, frame.top, frame.width, frame.height]),
      ]
    ) {
      shading(places)
      grid(places)
      landmarkMarks(places)
      marks.map { draw($0, places) }
      pointerMarks(places)
    }
  }

  private func shading(_ places: Places) -> [Markup] {
    marks.compactMap { mark in
      guard case .range(let range) = mark else { return nil }
      let (from, to) = (places.x(range.lowerBound), places.x(range.upperBound))
      return SVG.rect(
        from, places.frame.top, to - from, places.frame.height, ["class": "shade"])
    }
  }

  private func grid(_ places: Places) -> Markup {
    let frame = places.frame
    let (right, bottom) = (frame.left + frame.width, frame.top + frame.height)
    return .element("g", ["class": "axes"]) {
      y.ticks.map { tick -> Markup in
        let place = frame.top + (1 - y.position(tick.value)) * frame.height
        return .joined([
          SVG.line(frame.left, place, right, place, ["class": "grid"]),
          SVG.text(
            tick.label, frame.left - 6, place + 3.8, ["class": "tick", "text-anchor": "end"]),
        ])
      }
      SVG.line(frame.left, bottom, right, bottom, ["class": "axis"])
      if hasXLabels {
        xTicks(places, every: xTickStep(frame.width))
        SVG.text(
          x.title, frame.left + frame.width / 2, bottom + 33,
          ["class": "axis-title", "text-anchor": "middle"])
      }
      SVG.text(
        y.title, frame.left - frame.margin, frame.top - topMargin + 12, ["class": "axis-title"])
    }
  }

  /// Each how-manieth tick is named, so that no two names touch.
  private func xTickStep(_ width: Double) -> Int {
    let labels = x.ticks.map { TextWidth.of($0.label, size: ChartStyle.tickSize) }
    guard x.ticks.count > 1, let widest = labels.max() else { return 1 }
    let apart =
      (x.position(x.ticks[1].value) - x.position(x.ticks[0].value)) * width
    return max(1, Int(((widest + 10) / apart).rounded(.up)))
  }

  private func xTicks(_ places: Places, every step: Int) -> [Markup] {
    let bottom = places.frame.top + places.frame.height
    return x.ticks.enumerated().map { number, tick in
      let place = places.x(tick.value)
      return .joined([
        SVG.line(place, bottom, place, bottom + 4, ["class": "axis"]),
        number % step == 0
          ? SVG.text(tick.label, place, bottom + 16, ["class": "tick", "text-anchor": "middle"])
          : .none,
      ])
    }
  }

  private func landmarkMarks(_ places: Places) -> [Markup] {
    let frame = places.frame
    let rows = rows(width: frame.width)
    return zip(landmarks, rows).map { landmark, row in
      let place = places.x(landmark.x)
      let half = TextWidth.of(landmark.label, size: ChartStyle.labelSize) / 2
      // A label stays over its panel.
      let middle = max(
        frame.left + half, min(frame.left + frame.width - half, place))
      let above = frame.top - 5 - 15 * Double(row)
      return .joined([
        SVG.line(
          place, above + 3, place, frame.top + frame.height, ["class": "landmark"]),
        SVG.text(
          landmark.label, half * 2 > frame.width ? place : middle, above,
          ["class": "label", "text-anchor": "middle"]),
      ])
    }
  }

  /// Triangles in rows, one below the other, so that equal ones can be seen.
  private func pointerMarks(_ places: Places) -> [Markup] {
    let step = min(6.0, 36.0 / Double(max(pointers.count, 1)))
    return pointers.enumerated().map { number, pointer in
      let (x, y) = (places.x(pointer.x), places.frame.top + 3 + step * Double(number))
      return .element(
        "path",
        [
          "class": "pointer \(pointer.ink.name)", "fill": pointer.ink.colour.hex,
          "d": "M" + SVG.list([x - 3.5, y]) + "h7l-3.5 5z",
        ]
      ) { Markup.element("title") { pointer.says } }
    }
  }

  private func draw(_ mark: Mark, _ places: Places) -> Markup {
    switch mark {
    case .line(let points, let ink): line(points, ink, places)
    case .dots(let points, let ink, let isFilled, let radius):
      dots(points, ink, isFilled: isFilled, radius: radius, places)
    case .bars(let points, let width, let ink): bars(points, width: width, ink, places)
    case .range: .none
    case .level(let value):
      SVG.line(
        places.frame.left, places.y(value), places.frame.left + places.frame.width,
        places.y(value), ["class": "level"])
    case .note(let point, let text): note(point, text, places)
    }
  }

  private func line(_ points: [Point], _ ink: Ink, _ places: Places) -> Markup {
    let seen = points.filter { $0.x.isFinite && $0.y.isFinite }
    let path = "M" + seen.map { SVG.list([places.x($0.x), places.y($0.y)]) }.joined(separator: "L")
    return .element("g", ["class": "series \(ink.name)"]) {
      if seen.contains(where: { $0.error != nil }) {
        let upper = seen.map { SVG.list([places.x($0.x), places.y($0.y + ($0.error ?? 0))]) }
        let lower = seen.reversed().map {
          SVG.list([places.x($0.x), places.y($0.y - ($0.error ?? 0))])
        }
        Markup.element(
          "path",
          [
            "class": "band", "fill": ink.colour.hex,
            "d": "M" + (upper + lower).joined(separator: "L") + "Z",
          ])
      }
      if seen.count > 1 {
        if let casing = ink.colour.casing {
          Markup.element("path", ["class": "casing \(casing)", "d": path])
        }
        Markup.element(
          "path",
          ["class": "line", "stroke": ink.colour.hex, "stroke-dasharray": ink.dash, "d": path])
      } else {
        seen.map { SVG.circle(places.x($0.x), places.y($0.y), 2, ["fill": ink.colour.hex]) }
      }
    }
  }

  private func dots(
    _ points: [Point], _ ink: Ink, isFilled: Bool, radius: Double, _ places: Places
  ) -> Markup {
    .element("g", ["class": "series \(ink.name)"]) {
      points.map { point -> Markup in
        let (x, y) = (places.x(point.x), places.y(point.y))
        let interval = point.error.map { error in
          SVG.line(
            x, places.y(point.y - error), x, places.y(point.y + error),
            ["class": "interval", "stroke": ink.colour.hex])
        }
        return .joined([
          interval ?? .none,
          SVG.circle(
            x, y, radius,
            [
              "class": isFilled ? "dot" : "dot hollow", "fill": isFilled ? ink.colour.hex : nil,
              "stroke": ink.colour.hex,
            ]),
        ])
      }
    }
  }

  private func bars(_ points: [Point], width: Double, _ ink: Ink, _ places: Places) -> Markup {
    let bottom = places.frame.top + places.frame.height
    return .element("g", ["class": "bars"]) {
      points.map { point -> Markup in
        let (from, to) = (places.x(point.x - width / 2), places.x(point.x + width / 2))
        let top = places.y(point.y)
        return SVG.rect(
          from, top, max(0.5, to - from - 0.5), max(0, bottom - top), ["class": "column"])
      }
    }
  }

  private func note(_ point: Point, _ text: String, _ places: Places) -> Markup {
    let (x, y) = (places.x(point.x), places.y(point.y))
    let width = TextWidth.of(text, size: ChartStyle.labelSize)
    // Beside the point where there is room, else on its other side.
    let isRight = x + 10 + width <= places.frame.left + places.frame.width
    return .joined([
      SVG.circle(x, y, 6.5, ["class": "ring"]),
      SVG.text(
        text, isRight ? x + 11 : x - 11, y - 8,
        ["class": "label", "text-anchor": isRight ? "start" : "end"]),
    ])
  }
}

/// Elements of SVG at places.
enum SVG {
  /// A number to a hundredth.
  static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let (whole, part) = (abs(hundredths) / 100, abs(hundredths) % 100)
    var text = (hundredths < 0 ? "-" : "") + String(whole)
    if part > 0 {
      text += part % 10 == 0 ? ".\(part / 10)" : part < 10 ? ".0\(part)" : ".\(part)"
    }
    return text
  }

  static func list(_ values: [Double]) -> String { values.map(number).joined(separator: " ") }

  static func exact(_ values: [Double]) -> String {
    values.map(CanonicalJSON.text).joined(separator: " ")
  }

  static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double,
    _ attributes: KeyValuePairs<String, String?>
  ) -> Markup {
    .element("path", ["d": "M" + list([x1, y1]) + "L" + list([x2, y2])], attributes)
  }

  static func rect(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double,
    _ attributes: KeyValuePairs<String, String?>
  ) -> Markup {
    .element(
      "rect",
      ["x": number(x), "y": number(y), "width": number(width), "height": number(height)],
      attributes)
  }

  static func circle(
    _ x: Double, _ y: Double, _ radius: Double, _ attributes: KeyValuePairs<String, String?>
  ) -> Markup {
    .element("circle", ["cx": number(x), "cy": number(y), "r": number(radius)], attributes)
  }

  static func text(
    _ text: String, _ x: Double, _ y: Double, _ attributes: KeyValuePairs<String, String?>
  ) -> Markup {
    .element("text", ["x": number(x), "y": number(y)], attributes) { text }
  }
}
