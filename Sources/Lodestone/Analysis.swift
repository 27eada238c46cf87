import PhaseCatalog
import Spectra
import StackIO

/// The path from a scan's counts to its phases: each stage hands a value to the next.
struct Analysis {
  /// The version of each stage, raised by hand when its numbers change. They are part of a run's
  /// identity.
  static let stages = [
    "correct": 2, "register": 4, "mask": 3, "depth": 1, "features": 2, "cluster": 4,
    "summarise": 6,
  ]

  let parameters: ParameterSet
  let resources: Resources
  /// The spectra that `fit.references` may name.
  let references: [NamedReference]
  let progress: ProgressTeller
  /// What earlier runs made; nil where everything is to be computed.
  var reuse: StageReuse?

  /// Analyses a scan: what was found.
  ///
  /// - Parameter times: each stage's time is added as it ends, also that of one that throws.
  func run(_ loaded: LoadedScan, times: inout [ExecutionRecord.Stage]) throws -> ResultRecord {
    func timed<T>(
      _ stage: StageProgress.Stage, _ times: inout [ExecutionRecord.Stage],
      _ body: () throws -> T
    ) rethrows -> T {
      progress.begin(stage)
      let clock = ContinuousClock()
      let start = clock.now
      defer {
        times.append(.init(name: stage.rawValue, seconds: (clock.now - start) / .seconds(1)))
      }
      return try body()
    }
    let scan = loaded.scan
    // Known before anything is computed.
    _ = try ReferenceFit(parameters, known: references, energies: scan.energies, nil)
    let plan = try reuse?.plan ?? newPlan(for: scan)
    reuse?.plan = plan
    let keys = reuse.map { _ in StageKeys(loaded, parameters) }
    if let reuse, let keys {
      reuse.foresee(keys, StageContext(scan: scan, parameters: parameters, plan: plan))
    }
    func reused<Value: StageValue>(
      _ times: inout [ExecutionRecord.Stage],
      _ make: (inout [ExecutionRecord.Stage]) throws -> Value
    ) throws -> Value {
      guard let reuse, let keys else { return try make(&times) }
      return try reuse.value(
        keys, StageContext(scan: scan, parameters: parameters, plan: plan), &times, make: make)
    }
    var made: RegisteredStack?
    /// The registered frames, when they are first asked for.
    func stack(_ times: inout [ExecutionRecord.Stage]) throws -> RegisteredStack {
      if let made { return made }
      let stack = try reused(&times) { times in
        let density = try timed(.correct, &times) {
          try OpticalDensityStage(parameters: parameters, resources: plan, progress: progress)
            .run(loaded)
        }
        let registered = try timed(.register, &times) {
          try RegistrationStage(parameters: parameters, resources: plan, progress: progress)
            .run(density, scan)
        }
        return RegisteredStack(density: density, registered: registered)
      }
      made = stack
      return stack
    }
    let compared = try reused(&times) { times in
      let registered = try stack(&times).registered
      let mask = try timed(.mask, &times) {
        try MaskStage(parameters: parameters).run(registered, energies: scan.energies)
      }
      let surface = timed(.depth, &times) {
        DepthStage(parameters: parameters).run(scan, registered, mask)
      }
      let features = try timed(.features, &times) {
        try FeatureStage(parameters: parameters, progress: progress).run(
          registered, mask, energies: scan.energies)
      }
      return ComparedSpectra(mask: mask, surface: surface, features: features)
    }
    // Parts of clustering keep one core busy: the other one makes what needs no clusters.
    let isInside = try stack(&times).registered.isInside
    let absorption = Background {
      Result {
        try AbsorptionRecord(
          mean: compared.mask.mean, edges: compared.mask.edges.edges, steps: compared.mask.steps,
          isInside: isInside
        ).maps()
      }
    }
    let clustered = try timed(.cluster, &times) {
      try ClusteringStage(parameters: parameters).run(compared.features)
    }
    let (density, registered) = (try stack(&times).density, try stack(&times).registered)
    return try timed(.summarise, &times) {
      try SummaryStage(parameters: parameters, references: references).run(
        scan, density, registered, compared.mask, compared.surface, clustered,
        absorption: absorption)
    }
  }

  private func newPlan(for scan: Scan) throws -> ResourcePlan {
    let plan = try resources.plan(
      frames: scan.energies.count, height: scan.height, width: scan.width)
    if let words = plan.scratchWords { resources.tell(words) }
    return plan
  }
}
