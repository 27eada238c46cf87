/// A scan that was read but cannot be analysed.
public struct AnalysisError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One line: why, and what to do about it.
  public let description: String

  init(_ description: String) { self.description = description }
}
