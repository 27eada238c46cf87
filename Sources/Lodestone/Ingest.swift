import Foundation
public import PhaseCatalog
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
  private let command: String
  private let progress: (String) -> Void

  /// An ingest into a catalog that is open for writing.
  ///
  /// - Parameters:
  ///   - command: the command line, kept with the execution.
  ///   - progress: is told what is being done.
  public init(
    catalog: Catalog, parameters: ParameterSet, command: String,
    progress: @escaping (String) -> Void = { _ in }
  ) {
    self.catalog = catalog
    self.parameters = parameters
    self.command = command
    self.progress = progress
  }

  /// Reads, analyses and stores a scan.
  ///
  /// All computing is done before the catalog's lock is taken. A run that is stored already is not
  /// computed again.
  ///
  /// - Throws: ``InputError``, ``AnalysisError``, ``CatalogError``, ``SampleConflict``.
  public func run(_ request: ScanRequest, sample: String) throws -> Outcome {
    let startedAt = Date()
    let clock = ContinuousClock()
    let start = clock.now
    let scan = try request.open()
    let loaded = try LoadedScan(scan, progress: progress)
    let files = try sourceFiles(scan)
    let reading = ExecutionRecord.Stage(name: "read", seconds: (clock.now - start) / .seconds(1))
    let run = RunRecord(
      scanID: loaded.record.id, parameters: parameters.parameters, stages: Analysis.stages)
    let runID = run.id
    if let stored = try catalog.sample(ofScan: loaded.record.id), stored != sample {
      throw SampleConflict(scanID: loaded.record.id, stored: stored, asked: sample)
    }
    if try catalog.storedResult(of: runID) != nil {
      let status = try catalog.storeSightings(files, scanID: loaded.record.id)
      return Outcome(status: status, runID: runID, stages: [reading])
    }
    var (result, stages) = try analysed(loaded, path: request.path)
    stages.insert(reading, at: 0)
    progress("storing")
    _ = try catalog.store(
      scan: loaded.record, sample: sample, files: files, run: run, result: result,
      execution: ExecutionRecord(
        environment: RunEnvironment.current, startedAt: startedAt, finishedAt: Date(),
        host: ProcessInfo.processInfo.hostName, command: command, stages: stages))
    return Outcome(status: .stored, runID: runID, stages: stages)
  }

  /// The analysis, whose errors are of the scan at a path.
  private func analysed(
    _ loaded: LoadedScan, path: String
  ) throws -> (result: ResultRecord, stages: [ExecutionRecord.Stage]) {
    do {
      return try Analysis(parameters: parameters, progress: progress).run(loaded)
    } catch let error as AnalysisError {
      throw AnalysisError("\(path): \(error.description)")
    }
  }

  private func sourceFiles(_ scan: Scan) throws(InputError) -> [SourceFile] {
    var sources: [SourceFile] = []
    for file in scan.files {
      guard let (sha256, bytes) = ContentDigest.ofFile(file.path) else {
        throw InputError("cannot be read", path: file.path, kind: .io)
      }
      let path = URL(fileURLWithPath: file.path).standardizedFileURL.path
      sources.append(SourceFile(path: path, sha256: sha256, bytes: bytes, role: file.role))
    }
    return sources
  }
}
