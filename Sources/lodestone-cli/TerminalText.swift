import Foundation
import PhaseCatalog

// How wide a text is in a terminal, and texts of a width.

extension Character {
  /// The cells that a terminal gives it: 2 for East Asian wide ones and emoji, 0 for what only marks the one before.
  var cells: Int {
    let scalars = unicodeScalars
    // An emoji by its selector, as a heart.
    if scalars.contains("\u{FE0F}") { return 2 }
    return scalars.lazy.map(\.cells).max() ?? 0
  }
}

extension Unicode.Scalar {
  /// East Asian Width W and F (Unicode 15.1, EastAsianWidth.txt), by blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF,
    0x4E00...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
    0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF,
    0x1F200...0x1F265, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD,
  ]

  fileprivate var cells: Int {
    if value < 0x300 { return 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    return properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) } ? 2 : 1
  }
}

extension String {
  /// The cells that it takes in a terminal.
  var cells: Int {
    utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.cells }
  }

  /// The text in so many cells, its end left out and a mark in its place; of a path its beginning, for the file's name stands
  /// at the end.
  func shortened(to limit: Int, mark: String = "…") -> String {
    guard cells > limit else { return self }
    let isPath = hasPrefix("/") && !contains(" ")
    var kept: [Character] = []
    var room = limit - mark.cells
    for character in isPath ? Array(reversed()) : Array(self) {
      room -= character.cells
      if room < 0 { break }
      kept.append(character)
    }
    return isPath ? mark + String(kept.reversed()) : String(kept) + mark
  }

  /// The text in lines that a terminal is wide enough for; as it is where there is none.
  ///
  /// - Parameter taken: the cells to the left of it that are taken already.
  func wrapped(on terminal: Terminal, taken: Int = 0) -> String {
    guard let width = terminal.width else { return self }
    return split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in
        let indent = String(line.prefix { $0 == " " }) + "  "
        return String(line).wrapped(to: width - taken, indent: indent).joined(separator: "\n")
      }.joined(separator: "\n")
  }

  /// The text in lines of at most so many cells, broken between words; a longer word is broken where the line ends.
  func wrapped(to limit: Int, indent: String = "") -> [String] {
    var lines: [String] = []
    var line = ""
    var isEmpty = true
    for word in split(separator: " ", omittingEmptySubsequences: false) {
      var word = String(word)
      if !isEmpty, line.cells + 1 + word.cells > limit {
        lines.append(line)
        (line, isEmpty) = (indent, true)
      }
      while line.cells + word.cells > limit {
        var head = String(word.removeFirst())
        while let next = word.first, line.cells + head.cells + next.cells <= limit {
          head.append(next)
          word.removeFirst()
        }
        lines.append(line + head)
        line = indent
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }
}

extension String {
  /// The text on one line, with what would act on a terminal made visible.
  var shown: String {
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
    return String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          if scalar == "\n" || scalar == "\t" { return " " }
          return scalar.isInvisible ? "\u{FFFD}" : scalar
        }))
  }
}
