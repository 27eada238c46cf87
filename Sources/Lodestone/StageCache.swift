public import Foundation
import PhaseCatalog
import Spectra
import Synchronization

/// Outputs of stages that are kept from one ingest to the next, in a folder of the user.
///
/// An entry is a file that is named by the key of what it holds (``StageKeys``): it is written under another name, renamed
/// when it is whole, and never changed. Every byte is digested, and what does not fit its digest is removed
/// and computed anew. Several programs may use one folder at once. The cache never makes an ingest fail: what goes
/// wrong is one remark.
public final class StageCache: Sendable {
  /// What is kept of one scan after a stage.
  public struct Entry: Sendable, Equatable {
    /// The name of its file.
    public let name: String
    /// What it holds, in words.
    public let holds: String
    /// Its size.
    public let bytes: Int
    /// When it was last used.
    public let lastUsed: Date
  }

  /// The folder; it may not be there yet.
  public let folder: String
  /// The most that the user wants kept, bytes; nil for 4 GB or a tenth of what is free, whichever is less.
  private let wanted: Int?
  private let state = Mutex(State())
  private let writing = DispatchGroup()
  private let start = ContinuousClock.now

  private struct State {
    var remark: String?
    /// Nothing more is kept once something went wrong.
    var isBroken = false
    /// Entries that were asked to be written before this number was raised are given up.
    var generation = 0
  }

  /// A cache in a folder.
  ///
  /// - Parameter limit: the most to keep, bytes; nil for 4 GB or a tenth of what is free, whichever is less.
  public init(folder: String, limit: Int? = nil) {
    (self.folder, wanted) = (folder, limit)
  }

