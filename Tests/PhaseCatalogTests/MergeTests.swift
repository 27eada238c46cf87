import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// Catalogs of several machines become one: the order of merging and how often make no difference.
@Suite struct MergeTests {
  private let folder: TemporaryFolder
  private let made = MadeRecords(.small)

  init() throws { folder = try TemporaryFolder() }

  private func catalog(_ name: String) throws -> Catalog {
    _ = try Catalog.create(at: folder.file(name + ".lode"))
    return try Catalog(path: folder.file(name + ".lode"), access: .write)
  }

  private func lines(_ catalog: Catalog) throws -> [String] {
    var text = ""
    let count = try catalog.exportAll { text += $0 }
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count == count + 2)
    return lines
  }

  private func findings(_ catalog: Catalog) throws -> [String] {
    try catalog.check(.deep, decode: MadeRecords.decode).findings
  }

  /// A catalog of which others hold parts too: the same scans and runs, perhaps with other last digits, and what
  /// people said.
  private func random(_ name: String, _ random: inout TestRandom) throws -> Catalog {
    let catalog = try catalog(name)
    for _ in 0..<Int.random(in: 0...9, using: &random) {
      let seed = Int.random(in: 0..<4, using: &random)
      let scan = made.scan(seed)
      let run = made.run(seed, radius: Double.random(in: 1...2, using: &random).rounded())
      let known = try? catalog.sample(ofScan: scan.id)
      switch Int.random(in: 0..<8, using: &random) {
      case 0..<4:
        let isFailure = Int.random(in: 0..<5, using: &random) == 0
        let bits = Int.random(in: 0..<2, using: &random)
        try catalog.store(
          scan: scan, sample: known ?? "S\(Int.random(in: 0..<3, using: &random))",
          sighting: made.sighting(seed, folder: Bool.random(using: &random) ? "/a" : "/b"),
          run: run, answer: isFailure ? .failure("no") : .result(made.result(seed, bits: bits)),
          execution: made.execution(
            second: Int.random(in: 0..<1_000_000, using: &random), host: name))
      case 4: _ = try? catalog.tag("best", run: run.id)
      case 5: _ = try? catalog.assign(sample: "S9", toScan: scan.id)
      case 6: _ = try? catalog.set("colour", to: name, ofSample: "S1")
      default: _ = try? catalog.retract(.run(run.id), reason: "by \(name)")
      }
      // Within a millisecond many times are equal, and say nothing of the order.
      if Bool.random(using: &random) { usleep(1100) }
    }
    return catalog
  }

  private func copy(_ catalog: Catalog, _ name: String) throws -> Catalog {
    let path = folder.file(name + ".lode")
    #expect(try !Catalog.backUp(catalog.path, to: path))
    return try Catalog(path: path, access: .write)
  }

  @Test(arguments: 0..<15)
  func orderAndRepetitionMakeNoDifference(seed: Int) throws {
    var random = TestRandom(seed: UInt64(seed))
    let (a, b, c) = (
      try self.random("a", &random), try self.random("b", &random), try self.random("c", &random)
    )
    let ab = try copy(a, "ab")
    _ = try ab.merge(b)
    let ba = try copy(b, "ba")
    _ = try ba.merge(a)
    #expect(try lines(ab) == lines(ba))
    #expect(try findings(ab) == [] && findings(ba) == [])

    let abc = try copy(ab, "abc")
    _ = try abc.merge(c)
    let bc = try copy(b, "bc")
    _ = try bc.merge(c)
    let aBC = try copy(a, "a-bc")
    _ = try aBC.merge(bc)
    #expect(try lines(abc) == lines(aBC))

    // Again: not a byte.
    let before = try Data(contentsOf: URL(fileURLWithPath: abc.path))
    for other in [a, b, c, bc] { #expect(try abc.merge(other).isUnchanged) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: abc.path)) == before)

    // All answers too are those of the other order, but for when this file stored what.
    for query in ["reproducibility", "samples", "tags", "retracted", "sample-attributes"] {
      let times: Set = ["recorded_at"]
      #expect(
        try ab.ask(.named(query)).dropping(times).rows.map { $0.map(\.text) }.sortedByText
          == ba.ask(.named(query)).dropping(times).rows.map { $0.map(\.text) }.sortedByText,
        "\(query)")
    }
    let results = "SELECT run_id, result_id FROM run_overview_all ORDER BY 1"
    #expect(
      try UserSQL(path: ab.path).answer(results) == UserSQL(path: ba.path).answer(results))

    // And through lines of text.
    let text = try folder.write(
      lines(abc).joined(separator: "\n") + "\n", to: "abc.ndjson")
    let again = try catalog("again")
    try again.importAll(text)
    #expect(try lines(again) == lines(abc))
    #expect(try findings(again) == [])
  }

  /// What people say after a merge follows what both said before it.
  @Test func eventsBecomeOneGraph() throws {
    let (a, b) = (try catalog("a"), try catalog("b"))
    for (catalog, sample) in [(a, "M1"), (b, "M2")] {
      try catalog.store(
        scan: made.scan(1), sample: sample, sighting: made.sighting(1), run: made.run(1),
        answer: .result(made.result(1)), execution: made.execution(second: 1))
      usleep(1100)
    }
    try a.tag("best", run: made.run(1).id)
    try b.store(
      scan: made.scan(2), sample: "M2", sighting: nil, run: made.run(2),
      answer: .result(made.result(2)), execution: made.execution(second: 2))
    try b.tag("best", run: made.run(2).id)
    let outcome = try a.merge(b)
    #expect(outcome.differences.count == 2)
    #expect(
      outcome.differences[0].hasPrefix("tag \"best\" is run \(made.run(1).id.prefix(12)) here"))
    #expect(outcome.differences[1].contains("shows sample M1 here and M2 there"))
    #expect(outcome.added.first { $0.kind == "run" }?.count == 1)
    // The later word counts, and one name of two runs is refused.
    #expect(try a.sample(ofScan: made.scan(1).id) == "M2")
    #expect(throws: CatalogError.self) { try a.resolveRun("tag:best") }
    let heads = """
      SELECT count(*) FROM event WHERE NOT EXISTS (
        SELECT 1 FROM event_predecessor WHERE predecessor_key = event.event_key)
      """
    #expect(try UserSQL(path: a.path).answer(heads).rows == [[.integer(2)]])
    try a.tag("best", run: made.run(2).id)
    #expect(try UserSQL(path: a.path).answer(heads).rows == [[.integer(1)]])
    #expect(try a.resolveRun("tag:best") == made.run(2).id)
    #expect(try findings(a) == [])
  }

  /// The same run on another kind of processor: its last digits are kept beside the first, and the earlier time counts.
  @Test func otherDigitsAreVariants() throws {
    let (a, b) = (try catalog("a"), try catalog("b"))
    for (catalog, bits) in [(a, 0), (b, 1)] {
      try catalog.store(
        scan: made.scan(1), sample: nil, sighting: nil, run: made.run(1),
        answer: .result(made.result(1, bits: bits)), execution: made.execution(second: 1))
      usleep(2000)
    }
    let first = try b.ask("run-clusters", run: made.run(1).id)
    let outcome = try b.merge(a)
    #expect(outcome.variants == 1 && outcome.earlierTimes == 3)
    #expect(try b.ask("run-clusters", run: made.run(1).id) == first)
    #expect(try b.merge(a).isUnchanged)
    #expect(try a.merge(b).variants == 1)
    #expect(try lines(a) == lines(b))
    // A variant that was changed is found.
    try ForeignSQL.run(
      "DROP TRIGGER variant_no_update; UPDATE variant SET record = replace(record, '6150', '6151')",
      on: b.path)
    let found = try b.check(.records, decode: MadeRecords.decode).findings
    #expect(found.contains { $0.hasPrefix("variant of") })
  }

  @Test func numbersKeepTheirBits() throws {
    let a = try catalog("a")
    var random = TestRandom(seed: 5)
    var result = made.result(1)
    result.clusters[0].meanSpectrum = (0..<3).map { place in
      [Double.leastNonzeroMagnitude, -1e300, 0.1][place]
    }
    result.values = (0..<200).map { number in
      var value = Double.nan
      while !value.isFinite { value = Double(bitPattern: random.next()) }
      return .init(name: "v\(number)", number: value, unit: "\u{1}\"\\\u{2028}\u{1F9F2}")
    }
    result.values.append(.init(name: "infinite", number: -.infinity, unit: ""))
    try a.store(
      scan: made.scan(1), sample: "Grün \"x\"\n", sighting: nil, run: made.run(1),
      answer: .result(result), execution: made.execution(second: 1))
    let file = try folder.write(lines(a).joined(separator: "\n") + "\n", to: "a.ndjson")
    let b = try catalog("b")
    try b.importAll(file)
    #expect(try lines(a) == lines(b))
    let id = try a.storedResult(of: made.run(1).id) ?? ""
    #expect(try b.result(id) == a.result(id))
    #expect(try b.result(id).values == result.values)
  }

  /// What is no whole export is refused, with its line, and nothing is stored.
  @Test func damagedLinesAreRefused() throws {
    let a = try catalog("a")
    try a.store(
      scan: made.scan(1), sample: "M1", sighting: made.sighting(1), run: made.run(1),
      answer: .result(made.result(1)), execution: made.execution(second: 1))
    let lines = try lines(a)
    let b = try catalog("b")
    let before = try Data(contentsOf: URL(fileURLWithPath: b.path))
    func expect(_ line: Int, _ words: String, _ damaged: [String]) throws {
      let path = try folder.write(damaged.joined(separator: "\n") + "\n", to: "damaged.ndjson")
      let error = #expect(throws: CatalogError.self) { try b.importAll(path) }
      let text = error?.description ?? ""
      #expect(text.contains("line \(line): ") && text.contains(words), "\(text)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: b.path)) == before)
    }
    func changed(_ old: String, _ new: String) -> (Int, [String]) {
      let place = lines.firstIndex { $0.contains(old) } ?? 0
      var copy = lines
      #expect(lines[place].contains(old))
      copy[place] = copy[place].replacing(old, with: new)
      return (place + 1, copy)
    }
    try expect(1, "not what lodestone export", ["{}"])
    try expect(1, "not what lodestone export", [])
    try expect(
      1, "of a catalog of schema 3",
      changed("\"catalog_schema\":\(Catalog.migrations.count)", "\"catalog_schema\":3").1)
    try expect(lines.count, "cut off", Array(lines.dropLast()))
    try expect(lines.count - 1, "before the end", Array(lines[..<3] + lines[4...]))
    try expect(lines.count + 1, "behind the last line", lines + ["{}"])
    try expect(
      lines.count, "other records",
      changed("\"recorded_at\":\"20", "\"recorded_at\":\"19").1)
    try expect(4, "no JSON", Array(lines[..<3]) + ["{\"kind\":\"scan\""] + lines[3...])
    for (old, new, words) in [
      ("\"kind\":\"scan\"", "\"kind\":\"scam\"", "no kind of record"),
      ("\"height\":2", "\"height\":\"two\"", "not of its type"),
      ("\"height\":2", "\"height\":2.5", "not of its type"),
      ("\"height\":2", "\"height\":3", "it was changed"),
      ("\"kind\":\"scan\",\"id\":\"", "\"kind\":\"scan\",\"id\":\"\\u0000", "id would be"),
      ("\"height\":2", "\"heihgt\":2", "have a row of the columns"),
      ("\"height\":2,", "", "have a row of the columns"),
      (
        "\"row\":{\"scan_id\"", "\"more\":{\"columns\":[],\"rows\":[]},\"row\":{\"scan_id\"",
        "there is no \"more\""
      ),
      ("{\"columns\":[\"kind\"", "{\"columns\":[\"kin\"", "frame has columns"),
      ("\"id\":\"\(made.scan(1).id)\"", "\"id\":\"\(made.scan(2).id)\"", "id would be"),
    ] {
      let (line, damaged) = changed(old, new)
      try expect(line, words, damaged)
    }
    let run = lines.firstIndex { $0.hasPrefix("{\"kind\":\"run\"") } ?? 0
    try expect(
      run + 1, "which is not there", Array(lines[..<run] + lines[(run + 1)...]))
  }

  @Test func aCatalogIsNotMergedWithItself() throws {
    let a = try catalog("a")
    let same = try Catalog(path: folder.path + "/./a.lode", access: .read)
    #expect(throws: CatalogError.self) { try a.merge(same) }
  }

  /// No table is left out of what catalogs exchange.
  @Test func everyTableIsExchanged() throws {
    let path = folder.file("full.lode")
    _ = try Catalog.create(at: path)
    let full = try Catalog(path: path, access: .write)
    try Sample.fill(full)
    let text = try folder.write(lines(full).joined(separator: "\n") + "\n", to: "full.ndjson")
    let again = try catalog("again")
    try again.importAll(text)
    let tables = try UserSQL(path: path).answer(
      "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1"
    ).rows.map { $0[0].text }
    for table in tables {
      // These are about the file itself; earlier times are the times of the other now.
      if ["ledger", "schema_migration", "earlier_time"].contains(table) { continue }
      let count = "SELECT count(*) FROM \(table)"
      #expect(
        try UserSQL(path: path).answer(count) == UserSQL(path: again.path).answer(count),
        "\(table)")
    }
  }
}

extension [[String]] {
  fileprivate var sortedByText: [String] { map { $0.joined(separator: "\t") }.sorted() }
}
