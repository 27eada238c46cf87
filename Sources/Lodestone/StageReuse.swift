import PhaseCatalog
import Spectra
import StackIO

/// The outputs of some stages together, which runs of one scan may share.
protocol StageValue: Sendable {
  /// The ending of its files.
  static var kind: String { get }
  /// The last of the stages: its key is that of the value.
  static var last: PipelineStage { get }

  func write(to writer: inout CacheWriter)
  init(from reader: inout CacheReader, _ context: StageContext) throws(CacheFailure)
}

/// What belongs to a value, and is not kept with it.
struct StageContext: Sendable {
  let scan: Scan
  let parameters: ParameterSet
  let plan: ResourcePlan
}

/// What runs of one scan share, one after the other: in memory while a sweep lasts, and in the cache where there is one.
final class StageReuse {
  private let cache: StageCache?
  private let isHeld: Bool
  /// How the scan is analysed, once that is known: there is one scratch file, and its room is asked for once.
  var plan: ResourcePlan?
  private var held: [String: (key: String, value: any StageValue)] = [:]
  /// The stack that is being read, for a run that needs it late.
  private var coming: (key: String, stack: Background<RegisteredStack?>)?

  /// - Parameter isHeld: whether the last value of each kind stays in memory, for the next run.
  init(cache: StageCache?, isHeld: Bool) {
    (self.cache, self.isHeld) = (cache, isHeld)
  }

  // What is being read is memory that the next scan may need.
  deinit { _ = coming?.stack.value }

  /// Begins to read a run's stack, where the features are kept too: only the last stage asks for it then.
  func foresee(_ keys: StageKeys, _ context: StageContext) {
    let key = keys.after(RegisteredStack.last)
    guard let cache, context.plan.scratch == nil, held[RegisteredStack.kind]?.key != key,
      cache.has(ComparedSpectra.kind, keys.after(ComparedSpectra.last)),
      cache.has(RegisteredStack.kind, key)
    else { return }
    if let coming {
      // Of a run that failed before it asked for it.
      if coming.key == key { return }
      _ = coming.stack.value
    }
    held = [:]
    coming = (key, Background { cache.load(key, of: context) })
  }

  /// A value that was made before, or is made now. The time of finding it is that of a stage "cache".
  func value<Value: StageValue>(
    _ keys: StageKeys, _ context: StageContext, _ times: inout [ExecutionRecord.Stage],
    make: (inout [ExecutionRecord.Stage]) throws -> Value
  ) throws -> Value {
    let key = keys.after(Value.last)
    let start = ContinuousClock.now
    // Frames in a scratch file are more than memory should hold, and are not read into it.
    let cache = context.plan.scratch == nil ? cache : nil
    if let found: Value = find(key, context, cache) {
      hold(found, key)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if let place = times.firstIndex(where: { $0.name == "cache" }) {
        times[place].seconds += seconds
      } else {
        times.append(.init(name: "cache", seconds: seconds))
      }
      return found
    }
    // Two stacks would be more than one run takes: what is held, or still being written, goes first.
    held[Value.kind] = nil
    if Value.self == RegisteredStack.self {
      held = [:]
      cache?.finish()
    }
    let made = try make(&times)
    cache?.keep(made, under: key)
    hold(made, key)
    return made
  }

  private func find<Value: StageValue>(
    _ key: String, _ context: StageContext, _ cache: StageCache?
  ) -> Value? {
    if let (heldKey, value) = held[Value.kind], heldKey == key { return value as? Value }
    held[Value.kind] = nil
    if Value.self == RegisteredStack.self, let (comingKey, stack) = coming {
      coming = nil
      if let found = stack.value, comingKey == key { return found as? Value }
    }
    return cache?.load(key, of: context)
  }

  private func hold(_ value: some StageValue, _ key: String) {
    if isHeld { held[type(of: value).kind] = (key, value) }
  }
}
