import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

struct IngestCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Analyse scans and store what was found.",
    discussion: """
      A SCAN is a multi-page TIFF (BigTIFF, ImageJ, OME-TIFF) with a page an energy, or a folder of TIFFs: \
      one an energy with the energy in each name (7112.0_eV, 7.112keV), SSRL 6-2c's names with \
      references and repeated exposures, or a stack with its references and darks. Several positions \
      or repetitions in one folder are several scans. --dry-run tells what would be read. The same scan with the same parameters \
      is not computed again: it is "unchanged", or "sighted" where it lies in a new place. With other parameters it is computed \
      from where they make a difference, of what earlier ingests have kept (lodestone cache).
      """)

  static let examples = [
    """
    lodestone ingest scan.tif --energies energies.txt --reference references.tif \\
        --dark dark.tif --pixel-size 0.028 --sample M1
    """,
    "lodestone ingest rep01/ --exposure 0.5 --reference-exposure 0.3 --dry-run",
    "lodestone ingest nd_l3/ fe_k/ --join --pixel-size 0.0245 --sample M1",
    "lodestone ingest scan.tif --reference flat.tif --sample M1 --memory 2GB --scratch /scratch",
    "lodestone ingest scan.tif --reference flat.tif --sample M1 --drift shifts.csv",
    """
    lodestone ingest stack.tif --energies e.txt --reference i0.xsp --sample P1 --recipe stxm \\
        --spectrum reduced=fe2.xdi --spectrum oxidised=fe3.xdi
    """,
    """
    lodestone ingest scan.tif --energies e.txt --reference empty-field --sample M2 \\
        --set dbscan.radius=1.5 --set features.eligible_fraction=1
    """,
    """
    lodestone ingest scan.tif --reference flat.tif --sample M1 --sweep dbscan.radius=0.5:2:0.25 \\
        --sweep pca.components=3,4
    """,
  ]

  static var appendix: String { ParameterOptions.appendix }

  @OptionGroup var catalog: CatalogOptions

  @OptionGroup var options: ScanOptions

  @OptionGroup var use: ResourceOptions

  @Option(help: "The sample that the scans show.", completion: Completions.sample)
  var sample: String?

  @OptionGroup var parameters: ParameterOptions

  @Option(
    help: ArgumentHelp(
      "Many runs of each scan, which is read once: a parameter's values as NAME=A:B:STEP, or NAME=V1,V2,V3 (with "
        + "semicolons, where they hold commas). May be repeated: all combinations, at most 1000.",
      valueName: "name=values"), completion: Completions.parameter)
  var sweep: [String] = []

  @Flag(help: "Compute everything, and keep nothing for later ingests (lodestone cache).")
  var noCache = false

  @Flag(
    help: "Only tell what would be read: frames, energies, references, and where each comes from.")
  var dryRun = false

  @Flag(help: "Tell, before computing, what differs from the nearest earlier run.")
  var whyNew = false

  @Flag(help: "One JSON object a scan, a line each.")
  var json = false

  func validate() throws {
    if let sample {
      try SampleName.validate(sample)
    } else if !dryRun {
      throw ValidationError("Missing expected argument '--sample <sample>'")
    }
  }

  func run() throws {
    let asked = try self.parameters.asked()
    let parameters = try asked.set()
    let sweep =
      sweep.isEmpty
      ? nil : try IngestSweep(sweep, given: asked.settings) { try asked.set(swept: $0) }
    let catalog = dryRun ? nil : try catalog.open(.write)
    let cache = dryRun || noCache ? nil : try StageCache.ofUser()
    defer { cache?.end() }
    let ingest = catalog.map {
      Ingest(
        catalog: $0, parameters: parameters, references: asked.references, resources: use.resources,
        cache: cache, command: CommandLine.arguments.map(shellQuoted).joined(separator: " "),
        progress: Output.progress)
    }
    let exposures = (
      parameters.number("correct.exposure"), parameters.number("correct.reference_exposure")
    )
    var worst: Int32 = 0
    func attempt(_ path: String, part: String? = nil, _ body: () throws -> Void) throws {
      do {
        try body()
      } catch {
        Output.progress("")
        worst = max(worst, try fail(error, path, part: part))
      }
    }
    let requests = options.requests(exposures)
    for (number, request) in requests.enumerated() {
      let path = request.paths.joined(separator: " + ")
      if requests.count > 1 {
        ProgressLine.shared.name("scan \(number + 1) of \(requests.count)")
      }
      try attempt(path) {
        Output.progress("finding the frames of \(path)")
        let clock = ContinuousClock()
        let start = clock.now
        let scans = try request.scans()
        let seconds = (clock.now - start) / .seconds(1)
        for (index, found) in scans.enumerated() {
          let part = try? found.get().part
          let name = scans.count > 1 ? "\(path), part \"\(part ?? "\(index + 1)")\"" : path
          try attempt(name, part: part) {
            let scan = try found.get()
            if let ingest, let catalog, let sample, let sweep {
              worst = max(
                worst,
                try sweep.run(
                  scan, request, name, sample: sample, ingest, catalog, isJSON: json,
                  whyNew: whyNew))
            } else if let ingest, let catalog, let sample {
              try self.ingest(scan, request, name, sample, seconds, ingest, catalog)
            } else {
              let inspection = try ScanInspection(scan, progress: Output.progress)
              Output.progress("")
              let report = ScanReport(inspection: inspection, path: name, findSeconds: seconds)
              if json { Output.line(report.json.text) } else { Output.write(report.text) }
            }
          }
        }
      }
    }
    if !dryRun, !json { sweep?.tell() }
    if worst != 0 { throw ExitCode(worst) }
  }

  /// Reports a scan's failure: its exit code.
  private func fail(_ error: any Error, _ path: String, part: String?) throws -> Int32 {
    guard var failure = Failure(error) else { throw error }
    // Of several scans, the one whose sample differs.
    if error is SampleConflict {
      failure = Failure("\(path): \(failure.message)", exitCode: failure.exitCode)
    }
    failure.report()
    if json {
      Output.line(
        failure.json(ofIngest: [
          ("path", .string(path)), ("part", part.map { .string($0) } ?? .null),
        ]).text)
    }
    return failure.exitCode
  }

  private func ingest(
    _ scan: Scan, _ request: ScanRequest, _ path: String, _ sample: String, _ findSeconds: Double,
    _ ingest: Ingest, _ catalog: Catalog
  ) throws {
    var difference: RunDifference?
    func explain(_ found: RunDifference) {
      difference = found
      Output.progress("")
      if !json { Output.write(found.text) }
    }
    let outcome = try ingest.run(
      scan, of: request, sample: sample, explain: whyNew ? explain : nil)
    Output.progress("")
    try report(outcome, difference, of: path, part: scan.part, findSeconds, catalog)
  }

  private func report(
    _ outcome: Ingest.Outcome, _ difference: RunDifference?, of path: String, part: String?,
    _ findSeconds: Double, _ catalog: Catalog
  ) throws {
    let report = try IngestReport(
      outcome, path: path, part: part, findSeconds: findSeconds, in: catalog)
    if json {
      Output.line(report.json(difference.map { [("why_new", $0.json)] } ?? []).text)
      return
    }
    let reused = outcome.reusedStages
    let from = reused.isEmpty ? "" : ", from the cache: \(reused.joined(separator: ", "))"
    let terminal = Terminal.output
    // How quick it was is of use where somebody looks on.
    let isWatched = terminal.isTerminal && outcome.status == .stored && report.seconds > 0
    let rate =
      isWatched ? ", " + ProgressLine.words(spectra: report.run.spectra / report.seconds) : ""
    Output.write(
      "\(outcome.status.rawValue): \(path), \(String(format: "%.1f", report.seconds)) s\(rate)\(from)\n"
    )
    if outcome.status == .stored {
      Output.write(try report.run.text(on: terminal, withMap: terminal.isTerminal))
    } else {
      Output.write(report.run.heading + report.run.said)
    }
  }
}

extension RunDifference {
  /// A line each, for the eye.
  var text: String {
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

  var json: JSONText {
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
