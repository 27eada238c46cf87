import Dispatch
import Foundation
import Synchronization

/// The results of `body` for `0..<count`, in order, computed on all cores or on so many threads.
///
/// - Throws: the error of the smallest number that has one.
package func mapInParallel<T: Sendable, Failure: Error>(
  _ count: Int, threads: Int? = nil, _ body: @Sendable (Int) throws(Failure) -> T
) throws(Failure) -> [T] {
  let results = [Result<T, Failure>?](unsafeUninitializedCapacity: count) { buffer, initialized in
    // Each call initialises the place with its own number.
    nonisolated(unsafe) let places = buffer
    forEachInParallel(count, threads: threads) { index in
      let result: Result<T, Failure>
      do throws(Failure) {
        result = .success(try body(index))
      } catch {
        result = .failure(error)
      }
      (places.baseAddress! + index).initialize(to: result)
    }
    initialized = count
  }
  var values: [T] = []
  values.reserveCapacity(count)
  for result in results { values.append(try result!.get()) }
  return values
}

/// Runs `body` for each of `count` independent numbers, on all cores or on so many threads.
package func forEachInParallel(
  _ count: Int, threads: Int? = nil, _ body: @Sendable (Int) -> Void
) {
  let threads = min(count, threads ?? ProcessInfo.processInfo.activeProcessorCount)
  guard threads > 1 else {
    for number in 0..<count { body(number) }
    return
  }
  let next = Atomic(0)
  DispatchQueue.concurrentPerform(iterations: threads) { _ in
    while true {
      let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard number < count else { return }
      body(number)
    }
  }
}

/// A value that another thread computes, and that is waited for where it is asked for.
package final class Background<Value: Sendable>: Sendable {
  private let result = Mutex<Value?>(nil)
  private let work = DispatchGroup()

  /// Begins.
  package init(_ body: @escaping @Sendable () -> Value) {
    DispatchQueue.global().async(group: work) { [self] in
      let value = body()
      result.withLock { $0 = value }
    }
  }

  /// The value, once it is there.
  package var value: Value {
    work.wait()
    guard let value = result.withLock({ $0 }) else { preconditionFailure("the work is done") }
    return value
  }
}
