internal import GRDB

/// The phases that are defined, and how well clusters fit them.
final class PhaseScorer {
  let phases: [(name: String, definition: String, rule: PhaseRule)]
  private let database: Database
  private var targets: [String: Spectrum] = [:]

  init(_ database: Database) throws {
    self.database = database
    phases = try database.rows("SELECT * FROM phase ORDER BY phase").map {
      (
        try $0.text("phase"), try $0.text("definition_id"),
        try PhaseRule(meaning: nil, json: $0.text("rule"))
      )
    }
  }

  /// How well each phase fits a cluster: as well as the condition that it meets worst.
  func scores(
    of label: Int, resultKey: Int64, _ reader: QuantityReader
  ) throws -> [(phase: String, definition: String, score: Double)] {
    var spectrum: Spectrum?
    return try phases.map { phase in
      let scores = try phase.rule.conditions.map { condition in
        try condition.score(
          quantity: { name in
            guard let found = try reader.quantity(name, cluster: label),
              let value = found.value.number
            else { return nil }
            return (value, found.wholeError)
          },
          distance: { target in
            let own =
              try spectrum
              ?? Catalog.meanSpectrum(of: label, resultKey: resultKey, in: self.database)
            spectrum = own
            guard let other = try self.spectrum(of: target) else { return nil }
            return spectrumDistance(own, other)
          })
      }
      return (phase.name, phase.definition, scores.min() ?? 0)
    }
  }

  /// nil where a merged definition names what is not here.
  private func spectrum(of target: PhaseRule.Target) throws -> Spectrum? {
    let name = "\(target)"
    if let known = targets[name] { return known }
    let found: Spectrum?
    switch target {
    case .spectrum(let id, _):
      found = try database.key(of: "reference_spectrum", id: id).map { key in
        let reference = try Catalog.referenceSpectrum(key: key, in: database)
        return Spectrum(energies: reference.energies, values: reference.values)
      }
    case .cluster(let run, let label):
      found = try Catalog.currentResult(of: run, in: database).map { result in
        try Catalog.meanSpectrum(
          of: label, resultKey: database.requiredKey(of: "result", id: result), in: database)
      }
    }
    targets[name] = found
    return found
  }
}
