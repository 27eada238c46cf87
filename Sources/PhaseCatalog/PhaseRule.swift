import Foundation

/// What makes a cluster one of a phase: conditions that it must meet, all of them.
public struct PhaseRule: Sendable, Equatable {
  /// What a distance is measured to.
  public enum Target: Sendable, Equatable {
    /// A reference spectrum, by its id, and what it is called.
    case spectrum(id: String, name: String)
    /// A cluster of a run, by the run's full id.
    case cluster(run: String, label: Int)
  }

  /// A condition.
  public enum Condition: Sendable, Equatable {
    /// A quantity of the cluster lies within bounds, which count as inside.
    case bounds(quantity: String, low: Double?, high: Double?)
    /// The cluster's mean spectrum lies within a distance: see ``spectrumDistance(_:_:)``.
    case near(Target, within: Double)
  }

  /// What the phase is, in words.
  public var meaning: String?
  /// At least one.
  public var conditions: [Condition]

  /// A rule.
  public init(meaning: String? = nil, conditions: [Condition]) {
    self.meaning = meaning
    self.conditions = conditions
  }

  /// The conditions as an event says them.
  var json: String { CanonicalJSON.array(conditions.map(\.json)).text }

  /// A rule as an event says it.
  ///
  /// - Throws: ``CatalogError`` for what is none.
  init(meaning: String?, json: String) throws {
    guard let conditions = try? JSONDecoder().decode([Stored].self, from: Data(json.utf8)) else {
      throw CatalogError.damaged("a phase's rule cannot be read")
    }
    self.meaning = meaning
    self.conditions = try conditions.map { try $0.condition }
  }

  /// The shape of a condition's JSON.
  private struct Stored: Decodable {
    let quantity: String?
    let low: Double?
    let high: Double?
    let spectrum: String?
    let name: String?
    let run: String?
    let cluster: Int?
    let within: Double?

    var condition: Condition {
      get throws {
        if let quantity { return .bounds(quantity: quantity, low: low, high: high) }
        if let spectrum, let within {
          return .near(.spectrum(id: spectrum, name: name ?? ""), within: within)
        }
        if let run, let cluster, let within {
          return .near(.cluster(run: run, label: cluster), within: within)
        }
        throw CatalogError.damaged("a phase's condition cannot be read")
      }
    }
  }
}

extension PhaseRule.Condition {
  fileprivate var json: CanonicalJSON {
    switch self {
    case .bounds(let quantity, let low, let high):
      var members: [String: CanonicalJSON] = ["quantity": .string(quantity)]
      if let low { members["low"] = .number(low) }
      if let high { members["high"] = .number(high) }
      return .object(members)
    case .near(.spectrum(let id, let name), let within):
      return .object([
        "spectrum": .string(id), "name": .string(name), "within": .number(within),
      ])
    case .near(.cluster(let run, let label), let within):
      return .object([
        "run": .string(run), "cluster": .number(Double(label)), "within": .number(within),
      ])
    }
  }

  /// In words: "nd_fraction from 0.2 to 0.4".
  public var text: String {
    func number(_ value: Double) -> String { CanonicalJSON.text(of: value) }
    switch self {
    case .bounds(let quantity, let low?, let high?):
      return "\(quantity) from \(number(low)) to \(number(high))"
    case .bounds(let quantity, let low?, nil): return "\(quantity) at least \(number(low))"
    case .bounds(let quantity, nil, let high?): return "\(quantity) at most \(number(high))"
    case .bounds(let quantity, nil, nil): return "\(quantity) measured"
    case .near(.spectrum(let id, let name), let within):
      return "within \(number(within)) of the spectrum \(name) (\(id.prefix(12)))"
    case .near(.cluster(let run, let label), let within):
      return "within \(number(within)) of cluster \(run.prefix(12)):\(label)"
    }
  }

