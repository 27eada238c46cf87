import PhaseCatalog

/// What a page tells of a run: its answers to the stored queries.
struct RunFacts {
  let run: String
  let summary: AnswerTable
  let clusters: RunClusters
  let elements: AnswerTable
  let edges: AnswerTable
  let ratios: AnswerTable
  let fits: AnswerTable
  let surface: AnswerTable
  let found: AnswerTable
  let parameters: AnswerTable
  let frames: AnswerTable
  let executions: AnswerTable
  let times: AnswerTable
  let stages: AnswerTable
  let environment: AnswerTable
  let files: AnswerTable
  let phases: AnswerTable
  let remarks: AnswerTable
  let warnings: [String]
  let isRetracted: Bool
  /// The tags that the run has now.
  let tags: [String]
  /// By cluster and quantity.
  private let estimates: [Int: [String: (value: Double, error: Double?)]]

  /// The facts of a run (its full id).
  ///
  /// - Throws: ``CatalogError``; of kind `noResult` where it has no result.
  init(_ catalog: Catalog, run: String) throws {
    try catalog.requireResult(of: run)
    func ask(_ name: String) throws -> AnswerTable { try catalog.ask(name, run: run) }
    self.run = run
    summary = try ask("run-summary")
    clusters = try RunClusters(catalog, run: run)
    elements = try ask("run-elements")
    edges = try ask("run-edges")
    ratios = try ask("run-ratios")
    fits = try ask("run-fit")
    surface = try ask("run-surface")
    found = try ask("run-found")
    parameters = try ask("run-parameters")
    frames = try ask("run-frames")
    executions = try ask("run-executions")
    times = try ask("run-times")
    stages = try ask("run-stages")
    environment = try ask("run-environment")
    files = try ask("run-files")
    phases = try ask("run-phases")
    remarks = try ask("run-remarks")
    warnings = try ask("run-warnings").texts("message").compactMap(\.self)
    isRetracted = try catalog.isRetracted(run: run)
    let tags = try catalog.ask(StoredQuery.named("tags"))
    self.tags = tags.rows.indices.filter { tags.value("run_id", row: $0).text == run }
      .map { tags.value("tag", row: $0).text }
    let table = try ask("run-estimates")
    var estimates: [Int: [String: (Double, Double?)]] = [:]
    for row in table.rows.indices {
      guard let label = table.value("cluster", row: row).number,
        let value = table.value("value", row: row).number
      else { continue }
      estimates[Int(label), default: [:]][table.value("quantity", row: row).text] = (
        value, table.value("error", row: row).number
      )
    }
    self.estimates = estimates
  }

  /// The first twelve digits of the run's id.
  var short: String { String(run.prefix(12)) }

  /// The sample; nil where nobody said.
  var sample: String? { text("sample") }

  /// A column of the summary; nil where it is null.
  func text(_ column: String) -> String? {
    let value = summary.value(column)
    return value == .null ? nil : value.text
  }

  func number(_ column: String) -> Double? { summary.value(column).number }
  func count(_ column: String) -> Int { Int(number(column) ?? 0) }

  /// The standard error of a cluster's number by how the parts of the scan differ; nil where not known.
  func blockError(_ label: Int, _ quantity: String) -> Double? {
    estimates[label]?[quantity]?.error
  }

  /// The address of a cluster's number, as `lodestone audit` takes it.
  func address(_ label: Int, _ name: String) -> String { "\(short):\(label):\(name)" }

  /// Executions with another result than the one that counts, or with none.
  var differing: [String] {
    executions.rows.indices.compactMap { row in
      let when = executions.value("finished_at", row: row).text
      let purpose = executions.value("purpose", row: row).text
      if let failure = executions.texts("failure")[row] {
        return "The execution (\(purpose)) that ended at \(when) failed: \(failure)"
      }
      guard executions.value("result_id", row: row) != summary.value("result_id") else {
        return nil
      }
      let grade = executions.texts("grade")[row].map { ", graded \($0)" } ?? ""
      return
        "Computed again, another result came out (\(purpose) that ended at \(when)\(grade)): lodestone query reproducibility"
    }
  }
}
