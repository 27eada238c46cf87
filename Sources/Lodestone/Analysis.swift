import PhaseCatalog
import Spectra
import StackIO

/// The path from a scan's counts to its phases: each stage hands a value to the next.
struct Analysis {
  /// The version of each stage, raised by hand when its numbers change. They are part of a run's
  /// identity.
  static let stages = [
    "correct": 1, "register": 1, "cluster": 1, "summarise": 1,
  ]

  let parameters: ParameterSet
  let progress: (String) -> Void

  /// Analyses a scan; what was found and how long each stage took.
  func run(_ loaded: LoadedScan) throws -> (result: ResultRecord, stages: [ExecutionRecord.Stage]) {
    var times: [ExecutionRecord.Stage] = []
    func timed<T>(_ stage: String, _ words: String, _ body: () throws -> T) rethrows -> T {
      progress(words)
      let clock = ContinuousClock()
      let start = clock.now
      let value = try body()
      times.append(.init(name: stage, seconds: (clock.now - start) / .seconds(1)))
      return value
    }
    let density = try timed("correct", "optical density") {
      try OpticalDensityStage(parameters: parameters).run(loaded)
    }
    let registered = timed("register", "registering the frames") {
      RegistrationStage(parameters: parameters).run(density)
    }
    let clustered = try timed("cluster", "clustering the spectra") {
      try ClusteringStage(parameters: parameters).run(registered)
    }
    let result = try timed("summarise", "summarising the clusters") {
      try SummaryStage(parameters: parameters).run(loaded.scan, density, registered, clustered)
    }
    return (result, times)
  }
}
