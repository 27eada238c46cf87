import Foundation
import Testing
import TestSupport

/// The pages lead somewhere: files that are there, and headings that are in them.
@Suite struct LinkDocumentTests {
  private static let root = ReferencePage.folder.deletingLastPathComponent()

  private static var pages: [String] {
    get throws {
      let docs = try FileManager.default.subpathsOfDirectory(atPath: ReferencePage.folder.path)
      return docs.map { "docs/" + $0 }.filter { $0.hasSuffix(".md") }.sorted()
        + ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    }
  }

  @Test func everyLinkLeadsSomewhere() throws {
    var count = 0
    for page in try Self.pages {
      let file = Self.root.appendingPathComponent(page)
      let text = try Self.prose(of: file)
      for match in text.matches(of: /\]\(([^()\s]+)\)/) where !match.1.contains("://") {
        count += 1
        let parts = match.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let target =
          parts[0].isEmpty
          ? file
          : file.deletingLastPathComponent().appendingPathComponent(String(parts[0]))
            .standardizedFileURL
        #expect(FileManager.default.fileExists(atPath: target.path), "\(page): \(match.1)")
        guard parts.count == 2 else { continue }
        let anchors = try Self.prose(of: target).split(separator: "\n")
          .filter { $0.hasPrefix("#") }.map(Self.anchor)
        #expect(anchors.contains(String(parts[1])), "\(page): \(match.1)")
      }
    }
    #expect(count > 100)
  }

  /// A page without its blocks of code.
  private static func prose(of file: URL) throws -> String {
    try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n```")
      .enumerated().filter { $0.offset % 2 == 0 }.map(\.element).joined(separator: "\n")
  }

  /// What a heading is called in a link.
  private static func anchor(_ heading: Substring) -> String {
    String(
      heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased().compactMap { letter in
        letter == " "
          ? "-" : letter.isLetter || letter.isNumber || "-_".contains(letter) ? letter : nil
      })
  }
}
