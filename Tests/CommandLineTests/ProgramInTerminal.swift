import Foundation
import Testing
import TestSupport

/// What a terminal of a size shows of what was written to it: characters with their colours. It knows the few sequences that
/// the program uses, and takes any other for an error.
struct Screen {
  struct Cell: Equatable {
    var character: Character
    /// "#0072b2" in truecolor, "25" of 256 colours, "bold 33" of the theme's.
    var colour: String?
    var background: String?
  }

  /// The lines, each as it stood in the end.
  private(set) var lines: [[Cell]] = [[]]
  /// Every text that stood in a line that was drawn over.
  private(set) var drawnOver: [String] = []
  /// Sequences that are not known.
  private(set) var strange: [String] = []
  /// The order in which lines began to be drawn over and whole lines were written.
  let raw: String

  init(_ written: String) {
    raw = written
    var (colour, background): (String?, String?)
    var column = 0
    var rest = Substring(written.replacing("\r\n", with: "\n"))
    while let character = rest.first {
      if character == "\u{1B}", let match = rest.prefixMatch(of: /\x1B\[([0-9;]*)([A-Za-z])/) {
        switch match.2 {
        case "m": Self.apply(String(match.1), &colour, &background, &strange)
        case "K": lines[lines.count - 1].removeSubrange(column...)
        default: strange.append(String(match.0))
        }
        rest = rest[match.range.upperBound...]
        continue
      }
      rest.removeFirst()
      switch character {
      case "\u{1B}": strange.append("ESC")
      case "\n":
        lines.append([])
        column = 0
      case "\r":
        let text = String(lines[lines.count - 1].map(\.character))
        if !text.isEmpty { drawnOver.append(text) }
        column = 0
      default:
        let cell = Cell(character: character, colour: colour, background: background)
        if column < lines[lines.count - 1].count {
          lines[lines.count - 1][column] = cell
        } else {
          lines[lines.count - 1].append(cell)
        }
        column += 1
      }
    }
  }

  private static func apply(
    _ codes: String, _ colour: inout String?, _ background: inout String?,
    _ strange: inout [String]
  ) {
    var codes = codes.split(separator: ";").compactMap { Int($0) }[...]
    func extended() -> String? {
      switch codes.popFirst() {
      case 5: return codes.popFirst().map(String.init)
      case 2 where codes.count >= 3:
        let parts = (0..<3).compactMap { _ in codes.popFirst() }
        return String(format: "#%02x%02x%02x", parts[0], parts[1], parts[2])
      default: return nil
      }
    }
    while let code = codes.popFirst() {
      switch code {
      case 0: (colour, background) = (nil, nil)
      case 1: colour = "bold"
      case 31, 33: colour = "\(colour ?? "") \(code)"
      case 38: colour = extended()
      case 48: background = extended()
      default: strange.append("SGR \(code)")
      }
    }
  }

  /// The lines without colours.
  var texts: [String] { lines.map { String($0.map(\.character)) } }
  var text: String { texts.joined(separator: "\n") }
  /// All colours, of characters and behind them.
  var colours: Set<String> {
    Set(lines.flatMap { $0 }.flatMap { [$0.colour, $0.background] }.compactMap(\.self))
  }
  /// Whether anything is coloured, drawn over or otherwise no plain text.
  var hasEscapes: Bool { raw.contains("\u{1B}") }
}

extension Program {
  /// How `script` (util-linux) is called; nil where it is missing.
  static let script = ["/usr/bin/script", "/bin/script"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Runs the program in a real terminal.
  ///
  /// - Parameters:
  ///   - environment: beside TERM=xterm-256color, COLORTERM=truecolor and an encoding of UTF-8; an empty value counts as
  ///     none.
  ///   - redirection: of the shell: what goes elsewhere than to the terminal.
  func inTerminal(
    _ arguments: [String], columns: Int, lines: Int = 40, environment: [String: String] = [:],
    redirection: String = ""
  ) throws -> (code: Int32, screen: Screen) {
    let script = try #require(Self.script)
    let words = ([Self.path] + arguments).map { "'" + $0.replacing("'", with: "'\\''") + "'" }
    let command =
      "stty cols \(columns) rows \(lines); exec \(words.joined(separator: " ")) \(redirection)"
    let usual = [
      "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "NO_COLOR": "",
      "COLUMNS": "", "LINES": "", "STY": "", "CLICOLOR_FORCE": "", "FORCE_COLOR": "",
      "SHELL": "/bin/sh", "LODESTONE_CACHE": folder.file("cache"), "LODESTONE_CACHE_SIZE": "0",
    ]
    let process = Process()
    process.executableURL = URL(fileURLWithPath: script)
    process.arguments = ["-q", "-e", "-c", command, "/dev/null"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = ProcessInfo.processInfo.environment.merging(usual) { $1 }
      .merging(environment) { $1 }
    let output = folder.file("terminal-\(UUID().uuidString)")
    try Data().write(to: URL(fileURLWithPath: output))
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let written = try Data(contentsOf: URL(fileURLWithPath: output))
    return (process.terminationStatus, Screen(String(decoding: written, as: UTF8.self)))
  }
}
