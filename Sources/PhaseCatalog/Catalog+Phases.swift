import Foundation
internal import GRDB

/// Phases: names that people give to clusters across results. A phase is defined by a rule; which clusters belong to it
/// follows from the rule and is appended as an event, when a run is stored, and for all runs when a definition changes.
extension Catalog {
  /// What a change of the phases did to the clusters.
  public struct PhaseOutcome: Sendable, Equatable {
    /// Whether the definition is new.
    public internal(set) var isNew = false
    /// Runs that were looked at.
    public internal(set) var runs = 0
    /// Those whose assignments changed.
    public internal(set) var changedRuns = 0
    /// Clusters that belong to the phase now; to any, where all phases were assigned anew.
    public internal(set) var assigned = 0
    /// Clusters that are ambiguous.
    public internal(set) var ambiguous = 0
    /// How many clusters other phases had, and have no more, by their names.
    public internal(set) var lost: [String: Int] = [:]
  }

  /// Defines a phase, or defines it anew, and assigns all clusters.
  ///
  /// - Parameters:
  ///   - rule: without a meaning, that of before stays.
  ///   - spectra: the reference spectra that the rule names, where they are not stored yet.
  /// - Throws: ``CatalogError``.
  /// - Complexity: O(clusters x phases).
  @discardableResult
  public func define(
    phase name: String, as rule: PhaseRule, spectra: [ReferenceSpectrum] = []
  ) throws -> PhaseOutcome {
    let name = GivenName.stored(name)
    var rule = rule
    return try write { database in
      for spectrum in spectra { try Self.insert(spectrum, into: database) }
      let known = try Self.rule(ofPhase: name, in: database)
      rule.meaning = rule.meaning ?? known?.meaning
      let isNew = known != rule
      if isNew {
        let event = try Self.say(
          [("phase.define", .phase(name), rule.meaning, rule.json)], in: database)
        try Self.insert(rule.conditions, of: event[0], into: database)
      }
      var outcome = try Self.assignAll(of: name, in: database)
      outcome.isNew = isNew
      return outcome
    }
  }

  /// Removes a phase, and assigns all clusters anew.
  ///
  /// - Throws: ``CatalogError``, also where there is no such phase.
  @discardableResult
  public func remove(phase name: String) throws -> PhaseOutcome {
    let name = GivenName.stored(name)
    return try write { database in
      try self.require(phase: name, in: database)
      try Self.say("phase.remove", .phase(name), in: database)
      return try Self.assignAll(of: nil, in: database)
    }
  }

  /// Assigns all clusters anew: where a merge brought phases, or runs, of another catalog.
  ///
  /// - Throws: ``CatalogError``.
  @discardableResult
  public func assignPhases() throws -> PhaseOutcome {
    try write { try Self.assignAll(of: nil, in: $0) }
  }

  /// Says by hand which phase a cluster belongs to. Rules leave it alone from then on, as long as there is the phase.
  ///
  /// - Parameter name: nil leaves it to the rules again.
  /// - Returns: false where that was said already.
  /// - Throws: ``CatalogError``.
  @discardableResult
  public func assign(phase name: String?, toCluster label: Int, ofRun run: String) throws -> Bool {
    let name = name.map(GivenName.stored)
    return try write { database in
      if let name { try self.require(phase: name, in: database) }
      let scorer = try PhaseScorer(database)
      let found = try Self.assignments(
        ofRun: run, scorer, without: name == nil ? label : nil, in: database)
      guard var assignments = found,
        let place = assignments.parts.firstIndex(where: { $0.label == label })
      else {
        throw CatalogError.notFound("\(self.path): run \(run.prefix(12)) has no cluster \(label)")
      }
      if let name { assignments.parts[place] = PhaseAssignment(label: label, byHand: name) }
      return try Self.say(assignments, ofRun: run, in: database)
    }
  }

  /// The rule of a phase.
  ///
  /// - Throws: ``CatalogError``, also where there is no such phase.
  public func rule(ofPhase name: String) throws -> PhaseRule {
    let name = GivenName.stored(name)
    let rule = try read { try Self.rule(ofPhase: name, in: $0) }
    guard let rule else { throw noSuchPhase(name) }
    return rule
  }

  /// All phases that were ever defined, by when they first were.
  ///
  /// - Throws: ``CatalogError``.
  public func phasesByFirstDefinition() throws -> [String] {
    try read { database in
      try database.rows(
        """
        SELECT subject FROM event WHERE kind = 'phase.define'
        GROUP BY subject ORDER BY min(recorded_at), subject
        """
      ).map { try $0.text("subject") }
    }
  }

