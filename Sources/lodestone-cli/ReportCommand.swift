import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

struct ReportCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a run, a sample or a comparison as a page of HTML.",
    discussion: """
      SUBJECT is a run (a prefix of its id, @last, tag:NAME) or a sample. Of one run the page shows its map beside the optical \
      density, spectra, tables, depth, drift and quality, parameters and provenance; of one sample all its runs that count; of \
      several samples or runs, or with --all, what lodestone compare says of them. Where a sample is called like a run's id, \
      sample:NAME is the sample.

      The page is one file that loads nothing from elsewhere, and holds only what the catalog says: of the same catalog this \
      program makes the same page, to the byte. It is shown by any browser, with or without scripts, and prints.
      """)

  static let examples = [
    "lodestone report @last -o run.html",
    "lodestone report M1 -o M1.html",
    "lodestone report M1 M2 M3 --surface-depth 0.3 -o comparison.html",
    "lodestone report --all -o all.html",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("Runs, or samples.", valueName: "subject"),
    completion: Completions.subject)
  var subjects: [String] = []

  @Option(
    name: .shortAndLong, help: "The file to write; - is standard output.",
    completion: .file(extensions: ["html"]))
  var output: String

  @Flag(help: "Compare all samples.")
  var all = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What counts as surface, um (default: 0.5); of samples and comparisons.", valueName: "um"))
  var surfaceDepth: Double?

  @Option(
    help: ArgumentHelp(
      "The parameter set whose runs count, by its id; of samples and comparisons.",
      valueName: "id"))
  var parameters: String?

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output needs a name") }
    if subjects.isEmpty && !all { throw ValidationError("name runs or samples, or --all") }
    if all && !subjects.isEmpty {
      throw ValidationError("--all compares all samples: name none beside it")
    }
    if let surfaceDepth, !(surfaceDepth > 0 && surfaceDepth.isFinite) {
      throw ValidationError("--surface-depth takes a depth above 0, um")
    }
  }

  func run() throws {
    let catalog = try catalog.open(.read)
    var request = Report.Request(subjects: subjects)
    if let surfaceDepth { request.surfaceDepthUM = surfaceDepth }
    request.parameters = try parameters.map { try catalog.resolveParameters($0) }
    let page = try Report(catalog).page(request)
    if page.isOfRun, surfaceDepth != nil || parameters != nil {
      throw Failure(
        "--surface-depth and --parameters are of samples and comparisons: \(subjects[0]) is a run",
        exitCode: 64)
    }
    try OutputFile.write(Array(page.html.utf8), to: output, protecting: [catalog.path])
  }
}
