import Foundation
public import PhaseCatalog
import Spectra
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
  private let resources: Resources
  private let command: String
  private let progress: @Sendable (StageProgress) -> Void

  /// A verification in a catalog that is open for writing: it is an execution of its own.
  ///
  /// - Parameter progress: is told what is being done, and how far it has come: often, and by several threads at once.
  public init(
    catalog: Catalog, resources: Resources = Resources(), command: String,
    progress: @escaping @Sendable (StageProgress) -> Void = { _ in }
  ) {
    self.catalog = catalog
    self.resources = resources
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
    _ runID: String, at place: String? = nil, adjust: (inout ScanRequest) throws -> Void = { _ in }
  ) throws -> Outcome {
    let run = try catalog.run(runID)
    let parameters = try parameters(of: run, runID)
    let storedID = try catalog.requireResult(of: runID)
    let stored = try catalog.result(storedID)
    let execution = Execution(purpose: .verify, command: command)
    let (loaded, request) = try load(run, runID, parameters, at: place, adjust, execution)
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
      computed = try execution.analyse(
        loaded, parameters, resources, references: references(of: parameters), path: request.path,
        progress: progress)
    } catch let error as ScratchFailure {
      // The machine's fault, and not the run's.
      throw error
    } catch {
      try store(.failure(execution.text(of: error, path: request.path)))
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

  /// The reference spectra that the parameters name, as they are stored.
  private func references(of parameters: ParameterSet) throws -> [NamedReference] {
    try parameters.references().map {
      NamedReference(name: $0.name, spectrum: try catalog.referenceSpectrum($0.digest))
    }
  }

  /// What to do about a file that is not where it was.
  private static func withAdvice(
    _ error: any Error, _ request: ScanRequest, _ runID: String, isPlaceKnown: Bool
  ) -> any Error {
    guard let error = error as? InputError, error.kind == .missing else { return error }
    let options = [
      ("--energies", request.energiesPaths), ("--reference", request.references),
      ("--dark", request.darkPaths),
    ]
    let command = "lodestone verify \(runID.prefix(12))"
    let advice: String
    if let option = options.first(where: { $0.1.contains(error.path) })?.0 {
      advice = "say where it lies now: \(command) \(isPlaceKnown ? "SCAN " : "")\(option) FILE"
    } else if !isPlaceKnown {
      advice = "if the scan lies elsewhere now, say where: \(command) SCAN"
    } else {
      return error
    }
    return InputError(
      "\(error.reason): \(advice)", path: error.path, place: error.place, kind: .missing)
  }

  /// The scan as it was last read, or as it was read before that.
  private func load(
    _ run: RunRecord, _ runID: String, _ parameters: ParameterSet, at place: String?,
    _ adjust: (inout ScanRequest) throws -> Void,
    _ execution: Execution
  ) throws -> (LoadedScan, ScanRequest) {
    var firstError: (any Error)?
    for text in try catalog.requests(ofScan: run.scanID) {
      guard let kept = ScanRequest(canonicalJSON: text) else { continue }
      var request = place.map { kept.moved(to: $0) } ?? kept
      try adjust(&request)
      do {
        let loaded = try execution.load(request.open(), progress: progress)
        if loaded.record.id == run.scanID { return (loaded, request) }
        let parts = Catalog.differences(try catalog.scan(run.scanID), loaded.record)
          .map { $0.name.isEmpty ? $0.component : "\($0.component) (\($0.name))" }
        throw InputError(
          "not the data of run \(runID.prefix(12)): other \(parts.joined(separator: ", "))",
          path: request.path)
      } catch {
        firstError =
          firstError ?? Self.withAdvice(error, request, runID, isPlaceKnown: place != nil)
      }
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
