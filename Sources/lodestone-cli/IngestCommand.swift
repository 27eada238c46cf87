public import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
public import StackIO

extension SignalKind: ExpressibleByArgument {}
extension Geometry: ExpressibleByArgument {}

struct IngestCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Analyse scans and store what was found.",
    discussion: """
      A SCAN is a multi-page TIFF with a page an energy, or a folder of one TIFF an energy with the \
      energy in each name (7112.0_eV). The same scan with the same parameters is not computed \
      again: it is "unchanged", or "sighted" where it lies in a new place.
      """)

  static let examples = [
    """
    lodestone ingest scan.tif --energies energies.txt --reference references.tif \\
        --dark dark.tif --pixel-size 0.028 --sample M1
    """,
    "lodestone ingest frames/ --reference i0.txt --pixel-size 0.08 --sample plume --json",
    """
    lodestone ingest scan.tif --energies e.txt --reference empty-field --sample M2 \\
        --set dbscan.radius=1.5 --set features.eligible_fraction=1
    """,
  ]

  static var appendix: String {
    "PARAMETERS (--set NAME=VALUE):\n"
      + ParameterDefinition.all.map(\.helpLine).joined(separator: "\n")
  }

  @OptionGroup var catalog: CatalogOptions

  @Argument(help: "Multi-page TIFFs, or folders of one TIFF an energy.", completion: .file())
  var scans: [String]

  @Option(help: "The sample that the scans show.")
  var sample: String

  @Option(name: .customLong("set"), help: "A parameter: NAME=VALUE. May be repeated.")
  var settings: [String] = []

  @Option(
    help: "The energies, one a line, eV or keV, in the order of the frames.", completion: .file())
  var energies: String?

  @Option(
    help: "I0: a TIFF of as many frames or of one, a text spectrum (energy, I0), or empty-field.",
    completion: .file())
  var reference: String?

  @Option(help: "Dark frames, averaged.", completion: .file())
  var dark: String?

  @Option(help: "The exposure of a frame, s.")
  var exposure: Double?

  @Option(help: "The exposure of a reference frame, s.")
  var referenceExposure: Double?

  @Option(help: "What the files hold: counts, transmission or od.")
  var signal: SignalKind = .counts

  @Option(help: "The side of a pixel, um.")
  var pixelSize: Double?

  @Option(help: "A section (depth is below the surface) or a projection (distance to the rim).")
  var geometry: Geometry = .section

  @Flag(help: "Tell, before computing, what differs from the nearest earlier run.")
  var whyNew = false

  @Flag(help: "One JSON object a scan, a line each.")
  var json = false

  func validate() throws {
    for (name, value) in [
      ("--exposure", exposure), ("--reference-exposure", referenceExposure),
      ("--pixel-size", pixelSize),
    ] {
      if let value, !(value > 0 && value.isFinite) {
        throw ValidationError("\(name) \(value): it takes a number above 0")
      }
    }
    if let pixelSize, !(1e-6...1e6).contains(pixelSize) {
      throw ValidationError("--pixel-size \(pixelSize): it takes 1e-6 to 1e6 um")
    }
    if signal != .counts && (reference != nil || dark != nil) {
      throw ValidationError("--signal \(signal.rawValue) takes no --reference and no --dark")
    }
    try SampleName.validate(sample)
  }

  func run() throws {
    let parameters = try ParameterSet(settings: settings)
    let catalog = try catalog.open(.write)
    let ingest = Ingest(
      catalog: catalog, parameters: parameters,
      command: CommandLine.arguments.map(shellQuoted).joined(separator: " "),
      progress: Output.progress)
    var worst: Int32 = 0
    for path in scans {
      do {
        try self.ingest(path, ingest, catalog)
      } catch {
        Output.progress("")
        guard var failure = Failure(error) else { throw error }
        // Of several scans, the one whose sample differs.
        if error is SampleConflict {
          failure = Failure("\(path): \(failure.message)", exitCode: failure.exitCode)
        }
        failure.report()
        if json {
          Output.line(
            JSONText.object([
              ("schema", .string("lodestone.ingest/1")), ("status", .string("failed")),
              ("path", .string(path)), ("error", .string(failure.message)),
              ("exit_code", .integer(Int(failure.exitCode))),
            ]).text)
        }
        worst = max(worst, failure.exitCode)
      }
    }
    if worst != 0 { throw ExitCode(worst) }
  }

  private func ingest(_ path: String, _ ingest: Ingest, _ catalog: Catalog) throws {
    var difference: RunDifference?
    func explain(_ found: RunDifference) {
      difference = found
      Output.progress("")
      if !json { Output.write(found.text) }
    }
    let outcome = try ingest.run(
      request(path), sample: sample, explain: whyNew ? explain : nil)
    Output.progress("")
    try report(outcome, difference, of: path, catalog)
  }

  private func request(_ path: String) -> ScanRequest {
    var request = ScanRequest(path: path)
    request.energiesPath = energies
    request.reference = reference
    request.darkPath = dark
    request.signal = signal
    request.pixelSizeUM = pixelSize
    request.exposure = exposure
    request.referenceExposure = referenceExposure
    request.geometry = geometry
    return request
  }

  private func report(
    _ outcome: Ingest.Outcome, _ difference: RunDifference?, of path: String, _ catalog: Catalog
  ) throws {
    let report = try RunReport(catalog: catalog, run: outcome.runID)
    if json {
      let seconds = outcome.stages.map { ($0.name, JSONText.number($0.seconds)) }
      Output.line(
        JSONText.object(
          [
            ("schema", .string("lodestone.ingest/1")), ("status", .string(outcome.status.rawValue)),
            ("path", .string(path)),
          ] + report.members + (difference.map { [("why_new", $0.json)] } ?? [])
            + [("seconds", .object(seconds))]
        ).text)
      return
    }
    let total = outcome.stages.reduce(0) { $0 + $1.seconds }
    Output.write("\(outcome.status.rawValue): \(path), \(String(format: "%.1f", total)) s\n")
    Output.write(report.heading)
    if outcome.status == .stored { Output.write(report.body) } else { Output.write(report.said) }
  }
}

extension RunDifference {
  /// A line each, for the eye.
  fileprivate var text: String {
    guard let nearestRun else {
      return "new: no stored run has a frame of this scan\n"
    }
    if components.isEmpty {
      return hasResult
        ? "not new: run \(nearestRun.prefix(12)) is stored\n"
        : "known: run \(nearestRun.prefix(12)), but every execution failed: it is computed again\n"
    }
    let lines = components.map { part in
      let name = part.name.isEmpty ? part.component : "\(part.component) \(part.name)"
      return "  \(name): \(part.earlier) -> \(part.now)\n"
    }
    return "new: it differs from the nearest earlier run, \(nearestRun.prefix(12)), in\n"
      + lines.joined()
  }

  fileprivate var json: JSONText {
    let parts = components.map { part in
      JSONText.object([
        ("component", .string(part.component)), ("name", .string(part.name)),
        ("earlier", .string(part.earlier)), ("now", .string(part.now)),
      ])
    }
    return .object([
      ("nearest_run", nearestRun.map { .string($0) } ?? .null), ("has_result", .bool(hasResult)),
      ("differences", .array(parts)),
    ])
  }
}

extension ParameterDefinition {
  /// A line for the help.
  fileprivate var helpLine: String {
    let unit = unit.isEmpty ? "" : " \(unit)"
    return "  \(name) = \(defaultText)\(defaultText == "auto" ? "" : unit)\n      \(meaning)"
  }
}
