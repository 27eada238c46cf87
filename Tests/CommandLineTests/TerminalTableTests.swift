import Foundation
import Testing
import TestSupport

/// Tables in a real terminal: no wider than it is.
@Suite(.enabled(if: Program.script != nil, "no script of util-linux: terminals are skipped"))
struct TerminalTableTests {
  private let program: Program

  init() throws {
    program = try Program()
    try program.run("init", "m.lode")
    #expect(try program.run(try program.smallExample()).code == 0)
    try program.run("phase", "define", "altered", "--where", "nd_fraction=0.63..1")
    try program.run("tag", "@last", "paper-fig-3")
    try program.run("note", "@last", "a remark that is long enough to be shortened in any terminal")
  }

  private static let commands = [
    ["show", "@last"], ["compare"], ["list", "runs"], ["list", "scans"], ["list", "samples"],
    ["list", "queries"], ["list", "phases"], ["list", "tags"], ["list", "notes"],
    ["phase", "show", "altered"], ["audit", "@last"], ["audit", "@last:0"],
    ["query", "phase-stats"], ["query", "quality"], ["query", "run-edges", "--param", "run=@last"],
    ["query", "run-elements", "--param", "run=@last"], ["recipe", "list"],
    ["recipe", "show", "edge", "--format", "table"],
  ]

  @Test(arguments: commands)
  func fits(command: [String]) throws {
    let whole = try program.run(command).output
    for columns in [60, 80, 120] {
      let (code, screen) = try program.inTerminal(
        command, columns: columns, environment: ["NO_COLOR": "1"], redirection: "2> errors.txt")
      #expect(code == 0 && screen.strange.isEmpty)
      for line in screen.texts {
        #expect(line.count <= columns, "\(command) in \(columns): \(line)")
      }
    }
    #expect(!whole.contains("not shown") && !whole.contains("…"))
  }

  /// What is shown and what is said not to be shown are all columns.
  @Test(arguments: ["runs", "scans", "phases", "samples"])
  func nothingIsLeftOutInSilence(list: String) throws {
    let csv = try program.run("list", list, "--format", "csv").output
    let all = try #require(csv.split(separator: "\n").first).split(separator: ",")
      .map { String($0).replacing("_", with: " ") }
    let (_, screen) = try program.inTerminal(
      ["list", list], columns: 44, environment: ["NO_COLOR": "1"])
    let title = screen.texts[0]
    let shown = all.filter { (title + "  ").contains($0 + "  ") }
    let said = screen.text.replacing("\n  ", with: " ")
    let match = try #require(
      said.firstMatch(of: /not shown for want of width: (.*) \(all: --format csv\)/))
    let hidden = match.1.split(separator: ", ").map(String.init)
    #expect(shown.first == all.first && shown.count >= 2)
    #expect(Set(shown).isDisjoint(with: hidden) && Set(shown + hidden) == Set(all))
    // The same with the width that the environment says.
    let told = try program.inTerminal(
      ["list", list], columns: 100, environment: ["NO_COLOR": "1", "COLUMNS": "44"])
    #expect(told.screen.text == screen.text)
  }

  /// Ids, times and errors go before what was measured.
  @Test func leastGoesFirst() throws {
    let (_, screen) = try program.inTerminal(["query", "phase-stats"], columns: 90)
    let said = screen.text.replacing("\n  ", with: " ")
    #expect(said.contains("width: run id, nd fraction error"))
    #expect(screen.texts[0].contains("phase") && screen.texts[0].contains("nd fraction"))
    let runs = try program.inTerminal(["list", "runs"], columns: 80).screen
    #expect(runs.texts[0].hasPrefix("run id") && runs.text.contains("width: scan id"))
  }

  /// Characters that take two cells, and marks that take none, leave columns in line.
  @Test func cellsAndNotCharacters() throws {
    let names = ["漢字", "e\u{301}a\u{308}", "kana ｶﾅ", "plain", "한국어", "🧲"]
    let rows = names.map { "SELECT '\($0)' AS name, 'x' AS mark" }
    let (_, screen) = try program.inTerminal(
      ["sql", rows.joined(separator: " UNION ALL ")], columns: 80, environment: ["NO_COLOR": "1"])
    func cells(_ text: Substring) -> Int {
      text.reduce(0) { $0 + ("漢字한국어🧲".contains($1) ? 2 : 1) }
    }
    for name in names {
      let line = try #require(screen.texts.first { $0.hasPrefix(name) })
      #expect(cells(line.prefix { $0 != "x" }) == 9, "\(line)")
    }
    let long = String(repeating: "漢字", count: 60)
    let cut = try program.inTerminal(
      ["sql", "SELECT '\(long)' AS a, 1 AS b"], columns: 41, environment: ["NO_COLOR": "1"])
    let line = try #require(cut.screen.texts.first { $0.contains("漢") })
    #expect(line.contains("…") && cells(line[...]) <= 41 && line.hasSuffix(" 1"))
  }

  /// Long texts are shortened where leaving columns out does not do; of a path the beginning.
  @Test func longTexts() throws {
    let text = String(repeating: "word ", count: 60)
    let path = "/" + String(repeating: "folder/", count: 30) + "scan.tif"
    let (_, screen) = try program.inTerminal(
      ["sql", "SELECT '\(text)' AS remark, '\(path)' AS path"], columns: 70)
    let line = try #require(screen.texts.first { $0.contains("word") })
    #expect(line.count == 70 && line.contains("word wo") && line.hasSuffix("/scan.tif"))
    #expect(line.count { $0 == "…" } == 2 && !screen.text.contains("not shown"))
  }

  /// An audit is whole: what has no room goes on below.
  @Test func auditsAreWhole() throws {
    let whole = try program.run("audit", "@last").output
    let ids = Set(whole.matches(of: /[0-9a-f]{64}/).map { String($0.0) })
    #expect(ids.count >= 5)
    let (_, screen) = try program.inTerminal(["audit", "@last"], columns: 60)
    let joined = screen.text.replacing(/\n +/, with: "")
    for id in ids { #expect(joined.contains(id)) }
    // What says nothing may go, and when phases were assigned.
    let hidden = joined.matches(of: /not shown for want of width: (.*) \(all: --json\)/)
    #expect(hidden.allSatisfy { ["source", "second, recorded at"].contains($0.1) })
    #expect(!screen.text.contains("…"))
  }

  // MARK: Spectra

  /// The table of the clusters has a line of blocks each: low before the first edge, a blank between the edges.
  @Test func spectra() throws {
    let (_, screen) = try program.inTerminal(["show", "@last"], columns: 120)
    let lines = screen.texts.compactMap { $0.firstMatch(of: /[▁▂▃▄▅▆▇]+ [▁▂▃▄▅▆▇]+/) }
    #expect(lines.count == 3)
    for match in lines {
      #expect(match.0.count == 24 && match.0.hasPrefix("▁") && match.0.contains("▇"))
    }
    #expect(screen.text.contains("OD 6148 to 7258 eV"))
    // The grains rise most at Fe K, the altered layer at Nd L3.
    #expect(lines[0].0.hasSuffix("▇▇▇") && !lines[1].0.hasSuffix("▇"))
  }
}
