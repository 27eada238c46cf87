import ArgumentParser
import Foundation
import Lodestone

/// What can be drawn behind an option of two words: `--map label FILE`, `--plot spectra FILE`.
protocol PictureKind: RawRepresentable<String>, CaseIterable, Sendable {
  /// The option.
  static var option: String { get }
  /// The endings that a file may have.
  static var endings: [String] { get }
}

extension MapKind: PictureKind {
  static let option = "--map"
  static let endings = ["png", "svg", "tif"]
}

/// The curves of `export --plot`.
enum PlotKind: String, PictureKind {
  case spectra
  case depthProfile = "depth-profile"
  case radius

  static let option = "--plot"
  static let endings = ["svg", "png"]
}

/// A picture that is asked for: what is drawn, and into which file.
struct PictureArgument<Kind: PictureKind> {
  let kind: Kind
  let path: String
  /// How the file's name ends, in small letters: one of the kind's endings.
  let ending: String

  /// The pictures of an option's words, KIND FILE KIND FILE ..., and what else stands there: the parser gives an option all words
  /// up to the next one, `@last` of `export --map label a.png @last` too. No run is called like a kind.
  static func pictures(_ words: [String]) throws -> (pictures: [Self], others: [String]) {
    var pictures: [Self] = []
    var others: [String] = []
    var words = words[...]
    while let word = words.popFirst() {
      if let kind = Kind(rawValue: word) {
        pictures.append(try Self(kind, words.popFirst()))
      } else if pictures.isEmpty || !others.isEmpty {
        throw ValidationError("\(Kind.option) \(word): write \(form)")
      } else {
        others.append(word)
      }
    }
    return (pictures, others)
  }

  private init(_ kind: Kind, _ path: String?) throws {
    let option = "\(Kind.option) \(kind.rawValue)"
    guard let path, !path.isEmpty else {
      throw ValidationError("\(option) needs a file: write \(Self.form)")
    }
    let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
    let known = ending == "tiff" ? "tif" : ending
    guard Kind.endings.contains(known) else {
      let endings = Kind.endings.map { "." + $0 }
      let list = endings.dropLast().joined(separator: ", ") + " or " + (endings.last ?? "")
      throw ValidationError("\(option) \(path): the name must end in \(list)")
    }
    (self.kind, self.path, self.ending) = (kind, path, known)
  }

  /// How the option is written.
  private static var form: String {
    let kinds = Kind.allCases.map(\.rawValue).joined(separator: "|")
    return "\(Kind.option) \(kinds) FILE.\(Kind.endings.joined(separator: "|"))"
  }
}
