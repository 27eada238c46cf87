import ArgumentParser
import Foundation
import PhaseCatalog

/// A command whose help ends with examples, and with what else must not be wrapped.
protocol DocumentedCommand: ParsableCommand {
  /// Real command lines, as they would be typed.
  static var examples: [String] { get }
  /// A block before the examples; empty for most.
  static var appendix: String { get }
}

extension DocumentedCommand {
  static var appendix: String { "" }
}

/// The argument parser's help with the examples behind it. The parser itself would put them first
/// and wrap their lines.
enum Help {
  /// The help that these arguments ask for; nil where they ask for none.
  static func text(for arguments: [String]) -> String? {
    // A shell asks what may follow: what is typed so far is no question for help.
    if Completions.areAsked { return nil }
    let asked = arguments.contains { $0 == "-h" || $0 == "--help" }
    guard asked || arguments.isEmpty || arguments.first == "help" else { return nil }
    var command: any ParsableCommand.Type = LodestoneCommand.self
    for word in arguments where !word.hasPrefix("-") && word != "help" {
      let subcommands = command.configuration.subcommands
      guard let next = subcommands.first(where: { name(of: $0) == word }) else {
        // A word that is no command is left to the parser to refuse, unless it is an argument.
        if !subcommands.isEmpty { return nil }
        break
      }
      command = next
    }
    if command == QueryCommand.self, let query = query(in: arguments) {
      return wrapped(query.help)
    }
    var help = LodestoneCommand.helpMessage(for: command, columns: width)
    if help.contains("--version <") {
      // An option of the command's own: the program's version is told without a command only.
      help = help.replacing(/\ +--version +Show the version\.\n/, with: "")
    }
    // The parser does not break these.
    help = help.replacing(/USAGE: ([^\n]*)/) { match in
      broken(usage(String(match.1)), start: "USAGE: ", indent: "         ", ending: "")
    }
    guard let documented = command as? any DocumentedCommand.Type else { return help }
    let appendix = documented.appendix.isEmpty ? "" : wrapped(documented.appendix) + "\n\n"
    let examples = documented.examples.map { example(String($0)) }.joined(separator: "\n")
    let ending = appendix + "EXAMPLES:\n" + examples + "\n"
    return help.replacing(/\s+$/, with: "") + "\n\n" + ending
  }

  /// As wide as the terminal, but no wider than can be read.
  private static var width: Int { min(Terminal.output.width ?? 80, 100) }

  /// Lines that are too long go on below, as far to the right as they begin.
  private static func wrapped(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
      let indent = String(line.prefix { $0 == " " })
      return String(line).wrapped(to: width, indent: indent)
    }.joined(separator: "\n")
  }

  /// A command line that is too long goes on behind a backslash, so that it can be copied: it is broken before an option or
  /// behind a bar, and never within quotes.
  private static func example(_ command: String) -> String {
    broken(
      pieces(command.replacing(/\s*\\\n\s*/, with: " ")), start: "  ", indent: "      ",
      ending: " \\")
  }

  /// Pieces in lines; each but the last has an ending.
  private static func broken(
    _ pieces: [String], start: String, indent: String, ending: String
  ) -> String {
    var lines: [String] = []
    var line = start
    var isEmpty = true
    for piece in pieces {
      let needed = piece.trimmingCharacters(in: .whitespaces)
      if !isEmpty, line.cells + needed.cells + ending.cells > width {
        lines.append(line.replacing(/\s+$/, with: "") + ending)
        line = indent
      }
      line += piece
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
  }

  /// A usage in pieces that belong together: what stands in brackets, an option and its value.
  private static func usage(_ line: String) -> [String] {
    line.matches(of: /\[[^\]]*\] *(\.\.\. *)?|(--)?[^ \[]+ *(<[^>]*> *)?(\.\.\. *)?/)
      .map { String($0.0) }
  }

  /// A command line in pieces that belong together: an option and its value.
  private static func pieces(_ command: String) -> [String] {
    var pieces = [""]
    var quote: Character?
    var rest = command[...]
    while let character = rest.first {
      if quote == nil, rest.hasPrefix("--"), pieces[pieces.count - 1].hasSuffix(" ") {
        pieces.append("")
      }
      if character == "'" || character == "\"" {
        quote = quote == nil ? character : quote == character ? nil : quote
      }
      pieces[pieces.count - 1].append(character)
      rest.removeFirst()
      if quote == nil, pieces[pieces.count - 1].hasSuffix("| ") { pieces.append("") }
    }
    return pieces
  }

  /// The stored query that stands behind the verb.
  private static func query(in arguments: [String]) -> StoredQuery? {
    let words = arguments.drop { $0 != "query" }.dropFirst()
    func named(_ queries: [StoredQuery]) -> StoredQuery? {
      words.lazy.compactMap { word in queries.first { $0.name == word } }.first
    }
    return named(StoredQuery.all) ?? named(OwnQueries.all())
  }

  /// The name that a command is called by: all are named in their configuration, but those whose
  /// type says it.
  private static func name(of command: any ParsableCommand.Type) -> String {
    command.configuration.commandName ?? "\(command)".lowercased()
  }
}
