import StackIO
import Synchronization

/// How far an ingest or a verification of one scan has come.
public struct StageProgress: Sendable, Equatable {
  /// What is done of a scan, in this order.
  public enum Stage: String, Sendable, CaseIterable {
    case find, read, correct, register, mask, depth, features, cluster, summarise, store

    /// What is being done, in words.
    public var words: String {
      switch self {
      case .find: "finding the frames"
      case .read: "reading"
      case .correct: "optical density"
      case .register: "registering the frames"
      case .mask: "finding the sample"
      case .depth: "measuring depth"
      case .features: "comparing the spectra"
      case .cluster: "clustering the spectra"
      case .summarise: "summarising the clusters"
      case .store: "storing"
      }
    }

    /// Its place among the stages, from 1.
    public var place: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
  }

  /// What is being done.
  public let stage: Stage
  /// How much of it is done, of ``total``.
  public let done: Int
  /// All that there is to do; 0 where that is not known.
  public let total: Int
  /// Whether ``done`` and ``total`` count frames; else parts that have no name.
  public let countsFrames: Bool
  /// The energies of the scan; 0 while it is not known.
  public let energies: Int
  /// The spectra of the scan, one a pixel; 0 while it is not known.
  public let spectra: Int

  /// A stage, as far as it has come.
  public init(
    _ stage: Stage, done: Int = 0, of total: Int = 0, countsFrames: Bool = false,
    energies: Int = 0, spectra: Int = 0
  ) {
    (self.stage, self.done, self.total) = (stage, done, total)
    (self.countsFrames, self.energies, self.spectra) = (countsFrames, energies, spectra)
  }

  /// The share of the stage that is done, 0 to 1; nil where that is not known.
  public var share: Double? { total > 0 ? min(1, Double(done) / Double(total)) : nil }
}

/// Tells how far the stages of one scan have come. Nothing that is found depends on it.
struct ProgressTeller: Sendable {
  private let tell: @Sendable (StageProgress) -> Void
  private let energies: Int
  private let spectra: Int

  init(_ scan: Scan, _ tell: @escaping @Sendable (StageProgress) -> Void) {
    self.tell = tell
    energies = scan.energies.count
    spectra = scan.height * scan.width
  }

  /// A stage begins.
  func begin(_ stage: StageProgress.Stage) {
    tell(StageProgress(stage, energies: energies, spectra: spectra))
  }

  /// A count of what is done of a stage.
  func count(
    _ stage: StageProgress.Stage, of total: Int, countsFrames: Bool = false
  ) -> StageCount {
    StageCount { done in
      tell(
        StageProgress(
          stage, done: done, of: total, countsFrames: countsFrames, energies: energies,
          spectra: spectra))
    }
  }
}

/// Counts what is done of a stage, by any number of threads. Counts may be told out of order.
final class StageCount: Sendable {
  private let done = Atomic(0)
  private let tell: @Sendable (Int) -> Void

  init(_ tell: @escaping @Sendable (Int) -> Void) {
    self.tell = tell
  }

  /// So much more is done.
  func add(_ count: Int = 1) {
    tell(done.wrappingAdd(count, ordering: .relaxed).newValue)
  }
}
