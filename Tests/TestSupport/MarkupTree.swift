import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An element of a document that is well-formed XML.
package final class MarkupTree {
  package let name: String
  package let attributes: [String: String]
  package private(set) var children: [MarkupTree] = []
  /// Its own text, and that of what is in it, in their order.
  package private(set) var text = ""

  private init(_ name: String, _ attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }

  /// Why a document is not well-formed.
  package struct Failure: Error {
    package let reason: String
  }

  /// The root of a document. HTML's own document type is taken for none.
  package static func parse(_ document: String) throws -> MarkupTree {
    let text = document.replacing("<!DOCTYPE html>\n", with: "")
    let parser = XMLParser(data: Data(text.utf8))
    let reader = Reader()
    parser.delegate = reader
    guard parser.parse(), let root = reader.root else {
      let reason = parser.parserError.map { "\($0)" } ?? "no element"
      throw Failure(reason: "line \(parser.lineNumber): \(reason)")
    }
    return root
  }

  /// All elements in it, itself first, in the order of the document.
  package var all: [MarkupTree] { [self] + children.flatMap(\.all) }

  package var classes: [String] {
    (attributes["class"] ?? "").split(separator: " ").map(String.init)
  }

  /// The elements in it of a name, a class, or both.
  package func find(_ name: String? = nil, class kind: String? = nil) -> [MarkupTree] {
    all.filter { element in
      (name == nil || element.name == name)
        && (kind.map { element.classes.contains($0) } ?? true)
    }
  }

  /// The numbers of an attribute, apart by anything else.
  package func numbers(_ attribute: String) -> [Double] {
    (attributes[attribute] ?? "").split { !"0123456789.-".contains($0) }.compactMap { Double($0) }
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var root: MarkupTree?
    private var open: [MarkupTree] = []

    func parser(
      _: XMLParser, didStartElement name: String, namespaceURI _: String?,
      qualifiedName _: String?, attributes: [String: String] = [:]
    ) {
      let element = MarkupTree(name, attributes)
      open.last?.children.append(element)
      if root == nil { root = element }
      open.append(element)
    }

    func parser(
      _: XMLParser, didEndElement _: String, namespaceURI _: String?, qualifiedName _: String?
    ) {
      open.removeLast()
    }

    func parser(_: XMLParser, foundCharacters text: String) {
      for element in open { element.text += text }
    }

    func parser(_: XMLParser, foundCDATA data: Data) {
      for element in open { element.text += String(decoding: data, as: UTF8.self) }
    }
  }
}
