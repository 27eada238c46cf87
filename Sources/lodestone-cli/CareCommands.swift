import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

struct VerifyCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compute a run again from its files, and compare.",
    discussion: """
      The files are looked for where they were seen; SCAN says where they lie now. The outcome is kept \
      as an execution of the run, and is one of: identical (every label and number, to the last bit), \
      same labels (numbers within 0.001 of the largest in their column), within tolerance (also up \
      to 0.001 of the analysed pixels with another label), different (exit code 1).
      """)

  static let examples = [
    "lodestone verify @last",
    "lodestone verify tag:paper-fig-3 /archive/2026/scan.tif --json",
    "lodestone query reproducibility",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("A run's id, @last (the newest run), or tag:NAME.", valueName: "run"),
    completion: Completions.run)
  var name: String

  @Argument(help: "Where the scan lies now.", completion: .file())
  var scan: String?

  @Option(help: "Where its list of energies lies now.", completion: .file())
  var energies: [String] = []

  @Option(help: "Where its references lie now.", completion: .file())
  var reference: [String] = []

  @Option(help: "Where its dark frames lie now.", completion: .file())
  var dark: [String] = []

  @OptionGroup var use: ResourceOptions

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let catalog = try catalog.open(.write)
    let run = try catalog.resolveRun(name)
    let verify = Verify(
      catalog: catalog, resources: use.resources,
      command: CommandLine.arguments.map(shellQuoted).joined(separator: " "),
      progress: Output.progress)
    defer { Output.progress("") }
    let outcome = try verify.run(run, at: scan) { request in
      if let signal = request.signal, signal != .counts, !(reference.isEmpty && dark.isEmpty) {
        throw Failure(
          "the run's scan is of \(signal.rawValue): it takes no --reference and no --dark",
          exitCode: 64)
      }
      if !energies.isEmpty { request.energiesPaths = energies }
      if !reference.isEmpty { request.references = reference }
      if !dark.isEmpty { request.darkPaths = dark }
    }
    Output.progress("")
    write(outcome, run)
    if outcome.verification.grade == .different { throw ExitCode(1) }
  }

  private func write(_ outcome: Verify.Outcome, _ run: String) {
    let verification = outcome.verification
    if json {
      Output.line(
        JSONText.object([
          ("schema", .string("lodestone.verify/1")), ("run", .string(run)),
          ("grade", .string(verification.grade.rawValue)),
          ("stored_result", .string(outcome.storedResult)),
          ("computed_result", .string(outcome.computedResult)),
          ("changed_pixels", .integer(verification.changedPixels)),
          ("largest_difference", .number(verification.largestDifference)),
          (
            "largest_difference_in",
            verification.largestDifferenceIn.map { .string($0) } ?? .null
          ),
          ("path", .string(outcome.path)),
          ("seconds", .object(outcome.stages.map { ($0.name, .number($0.seconds)) })),
        ]).text)
      return
    }
    var text = "\(verification.grade.rawValue): run \(run.prefix(12)) from \(outcome.path)\n"
    if let place = verification.largestDifferenceIn {
      text +=
        "largest difference \(TextTable.short(verification.largestDifference)) of the "
        + "largest number, in \(place); \(verification.changedPixels) pixels have another label\n"
    }
    Output.write(text)
  }
}

struct CheckCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check that a catalog is whole.",
    discussion: """
      Without an option: SQLite's full check of the file, the links between rows, tables, views and \
      triggers as shipped, and the graph of what people said. Reads only. The exit code is 1 where \
      something is found.
      """)

  static let examples = [
    "lodestone check",
    "lodestone check --quick",
    "lodestone check magnets.lode --deep",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(help: "The catalog, as by --catalog.", completion: .file(extensions: ["lode"]))
  var file: String?

  @Flag(help: "Only the file's structure and the links between rows.")
  var quick = false

  @Flag(
    help: """
      Also every identity and stored value against what was written, every map, and the source files \
      where they are in reach.
      """)
  var deep = false

  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    if quick && deep { throw ValidationError("--quick or --deep, not both") }
  }

  func run() throws {
    let depth: Catalog.CheckDepth = quick ? .quick : deep ? .deep : .normal
    let catalog = try catalog.naming(file).open(.read)
    let outcome = try CatalogCheck(catalog: catalog, progress: Output.progress).run(depth)
    Output.progress("")
    let isWhole = outcome.findings.isEmpty
    if json {
      Output.line(
        JSONText.object([
          ("schema", .string("lodestone.check/1")), ("catalog", .string(catalog.path)),
          ("depth", .string(depth.rawValue)), ("whole", .bool(isWhole)),
          ("findings", .array(outcome.findings.map { .string($0) })),
          ("remarks", .array(outcome.remarks.map { .string($0) })),
          ("counts", .object(outcome.counts.map { ($0.name, .integer($0.count)) })),
        ]).text)
    } else {
      for finding in outcome.findings { Output.line("\(catalog.path): \(finding)") }
      for remark in outcome.remarks { Output.remark(remark) }
      func count(_ number: Int, _ name: String) -> String {
        "\(number) \(name)\(number == 1 ? "" : "s")"
      }
      let counts = outcome.counts.map { count($0.count, $0.name) }.joined(separator: ", ")
      let what = isWhole ? "whole" : "NOT WHOLE: \(count(outcome.findings.count, "finding"))"
      Output.line(
        "\(catalog.path): \(what) (\(depth.rawValue) check\(counts.isEmpty ? "" : ": \(counts)"))")
    }
    if !isWhole { throw ExitCode(1) }
  }
}

struct MigrateCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring an older catalog's schema up to date.",
    discussion: """
      A backup is made beside it first, and checked. Each step is one transaction: killed at any \
      point, the command can be repeated. No other command changes a schema.
      """)

  static let examples = [
    "lodestone migrate",
    "lodestone migrate --catalog magnets.lode",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(help: "The catalog, as by --catalog.", completion: .file(extensions: ["lode"]))
  var file: String?

  func run() throws {
    let path = try catalog.naming(file).path()
    let outcome = try Catalog.migrate(path, allowsNetwork: catalog.allowsNetwork)
    guard let backup = outcome.backupPath else {
      Output.remark("\(path): its schema is version \(outcome.to) already")
      return
    }
    Output.remark("backup: \(backup)")
    Output.remark("\(path): its schema was version \(outcome.from) and is version \(outcome.to)")
  }
}
