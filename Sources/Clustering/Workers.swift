import Foundation
import Synchronization

/// How far a clustering has come.
public struct ClusteringProgress: Sendable, Equatable {
  /// The parts of a clustering.
  public enum Phase: String, Sendable, CaseIterable {
    /// Putting the points in order.
    case build
    /// Distances to the k-th neighbours of sampled points, to choose a radius.
    case distances
    /// Finding the core points.
    case count
    /// Joining core points to clusters.
    case connect
    /// Giving border points to clusters.
    case label
  }

  /// What is being done.
  public let phase: Phase
  /// The share of it that is done, 0 to 1.
  public let fraction: Double
}

/// Who does the work: how many threads, and who is told of the progress. Neither touches what is found.
public struct Workers: Sendable {
  /// The number of threads.
  public let threads: Int
  private let observer: (@Sendable (ClusteringProgress) -> Bool)?

  /// - Parameters:
  ///   - threads: at least 1; as many as there are cores where nil.
  ///   - observer: called now and then with the progress, by one thread at a time. It returns false to
  ///     end the work, which then throws ``ClusteringFailure/cancelled``.
  public init(
    threads: Int? = nil, observer: (@Sendable (ClusteringProgress) -> Bool)? = nil
  ) {
    self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    self.observer = observer
  }

  /// Runs `body` for each number below `count`, in no particular order.
  ///
  /// What a number's call does must not depend on the others: then nothing depends on the threads.
  ///
  /// - Parameters:
  ///   - make: makes what a thread keeps from one call to the next.
  ///   - done: takes what each thread kept, one after another, at the end.
  /// - Throws: ``ClusteringFailure/cancelled``.
  func run<Scratch>(
    _ phase: ClusteringProgress.Phase, count: Int, make: @Sendable () -> Scratch,
    done: (Scratch) -> Void = { _ in }, _ body: @Sendable (inout Scratch, Int) -> Void
  ) throws(ClusteringFailure) {
    guard tell(phase, 0) else { throw .cancelled }
    let threads = min(threads, count)
    guard threads > 1 else {
      if count > 0 {
        var scratch = make()
        for number in 0..<count {
          body(&scratch, number)
          guard tell(phase, Double(number + 1) / Double(count)) else { throw .cancelled }
        }
        done(scratch)
      }
      return
    }
    let next = Atomic(0)
    let isCancelled = Atomic(false)
    // Holds the threads' scratch at the end, and lets one at a time speak to the observer.
    let finished = Mutex<Finished<Scratch>>(Finished())
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      var scratch = make()
      while !isCancelled.load(ordering: .relaxed) {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < count else { break }
        body(&scratch, number)
        guard observer != nil else { continue }
        finished.withLock {
          $0.count += 1
          if !isCancelled.load(ordering: .relaxed)
            && !tell(phase, Double($0.count) / Double(count))
          {
            isCancelled.store(true, ordering: .relaxed)
          }
        }
      }
      let kept = Kept(scratch: scratch)
      finished.withLock { $0.scratch.append(kept) }
    }
    if isCancelled.load(ordering: .relaxed) { throw .cancelled }
    finished.withLock { for kept in $0.scratch { done(kept.scratch) } }
  }

  /// Runs `body` over consecutive ranges of `0..<count`, whose bounds do not depend on the threads.
  func forEachRange(
    _ phase: ClusteringProgress.Phase, of count: Int, size: Int,
    _ body: @Sendable (_ chunk: Int, _ range: Range<Int>) -> Void
  ) throws(ClusteringFailure) {
    let chunks = (count + size - 1) / size
    try run(phase, count: chunks, make: {}) { _, chunk in
      body(chunk, chunk * size..<min((chunk + 1) * size, count))
    }
  }

  private func tell(_ phase: ClusteringProgress.Phase, _ fraction: Double) -> Bool {
    observer?(ClusteringProgress(phase: phase, fraction: fraction)) ?? true
  }
}

private struct Finished<Scratch>: Sendable {
  var count = 0
  var scratch: [Kept<Scratch>] = []
}

/// What a thread kept, on its way to the thread that started it.
///
/// Invariant: the thread that made it does not use it again.
private struct Kept<Scratch>: @unchecked Sendable {
  let scratch: Scratch
}
