import Foundation
import Testing

/// The help of every command, found by asking the program for its commands.
@Suite struct HelpTests {
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        let kind: String
        let name: String
      }
      let kind: String
      let names: [Name]?
    }
    let commandName: String
    let abstract: String?
    let subcommands: [Command]?
    let arguments: [Argument]?

    /// This one and all below it, each with the words that call it.
    func all(_ words: [String] = []) -> [(words: [String], command: Command)] {
      [(words, self)]
        + (subcommands ?? []).filter { $0.commandName != "help" }
        .flatMap { $0.all(words + [$0.commandName]) }
    }

    /// The options as they are typed.
    var options: Set<String> {
      Set(
        (arguments ?? []).flatMap { $0.names ?? [] }
          .map { ($0.kind == "short" ? "-" : "--") + $0.name })
    }
  }

  private struct Dump: Decodable { let command: Command }

  private let program: Program
  private let commands: [(words: [String], command: Command)]

  init() throws {
    program = try Program()
    let dump = try program.run("--experimental-dump-help").output
    commands = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command.all()
    #expect(commands.count > 35)
  }

  /// The examples of a help, each on one line.
  private static func examples(_ help: String) -> [String] {
    guard let start = help.range(of: "EXAMPLES:\n") else { return [] }
    return help[start.upperBound...].replacing(/\s*\\\n\s*/, with: " ")
      .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  @Test func everyCommandHasExamplesAndFits() throws {
    for (words, command) in commands {
      let help = try program.run(words + ["--help"])
      #expect(help.code == 0 && help.errors.isEmpty)
      #expect(command.abstract?.isEmpty == false, "\(words)")
      for line in help.output.split(separator: "\n") {
        #expect(line.count <= 80, "\(words): \(line)")
      }
      let examples = Self.examples(help.output)
      #expect(!examples.isEmpty, "\(words) has no examples")
      #expect(examples.contains { $0.contains((["lodestone"] + words).joined(separator: " ")) })
    }
  }

  /// What an example calls is there: the command, and its options.
  @Test func examplesCanBeTyped() throws {
    for (words, _) in commands {
      for example in Self.examples(try program.run(words + ["--help"]).output) {
        // Without what stands in quotes, each part of a pipe by itself.
        let parts = example.replacing(/"[^"]*"|'[^']*'/, with: "X").split(separator: "|")
        for part in parts where part.contains("lodestone ") {
          let typed = part.split(separator: " ").map(String.init)
          let after = typed.drop { $0 != "lodestone" }.dropFirst()
          let called = try #require(
            commands.filter { Array(after.prefix($0.words.count)) == $0.words }
              .max { $0.words.count < $1.words.count })
          #expect(!called.words.isEmpty, "\(example)")
          let options = after.filter { $0.hasPrefix("-") && $0 != "-" }
          for option in options where Double(option) == nil && option != "--help" {
            #expect(called.command.options.contains(option), "\(example): \(option)")
          }
        }
      }
    }
  }

  @Test(.enabled(if: Program.script != nil, "no script of util-linux: terminals are skipped"))
  func helpFitsTheTerminal() throws {
    for words in [["ingest"], ["query", "depth-profile"], ["compare"], []] {
      let narrow = try program.inTerminal(words + ["--help"], columns: 64).screen
      for line in narrow.texts { #expect(line.count <= 64, "\(line)") }
      // Lines of 200 characters are hard to read.
      let wide = try program.inTerminal(words + ["--help"], columns: 200).screen
      let longest = wide.texts.map(\.count).max() ?? 0
      #expect(longest > 80 && longest <= 100)
    }
  }
}
