/// Where a parameter's value came from.
package struct ParameterOrigin: Sendable, Equatable {
  package enum Origin: String, Sendable {
    case recipe
    case commandLine = "command line"
  }

  package var name: String
  package var origin: Origin
  /// The recipe's name or file, or the option.
  package var source: String?

  /// A parameter's origin.
  package init(name: String, origin: Origin, source: String?) {
    self.name = name
    self.origin = origin
    self.source = source
  }
}

/// One time that a run was computed.
package struct ExecutionRecord: Sendable, Equatable {
  /// What a run is computed for.
  package enum Purpose: String, Sendable {
    case ingest, verify
  }

  /// A stage and its time.
  package struct Stage: Sendable, Equatable {
    package var name: String
    package var seconds: Double

    /// A stage's time.
    package init(name: String, seconds: Double) {
      self.name = name
      self.seconds = seconds
    }
  }

  package var purpose: Purpose
  /// Software and machine, by name.
  package var environment: [String: String]
  /// UTC, RFC 3339.
  package var startedAt: String
  package var finishedAt: String
  package var host: String
  package var command: String
  /// Where the execution failed, the last is the stage that did.
  package var stages: [Stage]
  /// Of the parameters that were asked for, by name.
  package var origins: [ParameterOrigin]

  /// An execution.
  package init(
    purpose: Purpose, environment: [String: String], startedAt: String, finishedAt: String,
    host: String, command: String, stages: [Stage], origins: [ParameterOrigin] = []
  ) {
    self.purpose = purpose
    self.environment = environment
    self.startedAt = startedAt
    // A clock that was set back meanwhile does not make an execution end before it began.
    self.finishedAt = max(startedAt, finishedAt)
    self.host = host
    self.command = command
    self.stages = stages
    self.origins = origins
  }

  /// The environment's identity.
  static func environmentID(_ items: [String: String]) -> String {
    let digest = ContentDigest(domain: "lodestone/environment/1")
    digest.update(CanonicalJSON.object(items.mapValues { .string($0) }).text)
    return digest.finish()
  }

  /// The identity: the run, what came out of it, when, where and by what.
  func id(runID: String, resultID: String?, failure: String?) -> String {
    let digest = ContentDigest(domain: "lodestone/execution/1")
    for text in [runID, Self.environmentID(environment), purpose.rawValue] { digest.update(text) }
    digest.update(resultID)
    digest.update(failure)
    for text in [startedAt, finishedAt, host, command] { digest.update(text) }
    return digest.finish()
  }
}

/// How far a verified result agrees with the stored one.
public enum Grade: String, Sendable, CaseIterable {
  /// Every label and every number, to the last bit.
  case identical
  /// Every label; the numbers within the tolerance.
  case sameLabels = "same labels"
  /// Labels and numbers within the tolerance.
  case withinTolerance = "within tolerance"
  /// Neither.
  case different
}

/// How an execution compares with the run's stored result.
public struct VerificationRecord: Sendable, Equatable {
  /// The outcome.
  public let grade: Grade
  /// Pixels of the label map that differ.
  public let changedPixels: Int
  /// The largest difference of two numbers, relative to the largest of their column.
  public let largestDifference: Double
  /// The table and column of that number; nil where all are equal.
  public let largestDifferenceIn: String?

  /// A comparison's outcome.
  package init(
    grade: Grade, changedPixels: Int, largestDifference: Double, largestDifferenceIn: String?
  ) {
    self.grade = grade
    self.changedPixels = changedPixels
    self.largestDifference = largestDifference
    self.largestDifferenceIn = largestDifferenceIn
  }
}
