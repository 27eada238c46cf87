import Foundation
public import PhaseCatalog
public import StackIO

/// Computes a stored run again from its files, and compares.
///
///     let outcome = try Verify(catalog: catalog, command: "my program").run(runID)
///     print(outcome.verification.grade)
public struct Verify {
  /// What a verification found.
  public struct Outcome: Sendable {
    /// How far the results agree.
    public let verification: VerificationRecord
    /// The id of the result that queries use.
    public let storedResult: String
    /// The id of the one that was computed now.
    public let computedResult: String
    /// Where the scan was read.
    public let path: String
    /// The time of each stage, s.
    package let stages: [ExecutionRecord.Stage]
  }

  private let catalog: Catalog
  private let command: String
  private let progress: (String) -> Void

  /// A verification in a catalog that is open for writing: it is an execution of its own.
  public init(
    catalog: Catalog, command: String, progress: @escaping (String) -> Void = { _ in }
  ) {
    self.catalog = catalog
    self.command = command
    self.progress = progress
  }

  /// Verifies a run.
  ///
  /// - Parameters:
  ///   - runID: its full id.
  ///   - place: where the scan lies now; nil looks for it where it was seen.
  ///   - adjust: changes the request before it is read, for references that lie elsewhere.
  /// - Throws: ``VerificationError`` where the run cannot be computed again; ``InputError`` where its
  ///   files are not found; ``AnalysisError``; ``CatalogError``.
  public func run(
    _ runID: String, at place: String? = nil, adjust: (inout ScanRequest) -> Void = { _ in }
  ) throws -> Outcome {
    let run = try catalog.run(runID)
    let parameters = try parameters(of: run, runID)
    guard let storedID = try catalog.storedResult(of: runID) else {
      throw VerificationError(
        "run \(runID.prefix(12)) has no result to compare with: every execution failed")
    }
    let stored = try catalog.result(storedID)
    let execution = Execution(purpose: .verify, command: command)
    let (loaded, request) = try load(run, runID, at: place, adjust, execution)
    let sighting = try Sighting(of: loaded.scan, request: request)
    func store(
      _ answer: Catalog.Answer, _ verification: VerificationRecord? = nil
    ) throws {
      try catalog.store(
        scan: loaded.record, sample: nil, sighting: sighting, run: run, answer: answer,
        execution: execution.record(), verification: verification.map { ($0, storedID) })
    }
    let computed: ResultRecord
    do {
      computed = try execution.analyse(loaded, parameters, path: request.path, progress: progress)
    } catch {
      try store(.failure("\(error)"))
      throw error
    }
    let verification = try ResultComparison(stored: stored, computed: computed)
      .verification(runID: runID)
    try store(.result(computed), verification)
    return Outcome(
      verification: verification, storedResult: storedID, computedResult: computed.id(runID: runID),
      path: request.path, stages: execution.stages)
  }

  /// The run's parameters, where this program knows the same ones and has the same pipeline.
  private func parameters(of run: RunRecord, _ runID: String) throws -> ParameterSet {
    let name = "run \(runID.prefix(12))"
    guard run.stages == Analysis.stages else {
      func words(_ stages: [String: Int]) -> String {
        stages.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      }
      throw VerificationError(
        "\(name) was computed by the pipeline \(words(run.stages)), and this program has "
          + "\(words(Analysis.stages)): use the lodestone that computed it (lodestone audit)")
    }
    let settings = run.parameters.map { "\($0.name)=\($0.text)" }
    guard let parameters = try? ParameterSet(settings: settings),
      RunRecord(scanID: run.scanID, parameters: parameters.parameters, stages: run.stages)
        .parametersID == run.parametersID
    else {
      throw VerificationError(
        "\(name) has other parameters than this program: use the lodestone that computed it "
          + "(lodestone audit)")
    }
    return parameters
  }

  /// The scan as it was last read, or as it was read before that.
  private func load(
    _ run: RunRecord, _ runID: String, at place: String?, _ adjust: (inout ScanRequest) -> Void,
    _ execution: Execution
  ) throws -> (LoadedScan, ScanRequest) {
    var firstError: (any Error)?
    for text in try catalog.requests(ofScan: run.scanID) {
      guard var request = ScanRequest(canonicalJSON: text) else { continue }
      if let place { request = request.moved(to: place) }
      adjust(&request)
      do {
        let loaded = try execution.load(request, progress: progress)
        if loaded.record.id == run.scanID { return (loaded, request) }
        throw InputError(
          "not the data of run \(runID.prefix(12)): it is scan \(loaded.record.id.prefix(12)), the "
            + "run's is \(run.scanID.prefix(12))", path: request.path)
      } catch {
        firstError = firstError ?? error
      }
    }
    if place == nil, let error = firstError as? InputError, error.kind == .missing {
      throw InputError(
        "\(error.reason): if the scan lies elsewhere now, say where: lodestone verify "
          + "\(runID.prefix(12)) SCAN", path: error.path, place: error.place, kind: .missing)
    }
    throw firstError ?? VerificationError("run \(runID.prefix(12)): how it was read is not known")
  }
}

/// A run that this program cannot compute again: why.
public struct VerificationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One line.
  public let description: String

  init(_ description: String) { self.description = description }
}
