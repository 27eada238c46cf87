import Foundation
import Synchronization

/// A fixed number of trivial values on the heap, for the hot loops of the neighbour search.
///
/// A pointer and a length: copying it costs nothing, and no loop counts references.
///
/// Invariant: `base` has room for `count` values for as long as the ``Arena`` that made it lives, and whatever
/// loops over it keeps that. Threads may write at the same time to places that are not the same.
struct Storage<Element: BitwiseCopyable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  subscript(index: Int) -> Element {
    get { base[index] }
    nonmutating set { base[index] = newValue }
  }
}

/// The owner of storages, which live as long as it does.
///
/// What is freed before is used again, also by arenas made from this one: pages that were touched once need
/// not be cleared by the system.
final class Arena: Sendable {
  private struct Block: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let size: Int
  }

  private struct Blocks {
    var used: [Block] = []
    var free: [Block] = []
  }

  private let parent: Arena?
  private let blocks = Mutex(Blocks())

  /// - Parameter parent: takes the blocks when this arena goes, and lends those that it has free.
  init(parent: Arena? = nil) { self.parent = parent }

  deinit {
    let all = blocks.withLock { $0.used + $0.free }
    if let parent {
      parent.blocks.withLock { $0.free += all }
    } else {
      for block in all { block.start.deallocate() }
    }
  }

  /// Room for `count` values, not set to anything.
  func storage<Element>(of type: Element.Type = Element.self, uninitialized count: Int)
    -> Storage<Element>
  {
    let size = max(count, 1) * MemoryLayout<Element>.stride
    let block = reuse(size) ?? parent?.reuse(size) ?? allocate(size)
    blocks.withLock { $0.used.append(block) }
    return Storage(
      base: block.start.bindMemory(to: Element.self, capacity: max(count, 1)), count: count)
  }

  private func reuse(_ size: Int) -> Block? {
    blocks.withLock { blocks in
      let fitting = blocks.free.indices.filter {
        blocks.free[$0].size >= size && blocks.free[$0].size <= 8 * size
      }
      return fitting.min { blocks.free[$0].size < blocks.free[$1].size }
        .map { blocks.free.remove(at: $0) }
    }
  }

  private func allocate(_ size: Int) -> Block {
    // Large arrays in large pages: their first touch, and random access to them, costs a fraction.
    let isLarge = size >= 1 << 21
    let start = UnsafeMutableRawPointer.allocate(
      byteCount: size, alignment: isLarge ? 1 << 21 : 64)
    #if os(Linux)
      if isLarge { madvise(start, size, MADV_HUGEPAGE) }
    #endif
    return Block(start: start, size: size)
  }

  func storage<Element>(repeating value: Element, count: Int) -> Storage<Element> {
    let storage = storage(of: Element.self, uninitialized: count)
    storage.base.initialize(repeating: value, count: count)
    return storage
  }

  /// Frees one of its storages before its time.
  func free<Element>(_ storage: Storage<Element>) {
    let start = UnsafeMutableRawPointer(storage.base)
    blocks.withLock { blocks in
      guard let index = blocks.used.firstIndex(where: { $0.start == start }) else { return }
      blocks.free.append(blocks.used.remove(at: index))
    }
  }
}
