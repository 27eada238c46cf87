import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog

struct DiffCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show what differs between runs: data, parameters, outcome.",
    discussion: """
      The first run is what the others are compared with. Label maps of one size are compared by the adjusted Rand index \
      (1 where they part the pixels alike, about 0 where by chance; noise counts as a label) and by the share of the \
      pixels whose labels match: clusters are paired so that they have the most pixels in common, whatever their \
      numbers (in JSON, "cluster" is the first run's and "of" the other's). Software and machine are shown, and are no \
      difference by themselves: exit code 1 where anything else differs, 0 where nothing does.
      """)

  static let examples = [
    "lodestone diff 3f2a 9b1c",
    "lodestone diff tag:paper-fig-3 @last --all",
    "lodestone diff 3f2a 9b1c 77d0 --json",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp(
      "Two runs or more: ids, @last (the newest run), or tag:NAME.", valueName: "run"),
    completion: Completions.run)
  var names: [String]

  @Flag(help: "Show what agrees, too.")
  var all = false

  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    if names.count < 2 { throw ValidationError("name two runs or more") }
  }

  func run() throws {
    let catalog = try catalog.open(.read)
    let comparison = try RunComparison(of: names.map { try catalog.resolveRun($0) }, in: catalog)
    let report = try DiffReport(comparison, in: catalog, all: all)
    if json { Output.line(report.json.text) } else { Output.write(report.text) }
    if comparison.differs { throw ExitCode(1) }
  }
}

/// A comparison of runs, as text for the eye or as JSON: what differs, or all of it.
private struct DiffReport {
  private let comparison: RunComparison
  private let all: Bool
  private let runs: AnswerTable
  private let sections: [(title: String, key: String, rows: [RunComparison.Row])]

  init(_ comparison: RunComparison, in catalog: Catalog, all: Bool) throws {
    self.comparison = comparison
    self.all = all
    runs = AnswerTable(
      columns: ["run_id", "sample", "scan_id", "result_id", "retracted", "recorded_at"],
      rows: try comparison.runs.map { run in
        let summary = try catalog.ask("run-summary", run: run)
        let isRetracted = try catalog.isRetracted(run: run)
        return [
          .text(run), summary.value("sample"), summary.value("scan_id"),
          summary.value("result_id"), .integer(isRetracted ? 1 : 0), summary.value("recorded_at"),
        ]
      })
    sections = [
      ("Data", "data", comparison.data), ("Parameters", "parameters", comparison.parameters),
      ("Pipeline versions", "stages", comparison.stages), ("Found", "found", comparison.found),
      ("Outcome", "outcome", comparison.outcome),
    ]
  }

  private func shown(_ rows: [RunComparison.Row]) -> [RunComparison.Row] {
    rows.filter { all || $0.differs }
  }

  private var clusters: [(cluster: RunComparison.Cluster, rows: [RunComparison.Row])] {
    comparison.clusters.map { ($0, shown($0.rows)) }.filter { !$0.rows.isEmpty }
  }

  // MARK: Text

  var text: String {
    var text = ""
    func add(_ title: String, _ table: AnswerTable) {
      if table.rows.isEmpty { return }
      text += "\(title)\n\n\(TextTable(table, wraps: true, all: "--json").text(on: .output))\n"
    }
    add("Runs", runs)
    for section in sections {
      add(section.title, table(of: shown(section.rows).map { ([], $0) }))
    }
    // A message is long: behind the runs.
    add(
      "Warnings",
      AnswerTable(
        columns: headings + ["warning"],
        rows: shown(comparison.warnings).map { $0.values + [.text($0.name)] }))
    add(
      "Clusters",
      table(
        ["cluster"],
        of: clusters.flatMap { cluster, rows in
          rows.filter { !cluster.isAlone || Self.enoughAlone.contains($0.name) }.map {
            ([cluster.labels[0].map { .integer(Int64($0)) } ?? .null], $0)
          }
        }))
    if comparison.differs || all { text += comparison.labels.map(self.text).joined() }
    add("Software and machine", table(of: shown(comparison.environment).map { ([], $0) }))
    return comparison.differs ? text : text + "no difference\n"
  }

