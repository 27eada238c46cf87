import Foundation
import Testing
import TestSupport

/// The completion scripts, run by the shells that they are for.
@Suite struct CompletionTests {
  private let program: Program

  private static func shell(_ name: String) -> String? {
    ["/usr/bin/", "/bin/", "/usr/local/bin/"].map { $0 + name }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// A catalog with a run that has a tag, and the scripts.
  init() throws {
    program = try Program()
    try program.run("init", "m.lode")
    #expect(try program.run(try program.smallExample()).code == 0)
    #expect(try program.run("tag", "@last", "paper-fig-3").code == 0)
    #expect(try program.run("tag", "@last", "first").code == 0)
    try program.run("phase", "define", "Nd-rich", "--where", "nd_fraction>=0.3")
    try program.run("phase", "define", "two words", "--where", "nd_fraction<=0.1")
    _ = try program.folder.write("", to: "mine.toml")
    for shell in ["bash", "zsh", "fish"] {
      let script = try program.run("--generate-completion-script", shell)
      #expect(script.code == 0 && script.output.count > 10_000)
      _ = try program.folder.write(script.output, to: "script." + shell)
    }
  }

  /// Runs a shell's script in the folder, with the program in the path.
  private func run(_ shell: String, _ arguments: [String], _ script: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments = ["60", shell] + arguments + [script]
    process.currentDirectoryURL = URL(fileURLWithPath: program.folder.path)
    let path = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    process.environment = [
      "PATH": path + ":/usr/bin:/bin", "HOME": program.folder.path, "TERM": "dumb",
      "LC_ALL": "C.UTF-8",
    ]
    let output = program.folder.file("output")
    let errors = program.folder.file("errors")
    for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    process.waitUntilExit()
    let said = try String(contentsOfFile: errors, encoding: .utf8)
    #expect(said.isEmpty, "\(said)")
    return try String(contentsOfFile: output, encoding: .utf8)
  }

  // MARK: bash

  /// What bash offers for words, the last of which is being typed; a word that bash parts is given in its parts.
  private func bash(_ line: String, _ words: [String], typed: String? = nil) throws -> [String] {
    let shell = try #require(Self.shell("bash"))
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    return try run(
      shell, ["--norc", "--noprofile", "-c"],
      """
      source script.bash
      [[ "$(complete -p lodestone)" =~ -F\\ ([^ ]+) ]] && name="${BASH_REMATCH[1]}"
      COMP_LINE='\(line)' COMP_POINT=${#COMP_LINE}
      COMP_WORDS=(\(quoted)) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
      "${name}" lodestone '\(typed ?? words.last ?? "")' "${COMP_WORDS[COMP_CWORD - 1]}"
      for answer in "${COMPREPLY[@]}"; do printf '%s\\n' "${answer}"; done
      """
    ).split(separator: "\n").map(String.init)
  }

  private func bash(_ words: String...) throws -> [String] {
    let words = ["lodestone"] + words
    return try bash(words.joined(separator: " "), words)
  }

  @Test func bashOffersCommandsAndOptions() throws {
    #expect(try bash("ver") == ["verify"])
    #expect(try bash("phase", "s") == ["suggest", "show"])
    #expect(try bash("list", "ru") == ["runs"])
    let options = try bash("ingest", "--")
    #expect(Set(["--energies", "--recipe", "--dry-run", "--sample"]).isSubset(of: Set(options)))
    #expect(try bash("list", "runs", "--format", "n") == ["ndjson"])
    #expect(try bash("check", "m") == ["m.lode"])
  }

  @Test func bashOffersNames() throws {
    let run = try #require(
      (try program.run("list", "runs", "--json").json["rows"] as? [[String: Any]])?.first?["run_id"]
        as? String)
    #expect(try bash("show", "") == ["@last", "tag:first", "tag:paper-fig-3"])
    #expect(try bash("show", "@") == ["@last"])
    #expect(try bash("verify", String(run.prefix(2))) == [String(run.prefix(12))])
    #expect(try bash("query", "surface") == ["surface-vs-bulk"])
    #expect(try bash("query", "surface-vs-bulk", "--param", "") == ["surface_depth_um="])
    #expect(try bash("ingest", "x.tif", "--set", "dbscan.radius_") == ["dbscan.radius_factor="])
    #expect(try bash("ingest", "x.tif", "--sample", "") == ["M1"])
    #expect(try bash("ingest", "x.tif", "--recipe", "b") == ["battery"])
    #expect(try bash("recipe", "show", "m") == ["mine.toml"])
    // What a shell would part is quoted.
    #expect(try bash("compare", "--phase", "") == ["Nd-rich", "two\\ words"])
  }

