import CTIFF
import Foundation

/// A growing block of memory that libtiff reads and writes as it would a file.
final class MemoryFile {
  private(set) var bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  /// Opens the block as a TIFF. It must outlive the handle, which does not retain it.
  func open(_ name: String, _ mode: String, _ options: OpaquePointer?) -> OpaquePointer? {
    TIFFClientOpenExt(
      name, mode, Unmanaged.passUnretained(self).toOpaque(),
      { MemoryFile.from($0).read($1, Int($2)) },
      { MemoryFile.from($0).write($1, Int($2)) },
      { MemoryFile.from($0).seek($1, $2) },
      { _ in 0 },
      { UInt64(MemoryFile.from($0).bytes.count) },
      { _, _, _ in 0 },
      { _, _, _ in }, options)
  }

  private static func from(_ handle: thandle_t?) -> MemoryFile {
    Unmanaged<MemoryFile>.fromOpaque(handle!).takeUnretainedValue()
  }

  func read(_ target: UnsafeMutableRawPointer?, _ count: Int) -> tmsize_t {
    let available = max(0, min(count, bytes.count - position))
    guard available > 0 else { return 0 }
    bytes.withUnsafeBytes { source in
      target?.copyMemory(from: source.baseAddress! + position, byteCount: available)
    }
    position += available
    return tmsize_t(available)
  }

  /// Copies bytes from an offset on; false where there are not enough.
  func copy(_ offset: Int, into target: UnsafeMutableRawBufferPointer) -> Bool {
    guard offset >= 0, offset <= bytes.count, target.count <= bytes.count - offset else {
      return false
    }
    bytes.withUnsafeBytes {
      target.copyMemory(from: .init(rebasing: $0[offset...].prefix(target.count)))
    }
    return true
  }

  func write(_ source: UnsafeMutableRawPointer?, _ count: Int) -> tmsize_t {
    guard let source, count > 0 else { return 0 }
    if position + count > bytes.count {
      bytes.append(contentsOf: repeatElement(0, count: position + count - bytes.count))
    }
    bytes.withUnsafeMutableBytes {
      ($0.baseAddress! + position).copyMemory(from: source, byteCount: count)
    }
    position += count
    return tmsize_t(count)
  }

  func seek(_ offset: UInt64, _ whence: Int32) -> UInt64 {
    switch whence {
    case SEEK_CUR: position += Int(Int64(bitPattern: offset))
    case SEEK_END: position = bytes.count + Int(Int64(bitPattern: offset))
    default: position = Int(clamping: offset)
    }
    return UInt64(position)
  }
}
