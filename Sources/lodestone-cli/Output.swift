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
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  /// Writes bytes to stdout, in the same way.
  static func write(bytes: [UInt8]) {
    bytes.withUnsafeBytes { write($0) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer) {
    ProgressLine.shared.clear()
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Foundation.write(
        STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        Failure("standard output: cannot be written", exitCode: 74).report()
        Foundation.exit(74)
      }
      rest = rest.dropFirst(count)
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
    case .csv, .tsv, .ndjson, .json:
      var text = AnswerText(table)
      switch format {
      case .csv: text.addSeparated(by: UInt8(ascii: ","))
      case .tsv: text.addSeparated(by: UInt8(ascii: "\t"))
      case .ndjson:
        text.addObjects(separator: UInt8(ascii: "\n"))
        if !table.rows.isEmpty { text.endLine() }
      default:
        text.addObject([("schema", .string("lodestone.\(verb)/1"))] + fields)
        text.endLine()
      }
      write(bytes: text.bytes)
    }
  }
}
