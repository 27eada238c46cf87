import Foundation
import Lodestone

/// What stands at the other end of stdout or stderr, and what it can show.
struct Terminal: Sendable {
  /// How many colours there are.
  enum Colours: Int, Comparable, Sendable {
    /// None: a pipe, a file, a dumb terminal, or NO_COLOR.
    case none
    /// Those that the user's theme gives to red, yellow and the like.
    case basic
    /// The 256 of xterm.
    case indexed
    case truecolor

    static func < (a: Colours, b: Colours) -> Bool { a.rawValue < b.rawValue }
  }

  /// What goes to stdout.
  static let output = Terminal(STDOUT_FILENO)
  /// What goes to stderr.
  static let errors = Terminal(STDERR_FILENO)

  /// Whether it is a terminal, and no pipe or file.
  let isTerminal: Bool
  /// Whether a line can be drawn over.
  let canRedraw: Bool
  let colours: Colours
  /// Whether it shows block characters: its encoding is UTF-8.
  let hasBlocks: Bool
  private let file: Int32
  private let environment: [String: String]

  init(
    _ file: Int32, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.file = file
    self.environment = environment
    isTerminal = isatty(file) != 0
    let type = environment["TERM"] ?? ""
    canRedraw = isTerminal && !type.isEmpty && type != "dumb"
    colours = Self.colours(environment, type, canRedraw: canRedraw)
    // Where nothing is said of the encoding, as in most containers, it is UTF-8.
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }
      .first { !$0.isEmpty }
    let encoding = said?.lowercased().replacing("-", with: "") ?? "utf8"
    hasBlocks = (canRedraw || colours > .none) && encoding.contains("utf8")
  }

  /// https://no-color.org: NO_COLOR counts where it is not empty, whatever it says. CLICOLOR_FORCE and FORCE_COLOR ask for
  /// colours in a pipe too, to a pager say.
  private static func colours(
    _ environment: [String: String], _ type: String, canRedraw: Bool
  ) -> Colours {
    func isSet(_ name: String) -> Bool { !(environment[name] ?? "").isEmpty }
    if isSet("NO_COLOR") { return .none }
    let isForced = ["CLICOLOR_FORCE", "FORCE_COLOR"].contains {
      isSet($0) && environment[$0] != "0"
    }
    guard canRedraw || isForced else { return .none }
    let said = environment["COLORTERM"] ?? ""
    // GNU screen hands on what the terminal around it said, and cannot do it.
    let isScreen = isSet("STY")
    if !isScreen, ["truecolor", "24bit"].contains(said) || type.hasSuffix("-direct") {
      return .truecolor
    }
    return type.contains("256color") || (isForced && !canRedraw) ? .indexed : .basic
  }

  /// What stands for what is left out of a text.
  var ellipsis: String { hasBlocks || !isTerminal ? "…" : "..." }

  /// How many cells a line has, 20 at least: COLUMNS, else what the terminal says; nil where there is no terminal.
  var width: Int? {
    guard isTerminal else { return nil }
    if let said = environment["COLUMNS"].flatMap({ Int($0) }), said > 0 { return max(20, said) }
    let columns = size.columns
    return columns > 0 ? max(20, columns) : 80
  }

  /// How many lines it has, 10 at least.
  var height: Int {
    if let said = environment["LINES"].flatMap({ Int($0) }), said > 0 { return max(10, said) }
    let lines = size.lines
    return lines > 0 ? max(10, lines) : 24
  }

  /// 0 where it does not tell.
  private var size: (columns: Int, lines: Int) {
    var size = winsize()
    guard isTerminal, ioctl(file, UInt(TIOCGWINSZ), &size) == 0 else { return (0, 0) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  // MARK: Colours

  /// Whether it has the colours of ``Palette``, or ones near them.
  var hasPalette: Bool { colours >= .indexed }

  /// A text in colours; as it is where there are none.
  func painted(_ text: String, _ colour: Colour?, on background: Colour? = nil) -> String {
    guard hasPalette, colour != nil || background != nil else { return text }
    let codes = [colour.map { "38;" + code($0) }, background.map { "48;" + code($0) }]
    return "\u{1B}[\(codes.compactMap(\.self).joined(separator: ";"))m\(text)\u{1B}[0m"
  }

  /// A small field of a colour.
  func swatch(_ colour: Colour) -> String {
    hasBlocks ? painted("██", colour) : painted("  ", nil, on: colour)
  }

  private func code(_ colour: Colour) -> String {
    colours == .truecolor
      ? "2;\(colour.red);\(colour.green);\(colour.blue)" : "5;\(Self.index(of: colour))"
  }

  /// A word that a reader must not miss: "error" or "note".
  func marked(_ word: String, _ kind: Mark) -> String {
    colours == .none ? word : "\u{1B}[\(kind.rawValue)m\(word)\u{1B}[0m"
  }

  /// The user's own red and yellow, bold: the theme keeps them readable.
  enum Mark: String {
    case error = "1;31"
    case note = "1;33"
  }
}

extension Terminal {
  /// The index of a colour among xterm's 256.
  private static func index(of colour: Colour) -> Int {
    if let index = paletteIndices[colour] { return index }
    return fixedColours.min { distance(colour, $0.part) < distance(colour, $1.part) }?.index ?? 16
  }

  /// The colours of the palette, each near one of its own: what is told apart in truecolor is told apart here.
  private static let paletteIndices: [Colour: Int] = {
    let pairs = (Palette.colours + [Palette.noise]).flatMap { colour in
      fixedColours.map { (colour: colour, index: $0.index, distance: distance(colour, $0.part)) }
    }
    var indices: [Colour: Int] = [:]
    var used: Set<Int> = []
    for pair in pairs.sorted(by: { ($0.distance, $0.index) < ($1.distance, $1.index) })
    where indices[pair.colour] == nil && !used.contains(pair.index) {
      indices[pair.colour] = pair.index
      used.insert(pair.index)
    }
    return indices
  }()

  /// Those that a theme does not change: the cube of 6 x 6 x 6 from 16 on, and the greys from 232 on.
  private static let fixedColours: [(index: Int, part: SIMD3<Int>)] = {
    let levels = [0, 95, 135, 175, 215, 255]
    let cube = (0..<216).map { place in
      (
        index: 16 + place,
        part: SIMD3(levels[place / 36], levels[place / 6 % 6], levels[place % 6])
      )
    }
    return cube + (0..<24).map { (index: 232 + $0, part: SIMD3(repeating: 8 + 10 * $0)) }
  }()

  /// How different two colours look: "redmean", https://www.compuphase.com/cmetric.htm.
  private static func distance(_ colour: Colour, _ other: SIMD3<Int>) -> Int {
    let own = SIMD3(Int(colour.red), Int(colour.green), Int(colour.blue))
    let mean = (own.x + other.x) / 2
    let square = (own &- other) &* (own &- other)
    return (512 + mean) * square.x / 256 + 4 * square.y + (767 - mean) * square.z / 256
  }
}
