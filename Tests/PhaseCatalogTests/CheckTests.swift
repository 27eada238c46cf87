import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// Damage: nothing that a damaged file holds makes the program crash, hang or write, and damage that
/// changes an answer is found.
@Suite struct CheckTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("full.lode")
    _ = try Catalog.create(at: path)
    try Sample.fill(Catalog(path: path, access: .write))
  }

  private static func findings(_ path: String, _ depth: Catalog.CheckDepth = .deep) throws
    -> [String]
  {
    try Catalog(path: path, access: .read).check(depth, decode: Sample.decode).findings
  }

  @Test func aWholeCatalogHasNoFindings() throws {
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    for depth in Catalog.CheckDepth.allCases {
      #expect(try Self.findings(path, depth) == [])
    }
    let report = try Catalog(path: path, access: .read).check(.deep, decode: Sample.decode)
    #expect(report.counts.first { $0.name == "execution" }?.count == 5)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    let empty = folder.file("empty.lode")
    _ = try Catalog.create(at: empty)
    #expect(try Self.findings(empty) == [])
  }

  /// What another program can do with the triggers gone, and which check finds it.
  @Test(arguments: [
    ("DROP TRIGGER run_no_update", Catalog.CheckDepth.normal, "run_no_update is missing"),
    ("DROP VIEW run_overview", .normal, "run_overview is missing"),
    ("DROP INDEX run_by_scan", .normal, "run_by_scan is missing"),
    ("CREATE TABLE mine (x)", .normal, "mine is not part of the schema"),
    ("DELETE FROM result_frame WHERE number = 2", .deep, "result_frame"),
    ("UPDATE cluster_element SET atomic_fraction = 0.3", .deep, "cluster_element"),
    ("UPDATE run SET recorded_at = '2020-01-01T00:00:00.000Z'", .deep, "run: rows"),
    ("UPDATE source_file SET path = '/elsewhere'", .deep, "source_file"),
    ("UPDATE frame SET digest = zeroblob(32)", .deep, "scan"),
    ("UPDATE scan SET pixel_size_um = 0.2", .deep, "its content has another id"),
    ("UPDATE parameter SET number = 9, text = '9'", .deep, "its parameters have another id"),
    ("UPDATE run_stage SET version = 2", .deep, "run"),
    ("UPDATE environment_item SET text = 'x'", .deep, "environment"),
    ("UPDATE execution SET host = 'x'", .deep, "execution"),
    ("UPDATE cluster SET pixels = pixels + 1", .deep, "result"),
    ("UPDATE map SET tiff = x'000000000000010001000000'", .deep, "values have another digest"),
    ("UPDATE event SET value = 'M9' WHERE kind = 'sample.assign'", .normal, "event"),
    ("DELETE FROM event_predecessor", .normal, "event"),
    ("DELETE FROM event WHERE event_key = 2", .quick, "not there"),
    ("UPDATE event_predecessor SET predecessor_key = 1 WHERE event_key > 1", .normal, "event"),
    ("DELETE FROM ledger WHERE table_name = 'run'", .deep, "run: "),
    (
      "INSERT INTO sample VALUES (NULL, 'theirs', '2026-01-01T00:00:00.000Z')", .deep,
      "not in the ledger"
    ),
    ("DELETE FROM grdb_migrations", .normal, "applied migrations"),
    // What ends at a NUL for most readers does not for SQLite.
    ("UPDATE event SET name = name || char(0) WHERE kind = 'tag.add'", .deep, "event: rows"),
    ("UPDATE cluster_element SET symbol = symbol || char(0)", .deep, "cluster_element: rows"),
    ("UPDATE parameter SET number = 9e999", .deep, "parameter sets: damaged"),
    (
      "PRAGMA ignore_check_constraints = ON; UPDATE ledger SET column_count = -1", .deep,
      "run: rows"
    ),
    (
      "UPDATE event SET recorded_at = '2000-01-01T00:00:00.000Z' WHERE event_key = 3", .normal,
      "dated before"
    ),
    (
      """
      PRAGMA writable_schema = ON;
      INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_x', 'event', 0,
        'CREATE TRIGGER sqlite_x BEFORE INSERT ON event BEGIN SELECT RAISE(IGNORE); END')
      """, .normal, "trigger sqlite_x is not part of the schema"
    ),
    ("PRAGMA foreign_keys = OFF; DELETE FROM scan", .quick, "refers to a row of scan"),
  ])
  func tamperingIsFound(sql: String, depth: Catalog.CheckDepth, words: String) throws {
    if sql.hasPrefix("DROP") || sql.hasPrefix("CREATE") {
      try ForeignSQL.run(sql, on: path)
    } else {
      try ForeignSQL.tamper(sql, on: path)
    }
    let findings = try Self.findings(path, depth)
    #expect(findings.contains { $0.contains(words) }, "\(findings)")
    #expect(try Self.findings(path, .deep) != [])
  }

  /// A whole write taken out of the middle, with its entry in the ledger.
  @Test func aMissingWriteIsFound() throws {
    try Sample.store(
      in: Catalog(path: path, access: .write), run: Sample.run(radius: 9),
      execution: Sample.execution(second: 5))
    try ForeignSQL.tamper(
      """
      DELETE FROM event_predecessor WHERE event_key = (SELECT max(event_key) FROM event);
      DELETE FROM event WHERE event_key = (SELECT max(event_key) FROM event);
      DELETE FROM ledger WHERE entry = (SELECT max(entry) - 1 FROM ledger)
      """, on: path)
    #expect(try Self.findings(path).contains { $0.contains("entries: some are gone") })
  }

  // MARK: What another program left in the way

  /// Rows or triggers that would swallow or change what is written: refused, and nothing is lost unseen.
  @Test(arguments: [
    "INSERT INTO cluster VALUES (3, 0, 99999, 1, 1.0)",
    "INSERT INTO parameter_set SELECT NULL, '\(Sample.run(radius: 7).parametersID)', '{}'",
    "INSERT INTO run SELECT NULL, '\(Sample.run(radius: 7).id)', 1, 1, '2026-01-01T00:00:00.000Z'",
    "CREATE TRIGGER zz BEFORE INSERT ON cluster_element BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER zz AFTER INSERT ON run BEGIN SELECT 1; END",
  ])
  func whatStandsInTheWayIsSaid(sql: String) throws {
    try ForeignSQL.run(sql, on: path)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let catalog = try Catalog(path: path, access: .write)
    let error = #expect(throws: CatalogError.self) {
      try Sample.store(
        in: catalog, run: Sample.run(radius: 7), execution: Sample.execution(second: 7))
    }
    #expect(error?.description.contains("damaged") == true, "\(error?.description ?? "")")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  /// Tables of other programs, and rows that do not stand in the way, hinder nobody; a check finds them.
  @Test(arguments: [
    "CREATE TABLE zz (a PRIMARY KEY) WITHOUT ROWID", "CREATE VIEW zz AS SELECT 1",
    "INSERT INTO schema_migration VALUES (\(Catalog.migrations.count + 1), 'a', 'b', '2026-01-01T00:00:00.000Z')",
    "INSERT INTO sample VALUES (NULL, 'theirs', '2026-01-01T00:00:00.000Z')",
  ])
  func whatHindersNobody(sql: String) throws {
    try ForeignSQL.run(sql, on: path)
    let catalog = try Catalog(path: path, access: .write)
    try catalog.note("still here", on: .run(Sample.run().id))
    try Sample.store(
      in: catalog, run: Sample.run(radius: 7), execution: Sample.execution(second: 7))
    #expect(try catalog.storedResult(of: Sample.run(radius: 7).id) != nil)
    let findings = try Self.findings(path)
    #expect(findings.count == 1, "\(findings)")
  }

  // MARK: Damaged bytes

  /// Each stored query's answer, and one of a user's own; nil where one of them is refused.
  private static func answers(_ catalog: Catalog, _ queries: [StoredQuery]) -> [AnswerTable]? {
    try? queries.map { query in
      let needsRun = query.parameters.contains { $0.name == "run" }
      return try catalog.ask(query, parameters: needsRun ? ["run": Sample.run().id] : [:])
    } + [
      AnswerTable(
        columns: ["map"], rows: [[.blob(try catalog.map("label", run: Sample.run().id))]]),
      try UserSQL(path: catalog.path).answer("SELECT * FROM spectrum_overview"),
    ]
  }

  /// Looks at everything in a damaged file, and expects: no crash, no hang, no write, and no other
  /// answer that a deep check does not find. Whether an answer was another.
  @discardableResult
  private static func expectNoHarm(
    _ bytes: [UInt8], _ change: String, in folder: String, _ queries: [StoredQuery],
    whole: [AnswerTable]?
  ) throws -> Bool {
    var isOther = false
    let path = folder + "/damaged.lode"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    if let catalog = try? Catalog(path: path, access: .read) {
      let answers = answers(catalog, queries)
      _ = try? catalog.check(.normal, decode: Sample.decode)
      if let answers, answers != whole {
        isOther = true
        let report = try? catalog.check(.deep, decode: Sample.decode)
        #expect(report?.findings != [], "another answer, and a deep check finds nothing: \(change)")
      }
    }
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: path)).elementsEqual(bytes), "written to: \(change)"
    )
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder) == ["damaged.lode"],
      "files beside it: \(change)")
    return isOther
  }

  /// Every byte of the first page, and of the header of each other page, which is a b-tree's.
  @Test(.timeLimit(.minutes(20)), arguments: 0..<4)
  func anyHeaderByteMayBeWrong(part: Int) throws {
    // A few that together touch most tables: nine thousand times all would take minutes.
    let queries = try ["phase-stats", "surface-vs-bulk", "run-summary", "run-executions", "tags"]
      .map { try StoredQuery.named($0) }
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let whole = Self.answers(try Catalog(path: path, access: .read), queries)
    #expect(whole != nil)
    let pageSize = 8192
    let others = stride(from: pageSize, to: bytes.count, by: pageSize).flatMap { $0..<$0 + 12 }
    var random = TestRandom(seed: UInt64(part))
    let place = try TemporaryFolder()
    for offset in Array(0..<pageSize) + others where offset % 4 == part {
      var damaged = bytes
      damaged[offset] ^= UInt8.random(in: 1...255, using: &random)
      try Self.expectNoHarm(
        damaged, "byte \(offset) to \(damaged[offset])", in: place.path, queries, whole: whole)
    }
  }

  @Test(.timeLimit(.minutes(20))) func anyOtherByteMayBeWrong() throws {
    let queries = StoredQuery.all
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let whole = Self.answers(try Catalog(path: path, access: .read), queries)
    #expect(whole != nil)
    var random = TestRandom(seed: 3)
    // Bytes that hold something: most of a small catalog is empty.
    let places = bytes.indices.filter { bytes[$0] != 0 }
    let place = try TemporaryFolder()
    var otherAnswers = 0
    for _ in 0..<500 {
      var damaged = bytes
      let offset = places[Int.random(in: 0..<places.count, using: &random)]
      damaged[offset] ^= UInt8.random(in: 1...255, using: &random)
      let isOther = try Self.expectNoHarm(
        damaged, "byte \(offset) to \(damaged[offset])", in: place.path, queries, whole: whole)
      if isOther { otherAnswers += 1 }
    }
    // Damage does change answers: the check above has something to find.
    #expect(otherAnswers > 5)
  }

  @Test func cutAndForeignFilesAreRefused() throws {
    let queries = StoredQuery.all
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let whole = Self.answers(try Catalog(path: path, access: .read), queries)
    #expect(whole != nil)
    let place = try TemporaryFolder()
    for length in [1, 15, 16, 99, 100, 4096, 8192, bytes.count / 2, bytes.count - 1] {
      try Self.expectNoHarm(
        Array(bytes.prefix(length)), "cut to \(length)", in: place.path, queries, whole: whole)
    }
  }
}
