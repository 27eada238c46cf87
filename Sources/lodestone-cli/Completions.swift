import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog

/// What a shell offers where a name is typed. It is quick, and silent whatever is wrong: a shell that stops for a second, or
/// writes an error into the command line, is worse than one that offers nothing.
enum Completions {
  /// Whether it is a shell that runs the program, to ask what may follow.
  static var areAsked: Bool { CommandLine.arguments.dropFirst().first == "---completion" }

  /// A run: @last, tag:NAME, and ids once their first digit is typed.
  static let run = CompletionKind.custom { words, _, prefix in
    offered(runs(words, startingWith: prefix))
  }

  /// A run, or a sample.
  static let subject = CompletionKind.custom { words, _, prefix in
    let samples = names("SELECT name FROM sample", words)
    return offered(samples + runs(words, startingWith: prefix))
  }

  static let sample = catalogNames("SELECT name FROM sample")
  static let phase = catalogNames("SELECT phase FROM phase")
  static let tag = catalogNames("SELECT name FROM tag")
  static let scan = catalogNames("SELECT substr(scan_id, 1, 12) FROM scan_overview")

  /// A stored query, shipped or of one's own.
  static let query = CompletionKind.custom { _, _, _ in
    let own = StoredQuery.files(inFolder: OwnQueries.folder).map {
      (($0 as NSString).lastPathComponent as NSString).deletingPathExtension
    }
    return offered(StoredQuery.all.map(\.name) + own)
  }

  /// A parameter of the query that the command line names, up to the value.
  static let queryParameter = CompletionKind.custom { words, _, _ in
    let query = words.lazy.compactMap { word in StoredQuery.all.first { $0.name == word } }.first
    return offered((query?.parameters ?? []).map { $0.name + "=" })
  }

  /// A parameter, up to the value.
  static let parameter = CompletionKind.custom { _, _, _ in
    offered(ParameterDefinition.all.map { $0.name + "=" })
  }

  /// One of the program's own recipes, or a file: shells offer either names or files, so that files are found here.
  static let recipe = CompletionKind.custom { _, _, prefix in
    let own = (try? Recipe.builtIn.map(\.name)) ?? []
    return offered(own + files(startingWith: prefix, ending: "toml"))
  }

  /// A picture's kind, and behind a kind its file; the run's name behind that.
  static func picture<Kind: PictureKind>(_ kind: Kind.Type) -> CompletionKind {
    .custom { words, place, prefix in
      let before = place > 0 && place <= words.count ? words[place - 1] : ""
      if Kind(rawValue: before) != nil {
        return offered(
          Set(Kind.endings.flatMap { files(startingWith: prefix, ending: $0) }).sorted())
      }
      return offered(Kind.allCases.map(\.rawValue) + runs(words, startingWith: prefix))
    }
  }

  private static func catalogNames(_ sql: String) -> CompletionKind {
    .custom { words, _, _ in offered(names(sql, words)) }
  }

  private static func runs(_ words: [String], startingWith prefix: String) -> [String] {
    let isID = !prefix.isEmpty && prefix.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    let ids =
      isID
      ? names("SELECT substr(run_id, 1, 12) FROM run WHERE run_id GLOB '\(prefix)*'", words) : []
    return ["@last"] + names("SELECT name FROM tag", words).map { "tag:" + $0 } + ids
  }

  /// The first column of an answer of the catalog that the command line is of; none where there is no answer at once.
  private static func names(_ sql: String, _ words: [String]) -> [String] {
    guard let path = try? CatalogOptions.path(named: catalog(in: words)) else { return [] }
    return UserSQL(path: path).glance(sql + " ORDER BY 1 LIMIT 1000").map(\.text)
  }

  /// What stands behind --catalog, without quotes.
  private static func catalog(in words: [String]) -> String? {
    guard let place = words.lastIndex(where: { $0.hasPrefix("--catalog") }) else { return nil }
    let rest = words[place].dropFirst("--catalog".count)
    let value = rest.isEmpty ? words.dropFirst(place + 1).first ?? "" : String(rest.dropFirst())
    let plain = value.trimmingCharacters(in: CharacterSet(charactersIn: "\"'"))
    return plain.isEmpty ? nil : (plain as NSString).expandingTildeInPath
  }

  /// Folders, and files with an ending.
  private static func files(startingWith prefix: String, ending: String) -> [String] {
    let typed = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    let folder = typed.isEmpty ? "." : (typed as NSString).expandingTildeInPath
    let found = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return found.filter { !$0.hasPrefix(".") }.sorted().compactMap { name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
      return isFolder.boolValue
        ? typed + name + "/" : name.hasSuffix("." + ending) ? typed + name : nil
    }
  }

  /// The candidates as the shell that asks takes them.
  private static func offered(_ candidates: [String]) -> [String] {
    switch CompletionShell.requesting {
    case .zsh:
      // What stands behind a colon would be a description.
      return candidates.map { $0.replacing("\\", with: "\\\\").replacing(":", with: "\\:") }
    case .bash:
      // It expands what it is given.
      return candidates.filter { !$0.contains(/[$`"'\\]/) }
    default: return candidates
    }
  }
}

extension UserSQL {
  /// The first column of what a statement answers at once; nothing where it fails, or must wait.
  fileprivate func glance(_ sql: String) -> [AnswerTable.Value] {
    var hasty = self
    hasty.deadline = 0.5
    hasty.patience = 0
    hasty.recovers = false
    let answer = try? hasty.answer(sql)
    return (answer?.rows ?? []).compactMap(\.first)
  }
}