  private static func rule(ofPhase name: String, in database: Database) throws -> PhaseRule? {
    try database.rows("SELECT meaning, rule FROM phase WHERE phase = ?", [name]).first.map {
      try PhaseRule(meaning: $0.optionalText("meaning"), json: $0.text("rule"))
    }
  }

  /// A definition of a phase, as it was said.
  public struct PhaseDefinition: Sendable, Equatable {
    /// The phase.
    public let phase: String
    /// What makes a cluster one of it.
    public let rule: PhaseRule
    /// Who said so.
    public let author: String
    /// When, UTC.
    public let recordedAt: String
  }

  /// A definition by its event, also one that no longer counts.
  ///
  /// - Throws: ``CatalogError``, also where there is no such definition.
  public func phaseDefinition(_ eventID: String) throws -> PhaseDefinition {
    try read { database in
      let rows = try database.rows(
        "SELECT * FROM event WHERE event_id = ? AND kind = 'phase.define'", [eventID])
      guard let row = rows.first else {
        throw CatalogError.notFound("\(self.path): no definition of a phase \(eventID.prefix(12))")
      }
      return PhaseDefinition(
        phase: try row.text("subject"),
        rule: try PhaseRule(
          meaning: row.optionalText("name"), json: row.optionalText("value") ?? ""),
        author: try row.text("author"), recordedAt: try row.text("recorded_at"))
    }
  }

  private func noSuchPhase(_ name: String) -> CatalogError {
    .notFound("\(path): no phase \"\(name)\": see lodestone phase list")
  }

  private func require(phase name: String, in database: Database) throws {
    guard try database.exists("SELECT 1 FROM phase WHERE phase = ?", [name]) else {
      throw noSuchPhase(name)
    }
  }

  // MARK: Assigning

  /// The assignments of a result's clusters.
  struct Assignments {
    let result: String
    var parts: [PhaseAssignment]

    var json: String { CanonicalJSON.array(parts.map(\.json)).text }
  }

  /// Assigns the clusters of a run that was just stored, where phases are defined.
  static func assignPhases(ofRun run: String, in database: Database) throws {
    let scorer = try PhaseScorer(database)
    if scorer.phases.isEmpty { return }
    guard let assignments = try assignments(ofRun: run, scorer, in: database) else { return }
    try say(assignments, ofRun: run, in: database)
  }

  private static func assignAll(of phase: String?, in database: Database) throws -> PhaseOutcome {
    let scorer = try PhaseScorer(database)
    var outcome = PhaseOutcome()
    let runs = try String.fetchAll(
      database, sql: "SELECT run_id FROM run_overview_all ORDER BY run_key")
    var changed: [(run: String, assignments: Assignments)] = []
    for run in runs {
      guard let found = try assignments(ofRun: run, scorer, in: database) else { continue }
      outcome.runs += 1
      for part in found.parts
      where phase == nil || part.phase == phase || part.second == phase {
        if part.outcome == .assigned, phase == nil || part.phase == phase { outcome.assigned += 1 }
        if part.outcome == .ambiguous { outcome.ambiguous += 1 }
      }
      let said = try lastAssignment(ofRun: run, in: database)
      // Where there are no phases, and never were, nothing need be said.
      let isNew = said.map { $0 != (found.result, found.json) } ?? !scorer.phases.isEmpty
      if isNew {
        changed.append((run, found))
        for old in try said.map({ try PhaseAssignment.parts(json: $0.json) }) ?? [] {
          let now = found.parts.first { $0.label == old.label }
          guard let had = old.phase, old.outcome == .assigned, had != phase,
            now?.outcome != .assigned || now?.phase != had
          else { continue }
          outcome.lost[had, default: 0] += 1
        }
      }
    }
    outcome.changedRuns = changed.count
    try say(changed, in: database)
    return outcome
  }

