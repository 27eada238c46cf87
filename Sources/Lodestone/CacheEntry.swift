import Foundation
import PhaseCatalog
import Spectra
import Synchronization

// An entry of the cache is one file, numbers little-endian:
//
//     magic 16 | key 32 | bytes of the head 8 | number of pieces 8 | SHA-256 of these, the head and the digests 32
//     head: numbers, texts, and the length of each array, in the order in which they were written
//     digests: the SHA-256 of each piece, 32 bytes each
//     the arrays, one after the other; each is digested in pieces of 1 MB
//
// A reader asks for the same things in the same order, and believes nothing that is not digested.

/// The parts of an entry that do not depend on what it holds.
enum CacheFormat {
  static let magic = Array("lodestone-stage1".utf8)
  /// Small enough to be in the processor's cache from the reading to the digest.
  static let piece = 1 << 20
  static let preludeBytes = 96
  /// More would be no head: its arrays are not in it.
  static let largestHead = 1 << 26

  static func pieces(of bytes: Int) -> Int { (bytes + piece - 1) / piece }

  static func range(_ number: Int, of bytes: Int) -> Range<Int> {
    number * piece..<min((number + 1) * piece, bytes)
  }

  /// What stands before the digest.
  static func prelude(key: [UInt8], head: Int, pieces: Int) -> [UInt8] {
    var bytes = magic + key
    for count in [head, pieces] { bytes += self.bytes(of: UInt64(count)) }
    return bytes
  }

  static func bytes(of value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func digest(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { ContentDigest.ofBytes($0) }
  }
}

/// A number whose every bit pattern is one.
protocol PlainNumber: BitwiseCopyable, Sendable {}
extension UInt8: PlainNumber {}
extension Int32: PlainNumber {}
extension Float: PlainNumber {}
extension Double: PlainNumber {}

/// What is to be written into an entry.
struct CacheWriter: Sendable {
  /// An array, and how some of its bytes are had.
  struct Array: Sendable {
    let count: Int
    let withBytes: @Sendable (Range<Int>, (UnsafeRawBufferPointer) -> Void) -> Void
  }

  private(set) var head: [UInt8] = []
  private(set) var arrays: [Array] = []

  /// The size of the file.
  var bytes: Int {
    arrays.reduce(CacheFormat.preludeBytes + head.count) {
      $0 + $1.count + 32 * CacheFormat.pieces(of: $1.count)
    }
  }

