import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// The runs that an input went into, over records made by hand.
@Suite struct AffectedTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private let made = MadeRecords(.small)

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
  }

  private func runs(_ inputs: RunInput...) throws -> Set<String> {
    Set(try catalog.affected(by: inputs).runs.rows.map { $0[0].text })
  }

  private func file(_ name: String) -> RunInput { .file(name, absolutePath: name, sha256: nil) }

  private func store(_ scan: Int, sighting: Sighting? = nil, second: Int = 1) throws {
    try catalog.store(
      scan: made.scan(scan), sample: "M\(scan)", sighting: sighting ?? made.sighting(scan),
      run: made.run(scan), answer: .result(made.result(scan)),
      execution: made.execution(second: second))
  }

  /// Scans that share a file, and another file that took its path later.
  @Test func filesByRolePathAndContent() throws {
    func sighting(_ scan: Int, flat: String) -> Sighting {
      var sighting = made.sighting(scan)
      sighting.files[1].path = "/data/flat.tif"
      sighting.files[1].sha256 = String(repeating: flat, count: 64)
      return sighting
    }
    for (scan, flat) in [(1, "a"), (2, "a"), (3, "b")] {
      try store(scan, sighting: sighting(scan, flat: flat), second: scan)
    }
    let ids = (0...3).map { made.run($0).id }
    let both = try catalog.affected(by: [file("/data/flat.tif")])
    #expect(Set(both.runs.rows.map { $0[0].text }) == Set(ids[1...]))
    #expect(both.remarks.count == 1 && both.remarks[0].contains("2 contents (aaaaaaaaaaaa, bbb"))
    #expect(both.runs.value("why").text == "reference /data/flat.tif (aaaaaaaaaaaa)")
    #expect(try runs(file("AAAA")) == [ids[1], ids[2]])
    #expect(try runs(file("bbbbb")) == [ids[3]])
    #expect(try runs(file("/data/scan-2/dark.tif")) == [ids[2]])
    #expect(try runs(file("/data/scan-2")) == [ids[2]])
    #expect(try runs(file("/data")) == Set(ids[1...]))
    // Not what only begins alike.
    #expect(throws: CatalogError.self) { try runs(file("/data/scan")) }
    #expect(throws: CatalogError.self) { try runs(file("/data/flat")) }
    #expect(throws: CatalogError.self) { try runs(file("cccc")) }
    #expect(try runs(file("/data/flat.tif"), file("/data/scan-3/frames.tif")) == [ids[3]])
  }

  /// The version that made a result, not one that came to the same later; of a run that failed, each that did.
  @Test func theVersionThatMadeTheResult() throws {
    try Sample.fill(catalog)
    let first = Sample.run().id
    let failed = Sample.run(radius: 3).id
    #expect(try runs(.version("test")).isSuperset(of: [first, failed]))
    #expect(try runs(.stage("cluster", version: 1)).contains(failed))
    #expect(throws: CatalogError.self) { try runs(.version("tes")) }
    #expect(throws: CatalogError.self) { try runs(.stage("cluster", version: 2)) }
    #expect(throws: CatalogError.self) { try runs(.stage("clusters", version: 1)) }

    try store(1, second: 100)
    let later = ExecutionRecord(
      purpose: .verify,
      environment: ["lodestone": "later", "build_sha256": String(repeating: "f", count: 64)],
      startedAt: "2026-02-01T00:00:00.000Z", finishedAt: "2026-02-01T00:00:01.000Z", host: "here",
      command: "verify", stages: [])
    try catalog.store(
      scan: made.scan(1), sample: nil, sighting: nil, run: made.run(1),
      answer: .result(made.result(1)), execution: later,
      verification: (
        VerificationRecord(
          grade: .identical, changedPixels: 0, largestDifference: 0, largestDifferenceIn: nil),
        made.result(1).id(runID: made.run(1).id)
      ))
    #expect(try runs(.version("made")) == [made.run(1).id])
    #expect(try runs(.version("later")) == [])
    #expect(try runs(.version("ffff")) == [])
  }

  @Test func whatIsSaidOfTheRuns() throws {
    try Sample.fill(catalog)
    let affected = try catalog.affected(by: [file("/data/a.tif")])
    let runs = affected.runs
    #expect(runs.rows.count == 4)
    let byRun = Dictionary(
      uniqueKeysWithValues: runs.rows.indices.map { (runs.rows[$0][0].text, $0) })
    let first = try #require(byRun[Sample.run().id])
    #expect(runs.value("tags", row: first).text == "best")
    #expect(runs.value("retracted", row: first) == .integer(0))
    #expect(runs.value("result_id", row: first).text == Sample.result.id(runID: Sample.run().id))
    let second = try #require(byRun[Sample.run(radius: 2).id])
    #expect(runs.value("retracted", row: second) == .integer(1))
    let failed = try #require(byRun[Sample.run(radius: 3).id])
    #expect(runs.value("result_id", row: failed) == .null)
    #expect(affected.notes.rows.map { $0[2].text } == ["look here"])
    #expect(affected.phases.isEmpty && affected.remarks.isEmpty)
    let times = runs.rows.indices.map { runs.value("recorded_at", row: $0).text }
    #expect(times == times.sorted())
  }

  @Test func parametersAreComparedAsNumbers() throws {
    try Sample.fill(catalog)
    #expect(try runs(.parameter("dbscan.radius", value: "2.0")) == [Sample.run(radius: 2).id])
    #expect(try runs(.parameter("dbscan.radius", value: "2e0")) == [Sample.run(radius: 2).id])
    #expect(try runs(.parameter("dbscan.radius", value: "20")) == [])
    #expect(throws: CatalogError.self) { try runs(.parameter("dbscan", value: "2")) }
  }

  /// A name, the digits of an id, and the id of a file; a spectrum that is kept but was not asked for is known.
  @Test func referenceSpectra() throws {
    let spectra = (1...3).map {
      ReferenceSpectrum(energies: [7100, 7110], values: [0, Double($0)])
    }
    let fits = [
      "none", "metal@\(spectra[0].id)", "metal@\(spectra[1].id),oxide@\(spectra[0].id)",
    ]
    let ids = try fits.enumerated().map { scan, text in
      var run = made.run(scan)
      run.parameters.append(
        ParameterRecord(
          name: "fit.references", value: .text(text), type: "text", unit: "",
          isDefault: text == "none"))
      try catalog.store(
        scan: made.scan(scan), sample: "M", sighting: nil, run: run, answer: .failure("none left"),
        execution: made.execution(second: scan))
      return run.id
    }
    func reference(_ name: String, _ id: String? = nil) -> RunInput {
      .reference(name, spectrumID: id)
    }
    #expect(try runs(reference("metal")) == [ids[1], ids[2]])
    #expect(try catalog.affected(by: [reference("metal")]).remarks[0].contains("names 2 spectra"))
    #expect(try runs(reference("oxide")) == [ids[2]])
    #expect(try runs(reference(String(spectra[0].id.prefix(8)))) == [ids[1], ids[2]])
    #expect(try runs(reference("a.xdi", spectra[1].id)) == [ids[2]])
    #expect(throws: CatalogError.self) { try runs(reference("a.xdi", spectra[2].id)) }
    #expect(throws: CatalogError.self) { try runs(reference("none")) }
    #expect(throws: CatalogError.self) { try runs(reference("met")) }
  }
}
