import CSQLite
import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// A small scan, run and result, made by hand.
private enum Sample {
  static let energies = [7100.0, 7110, 7120, 7130]

  static func scan(pixelSizeUM: Double? = 0.1) -> ScanRecord {
    ScanRecord(
      height: 2, width: 3, energies: energies, signal: "od", reference: "not-needed",
      pixelSizeUM: pixelSizeUM, geometry: "section", exposure: nil, referenceExposure: nil,
      frames: energies.map { energy in
        .init(
          kind: .sample, energyEV: energy, digest: ContentDigest(domain: "\(energy)").finish())
      })
  }

  static func run(radius: Double = 1) -> RunRecord {
    RunRecord(
      scanID: scan().id,
      parameters: [
        ParameterRecord(
          name: "dbscan.radius", value: .number(radius), type: "number", unit: "noise units",
          isDefault: radius == 1)
      ], stages: ["cluster": 1])
  }

  static func element(_ symbol: String, fraction: Double, moles: Double) -> ClusterRecord.Element {
    .init(
      symbol: symbol, edge: "K", edgeEV: 7112, step: 0.1, stepError: 0.01, arealDensity: 1e-3,
      arealDensityError: 1e-5, arealMoles: moles, atomicFraction: fraction,
      atomicFractionError: 0.01, method: "attenuation_fit")
  }

  static let result = ResultRecord(
    totalPixels: 6, analysedPixels: 5, eligiblePixels: 4, noisePixels: 1, alteredValues: 2,
    smallestFindablePixels: 1, values: [.init(name: "dbscan.radius", number: 1.5, unit: "")],
    componentVariances: [2, 1], usedComponents: 1, warnings: ["mind the gap"],
    frames: energies.map { _ in
      .init(driftDY: 0.25, driftDX: -0.5, scale: 1, alteredPixels: 0, emptyFieldOD: nil)
    },
    clusters: [
      ClusterRecord(
        label: 0, pixels: 3, dbscanPixels: 2, areaUM2: 0.03, meanSpectrum: [0.1, 0.2, 0.3, 0.4],
        deviationSpectrum: [0, 0, 0, 0],
        elements: [
          element("Nd", fraction: 0.25, moles: 1e-6), element("Fe", fraction: 0.75, moles: 3e-6),
        ]),
      ClusterRecord(
        label: 1, pixels: 1, dbscanPixels: 1, areaUM2: 0.01, meanSpectrum: [1, 2, 3, 4],
        deviationSpectrum: [0, 0, 0, 0],
        elements: [
          element("Nd", fraction: 1, moles: 4e-6), element("Fe", fraction: 0, moles: 0),
        ]),
    ],
    // Pixels of 0.1 um and bins of half a pixel: bin 1 is 0.05 to 0.1 um deep.
    depthHistogram: [0: [1: 1, 9: 2], 1: [1: 1], -1: [9: 1]], depthBinPX: 0.5,
    maps: ["label", "dbscan"].map {
      MapRecord(kind: $0, height: 2, width: 3, labels: [0, 0, 0, 1, -1, -2], tiff: [1, 2, 3])
    })

  static let execution = ExecutionRecord(
    environment: ["lodestone": "test"], startedAt: Date(timeIntervalSince1970: 1),
    finishedAt: Date(timeIntervalSince1970: 2), host: "here", command: "test",
    stages: [.init(name: "read", seconds: 1)])

  static let files = [
    SourceFile(
      path: "/data/a.tif", sha256: String(repeating: "a", count: 64), bytes: 12, role: "frames")
  ]

