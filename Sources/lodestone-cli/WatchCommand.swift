import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

struct WatchCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Ingest each scan below a folder when it has arrived.",
    discussion: """
      A scan has arrived when the size and time of all its files have stayed as they are for --settle seconds. Every folder below DIR \
      that holds TIFFs is taken as "lodestone ingest FOLDER" takes it: a stack with its references, darks and energies beside it, \
      or frames; hidden and unfinished files (.tmp, .part) do not count. What belongs to a scan and may come later is named by a \
      pattern, and waited for: --dark '{folder}/dark.tif'.

      The sample is --sample, or a part of the path below DIR: --sample-from '{sample}/*' takes the first folder's name, * and ? \
      stand for any text and any character within a name. --dry-run tells what would be done.

      A scan that cannot be used is told once and tried again when its files change; the others go on. While the catalog is busy or \
      its disk full, it waits. SIGINT and SIGTERM end it when the scan in work is done, with exit code 0. What is known is not read \
      again, also after a restart or a kill: it is kept in FILE.lode.watched beside the catalog.
      """)

  static let examples = [
    """
    lodestone watch /data/beamtime --sample-from '{sample}/*' --pixel-size 0.028 \\
        --log watch.log
    """,
    """
    lodestone watch . --sample-from '{sample}_*' --reference '{name}_flat.tif' \\
        --dark /data/dark.tif --energies '{folder}/energies.txt' --dry-run
    """,
    "lodestone watch /data/beamtime/M1 --sample M1 --exposure 0.5 --reference-exposure 0.3 --once",
  ]

  static var appendix: String { ParameterOptions.appendix }

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @OptionGroup var catalog: CatalogOptions

  @Option(help: "The sample that all scans show.", completion: Completions.sample)
  var sample: String?

  @Option(
    help: ArgumentHelp(
      "The sample from the path below DIR: {sample}, and * and ? for what varies.",
      valueName: "pattern"))
  var sampleFrom: String?

  @Option(
    help: ArgumentHelp("How long a scan's files must stay as they are.", valueName: "s"))
  var settle = 30.0

  @Option(
    help: ArgumentHelp(
      "How often to look; 5, or a third of --settle where that is less.", valueName: "s"))
  var poll: Double?

  @Flag(help: "End when nothing is left to do, with the worst scan's exit code.")
  var once = false

  @Flag(help: "Only tell which scans lie there, with what belongs to each and its sample.")
  var dryRun = false

  @Option(
    help: ArgumentHelp("Append the events to this file.", valueName: "file"), completion: .file())
  var log: String?

  @Flag(help: "The events as JSON, a line each; of a scan the object of lodestone ingest.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "The energies, one a line, eV or keV. This and the next two are one file for all scans, or one each: {folder} is "
        + "the scan's folder, {name} its file without the ending.", valueName: "file"),
    completion: .file())
  var energies: String?

  @Option(
    help: ArgumentHelp(
      "I0: reference frames (a TIFF or a folder), a text spectrum (energy, I0), or empty-field.",
      valueName: "file"), completion: .file())
  var reference: String?

  @Option(
    help: ArgumentHelp("Dark frames (a TIFF or a folder), averaged.", valueName: "file"),
    completion: .file())
  var dark: String?

  @OptionGroup var taken: AcquisitionOptions

  @OptionGroup var parameters: ParameterOptions

  @OptionGroup var use: ResourceOptions

  @Flag(help: "Compute everything, and keep nothing for later ingests (lodestone cache).")
  var noCache = false

  func validate() throws {
    if let sample { try SampleName.validate(sample) }
    if (sample == nil) == (sampleFrom == nil) {
      throw ValidationError(
        "give the scans' sample: --sample NAME, or --sample-from PATTERN (such as '{sample}/*')")
    }
    guard (0...86_400).contains(settle) else {
      throw ValidationError("--settle takes 0 to 86400 s")
    }
    if let poll, !(0.05...3600).contains(poll) {
      throw ValidationError("--poll takes 0.05 to 3600 s")
    }
    try taken.refuseReferences([reference, dark].compactMap(\.self))
  }

  func run() throws {
    let asked = try parameters.asked()
    let parameters = try asked.set()
    let options = try options(parameters)
    try refuseMissing(options)
    if dryRun { return try tell(options) }
    // What is wrong with the catalog or the cache is known before anything is waited for.
    _ = try StageCache.ofUser()
    let path = try catalog.path()
    let open = try catalog.naming(path).open(.write)
    let record = try WatchRecord(path: WatchRecord.path(ofCatalog: path)) {
      try open.storedResult(of: $0) != nil
    }
    let watch = Watch(
      root: folder, options: options, disk: LocalDisk(root: folder), record: record)
    let loop = try WatchLoop(
      watch, options, asked, parameters, command: self, catalog: catalog.naming(path),
      catalogPath: path)
    let code = try loop.run()
    if code != 0 { throw ExitCode(code) }
  }

  private func options(_ parameters: ParameterSet) throws -> WatchOptions {
    let pattern = try sampleFrom.map { try SamplePattern($0) }
    let energies = try energies.map { try PlacePattern($0, option: "--energies") }
    let reference = try reference.map { try PlacePattern($0, option: "--reference") }
    let dark = try dark.map { try PlacePattern($0, option: "--dark") }
    let request = taken.completed(
      ScanRequest(path: folder),
      (
        parameters.number("correct.exposure"), parameters.number("correct.reference_exposure")
      ))
    return WatchOptions(
      settle: dryRun ? 0 : settle, request: request, energies: energies, reference: reference,
      dark: dark,
      asked: WatchOptions.digest(request, [energies, reference, dark], parameters)
    ) { [sample] place in sample ?? pattern?.sample(of: place) }
  }

  /// Refuses a folder, and files for all scans, that are not there.
  private func refuseMissing(_ options: WatchOptions) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw Failure("\(folder): no such folder", exitCode: 66)
    }
    guard isFolder.boolValue else {
      throw Failure(
        "\(folder): a file: give the folder that scans arrive in (one scan: lodestone ingest)",
        exitCode: 64)
    }
    for pattern in [options.energies, options.reference, options.dark].compactMap(\.self)
    where !pattern.isPattern && pattern.text != "empty-field" {
      guard !FileManager.default.fileExists(atPath: pattern.text) else { continue }
      throw Failure(
        "\(pattern.text): no such file or folder: it is to serve all scans (one for each: '{folder}/NAME')",
        exitCode: 66)
    }
  }

  // MARK: A dry run

  private func tell(_ options: WatchOptions) throws {
    // What is known is told where there is a catalog.
    let known = try? catalog.path()
    let open = try known.map { try catalog.naming($0).open(.read) }
    let record = try known.map { path in
      try WatchRecord(path: WatchRecord.path(ofCatalog: path)) {
        try open?.storedResult(of: $0) != nil
      }
    }
    var watch = Watch(
      root: folder, options: options, disk: LocalDisk(root: folder),
      record: record ?? WatchRecord())
    let notices = watch.look(at: 0) ?? []
    for (scan, state, failure) in watch.scans {
      let sample = watch.sample(of: scan)
      if json {
        Output.line(
          JSONText.object([
            ("schema", .string("lodestone.watch/1")), ("event", .string("dry-run")),
            ("path", .string(scan.path)), ("place", .string(scan.place)),
            ("part", .string(scan.part)),
            ("sample", sample.map { .string($0) } ?? .null), ("state", .string(state)),
            ("frames", .integer(scan.isStack ? 1 : scan.frames.count)),
            ("with", .array(scan.companions.map { .string($0) })),
            ("error", failure.map { .string($0.message) } ?? .null),
          ]).text)
        continue
      }
      var words = "\(scan.path): \(sample.map { "sample \($0)" } ?? "of no sample")"
      if !scan.isStack { words += ", \(scan.frames.count) files" }
      let with = scan.companions
      let named = with.prefix(with.count > 4 ? 1 : 4).joined(separator: ", ")
      let more = with.count > 4 ? " and \(with.count - 1) more" : ""
      if !with.isEmpty { words += ", with \(named)\(more)" }
      words +=
        state == "ready" ? "" : state == "failed" ? ": \(failure?.message ?? "")" : ": \(state)"
      Output.line(words.shown)
    }
    for notice in notices where !notice.isWaiting {
      Output.remark("\(notice.path): \(notice.words)".shown)
    }
  }
}
