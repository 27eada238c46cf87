import ArgumentParser
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
    if command == QueryCommand.self, let query = query(in: arguments) { return query.help }
    var help = LodestoneCommand.helpMessage(for: command)
    if help.contains("--version <") {
      // An option of the command's own: the program's version is told without a command only.
      help = help.replacing(/\ +--version +Show the version\.\n/, with: "")
    }
    guard let documented = command as? any DocumentedCommand.Type else { return help }
    let appendix = documented.appendix.isEmpty ? "" : documented.appendix + "\n\n"
    let examples = documented.examples.map { "  " + $0 }.joined(separator: "\n")
    let ending = appendix + "EXAMPLES:\n" + examples + "\n"
    return help.replacing(/\s+$/, with: "") + "\n\n" + ending
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
