import ArgumentParser
import Foundation
import PhaseCatalog

struct QueryCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Ask a stored query.",
    discussion: """
      The queries are those of `lodestone list queries`: SQL files with a header that documents their parameters and columns \
      (lodestone query NAME --help). Your own are .sql files of the same form in $LODESTONE_QUERIES, else in \
      ~/.config/lodestone/queries: they can read the catalog and nothing else.
      """)

  static let examples = [
    "lodestone query phase-stats",
    "lodestone query surface-vs-bulk --param surface_depth_um=0.5 --format csv",
    "lodestone query depth-profile --help",
    "lodestone query phase-trend --explain",
  ]

  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var format: FormatOptions

  @Argument(help: "The query's name.", completion: Completions.query)
  var name: String

  @Option(
    name: .customLong("param"),
    help: ArgumentHelp("A parameter. May be repeated.", valueName: "name=value"),
    completion: Completions.queryParameter)
  var parameters: [String] = []

  @Flag(
    name: [.customLong("explain"), .customLong("describe")],
    help: "Print the query's SQL instead of asking it.")
  var explain = false

  func run() throws {
    let isShipped = StoredQuery.all.contains { $0.name == name }
    let query = try StoredQuery.named(name, own: isShipped ? [] : OwnQueries.all())
    if explain {
      Output.write(query.sql.hasSuffix("\n") ? query.sql : query.sql + "\n")
      return
    }
    var values: [String: String] = [:]
    for parameter in parameters {
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw Failure("--param \(parameter): write NAME=VALUE", exitCode: 64)
      }
      values[String(parts[0])] = String(parts[1])
    }
    let catalog = try catalog.open(.read)
    if query.parameters.contains(where: { $0.name == "run" }), let run = values["run"] {
      values["run"] = try catalog.resolveRun(run)
    }
    let table = try catalog.ask(query, parameters: values)
    // What a query of one's own leaves out is its own affair.
    let retracted =
      query.file == nil ? try Output.retracted(query, values, table, catalog) : []
    Output.table(
      table, as: format.chosen, verb: "query", fields: [("query", .string(name))] + retracted,
      phases: try Output.colours(ofPhasesIn: table, catalog))
  }
}

/// The user's own queries.
enum OwnQueries {
  /// $LODESTONE_QUERIES, else the folder of the user's configuration.
  static var folder: String {
    let environment = ProcessInfo.processInfo.environment
    func folder(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    return folder("LODESTONE_QUERIES")
      ?? (folder("XDG_CONFIG_HOME") ?? (folder("HOME") ?? "") + "/.config") + "/lodestone/queries"
  }

  /// Those that can be read and do not have the name of a shipped one: what is left out is said.
  static func all() -> [StoredQuery] {
    let shipped = Set(StoredQuery.all.map(\.name))
    return StoredQuery.files(inFolder: folder).compactMap { file in
      do {
        let query = try StoredQuery(file: file)
        if !shipped.contains(query.name) { return query }
        Output.remark("\(file): has the name of a shipped query, and is not asked: rename it")
      } catch {
        Output.remark("\(error)")
      }
      return nil
    }
  }
}

extension StoredQuery {
  /// What it asks, its parameters and its columns, as text for `--help`.
  var help: String {
    func lines(_ field: Field) -> String {
      let unit = field.unit.isEmpty ? "" : ", \(field.unit)"
      let standard = field.defaultText.map { "; default \($0)" } ?? ""
      return "  \(field.name)   \(field.type)\(unit)\(standard)\n      \(field.meaning)\n"
    }
    func section(_ title: String, _ fields: [Field]) -> String {
      fields.isEmpty ? "" : "\n\(title):\n" + fields.map(lines).joined()
    }
    let example = parameters.first.map { parameter in
      let value = parameter.name == "run" ? "@last" : parameter.defaultText ?? "..."
      return " --param " + shellQuoted("\(parameter.name)=\(value)")
    }
    return "QUERY: \(name)\n  \(title)\n" + (description.isEmpty ? "" : "\n\(description)\n")
      + section("PARAMETERS (--param NAME=VALUE)", parameters) + section("COLUMNS", columns)
      + "\nEXAMPLES:\n  lodestone query \(name)\(example ?? "")\n  lodestone query \(name) --explain\n"
  }
}
