import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog

/// How a list is written.
enum TableFormat: String, CaseIterable, ExpressibleByArgument {
  case table, csv, tsv, json, ndjson, markdown
}

/// The options of a command that writes a list.
struct FormatOptions: ParsableArguments {
  @Option(
    help: "table and markdown round numbers and shorten ids; csv, tsv, json and ndjson are exact.")
  var format: TableFormat = .table

  @Flag(help: "The same as --format json.")
  var json = false

  var chosen: TableFormat { json ? .json : format }
}

/// Writes to stdout and stderr.
enum Output {
  /// Writes a line to stdout.
  static func line(_ text: String) {
    write(text + "\n")
  }

  /// Writes a text to stdout; a full disk or a closed pipe ends the program.
  static func write(_ text: String) {
    ProgressLine.shared.clear()
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      Failure("standard output: cannot be written", exitCode: 74).report()
      Foundation.exit(74)
    }
  }

  /// Writes a remark to stderr.
  static func remark(_ text: String) {
    ProgressLine.shared.clear()
    let word = "note:"
    let shown =
      text.hasPrefix(word)
      ? Terminal.errors.marked(word, .note) + text.dropFirst(word.count) : text
    try? FileHandle.standardError.write(contentsOf: Data((shown + "\n").utf8))
  }

  /// Shows how far a scan has come, where stderr is a terminal.
  @Sendable static func progress(_ progress: StageProgress) {
    ProgressLine.shared.show(progress)
  }

  /// Shows what is being done, where stderr is a terminal; nothing takes the line away.
  static func progress(_ text: String) {
    if text.isEmpty { ProgressLine.shared.clear() } else { ProgressLine.shared.show(text) }
  }

  /// Says how many retracted runs an answer leaves out: on stderr where there are any, and as a member
  /// of the answer's JSON.
  static func retracted(
    _ query: StoredQuery, _ parameters: [String: String] = [:], _ answer: AnswerTable,
    _ catalog: Catalog
  ) throws -> [(String, JSONText)] {
    let count = try catalog.retractedLeftOut(of: query, parameters: parameters, answer: answer)
    retractedLeftOut(count)
    return [("retracted_left_out", .integer(count))]
  }

  /// Says it, where there are any.
  static func retractedLeftOut(_ count: Int) {
    if count == 0 { return }
    let what = count == 1 ? "1 retracted run is" : "\(count) retracted runs are"
    remark("\(what) left out: lodestone list retracted")
  }

  /// The colour of the phase of each row of a table, where the terminal has colours; none where no column is the phase.
  static func colours(ofPhasesIn table: AnswerTable, _ catalog: Catalog) throws -> [Colour?] {
    guard Terminal.output.hasPalette, let place = table.columns.firstIndex(of: "phase") else {
      return []
    }
    let colours = try PhaseColours(catalog)
    return table.rows.map { colours[$0[place].text] }
  }

  /// Writes a table in a format. `verb` and `fields` head its JSON; `order` are the columns that are worth most where a
  /// terminal has no room for all, `phases` the colours of the rows' phases.
  static func table(
    _ table: AnswerTable, as format: TableFormat, verb: String,
    fields: [(String, JSONText)] = [], order: [String] = [], phases: [Colour?] = []
  ) {
    switch format {
    case .table:
      write(
        TextTable(table, order: order).withSwatches(phases, in: "phase").text(on: .output))
    case .markdown: write(TextTable(table).markdown)
    case .csv: write(separated(table, ","))
    case .tsv: write(separated(table, "\t"))
    case .ndjson:
      for row in table.rows { line(JSONText(row: row, of: table).text) }
    case .json:
      let head = [("schema", JSONText.string("lodestone.\(verb)/1"))]
      line(JSONText.object(head + fields + [("rows", JSONText(table))]).text)
    }
  }

  private static func separated(_ table: AnswerTable, _ separator: String) -> String {
    var bytes: [UInt8] = []
    func add(_ cells: some Sequence<String>) {
      for (place, cell) in cells.enumerated() {
        if place > 0 { bytes += separator.utf8 }
        if cell.needsQuotes(separator) {
          bytes += "\"\(cell.replacingOccurrences(of: "\"", with: "\"\""))\"".utf8
        } else {
          bytes += cell.utf8
        }
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    add(table.columns)
    for row in table.rows { add(row.lazy.map(\.text)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension String {
  /// Whether a cell of separated values must be quoted. By bytes: a line end or a separator with a mark on it is one
  /// character.
  fileprivate func needsQuotes(_ separator: String) -> Bool {
    let isSpecial = utf8.contains { byte in
      byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        || byte == separator.utf8.first
    }
    return isSpecial || utf8.contains(0xE2) && unicodeScalars.contains("\u{2028}")
  }
}
