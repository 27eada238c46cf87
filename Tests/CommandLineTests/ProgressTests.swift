import Foundation
import Lodestone
import Testing
import TestSupport

/// The line that tells how far an ingest has come.
@Suite(.enabled(if: Program.script != nil, "no script of util-linux: terminals are skipped"))
struct ProgressTests {
  private let program: Program
  private let ingest: [String]

  init() throws {
    program = try Program()
    try program.run("init", "m.lode")
    #expect(try program.run("example", "ex", "--height", "400", "--width", "400").code == 0)
    ingest = [
      "ingest", "ex/scan.tif", "--energies", "ex/energies.txt", "--reference", "ex/references.tif",
      "--dark", "ex/dark.tif", "--pixel-size", "0.028", "--sample", "M1",
    ]
  }

  /// What was drawn, apart from what was written for good.
  private func drawn(
    _ arguments: [String], columns: Int, environment: [String: String] = [:],
    redirection: String = "> out.txt"
  ) throws -> (lines: [String], raw: String) {
    let (code, screen) = try program.inTerminal(
      arguments, columns: columns, environment: environment, redirection: redirection)
    #expect(code == 0 && screen.strange.isEmpty)
    return (screen.drawnOver, screen.raw)
  }

  @Test func ingestAndVerify() throws {
    for (command, columns) in [(ingest, 100), (["verify", "@last"], 50)] {
      let (lines, raw) = try drawn(command, columns: columns)
      #expect(!lines.isEmpty)
      let words = StageProgress.Stage.allCases.map(\.words)
      for line in lines {
        #expect(line.count < columns, "\(line)")
        #expect(words.contains { line.hasPrefix($0) }, "\(line)")
        #expect(
          line.contains(/: (\d+ of \d+ frames|\d+ %|stage \d+ of 10)/)
            || line.hasPrefix("finding the frames of ex/scan.tif"), "\(line)")
      }
      // Nothing of it stays.
      #expect(raw.hasSuffix("\r\u{1B}[K"))
      #expect(raw.replacing(/\r[^\r]*\x1B\[K/, with: "") == "")
    }
    #expect(
      try String(contentsOfFile: program.folder.file("out.txt"), encoding: .utf8)
        .hasPrefix("identical: "))
  }

  /// What is found does not hang on whether somebody looks on; and what is written for good does not meet the line.
  @Test func theOutcome() throws {
    let (code, screen) = try program.inTerminal(ingest + ["none.tif"], columns: 100)
    #expect(code == 66)
    let first = try #require(screen.texts.firstIndex { $0.hasPrefix("stored: ex/scan.tif, ") })
    #expect(screen.texts[first].contains(/\d s, [\d,]+ spectra\/s$/))
    #expect(screen.texts.contains { $0.hasPrefix("lodestone: none.tif") })
    #expect(screen.texts.contains { $0.contains("▀") })
    #expect(screen.drawnOver.contains { $0.hasPrefix("scan 1 of 2: ") })
    let again = try program.run(ingest)
    #expect(again.output.hasPrefix("unchanged: ex/scan.tif, ") && again.errors.isEmpty)
    #expect(try program.run("verify", "@last").output.hasPrefix("identical: "))
  }

  @Test func onlyWhereItCanBeDrawn() throws {
    #expect(try drawn(ingest, columns: 80, environment: ["TERM": "dumb"]).raw.isEmpty)
    // Colours are another matter.
    #expect(
      !(try drawn(["verify", "@last"], columns: 80, environment: ["NO_COLOR": "1"])).lines.isEmpty)
    let piped = try drawn(["verify", "@last"], columns: 80, redirection: "2> errors.txt")
    #expect(!piped.raw.contains("\u{1B}") && piped.raw.hasPrefix("identical: "))
    #expect(try program.bytes("errors.txt").isEmpty)
  }
}
