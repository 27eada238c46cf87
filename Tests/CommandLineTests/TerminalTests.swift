import Foundation
import Lodestone
import StackIO
import Testing
import TestSupport

/// What the program shows in a real terminal.
@Suite(.enabled(if: Program.script != nil, "no script of util-linux: terminals are skipped"))
struct TerminalTests {
  private let program: Program

  /// A catalog with a run whose phases are defined in another order than its clusters have.
  init() throws {
    program = try Program()
    try program.run("init", "m.lode")
    #expect(try program.run(try program.smallExample()).code == 0)
    for (name, bounds) in [
      ("Nd-rich", "nd_fraction=0.4..0.62"), ("altered", "nd_fraction=0.63..1"),
      ("Nd2Fe14B", "nd_fraction=0.05..0.25"),
    ] {
      #expect(try program.run("phase", "define", name, "--where", bounds).code == 0)
    }
  }

  private func show(
    _ columns: Int = 110, lines: Int = 40, _ environment: [String: String] = [:]
  ) throws -> Screen {
    let (code, screen) = try program.inTerminal(
      ["show", "@last"], columns: columns, lines: lines, environment: environment)
    #expect(code == 0 && screen.strange.isEmpty, "\(screen.strange)")
    return screen
  }

  /// Names, shares and phases of the clusters, as the catalog has them.
  private func clusters() throws -> [(number: String, phase: String, share: Double)] {
    let csv = try program.run(
      "query", "run-clusters", "--param", "run=@last", "--format", "csv"
    ).output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    return csv.dropFirst().compactMap { row in
      Double(row[4]).map { (String(row[0]), String(row[1]), $0) }
    }
  }

  private static func isHalfBlock(_ cell: Screen.Cell) -> Bool { "▀▄".contains(cell.character) }

  // MARK: The map