  /// What the rules make of a run's clusters; those assigned by hand to a phase that there is stay. Nil where the run has no
  /// result.
  ///
  /// - Parameter released: a cluster that does not stay.
  private static func assignments(
    ofRun run: String, _ scorer: PhaseScorer, without released: Int? = nil, in database: Database
  ) throws -> Assignments? {
    guard let result = try currentResult(of: run, in: database) else { return nil }
    let key = try database.requiredKey(of: "result", id: result)
    let labels = try Int.fetchAll(
      database.cachedStatement(
        sql: "SELECT label FROM cluster WHERE result_key = ? ORDER BY label"), arguments: [key])
    var byHand: [Int: String] = [:]
    for row in try database.rows(
      """
      SELECT label, phase FROM phase_assignment
      WHERE run_id = ? AND result_id = ? AND outcome = 'assigned' AND definition_id IS NULL
      """, [run, result])
    {
      let (label, phase) = (try row.integer("label"), try row.text("phase"))
      if label != released, scorer.phases.contains(where: { $0.name == phase }) {
        byHand[label] = phase
      }
    }
    let reader = QuantityReader(database, run: run)
    return Assignments(
      result: result,
      parts: try labels.map { label in
        if let phase = byHand[label] { return PhaseAssignment(label: label, byHand: phase) }
        return PhaseAssignment(
          label: label, scores: try scorer.scores(of: label, resultKey: key, reader))
      })
  }

  /// The result and the JSON of the last word on a run's clusters; nil where none was said.
  private static func lastAssignment(
    ofRun run: String, in database: Database
  ) throws -> (result: String, json: String)? {
    try database.rows(
      """
      SELECT name, value FROM event WHERE subject = ? AND kind = 'phase.assign'
      ORDER BY recorded_at DESC, event_id DESC LIMIT 1
      """, [run]
    ).first.map { (try $0.text("name"), try $0.text("value")) }
  }

  /// Says it, where it was not said already.
  @discardableResult
  private static func say(
    _ assignments: Assignments, ofRun run: String, in database: Database
  ) throws -> Bool {
    let last = try lastAssignment(ofRun: run, in: database)
    if let last, last == (assignments.result, assignments.json) { return false }
    try say([(run, assignments)], in: database)
    return true
  }

  private static func say(
    _ changed: [(run: String, assignments: Assignments)], in database: Database
  ) throws {
    let events = try say(
      changed.map { ("phase.assign", .run($0.run), $0.assignments.result, $0.assignments.json) },
      in: database)
    for (event, change) in zip(events, changed) {
      try insert(change.assignments.parts, of: event, into: database)
    }
  }

  // MARK: Suggesting

  /// A cluster of a run that counts, with its mean spectrum.
  public struct SpectrumOfCluster: Sendable {
    /// The run.
    public let run: String
    /// nil where nobody said.
    public let sample: String?
    /// The cluster.
    public let label: Int
    /// Mean optical density.
    public let spectrum: Spectrum
    /// nil where it was not measured.
    public let ndFraction: Double?
    /// Of the analysed pixels.
    public let share: Double
  }

  /// The mean spectra of all clusters of runs that count, in the order of samples, runs and labels.
  ///
  /// - Parameter samples: only these; all where it is empty.
  /// - Throws: ``CatalogError``.
  public func clusterSpectra(samples: [String] = []) throws -> [SpectrumOfCluster] {
    try read { database in
      let rows = try database.rows(
        """
        SELECT cluster.run_id, cluster.sample, cluster.label, cluster.nd_fraction, cluster.share,
          result.result_key
        FROM cluster_overview AS cluster JOIN result ON result.result_id = cluster.result_id
        ORDER BY cluster.sample, cluster.run_id, cluster.label
        """)
      return try rows.compactMap { row in
        let sample = try row.optionalText("sample")
        if !samples.isEmpty, !samples.contains(sample ?? "") { return nil }
        return SpectrumOfCluster(
          run: try row.text("run_id"), sample: sample, label: try row.integer("label"),
          spectrum: try Self.meanSpectrum(
            of: try row.integer("label"), resultKey: try row.key("result_key"), in: database),
          ndFraction: try row.optionalReal("nd_fraction"), share: try row.real("share"))
      }
    }
  }

  static func meanSpectrum(
    of label: Int, resultKey: Int64, in database: Database
  ) throws -> Spectrum {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT frame.energy_ev, spectrum.mean_od FROM cluster_spectrum AS spectrum
          JOIN result_frame AS frame
            ON frame.result_key = spectrum.result_key AND frame.number = spectrum.number
          WHERE spectrum.result_key = ? AND spectrum.label = ? ORDER BY spectrum.number
          """), arguments: [resultKey, label])
    return Spectrum(
      energies: try rows.map { try $0.checked(0) }, values: try rows.map { try $0.checked(1) })
  }
}
