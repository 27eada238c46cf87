import Foundation
import Lodestone
import PhaseCatalog
import Spectra
import StackIO

/// The loop of `watch`: looks, ingests what is complete, waits, and tells.
final class WatchLoop {
  private var watch: Watch
  private let options: WatchOptions
  private let asked: AskedParameters
  private let parameters: ParameterSet
  private let command: WatchCommand
  private let catalog: CatalogOptions
  private let catalogPath: String
  private let log: WatchLog
  private let signals = EndSignal()
  private let start = ContinuousClock.now
  private let poll: Double

  private var statuses: [Catalog.Outcome: Int] = [:]
  private var nextLook = 0.0
  private var isRootMissing = false
  /// How long nothing is stored, because the catalog could not take it.
  private var pause: (until: Double, seconds: Double, reason: String)?
  /// How often each scan was tried that is to be tried again.
  private var tries: [String: Int] = [:]
  /// Files with results that a busy catalog did not take.
  private var kept: [String: String] = [:]
  private var remarks: Set<String> = []

  init(
    _ watch: Watch, _ options: WatchOptions, _ asked: AskedParameters, _ parameters: ParameterSet,
    command: WatchCommand, catalog: CatalogOptions, catalogPath: String
  ) throws {
    (self.watch, self.options, self.asked) = (watch, options, asked)
    (self.parameters, self.command) = (parameters, command)
    (self.catalog, self.catalogPath) = (catalog, catalogPath)
    log = try WatchLog(file: command.log, isJSON: command.json)
    poll = command.poll ?? min(5, max(0.05, command.settle / 3))
  }

  /// Seconds since it began, by a clock that nobody sets.
  private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// Runs until a signal, or with `--once` until nothing is left to do: the exit code.
  func run() throws -> Int32 {
    log.tell(
      "started", watch.root,
      "lodestone \(lodestoneVersion) stores what arrives here in \(catalogPath)",
      [("catalog", .string(catalogPath)), ("version", .string(lodestoneVersion))])
    do {
      let code = try loop()
      end(signals.name ?? "nothing is left to do")
      return signals.name == nil ? code : 0
    } catch {
      let failure = Failure(error) ?? Failure("internal error: \(error)", exitCode: 70)
      end(failure.message)
      throw failure
    }
  }

  private func loop() throws -> Int32 {
    while signals.name == nil {
      if now >= nextLook { try look() }
      if now >= pause?.until ?? 0, let scan = watch.next() {
        try signals.whileWorking { try work(scan) }
        continue
      }
      let counts = watch.counts
      if command.once, !isRootMissing, counts.arriving == 0, counts.ready == 0 { break }
      show(doing: idleWords)
      let (now, end) = (now, pause?.until ?? 0)
      signals.wait((end > now ? min(nextLook, end) : nextLook) - now)
    }
    return watch.scans.reduce(0) { max($0, $1.failure?.exitCode ?? 0) }
  }

  private func look() throws {
    show(doing: "looking")
    // A catalog that was moved away is not waited for: results would be lost.
    guard FileManager.default.fileExists(atPath: catalogPath) else {
      throw CatalogError.missing(path: catalogPath)
    }
    if let notices = watch.look(at: now) {
      if isRootMissing { log.tell("waiting", watch.root, "it is there again") }
      isRootMissing = false
      for notice in notices {
        log.tell(notice.isWaiting ? "waiting" : "aside", notice.path, notice.words)
      }
    } else {
      if command.once { throw Failure("\(watch.root): no such folder", exitCode: 66) }
      if !isRootMissing { log.tell("waiting", watch.root, "the folder is not there") }
      isRootMissing = true
    }
    nextLook = now + poll
  }

  // MARK: Ingesting

  private func work(_ scan: WatchedScan) throws {
    guard watch.isUnchanged(scan), let sample = watch.sample(of: scan) else {
      return watch.end(scan, .left)
    }
    let unfinished = watch.unfinished(scan)
    if unfinished > 1 {
      log.tell("again", scan.path, "begun \(unfinished) times before, and not ended")
    }
    watch.begin(scan)
    do {
      let runs = try ingest(scan, sample)
      watch.end(scan, .done(runs: runs))
      if let kept = kept.removeValue(forKey: scan.path) { unlink(kept) }
      (pause, tries[scan.path]) = (nil, nil)
    } catch {
      // What is wrong with a file that was being written is not its fault.
      guard watch.isUnchanged(scan) else { return watch.end(scan, .left) }
      try settle(error, scan)
    }
    if let remark = watch.record.remark { remarkOnce(remark) }
  }

  /// Ingests a scan: its runs.
  private func ingest(_ scan: WatchedScan, _ sample: String) throws -> [String] {
    // Opened for each scan: another catalog may have taken its place.
    let catalog = try catalog.open(.write, isAgain: true)
    let cache = command.noCache ? nil : try StageCache.ofUser()
    defer {
      cache?.finish()
      if let remark = cache?.remark { remarkOnce(remark) }
    }
    let ingest = Ingest(
      catalog: catalog, parameters: parameters, references: asked.references,
      resources: command.use.resources, cache: cache,
      command: CommandLine.arguments.map(shellQuoted).joined(separator: " "),
      progress: Output.progress)
    ProgressLine.shared.name("\(tally) | \(scan.path.ending(40))")
    defer { ProgressLine.shared.name("") }
    Output.progress(StageProgress(.find))
    let request = scan.request(options)
    let clock = ContinuousClock()
    let begun = clock.now
    let scans = try request.scans()
    let seconds = (clock.now - begun) / .seconds(1)
    return try scans.map { found in
      let one = try found.get()
      let outcome = try ingest.run(one, of: request, sample: sample)
      let report = try IngestReport(
        outcome, path: scan.path, part: one.part, findSeconds: seconds, in: catalog)
      statuses[outcome.status, default: 0] += 1
      log.tell(
        outcome.status.rawValue, scan.path,
        "sample \(report.run.summary.value("sample").text), run \(outcome.runID.prefix(12)), \(report.run.inShort), "
          + String(format: "%.1f s", report.seconds), json: report.json())
      return outcome.runID
    }
  }

