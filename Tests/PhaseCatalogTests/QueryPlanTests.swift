import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// A stored query reads what it answers, and not whole tables of what grows with every run by more than a row.
@Suite struct QueryPlanTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("t.lode")
    _ = try Catalog.create(at: path)
    try Sample.fill(Catalog(path: path, access: .write))
  }

  /// Tables with many rows a scan, run or result. The others have one, and a question about all runs reads them.
  private static let large: Set = [
    "frame", "source_file", "parameter", "environment_item", "execution_stage", "result_value",
    "result_component", "result_frame", "result_warning", "cluster_spectrum", "cluster_element",
    "cluster_depth", "cluster_edge", "cluster_fit_part", "cluster_block", "cluster_block_depth",
    "cluster_estimate", "map", "ledger", "reference_spectrum_point",
  ]

  @Test func noneScansALargeTable() throws {
    for query in StoredQuery.all {
      let values = query.parameters.map { ($0.name, AnswerTable.Value.text("1")) }
      let tables = try scanned(query.sql, Dictionary(uniqueKeysWithValues: values))
      #expect(tables.intersection(Self.large) == [], "\(query.name)")
    }
  }

  @Test func aScanIsSeen() throws {
    #expect(try scanned("SELECT sum(pixels) FROM cluster_depth") == ["cluster_depth"])
    #expect(try scanned("SELECT digest FROM frame_overview WHERE scan_id = 'x'") == [])
    #expect(try scanned("SELECT count(*) FROM parameter WHERE text = 'x'") == ["parameter"])
  }

  /// The tables that a statement reads from their beginning, or whose indexes it does: the program that SQLite
  /// makes of it says so exactly (https://sqlite.org/opcode.html).
  private func scanned(
    _ statement: String, _ parameters: [String: AnswerTable.Value] = [:]
  ) throws -> Set<String> {
    let sql = UserSQL(path: path)
    var tables: [Int64: String] = [:]
    for row in try sql.answer("SELECT rootpage, tbl_name FROM sqlite_schema").rows {
      if case .integer(let page) = row[0] { tables[page] = row[1].text }
    }
    var cursors: [Int64: String] = [:]
    var scanned: Set<String> = []
    let plan = try sql.answer("EXPLAIN " + statement, parameters: parameters)
    for row in plan.rows {
      guard case .integer(let cursor) = row[2], case .integer(let page) = row[3] else { continue }
      switch row[1].text {
      case "OpenRead": cursors[cursor] = tables[page]
      case "OpenEphemeral", "OpenAutoindex", "OpenPseudo", "SorterOpen": cursors[cursor] = nil
      case "Rewind": scanned.formUnion([cursors[cursor]].compactMap { $0 })
      default: break
      }
    }
    return scanned
  }
}
