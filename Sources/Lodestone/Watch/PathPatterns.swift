import Foundation
import PhaseCatalog

/// The rule that takes a sample's name from a scan's path below the watched folder, such as `{sample}/*/scan.tif`: `*` is any
/// text and `?` any character within a name. Folders are compared from the first on; what lies below the pattern's last
/// part does not matter. A TIFF's ending may be left out.
package struct SamplePattern: Sendable {
  private enum Token: Equatable {
    case character(Character)
    case one, any, sample
  }

  /// As it was written.
  package let text: String
  private let parts: [[Token]]
  /// Whether the pattern has a TIFF's ending itself.
  private let hasEnding: Bool

  /// Reads a pattern.
  ///
  /// - Throws: ``ParameterError`` for one that names no sample, or could not be matched in one way only.
  package init(_ text: String) throws(ParameterError) {
    func refused(_ reason: String) -> ParameterError {
      ParameterError("--sample-from \(shellQuoted(text)): \(reason)")
    }
    if text.hasPrefix("/") {
      throw refused("it begins with /, and is compared with paths below the watched folder")
    }
    if text.contains("**") {
      throw refused(
        "** is not known: * is any text within a name; what lies deeper need not be named")
    }
    self.text = text
    var parts: [[Token]] = []
    for part in text.split(separator: "/") {
      var tokens: [Token] = []
      var rest = part
      while let character = rest.first {
        if rest.hasPrefix("{sample}") {
          tokens.append(.sample)
          rest = rest.dropFirst("{sample}".count)
          continue
        }
        if character == "{" || character == "}" {
          throw refused("of braces only {sample} is known; * and ? stand for what varies")
        }
        tokens.append(character == "*" ? .any : character == "?" ? .one : .character(character))
        rest = rest.dropFirst()
      }
      if tokens == [.character("."), .character(".")] || tokens == [.character(".")] {
        throw refused("it is compared with paths below the watched folder, which hold no . or ..")
      }
      for pair in zip(tokens, tokens.dropFirst()) where [.any, .sample].contains(pair.0) {
        if [.any, .sample].contains(pair.1) {
          throw refused(
            "where {sample} ends and * begins cannot be known: put what stands between them there")
        }
      }
      parts.append(tokens)
    }
    let count = parts.reduce(0) { $0 + $1.count { $0 == .sample } }
    guard count == 1 else {
      throw refused(
        count == 0
          ? "write {sample} where the path has the sample's name, as in '{sample}/*/scan.tif' (or give one name to all: "
            + "--sample NAME)" : "{sample} stands in it \(count) times: once is enough")
    }
    self.parts = parts
    hasEnding = text.hasTIFFEnding
  }

  /// The sample that a path names; nil where it does not match, or what it names can be no name.
  package func sample(of path: String) -> String? {
    let path = !hasEnding && path.hasTIFFEnding ? path.withoutEnding : path
    let names = path.split(separator: "/")
    guard names.count >= parts.count else { return nil }
    var sample: String?
    for (tokens, name) in zip(parts, names) {
      guard let found = Self.match(tokens[...], Array(name)[...]) else { return nil }
      if !found.isEmpty { sample = GivenName.isUsable(found) ? found : nil }
    }
    return sample
  }

  /// What {sample} stands for in a name, as little as can be; empty where the name has none, nil where it does not match.
  private static func match(
    _ tokens: ArraySlice<Token>, _ name: ArraySlice<Character>
  ) -> String? {
    guard let token = tokens.first else { return name.isEmpty ? "" : nil }
    let rest = tokens.dropFirst()
    switch token {
    case .character(let character):
      return name.first == character ? match(rest, name.dropFirst()) : nil
    case .one: return name.isEmpty ? nil : match(rest, name.dropFirst())
    case .any, .sample:
      for count in (token == .any ? 0 : 1)..<(name.count + 1) {
        guard let found = match(rest, name.dropFirst(count)) else { continue }
        return token == .any ? found : String(name.prefix(count))
      }
      return nil
    }
  }
}

/// A file that belongs to each scan: one for all, or a pattern such as `{folder}/references.tif`, in which `{folder}` is the
/// scan's folder and `{name}` its stack's name without the ending (the folder's name, where its frames are files). A pattern is
/// taken from the scan's folder.
package struct PlacePattern: Sendable, Equatable {
  /// As it was written.
  package let text: String
  /// Whether it is another file for each scan.
  package let isPattern: Bool

  /// Reads a path or a pattern.
  ///
  /// - Throws: ``ParameterError`` for braces that are not known.
  package init(_ text: String, option: String) throws(ParameterError) {
    let left = text.replacing("{folder}", with: "").replacing("{name}", with: "")
    if left.contains(where: { $0 == "{" || $0 == "}" }) {
      throw ParameterError(
        "\(option) \(shellQuoted(text)): of braces only {folder} and {name} are known, the scan's folder and its name"
      )
    }
    isPattern = left != text
    self.text =
      isPattern && !text.hasPrefix("/") && !text.hasPrefix("{folder}") ? "{folder}/" + text : text
  }

  /// The path for a scan of a name in a folder.
  package func path(folder: String, name: String) -> String {
    text.components(separatedBy: "{folder}").map { $0.replacing("{name}", with: name) }
      .joined(separator: folder)
  }
}

extension String {
  package var hasTIFFEnding: Bool {
    ["tif", "tiff", "btf", "tf8"].contains((self as NSString).pathExtension.lowercased())
  }

  package var withoutEnding: String { (self as NSString).deletingPathExtension }

  /// Whether a name is one under which a program writes what is not whole yet: hidden, or marked as a part.
  package var isTemporaryName: Bool {
    if hasPrefix(".") || hasPrefix("~") || hasSuffix("~") { return true }
    let marks = [
      "tmp", "temp", "part", "partial", "filepart", "crdownload", "incomplete", "swp", "lock",
    ]
    return split(separator: ".").dropFirst().contains { marks.contains($0.lowercased()) }
  }
}
