import Foundation

/// Where scratch files may be made.
public struct ScratchSpace: Sendable, Equatable {
  /// The folder.
  public var directory: String

  /// Scratch files in a folder.
  public init(directory: String) { self.directory = directory }

  /// Refuses where the folder has not so much room.
  package func require(bytes: Int) throws(ScratchFailure) {
    var system = statvfs()
    guard statvfs(directory, &system) == 0 else { return }
    let free = Int(clamping: UInt64(system.f_bavail) &* UInt64(system.f_frsize))
    guard bytes <= free else {
      throw ScratchFailure(
        description: "\(directory): a scratch file takes \(sizeInWords(bytes)), and "
          + "\(sizeInWords(free)) are free there (--scratch DIR elsewhere, or more --memory)")
    }
  }
}

/// A scratch file that cannot be made, written or read: which, and why.
public struct ScratchFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// One line.
  public let description: String

  /// A failure in words.
  package init(description: String) { self.description = description }
}

/// A file of floats that has no name, so that it is gone when the program ends, however it ends.
final class ScratchFile: Sendable {
  private let descriptor: Int32
  private let directory: String

  /// A file of a size, all of which is reserved.
  init(in space: ScratchSpace, bytes: Int) throws(ScratchFailure) {
    try space.require(bytes: bytes)
    directory = space.directory
    let template = directory + "/lodestone-scratch-XXXXXX"
    var name = Array(template.utf8CString)
    descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      throw ScratchFailure(
        description: "\(directory): no scratch file can be made there: "
          + "\(String(cString: strerror(errno))) (--scratch DIR)")
    }
    unlink(name)
    let error = posix_fallocate(descriptor, 0, off_t(max(bytes, 1)))
    // All is set by now: where this throws, the file is closed by its deinit.
    guard error == 0 else {
      throw ScratchFailure(
        description:
          "\(directory): a scratch file of \(sizeInWords(bytes)) cannot be reserved there: "
          + "\(String(cString: strerror(error))) (--scratch DIR elsewhere, or more --memory)")
    }
  }

  deinit { close(descriptor) }

  func read(at place: Int, into values: inout [Float]) throws(ScratchFailure) {
    try read(at: place, into: &values, places: 0..<values.count)
  }

  /// Reads into some places of an array.
  func read(
    at place: Int, into values: inout [Float], places: Range<Int>
  ) throws(ScratchFailure) {
    let error = values.withUnsafeMutableBytes { bytes in
      transfer(UnsafeMutableRawBufferPointer(rebasing: bytes[bytesOf(places)]), at: place) {
        pread(descriptor, $0, $1, $2)
      }
    }
    if let error { throw failure("read", error) }
  }

  func write(_ values: [Float], at place: Int) throws(ScratchFailure) {
    let error = values.withUnsafeBytes { bytes in
      transfer(UnsafeMutableRawBufferPointer(mutating: bytes), at: place) {
        pwrite(descriptor, $0, $1, $2)
      }
    }
    if let error { throw failure("written", error) }
  }

  private func bytesOf(_ places: Range<Int>) -> Range<Int> {
    let size = MemoryLayout<Float>.stride
    return places.lowerBound * size..<places.upperBound * size
  }

  /// Repeats until all is done; the error number where it cannot be.
  private func transfer(
    _ bytes: UnsafeMutableRawBufferPointer, at place: Int,
    _ call: (UnsafeMutableRawPointer, Int, off_t) -> Int
  ) -> Int32? {
    guard let base = bytes.baseAddress else { return nil }
    let start = place * MemoryLayout<Float>.stride
    var done = 0
    while done < bytes.count {
      let moved = call(base + done, bytes.count - done, off_t(start + done))
      if moved > 0 {
        done += moved
      } else if moved == 0 || errno != EINTR {
        return moved == 0 ? EIO : errno
      }
    }
    return nil
  }

  private func failure(_ verb: String, _ error: Int32) -> ScratchFailure {
    ScratchFailure(
      description: "\(directory): the scratch file cannot be \(verb): "
        + String(cString: strerror(error)))
  }
}

/// A number of bytes for people: "1.3 GB".
package func sizeInWords(_ bytes: Int) -> String {
  var (size, unit) = (Double(bytes), "bytes")
  for larger in ["kB", "MB", "GB", "TB"] where size >= 999.5 {
    (size, unit) = (size / 1000, larger)
  }
  let digits = unit == "bytes" || size >= 99.95 ? 0 : 1
  return String(format: "%.\(digits)f ", size) + unit
}
