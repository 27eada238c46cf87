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
  }

  private let catalog: Catalog
  private let parameters: ParameterSet
  private let references: [NamedReference]
  private let resources: Resources
  private let command: String
  private let progress: (String) -> Void

  /// An ingest into a catalog that is open for writing.
  ///
  /// - Parameters:
  ///   - references: spectra that `fit.references` names; those that the catalog holds need not be given.
  ///   - resources: what it may use of the machine.
  ///   - command: the command line, kept with the execution.
  ///   - progress: is told what is being done.
  public init(
    catalog: Catalog, parameters: ParameterSet, references: [NamedReference] = [],
    resources: Resources = Resources(), command: String,
    progress: @escaping (String) -> Void = { _ in }
  ) {
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
    let references = try knownReferences()
    let execution = Execution(purpose: .ingest, command: command, origins: parameters.origins)
    let loaded = try execution.load(scan, progress: progress)
    let sighting = try Sighting(of: loaded.scan, request: request)
    let scanID = loaded.record.id
    let run = RunRecord(
      scanID: scanID, parameters: parameters.parameters, stages: Analysis.stages)
    let runID = run.id
    if let explain { explain(try catalog.difference(of: run, scan: loaded.record)) }
    if let stored = try catalog.sample(ofScan: scanID), stored != sample {
      throw SampleConflict(scanID: scanID, stored: stored, asked: sample)
    }
    if try catalog.storedResult(of: runID) != nil {
      let status = try catalog.store(sighting, ofScan: scanID)
      return Outcome(status: status, runID: runID, stages: execution.stages)
    }
    func store(_ answer: Catalog.Answer, _ record: ExecutionRecord) throws {
      try catalog.store(
        scan: loaded.record, sample: sample, sighting: sighting, run: run, answer: answer,
        execution: record)
    }
    let result: ResultRecord
    do {
      result = try execution.analyse(
        loaded, parameters, resources, references: references, path: request.path,
        progress: progress)
    } catch let error as ScratchFailure {
      // The machine's fault, and not the run's.
      throw error
    } catch {
      try store(.failure(execution.text(of: error, path: request.path)), execution.record())
      throw error
    }
    progress("storing")
    let record = execution.record()
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
  private func knownReferences() throws -> [NamedReference] {
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
