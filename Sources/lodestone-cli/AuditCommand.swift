import ArgumentParser
import Foundation
import PhaseCatalog

struct AuditCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Tell which data, parameters and software made a result.",
    discussion: """
      RUN is any unique prefix of a run's id, @last (the newest run), or tag:NAME. RUN:CLUSTER audits a cluster and lists its \
      numbers; RUN:CLUSTER:NAME one of them, RUN:NAME one of the run: the column of a query, behind what tells its rows \
      apart (nd_fraction, Nd-L3.e0_ev, Nd/Fe.ratio, dbscan.radius), before an energy, depth or radius (mean_od@7112). \
      Noise is cluster -1. compare --json lists the addresses that each of its numbers was made from.
      """)

  static let examples = [
    "lodestone audit @last",
    "lodestone audit @last:0",
    "lodestone audit @last:0:nd_fraction",
    "lodestone audit tag:paper-fig-3:dbscan.radius",
    "lodestone audit 3f2a --json",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("RUN, RUN:CLUSTER, RUN:CLUSTER:NAME or RUN:NAME.", valueName: "address"),
    completion: Completions.run)
  var subject: String

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let catalog = try catalog.open(.read)
    let address = try QuantityAddress(subject, in: catalog)
    let run = address.run
    if let cluster = address.cluster {
      try ClusterAddress(run: run, cluster: cluster).require(in: catalog, withNoise: true)
    }
    let number = try address.quantity.map { try AuditedNumber($0, address, catalog) }
    let numbers = try address.cluster.flatMap { cluster in
      number == nil ? try AuditedNumber.all(run: run, cluster: cluster, catalog) : nil
    }
    let phases = try AuditedPhases(address, catalog)
    let sections = try Section.all.map { section in
      (section, section.relevant(to: number, try catalog.ask(section.query, run: run)))
    }
    let isRetracted = try catalog.isRetracted(run: run)
    if json {
      let head: [(String, JSONText)] = [
        ("schema", .string("lodestone.audit/1")), ("run", .string(run)),
        ("retracted", .bool(isRetracted)),
      ]
      let tables = sections.map { ($0.key, JSONText($1)) }
      Output.line(
        JSONText.object(
          head + (number.map { [("number", $0.json)] } ?? [])
            + (numbers.map { [("numbers", JSONText($0))] } ?? []) + [("phases", phases.json)]
            + tables
        ).text)
      return
    }
    if isRetracted { Output.write("RETRACTED: queries leave run \(run.prefix(12)) out\n\n") }
    if let number { Output.write(number.text.wrapped(on: .output) + "\n") }
    if let numbers, let cluster = address.cluster {
      Output.write("Numbers of cluster \(cluster) of run \(run.prefix(12))\n\n")
      let table = TextTable(
        numbers, order: ["name", "value", "error", "unit", "meaning"], all: "--json")
      Output.write(table.text(on: .output, indent: 2).indented + "\n")
    }
    if let text = phases.text { Output.write("Phases\n\n" + text.indented + "\n") }
    for (section, table) in sections {
      Output.write("\(section.title)\n\n")
      Output.write(section.text(of: table).indented + "\n")
    }
  }

  /// A part of an audit: a stored query's answer under a title.
  private struct Section {
    let title: String
    let key: String
    let query: String

    static let all = [
      Section(title: "Data", key: "data", query: "run-summary"),
      Section(title: "Files in which it was seen", key: "files", query: "run-files"),
      Section(title: "Parameters", key: "parameters", query: "run-parameters"),
      Section(title: "Found", key: "found", query: "run-found"),
      Section(title: "Pipeline versions", key: "stages", query: "run-stages"),
      Section(title: "Software and machine", key: "environment", query: "run-environment"),
      Section(title: "Executions", key: "executions", query: "run-executions"),
      Section(title: "What people said of it", key: "said", query: "run-remarks"),
    ]

    /// The table for the eye, with whole ids. Where a terminal is too narrow for it, rows that hold ids or paths are shown one
    /// below the other, and what else is too long goes on in further lines: nothing of an audit is left out.
    func text(of table: AnswerTable) -> String {
      func text(_ table: AnswerTable) -> TextTable {
        TextTable(table, hasWholeIDs: true, wraps: true, keepsAll: true, all: "--json")
      }
      let room = Terminal.output.width.map { $0 - 2 } ?? .max
      let fits = text(table).width <= room
      let isLong = table.rows.contains { $0.contains { $0.text.cells > 40 } }
      let hasGroups = !fits && table.columns.last == "environment_id"
      let parts =
        hasGroups
        ? table.groupedByLast
        : table.columns.count > 4 && (table.rows.count == 1 || !fits && isLong)
          ? table.rows.map { row in
            AnswerTable(columns: table.columns, rows: [row])
              .transposed(withNulls: key != "executions")
          } : [table]
      return parts.map { text($0).text(on: .output, indent: 2) }.joined(separator: "\n")
    }

    /// For one number, only the parameters that it depends on.
    func relevant(to number: AuditedNumber?, _ table: AnswerTable) -> AnswerTable {
      guard let number, key == "parameters" else { return table }
      return AnswerTable(
        columns: table.columns, rows: table.rows.filter { number.dependsOn($0[0].text) })
    }
  }
}

extension AnswerTable {
  /// A single row as a table of names and values.
  fileprivate func transposed(withNulls: Bool) -> AnswerTable {
    AnswerTable(
      columns: ["name", "value"],
      rows: zip(columns, rows.first ?? []).filter { withNulls || $1 != .null }
        .map { [.text($0), .text(Self.shown($1))] })
  }

  /// Names and values that a last column parts: a table for each of its values, which stands in the first row.
  fileprivate var groupedByLast: [AnswerTable] {
    let keys = rows.compactMap(\.last).reduce(into: [Value]()) { keys, key in
      if keys.last != key { keys.append(key) }
    }
    return keys.map { key in
      AnswerTable(
        columns: Array(columns.dropLast()),
        rows: [[.text(columns[columns.count - 1]), key]]
          + rows.filter { $0.last == key }.map { Array($0.dropLast()) })
    }
  }

  private static func shown(_ value: Value) -> String { value == .null ? "not known" : value.text }
}

extension String {
  fileprivate var indented: String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "  " + $0 }.joined(separator: "\n")
  }
}
