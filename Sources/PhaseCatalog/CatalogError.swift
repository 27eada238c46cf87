/// A reason why a catalog cannot be used, or a question not be answered.
public enum CatalogError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no file at this path.
  case missing(path: String)
  /// A file that is no catalog: what it is.
  case notACatalog(path: String, reason: String)
  /// A catalog of a later schema than this program knows.
  case newer(path: String, version: Int, known: Int)
  /// A catalog of an earlier schema.
  case older(path: String, version: Int, known: Int)
  /// The file may not be read or written.
  case denied(path: String, reason: String)
  /// Another program holds the file.
  case busy(path: String)
  /// Reading or writing failed: the disk is full, say.
  case io(path: String, reason: String)
  /// Nothing is stored under this name or id.
  case notFound(String)
  /// A prefix that several ids share.
  case ambiguous(String)
  /// A question that is not asked as it should be.
  case question(String)

  /// One line: what, where, and what to do.
  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such catalog: make it with: lodestone init \(path)"
    case .notACatalog(let path, let reason): "\(path): not a Lodestone catalog: \(reason)"
    case .newer(let path, let version, let known):
      "\(path): its schema is version \(version), this program knows \(known): "
        + "use a newer lodestone"
    case .older(let path, let version, let known):
      "\(path): its schema is version \(version), this program needs \(known): "
        + "it was made by a version of lodestone that was never released"
    case .denied(let path, let reason): "\(path): \(reason)"
    case .busy(let path): "\(path): another program is writing to it: try again"
    case .io(let path, let reason): "\(path): \(reason)"
    case .notFound(let what): what
    case .ambiguous(let what): what
    case .question(let what): what
    }
  }
}
