import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog

struct AffectedCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "affected",
    abstract: "Find every run that a bad file, version, parameter or reference spectrum touched.",
    discussion: """
      Failed and retracted runs are among them, and marked. Of several options, and of one that is repeated, all must \
      be true of a run. Nothing is changed: lodestone retract does that. Exit code 66 where the catalog does not know the file, \
      version, parameter or spectrum at all.
      """)

  static let examples = [
    "lodestone affected --file /data/2026/flat.tif",
    "lodestone affected --version register=3 --parameter register.scale=none --format csv",
    #"lodestone affected --file flat.tif --ids | lodestone retract - --reason "bad flat""#,
  ]

  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var format: FormatOptions

  @Option(
    help: ArgumentHelp(
      "A file in which scans were seen (frames, reference, dark, energies): a path, also of a folder, or the first "
        + "digits of its SHA-256. A file that is there is also found where its content was seen under other names.",
      valueName: "file"), completion: .file())
  var file: [String] = []

  @Option(
    help: ArgumentHelp(
      "The program that made the result: its version, the first digits of its build_sha256, or STAGE=N.",
      valueName: "version"))
  var version: [String] = []

  @Option(
    help: ArgumentHelp(
      "A parameter as it was asked, given or by default: numbers are compared as numbers.",
      valueName: "name=value"), completion: Completions.parameter)
  var parameter: [String] = []

  @Option(
    help: ArgumentHelp(
      "A reference spectrum that was fitted: its name, the first digits of its id, or its file (file:column).",
      valueName: "spectrum"), completion: .file())
  var reference: [String] = []

  @Flag(help: "Write only the runs' ids, one a line.")
  var ids = false

  func validate() throws {
    if [file, version, parameter, reference].allSatisfy(\.isEmpty) {
      throw ValidationError("say what is bad: --file, --version, --parameter or --reference")
    }
    for (name, values) in options where values.contains("") {
      throw ValidationError("--\(name) is empty")
    }
    if ids, format.json || format.format != .table {
      throw ValidationError("--ids is a format of its own: without --format and --json")
    }
    _ = try version.map(Self.version)
    _ = try parameter.map(Self.parameter)
  }

  private var options: [(String, [String])] {
    [("file", file), ("version", version), ("parameter", parameter), ("reference", reference)]
  }

  func run() throws {
    let inputs =
      file.map(Self.file) + (try version.map(Self.version)) + (try parameter.map(Self.parameter))
      + (try reference.map(Self.reference))
    let affected = try catalog.open(.read).affected(by: inputs)
    for remark in affected.remarks { Output.remark(remark) }
    write(affected)
    Output.remark(affected.summary)
  }

  private func write(_ affected: AffectedRuns) {
    if ids {
      for row in affected.runs.rows { Output.line(row[0].text) }
      return
    }
    guard format.chosen == .json else {
      Output.table(affected.runs, as: format.chosen, verb: "affected")
      return
    }
    func array(_ texts: [String]) -> JSONText { .array(texts.map { .string($0) }) }
    Output.line(
      JSONText.object([
        ("schema", .string("lodestone.affected/1")),
        ("of", .object(options.filter { !$1.isEmpty }.map { ($0, array($1)) })),
        ("runs", JSONText(affected.runs)), ("samples", array(affected.samples)),
        ("tags", array(affected.tags)), ("notes", JSONText(affected.notes)),
        ("phases", array(affected.phases)),
      ]).text)
  }

  // MARK: Inputs

  private static func file(_ text: String) -> RunInput {
    .file(
      text, absolutePath: absolutePath(text), sha256: ContentDigest.ofFile(text)?.sha256)
  }

  private static func version(_ text: String) throws -> RunInput {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 1 { return .version(text) }
    guard !parts[0].isEmpty, let version = Int(parts[1]), version > 0 else {
      throw ValidationError("--version \(text): write STAGE=N, as register=3")
    }
    return .stage(String(parts[0]), version: version)
  }

  private static func parameter(_ text: String) throws -> RunInput {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw ValidationError("--parameter \(text): write NAME=VALUE")
    }
    return .parameter(String(parts[0]), value: String(parts[1]))
  }

  private static func reference(_ text: String) throws -> RunInput {
    func isFile(_ path: Substring) -> Bool {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: String(path), isDirectory: &isFolder)
        && !isFolder.boolValue
    }
    let isThere = isFile(text[...]) || text.lastIndex(of: ":").map { isFile(text[..<$0]) } ?? false
    let spectrum = isThere ? try ReferenceSpectrum(file: text, of: "--reference \(text)") : nil
    return .reference(text, spectrumID: spectrum?.id)
  }
}

extension AffectedRuns {
  /// The samples that the runs are of, by name.
  fileprivate var samples: [String] {
    Set(runs.rows.map { $0[1] }.filter { $0 != .null }.map(\.text)).sorted()
  }

  /// The tags of the runs: a tag has no space in it.
  fileprivate var tags: [String] {
    runs.rows.indices.flatMap { runs.value("tags", row: $0).text.split(separator: " ") }
      .map(String.init).sorted()
  }

  /// How much was touched, on one line.
  fileprivate var summary: String {
    if runs.rows.isEmpty { return "nothing is affected" }
    func count(_ count: Int, _ what: String) -> String {
      "\(count) \(what)\(count == 1 ? "" : "s")"
    }
    func named(_ names: [String], _ what: String) -> String {
      count(names.count, what) + (names.isEmpty ? "" : " (\(names.joined(separator: ", ").shown))")
    }
    let results = runs.rows.indices.count { runs.value("result_id", row: $0) != .null }
    let retracted = runs.rows.indices.count { runs.value("retracted", row: $0) == .integer(1) }
    return [
      count(runs.rows.count, "run") + (retracted > 0 ? " (\(retracted) retracted already)" : ""),
      count(results, "result"), named(samples, "sample"), named(tags, "tag"),
      count(notes.rows.count, "note"),
    ].joined(separator: ", ") + (phases.isEmpty ? "" : ", \(named(phases, "phase"))")
  }
}