  static func store(in catalog: Catalog) throws -> String {
    try catalog.store(
      scan: scan(), sample: "M1", files: files, run: run(), result: result, execution: execution)
  }
}

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
    let resultID = try Sample.store(in: catalog)
    let run = Sample.run().id
    #expect(try catalog.storedResult(of: run) == resultID)
    #expect(try catalog.resolveRun("@last") == run)
    #expect(try catalog.resolveRun(String(run.prefix(4))) == run)
    #expect(try catalog.sample(ofScan: Sample.scan().id) == "M1")
    let clusters = try catalog.ask("run-clusters", run: run)
    #expect(clusters.rows.count == 2)
    #expect(clusters.value("share") == .real(0.6))
    #expect(clusters.value("nd_fraction") == .real(0.25))
    #expect(try catalog.ask("run-warnings", run: run).rows == [[.text("mind the gap")]])
    #expect(try catalog.map("label", run: run) == [1, 2, 3])
    for query in StoredQuery.all {
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
    _ = try Sample.store(in: catalog)
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
    _ = try Sample.store(in: catalog)
    let before = try bytes()
    #expect(try catalog.storeSightings(Sample.files, scanID: Sample.scan().id) == .unchanged)
    #expect(try bytes() == before)
    var moved = Sample.files
    moved[0].path = "/elsewhere/a.tif"
    #expect(try catalog.storeSightings(moved, scanID: Sample.scan().id) == .sighted)
    #expect(try bytes() != before)
  }

  @Test func readingChangesNothing() throws {
    _ = try Sample.store(in: Catalog(path: path, access: .write))
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

  /// The last word counts, and what was said before stays.
  @Test func aScanCanBeAssignedAnew() throws {
    let catalog = try Catalog(path: path, access: .write)
    _ = try Sample.store(in: catalog)
    let scan = Sample.scan().id
    try catalog.assign(sample: "M2", toScan: scan)
    try catalog.assign(sample: "M2", toScan: scan)
    #expect(try catalog.sample(ofScan: scan) == "M2")
    let events = try UserSQL(path: path).answer(
      """
      SELECT event.body, count(predecessor_id) FROM event
      LEFT JOIN event_predecessor USING (event_id) GROUP BY event.rowid ORDER BY event.rowid
      """)
    #expect(events.rows == [[.text("M1"), .integer(0)], [.text("M2"), .integer(1)]])
    #expect(throws: CatalogError.self) {
      try catalog.assign(sample: "M3", toScan: String(repeating: "0", count: 64))
    }
  }

  /// Against another program, without any setting of ours: each statement leaves the rows as they
  /// were.
  @Test func rowsAreImmutable() throws {
    _ = try Sample.store(in: Catalog(path: path, access: .write))
    let tables = try UserSQL(path: path).answer(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'grdb%' ORDER BY 1"
    ).rows.map { $0[0].text }
    #expect(tables.count > 20)
    for table in tables {
      let rows = try UserSQL(path: path).answer("SELECT * FROM \(table)").rows
      let column = try UserSQL(path: path).answer("SELECT name FROM pragma_table_info('\(table)')")
      let first = column.value("name").text
      for statement in [
        "UPDATE \(table) SET \(first) = \(first)", "DELETE FROM \(table)",
        "INSERT OR REPLACE INTO \(table) SELECT * FROM \(table)",
      ] {
        ForeignClient.run(statement, on: path)
      }
      #expect(try UserSQL(path: path).answer("SELECT * FROM \(table)").rows == rows, "\(table)")
    }
  }

  @Test func otherFilesAreRefused() throws {
    let missing = #expect(throws: CatalogError.self) {
      try Catalog(path: folder.file("none.lode"), access: .write)
    }
    #expect(missing?.description.contains("lodestone init") == true)
    let text = try folder.write("no database", to: "text.lode")
    #expect(throws: CatalogError.self) { try Catalog(path: text, access: .read) }
    let foreign = folder.file("foreign.lode")
    ForeignClient.run("CREATE TABLE t (x)", on: foreign)
    let other = #expect(throws: CatalogError.self) { try Catalog(path: foreign, access: .read) }
    #expect(other?.description.contains("another program") == true)
    ForeignClient.run("PRAGMA user_version = 99", on: path)
    let newer = #expect(throws: CatalogError.self) { try Catalog(path: path, access: .read) }
    #expect(newer == .newer(path: path, version: 99, known: 1))
  }

  @Test func namesOfRuns() throws {
    let catalog = try Catalog(path: path, access: .write)
    #expect(throws: CatalogError.self) { try catalog.resolveRun("@last") }
    _ = try Sample.store(in: catalog)
    for name in ["abc", "xyz!", "", String(repeating: "0", count: 65)] {
      #expect(throws: CatalogError.self) { try catalog.resolveRun(name) }
    }
    #expect(throws: CatalogError.self) { try catalog.resolveRun("0000") }
  }
}

/// What another program does to the file: SQLite by itself, with none of our settings.
private enum ForeignClient {
  @discardableResult
  static func run(_ sql: String, on path: String) -> Int32 {
    var connection: OpaquePointer?
    defer { sqlite3_close(connection) }
    guard sqlite3_open(path, &connection) == SQLITE_OK else { return SQLITE_CANTOPEN }
    return sqlite3_exec(connection, sql, nil, nil, nil)
  }
}

