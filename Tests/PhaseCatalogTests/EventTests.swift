import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// What people say is appended as a graph; the last word counts, and what was said stays.
@Suite struct EventTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private let run = Sample.run().id
  private let scan = Sample.scan().id

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    try Sample.store(in: catalog)
  }

  private func rows(_ sql: String) throws -> [[AnswerTable.Value]] {
    try UserSQL(path: catalog.path).answer(sql).rows
  }

  private func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: catalog.path)) }

  @Test func aScanCanBeAssignedAnew() throws {
    #expect(try catalog.assign(sample: "M2", toScan: scan))
    let before = try bytes()
    #expect(try catalog.assign(sample: "M2", toScan: scan) == false)
    #expect(try bytes() == before)
    #expect(try catalog.sample(ofScan: scan) == "M2")
    #expect(try catalog.assign(sample: "M1", toScan: scan))
    #expect(try catalog.sample(ofScan: scan) == "M1")
    #expect(
      try rows("SELECT value FROM event ORDER BY event_key") == [
        [.text("M1")], [.text("M2")], [.text("M1")],
      ])
    #expect(throws: CatalogError.self) {
      try catalog.assign(sample: "M3", toScan: String(repeating: "0", count: 64))
    }
  }

  @Test func attributesOfASample() throws {
    try catalog.set("composition", to: "Nd2Fe14B", ofSample: "M1")
    try catalog.set("annealed_c", to: "800", ofSample: "M1")
    try catalog.set("annealed_c", to: "900", ofSample: "M1")
    #expect(try catalog.set("annealed_c", to: "900", ofSample: "M1") == false)
    let known = "SELECT name, value FROM sample_attribute WHERE sample = 'M1' ORDER BY name"
    #expect(
      try rows(known) == [
        [.text("annealed_c"), .text("900")], [.text("composition"), .text("Nd2Fe14B")],
      ])
    try catalog.set("annealed_c", to: nil, ofSample: "M1")
    #expect(try rows(known).count == 1)
    #expect(throws: CatalogError.self) { try catalog.set("a", to: "b", ofSample: "M9") }
  }

  @Test func aTagMovesAndGoes() throws {
    try Sample.store(
      in: catalog, run: Sample.run(radius: 2), execution: Sample.execution(second: 2))
    let other = Sample.run(radius: 2).id
    #expect(try catalog.tag("best", run: run) == (true, []))
    #expect(try catalog.tag("best", run: run) == (false, []))
    #expect(try catalog.resolveRun("tag:best") == run)
    #expect(try catalog.tag("best", run: other) == (true, [run]))
    #expect(try catalog.resolveRun("tag:best") == other)
    #expect(try catalog.removeTag("best", run: run) == false)
    #expect(try catalog.removeTag("best", run: other))
    #expect(throws: CatalogError.self) { try catalog.resolveRun("tag:best") }
    #expect(throws: CatalogError.self) { try catalog.tag("x", run: scan) }
  }

  /// A tag that merged catalogs gave to two runs names neither, and says so.
  @Test func aTagOfTwoRunsIsAmbiguous() throws {
    try Sample.store(
      in: catalog, run: Sample.run(radius: 2), execution: Sample.execution(second: 2))
    try catalog.tag("best", run: run)
    let values =
      "lower(hex(randomblob(32))), 'tag.add', 'run', '\(Sample.run(radius: 2).id)', 'best'"
    try ForeignSQL.run(
      "INSERT INTO event SELECT NULL, \(values), NULL, 'x', '2999-01-01T00:00:00.000Z' FROM sample",
      on: catalog.path)
    let error = #expect(throws: CatalogError.self) { try catalog.resolveRun("tag:best") }
    #expect(error?.description.contains("several runs are tagged") == true)
    #expect(try catalog.tag("best", run: run) == (true, [Sample.run(radius: 2).id]))
  }

  /// Retracted runs are left out of what counts, and nothing else.
  @Test(arguments: [true, false]) func retractingAndUndoing(isByScan: Bool) throws {
    let subject = isByScan ? EventSubject.scan(scan) : .run(run)
    let counts = ["runs", "phase-stats", "surface-vs-bulk"].map { try? StoredQuery.named($0) }
    func answers() throws -> [Int] { try counts.map { try catalog.ask($0!).rows.count } }
    let before = try answers()
    #expect(before == [1, 2, 1])
    #expect(try catalog.undoRetraction(of: subject, reason: nil) == false)
    #expect(try catalog.retract(subject, reason: "wrong references"))
    #expect(try catalog.retract(subject, reason: "wrong references") == false)
    #expect(try answers() == [0, 0, 0])
    func leftOut(_ name: String, _ parameters: [String: String] = [:]) throws -> Int {
      let query = try StoredQuery.named(name)
      return try catalog.retractedLeftOut(
        of: query, parameters: parameters, answer: try catalog.ask(query, parameters: parameters))
    }
    #expect(try leftOut("runs") == 1)
    #expect(try leftOut("phase-stats") == 1)
    #expect(try leftOut("phase-stats", ["sample": "M2"]) == 0)
    #expect(try leftOut("samples") == 1)
    #expect(try leftOut("scans") == 0)
    #expect(try catalog.isRetracted(run: run))
    // It is still found by its name.
    #expect(try catalog.ask("run-clusters", run: run).rows.count == 2)
    #expect(try catalog.map("label", run: run) == Sample.result.maps[0].tiff)
    let list = try catalog.ask(StoredQuery.named("retracted"))
    #expect(list.value("reason") == .text("wrong references"))
    for view in ["run", "cluster", "spectrum", "element", "depth", "drift", "found", "map"] {
      #expect(try rows("SELECT * FROM \(view)_overview").isEmpty)
    }
    #expect(try catalog.undoRetraction(of: subject, reason: nil))
    #expect(try answers() == before)
    #expect(try leftOut("runs") == 0)
  }

  /// Each event follows the one before; after two catalogs' events came together, the next follows both.
  @Test func eventsAreAGraph() throws {
    try catalog.note("one", on: .run(run))
    try catalog.note("two", on: .sample("M1"))
    let heads = """
      SELECT count(*) FROM event
      WHERE event_key NOT IN (SELECT predecessor_key FROM event_predecessor)
      """
    #expect(try rows(heads) == [[.integer(1)]])
    // An event that came from elsewhere and follows the first.
    try ForeignSQL.run(
      """
      INSERT INTO event SELECT NULL, '\(String(repeating: "f", count: 64))', 'note', 'sample', 'M1',
        NULL, 'from elsewhere', 'x', recorded_at FROM event WHERE event_key = 1;
      INSERT INTO event_predecessor SELECT max(event_key), 1 FROM event
      """, on: catalog.path)
    #expect(try rows(heads) == [[.integer(2)]])
    try catalog.note("three", on: .scan(scan))
    #expect(try rows(heads) == [[.integer(1)]])
    #expect(
      try rows(
        "SELECT count(*) FROM event_predecessor WHERE event_key = (SELECT max(event_key) FROM event)"
      )
        == [[.integer(2)]])
    let times = try rows("SELECT recorded_at FROM event WHERE author <> 'x' ORDER BY event_key")
      .map { $0[0].text }
    #expect(times == times.sorted() && Set(times).count == times.count)
  }

  /// A clock that stands still or goes back does not put the last word first.
  @Test func laterWordsAreDatedLater() throws {
    try ForeignSQL.run(
      """
      INSERT INTO event SELECT NULL, '\(String(repeating: "e", count: 64))', 'sample.assign', 'scan',
        '\(scan)', NULL, 'M7', 'x', '2999-12-31T23:59:59.999Z' FROM event LIMIT 1
      """, on: catalog.path)
    #expect(try catalog.sample(ofScan: scan) == "M7")
    try catalog.assign(sample: "M8", toScan: scan)
    #expect(try catalog.sample(ofScan: scan) == "M8")
    #expect(
      try rows("SELECT recorded_at FROM event ORDER BY event_key DESC LIMIT 1")
        == [[.text("3000-01-01T00:00:00.000Z")]])
  }

  @Test func subjects() throws {
    #expect(try catalog.resolveSubject("@last") == .run(run))
    #expect(try catalog.resolveSubject("scan:" + scan.prefix(6)) == .scan(scan))
    #expect(try catalog.resolveSubject("sample:M1") == .sample("M1"))
    #expect(throws: CatalogError.self) { try catalog.resolveSubject("scan:0000") }
    #expect(throws: CatalogError.self) { try catalog.note("x", on: .sample("M9")) }
  }

  /// Names that look the same are the same, however they are composed.
  @Test func namesAreNormalised() throws {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    try catalog.assign(sample: decomposed, toScan: scan)
    #expect(
      try rows("SELECT length(CAST(sample AS BLOB)) FROM scan_sample") == [[.integer(5)]])
    #expect(try catalog.set("a", to: "b", ofSample: composed))
    #expect(try catalog.set("a", to: "b", ofSample: decomposed) == false)
    try catalog.tag(composed, run: run)
    #expect(try catalog.resolveRun("tag:" + decomposed) == run)
    #expect(GivenName.isUsable(String(repeating: "x", count: 200)))
    for name in ["", "  ", "a\nb", "a\u{1B}b", "a\u{200B}", String(repeating: "x", count: 201)] {
      #expect(!GivenName.isUsable(name))
    }
  }
}
