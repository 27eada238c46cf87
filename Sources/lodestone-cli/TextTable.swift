internal import CFormat
import Foundation
import Lodestone
import PhaseCatalog

/// A table for the eye: numbers to five digits and to the right, ids by their first twelve digits unless they are
/// wanted whole.
///
/// On a terminal it is no wider than that. First whole columns go: what says nothing, ids, times and errors, from the right;
/// then long texts are shortened; then further columns go. Which ones went is said in a line below.
struct TextTable {
  private struct Column {
    let name: String
    let title: String
    let isNumber: Bool
    /// Whether it says nothing in any row.
    let isEmpty: Bool
    /// A swatch before, or the text itself, in the colour of each row.
    var colours: [Colour?] = []
    var hasSwatches = false
  }

  private let table: AnswerTable
  private var columns: [Column]
  private let cells: [[String]]
  private let order: [String]
  private let all: String
  private let wraps: Bool
  private let keepsAll: Bool
  /// Text is not shortened below this, while there are columns that may go.
  private static let shortest = 24
  private static let swatchWidth = 2

  /// - Parameters:
  ///   - hasWholeIDs: whether ids are shown whole.
  ///   - wraps: whether long texts go on in further lines instead of being shortened.
  ///   - keepsAll: whether no column may go but those that say nothing.
  ///   - order: the columns that are worth most, best first; those that are not named are worth less than all of them.
  ///   - all: what shows every column, for the line that says which are not shown.
  init(
    _ table: AnswerTable, hasWholeIDs: Bool = false, wraps: Bool = false,
    keepsAll: Bool = false, order: [String] = [],
    all: String = "--format csv"
  ) {
    self.table = table
    self.order = order
    self.all = all
    self.wraps = wraps
    self.keepsAll = keepsAll
    columns = table.columns.enumerated().map { place, name in
      Column(
        name: name, title: name.replacingOccurrences(of: "_", with: " "),
        isNumber: table.rows.allSatisfy { $0[place].number != nil || $0[place] == .null },
        isEmpty: table.rows.allSatisfy { Self.isNothing($0[place]) })
    }
    cells = table.rows.map { $0.map { TextTable.text($0, hasWholeIDs: hasWholeIDs) } }
  }

  /// What a column is worth beside others: those of the largest go first, and from 1000 on before any text is shortened.
  private func rank(_ place: Int) -> Int {
    if let place = order.firstIndex(of: columns[place].name) { return place }
    let kind = order.isEmpty ? (place == 0 ? 0 : kind(place)) : 1 + kind(place)
    return 1000 * kind + place
  }

  /// 0 for what tells most, to 4 for what tells least.
  private func kind(_ place: Int) -> Int {
    let name = columns[place].name
    let known = table.rows.lazy.map { $0[place] }.filter { !Self.isNothing($0) }
    if known.isEmpty { return 4 }
    if known.allSatisfy({ Self.isID($0) }) { return 3 }
    if known.allSatisfy({ $0.text.wholeMatch(of: /\d{4}-\d\d-\d\dT[\d:.]+Z/) != nil }) { return 2 }
    return name.hasSuffix("error") || name == "author" || name == "host" ? 1 : 0
  }

  private static func isNothing(_ value: AnswerTable.Value) -> Bool {
    value == .null || value == .text("")
  }

