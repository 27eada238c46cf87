import Lodestone
import PhaseCatalog

/// A run's label map in the characters of a terminal: what most pixels under a character, or half of one, have.
struct LabelMapText {
  private var labels: [Int]
  private var height: Int
  private var width: Int
  /// The height of a pixel over its width.
  private let aspect: Double

  /// How a character's height compares with its width.
  private static let character = 2.0

  /// - Parameter aspect: the height of a pixel over its width.
  /// - Throws: ``CatalogError``, or ``InputError`` where the map is damaged.
  init(_ catalog: Catalog, run: String, aspect: Double) throws {
    let map = try StoredMap("label", catalog, run: run)
    (height, width, labels) = (map.height, map.width, map.labels)
    self.aspect = aspect
  }

  /// The map without the rows and columns around it in which nothing was analysed; all of it where nothing was.
  private var cropped: LabelMapText {
    let rows = (0..<height).filter { y in (0..<width).contains { labels[y * width + $0] != -2 } }
    let columns = (0..<width).filter { x in (0..<height).contains { labels[$0 * width + x] != -2 } }
    guard let top = rows.first, let bottom = rows.last, let left = columns.first,
      let right = columns.last
    else { return self }
    var map = self
    map.labels = (top...bottom).flatMap { labels[$0 * width + left...$0 * width + right] }
    (map.height, map.width) = (bottom - top + 1, right - left + 1)
    return map
  }

  /// The labels under cells of so many pixels, one behind the other; what is left at the end is left out.
  private func cells(width step: Double, height down: Double) -> [[Int]] {
    func ranges(_ step: Double, _ count: Int) -> [Range<Int>] {
      (0..<max(1, Int(Double(count) / step))).map {
        Int(Double($0) * step)..<min(Int(Double($0 + 1) * step), count)
      }
    }
    return cells(ranges(down, height), ranges(step, width))
  }

  /// The labels under so many cells, evenly spread.
  private func cells(columns: Int, rows: Int) -> [[Int]] {
    func ranges(_ cells: Int, _ count: Int) -> [Range<Int>] {
      (0..<cells).map {
        let first = $0 * count / cells
        return first..<max(first + 1, ($0 + 1) * count / cells)
      }
    }
    return cells(ranges(rows, height), ranges(columns, width))
  }

  private func cells(_ rows: [Range<Int>], _ columns: [Range<Int>]) -> [[Int]] {
    rows.map { row in columns.map { majority(row, $0) } }
  }

  private func majority(_ rows: Range<Int>, _ columns: Range<Int>) -> Int {
    var votes: [Int: Int] = [:]
    for y in rows {
      for x in columns { votes[labels[y * width + x], default: 0] += 1 }
    }
    return votes.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? -2
  }

  /// A character a cell: each cluster's number, `.` noise, blank what was not analysed.
  func digits(columns: Int) -> [String] {
    let symbols = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    let step = max(1, Double(width) / Double(columns))
    return cells(width: step, height: max(1, step * Self.character / aspect)).map { row in
      let line = row.map { label in
        label == -1 ? "." : label < 0 ? " " : label < symbols.count ? String(symbols[label]) : "+"
      }
      return line.joined().replacing(/\s+$/, with: "")
    }
  }

  /// A picture in half blocks: each character is two cells, one above the other, in their colours. What was not analysed is
  /// left as the terminal has it, and around the sample left out.
  struct Picture {
    /// Lines of one width.
    let lines: [String]
    /// Characters a line.
    let columns: Int
    /// How many pixels, side by side, a character covers.
    let pixelsPerColumn: Double
  }

  /// - Parameters:
  ///   - columns, lines: the most characters.
  ///   - colours: of the clusters, in order.
  func picture(columns: Int, lines: Int, _ terminal: Terminal, _ colours: [Colour]) -> Picture {
    let map = cropped
    let (height, width) = (map.height, map.width)
    // In widths of a pixel; no pixel is drawn twice but where it is oblong.
    let step = max(
      Double(width) / Double(columns), Double(height) * aspect / Double(2 * lines), min(1, aspect))
    let cells = map.cells(
      columns: max(1, Int((Double(width) / step).rounded())),
      rows: max(1, Int((Double(height) * aspect / step).rounded())))
    func colour(_ label: Int) -> Colour? {
      label == -2 ? nil : colours.indices.contains(label) ? colours[label] : Palette.noise
    }
    let made = stride(from: 0, to: cells.count, by: 2).map { row in
      let below = row + 1 < cells.count ? cells[row + 1] : cells[row].map { _ in -2 }
      return Self.line(cells[row].map(colour), below.map(colour), terminal)
    }
    return Picture(
      lines: made, columns: cells[0].count,
      pixelsPerColumn: Double(width) / Double(cells[0].count))
  }

  /// A line of half blocks: characters of the same colours are painted together.
  private static func line(
    _ upper: [Colour?], _ lower: [Colour?], _ terminal: Terminal
  ) -> String {
    var line = ""
    var start = 0
    while start < upper.count {
      var end = start
      while end < upper.count, upper[end] == upper[start], lower[end] == lower[start] { end += 1 }
      let (above, below) = (upper[start], lower[start])
      let character = above == nil ? (below == nil ? " " : "▄") : "▀"
      let text = String(repeating: character, count: end - start)
      line += terminal.painted(text, above ?? below, on: above == nil ? nil : below)
      start = end
    }
    return line
  }
}