  /// The user's folder: `$LODESTONE_CACHE`, else `lodestone` in `$XDG_CACHE_HOME`, else in `~/.cache`.
  public static func standardFolder(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String {
    if let own = environment["LODESTONE_CACHE"], !own.isEmpty { return own }
    // A relative one is to be ignored (XDG Base Directory Specification).
    if let shared = environment["XDG_CACHE_HOME"], shared.hasPrefix("/") {
      return shared + "/lodestone"
    }
    let home = environment["HOME"] ?? ""
    return (home.isEmpty ? NSHomeDirectory() : home) + "/.cache/lodestone"
  }

  /// What went wrong, in one line; nil where nothing did.
  public var remark: String? { state.withLock(\.remark) }

  // MARK: Looking after it

  /// What is kept, what was used last first.
  public func entries() -> [Entry] {
    files().compactMap { file in
      StageCache.words[String(file.name.dropFirst(65))].map {
        Entry(name: file.name, holds: $0, bytes: file.bytes, lastUsed: file.used)
      }
    }.sorted { ($0.lastUsed, $0.name) > ($1.lastUsed, $1.name) }
  }

  /// The most that is kept, bytes.
  public var limit: Int { limit(beside: entries().reduce(0) { $0 + $1.bytes }) }

  /// Removes what is kept, and what interrupted programs have left: how many bytes that were.
  public func clear() -> Int {
    removeLeftovers()
    return entries().reduce(0) { unlink(path($1.name)) == 0 ? $0 + $1.bytes : $0 }
  }

  private func limit(beside kept: Int) -> Int {
    if let wanted { return wanted }
    var system = statvfs()
    // Where the folder is not there yet, the one that it would be made in.
    var place = folder
    while statvfs(place, &system) != 0 {
      let above = (place as NSString).deletingLastPathComponent
      guard above != place, !above.isEmpty else { return 0 }
      place = above
    }
    let free = Int(clamping: UInt64(system.f_bavail) &* UInt64(system.f_frsize))
    return min(4_000_000_000, (free + kept) / 10)
  }

  private func path(_ name: String) -> String { folder + "/" + name }

  /// The ending of what is not whole.
  private static let unfinished = "part"
  private static let words = [
    RegisteredStack.kind: "registered frames", ComparedSpectra.kind: "features",
  ]

  /// The files that have names as this program gives: a digest, a point and an ending. Others are left alone.
  private func files() -> [(name: String, bytes: Int, used: Date)] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return []
    }
    return names.compactMap { name in
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].utf8.count == 64, parts[0].allSatisfy(\.isHexDigit) else {
        return nil
      }
      var status = stat()
      // Another program may have removed it.
      guard lstat(path(name), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      let time = status.st_mtim
      return (
        name, Int(status.st_size),
        Date(timeIntervalSince1970: Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec))
      )
    }
  }

  /// Removes the unfinished files that nobody is writing.
  private func removeLeftovers() {
    for file in files() where file.name.hasSuffix("." + Self.unfinished) {
      if let open = try? CacheFile(reading: path(file.name)), open.isUnlocked {
        unlink(path(file.name))
      }
    }
  }

  /// Removes what was not used for longest until there is room: whether there is.
  private func makeRoom(for bytes: Int) -> Bool {
    removeLeftovers()
    let files = files()
    var kept = files.reduce(0) { $0 + $1.bytes }
    let limit = limit(beside: kept)
    guard bytes <= limit else { return false }
    for entry in entries().reversed() where kept + bytes > limit {
      unlink(path(entry.name))
      kept -= entry.bytes
    }
    return kept + bytes <= limit
  }

  // MARK: Reading

  /// Whether something seems to be kept under a key.
  func has(_ kind: String, _ key: String) -> Bool { access(path("\(key).\(kind)"), R_OK) == 0 }

  /// What is kept under a key; nil where that is nothing, or not what was written.
  func load<Value: StageValue>(_ key: String, of context: StageContext) -> Value? {
    guard state.withLock({ !$0.isBroken }) else { return nil }
    let path = path("\(key).\(Value.kind)")
    do throws(CacheFailure) {
      let file = try CacheFile(reading: path)
      var reader = try CacheReader(file, key: key.bytesOfKey)
      let value = try Value(from: &reader, context)
      try reader.finish()
      file.touch()
      return value
    } catch {
      switch error {
      case .damaged:
        unlink(path)
        remark("\(path): not what was written there: it is removed, and computed anew")
      case .system(ENOENT), .system(ENOTDIR): break
      case .system(let number): remark("\(path): cannot be read: \(Self.words(number))")
      case .abandoned: break
      }
      return nil
    }
  }

  // MARK: Writing

  /// Writes what a stage made, while others go on.
  func keep(_ value: some StageValue, under key: String) {
    let generation: Int? = state.withLock { $0.isBroken ? nil : $0.generation }
    guard let generation else { return }
    let name = "\(key).\(type(of: value).kind)"
    // A thread of its own, which takes what time the others leave.
    writing.enter()
    Thread.detachNewThread { [self] in
      defer { writing.leave() }
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
      let isWanted = { self.state.withLock { $0.generation == generation && !$0.isBroken } }
      guard isWanted(), prepare() else { return }
      var writer = CacheWriter()
      value.write(to: &writer)
      do throws(CacheFailure) {
        try write(writer, key, as: name, while: isWanted)
      } catch {
        // What was begun may be taken for a leftover, or the folder be removed: that is no fault.
        guard case .system(let number) = error, number != ENOENT else { return }
        giveUp("\(folder): the cache cannot be written: \(Self.words(number))")
      }
    }
  }

  /// Waits until all is written; what takes longer than a twentieth of the time so far, and `patience`, is given up.
  ///
  /// - Parameter patience: s.
  public func finish(patience: Double = 2) {
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    guard writing.wait(timeout: .now() + max(patience, 0.05 * elapsed)) == .timedOut else { return }
    state.withLock { $0.generation += 1 }
    remark("\(folder): the cache is slow to write: not all was kept")
    // Only to remove what was begun; a disk that hangs is not waited for.
    _ = writing.wait(timeout: .now() + 1)
  }

  private func write(
    _ writer: CacheWriter, _ key: String, as name: String, while isWanted: () -> Bool
  ) throws(CacheFailure) {
    guard access(path(name), F_OK) != 0, makeRoom(for: writer.bytes) else { return }
    let digits = (0..<4).map { _ in UInt64.random(in: .min ... .max) }
      .map { String(format: "%016llx", $0) }.joined()
    let temporary = path("\(digits).\(Self.unfinished)")
    let file = try CacheFile(making: temporary)
    do throws(CacheFailure) {
      try writer.write(key: key.bytesOfKey, to: file, while: isWanted)
      guard rename(temporary, path(name)) == 0 else { throw .system(errno) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Makes the folder where there is none; whether it is this user's alone to write.
  private func prepare() -> Bool {
    if mkdir(folder, 0o700) != 0, errno == ENOENT {
      try? FileManager.default.createDirectory(
        atPath: (folder as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      mkdir(folder, 0o700)
    }
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      giveUp("\(folder): the cache's folder cannot be made: \(Self.words(errno))")
      return false
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      giveUp(
        "\(folder): others may write there: nothing is kept (chmod 700, or LODESTONE_CACHE elsewhere)"
      )
      return false
    }
    return true
  }

  private func remark(_ words: String) {
    state.withLock { $0.remark = $0.remark ?? words }
  }

  private func giveUp(_ words: String) {
    remark(words)
    state.withLock { $0.isBroken = true }
  }

  private static func words(_ number: Int32) -> String { String(cString: strerror(number)) }
}

extension String {
  /// The bytes of a key of 64 hexadecimal digits.
  fileprivate var bytesOfKey: [UInt8] {
    let digits = utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
