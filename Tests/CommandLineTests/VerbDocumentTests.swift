import Foundation
import Testing
import TestSupport

/// docs/reference/verbs.md says what each verb takes: it is made of the program's own help.
@Suite struct VerbDocumentTests {
  @Test func theDocumentIsTheHelps() throws {
    let program = try Program()
    let dump = try program.run("--experimental-dump-help")
    #expect(dump.code == 0)
    let root = try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command
    let document = try VerbDocument(root, program)
    #expect(
      try ReferencePage.difference(of: "reference/verbs.md", from: document.text) == nil)
    #expect(document.verbs.contains("export") && document.verbs.contains("phase define"))
    #expect(document.verbs.count > 35 && document.withoutExample == [], "\(document.verbs)")
  }
}

/// What the argument parser tells of itself.
private struct Dump: Decodable { let command: Verb }

private struct Verb: Decodable {
  let commandName: String
  let abstract: String?
  let discussion: String?
  let shouldDisplay: Bool
  let subcommands: [Verb]?
  let arguments: [Argument]?

  struct Argument: Decodable, Equatable {
    struct Name: Decodable, Equatable {
      let kind: String
      let name: String
    }

    let kind: String
    let names: [Name]?
    let valueName: String?
    let abstract: String?
    let defaultValue: String?
    let allValues: [String]?
    let isOptional: Bool
    let isRepeating: Bool
    let shouldDisplay: Bool
  }
}

extension Verb.Argument {
  fileprivate var isPositional: Bool { kind == "positional" }

  /// `-o, --output <output>`, or `<scans>...`
  fileprivate var form: String {
    let value = "<\(valueName ?? "")>"
    if isPositional { return value + (isRepeating ? "..." : "") }
    // Short ones first.
    let names = (names ?? []).sorted { $0.name.count == 1 && $1.name.count > 1 }
      .map { ($0.kind == "long" ? "--" : "-") + $0.name }
    return names.joined(separator: ", ") + (kind == "option" ? " " + value : "")
  }

  /// Whether every verb has it.
  fileprivate var isOfAll: Bool {
    (names ?? []).contains { ["help", "version"].contains($0.name) }
  }

  fileprivate var usage: String { isOptional ? "[\(form)]" : form }

  fileprivate var meaning: String {
    var text = ReferencePage.plain(abstract ?? "")
    // What stands in the text already is not said again.
    let values = (allValues ?? []).filter { !text.contains($0) }
    if !values.isEmpty, let allValues {
      text += " One of " + allValues.map { "`\($0)`" }.joined(separator: ", ") + "."
    }
    if let defaultValue { text += " Default: `\(defaultValue)`." }
    return text
  }
}

/// The verbs as Markdown.
private struct VerbDocument {
  private(set) var text = """
    # Verbs

    What each verb of `lodestone` does and takes. `lodestone VERB --help` says the same.


    """
  private(set) var verbs: [String] = []
  private(set) var withoutExample: [String] = []
  private let program: Program
  /// Options that many verbs have: they are told once.
  private let common: [Verb.Argument]

  init(_ root: Verb, _ program: Program) throws {
    self.program = program
    func all(_ verb: Verb) -> [Verb] { [verb] + (verb.subcommands ?? []).flatMap(all) }
    let arguments = all(root).flatMap { $0.arguments ?? [] }.filter { !$0.isPositional }
    let most = arguments.filter { argument in arguments.count { $0 == argument } > 6 }
    common = most.reduce(into: []) { found, argument in
      if !found.contains(where: { $0.names == argument.names }) { found.append(argument) }
    }.sorted { !$0.isOfAll && $1.isOfAll }
    let shown = (root.subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    text += ReferencePage.table(
      ["verb", "does"],
      shown.map { verb in
        ["[`\(verb.commandName)`](#\(verb.commandName))", ReferencePage.plain(verb.abstract ?? "")]
      })
    text += "\n" + ReferencePage.plain(root.discussion ?? "") + "\n"
    text += "\n## Options of many verbs\n\n" + table(common)
    text += """

      Completions for bash, zsh and fish: `lodestone --generate-completion-script bash`. This page is made from the program; a test
      compares them.

      """
    for verb in shown { try add(verb, under: "") }
  }

  private mutating func add(_ verb: Verb, under parent: String) throws {
    let name = parent + verb.commandName
    verbs.append(name)
    let level = parent.isEmpty ? "##" : "###"
    text += "\n\(level) \(name)\n\n\(ReferencePage.plain(verb.abstract ?? ""))\n"
    if let discussion = verb.discussion { text += "\n\(ReferencePage.plain(discussion))\n" }
    let subcommands = (verb.subcommands ?? []).filter(\.shouldDisplay)
    if !subcommands.isEmpty {
      for subcommand in subcommands { try add(subcommand, under: name + " ") }
      return
    }
    let arguments = (verb.arguments ?? []).filter(\.shouldDisplay)
    let own = arguments.filter { !common.contains($0) }
    let options = arguments.contains { !$0.isPositional } ? ["[options]"] : []
    let usage = ["lodestone \(name)"] + options + own.filter(\.isPositional).map(\.usage)
    text += "\n```\n\(usage.joined(separator: " "))\n```\n"
    if !own.isEmpty { text += "\n" + table(own) }
    let others = arguments.filter { common.contains($0) && !$0.isOfAll }.compactMap { option in
      option.names?.first { $0.kind == "long" }.map { "`--\($0.name)`" }
    }
    if !others.isEmpty {
      text += "\nAnd " + others.joined(separator: ", ") + ": [above](#options-of-many-verbs).\n"
    }
    if let more = ["ingest": "parameters", "query": "queries"][name] {
      text += "\nAll \(more): [\(more).md](\(more).md).\n"
    }
    let help = try program.run(
      name.split(separator: " ").map(String.init) + ["--help"], environment: ["COLUMNS": "100"]
    ).output
    guard let mark = help.range(of: "\nEXAMPLES:\n") else {
      withoutExample.append(name)
      return
    }
    let examples = help[mark.upperBound...].split(separator: "\n").map { line in
      line.hasPrefix("  ") ? line.dropFirst(2) : line
    }
    text += "\n```sh\n\(examples.joined(separator: "\n"))\n```\n"
  }

  private func table(_ arguments: [Verb.Argument]) -> String {
    ReferencePage.table(
      ["argument or option", "meaning"], arguments.map { ["`\($0.form)`", $0.meaning] })
  }
}
