/// Input that cannot be used: which file, where in it, and why.
public struct InputError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The kinds of failure that a caller treats differently.
  public enum Kind: Sendable {
    /// The input is there and wrong.
    case invalid
    /// The input is not there.
    case missing
    /// The input may not be read.
    case denied
    /// Reading or writing failed.
    case io
  }

  /// The kind.
  public let kind: Kind
  /// The file, as the user named it.
  public let path: String
  /// The page (from 1) or line (from 1) of the file, in words; nil where it is the whole file.
  public let place: String?
  /// What is wrong, and what to do about it.
  public let reason: String

  /// An input error.
  public init(
    _ reason: String, path: String, place: String? = nil, kind: Kind = .invalid
  ) {
    self.kind = kind
    self.path = path
    self.place = place
    self.reason = reason
  }

  /// One line: the file, the place, the reason.
  public var description: String {
    [path, place, reason].compactMap { $0 }.joined(separator: ": ")
  }
}
