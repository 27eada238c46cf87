import PhaseCatalog
import Spectra
import StackIO

/// The path from a scan's counts to its phases: each stage hands a value to the next.
struct Analysis {
  /// The version of each stage, raised by hand when its numbers change. They are part of a run's
  /// identity.
  static let stages = [
    "correct": 1, "register": 2, "cluster": 1, "summarise": 1,
  ]

  let parameters: ParameterSet
  let progress: (String) -> Void

  /// Analyses a scan: what was found.
  ///
  /// - Parameter times: each stage's time is added as it ends, also that of one that throws.
  func run(_ loaded: LoadedScan, times: inout [ExecutionRecord.Stage]) throws -> ResultRecord {
    func timed<T>(
      _ stage: String, _ words: String, _ times: inout [ExecutionRecord.Stage],
      _ body: () throws -> T
    ) rethrows -> T {
      progress(words)
      let clock = ContinuousClock()
      let start = clock.now
      defer { times.append(.init(name: stage, seconds: (clock.now - start) / .seconds(1))) }
      return try body()
    }
    let density = try timed("correct", "optical density", &times) {
      try OpticalDensityStage(parameters: parameters).run(loaded)
    }
    let registered = timed("register", "registering the frames", &times) {
      RegistrationStage(parameters: parameters)
        .run(density, energies: loaded.scan.energies)
    }
    let clustered = try timed("cluster", "clustering the spectra", &times) {
      try ClusteringStage(parameters: parameters).run(registered)
    }
    return try timed("summarise", "summarising the clusters", &times) {
      try SummaryStage(parameters: parameters).run(loaded.scan, density, registered, clustered)
    }
  }
}