  // MARK: What goes wrong

  /// Decides what becomes of a scan that was not stored.
  ///
  /// - Throws: what is wrong with the catalog or with what was asked, which no other scan would fare better with.
  private func settle(_ error: any Error, _ scan: WatchedScan) throws {
    var failure = Failure(error) ?? Failure("internal error: \(error)", exitCode: 70)
    // What stands in the event's path already.
    for prefix in [scan.path + ": ", scan.folder + ": "] where failure.message.hasPrefix(prefix) {
      failure = Failure(
        String(failure.message.dropFirst(prefix.count)), exitCode: failure.exitCode)
    }
    let words = WatchFailure(message: failure.message, exitCode: failure.exitCode)
    switch error {
    case CatalogError.busyKept(let path, let file):
      kept[scan.path] = file
      try wait(for: error, "\(path): busy: another program reads or writes it", scan)
    case CatalogError.busy(let path):
      try wait(for: error, "\(path): busy: another program reads or writes it", scan)
    case CatalogError.io:
      try wait(for: error, failure.message, scan)
    case is CatalogError, is ParameterError, is Failure:
      watch.end(scan, .left)
      throw error
    case let error as InputError where error.kind == .io || error.kind == .denied:
      later(words, scan, failure)
    case is ScratchFailure:
      later(words, scan, failure)
    default:
      let isOfData = (error as? InputError)?.kind == .invalid || error is AnalysisError
      // Told before it is noted: a kill between the two says it twice, and never not at all.
      tell(failure, scan, "")
      watch.end(scan, .failed(words, isOfData: isOfData))
    }
  }

  /// Waits for the catalog: twice as long each time, up to 5 minutes.
  private func wait(for error: any Error, _ reason: String, _ scan: WatchedScan) throws {
    watch.end(scan, .left)
    if command.once { throw error }
    let seconds = min(300, 2 * (pause?.seconds ?? 1))
    if pause?.reason != reason {
      log.tell(
        "waiting", scan.path, "\(reason): it is tried again",
        [("exit_code", .integer(Int(Failure(error)?.exitCode ?? 70)))])
    }
    pause = (now + seconds, seconds, reason)
  }

  /// Tries a scan again after a minute, and then each time after twice as long, up to an hour.
  private func later(_ words: WatchFailure, _ scan: WatchedScan, _ failure: Failure) {
    if command.once {
      tell(failure, scan, "")
      return watch.end(scan, .failed(words, isOfData: false))
    }
    let number = tries[scan.path, default: 0]
    tries[scan.path] = number + 1
    let minutes = min(60, 1 << min(number, 6))
    watch.end(scan, .later(words, at: now + 60 * Double(minutes)))
    if number == 0 { tell(failure, scan, ": it is tried again") }
  }

  private func tell(_ failure: Failure, _ scan: WatchedScan, _ ending: String) {
    log.tell(
      "failed", scan.path, "\(failure.message)\(ending) (\(failure.exitCode))",
      json: failure.json(ofIngest: [
        ("path", .string(scan.path)), ("part", .string(scan.part)),
      ]))
  }

  private func remarkOnce(_ words: String) {
    guard remarks.insert(words).inserted else { return }
    Output.progress("")
    Output.remark(words)
  }

  // MARK: Telling

  private func count(_ outcome: Catalog.Outcome) -> Int { statuses[outcome] ?? 0 }

  /// How many scans are what, in words; what there is none of is left out.
  private var tally: String {
    let counts = watch.counts
    let seen = statuses.values.reduce(0, +)
    let parts = [
      (count(.stored), "stored"), (count(.sighted), "sighted"), (count(.unchanged), "unchanged"),
      (max(0, counts.done - seen), "known"), (counts.failed, "failed"), (counts.aside, "aside"),
      (counts.arriving, "arriving"), (counts.ready, "to do"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return parts.isEmpty ? "no scans yet" : parts.joined(separator: ", ")
  }

  private var idleWords: String {
    if isRootMissing { return "the folder is not there" }
    if let pause, now < pause.until { return pause.reason }
    guard let arriving = watch.scans.first(where: { $0.state == "arriving" }) else {
      return "waiting for scans"
    }
    return "\(arriving.scan.path) is arriving"
  }

  private func show(doing: String) { Output.progress("\(tally) | \(doing)") }

  private func end(_ reason: String) {
    Output.progress("")
    let counts = watch.counts
    let members =
      [("reason", JSONText.string(reason))]
      + [Catalog.Outcome.stored, .sighted, .unchanged].map {
        ($0.rawValue, .integer(count($0)))
      } + [
        ("known", .integer(max(0, counts.done - statuses.values.reduce(0, +)))),
        ("failed", .integer(counts.failed)), ("aside", .integer(counts.aside)),
        ("arriving", .integer(counts.arriving)), ("to_do", .integer(counts.ready)),
      ]
    log.tell("ended", watch.root, "\(tally): \(reason)", members)
  }
}

extension String {
  /// The last of its characters, where there are more: of a path they say most.
  fileprivate func ending(_ limit: Int) -> String {
    count > limit ? "…" + suffix(limit - 1) : self
  }
}