  /// Bash begins a new word behind a colon and an equals sign: only what follows is offered.
  @Test func bashPartsWords() throws {
    #expect(
      try bash("lodestone show tag:pa", ["lodestone", "show", "tag", ":", "pa"])
        == ["paper-fig-3"])
    #expect(
      try bash("lodestone show tag:", ["lodestone", "show", "tag", ":"], typed: "")
        == ["first", "paper-fig-3"])
    #expect(
      try bash(
        "lodestone show --catalog=m.lode tag:f",
        ["lodestone", "show", "--catalog", "=", "m.lode", "tag", ":", "f"]) == ["first"])
    // The words are of the line, and not of what it says of others.
    #expect(
      try bash("lodestone show  tag : x", ["lodestone", "show", "tag", ":", "x"]).isEmpty)
  }

  /// Nothing is offered, and nothing said, where there is no answer at once.
  @Test func silentWhereItFails() throws {
    #expect(try bash("show", "--catalog", "none.lode", "t").isEmpty)
    _ = try program.folder.write("junk", to: "junk.lode")
    #expect(try bash("show", "--catalog", "junk.lode", "tag").isEmpty)
    // Two catalogs in the folder now.
    #expect(try bash("phase", "show", "").isEmpty)
    for arguments in [
      ["---completion"], ["---completion", "show"], ["---completion", "nothing", "--", "x"],
      ["---completion", "show", "--", "positional@9", "2", "0", "lodestone", "show", ""],
    ] {
      let outcome = try program.run(arguments)
      #expect(outcome.output.isEmpty && outcome.errors.isEmpty, "\(arguments)")
    }
    // What is typed is no question for help, and no mistake.
    let asked = try program.run(
      "---completion", "show", "--", "positional@0", "3", "0", "lodestone", "show", "--help", "")
    #expect(asked.output.hasPrefix("@last\n"))
    let mistaken = try program.run(
      "---completion", "show", "--", "positional@0", "3", "0", "lodestone", "show", "-shifted", "")
    #expect(mistaken.code == 0 && mistaken.output.hasPrefix("@last\n"))
  }

  // MARK: zsh and fish

  /// zsh itself, in a terminal of its own: a line is typed, and Tab.
  @Test(.enabled(if: shell("zsh") != nil, "no zsh: its completions are skipped"))
  func zsh() throws {
    let shell = try #require(Self.shell("zsh"))
    func typed(_ line: String, _ expected: String) throws -> String {
      try run(
        shell, ["-f", "-c"],
        """
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell 'PS1=; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D'
        zpty -w shell 'source ./script.zsh; print rea''dy'
        zpty -r -m shell seen '*ready*'
        zpty -w -n shell $'\(line)\\t'
        zpty -r -m shell seen '*\(expected)*'
        print -r -- "${seen}"
        zpty -d shell
        """)
    }
    for (line, expected) in [
      ("lodestone query surface-", "surface-vs-bulk"), ("lodestone show @", "@last"),
      ("lodestone show tag:pa", "tag:paper-fig-3"), ("lodestone recipe sh", "recipe show"),
      ("lodestone ingest x --set dbscan.radius_", "dbscan.radius_factor="),
      ("lodestone phase show Nd", "Nd-rich"), ("lodestone ingest --dry", "--dry-run"),
    ] {
      #expect(try typed(line, expected).contains(expected), "\(line)")
    }
  }

  @Test(.enabled(if: shell("fish") != nil, "no fish: its completions are skipped"))
  func fish() throws {
    let shell = try #require(Self.shell("fish"))
    // The script asks fish for the words of its command line, which stands in for here: without a terminal there is none.
    func offered(_ line: String) throws -> [String] {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      let (before, last) = (words.dropLast().joined(separator: " "), words.last ?? "")
      return try run(
        shell, ["--no-config", "-c"],
        """
        function commandline
            switch "$argv[-1]"
            case -p
                printf '%s\\n' \(before) \(last)
            case -pc
                printf '%s\\n' \(before)
            case -t
                printf '%s\\n' '\(last)'
            case -tC
                echo \(last.count)
            end
        end
        source script.fish
        complete -C '\(line)'
        """
      ).split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }
    #expect(try offered("lodestone show ") == ["@last", "tag:first", "tag:paper-fig-3"])
    #expect(try offered("lodestone show tag:pa") == ["tag:paper-fig-3"])
    #expect(try offered("lodestone query surface-").contains("surface-vs-bulk"))
    #expect(try offered("lodestone ver") == ["verify"])
    #expect(try offered("lodestone ingest --dry") == ["--dry-run"])
    #expect(try offered("lodestone ingest --recipe b") == ["battery"])
    #expect(
      try offered("lodestone ingest x --set dbscan.radius_f") == ["dbscan.radius_factor="])
  }
}