@Suite struct UserSQLTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("test.lode")
    _ = try Catalog.create(at: path)
    _ = try Sample.store(in: Catalog(path: path, access: .write))
  }

  @Test func answersSelects() throws {
    let sql = UserSQL(path: path)
    #expect(
      try sql.answer("SELECT 1 AS a, 'x' AS b, NULL, 2.5;").rows == [
        [.integer(1), .text("x"), .null, .real(2.5)]
      ])
    let counted =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT sum(i) FROM n"
    #expect(try sql.answer(counted).rows == [[.integer(15)]])
    #expect(try sql.answer("SELECT label, nd_fraction FROM cluster_overview").rows.count == 2)
    #expect(try sql.answer("SELECT name FROM pragma_table_info('run')").rows.count == 4)
  }

  @Test(arguments: [
    "DELETE FROM run", "INSERT INTO sample VALUES ('x', 'y')", "CREATE TEMP TABLE t (x)",
    "ATTACH '/tmp/x.db' AS x", "VACUUM INTO '/tmp/lodestone-vacuum.db'", "PRAGMA user_version = 7",
    "PRAGMA writable_schema = ON", "SELECT load_extension('x')", "BEGIN EXCLUSIVE",
    "SELECT 1; SELECT 2", "", "SELEC 1", "SELECT * FROM nowhere",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
  ])
  func refusesEverythingElse(statement: String) throws {
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    var sql = UserSQL(path: path)
    sql.deadline = 0.2
    #expect(throws: CatalogError.self) { try sql.answer(statement) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(!FileManager.default.fileExists(atPath: "/tmp/lodestone-vacuum.db"))
  }
}

@Suite struct IdentityTests {
  @Test func everyPartOfAScanCounts() {
    let base = Sample.scan().id
    #expect(base == Sample.scan().id)
    #expect(Sample.scan(pixelSizeUM: nil).id != base)
    #expect(Sample.scan(pixelSizeUM: 0.2).id != base)
    var other = Sample.scan()
    other.frames.swapAt(0, 1)
    #expect(other.id != base)
    other = Sample.scan()
    other.geometry = "projection"
    #expect(other.id != base)
    other = Sample.scan()
    other.exposure = 0.5
    #expect(other.id != base)
  }

  @Test func everyPartOfARunCounts() {
    #expect(Sample.run().id != Sample.run(radius: 2).id)
    var other = Sample.run()
    other.stages["cluster"] = 2
    #expect(other.id != Sample.run().id)
    #expect(Sample.run().canonicalParameters == #"{"dbscan.radius":1}"#)
  }

  /// The examples of RFC 8785, appendix B, and its sorting.
  @Test(
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
      (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
      (0x4340_0000_0000_0000, "9007199254740992"),
      (0x4430_0000_0000_0000, "295147905179352830000"),
      (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
      (0x44B5_2D02_C7E1_4AF6, "1e+23"), (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
      (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
      (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
      (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5557, "333333333.33333343"),
      (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
      (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
    ] as [(UInt64, String)])
  func numbersOfRFC8785(bits: UInt64, text: String) {
    #expect(CanonicalJSON.text(of: Double(bitPattern: bits)) == text)
  }

  @Test func objectsOfRFC8785() {
    let object = CanonicalJSON.object([
      "\u{20AC}": .string("Euro Sign"), "\r": .string("Carriage Return"),
      "\u{FB33}": .string("Hebrew Letter Dalet With Dagesh"), "1": .string("One"),
      "\u{1F600}": .string("Emoji: Grinning Face"), "\u{80}": .string("Control"),
      "\u{F6}": .string("Latin Small Letter O With Diaeresis"),
    ])
    let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
    let places = order.compactMap { object.text.range(of: $0)?.lowerBound }
    #expect(places.count == order.count && places == places.sorted())
    #expect(
      CanonicalJSON.string("\u{20AC}$\u{F}\nA'B\"\\\\\"/").text == #""€$\u000f\nA'B\"\\\\\"/""#)
  }
}

@Suite struct EmbeddedFileTests {
  private let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
      .filter { $0.hasSuffix(".sql") }.map { String($0.dropLast(4)) }.sorted()
  }

  /// A file that is forgotten in the list, or left out of the folder, fails here.
  @Test func allQueriesAreInTheProgram() throws {
    #expect(try names("queries") == StoredQuery.all.map(\.name))
    for query in StoredQuery.all {
      let file = root.appendingPathComponent("queries/\(query.name).sql")
      #expect(try String(contentsOf: file, encoding: .utf8) == query.sql)
    }
  }

  @Test func allMigrationsAreInTheProgram() throws {
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("new.lode"))
    let applied = try UserSQL(path: folder.file("new.lode"))
      .answer("SELECT name, sha256 FROM schema_migration ORDER BY version").rows
    #expect(applied.map { $0[0].text } == (try names("migrations")))
    for row in applied {
      let file = root.appendingPathComponent("migrations/\(row[0].text).sql")
      #expect(ContentDigest.ofFile(file.path)?.sha256 == row[1].text)
    }
  }
}
