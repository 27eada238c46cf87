import ArgumentParser
import Foundation
import PhaseCatalog

struct AuditCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Tell which data, parameters and software made a result.",
    discussion: """
      RUN is any unique prefix of a run's id, @last (the newest run), or tag:NAME. RUN:CLUSTER:QUANTITY audits one number: \
      \(AuditedQuantity.all.map(\.name).joined(separator: ", ")).
      """)

  static let examples = [
    "lodestone audit @last",
    "lodestone audit @last:0:nd_fraction",
    "lodestone audit 3f2a --json",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(help: "RUN, or RUN:CLUSTER:QUANTITY.")
  var subject: String

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    var parts = subject.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 1, parts[0] == "tag" { parts[0...1] = ["tag:" + parts[1]] }
    guard parts.count == 1 || parts.count == 3 else {
      throw Failure("\(subject): write RUN or RUN:CLUSTER:QUANTITY", exitCode: 64)
    }
    let catalog = try catalog.open(.read)
    let run = try catalog.resolveRun(parts[0])
    let number = parts.count == 3 ? try AuditedNumber(catalog, run, parts[1], parts[2]) : nil
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
        JSONText.object(head + (number.map { [("number", $0.json)] } ?? []) + tables).text)
      return
    }
    if isRetracted { Output.write("RETRACTED: queries leave run \(run.prefix(12)) out\n\n") }
    if let number { Output.write(number.text + "\n") }
    for (section, table) in sections {
      Output.write("\(section.title)\n\n")
      let isSingle = table.rows.count == 1 && table.columns.count > 4
      let shown = isSingle ? table.transposed(withNulls: section.key != "executions") : table
      Output.write(TextTable(shown, hasWholeIDs: true).text.indented + "\n")
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

    /// For one number, only the parameters that it depends on.
    func relevant(to number: AuditedNumber?, _ table: AnswerTable) -> AnswerTable {
      guard let number, key == "parameters" else { return table }
      let rows = table.rows.filter { row in
        number.quantity.parameters.contains { row[0].text.hasPrefix($0) }
      }
      return AnswerTable(columns: table.columns, rows: rows)
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

  private static func shown(_ value: Value) -> String { value == .null ? "not known" : value.text }
}

extension String {
  fileprivate var indented: String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "  " + $0 }.joined(separator: "\n")
  }
}

/// A quantity of a cluster: what it is and which parameters it depends on.
struct AuditedQuantity {
  let name: String
  let unit: String
  let meaning: String
  /// The beginnings of the names of the parameters behind it.
  let parameters: [String]

  private static let map = [
    "correct.", "register.", "mask.", "normalise.", "pca.", "features.", "dbscan.", "cluster.",
    "flood.",
  ]
  private static let spectrum = map + ["elements.", "edges."]

  static let all = [
    AuditedQuantity(
      name: "pixels", unit: "px", meaning: "pixels of the cluster, with those that the flood added",
      parameters: map),
    AuditedQuantity(
      name: "dbscan_pixels", unit: "px", meaning: "pixels that DBSCAN itself labelled",
      parameters: map),
    AuditedQuantity(
      name: "share", unit: "", meaning: "pixels over all analysed pixels, noise included",
      parameters: map),
    AuditedQuantity(
      name: "area_um2", unit: "um2", meaning: "pixels times the area of one", parameters: map),
    AuditedQuantity(
      name: "nd_step", unit: "OD",
      meaning: "post-edge line less pre-edge line at Nd L3, of the mean optical density over the "
        + "pixels that DBSCAN labelled", parameters: spectrum),
    AuditedQuantity(
      name: "fe_step", unit: "OD",
      meaning: "post-edge line less pre-edge line at Fe K (with Nd L1 in it), of the mean optical "
        + "density over the pixels that DBSCAN labelled", parameters: spectrum),
    AuditedQuantity(
      name: "nd_fraction", unit: "",
      meaning: "Nd / (Nd + Fe) by atoms: tabulated attenuation of both fitted, outside the "
        + "near-edge regions, to the mean optical density over the pixels that DBSCAN labelled",
      parameters: spectrum),
  ]
}

/// One number of a result.
struct AuditedNumber {
  let quantity: AuditedQuantity
  private let cluster: String
  private let value: AnswerTable.Value
  private let error: AnswerTable.Value
  private let dbscanPixels: AnswerTable.Value
  private let run: String

  init(_ catalog: Catalog, _ run: String, _ cluster: String, _ name: String) throws {
    guard let quantity = AuditedQuantity.all.first(where: { $0.name == name }) else {
      throw Failure(
        "no quantity \"\(name)\": there are "
          + AuditedQuantity.all.map(\.name).joined(separator: ", "), exitCode: 64)
    }
    try catalog.requireResult(of: run)
    let table = try catalog.ask("run-clusters", run: run)
    guard let row = table.rows.firstIndex(where: { $0[0].text == cluster }) else {
      throw Failure(
        "run \(run.prefix(12)) has no cluster \"\(cluster)\": it has \(table.rows.count), "
          + "numbered from 0", exitCode: 66)
    }
    self.quantity = quantity
    self.cluster = cluster
    self.run = run
    value = table.value(name, row: row)
    error = table.value(name + "_error", row: row)
    dbscanPixels = table.value("dbscan_pixels", row: row)
  }

  var text: String {
    let unit = quantity.unit.isEmpty ? "" : " " + quantity.unit
    let margin = error.number.map { " +- \(TextTable.short($0))" } ?? ""
    let shown = value == .null ? "not measured" : value.text + margin + unit
    return """
      \(quantity.name) of cluster \(cluster) of run \(run.prefix(12)): \(shown)
        \(quantity.meaning)
        DBSCAN labelled \(dbscanPixels.text) pixels of the cluster

      """
  }

  var json: JSONText {
    .object([
      ("cluster", .integer(Int(cluster) ?? 0)), ("quantity", .string(quantity.name)),
      ("value", JSONText(value)), ("error", JSONText(error)), ("unit", .string(quantity.unit)),
      ("meaning", .string(quantity.meaning)), ("dbscan_pixels", JSONText(dbscanPixels)),
    ])
  }
}
