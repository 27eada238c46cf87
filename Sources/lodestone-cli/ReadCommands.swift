import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import Synchronization

struct ListCommand: DocumentedCommand {
  enum Subject: String, CaseIterable, ExpressibleByArgument {
    case samples, scans, runs, phases, queries, tags, notes, retracted, failed
  }

  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what is in the catalog, or the stored queries.")

  static let examples = [
    "lodestone list runs",
    "lodestone list samples --format csv",
    "lodestone list queries",
  ]

  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var format: FormatOptions

  @Argument(help: "samples, scans, runs, phases, queries, tags, notes, retracted or failed.")
  var subject: Subject

  func run() throws {
    let table: AnswerTable
    var colours: [Colour?] = []
    var fields = [("of", JSONText.string(subject.rawValue))]
    if subject == .queries {
      table = AnswerTable(
        columns: ["query", "parameters", "title"],
        rows: (StoredQuery.all + OwnQueries.all()).map { query in
          let parameters = query.parameters.map { parameter in
            parameter.name + (parameter.defaultText.map { "=\($0)" } ?? "")
          }
          return [
            .text(query.name), .text(parameters.joined(separator: " ")), .text(query.title),
          ]
        })
    } else {
      let query = try StoredQuery.named(subject.rawValue)
      let catalog = try catalog.open(.read)
      table = try catalog.ask(query)
      fields += try Output.retracted(query, [:], table, catalog)
      colours = try Output.colours(ofPhasesIn: table, catalog)
    }
    Output.table(
      table, as: format.chosen, verb: "list", fields: fields,
      order: subject == .queries ? ["query", "title"] : [], phases: colours)
  }
}

struct ShowCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a run found: its map and its clusters.",
    discussion: """
      RUN is any unique prefix (4 digits or more) of a run's id, @last (the run that was stored last), or \
      tag:NAME.
      """)

  static let examples = [
    "lodestone show @last",
    "lodestone show 3f2a --json",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("A run's id, @last (the newest run), or tag:NAME.", valueName: "run"),
    completion: Completions.run)
  var name: String

  @Flag(help: "As JSON, without the map.")
  var json = false

  func run() throws {
    let catalog = try catalog.open(.read)
    let report = try RunReport(catalog: catalog, run: try catalog.resolveRun(name))
    if json {
      Output.line(
        JSONText.object([("schema", .string("lodestone.show/1"))] + report.members).text)
      return
    }
    Output.write(try report.text(on: .output, withMap: true))
  }
}

/// Whether the user's statement is answered.
private let isAnswered = Atomic(false)

struct SQLCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql", abstract: "Ask a question of one's own, read-only for certain.",
    discussion: """
      One SELECT statement, on a connection that can neither write nor open another file. The views \
      run_overview and cluster_overview are good places to start.
      """)

  static let examples = [
    #"lodestone sql "SELECT * FROM cluster_overview WHERE nd_fraction > 0.3""#,
    #"lodestone sql "SELECT name FROM sqlite_schema WHERE type = 'view'" --format csv"#,
  ]

  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var format: FormatOptions

  @Argument(help: "A SELECT statement.")
  var statement: String

  func run() throws {
    // Opening it as a catalog first checks that it is one.
    let sql = UserSQL(path: try catalog.open(.read).path)
    endAfter(sql.deadline + 2)
    let table = try sql.answer(statement)
    isAnswered.store(true, ordering: .sequentiallyConsistent)
    Output.table(table, as: format.chosen, verb: "sql")
  }

  /// Ends the program where a single function (LIKE, say) takes longer than the whole statement may: SQLite asks for the
  /// deadline between its steps only. Nothing is lost: this program only reads.
  private func endAfter(_ seconds: Double) {
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: seconds)
      if isAnswered.load(ordering: .sequentiallyConsistent) { return }
      Failure("sql: not answered within \(Int(seconds)) s", exitCode: 64).report()
      Foundation.exit(64)
    }
  }
}
