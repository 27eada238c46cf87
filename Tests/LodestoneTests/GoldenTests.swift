import Foundation
import Lodestone
import PhaseCatalog
import Testing
import TestSupport

/// A catalog of every schema that there was: brought up to date, it is whole and gives the same answers.
///
/// `Golden/v00N.lode` is made once by the program of its time, with every kind of row in it, and never
/// changed; `v00N.answers.txt` beside it is written anew, and read through, where a query changes:
/// `LODESTONE_WRITE_DOCS=1 Scripts/test.sh --filter Golden`.
@Suite struct GoldenTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  /// The tables that came after a schema.
  private static let later = [
    "v001": ["oblong_pixel", "cluster_surface"] + chemistry + merging + questions,
    "v002": chemistry + merging + questions,
    "v003": merging + questions,
    "v004": questions,
  ]

  private static let questions = [
    "cluster_block", "cluster_block_depth", "cluster_estimate", "execution_parameter",
    "phase_condition", "phase_score",
  ]

  private static let merging = ["earlier_time", "variant"]

  private static let chemistry = [
    "reference_spectrum", "reference_spectrum_point", "result_radius", "cluster_quality",
    "cluster_edge", "cluster_ratio", "cluster_fit", "cluster_fit_part",
  ]

  @Test func thereIsOneOfEachSchema() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".lode") }.sorted()
    #expect(names == Catalog.migrations.map { "\($0.name.prefix(4)).lode" })
  }

  @Test(arguments: Catalog.migrations.map { String($0.name.prefix(4)) })
  func isWholeAndAnswersAsEver(version: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("golden.lode")
    let golden = Self.folder.appendingPathComponent("\(version).lode")
    try Data(contentsOf: golden).write(to: URL(fileURLWithPath: path))
    _ = try Catalog.migrate(path)
    let catalog = try Catalog(path: path, access: .read)
    let check = try CatalogCheck(catalog: catalog).run(.deep)
    #expect(check.findings == [])
    // Tables of later schemas are empty in it.
    let later = Self.later[version, default: []]
    #expect(check.counts.allSatisfy { ($0.count > 0) != later.contains($0.name) })
    let answers = try answers(catalog)
    let file = Self.folder.appendingPathComponent("\(version).answers.txt")
    if ProcessInfo.processInfo.environment["LODESTONE_WRITE_DOCS"] != nil {
      try Data(answers.utf8).write(to: file)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == answers)
  }

  private func answers(_ catalog: Catalog) throws -> String {
    let runs = try UserSQL(path: catalog.path).answer("SELECT run_id FROM run ORDER BY run_key")
    var text = ""
    for query in StoredQuery.all {
      let isOfRun = query.parameters.contains { $0.name == "run" }
      let asked = isOfRun ? runs.rows.map { ["run": $0[0].text] } : [[:]]
      for parameters in asked {
        let table = try catalog.ask(query, parameters: parameters)
        text += "== \(query.name) \(parameters["run"]?.prefix(8) ?? "")\n"
        for row in [table.columns] + table.rows.map({ $0.map(\.text) }) {
          text += row.joined(separator: "\t") + "\n"
        }
      }
    }
    return text
  }
}
