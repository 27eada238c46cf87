import Foundation
import PhaseCatalog
import StackIO

/// One time that a run is computed, with its clock running.
final class Execution {
  private let purpose: ExecutionRecord.Purpose
  private let command: String
  private let startedAt = timestamp(Date())
  /// The stages so far, with their times.
  private(set) var stages: [ExecutionRecord.Stage] = []

  init(purpose: ExecutionRecord.Purpose, command: String) {
    self.purpose = purpose
    self.command = command
  }

  /// Reads a scan and digests its frames.
  func load(
    _ scan: Scan, progress: @escaping @Sendable (StageProgress) -> Void
  ) throws -> LoadedScan {
    let clock = ContinuousClock()
    let start = clock.now
    let loaded = try LoadedScan(scan, progress: progress)
    // Read anew from another place, it is still one stage.
    stages = [.init(name: "read", seconds: (clock.now - start) / .seconds(1))]
    return loaded
  }

  /// Analyses it; errors are of the scan at a path.
  func analyse(
    _ loaded: LoadedScan, _ parameters: ParameterSet, _ resources: Resources,
    references: [NamedReference], path: String, reuse: StageReuse? = nil,
    progress: @escaping @Sendable (StageProgress) -> Void
  ) throws -> ResultRecord {
    do {
      return try Analysis(
        parameters: parameters, resources: resources, references: references,
        progress: ProgressTeller(loaded.scan, progress), reuse: reuse
      ).run(loaded, times: &stages)
    } catch let error as AnalysisError {
      throw AnalysisError("\(path): \(error.description)")
    }
  }

  /// An error as the catalog keeps it: a path from the root means something later too.
  func text(of error: any Error, path: String) -> String {
    let text = "\(error)"
    return text.hasPrefix(path) ? absolutePath(path) + text.dropFirst(path.count) : text
  }

  /// What the catalog keeps of it, ended now.
  ///
  /// - Parameter origins: where its parameters came from.
  func record(origins: [ParameterOrigin] = []) -> ExecutionRecord {
    ExecutionRecord(
      purpose: purpose, environment: RunEnvironment.current, startedAt: startedAt,
      finishedAt: timestamp(Date()), host: ProcessInfo.processInfo.hostName, command: command,
      stages: stages, origins: origins)
  }
}
