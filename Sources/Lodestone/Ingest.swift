import Foundation
public import PhaseCatalog
import Spectra
public import StackIO

/// The main job: a scan's files -> a stored, queryable result.
///
///     let ingest = Ingest(catalog: catalog, parameters: try ParameterSet(), command: "my program")
///     let outcome = try ingest.run(request, sample: "M1")
public struct Ingest {
  /// What an ingest did.
  public struct Outcome: Sendable {
    /// Whether anything was new.
    public let status: Catalog.Outcome
    /// The run's id.
    public let runID: String
    /// The time of each stage, s; only reading where the run was stored already.
    package let stages: [ExecutionRecord.Stage]

    /// The stages whose outputs an earlier run had made, in order.
    public var reusedStages: [String] {
      guard stages.contains(where: { $0.name == "cache" }) else { return [] }
      return PipelineStage.allCases.map(\.rawValue).filter { name in
        !stages.contains { $0.name == name }
      }
    }
  }

  /// A scan that was read, and how.
  private struct ReadScan {
    let loaded: LoadedScan
    /// The digests of its files, which nothing needs before it is stored.
    let sighting: Background<Result<Sighting, InputError>>
    let path: String
  }

  private let catalog: Catalog
  private let parameters: ParameterSet
  private let references: [NamedReference]
  private let resources: Resources
  private let cache: StageCache?
  private let command: String
  private let progress: @Sendable (StageProgress) -> Void

  /// An ingest into a catalog that is open for writing.
  ///
  /// - Parameters:
  ///   - references: spectra that `fit.references` names; those that the catalog holds need not be given.
  ///   - resources: what it may use of the machine.
  ///   - cache: outputs of stages that earlier ingests made are taken from it, and those made now are put there;
  ///     call its ``StageCache/finish()`` when all is done.
  ///   - command: the command line, kept with the execution.
  ///   - progress: is told what is being done, and how far it has come: often, and by several threads at once.
  public init(
    catalog: Catalog, parameters: ParameterSet, references: [NamedReference] = [],
    resources: Resources = Resources(), cache: StageCache? = nil, command: String,
    progress: @escaping @Sendable (StageProgress) -> Void = { _ in }
  ) {
    self.cache = cache
    self.references = references
    self.catalog = catalog
    self.parameters = parameters
    self.resources = resources
    self.command = command
    self.progress = progress
  }

  /// Finds the only scan of a request, and reads, analyses and stores it.
  ///
  /// - Throws: ``InputError``, ``AnalysisError``, ``CatalogError``, ``SampleConflict``; ``ScratchFailure`` where memory or
  ///   room for a scratch file is too little, which is not stored.
  public func run(
    _ request: ScanRequest, sample: String, explain: ((RunDifference) -> Void)? = nil
  ) throws -> Outcome {
    try run(try request.open(), of: request, sample: sample, explain: explain)
  }

  /// Reads, analyses and stores one of a request's scans.
  ///
  /// All computing is done before the catalog's lock is taken. Where another program does not give that up in time, the result
  /// is kept in a file beside the catalog, for `lodestone import`. A run that is stored already is not
  /// computed again. One that fails after its scan was read is stored as a failed execution.
  ///
  /// - Parameter explain: is told what differs from the nearest earlier run, before anything is
  ///   computed.
  /// - Throws: ``InputError``, ``AnalysisError``, ``CatalogError``, ``SampleConflict``; ``ScratchFailure`` where memory or
  ///   room for a scratch file is too little, which is not stored.
  public func run(
    _ scan: Scan, of request: ScanRequest, sample: String,
    explain: ((RunDifference) -> Void)? = nil
  ) throws -> Outcome {
    _ = try knownReferences(of: parameters)
    let execution = Execution(purpose: .ingest, command: command)
    let read = try read(scan, of: request, execution)
    return try run(
      read, parameters, sample: sample, execution,
      reuse: cache.map { StageReuse(cache: $0, isHeld: false) }, explain: explain)
  }

  /// Reads a scan once, and analyses and stores it with each of some parameter sets. They share the stages that they have in
  /// common: sets that follow one another should differ in late stages. Each is stored as it ends.
  ///
  /// - Parameters:
  ///   - each: is told what became of each set; what it throws ends the sweep.
  ///   - explain: is told, before a set is computed, what differs from the nearest earlier run.
  /// - Throws: ``InputError``, ``CatalogError``, ``SampleConflict``: what is wrong with all of them.
  public func sweep(
    _ scan: Scan, of request: ScanRequest, sample: String, over sets: [ParameterSet],
    explain: ((RunDifference) -> Void)? = nil,
    each: (Int, Result<Outcome, any Error>) throws -> Void
  ) throws {
    var execution = Execution(purpose: .ingest, command: command)
    let read = try read(scan, of: request, execution)
    let reuse = StageReuse(cache: cache, isHeld: true)
    for (number, parameters) in sets.enumerated() {
      let outcome = Result {
        try run(
          read, parameters, sample: sample, execution, reuse: reuse, explain: explain)
      }
      if case .failure(let error as SampleConflict) = outcome { throw error }
      try each(number, outcome)
      execution = Execution(purpose: .ingest, command: command)
    }
  }

