import Foundation
import Testing
import TestSupport

/// Every command of docs/tutorial.md, run in one shell in the order of the page; what it prints stands there.
///
/// `LODESTONE_WRITE_DOCS=1 Scripts/test.sh --filter DocumentTests` writes what is printed, and the pictures, anew: then read the
/// difference, and the words around it.
@Suite struct TutorialDocumentTests {
  @Test func thePageSaysWhatComesOut() throws {
    let file = ReferencePage.folder.appendingPathComponent("tutorial.md")
    var page = try TutorialPage(String(contentsOf: file, encoding: .utf8))
    let program = try Program()
    let outputs = try run(page.commands, program)
    #expect(outputs.count == page.steps.count, "\(outputs.last ?? "")")
    guard outputs.count == page.steps.count else { return }
    if ReferencePage.isWritten {
      page.write(outputs)
      try Data(page.text.utf8).write(to: file)
      for name in ["clusters.svg", "spectra.svg"] {
        try program.bytes(name).write(
          to: ReferencePage.folder.appendingPathComponent("pictures/tutorial-\(name)"))
      }
    }
    for (step, output) in zip(page.steps, outputs) {
      let (printed, stands) = (lines(output), lines(step.output))
      let same = zip(printed, stands).prefix { Masked($0).agrees(with: Masked($1)) }.count
      #expect(
        same == printed.count && same == stands.count,
        """
        docs/tutorial.md, behind "\(step.commands)", line \(same + 1): \
        "\(same < stands.count ? stands[same] : "(end)")", \
        but "\(same < printed.count ? printed[same] : "(end)")" is printed
        """)
    }
    #expect(page.steps.count >= 14)
    // What the text shows and names was made.
    for name in [
      "clusters.svg", "spectra.svg", "clusters.tif", "spectra.csv", "comparison.html",
      "figure-1.html",
    ] {
      #expect(try program.bytes(name).count > 1000)
    }
  }

  private func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// What each step prints, on both streams; fewer where one of them failed: the last is then of that one.
  private func run(_ commands: [String], _ program: Program) throws -> [String] {
    let mark = "-- end of a step --"
    let script =
      "set -e\nexec 2>&1\ncd \(program.folder.path)\n"
      + commands.map { "\($0)\necho '\(mark)'\n" }.joined()
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-c", script]
    let folder = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    var environment = ProcessInfo.processInfo.environment
    for name in ["LODESTONE_CATALOG", "LODESTONE_QUERIES", "COLUMNS", "CLICOLOR_FORCE"] {
      environment[name] = nil
    }
    environment["PATH"] = folder + ":" + (environment["PATH"] ?? "")
    environment["LC_ALL"] = "C"
    environment["HOME"] = program.folder.path
    environment["LODESTONE_CACHE"] = program.folder.file("cache")
    shell.environment = environment
    let pipe = Pipe()
    shell.standardOutput = pipe
    shell.standardInput = FileHandle.nullDevice
    try shell.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    // The line under a column of paths, too, is as long as they are on the page.
    let parts = output.replacing(program.folder.path, with: "/home/you/tutorial")
      .replacing(/-{65,}\n/, with: String(repeating: "-", count: 36) + "\n")
      .components(separatedBy: mark + "\n")
    return parts.last == "" ? parts.dropLast() : parts
  }
}

/// The page's blocks of commands, each with the block of what it prints.
private struct TutorialPage {
  struct Step {
    let commands: String
    var output: String
  }

  private(set) var steps: [Step] = []
  /// The page but for what is printed: one piece more than there are blocks of that.
  private var pieces: [String] = []
  /// The steps that have such a block.
  private var printing: [Int] = []

  var commands: [String] { steps.map(\.commands) }

  var text: String {
    var text = pieces[0]
    for (step, piece) in zip(printing, pieces.dropFirst()) { text += steps[step].output + piece }
    return text
  }

  init(_ page: String) throws {
    var piece = ""
    var block: (language: Substring, lines: [Substring])?
    for line in page.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      guard let open = block else {
        piece += line + "\n"
        guard line.hasPrefix("```") else { continue }
        block = (line.dropFirst(3), [])
        if block?.language == "text" {
          pieces.append(piece)
          piece = ""
        }
        continue
      }
      if line == "```" {
        let body = open.lines.map { $0 + "\n" }.joined()
        switch open.language {
        case "sh": steps.append(Step(commands: open.lines.joined(separator: "\n"), output: ""))
        case "text":
          try #require(!steps.isEmpty && printing.last != steps.count - 1, "\(body)")
          printing.append(steps.count - 1)
          steps[steps.count - 1].output = body
        // How the program is built: the tests run what is built.
        default: #expect(open.language == "console", "\(open.language)")
        }
        block = nil
        piece += open.language == "text" ? "```\n" : body + "```\n"
      } else {
        block?.lines.append(line)
      }
    }
    #expect(block == nil)
    pieces.append(piece)
    #expect(text == page)
  }

  mutating func write(_ outputs: [String]) {
    for step in printing { steps[step].output = outputs[step] }
  }
}

/// A line without what differs from one time, machine or version to the next: ids, times, seconds, versions, and how wide a column is.
private struct Masked {
  private let words: [Substring]
  private let numbers: [Substring]

  init(_ line: some StringProtocol) {
    // A word as programs know it, not as people do: "M1,213c" is two.
    let id = /\b[0-9a-f]{12}([0-9a-f]{52})?\b/.wordBoundaryKind(.simple)
    let seconds = /\b\d+(\.\d+)? s\b/.wordBoundaryKind(.simple)
    let plain = String(line).replacing(id, with: "ID").replacing(seconds, with: "SECONDS")
      .replacing(/\d{4}-\d\d-\d\dT[\d:.]+Z/, with: "TIME")
      .replacing(/(?i)(lodestone.)\d+\.\d+\.\d+/) { "\($0.1)VERSION" }
      .replacing(/--+/, with: "-").replacing(/\s+/, with: " ")
    let number = /-?\d+(?:\.\d+)?(?:e-?\d+)?/
    words = plain.split(separator: number, omittingEmptySubsequences: false).map { $0 }
    numbers = plain.matches(of: number).map { plain[$0.range] }
  }

  /// Whether the words and the whole numbers are the same, and the others to one in the last digit that is shown, or to six digits:
  /// another kind of processor may round the other way.
  func agrees(with other: Masked) -> Bool {
    guard words == other.words, numbers.count == other.numbers.count else { return false }
    return zip(numbers, other.numbers).allSatisfy { mine, theirs in
      if mine == theirs { return true }
      guard let a = Double(mine), let b = Double(theirs) else { return false }
      // A last digit that is 0 is not shown.
      let digits = max(decimals(mine), decimals(theirs))
      return digits > 0 && abs(a - b) <= max(1.01 * pow(10, -Double(digits)), 1e-6 * abs(b))
    }
  }

  private func decimals(_ number: Substring) -> Int {
    guard !number.contains("e"), let point = number.firstIndex(of: ".") else {
      return number.contains("e") ? 300 : 0
    }
    return number.distance(from: point, to: number.endIndex) - 1
  }
}
