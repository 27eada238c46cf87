import Foundation

/// Estimates how long an ingest or a verification will still take: from how long its stages took so far, and
/// from what they usually cost beside one another.
///
/// Reading is left out of it: how long that takes hangs on the disk, and says nothing of what follows; nor is it known
/// before it ends what an earlier ingest has left to do.
package struct TimeLeft: Sendable {
  private struct Visit {
    let stage: StageProgress.Stage
    let start: Double
    var share: Double?
  }

  private var visits: [Visit] = []
  private var energies = 0
  /// An estimate that proved wrong is not made again for the same stage.
  private static let tolerance = 1.5

  package init() {}

  /// What a stage usually costs, in seconds a million spectra on two cores, with so many energies: from
  /// Benchmarks/RECORD.md (1024 x 1024 pixels, 120 energies). Only their ratios count.
  private static func usual(_ stage: StageProgress.Stage, energies: Int) -> Double {
    let each = Double(max(energies, 1)) / 120
    return switch stage {
    case .find, .read, .store: 0
    case .correct: 0.88 * each
    case .register: 2.01 * each
    case .mask: 0.13 * each
    case .depth: 0.04
    case .features: 1.17 * each
    case .cluster: 0.50
    case .summarise: 0.29 * each
    }
  }

  /// Takes note of a progress.
  ///
  /// - Parameter seconds: the time, from any beginning.
  package mutating func note(_ progress: StageProgress, at seconds: Double) {
    if let last = visits.last, last.stage == progress.stage {
      // Counts may come out of order.
      let share = [last.share, progress.share].compactMap(\.self).max()
      visits[visits.count - 1].share = share
      return
    }
    // Another scan, or another run of the same one.
    if let last = visits.last, progress.stage.place < last.stage.place { visits = [] }
    energies = progress.energies
    visits.append(Visit(stage: progress.stage, start: seconds, share: progress.share))
  }

  /// How long the present stage has taken, s.
  package func inStage(at seconds: Double) -> Double { seconds - (visits.last?.start ?? seconds) }

  /// How long it will still take, s; nil where there is too little to tell by.
  package func left(at seconds: Double) -> Double? {
    guard let now = visits.last, cost(now.stage) > 0 else { return nil }
    let elapsed = seconds - now.start
    let share = now.share ?? 0
    // What the stages so far took, and what they usually cost.
    var known = zip(visits, visits.dropFirst()).map { visit, next in
      (took: next.start - visit.start, usual: cost(visit.stage))
    }
    if share > 0 { known.append((elapsed, share * cost(now.stage))) }
    let all = StageProgress.Stage.allCases.reduce(0) { $0 + cost($1) }
    let took = known.reduce(0) { $0 + ($1.usual > 0 ? $1.took : 0) }
    let usual = known.reduce(0) { $0 + $1.usual }
    guard usual > 0.05 * all, took > 0.5 else { return nil }
    let paces = known.filter { $0.usual > 0.05 * all }.map { $0.took / $0.usual }
    // A stage that was told to do less, say: what is usual is none of this scan's.
    if let slow = paces.max(), let quick = paces.min(), slow > 3 * quick { return nil }
    let pace = took / usual
    // A stage that is well under way tells best itself.
    let expected = share > 0.2 ? elapsed / share : pace * cost(now.stage)
    if elapsed > Self.tolerance * expected { return nil }
    let rest = StageProgress.Stage.allCases.filter { $0.place > now.stage.place }
      .reduce(0) { $0 + cost($1) }
    return max(0, expected - elapsed) + pace * rest
  }

  private func cost(_ stage: StageProgress.Stage) -> Double {
    Self.usual(stage, energies: energies)
  }
}