  /// Each half of a character is a cell in its phase's colour; as many as its share says.
  @Test func theMapHasThePhasesColours() throws {
    let screen = try show()
    var cells: [String: Int] = [:]
    for cell in screen.lines.flatMap({ $0 }) where Self.isHalfBlock(cell) {
      for colour in [cell.colour, cell.background].compactMap(\.self) {
        cells[colour, default: 0] += 1
      }
    }
    let total = cells.values.reduce(0, +)
    #expect(total > 1000)
    let order = ["Nd-rich", "altered", "Nd2Fe14B"]
    let clusters = try clusters()
    #expect(clusters.count == 3)
    for cluster in clusters {
      let place = try #require(order.firstIndex(of: cluster.phase))
      let colour = Palette.colours[place].hex
      let share = Double(cells[colour] ?? 0) / Double(total)
      #expect(abs(share - cluster.share) < 0.03, "\(cluster): \(share)")
      // The legend and the table: a swatch, the number, the name.
      for line in screen.lines {
        let text = String(line.map(\.character))
        guard text.contains("\(cluster.number) ") && text.contains(cluster.phase),
          let swatch = line.firstIndex(where: { $0.character == "█" })
        else { continue }
        #expect(line[swatch].colour == colour && line[swatch + 1].colour == colour, "\(text)")
      }
      #expect(screen.texts.contains { $0.contains("██ \(cluster.number) \(cluster.phase)") })
      #expect(
        screen.texts.contains { $0.contains(/^██ \d +\S/) && $0.contains(cluster.phase) })
    }
    #expect(Set(cells.keys).isSubset(of: Set(order.indices.map { Palette.colours[$0].hex })))
    // The same colours where phases are compared.
    let compared = try program.inTerminal(["compare"], columns: 110).screen
    for (place, phase) in order.enumerated() {
      let line = try #require(
        compared.lines.first { String($0.map(\.character)).contains("██ " + phase) })
      #expect(line.first { $0.character == "█" }?.colour == Palette.colours[place].hex)
    }
  }

  /// Characters are twice as high as wide: the picture has the sample's shape, whatever room there is.
  @Test(arguments: [(70, 40), (80, 24), (120, 60)])
  func theMapKeepsItsShape(columns: Int, lines: Int) throws {
    let labels = program.folder.file("labels.tif")
    #expect(try program.run("export", "@last", "--labels", labels).code == 0)
    let frame = try TIFFFile(path: labels).frame(page: 0)
    let analysed = frame.values.floats.indices.filter { frame.values.floats[$0] != -2 }
    let (rows, places) = (analysed.map { $0 / frame.width }, analysed.map { $0 % frame.width })
    let height = try #require(rows.max()) - (try #require(rows.min())) + 1
    let width = try #require(places.max()) - (try #require(places.min())) + 1

    let screen = try show(columns, lines: lines)
    // Between two empty lines; the legend stands three cells to the right of it.
    let map = screen.lines.drop { !$0.isEmpty }.dropFirst().prefix { !$0.isEmpty }
    let right = try #require(map.first?.firstIndex { $0.character == "█" }) - 3
    let shape = 2 * Double(map.count) / Double(right)
    #expect(abs(shape / (Double(height) / Double(width)) - 1) < 0.04, "\(shape)")
    #expect(map.count <= lines && map.count >= 15)
    #expect(screen.texts.contains { $0.contains(/├─*┤ [\d.]+ um/) })
  }

  /// 256 colours: the nearest ones, and no two phases in the same.
  @Test func indexedColours() throws {
    let screen = try show(80, ["COLORTERM": ""])
    #expect(!screen.raw.contains("38;2;") && !screen.raw.contains("48;2;"))
    let colours = screen.colours.filter { $0.allSatisfy(\.isNumber) }
    #expect(colours.count == 3 && colours.allSatisfy { (16...255).contains(Int($0) ?? 0) })
    // GNU screen hands COLORTERM on, and cannot do it.
    #expect(!(try show(80, ["STY": "1.x"])).raw.contains("38;2;"))
  }

  /// Every colour of the palette stays itself among 256.
  @Test func thePaletteIsToldApart() throws {
    for place in Palette.colours.indices {
      #expect(try program.run("phase", "define", "p\(place)", "--where", "share>=2").code == 0)
    }
    let screen = try program.inTerminal(
      ["phase", "list"], columns: 100, environment: ["COLORTERM": ""]
    ).screen
    let swatches = screen.lines.compactMap { line in
      line.first { $0.character == "█" }?.colour
    }
    // Three phases more than colours: these begin anew.
    #expect(swatches.count == Palette.colours.count + 3)
    #expect(Set(swatches).count == Palette.colours.count)
  }

  /// Fewer colours, or none: today's digits.
  @Test func withoutThePalette() throws {
    let digits = try program.run("show", "@last").output.split(separator: "\n")
      .filter { $0.contains(/^ *[012.]{8}[012. ]*$/) }
    #expect(digits.count > 20)
    for environment in [["TERM": "xterm", "COLORTERM": ""], ["NO_COLOR": "1"], ["TERM": "dumb"]] {
      let screen = try show(100, environment)
      #expect(!screen.text.contains("▀") && !screen.text.contains("██"))
      for line in digits { #expect(screen.texts.contains(String(line)), "\(environment)") }
    }
  }

  /// What is in no cluster is grey, and has its share in the legend; a run of noise alone is a picture too.
  @Test func noise() throws {
    let ingest = [
      "ingest", "ex/scan.tif", "--energies", "ex/energies.txt", "--reference", "ex/references.tif",
      "--dark", "ex/dark.tif", "--pixel-size", "0.028", "--sample", "M1",
    ]
    for (settings, isAlone) in [
      (["dbscan.radius=0.55", "flood.reject_distance=0.5"], false),
      (["dbscan.radius=0.0001", "minority.minimum_points=0"], true),
    ] {
      let set = settings.flatMap { ["--set", $0] }
      let stored = try program.run(ingest + set + ["--json"])
      #expect(stored.code == 0)
      let pixels = try #require(stored.json["pixels"] as? [String: Int])
      let share = 100 * Double(pixels["noise"] ?? 0) / Double(pixels["analysed"] ?? 1)
      let screen = try show()
      let said = try #require(screen.text.firstMatch(of: /██ noise +([\d.]+) %/))
      #expect(abs((Double(said.1) ?? 0) - share) < 0.06 && share > 5)
      let colours = Set(screen.lines.flatMap { $0 }.filter(Self.isHalfBlock).compactMap(\.colour))
      #expect(colours.contains(Palette.noise.hex) && (colours.count == 1) == isAlone)
      #expect(screen.text.contains("(none)") == isAlone)
    }
  }

  // MARK: Colours

  /// NO_COLOR counts where it is not empty; a dumb terminal and a pipe get plain text.
  @Test func plainText() throws {
    #expect(try show(100, ["NO_COLOR": ""]).hasEscapes)
    #expect(!(try show(100, ["NO_COLOR": "0"])).hasEscapes)
    #expect(!(try show(100, ["NO_COLOR": "1", "CLICOLOR_FORCE": "1"])).hasEscapes)
    let dumb = try show(100, ["TERM": "dumb"])
    #expect(!dumb.hasEscapes && dumb.text.allSatisfy(\.isASCII))
    // Another encoding has no blocks, but colours.
    let ascii = try show(100, ["LC_ALL": "C"])
    #expect(ascii.text.allSatisfy(\.isASCII) && ascii.colours.contains(Palette.colours[0].hex))
    let pipe = try program.run(
      ["show", "@last"],
      environment: ["NO_COLOR": "", "TERM": "xterm-256color", "COLORTERM": "truecolor"])
    #expect(!pipe.output.contains("\u{1B}") && pipe.output.allSatisfy(\.isASCII))
    #expect(pipe.output.contains("nd fraction error") && !pipe.output.contains("not shown"))
  }

  /// Colours in a pipe where they are asked for, to a pager say: with all columns, and not in what programs read.
  @Test(arguments: ["CLICOLOR_FORCE", "FORCE_COLOR"])
  func forcedColours(variable: String) throws {
    let environment = [
      variable: "1", "NO_COLOR": "", "TERM": "xterm-256color", "COLORTERM": "truecolor",
    ]
    let pipe = try program.run(["show", "@last"], environment: environment).output
    #expect(pipe.contains("\u{1B}[38;2;") && pipe.contains("nd fraction error"))
    #expect(
      !(try program.run(["show", "@last", "--json"], environment: environment)).output
        .contains("\u{1B}"))
    #expect(
      !(try program.run(["show", "@last"], environment: [variable: "0", "NO_COLOR": ""])).output
        .contains("\u{1B}"))
  }

  /// An error has a red name in a terminal, and nowhere else.
  @Test func errorsAndNotes() throws {
    let (code, screen) = try program.inTerminal(["show", "tag:none"], columns: 80)
    #expect(code == 66)
    #expect(screen.texts[0].hasPrefix("lodestone: "))
    #expect(screen.lines[0].prefix(10).allSatisfy { $0.colour == "bold 31" })
    #expect(screen.lines[0].dropFirst(10).allSatisfy { $0.colour == nil })
    #expect(
      !(try program.inTerminal(
        ["show", "tag:none"], columns: 80, environment: ["NO_COLOR": "1"])).screen.hasEscapes)
    #expect(try program.run("show", "tag:none").errors.hasPrefix("lodestone: "))
    let notes = try show().lines.filter { String($0.map(\.character)).hasPrefix("note:") }
    #expect(!notes.isEmpty && notes.allSatisfy { $0[0].colour == "bold 33" })
  }
}