  /// How well a cluster meets it, 0 to 1: 0.5 is the limit.
  ///
  /// For bounds, the probability that the quantity lies within them, given its standard error: a cluster that is a
  /// hundredth of a standard error inside is not one that is a hundred inside. For a distance, 1 at 0, 0.5 at the
  /// limit, 0 at twice the limit.
  ///
  /// - Parameters:
  ///   - quantity: a value and its standard error, nil where it is not measured.
  ///   - distance: nil where the spectra cannot be compared.
  func score(
    quantity: (String) throws -> (value: Double, error: Double)?,
    distance: (PhaseRule.Target) throws -> Double?
  ) rethrows -> Double {
    switch self {
    case .bounds(let name, let low, let high):
      guard let (value, error) = try quantity(name) else { return 0 }
      func above(_ bound: Double) -> Double {
        error > 0 ? 0.5 * erfc((bound - value) / error / 2.0.squareRoot()) : value >= bound ? 1 : 0
      }
      func below(_ bound: Double) -> Double {
        error > 0 ? 0.5 * erfc((value - bound) / error / 2.0.squareRoot()) : value <= bound ? 1 : 0
      }
      return max(0, (low.map(above) ?? 1) + (high.map(below) ?? 1) - 1)
    case .near(let target, let within):
      guard let distance = try distance(target) else { return 0 }
      return max(0, 1 - distance / (2 * within))
    }
  }
}

/// Which phase a cluster belongs to, and how surely.
public struct PhaseAssignment: Sendable, Equatable {
  /// Whether it belongs to the phase.
  public enum Outcome: String, Sendable {
    /// It does.
    case assigned
    /// Near the limit, or two phases fit alike: nobody should take it for either.
    case ambiguous
    /// No phase fits.
    case none
  }

  /// The cluster.
  public var label: Int
  /// Whether it belongs to the phase.
  public var outcome: Outcome
  /// The phase that fits best; nil where none fits at all.
  public var phase: String?
  /// How well, 0 to 1; nil where it was assigned by hand.
  public var score: Double?
  /// How far ahead of the second best, that none fits among them; nil where it was assigned by hand.
  public var margin: Double?
  /// The phase that fits second best; nil where that is none of them.
  public var second: String?
  /// The event that defines the phase; nil where it was assigned by hand.
  public var definition: String?

  /// How far ahead the best must be.
  static let leastMargin = 0.2

  /// The outcome for a cluster from how well each phase fits it, in any order.
  ///
  /// That none fits is one of the possibilities, as likely as the best is unlikely: near a bound, a cluster is ambiguous
  /// on both sides of it. Scores are to four digits: what other machines make of the last bits is no other outcome.
  init(label: Int, scores: [(phase: String, definition: String, score: Double)]) {
    let ordered = scores.map { ($0.phase, $0.definition, ($0.score * 1e4).rounded() / 1e4) }
      .sorted { ($1.2, $0.0) < ($0.2, $1.0) }
    let best = ordered.first?.2 ?? 0
    let second = ordered.count > 1 ? ordered[1].2 : 0
    let rival = max(second, 1 - best)
    // Where none of them leads, its lead over the best.
    let margin = (abs(best - rival) * 1e4).rounded() / 1e4
    self.label = label
    outcome = margin < Self.leastMargin ? .ambiguous : best > rival ? .assigned : .none
    phase = best > 0 ? ordered.first?.0 : nil
    definition = best > 0 ? ordered.first?.1 : nil
    self.second = second > 0 && second >= 1 - best ? ordered[1].0 : nil
    score = best
    self.margin = margin
  }

  /// An assignment by hand.
  init(label: Int, byHand phase: String) {
    self.label = label
    self.phase = phase
    outcome = .assigned
  }

  /// The assignments that an event says.
  ///
  /// - Throws: ``CatalogError`` for what are none.
  static func parts(json: String) throws -> [PhaseAssignment] {
    struct Stored: Decodable {
      let cluster: Int
      let outcome: String
      let phase: String?
      let score: Double?
      let margin: Double?
      let second: String?
      let definition: String?
    }
    guard let parts = try? JSONDecoder().decode([Stored].self, from: Data(json.utf8)) else {
      throw CatalogError.damaged("assignments to phases cannot be read")
    }
    return try parts.map { part in
      guard let outcome = Outcome(rawValue: part.outcome) else {
        throw CatalogError.damaged("an assignment's outcome is unknown")
      }
      var assignment = PhaseAssignment(label: part.cluster, byHand: part.phase ?? "")
      assignment.outcome = outcome
      assignment.phase = part.phase
      (assignment.score, assignment.margin) = (part.score, part.margin)
      (assignment.second, assignment.definition) = (part.second, part.definition)
      return assignment
    }
  }

  var json: CanonicalJSON {
    func text(_ value: String?) -> CanonicalJSON { value.map { .string($0) } ?? .null }
    func number(_ value: Double?) -> CanonicalJSON { value.map { .number($0) } ?? .null }
    return .object([
      "cluster": .number(Double(label)), "outcome": .string(outcome.rawValue),
      "phase": text(phase), "score": number(score), "margin": number(margin),
      "second": text(second), "definition": text(definition),
    ])
  }
}
