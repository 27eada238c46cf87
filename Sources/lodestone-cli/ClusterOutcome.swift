import Clustering
import Foundation
import Synchronization

/// What `lodestone cluster` found, in words and as JSON.
struct ClusterOutcome {
  let points: Points
  let radius: Double
  let minimumPoints: Int
  let choice: RadiusChoice?
  let result: DBSCAN.Result

  private var core: Int { result.isCore.count { $0 } }
  private var noise: Int { result.noiseCount }
  private var border: Int { points.includedCount - core - noise }

  var remark: String {
    var text =
      counted(points.count, "point") + " in " + counted(points.dimensions, "dimension") + ": "
    if points.includedCount < points.count {
      text += "\(points.count - points.includedCount) left out, "
    }
    text += counted(result.clusterCount, "cluster")
    text += ", \(core) core, \(border) border, \(noise) noise"
    guard let choice else { return text }
    text += "\nradius \(radius), minimum points \(minimumPoints): "
    guard let plateau = choice.plateau else {
      return text + "no radius finds a cluster of so many points"
    }
    text += phrase(plateau)
    if let other = choice.runnerUp { text += "; next best: " + phrase(other) }
    text += " (counting those of \(minimumPoints) core points or more)"
    if !plateau.isLasting { text += "\nno number of clusters above 1 lasts over three radii" }
    return text
  }

  private func counted(_ count: Int, _ what: String) -> String {
    "\(count) \(what)" + (count == 1 ? "" : "s")
  }

  private func phrase(_ plateau: RadiusChoice.Plateau) -> String {
    counted(plateau.clusters, "cluster")
      + String(format: " from %.4g to %.4g", plateau.lower, plateau.upper)
  }

  func json(seconds: [(String, JSONText)]) -> JSONText {
    var members: [(String, JSONText)] = [
      ("schema", .string("lodestone.cluster/1")), ("points", .integer(points.count)),
      ("included", .integer(points.includedCount)), ("dimensions", .integer(points.dimensions)),
      ("radius", .number(radius)), ("minimum_points", .integer(minimumPoints)),
      ("clusters", .integer(result.clusterCount)), ("core", .integer(core)),
      ("border", .integer(border)), ("noise", .integer(noise)),
      (
        "work",
        .object([
          ("box_tests", .integer(result.work.boxTests)),
          ("pair_tests", .integer(result.work.pairTests)),
          ("exact_tests", .integer(result.work.exactTests)),
        ])
      ),
    ]
    if let choice { members.append(("choice", json(choice))) }
    members.append(("peak_memory_bytes", peakMemory.map(JSONText.integer) ?? .null))
    members.append(("seconds", .object(seconds)))
    return .object(members)
  }

  private func json(_ choice: RadiusChoice) -> JSONText {
    .object([
      ("plateau", json(choice.plateau)), ("runner_up", json(choice.runnerUp)),
      (
        "steps",
        .array(
          choice.steps.map { step in
            .object([
              ("radius", .number(step.radius)), ("clusters", .integer(step.clusters)),
              ("core", .integer(step.corePoints)),
              ("largest_cluster_core", .integer(step.largestCluster)),
            ])
          })
      ),
    ])
  }

  private func json(_ plateau: RadiusChoice.Plateau?) -> JSONText {
    guard let plateau else { return .null }
    return .object([
      ("clusters", .integer(plateau.clusters)), ("steps", .integer(plateau.steps.count)),
      ("lower", .number(plateau.lower)), ("upper", .number(plateau.upper)),
      ("width", .number(plateau.width)),
    ])
  }
}

/// Adds up how long each phase of a clustering takes.
final class PhaseClock: Sendable {
  private struct State {
    var phase: ClusteringProgress.Phase?
    var since = ContinuousClock.now
    var seconds: [ClusteringProgress.Phase: Double] = [:]
  }

  private let state = Mutex(State())

  func note(_ progress: ClusteringProgress) { change(to: progress.phase) }

  func stop() { change(to: nil) }

  private func change(to phase: ClusteringProgress.Phase?) {
    state.withLock { state in
      guard phase != state.phase else { return }
      let now = ContinuousClock.now
      if let last = state.phase {
        state.seconds[last, default: 0] += (now - state.since) / .seconds(1)
      }
      state.phase = phase
      state.since = now
    }
  }

  var seconds: [(String, Double)] {
    state.withLock { state in
      ClusteringProgress.Phase.allCases.compactMap { phase in
        state.seconds[phase].map { (phase.rawValue, $0) }
      }
    }
  }
}