  /// What is shown of a cluster that no other run has: there is nothing to compare it with.
  private static let enoughAlone = ["label", "pixels", "share", "nd_fraction"]

  private var headings: [String] { comparison.runs.map { String($0.prefix(12)) } }

  /// Rows with a column a run, headed by the beginning of its id.
  private func table(
    _ columns: [String] = [], of rows: [([AnswerTable.Value], RunComparison.Row)]
  ) -> AnswerTable {
    let hasUnits = rows.contains { !$1.unit.isEmpty }
    return AnswerTable(
      columns: columns + ["name"] + (hasUnits ? ["unit"] : []) + headings,
      rows: rows.map { head, row in
        head + [.text(row.name)] + (hasUnits ? [.text(row.unit)] : []) + row.distinct
      })
  }

  private func text(of labels: RunComparison.Labels) -> String {
    let run = labels.run.prefix(12)
    let title = "Labels of \(run) against \(headings[0])\n\n"
    if let reason = labels.reason { return title + "cannot be compared: \(reason)\n\n" }
    if !labels.differs { return title + "the same in every pixel\n\n" }
    guard let agreement = labels.agreement, let rand = agreement.adjustedRand,
      let share = agreement.sameShare
    else { return title + "no pixel was analysed in both\n\n" }
    let matches = AnswerTable(
      columns: ["cluster", "in \(run)", "common_pixels"],
      rows: agreement.matches.map { match in
        [match.cluster, match.other, match.pixels].map { .integer(Int64($0)) }
      })
    return """
      \(title)adjusted Rand index \(TextTable.short(rand)); \(agreement.samePixels) of the \(agreement.commonPixels) pixels \
      analysed in both (\(TextTable.short(100 * share)) %) have the label that matches

      \(TextTable(matches, all: "--json").text(on: .output))

      """
  }

  // MARK: JSON

  var json: JSONText {
    func array(_ rows: [RunComparison.Row]) -> JSONText { .array(shown(rows).map(\.json)) }
    return .object(
      [
        ("schema", .string("lodestone.diff/1")), ("runs", JSONText(runs)),
        ("differs", .bool(comparison.differs)),
      ] + sections.map { ($0.key, array($0.rows)) } + [
        ("warnings", array(comparison.warnings)),
        (
          "clusters",
          .array(
            clusters.map { cluster, rows in
              .object([
                ("labels", .array(cluster.labels.map { $0.map { .integer($0) } ?? .null })),
                ("rows", .array(rows.map(\.json))),
              ])
            })
        ),
        ("labels", .array(comparison.labels.map(\.json))),
        ("environment", array(comparison.environment)),
      ])
  }
}

extension RunComparison.Cluster {
  fileprivate var isAlone: Bool { labels.count { $0 != nil } == 1 }
}

extension RunComparison.Row {
  fileprivate var json: JSONText {
    .object([
      ("name", .string(name)), ("unit", .string(unit)),
      ("values", .array(values.map { JSONText($0) })),
    ])
  }

  /// The values for the eye: numbers with as many digits as it takes to tell them apart, five at least.
  fileprivate var distinct: [AnswerTable.Value] {
    let numbers = Set(values.compactMap(\.number))
    func isEnough(_ text: (Double) -> String) -> Bool {
      Set(numbers.map(text)).count == numbers.count
    }
    if isEnough(TextTable.short) { return values }
    let digits = (6...17).first { digits in isEnough { String(format: "%.*g", digits, $0) } } ?? 17
    return values.map { value in
      value.number.map { .text(String(format: "%.*g", digits, $0)) } ?? value
    }
  }
}

extension RunComparison.Labels {
  fileprivate var json: JSONText {
    .object([
      ("run", .string(run)), ("reason", reason.map { .string($0) } ?? .null),
      ("common_pixels", agreement.map { .integer($0.commonPixels) } ?? .null),
      ("adjusted_rand", agreement?.adjustedRand.map { .number($0) } ?? .null),
      ("same_share", agreement?.sameShare.map { .number($0) } ?? .null),
      (
        "matched",
        .array(
          (agreement?.matches ?? []).map {
            .object([
              ("cluster", .integer($0.cluster)), ("of", .integer($0.other)),
              ("pixels", .integer($0.pixels)),
            ])
          })
      ),
    ])
  }
}
