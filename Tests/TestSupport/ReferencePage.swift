package import Foundation

/// A page of docs/ that is made from the program. `LODESTONE_WRITE_DOCS=1 Scripts/test.sh --filter DocumentTests` writes them all.
package enum ReferencePage {
  /// The folder of the pages.
  package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs")

  /// Whether pages are to be written anew.
  package static var isWritten: Bool {
    ProcessInfo.processInfo.environment["LODESTONE_WRITE_DOCS"] != nil
  }

  /// Where a page differs from what it should be, in words; nil where it does not. Writes it first, where pages are to be written.
  package static func difference(of name: String, from text: String) throws -> String? {
    let file = folder.appendingPathComponent(name)
    if isWritten {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let page = try String(contentsOf: file, encoding: .utf8)
    if page == text { return nil }
    let (there, wanted) = (lines(page), lines(text))
    let number = zip(there, wanted).prefix { $0 == $1 }.count
    func line(_ lines: [Substring]) -> String {
      number < lines.count ? "\(lines[number])" : "(end)"
    }
    return """
      docs/\(name), line \(number + 1): "\(line(there))", the program says "\(line(wanted))". \
      Write it with: LODESTONE_WRITE_DOCS=1 Scripts/test.sh --filter DocumentTests
      """
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// A table of Markdown.
  package static func table(_ header: [String], _ rows: [[String]]) -> String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
    return line(header) + line(header.map { _ in "---" }) + rows.map(line).joined()
  }

  /// A text as it stands in a table or a paragraph: stars and angle brackets are themselves, but for those in code.
  package static func plain(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    return parts.enumerated().map { place, part in
      place % 2 == 1
        ? String(part) : String(part).replacing("*", with: "\\*").replacing("<", with: "&lt;")
    }.joined(separator: "`")
  }
}
