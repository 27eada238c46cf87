internal import CSQLite
import Foundation
internal import GRDB

/// A catalog of results: one SQLite file.
///
///     let catalog = try Catalog(path: "magnets.lode", access: .read)
///     let clusters = try catalog.ask("run-clusters", run: try catalog.resolveRun("@last"))
///
/// ## Topics
/// - ``create(at:)``, ``init(path:access:)``, ``migrate(_:)``
/// - ``storedResult(of:)``
/// - ``assign(sample:toScan:)``, ``set(_:to:ofSample:)``, ``tag(_:run:)``, ``note(_:on:)``,
///   ``retract(_:reason:)``
/// - ``ask(_:parameters:)``, ``ask(_:run:)``, ``map(_:run:)``, ``resolveRun(_:)``
public final class Catalog {
  /// What a catalog is opened for.
  public enum Access: Sendable {
    /// Not one byte of the file is changed.
    case read
    /// Rows may be added.
    case write
  }

  /// "LODE", in the file's header.
  static let applicationID = 0x4C4F_4445

  /// The file.
  public let path: String
  /// Whether what a crashed program had left half written was rolled back.
  public private(set) var isRecovered: Bool
  /// What is to be said of the place where it lies; nil where nothing is.
  public let caution: String?
  let queue: DatabaseQueue
  private let patience: Patience

  /// Opens a catalog.
  ///
  /// - Parameters:
  ///   - allowsNetwork: whether it may be written to on a network file system.
  ///   - whenWaiting: is called where another program's lock is waited for longer than 2 s.
  /// - Throws: ``CatalogError`` where there is none, or another program's file, or one of another
  ///   schema version.
  public convenience init(
    path: String, access: Access, allowsNetwork: Bool = false,
    whenWaiting: (@Sendable () -> Void)? = nil
  ) throws {
    try self.init(
      anyVersionAt: path, access: access, allowsNetwork: allowsNetwork, whenWaiting: whenWaiting)
    let (version, known) = (try schemaVersion(), Catalog.migrations.count)
    if version > known { throw CatalogError.newer(path: path, version: version, known: known) }
    if version < known { throw CatalogError.older(path: path, version: version, known: known) }
    let strange = try read {
      try Catalog.foreignSteps($0, steps: Catalog.migrations, version: version)
    }
    if let strange { throw CatalogError.foreignSchema(path: path, reason: strange) }
  }

  /// Opens a catalog whatever the version of its schema is.
  init(
    anyVersionAt path: String, access: Access, allowsNetwork: Bool = false,
    whenWaiting: (@Sendable () -> Void)? = nil
  ) throws {
    self.path = path
    patience = Patience(say: whenWaiting)
    try Catalog.refuseUnusable(path, access)
    try Catalog.refuseForeignHeader(path)
    caution =
      access == .read
      ? nil : try CatalogPlace.check(path, in: path, allowsNetwork: allowsNetwork)
    if access == .write { try CatalogPlace.refuseSecondNames(path) }
    let patience = self.patience
    (queue, isRecovered) = try Catalog.recovering(path, patience) {
      let queue = try Catalog.open(path, access, patience)
      _ = try queue.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") }
      return queue
    }
  }

  /// The version of the file's schema.
  func schemaVersion() throws -> Int {
    try read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
  }

  /// Creates an empty catalog.
  ///
  /// It appears at `path` complete or not at all. An existing file is left as it is.
  ///
  /// - Parameter allowsNetwork: whether it may lie on a network file system.
  /// - Returns: false where a catalog of this version is there already.
  /// - Throws: ``CatalogError``.
  public static func create(at path: String, allowsNetwork: Bool = false) throws -> Bool {
    if FileManager.default.fileExists(atPath: path) {
      _ = try Catalog(path: path, access: .read)
      return false
    }
    try refuseFolderWithoutWriting(of: path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    _ = try CatalogPlace.check(path, in: folder, allowsNetwork: allowsNetwork)
    let draft = path + ".new-\(ProcessInfo.processInfo.processIdentifier)"
    defer { unlink(draft) }
    do {
      let queue = try open(draft, .write, Patience(say: nil))
      try queue.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA page_size = 8192")
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      }
      try migrate(queue, steps: migrations)
      try queue.close()
    } catch {
      throw CatalogError(error, path: path)
    }
    // It does not replace a file that another program made meanwhile.
    if try CatalogPlace.publish(draft, as: path) { return true }
    _ = try Catalog(path: path, access: .read)
    return false
  }

