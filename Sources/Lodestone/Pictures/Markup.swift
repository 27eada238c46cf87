import PhaseCatalog

/// A piece of SVG or HTML, well-formed as XML too. What is put in as text stays text, whatever stands in it.
///
///     Markup.element("p", ["class": "note"]) {
///       "5 < 6"
///       Markup.element("b") { "so it is" }
///     }
struct Markup: Sendable, Equatable {
  /// As it is written.
  let source: String

  /// Nothing.
  static let none = Markup(source: "")

  /// What is markup already.
  private init(source: String) { self.source = source }

  /// A text, with `<`, `>`, `&` and quotes escaped, and what is invisible or would turn the text around made visible.
  static func text(_ text: String) -> Markup { Markup(source: escaped(text)) }

  /// What a program or a style sheet of our own says, as it is: never what comes from a catalog.
  static func verbatim(_ source: String) -> Markup { Markup(source: source) }

  /// An element; attributes that are nil are left out.
  static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<String, String?> = [:],
    _ more: KeyValuePairs<String, String?> = [:],
    @MarkupBuilder _ content: () throws -> Markup
  ) rethrows -> Markup {
    written(name, attributes, more, try content())
  }

  /// An element without content.
  static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<String, String?> = [:],
    _ more: KeyValuePairs<String, String?> = [:]
  ) -> Markup {
    written(name, attributes, more, .none)
  }

  private static func written(
    _ name: StaticString, _ attributes: KeyValuePairs<String, String?>,
    _ more: KeyValuePairs<String, String?>, _ content: Markup
  ) -> Markup {
    var source = "<\(name)"
    for (key, value) in Array(attributes) + Array(more) {
      if let value { source += " \(key)=\"\(escaped(value))\"" }
    }
    let inner = content.source
    let isVoid = inner.isEmpty && (voidElements.contains("\(name)"))
    source += isVoid ? "/>" : ">\(inner)</\(name)>"
    return Markup(source: source)
  }

  /// Elements that have no content: HTML knows these only as `<br/>`, and all others only as `<p></p>`.
  private static let voidElements: Set<String> = [
    "br", "col", "img", "input", "link", "meta", "path", "line", "rect", "circle",
  ]

  static func joined(_ parts: some Sequence<Markup>) -> Markup {
    var source = ""
    for part in parts { source += part.source }
    return Markup(source: source)
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default:
        let isNoCharacter = (scalar.value & 0xFFFE) == 0xFFFE
        result.unicodeScalars.append(scalar.isInvisible || isNoCharacter ? "\u{FFFD}" : scalar)
      }
    }
    return result
  }
}

/// Texts and elements, one after the other.
@resultBuilder
enum MarkupBuilder {
  static func buildExpression(_ text: String) -> Markup { .text(text) }
  static func buildExpression(_ markup: Markup) -> Markup { markup }
  static func buildExpression(_ markup: Markup?) -> Markup { markup ?? .none }
  static func buildExpression(_ markup: [Markup]) -> Markup { .joined(markup) }
  static func buildBlock(_ parts: Markup...) -> Markup { .joined(parts) }
  static func buildOptional(_ part: Markup?) -> Markup { part ?? .none }
  static func buildEither(first part: Markup) -> Markup { part }
  static func buildEither(second part: Markup) -> Markup { part }
  static func buildArray(_ parts: [Markup]) -> Markup { .joined(parts) }
}
