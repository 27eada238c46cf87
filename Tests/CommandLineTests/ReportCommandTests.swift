import Foundation
import StackIO
import Testing
import TestSupport

/// `lodestone report`: its answers, and its pages in a real browser.
@Suite("Report command") struct ReportCommandTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func isThere(_ program: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
  }

  /// Three samples, of which one has a run that is retracted; phases; a note that would act if it could.
  private func catalog() throws -> Program {
    let program = try Program()
    try program.run("init", "magnets.lode")
    let ingest = try program.smallExample()
    #expect(try program.run(ingest).code == 0)
    for (number, size) in [("2", "64"), ("3", "72")] {
      try program.run(
        "example", "ex\(number)", "--height", size, "--width", "80", "--energies", "24")
      let other = ingest.map {
        $0.replacing("ex/", with: "ex\(number)/").replacing("M1", with: "M\(number)")
      }
      #expect(try program.run(other).code == 0)
    }
    for phase in [
      ["Nd2Fe14B", "--where", "nd_fraction=0.05..0.3"],
      ["Nd-rich", "--where", "nd_fraction=0.3..1"],
    ] {
      #expect(try program.run(["phase", "define"] + phase).code == 0)
    }
    let hostile = "</script><script>window.isHostile = 1</script><b onclick=alert(1)>"
    #expect(try program.run("note", "@last", hostile).code == 0)
    #expect(try program.run("tag", "@last", "fig-1").code == 0)
    return program
  }

  @Test(
    "Runs, samples and comparisons are told apart; what cannot be shown is an error of one line")
  func answers() throws {
    let program = try catalog()
    for (arguments, title) in [
      (["@last"], "<title>M3, run "), (["tag:fig-1"], "<title>M3, run "),
      (["M1"], "<title>Sample M1</title>"), (["sample:M1"], "<title>Sample M1</title>"),
      (["M1", "M2"], "<title>Comparison of M1 and M2</title>"),
      (["--all", "--surface-depth", "0.2"], "<title>Comparison of M1, M2 and M3</title>"),
    ] {
      let outcome = try program.run(["report"] + arguments + ["-o", "page.html"])
      #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome.errors)")
      let text = String(decoding: try program.bytes("page.html"), as: UTF8.self)
      #expect(text.contains(title), "\(arguments)")
      let again = try program.run(["report"] + arguments + ["-o", "-"])
      #expect(again.output == text, "\(arguments)")
    }
    for (arguments, code) in [
      (["report", "-o", "x.html"], 64), (["report", "@last"], 64),
      (["report", "M1", "--all", "-o", "x.html"], 64),
      (["report", "@last", "--surface-depth", "1", "-o", "x.html"], 64),
      (["report", "M1", "--surface-depth", "-1", "-o", "x.html"], 64),
      (["report", "M9", "-o", "x.html"], 66), (["report", "fffff", "-o", "x.html"], 66),
      (["report", "@last", "-o", "magnets.lode"], 65),
      (["report", "@last", "-o", "no/x.html"], 74),
      (["report", "M1", "--parameters", "abcd", "-o", "x.html"], 66),
    ] as [([String], Int32)] {
      let outcome = try program.run(arguments)
      #expect(outcome.code == code, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: program.folder.file("x.html")))
  }

  @Test("Plots are written as SVG and PNG; where there is nothing to draw, the reason is said")
  func plots() throws {
    let program = try catalog()
    for kind in ["spectra", "depth-profile", "radius"] {
      let outcome = try program.run(
        "export", "@last", "--plot", kind, "p.svg", "--plot", kind, "p.png")
      #expect(outcome.code == 0, "\(outcome.errors)")
      _ = try MarkupTree.parse(String(decoding: try program.bytes("p.svg"), as: UTF8.self))
      #expect(try program.bytes("p.png").prefix(4).elementsEqual([0x89, 0x50, 0x4E, 0x47]))
    }
    // A field that the sample fills has no depth.
    let other = try Program()
    try other.run("init", "t.lode")
    let energies = (0..<30).map { 7052 + 7 * Double($0) }
    var random = TestRandom(seed: 3)
    let pages = energies.map { energy in
      TIFFWriter.Page(
        height: 48, width: 48,
        samples: .float32(
          (0..<48 * 48).map { _ in
            Float(energy < 7112 ? 0.4 : 0.9) + Float.random(in: -0.05..<0.05, using: &random)
          }))
    }
    _ = try other.folder.write(try TIFFWriter.encode(pages), to: "full.tif")
    _ = try other.folder.write(energies.map { "\($0)\n" }.joined(), to: "energies.txt")
    let ingest = try other.run(
      "ingest", "full.tif", "--energies", "energies.txt", "--signal", "od", "--recipe", "edge",
      "--pixel-size", "0.03", "--sample", "M1")
    #expect(ingest.code == 0, "\(ingest.errors)")
    let outcome = try other.run("export", "@last", "--plot", "depth-profile", "d.svg")
    #expect(outcome.code == 1 && outcome.errors.contains("has no depth"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: other.folder.file("d.svg")))
    let page = try other.run("report", "@last", "-o", "-")
    #expect(page.code == 0)
    let headings = try MarkupTree.parse(page.output).find("h2").map(\.text)
    #expect(headings.contains("Spectra") && !headings.contains("Depth"))
  }

  @Test(
    "In Chromium: no error, no request, everything works with mouse and keyboard, fits, and can be read",
    .enabled(
      if: isThere("chromium") && isThere("python3"),
      "SKIPPED: no chromium, or no python3: pages are not opened in a browser"))
  func browser() throws {
    let program = try catalog()
    for (name, subjects) in [
      ("run", ["@last"]), ("sample", ["M1"]), ("comparison", ["--all", "--surface-depth", "0.2"]),
    ] {
      #expect(try program.run(["report"] + subjects + ["-o", "\(name).html"]).code == 0)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [
        "python3", Self.root.appendingPathComponent("Tests/Python/drive_page.py").path,
        program.folder.file("\(name).html"),
      ]
      let pipe = Pipe()
      process.standardOutput = pipe
      process.standardError = pipe
      try process.run()
      let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && said.hasSuffix("0 failures\n"), "\(name): \(said)")
    }
  }
}