  private static func isID(_ value: AnswerTable.Value) -> Bool {
    guard case .text(let text) = value else { return false }
    return text.utf8.count == 64
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
          UInt8(ascii: "A")...UInt8(ascii: "F"):
          true
        default: false
        }
      }
  }

  private static func text(_ value: AnswerTable.Value, hasWholeIDs: Bool) -> String {
    switch value {
    case .null: return "-"
    case .real(let number): return short(number)
    case .text(let text) where !hasWholeIDs && isID(value): return String(text.prefix(12))
    case .text(let text): return text.shown
    default: return value.text
    }
  }

  // MARK: Numbers

  /// A number to five digits.
  static func short(_ number: Double) -> String {
    // An energy or a count keeps all digits before the point.
    let format = abs(number) >= 10_000 && abs(number) < 1e15 ? "%.0f" : "%.5g"
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
      let count = lodestone_format(buffer.baseAddress, buffer.count, format, number)
      return String(
        decoding: UnsafeRawBufferPointer(buffer).prefix(Int(count)), as: UTF8.self)
    }
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

  // MARK: Colours

  /// The table with a swatch before each cell of a column, in the colour of its row; none where that has no colour.
  func withSwatches(_ colours: [Colour?], in column: String) -> TextTable {
    painting(column, colours, hasSwatches: true)
  }

  /// The table with the cells of a column in the colours of their rows.
  func painting(_ column: String, _ colours: [Colour?]) -> TextTable {
    painting(column, colours, hasSwatches: false)
  }

  private func painting(_ name: String, _ colours: [Colour?], hasSwatches: Bool) -> TextTable {
    var table = self
    let place = columns.firstIndex { $0.name == name }
    if let place, colours.contains(where: { $0 != nil }) {
      table.columns[place].colours = colours
      table.columns[place].hasSwatches = hasSwatches
    }
    return table
  }

  // MARK: Text

  /// The whole table without colours: what goes to pipes and files.
  var text: String { text(Layout(columns: Array(columns.indices), widths: widths), nil) }

  /// The table as a terminal shows it, or the whole of it where there is none.
  ///
  /// - Parameter indent: the cells to the left of it that are taken already.
  func text(on terminal: Terminal, indent: Int = 0) -> String {
    let painter = terminal.hasPalette ? terminal : nil
    let natural = widths.enumerated().map { $1 + swatchCells($0, painter) }
    guard let width = terminal.width.map({ $0 - indent }) else {
      return text(Layout(columns: Array(columns.indices), widths: natural), painter)
    }
    var layout = layout(natural, width)
    layout.ellipsis = terminal.ellipsis
    return text(layout, painter) + left(out: layout, width)
  }

  /// The cells of a line of the whole table, without colours.
  var width: Int { Layout(columns: Array(columns.indices), widths: widths).total }

  private struct Layout {
    /// What stands for what is left out of a text.
    var ellipsis = "…"
    /// The columns that are shown.
    var columns: [Int]
    /// The width of every column.
    var widths: [Int]

    var total: Int { columns.reduce(-2) { $0 + widths[$1] + 2 } }
  }

  private var widths: [Int] {
    columns.indices.map { max(columns[$0].title.cells, cellWidth($0)) }
  }

  private func cellWidth(_ column: Int) -> Int {
    cells.reduce(0) { max($0, $1[column].cells) }
  }

  private func swatchCells(_ column: Int, _ painter: Terminal?) -> Int {
    columns[column].hasSwatches && painter != nil ? Self.swatchWidth + 1 : 0
  }

  private func layout(_ natural: [Int], _ width: Int) -> Layout {
    var layout = Layout(columns: Array(columns.indices), widths: natural)
    let ranks = columns.indices.map(rank)
    // The best two stay: a name with nothing beside it tells nothing.
    func dropWhile(_ isWanted: (Int) -> Bool) {
      while layout.total > width, layout.columns.count > 2,
        let last = layout.columns.max(by: { ranks[$0] < ranks[$1] }),
        isWanted(ranks[last]), !keepsAll || columns[last].isEmpty
      {
        layout.columns.removeAll { $0 == last }
      }
    }
    /// Numbers are never shortened, only what stands over them.
    func shorten(_ least: (Int) -> Int) {
      while layout.total > width,
        let longest = layout.columns.filter({ layout.widths[$0] > least($0) })
          .max(by: { layout.widths[$0] < layout.widths[$1] })
      {
        layout.widths[longest] -= 1
      }
    }
    dropWhile { $0 >= 1000 }
    shorten {
      columns[$0].isNumber ? natural[$0] : max(Self.shortest, columns[$0].title.cells)
    }
    if layout.total > width {
      layout.widths = natural
      dropWhile { _ in true }
      shorten { columns[$0].isNumber ? cellWidth($0) : 8 }
    }
    return layout
  }

  /// The line that says what is not shown; empty where all is.
  private func left(out layout: Layout, _ width: Int) -> String {
    // Lines break between names, and not within one.
    let names = columns.indices.filter { !layout.columns.contains($0) }
      .map { columns[$0].title.replacing(" ", with: "\u{A0}") }
    if names.isEmpty || cells.isEmpty { return "" }
    let how = "(all: \(all))".replacing(" ", with: "\u{A0}")
    let line = "not shown for want of width: \(names.joined(separator: ", ")) \(how)"
    let lines = line.wrapped(to: width, indent: "  ").joined(separator: "\n")
    return lines.replacing("\u{A0}", with: " ") + "\n"
  }

  private func text(_ layout: Layout, _ painter: Terminal?) -> String {
    guard !cells.isEmpty else { return "(none)\n" }
    let rule = layout.columns.map { String(repeating: "-", count: layout.widths[$0]) }
    let head =
      lines(layout, columns.map(\.title), painter, colour: nil)
      + rule.joined(separator: "  ") + "\n"
    if painter == nil, !wraps { return head + plainLines(layout) }
    let rows = cells.indices.map { row in
      lines(layout, cells[row], painter) { column in
        let colours = columns[column].colours
        return colours.indices.contains(row) ? colours[row] : nil
      }
    }
    return head + rows.joined()
  }

  /// All rows, a line each and without colours: there may be tens of thousands.
  private func plainLines(_ layout: Layout) -> String {
    let blank = UInt8(ascii: " ")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(cells.count * (layout.total + 3))
    for row in cells {
      let start = bytes.count
      for (place, column) in layout.columns.enumerated() {
        if place > 0 { bytes += [blank, blank] }
        let width = layout.widths[column]
        let cell = row[column].shortened(to: width, mark: layout.ellipsis)
        let blanks = repeatElement(blank, count: max(0, width - cell.cells))
        if columns[column].isNumber { bytes += blanks }
        bytes += cell.utf8
        if !columns[column].isNumber { bytes += blanks }
      }
      while bytes.count > start, bytes.last == blank { bytes.removeLast() }
      bytes.append(UInt8(ascii: "\n"))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A row: one line, or several where texts go on.
  private func lines(
    _ layout: Layout, _ cells: [String], _ painter: Terminal?, colour: ((Int) -> Colour?)?
  ) -> String {
    let pieces = layout.columns.map { column in
      let room = layout.widths[column] - swatchCells(column, painter)
      return wraps
        ? cells[column].wrapped(to: room)
        : [cells[column].shortened(to: room, mark: layout.ellipsis)]
    }
    let count = pieces.map(\.count).max() ?? 0
    return (0..<count).map { number in
      var line = ""
      for (place, column) in layout.columns.enumerated() {
        let piece = number < pieces[place].count ? pieces[place][number] : ""
        if place > 0 { line += "  " }
        line += padded(
          piece, column, layout, painter, number == 0 ? colour?(column) : nil,
          isTitle: colour == nil)
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  private func padded(
    _ text: String, _ column: Int, _ layout: Layout, _ painter: Terminal?, _ colour: Colour?,
    isTitle: Bool
  ) -> String {
    func blanks(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
    let room = layout.widths[column] - text.cells
    let hasSwatches = columns[column].hasSwatches && painter != nil
    let isRight = columns[column].isNumber && !hasSwatches
    let painted = painter.flatMap { painter in colour.map { painter.painted(text, $0) } } ?? text
    guard hasSwatches, let painter, !text.isEmpty, !isTitle else {
      return isRight ? blanks(room) + painted : painted + blanks(room)
    }
    // A number stands beside its swatch.
    let before = columns[column].isNumber ? cellWidth(column) - text.cells : 0
    let after = room - before - swatchCells(column, painter)
    let swatch = colour.map { painter.swatch($0) } ?? blanks(Self.swatchWidth)
    return swatch + " " + blanks(before) + text + blanks(after)
  }

  var markdown: String {
    func line(_ cells: [String]) -> String {
      "| "
        + cells.map {
          $0.utf8.contains(UInt8(ascii: "|")) ? $0.replacingOccurrences(of: "|", with: "\\|") : $0
        }.joined(separator: " | ")
        + " |\n"
    }
    return line(columns.map(\.title))
      + line(columns.map { $0.isNumber ? "---:" : "---" }) + cells.map(line).joined()
  }
}