  private func read(
    _ scan: Scan, of request: ScanRequest, _ execution: Execution
  ) throws -> ReadScan {
    let loaded = try execution.load(scan, progress: progress)
    let found = loaded.scan
    return ReadScan(
      loaded: loaded,
      sighting: Background {
        Result { () throws(InputError) in try Sighting(of: found, request: request) }
      },
      path: request.path)
  }

  private func run(
    _ read: ReadScan, _ parameters: ParameterSet, sample: String, _ execution: Execution,
    reuse: StageReuse?, explain: ((RunDifference) -> Void)?
  ) throws -> Outcome {
    let references = try knownReferences(of: parameters)
    let loaded = read.loaded
    let scanID = loaded.record.id
    let run = RunRecord(
      scanID: scanID, parameters: parameters.parameters, stages: Analysis.stages)
    let runID = run.id
    if let explain { explain(try catalog.difference(of: run, scan: loaded.record)) }
    if let stored = try catalog.sample(ofScan: scanID), stored != sample {
      throw SampleConflict(scanID: scanID, stored: stored, asked: sample)
    }
    if try catalog.storedResult(of: runID) != nil {
      let status = try catalog.store(try read.sighting.value.get(), ofScan: scanID)
      return Outcome(status: status, runID: runID, stages: execution.stages)
    }
    func store(_ answer: Catalog.Answer, _ record: ExecutionRecord) throws {
      try catalog.store(
        scan: loaded.record, sample: sample, sighting: try read.sighting.value.get(), run: run,
        answer: answer, execution: record)
    }
    let result: ResultRecord
    do {
      result = try execution.analyse(
        loaded, parameters, resources, references: references, path: read.path, reuse: reuse,
        progress: progress)
    } catch let error as ScratchFailure {
      // The machine's fault, and not the run's.
      throw error
    } catch {
      try store(
        .failure(execution.text(of: error, path: read.path)),
        execution.record(origins: parameters.origins))
      throw error
    }
    ProgressTeller(loaded.scan, progress).begin(.store)
    let sighting = try read.sighting.value.get()
    let record = execution.record(origins: parameters.origins)
    let start = ContinuousClock.now
    do {
      try store(.result(result), record)
    } catch CatalogError.busy(let path) {
      let said = try? catalog.sample(ofScan: scanID)
      let kept = try CatalogExchange.keep(path + ".unstored-\(runID.prefix(12)).ndjson") {
        try $0.store(
          scan: loaded.record, sample: said == sample ? nil : sample, sighting: sighting, run: run,
          answer: .result(result), execution: record)
      }
      throw CatalogError.busyKept(path: path, kept: kept)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Outcome(
      status: .stored, runID: runID,
      stages: execution.stages + [.init(name: "store", seconds: seconds)])
  }
}

extension Ingest {
  /// The spectra that the parameters name: given, or in the catalog.
  private func knownReferences(of parameters: ParameterSet) throws -> [NamedReference] {
    try parameters.references().map { name, digest in
      if let given = references.first(where: { $0.spectrum.id == digest }) { return given }
      do {
        return NamedReference(name: name, spectrum: try catalog.referenceSpectrum(digest))
      } catch CatalogError.notFound {
        throw ParameterError(
          "fit.references: no spectrum \(digest.prefix(12)) is in the catalog: give it by --spectrum "
            + "\(name)=FILE")
      }
    }
  }
}

extension Sighting {
  /// The files of a scan, digested.
  init(of scan: Scan, request: ScanRequest) throws(InputError) {
    let files = scan.files
    // A folder of frames is a thousand files.
    let digests = mapInParallel(files.count) { ContentDigest.ofFile(files[$0].path) }
    var sources: [SourceFile] = []
    for (file, digest) in zip(files, digests) {
      guard let (sha256, bytes) = digest else {
        throw InputError("cannot be read", path: file.path, kind: .io)
      }
      sources.append(
        SourceFile(
          path: absolutePath(file.path), sha256: sha256, bytes: bytes, role: file.role))
    }
    self.init(files: sources, request: request.completed(by: scan).canonicalJSON)
  }
}