  mutating func add(_ value: Int) {
    head += CacheFormat.bytes(of: UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ value: Double) { head += CacheFormat.bytes(of: value.bitPattern) }

  mutating func add(_ value: Double?) {
    add(value == nil ? 0 : 1)
    add(value ?? 0)
  }

  mutating func add(_ text: String) {
    add(text.utf8.count)
    head += text.utf8
  }

  mutating func add<Number: PlainNumber>(_ values: [Number]) {
    add(values.count)
    arrays.append(
      Array(count: values.count * MemoryLayout<Number>.stride) { range, body in
        values.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
      })
  }

  mutating func add(_ flags: [Bool]) { add(flags.map { $0 ? 1 : 0 } as [UInt8]) }

  /// Adds frames that lie in memory. They must not change any more.
  mutating func add(_ frames: FrameStore) {
    arrays.append(
      Array(count: frames.bytes?.count ?? 0) { range, body in
        if let bytes = frames.bytes { body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
      })
  }

  /// Writes all of it into an empty file, piece by piece.
  ///
  /// - Parameter isWanted: is asked before each piece; where it says no, nothing more is written.
  /// - Throws: ``CacheFailure``.
  func write(
    key: [UInt8], to file: CacheFile, while isWanted: () -> Bool
  ) throws(CacheFailure) {
    let pieces = arrays.reduce(0) { $0 + CacheFormat.pieces(of: $1.count) }
    var digests: [UInt8] = []
    digests.reserveCapacity(32 * pieces)
    var place = CacheFormat.preludeBytes + head.count + 32 * pieces
    for array in arrays {
      for piece in 0..<CacheFormat.pieces(of: array.count) {
        guard isWanted() else { throw .abandoned }
        var failure: CacheFailure?
        array.withBytes(CacheFormat.range(piece, of: array.count)) { bytes in
          digests += ContentDigest.ofBytes(bytes)
          failure = file.write(bytes, at: place)
          place += bytes.count
        }
        if let failure { throw failure }
      }
    }
    var front = CacheFormat.prelude(key: key, head: head.count, pieces: pieces)
    front += CacheFormat.digest(front + head + digests)
    let failure = (front + head + digests).withUnsafeBytes { file.write($0, at: 0) }
    if let failure { throw failure }
  }
}

/// Why an entry was not read or written.
enum CacheFailure: Error, Equatable {
  /// It is not what was written.
  case damaged
  /// The system's error number.
  case system(Int32)
  /// It was not wanted any more.
  case abandoned
}

/// Reads what was written into an entry, in the same order.
///
/// All sizes are compared with the file's before anything is made of them, and every byte with its digest.
struct CacheReader {
  private let file: CacheFile
  private let size: Int
  private let head: [UInt8]
  private let digests: [UInt8]
  private var headPlace = 0
  private var pieces = 0
  private var place: Int

  /// The entry of a key.
  ///
  /// - Throws: ``CacheFailure``.
  init(_ file: CacheFile, key: [UInt8]) throws(CacheFailure) {
    self.file = file
    size = try file.size()
    let prelude = try file.bytes(0..<CacheFormat.preludeBytes, of: size)
    func count(_ place: Int) -> Int {
      prelude[place..<place + 8].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    }
    let (headCount, pieceCount) = (count(48), count(56))
    guard (0...CacheFormat.largestHead).contains(headCount), (0...size / 32).contains(pieceCount),
      Array(prelude[..<64])
        == CacheFormat.prelude(key: key, head: headCount, pieces: pieceCount)
    else { throw .damaged }
    let headEnd = CacheFormat.preludeBytes + headCount
    head = try file.bytes(CacheFormat.preludeBytes..<headEnd, of: size)
    place = headEnd + 32 * pieceCount
    digests = try file.bytes(headEnd..<place, of: size)
    guard CacheFormat.digest(Array(prelude[..<64]) + head + digests) == Array(prelude[64...]) else {
      throw .damaged
    }
  }

  private mutating func word() throws(CacheFailure) -> UInt64 {
    guard headPlace + 8 <= head.count else { throw .damaged }
    defer { headPlace += 8 }
    return head[headPlace..<headPlace + 8].enumerated().reduce(0) {
      $0 | UInt64($1.element) << (8 * $1.offset)
    }
  }

  mutating func int() throws(CacheFailure) -> Int { Int(Int64(bitPattern: try word())) }

  mutating func double() throws(CacheFailure) -> Double { Double(bitPattern: try word()) }

  mutating func optionalDouble() throws(CacheFailure) -> Double? {
    let (isThere, value) = (try int(), try double())
    return isThere == 0 ? nil : value
  }

  mutating func text() throws(CacheFailure) -> String {
    let count = try int()
    guard count >= 0, count <= head.count - headPlace else { throw .damaged }
    defer { headPlace += count }
    return String(decoding: head[headPlace..<headPlace + count], as: UTF8.self)
  }

  mutating func array<Number: PlainNumber>() throws(CacheFailure) -> [Number] {
    let (count, stride) = (try int(), MemoryLayout<Number>.stride)
    guard count >= 0, count <= (size - place) / stride else { throw .damaged }
    var failure: CacheFailure?
    let values = [Number](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(CacheFailure) {
        try fill(
          UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(count * stride)]))
        // All bytes were set, and every bit pattern is a number.
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// - Parameter count: how many there must be.
  mutating func array<Number: PlainNumber>(count: Int) throws(CacheFailure) -> [Number] {
    let values: [Number] = try array()
    guard values.count == count else { throw .damaged }
    return values
  }

  mutating func flags(count: Int) throws(CacheFailure) -> [Bool] {
    let bytes: [UInt8] = try array(count: count)
    return bytes.map { $0 != 0 }
  }

  /// Sets all frames of a store in memory.
  mutating func fill(_ frames: FrameStore) throws(CacheFailure) {
    guard let bytes = frames.bytes else { preconditionFailure("frames in a file are not cached") }
    try fill(bytes)
  }

  /// Refuses an entry of which something is left.
  func finish() throws(CacheFailure) {
    guard headPlace == head.count, 32 * pieces == digests.count, place == size else {
      throw .damaged
    }
  }

  /// Reads the next array on all cores: each takes a piece and digests it while it is at hand.
  private mutating func fill(_ target: UnsafeMutableRawBufferPointer) throws(CacheFailure) {
    let (count, first, place) = (CacheFormat.pieces(of: target.count), pieces, place)
    guard 32 * (first + count) <= digests.count, target.count <= size - place else {
      throw .damaged
    }
    // Each call writes a piece of its own.
    nonisolated(unsafe) let target = target
    let (file, digests) = (file, digests)
    _ = try mapInParallel(count) { (number) throws(CacheFailure) in
      let range = CacheFormat.range(number, of: target.count)
      let piece = UnsafeMutableRawBufferPointer(rebasing: target[range])
      try file.read(into: piece, at: place + range.lowerBound)
      let digest = ContentDigest.ofBytes(UnsafeRawBufferPointer(piece))
      guard digest[...] == digests[32 * (first + number)..<32 * (first + number + 1)] else {
        throw .damaged
      }
    }
    pieces += count
    self.place += target.count
  }
}

/// A file of the cache that is open.
final class CacheFile: Sendable {
  private let descriptor: Int32

  /// Opens an entry for reading; links are not followed.
  ///
  /// - Throws: ``CacheFailure``: damaged where it is no file of this user.
  init(reading path: String) throws(CacheFailure) {
    descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw errno == ELOOP ? .damaged : .system(errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid()
    else { throw .damaged }
  }

  /// Makes a new file and locks it: one that is not locked was left by a program that is no more.
  init(making path: String) throws(CacheFailure) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(errno) }
    flock(descriptor, LOCK_EX | LOCK_NB)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func size() throws(CacheFailure) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(errno) }
    return Int(status.st_size)
  }

  /// Notes that it was used now.
  func touch() { _ = futimens(descriptor, nil) }

  /// Whether no other program holds it.
  var isUnlocked: Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  func bytes(_ range: Range<Int>, of size: Int) throws(CacheFailure) -> [UInt8] {
    guard range.upperBound <= size else { throw .damaged }
    var bytes = [UInt8](repeating: 0, count: range.count)
    var failure: CacheFailure?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(CacheFailure) {
        try read(into: buffer, at: range.lowerBound)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  func read(into target: UnsafeMutableRawBufferPointer, at place: Int) throws(CacheFailure) {
    var done = 0
    while done < target.count {
      let count = pread(
        descriptor, target.baseAddress! + done, target.count - done, off_t(place + done))
      if count == 0 { throw .damaged }
      if count > 0 { done += count } else if errno != EINTR { throw .system(errno) }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at place: Int) -> CacheFailure? {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(place + done))
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        return .system(count == 0 ? EIO : errno)
      }
    }
    return nil
  }
}