  static func open(_ path: String, _ access: Access, _ patience: Patience) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = access == .read
    configuration.busyMode = patience.mode
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA trusted_schema = OFF")
      // Damage is an error where it is met, not an answer.
      try database.execute(sql: "PRAGMA cell_size_check = ON")
      if access == .write {
        // Rollback journal with the folder synced too: a commit survives a power cut.
        try database.execute(sql: "PRAGMA synchronous = EXTRA")
      } else {
        // Questions about all runs look each of them up in several tables: SQLite's 2 MB hold too few pages of those of
        // 10,000 runs, and what it sorts or keeps meanwhile would go to a file.
        try database.execute(sql: "PRAGMA cache_size = -65536")
        try database.execute(sql: "PRAGMA temp_store = MEMORY")
      }
    }
    return try DatabaseQueue(path: sqliteName(path), configuration: configuration)
  }

  /// A path as SQLite must be told it: never a URI, nor ":memory:".
  static func sqliteName(_ path: String) -> String { path.hasPrefix("/") ? path : "./" + path }

  private static func refuseUnusable(_ path: String, _ access: Access) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CatalogError.missing(path: path)
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    if attributes?[.size] as? Int == 0 {
      throw CatalogError.notACatalog(path: path, reason: "an empty file")
    }
    if isFolder.boolValue { throw CatalogError.notACatalog(path: path, reason: "a folder") }
    let mode = access == .read ? R_OK : R_OK | W_OK
    guard Foundation.access(path, mode) == 0 else {
      throw CatalogError.denied(
        path: path, reason: access == .read ? "may not be read" : "may not be written to")
    }
    // Another program's WAL would be read with the file, and merged into it.
    let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    if FileManager.default.fileExists(atPath: resolved + "-wal") {
      throw CatalogError.walMode(path: path)
    }
    // A commit needs a journal beside the file.
    if access == .write { try refuseFolderWithoutWriting(of: path) }
  }

  static func refuseFolderWithoutWriting(of path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.fileExists(atPath: folder) else {
      throw CatalogError.notFound("\(path): there is no folder \(folder)")
    }
    guard Foundation.access(folder, W_OK) == 0 else {
      throw CatalogError.denied(path: path, reason: "its folder may not be written to")
    }
  }

  /// Looks at the file's first bytes before SQLite does: a file in WAL mode would be written to by
  /// merely reading it.
  private static func refuseForeignHeader(_ path: String) throws {
    var connection: OpaquePointer?
    defer { sqlite3_close_v2(connection) }
    var bytes = [UInt8](repeating: 0, count: 100)
    guard sqlite3_open_v2(sqliteName(path), &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK
    else {
      throw CatalogError.io(path: path, reason: "cannot be opened")
    }
    let code = lodestone_sqlite3_read_start(connection, &bytes, Int32(bytes.count))
    guard code == SQLITE_OK, bytes.starts(with: "SQLite format 3\0".utf8) else {
      throw CatalogError.notACatalog(path: path, reason: "not an SQLite file")
    }
    // https://sqlite.org/fileformat.html, 1.3: the application id, and the file format's versions.
    let id = bytes[68..<72].reduce(0) { $0 << 8 | Int($1) }
    guard id == applicationID else {
      // Most programs spell their name in it: GPKG is a GeoPackage.
      let isText = bytes[68..<72].allSatisfy { (0x20...0x7E).contains($0) }
      let name = isText ? " \"\(String(decoding: bytes[68..<72], as: UTF8.self))\"" : ""
      throw CatalogError.notACatalog(
        path: path, reason: "another program's SQLite file (application_id \(id)\(name))")
    }
    if bytes[18] == 2 || bytes[19] == 2 { throw CatalogError.walMode(path: path) }
  }

  /// Lets the file grow to a number of pages and no further, as a disk does that is full: for tests.
  package func limit(pages: Int) throws {
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
  }

  // MARK: Transactions

  /// The one way to write: everything in one transaction that holds the lock from its start.
  func write<T>(_ body: (Database) throws -> T) throws -> T {
    do {
      var result: T?
      try queue.writeWithoutTransaction { database in
        try database.inTransaction(.immediate) {
          try Self.requireShippedTables(database)
          let marks = try Ledger.marks(database)
          result = try body(database)
          try Ledger.enter(since: marks, database)
          return .commit
        }
      }
      guard let result else { preconditionFailure("a transaction that committed has a result") }
      return result
    } catch let conflict as SampleConflict {
      throw conflict
    } catch {
      throw CatalogError(error, path: path)
    }
  }

  /// The one way to read: all rows are fetched before it returns, and no lock is left.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    let (result, hasRecovered) = try Self.recovering(path, patience) { try queue.read(body) }
    if hasRecovered { isRecovered = true }
    return result
  }

  /// Does something that reads. A journal that a crashed program left is rolled back first, which a connection that only
  /// reads cannot.
  private static func recovering<T>(
    _ path: String, _ patience: Patience, _ body: () throws -> T
  ) throws -> (result: T, hasRecovered: Bool) {
    var hasRecovered = false
    for tries in 0... {
      do {
        return (try body(), hasRecovered)
      } catch let error as DatabaseError
        where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK && tries < 5
      {
        // Another program's commit that ends in this moment looks the same.
        usleep(10_000)
        if tries > 0, try rollBack(path, patience) { hasRecovered = true }
      } catch {
        throw CatalogError(error, path: path)
      }
    }
    preconditionFailure("the last try returns or throws")
  }

  /// Rolls back what a crashed program left half written; false where there is nothing any more.
  private static func rollBack(_ path: String, _ patience: Patience) throws -> Bool {
    let journal = URL(fileURLWithPath: path).resolvingSymlinksInPath().path + "-journal"
    guard FileManager.default.fileExists(atPath: journal) else { return false }
    do {
      let recovery = try Catalog.open(path, .write, patience)
      _ = try recovery.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") }
      try recovery.close()
      return true
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      throw CatalogError.busy(path: path)
    } catch {
      throw CatalogError.denied(
        path: path,
        reason:
          "a program that crashed left a commit half written, which can be rolled back only by "
          + "who may write to this file and its folder: let them run: lodestone check --catalog "
          + shellQuoted(path))
    }
  }
}

extension CatalogError {
  /// The same error in the catalog's words.
  init(_ error: any Error, path: String) {
    if let known = error as? CatalogError {
      self = known
      if case .damaged("", let reason) = known { self = .damaged(path: path, reason: reason) }
      return
    }
    guard let failure = error as? DatabaseError else {
      self = .io(path: path, reason: "\(error)")
      return
    }
    let reason = failure.message ?? "SQLite error \(failure.extendedResultCode.rawValue)"
    switch failure.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
    case .SQLITE_NOTADB: self = .notACatalog(path: path, reason: "not an SQLite file")
    case .SQLITE_CORRUPT: self = .damaged(path: path, reason: reason)
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self = .denied(path: path, reason: reason)
    default: self = .io(path: path, reason: reason)
    }
  }
}
