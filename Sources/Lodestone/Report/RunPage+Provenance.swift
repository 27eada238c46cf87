import Foundation
import PhaseCatalog

/// What made a run: parameters, files, software, people.
extension RunPage {
  // MARK: Parameters

  var parameterPart: Markup {
    let table = facts.parameters
    let found = Dictionary(
      facts.found.rows.indices.map { row in
        (facts.found.value("name", row: row).text, facts.found.value("value", row: row).number)
      }, uniquingKeysWith: { first, _ in first })
    let changed = table.rows.indices.filter { table.value("origin", row: $0).text != "default" }
    let others = table.rows.indices.filter { table.value("origin", row: $0).text == "default" }
    let columns: [HTMLTable.Column] = [
      .init(heading: "Parameter"), .init(heading: "Value", wraps: true), .init(heading: "Found"),
      .init(heading: "Unit"), .init(heading: "From", wraps: true),
    ]
    func rows(_ places: [Int], isMarked: Bool) -> [HTMLTable.Row] {
      places.map { row in
        let name = table.value("name", row: row).text
        let value = table.value("value", row: row).text
        let number = value == "auto" ? found[name] ?? nil : nil
        let source = table.texts("source")[row].map { ", \($0)" } ?? ""
        return HTMLTable.Row(
          cells: [
            HTMLTable.Cell(content: HTML.command(name), address: "\(facts.short):\(name)"),
            .text(value), number.map { .number(Numeral.short($0)) } ?? .text(""),
            .text(table.texts("unit")[row] ?? ""),
            .text(table.value("origin", row: row).text + source),
          ], isMarked: isMarked)
      }
    }
    let own = HTMLTable(
      caption: "Parameters that are not the defaults", columns: columns,
      rows: rows(changed, isMarked: true))
    let rest = HTMLTable(
      caption: "Parameters at their defaults", columns: columns, rows: rows(others, isMarked: false)
    )
    return .joined([
      changed.isEmpty
        ? .element("p") { "All parameters are the defaults: nothing was tuned." } : own.markup,
      HTML.details("\(others.count) parameters at their defaults") { rest.markup },
    ])
  }

  // MARK: Provenance

  var provenance: Markup {
    .joined([
      identities, said ?? .none,
      table(facts.files, "Files in which the scan was seen", Self.fileColumns),
      table(facts.executions, "Each time that it was computed", Self.executionColumns), timeTable,
      HTML.details("Software and machine") {
        table(
          facts.environment, "Software and machine",
          [("name", "What"), ("value", "Value")])
        table(
          facts.stages, "Versions of the pipeline's stages",
          [("stage", "Stage"), ("version", "Version")])
      },
      .element("p", ["class": "remark"]) {
        HTML.command("lodestone audit \(facts.short)")
        " tells all of this again; "
        HTML.command("lodestone verify \(facts.short)")
        " computes it again from its files."
      },
    ])
  }

  private static let fileColumns = [
    ("role", "Holds"), ("path", "Seen at"), ("bytes", "Bytes"), ("sha256", "SHA-256"),
    ("seen_at", "When (UTC)"),
  ]
  private static let executionColumns = [
    ("purpose", "For"), ("outcome", "Outcome"), ("grade", "Grade"), ("started_at", "Began (UTC)"),
    ("finished_at", "Ended (UTC)"), ("host", "Machine"), ("command", "Command"),
  ]

  private var identities: Markup {
    .element("dl", ["class": "ids"]) {
      [
        ("Run", run), ("Scan", facts.text("scan_id") ?? ""),
        ("Parameter set", facts.text("parameters_id") ?? ""),
        ("Result", facts.text("result_id") ?? ""),
      ].map { name, value in
        Markup.element("div") {
          Markup.element("dt") { name }
          Markup.element("dd") { HTML.command(value) }
        }
      }
    }
  }

  /// Tags, notes and retractions, by whom and when.
  private var said: Markup? {
    let names = [
      "tag.add": "tagged", "tag.remove": "tag removed", "note": "note", "retract": "retracted",
      "retract.undo": "retraction undone",
    ]
    let table = facts.remarks
    guard !table.rows.isEmpty else { return nil }
    return .joined([
      HTML.heading("What people said of it", level: level + 1),
      .element("ul", ["class": "said"]) {
        table.rows.indices.map { row in
          let kind = table.value("kind", row: row).text
          let words = [table.texts("name")[row], table.texts("value")[row]].compactMap(\.self)
          let ofScan = table.value("subject_kind", row: row).text == "scan" ? " (of its scan)" : ""
          return Markup.element("li") {
            Markup.element("b") { names[kind] ?? kind }
            "\(ofScan) "
            Markup.element("span", ["class": "words"]) { words.joined(separator: ": ") }
            Markup.element("span", ["class": "who"]) {
              " \(table.value("author", row: row).text), \(Self.minute(table.value("recorded_at", row: row).text))"
            }
          }
        }
      },
    ])
  }

  private func table(
    _ answer: AnswerTable, _ caption: String, _ columns: [(name: String, heading: String)]
  ) -> Markup {
    guard !answer.rows.isEmpty else { return .none }
    var table = HTMLTable(
      caption: caption,
      columns: columns.map { name, heading in
        .init(heading: heading, isNumber: ["bytes", "version"].contains(name))
      })
    table.rows = answer.rows.indices.map { row in
      HTMLTable.Row(
        cells: columns.map { name, _ in
          let value = answer.value(name, row: row)
          switch value {
          case .null: return .none
          case .integer(let number): return .number(Numeral.count(Int(number)))
          default:
            if name.hasSuffix("_at") {
              return .text(String(value.text.prefix(19)).replacing("T", with: " "))
            }
            let isCode = ["path", "sha256", "command"].contains(name)
            return isCode
              ? HTMLTable.Cell(content: HTML.command(value.text)) : .text(value.text)
          }
        })
    }
    return table.droppingEmpty().markup
  }

  /// A row an execution, a column a stage.
  private var timeTable: Markup {
    let times = facts.times
    var stages: [String] = []
    var executions: [String] = []
    var seconds: [String: [String: Double]] = [:]
    for row in times.rows.indices {
      let (stage, id) = (
        times.value("stage", row: row).text, times.value("execution_id", row: row).text
      )
      if !stages.contains(stage) { stages.append(stage) }
      if !executions.contains(id) { executions.append(id) }
      seconds[id, default: [:]][stage] = times.value("seconds", row: row).number
    }
    guard !stages.isEmpty else { return .none }
    var table = HTMLTable(
      caption: "Seconds that each stage took",
      columns: [.init(heading: "Execution")]
        + (stages + ["all"]).map { .init(heading: $0, isNumber: true) })
    table.rows = executions.map { id in
      let own = seconds[id] ?? [:]
      let all = stages.compactMap { own[$0] }.reduce(0, +)
      return HTMLTable.Row(
        cells: [HTMLTable.Cell(content: HTML.command(String(id.prefix(12))))]
          + stages.map { stage in
            own[stage].map { .number(Numeral.fixed($0, 3)) } ?? .none
          } + [.number(Numeral.fixed(all, 3))])
    }
    return table.markup
  }
}
