import ArgumentParser
import Foundation
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
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      Failure("standard output: cannot be written", exitCode: 74).report()
      Foundation.exit(74)
    }
  }

  /// Writes a remark to stderr.
  static func remark(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }

  /// Shows what is being done, where stderr is a terminal.
  static func progress(_ text: String) {
    guard isatty(STDERR_FILENO) != 0 else { return }
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
  }

  /// Whether colours are wanted.
  static var hasColour: Bool {
    isatty(STDOUT_FILENO) != 0 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
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

  /// Writes a table in a format. `verb` and `fields` head its JSON.
  static func table(
    _ table: AnswerTable, as format: TableFormat, verb: String,
    fields: [(String, JSONText)] = []
  ) {
    switch format {
    case .table: write(TextTable(table).text)
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

/// A table for the eye: numbers to five digits and to the right, ids by their first twelve digits
/// unless they are wanted whole.
struct TextTable {
  private let columns: [String]
  private let cells: [[String]]
  private let isNumber: [Bool]

  init(_ table: AnswerTable, hasWholeIDs: Bool = false) {
    columns = table.columns.map { $0.replacingOccurrences(of: "_", with: " ") }
    cells = table.rows.map { $0.map { TextTable.text($0, hasWholeIDs: hasWholeIDs) } }
    isNumber = table.columns.indices.map { column in
      table.rows.allSatisfy { $0[column].number != nil || $0[column] == .null }
    }
  }

  private static func text(_ value: AnswerTable.Value, hasWholeIDs: Bool) -> String {
    switch value {
    case .null: return "-"
    case .real(let number): return short(number)
    case .text(let text) where !hasWholeIDs && text.count == 64 && text.allSatisfy(\.isHexDigit):
      return String(text.prefix(12))
    case .text(let text): return text.shown
    default: return value.text
    }
  }

  /// A number to five digits.
  static func short(_ number: Double) -> String {
    // An energy or a count keeps all digits before the point.
    abs(number) >= 10_000 && abs(number) < 1e15
      ? String(format: "%.0f", number) : String(format: "%.5g", number)
  }

  /// A number to the digit that two digits of its error reach; to five where there is no error.
  static func short(_ number: Double, to error: Double?) -> String {
    guard let error, error > 0, number.isFinite else { return short(number) }
    let places = max(0, min(6, 1 - Int(log10(error).rounded(.down))))
    return String(format: "%.\(places)f", number)
  }

  /// A number to two digits, without an exponent where that can be read.
  static func significant(_ number: Double) -> String {
    if number != 0, abs(number) < 1e-5 || abs(number) >= 1e5 {
      return String(format: "%.2g", number)
    }
    let places = number == 0 ? 1 : 1 - Int(log10(abs(number)).rounded(.down))
    return String(format: "%.\(max(0, places))f", number)
  }

  var text: String {
    guard !cells.isEmpty else { return "(none)\n" }
    let widths = columns.indices.map { column in
      ([columns] + cells).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - cells[column].count)
        return isNumber[column] ? space + cells[column] : cells[column] + space
      }
      var joined = padded.joined(separator: "  ")
      while joined.last == " " { joined.removeLast() }
      return joined + "\n"
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return line(columns) + line(rule) + cells.map(line).joined()
  }

  var markdown: String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ")
        + " |\n"
    }
    return line(columns) + line(isNumber.map { $0 ? "---:" : "---" }) + cells.map(line).joined()
  }
}

extension String {
  /// The text on one line, with what would act on a terminal made visible.
  var shown: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          if scalar == "\n" || scalar == "\t" { return " " }
          return scalar.isInvisible ? "\u{FFFD}" : scalar
        }))
  }
}
