import CSQLite
import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// What a stored query costs, in the steps of SQLite's virtual machine: no clock, and the same on every machine.
@Suite struct QueryCostTests {
  private let folder: TemporaryFolder
  private let path: String
  private let made = MadeRecords(.small)

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("t.lode")
    _ = try Catalog.create(at: path)
  }

  /// Four times the runs are at most four times the steps for a question about all runs, with a tenth for what does not divide
  /// evenly, and not one more for a question about a run.
  @Test func growsWithTheRunsAndNotFaster() throws {
    let catalog = try Catalog(path: path, access: .write)
    for (name, low, high) in [("matrix", 0.0, 0.5), ("rich", 0.6, 1)] {
      _ = try catalog.define(
        phase: name,
        as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: low, high: high)]))
    }
    try store(0..<100, in: catalog)
    let few = try steps()
    try store(100..<400, in: catalog)
    let many = try steps()
    for query in StoredQuery.all {
      let (before, after) = (try #require(few[query.name]), try #require(many[query.name]))
      if Self.isOfRun(query) {
        #expect(after <= before, "\(query.name): \(before), then \(after)")
      } else {
        #expect(Double(after) <= 4.4 * Double(before), "\(query.name): \(before), then \(after)")
        #expect(after <= 400 * Self.mostPerRun, "\(query.name): \(after)")
      }
    }
    // The count is one: what lists every run takes some steps for each.
    #expect(try #require(many["runs"]) >= 400 * 10)
  }

  /// Steps that a question about all runs may take for each, where a run has two clusters.
  private static let mostPerRun = 1000

  private static func isOfRun(_ query: StoredQuery) -> Bool {
    query.parameters.contains { $0.name == "run" }
  }

  private func store(_ seeds: Range<Int>, in catalog: Catalog) throws {
    for seed in seeds {
      let run = made.run(seed)
      try catalog.store(
        scan: made.scan(seed), sample: "S\(seed % 10)", sighting: made.sighting(seed), run: run,
        answer: seed % 50 == 7 ? .failure("nothing left") : .result(made.result(seed)),
        execution: made.execution(second: seed))
      if seed % 50 == 9 { try catalog.retract(.run(run.id), reason: "wrong references") }
      if seed % 50 == 11 { _ = try catalog.tag("t\(seed)", run: run.id) }
    }
  }

  /// The steps of each query, with its defaults and the first run.
  private func steps() throws -> [String: Int] {
    var connection: OpaquePointer?
    defer { sqlite3_close_v2(connection) }
    #expect(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK)
    return try StoredQuery.all.reduce(into: [:]) { counts, query in
      var statement: OpaquePointer?
      defer { sqlite3_finalize(statement) }
      #expect(sqlite3_prepare_v2(connection, query.sql, -1, &statement, nil) == SQLITE_OK)
      for parameter in query.parameters {
        let text = parameter.name == "run" ? made.run(0).id : parameter.defaultText ?? "*"
        let place = sqlite3_bind_parameter_index(statement, ":\(parameter.name)")
        if parameter.type == "text" {
          let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
          sqlite3_bind_text(statement, place, text, -1, copy)
        } else {
          sqlite3_bind_double(statement, place, try #require(Double(text)))
        }
      }
      var code = sqlite3_step(statement)
      while code == SQLITE_ROW { code = sqlite3_step(statement) }
      #expect(code == SQLITE_DONE, "\(query.name)")
      counts[query.name] = Int(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0))
    }
  }
}
