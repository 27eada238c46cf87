import Foundation
import PhaseCatalog
import Testing
import TestSupport

@Suite struct CatalogTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file("test.lode") }

  init() throws {
    folder = try TemporaryFolder()
    #expect(try Catalog.create(at: folder.file("test.lode")))
  }

  private func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  @Test func creatingTwiceChangesNothing() throws {
    let before = try bytes()
    #expect(try Catalog.create(at: path) == false)
    #expect(try bytes() == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["test.lode"])
    // Offset 68 of an SQLite file: its application id.
    #expect(before[68..<72].elementsEqual("LODE".utf8))
  }

  @Test func storesAndAnswers() throws {
    let catalog = try Catalog(path: path, access: .write)
    try Sample.store(in: catalog)
    let run = Sample.run().id
    #expect(try catalog.storedResult(of: run) == Sample.result.id(runID: run))
    #expect(try catalog.resolveRun("@last") == run)
    #expect(try catalog.resolveRun(String(run.prefix(4))) == run)
    #expect(try catalog.sample(ofScan: Sample.scan().id) == "M1")
    let clusters = try catalog.ask("run-clusters", run: run)
    #expect(clusters.rows.count == 2)
    #expect(clusters.value("share") == .real(0.6))
    #expect(clusters.value("nd_fraction") == .real(0.25))
    #expect(try catalog.ask("run-warnings", run: run).rows == [[.text("mind the gap")]])
    #expect(try catalog.map("label", run: run) == Sample.result.maps[0].tiff)
    try catalog.tag("best", run: run)
    try catalog.note("look here", on: .run(run))
    try catalog.set("composition", to: "Nd2Fe14B", ofSample: "M1")
    try catalog.define(
      phase: "all",
      as: PhaseRule(conditions: [.bounds(quantity: "pixels", low: 1, high: nil)]))
    // Those that ask for what is not there have no rows.
    let empty = ["retracted", "failed", "variants", "coverage"]
    for query in StoredQuery.all where !empty.contains(query.name) {
      let answer = try catalog.ask(
        query, parameters: query.parameters.contains { $0.name == "run" } ? ["run": run] : [:])
      #expect(!answer.rows.isEmpty, "\(query.name)")
      #expect(!query.title.isEmpty && query.title.hasSuffix("."), "\(query.name)")
    }
  }

  /// At 0.1 um: one pixel of cluster 0 (1 and 3 umol) and one of cluster 1 (4 and 0) are surface;
  /// two of cluster 0 and one of noise are bulk.
  @Test func surfaceAgainstBulk() throws {
    let catalog = try Catalog(path: path, access: .write)
    try Sample.store(in: catalog)
    let query = try StoredQuery.named("surface-vs-bulk")
    let table = try catalog.ask(query, parameters: ["surface_depth_um": "0.1"])
    #expect(table.rows.count == 2)
    #expect(table.value("zone", row: 0) == .text("surface"))
    #expect(table.value("pixels", row: 0) == .integer(2))
    #expect(table.value("nd_fraction", row: 0) == .real(5.0 / 8))
    #expect(table.value("pixels", row: 1) == .integer(3))
    #expect(table.value("nd_fraction", row: 1) == .real(0.25))
    #expect(table.value("noise_share", row: 1) == .real(1.0 / 3))
    // The bin from 0.05 to 0.1 um counts by its middle.
    let shallow = try catalog.ask(query, parameters: ["surface_depth_um": "0.07"])
    #expect(shallow.rows.count == 1 && shallow.value("zone") == .text("bulk"))
  }

  @Test func theSameAgainChangesNothing() throws {
    let catalog = try Catalog(path: path, access: .write)
    try Sample.store(in: catalog)
    let before = try bytes()
    #expect(try catalog.store(Sample.sighting, ofScan: Sample.scan().id) == .unchanged)
    #expect(try bytes() == before)
    var moved = Sample.sighting
    moved.files[0].path = "/elsewhere/a.tif"
    #expect(try catalog.store(moved, ofScan: Sample.scan().id) == .sighted)
    #expect(try bytes() != before)
  }

  @Test func readingChangesNothing() throws {
    try Sample.store(in: Catalog(path: path, access: .write))
    let before = try bytes()
    let catalog = try Catalog(path: path, access: .read)
    _ = try catalog.ask("run-summary", run: Sample.run().id)
    _ = try UserSQL(path: path).answer("SELECT count(*) FROM cluster")
    #expect(throws: CatalogError.self) {
      try catalog.assign(sample: "M2", toScan: Sample.scan().id)
    }
    #expect(try bytes() == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["test.lode"])
  }

  @Test func otherFilesAreRefused() throws {
    let missing = #expect(throws: CatalogError.self) {
      try Catalog(path: folder.file("none.lode"), access: .write)
    }
    #expect(missing?.description.contains("lodestone init") == true)
    let text = try folder.write("no database", to: "text.lode")
    #expect(throws: CatalogError.self) { try Catalog(path: text, access: .read) }
    let foreign = folder.file("foreign.lode")
    try ForeignSQL.run("CREATE TABLE t (x)", on: foreign)
    let other = #expect(throws: CatalogError.self) { try Catalog(path: foreign, access: .read) }
    #expect(other?.description.contains("another program") == true)
    try ForeignSQL.run("PRAGMA user_version = 99", on: path)
    let newer = #expect(throws: CatalogError.self) { try Catalog(path: path, access: .read) }
    #expect(newer == .newer(path: path, version: 99, known: Catalog.migrations.count))
    try ForeignSQL.run("PRAGMA user_version = 0", on: path)
    let older = #expect(throws: CatalogError.self) { try Catalog(path: path, access: .read) }
    #expect(older?.description.contains("lodestone migrate --catalog \(path)") == true)
  }

  @Test func aSchemaOfTheSameNumberAndOtherContentIsRefused() throws {
    try ForeignSQL.tamper("UPDATE schema_migration SET sha256 = 'x'", on: path)
    let error = #expect(throws: CatalogError.self) { try Catalog(path: path, access: .read) }
    #expect(error?.description.contains("another build of lodestone made it") == true)
  }

  /// Merely reading a file in WAL mode would write beside it.
  @Test func aFileInWALModeIsRefused() throws {
    try ForeignSQL.run("PRAGMA journal_mode = WAL", on: path)
    let before = try bytes()
    for access in [Catalog.Access.read, .write] {
      let error = #expect(throws: CatalogError.self) { try Catalog(path: path, access: access) }
      #expect(error == .walMode(path: path))
    }
    #expect(try bytes() == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["test.lode"])
    try ForeignSQL.run("PRAGMA journal_mode = DELETE", on: path)
    #expect(throws: Never.self) { try Catalog(path: path, access: .read) }
    // A WAL that lies beside it would be read with it, and its like written.
    _ = try folder.write("x", to: "test.lode-wal")
    #expect(throws: CatalogError.walMode(path: path)) { try Catalog(path: path, access: .read) }
  }

  @Test func namesOfRuns() throws {
    let catalog = try Catalog(path: path, access: .write)
    #expect(throws: CatalogError.self) { try catalog.resolveRun("@last") }
    try Sample.store(in: catalog)
    for name in ["abc", "xyz!", "", String(repeating: "0", count: 65)] {
      #expect(throws: CatalogError.self) { try catalog.resolveRun(name) }
    }
    #expect(throws: CatalogError.self) { try catalog.resolveRun("0000") }
  }
}
