import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

@Suite struct VerifyTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private let request: ScanRequest
  private let run: String

  init() throws {
    let small = try SmallScan(height: 80, width: 80)
    var request = small.request
    request.exposure = 0.5
    request.referenceExposure = 0.25
    (folder, catalog, self.request) = (small.folder, small.catalog, request)
    run = try small.ingest(request, ["register.template_rounds=2"]).runID
  }

  private var reproducibility: [AnswerTable.Value] {
    get throws {
      let table = try catalog.ask(StoredQuery.named("reproducibility"))
      return ["executions", "failures", "verifications", "results", "last_grade"].map {
        table.value($0)
      }
    }
  }

  @Test func theSameAgainIsIdentical() throws {
    let outcome = try Verify(catalog: catalog, command: "test").run(run)
    #expect(outcome.verification.grade == .identical)
    #expect(outcome.verification.changedPixels == 0)
    #expect(outcome.verification.largestDifferenceIn == nil)
    #expect(outcome.storedResult == outcome.computedResult)
    #expect(
      try reproducibility == [
        .integer(2), .integer(0), .integer(1), .integer(1), .text("identical"),
      ])
    #expect(try CatalogCheck(catalog: catalog).run(.deep).findings == [])
  }

  /// Moved as a whole, and found by its new place; from its old place, an error that says what to do.
  @Test func whereTheScanWasMovedTo() throws {
    try FileManager.default.moveItem(atPath: folder.file("ex"), toPath: folder.file("archive"))
    let verify = Verify(catalog: catalog, command: "test")
    let error = #expect(throws: InputError.self) { try verify.run(run) }
    #expect(error?.kind == .missing && error?.description.contains("verify") == true)
    let outcome = try verify.run(run, at: folder.file("archive/scan.tif"))
    #expect(outcome.verification.grade == .identical)
    // The new place is a sighting, and the next verification finds it.
    #expect(try verify.run(run).path == folder.file("archive/scan.tif"))
    #expect(try catalog.ask("run-files", run: run).rows.count == 8)
  }

  /// Where the newest place holds other data now, an older one is read: still one execution.
  @Test func anOlderPlaceIsReadWhereTheNewestHasChanged() throws {
    var copy = request
    copy.path = folder.file("copy.tif")
    try FileManager.default.copyItem(atPath: request.path, toPath: copy.path)
    let parameters = try ParameterSet(settings: ["register.template_rounds=2"])
    let ingest = Ingest(catalog: catalog, parameters: parameters, command: "test")
    #expect(try ingest.run(copy, sample: "M1").status == .sighted)
    var other = ExampleScan()
    (other.height, other.width, other.energyCount, other.seed) = (80, 80, 30, 9)
    try other.write(to: folder.file("other"))
    let replacement = try Data(contentsOf: URL(fileURLWithPath: folder.file("other/scan.tif")))
    try replacement.write(to: URL(fileURLWithPath: copy.path))
    let outcome = try Verify(catalog: catalog, command: "test").run(run)
    #expect(outcome.verification.grade == .identical && outcome.path == request.path)
    #expect(outcome.stages.filter { $0.name == "read" }.count == 1)
    #expect(try reproducibility[2] == .integer(1))
  }

  @Test func otherDataIsRefused() throws {
    var other = ExampleScan()
    (other.height, other.width, other.energyCount, other.seed) = (80, 80, 30, 9)
    try other.write(to: folder.file("other"))
    let error = #expect(throws: InputError.self) {
      try Verify(catalog: catalog, command: "test").run(run, at: folder.file("other/scan.tif"))
    }
    #expect(error?.description.contains("not the data of run") == true)
    #expect(try reproducibility[0] == .integer(1))
  }

  /// A stored result that does not come out again, by how far it differs.
  @Test(arguments: [
    ("UPDATE cluster_spectrum SET mean_od = mean_od * (1 + 1e-9)", Grade.sameLabels),
    ("UPDATE cluster_element SET areal_g_cm2 = areal_g_cm2 * 1.0005", .sameLabels),
    ("UPDATE cluster_element SET atomic_fraction = atomic_fraction * 1.01", .different),
    ("UPDATE result_frame SET drift_dy_px = drift_dy_px + 0.0005 WHERE number = 3", .sameLabels),
    ("UPDATE result_frame SET drift_dy_px = drift_dy_px + 0.1 WHERE number = 3", .different),
    ("DELETE FROM result_component WHERE number = 30", .different),
    ("UPDATE result_warning SET message = 'x'", .identical),
  ])
  func gradesOfNumbers(sql: String, grade: Grade) throws {
    try ForeignSQL.tamper(sql, on: catalog.path)
    let outcome = try Verify(catalog: catalog, command: "test").run(run)
    #expect(outcome.verification.grade == grade, "\(outcome.verification)")
    #expect(outcome.verification.changedPixels == 0)
    if grade != .identical { #expect(outcome.verification.largestDifferenceIn != nil) }
  }

  /// Another label map is another result: both are kept, and the first one counts.
  @Test(arguments: [(1, Grade.withinTolerance), (400, .different)])
  func gradesOfLabels(changed: Int, grade: Grade) throws {
    let file = try TIFFFile(bytes: catalog.map("label", run: run), name: "label")
    let frame = try file.frame(page: 0)
    var labels = frame.values.floats.map { Int16($0) }
    let places = labels.indices.filter { labels[$0] >= 0 }.prefix(changed)
    for place in places { labels[place] = labels[place] == 0 ? 1 : 0 }
    let stored = try #require(try catalog.storedResult(of: run))
    var result = try catalog.result(stored)
    let page = TIFFWriter.Page(height: 80, width: 80, samples: .int16(labels))
    result.maps[0] = MapRecord(
      kind: "label", height: 80, width: 80, samples: .int16(labels),
      tiff: try TIFFWriter.encode([page]))
    // The same run in a catalog where this came out first.
    let other = folder.file("other.lode")
    _ = try Catalog.create(at: other)
    let second = try Catalog(path: other, access: .write)
    let record = try catalog.run(run)
    try second.store(
      scan: try catalog.scan(record.scanID), sample: "M1",
      sighting: Sighting(files: [], request: request.canonicalJSON), run: record,
      answer: .result(result),
      execution: ExecutionRecord(
        purpose: .ingest, environment: [:], startedAt: timestamp(Date()),
        finishedAt: timestamp(Date()), host: "x",
        command: "x", stages: []))
    let outcome = try Verify(catalog: second, command: "test").run(run)
    #expect(outcome.verification.grade == grade, "\(outcome.verification)")
    #expect(outcome.verification.changedPixels == places.count)
    #expect(outcome.computedResult == stored && outcome.storedResult != stored)
    #expect(try second.storedResult(of: run) == outcome.storedResult)
    let table = try second.ask(StoredQuery.named("reproducibility"))
    #expect(table.value("results") == .integer(2))
    #expect(table.value("environments") == .integer(2))
    #expect(try CatalogCheck(catalog: second).run(.deep).findings == [])
  }

  @Test func anotherPipelineCannotVerify() throws {
    try ForeignSQL.tamper(
      "UPDATE run_stage SET version = 99 WHERE stage = 'cluster'", on: catalog.path)
    let pipeline = #expect(throws: VerificationError.self) {
      try Verify(catalog: catalog, command: "test").run(run)
    }
    #expect(pipeline?.description.contains("cluster 99") == true)
    try ForeignSQL.tamper("UPDATE run_stage SET version = 1", on: catalog.path)
    try ForeignSQL.tamper(
      "UPDATE parameter SET name = 'old.name' WHERE name = 'dbscan.radius'", on: catalog.path)
    #expect(throws: VerificationError.self) {
      try Verify(catalog: catalog, command: "test").run(run)
    }
  }

  @Test func everyRequestReadsBackAsItWas() throws {
    for references in [[], ["empty-field"], ["/a/i0.txt"], ["/a/r1.tif", "/a/r2.tif"]] {
      var request = ScanRequest(
        joining: references.count == 2 ? ["/a/b.tif", "/a/c.tif"] : ["/a/b.tif"])
      request.references = references
      request.part = references.count == 1 ? "rep01 NAT1" : nil
      request.signal = references.isEmpty ? .od : .counts
      request.pixelSize = PixelSize(sideUM: 0.028)
      request.geometry = .projection
      request.exposure = 0.1
      request.darkExposure = 2
      #expect(ScanRequest(canonicalJSON: request.canonicalJSON.text) == request)
    }
    // As version 1 wrote it.
    let old = try #require(
      ScanRequest(
        canonicalJSON:
          #"{"geometry":"section","path":"/a/b.tif","reference":"/r.tif","signal":"counts"}"#
      ))
    #expect(old.paths == ["/a/b.tif"] && old.references == ["/r.tif"] && old.part == nil)
    #expect(ScanRequest(canonicalJSON: "{}") == nil)
  }
}
