import Foundation
import Lodestone
import PhaseCatalog

/// What an ingest of one scan did, as `ingest` and `watch` tell it.
struct IngestReport {
  let outcome: Ingest.Outcome
  /// The scan, as people call it.
  let path: String
  let part: String?
  /// The time of finding its frames, s.
  let findSeconds: Double
  let run: RunReport

  /// - Throws: `CatalogError`.
  init(
    _ outcome: Ingest.Outcome, path: String, part: String?, findSeconds: Double, in catalog: Catalog
  ) throws {
    (self.outcome, self.path, self.part) = (outcome, path, part)
    self.findSeconds = findSeconds
    run = try RunReport(catalog: catalog, run: outcome.runID)
  }

  /// The time of all of it, s.
  var seconds: Double { outcome.stages.reduce(findSeconds) { $0 + $1.seconds } }

  /// The object of `--json`.
  ///
  /// - Parameter more: further members.
  func json(_ more: [(String, JSONText)] = []) -> JSONText {
    .object(
      [
        ("schema", .string("lodestone.ingest/1")), ("status", .string(outcome.status.rawValue)),
        ("path", .string(path)), ("part", part.map { .string($0) } ?? .null),
      ] + run.members + more + outcome.timing(findSeconds: findSeconds))
  }
}

extension RunReport {
  /// What was found, in a few words.
  var inShort: String {
    func number(_ column: String) -> Double { summary.value(column).number ?? 0 }
    let count = clusters.rows.count
    let noise = 100 * number("noise_pixels") / max(number("analysed_pixels"), 1)
    return
      "\(count) \(count == 1 ? "cluster" : "clusters"), \(String(format: "%.1f", noise)) % noise"
  }
}

extension Ingest.Outcome {
  /// The members of its JSON that tell where the time went, and what memory it took.
  func timing(findSeconds: Double? = nil) -> [(String, JSONText)] {
    let find = findSeconds.map { [("find", JSONText.number($0))] } ?? []
    return [
      ("reused", .array(reusedStages.map { .string($0) })),
      ("seconds", .object(find + stages.map { ($0.name, JSONText.number($0.seconds)) })),
      ("peak_memory_bytes", peakMemory.map(JSONText.integer) ?? .null),
    ]
  }
}

extension Failure {
  /// A failed ingest's JSON.
  func json(ofIngest head: [(String, JSONText)]) -> JSONText {
    .object(
      [("schema", .string("lodestone.ingest/1")), ("status", .string("failed"))] + head + [
        ("error", .string(message)), ("exit_code", .integer(Int(exitCode))),
      ])
  }
}
