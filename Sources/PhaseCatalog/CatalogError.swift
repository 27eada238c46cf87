/// A reason why a catalog cannot be used, or a question not be answered.
public enum CatalogError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no file at this path.
  case missing(path: String)
  /// A file that is no catalog: what it is.
  case notACatalog(path: String, reason: String)
  /// A catalog whose content cannot be as it was written.
  case damaged(path: String, reason: String)
  /// A catalog that another program put into WAL mode: even reading it would write beside it.
  case walMode(path: String)
  /// A catalog whose schema has this version's number, and another content.
  case foreignSchema(path: String, reason: String)
  /// A catalog of a later schema than this program knows.
  case newer(path: String, version: Int, known: Int)
  /// A catalog of an earlier schema.
  case older(path: String, version: Int, known: Int)
  /// The file may not be read or written.
  case denied(path: String, reason: String)
  /// Another program holds the file.
  case busy(path: String)
  /// Another program holds the file, and what could not be stored is kept in another one.
  case busyKept(path: String, kept: String)
  /// Reading or writing failed: the disk is full, say.
  case io(path: String, reason: String)
  /// A catalog that may not be written to where it lies: why, and what to do.
  case unsafePlace(path: String, reason: String)
  /// Another catalog, or exported records, that are not whole: what was found.
  case notWhole(path: String, reason: String)
  /// A file of exported records that is not as it should be.
  case badExport(path: String, line: Int, reason: String)
  /// Nothing is stored under this name or id.
  case notFound(String)
  /// A run whose executions all failed.
  case noResult(String)
  /// A prefix that several ids share.
  case ambiguous(String)
  /// A question that is not asked as it should be.
  case question(String)

  /// One line: what, where, and what to do.
  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such catalog: make it with: lodestone init \(path)"
    case .notACatalog(let path, let reason): "\(path): not a Lodestone catalog: \(reason)"
    case .damaged(let path, let reason):
      (path.isEmpty ? "" : "\(path): ") + "damaged: \(reason): restore a backup"
    case .walMode(let path):
      "\(path): another program put it into WAL mode: when that has ended, put it back with: "
        + "sqlite3 \(path) \"PRAGMA journal_mode = DELETE\""
    case .foreignSchema(let path, let reason):
      "\(path): \(reason): another build of lodestone made it: use that one, or ingest its scans "
        + "into a new catalog"
    case .newer(let path, let version, let known):
      "\(path): its schema is version \(version), this program knows \(known): "
        + "use a newer lodestone"
    case .older(let path, let version, let known):
      "\(path): its schema is version \(version), this program needs \(known): "
        + "bring it up to date (a backup is made first) with: lodestone migrate --catalog \(path)"
    case .denied(let path, let reason): "\(path): \(reason)"
    case .busy(let path):
      "\(path): busy for \(Int(Patience.seconds)) s: another program reads or writes it: nothing was stored; "
        + "try again when it has ended"
    case .busyKept(let path, let kept):
      "\(path): busy for \(Int(Patience.seconds)) s: another program reads or writes it: what was computed is "
        + "kept: store it when that has ended with: lodestone import \(shellQuoted(kept)) --catalog "
        + shellQuoted(path)
    case .io(let path, let reason): "\(path): \(reason)"
    case .unsafePlace(let path, let reason): "\(path): \(reason)"
    case .notWhole(let path, let reason):
      "\(path): not whole, so nothing was done: \(reason): see lodestone check --deep, or use a backup"
    case .badExport(let path, let line, let reason): "\(path): line \(line): \(reason)"
    case .notFound(let what): what
    case .noResult(let what): what
    case .ambiguous(let what): what
    case .question(let what): what
    }
  }

  /// Content that cannot be as it was written, in a file that the caller names.
  static func damaged(_ reason: String) -> CatalogError { .damaged(path: "", reason: reason) }
}
