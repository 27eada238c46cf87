package import Foundation

/// One time that a run was computed.
package struct ExecutionRecord: Sendable {
  /// A stage and its time.
  package struct Stage: Sendable {
    package var name: String
    package var seconds: Double

    /// A stage's time.
    package init(name: String, seconds: Double) {
      self.name = name
      self.seconds = seconds
    }
  }

  /// Software and machine, by name.
  package var environment: [String: String]
  package var startedAt: Date
  package var finishedAt: Date
  package var host: String
  package var command: String
  package var stages: [Stage]

  /// An execution.
  package init(
    environment: [String: String], startedAt: Date, finishedAt: Date, host: String,
    command: String, stages: [Stage]
  ) {
    self.environment = environment
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.host = host
    self.command = command
    self.stages = stages
  }

  var environmentID: String {
    let digest = ContentDigest(domain: "lodestone/environment/1")
    digest.update(CanonicalJSON.object(environment.mapValues { .string($0) }).text)
    return digest.finish()
  }

  func id(runID: String) -> String {
    let digest = ContentDigest(domain: "lodestone/execution/1")
    for text in [runID, environmentID, timestamp(startedAt), timestamp(finishedAt), host, command] {
      digest.update(text)
    }
    return digest.finish()
  }
}
