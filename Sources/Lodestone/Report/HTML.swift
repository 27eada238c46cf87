import Foundation
import PhaseCatalog

/// Whole pages of HTML that need nothing from elsewhere.
enum HTML {
  /// A page: its own style and script, and nothing else may be loaded or run.
  ///
  /// - Parameters:
  ///   - links: the page's parts, by their identifiers.
  static func page(
    title: String, links: [(id: String, name: String)], @MarkupBuilder _ body: () throws -> Markup
  ) rethrows -> String {
    let style =
      "\n" + ChartStyle.inPage + String(decoding: PackageResources.report_css, as: UTF8.self)
    // XML sees a script as text; HTML sees the marks as comments.
    let script =
      "//<![CDATA[\n" + String(decoding: PackageResources.report_js, as: UTF8.self) + "//]]>"
    let policy =
      "default-src 'none'; img-src data:; style-src '\(digest(of: style))'; "
      + "script-src '\(digest(of: script))'; base-uri 'none'; form-action 'none'"
    let page = try Markup.element("html", ["lang": "en", "xmlns": "http://www.w3.org/1999/xhtml"]) {
      Markup.element("head") {
        Markup.element("meta", ["charset": "utf-8"])
        Markup.element(
          "meta", ["http-equiv": "Content-Security-Policy", "content": policy])
        Markup.element(
          "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        Markup.element("meta", ["name": "color-scheme", "content": "light dark"])
        Markup.element("title") { title }
        Markup.element("style") { Markup.verbatim(style) }
      }
      try Markup.element("body") {
        Markup.element("a", ["class": "skip", "href": "#main"]) { "Skip to the results" }
        Markup.element("header", ["class": "topbar"]) {
          Markup.element("p", ["class": "brand"]) { "Lodestone" }
          Markup.element("nav", ["aria-label": "Parts of this page"]) {
            Markup.element("ul") {
              links.map { link in
                Markup.element("li") { Markup.element("a", ["href": "#\(link.id)"]) { link.name } }
              }
            }
          }
          Markup.element("button", ["type": "button", "class": "theme needs-script"]) { "Dark" }
        }
        try Markup.element("main", ["id": "main"]) { try body() }
        Markup.element("footer") {
          Markup.element("p") {
            "Made by lodestone \(lodestoneVersion) from a catalog alone: of the same catalog it makes the same page, to the byte. Nothing is loaded from elsewhere."
          }
        }
        Markup.element("script") { Markup.verbatim(script) }
      }
    }
    return "<!DOCTYPE html>\n" + page.source + "\n"
  }

  /// What a content security policy allows a text by.
  private static func digest(of text: String) -> String {
    let bytes = Array(text.utf8).withUnsafeBytes { ContentDigest.ofBytes($0) }
    return "sha256-" + Data(bytes).base64EncodedString()
  }

  /// Values for the page's script.
  static func data(_ name: String, _ json: CanonicalJSON) -> Markup {
    // A text in it must not end the element, nor open one.
    let text = json.text.replacing("<", with: "\\u003c").replacing("&", with: "\\u0026")
      .replacing("\u{2028}", with: "\\u2028").replacing("\u{2029}", with: "\\u2029")
    return .element("script", ["type": "application/json", "class": name]) {
      Markup.verbatim(text.replacing("]]>", with: "]]\\u003e"))
    }
  }

  // MARK: Parts

  /// A part of a page under a heading.
  ///
  /// - Parameter level: of the heading: 2 for a part of the page, 3 for a part of that.
  static func section(
    _ id: String, _ title: String, level: Int = 2, class name: String? = nil,
    @MarkupBuilder _ content: () throws -> Markup
  ) rethrows -> Markup {
    try .element("section", ["aria-labelledby": id, "class": name]) {
      heading(title, level: level, id: id)
      try content()
    }
  }

  static func heading(_ title: String, level: Int, id: String? = nil) -> Markup {
    switch level {
    case 1: .element("h1", ["id": id]) { title }
    case 2: .element("h2", ["id": id]) { title }
    case 3: .element("h3", ["id": id]) { title }
    default: .element("h4", ["id": id]) { title }
    }
  }

  /// A square of a colour.
  static func swatch(_ colour: Colour) -> Markup {
    .element(
      "svg",
      [
        "class": "swatch", "viewBox": "0 0 14 14", "width": "14", "height": "14",
        "aria-hidden": "true",
      ]
    ) {
      Markup.element(
        "rect",
        ["x": "0.5", "y": "0.5", "width": "13", "height": "13", "rx": "2", "fill": colour.hex])
    }
  }

  /// A line that is typed in a terminal.
  static func command(_ words: String) -> Markup { .element("code") { words } }

  /// What is shown when asked for.
  static func details(_ summary: String, @MarkupBuilder _ content: () throws -> Markup) rethrows
    -> Markup
  {
    try .element("details") {
      Markup.element("summary") { summary }
      try content()
    }
  }
}

/// A table of a page.
struct HTMLTable {
  struct Column {
    var heading: String
    /// What the number is called in an address: `nd_fraction`.
    var name: String?
    /// Numbers stand right.
    var isNumber = false
    /// Long texts are broken into lines.
    var wraps = false

    var classes: String? { isNumber ? "n" : wraps ? "wrap" : nil }
  }

  struct Cell {
    var content: Markup
    /// The address that `lodestone audit` takes.
    var address: String?

    static func text(_ text: String) -> Cell { Cell(content: .text(text)) }
    static func number(_ text: String, _ address: String? = nil) -> Cell {
      Cell(content: .text(text), address: address)
    }
    static let none = Cell(content: .text("–"))
  }

  struct Row {
    var cells: [Cell]
    /// The cluster that it is of: a page's script marks it.
    var cluster: Int?
    var isMarked = false
  }

  var caption: String
  var columns: [Column]
  var rows: [Row] = []
  /// The cells that say what the row is of.
  var headings = 1

  /// In a box of its own that scrolls where the page is narrow.
  var markup: Markup {
    .element("div", ["class": "scroll", "role": "region", "tabindex": "0", "aria-label": caption]) {
      Markup.element("table") {
        Markup.element("caption") { caption }
        Markup.element("thead") {
          Markup.element("tr") {
            columns.map { column in
              Markup.element("th", ["scope": "col", "class": column.classes]) {
                column.heading
                if let name = column.name { Markup.element("code") { name } }
              }
            }
          }
        }
        Markup.element("tbody") { rows.map(row) }
      }
    }
  }

  private func row(_ row: Row) -> Markup {
    .element(
      "tr",
      [
        "data-cluster": row.cluster.map(String.init), "class": row.isMarked ? "marked" : nil,
      ]
    ) {
      zip(row.cells, columns).enumerated().map { place, pair in
        let (cell, column) = pair
        let attributes: KeyValuePairs<String, String?> = [
          "scope": place < headings ? "row" : nil, "class": column.classes,
          "title": cell.address.map { "lodestone audit \($0)" },
        ]
        return place < headings
          ? Markup.element("th", attributes) { cell.content }
          : Markup.element("td", attributes) { cell.content }
      }
    }
  }

  /// The table without columns in which nothing stands.
  func droppingEmpty() -> HTMLTable {
    let kept = columns.indices.filter { column in
      column < headings || rows.contains { $0.cells[column].content != Cell.none.content }
    }
    var table = self
    table.columns = kept.map { columns[$0] }
    table.rows = rows.map { row in
      var row = row
      row.cells = kept.map { row.cells[$0] }
      return row
    }
    return table
  }
}
