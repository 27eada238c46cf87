import Foundation
internal import GRDB

/// Merging: a catalog is a set of records that only grows, told from each other by their content. Merging adds the records
/// that are missing, so that the order and the number of times do not matter: A with B exports the same lines as B with A.
///
/// Where the two hold one identity with different content (another kind of processor gives other last digits), the record
/// that comes second is kept beside the first as a variant, and where they were stored at different times, the earlier
/// counts. (A state-based, grow-only set: Shapiro et al., doi 10.1007/978-3-642-24550-3_29.)
extension Catalog {
  /// What a merge did.
  public struct MergeOutcome: Sendable, Equatable {
    /// How many records of each kind were new, by kind; none where nothing was.
    public internal(set) var added: [(kind: String, count: Int)] = []
    /// How many records were new beside one of the same identity.
    public internal(set) var variants = 0
    /// How many records were stored earlier in the other catalog.
    public internal(set) var earlierTimes = 0
    /// What the two catalogs say differently, a line each.
    public internal(set) var differences: [String] = []

    /// Whether nothing was new, and not a byte was written.
    public var isUnchanged: Bool { added.isEmpty && variants == 0 && earlierTimes == 0 }

    /// Whether two merges did the same.
    public static func == (a: MergeOutcome, b: MergeOutcome) -> Bool {
      a.added.elementsEqual(b.added) { $0 == $1 } && a.variants == b.variants
        && a.earlierTimes == b.earlierTimes && a.differences == b.differences
    }
  }

  /// Adds all records of another catalog that are not here.
  ///
  /// They are written in transactions of a quarter of a second, so that others can write between them: killed at any point,
  /// the catalog is whole, and the merge can be repeated. The other catalog must have been checked.
  ///
  /// - Throws: ``CatalogError``.
  /// - Complexity: O(bytes of the other), and as much of this one as the two have in common.
  package func merge(_ other: Catalog, progress: (String) -> Void = { _ in }) throws -> MergeOutcome
  {
    guard try !isSameFile(as: other) else {
      throw CatalogError.question("\(path): a catalog is not merged with itself")
    }
    let columns = try read { try RecordColumns($0) }
    let places = try other.read { database in
      try RecordKind.all.flatMap { try Self.places(of: $0, columns, in: database) }
    }
    // What both have in common is most of it, and needs no lock.
    var news: [RecordPlace] = []
    for (number, place) in places.enumerated() {
      if number % 100 == 0 { progress("comparing: \(number) of \(places.count) records") }
      let (record, variants) = try other.recordAndVariants(at: place, columns)
      let isKnown = try read {
        try Self.lacks(record, variants, columns, in: $0).isEmpty
      }
      if !isKnown { news.append(place) }
    }
    var outcome = MergeOutcome()
    if news.isEmpty { return outcome }
    if let problem = try read({ try Ledger.differences($0) }).first {
      throw CatalogError.notWhole(path: path, reason: problem)
    }
    let said = try differences(from: other)
    var variants: [String] = []
    var counts: [String: Int] = [:]
    var rest = news[...]
    while !rest.isEmpty {
      progress("merging: \(news.count - rest.count) of \(news.count) records")
      let deadline = Date(timeIntervalSinceNow: 0.25)
      try write { database in
        repeat {
          let place = rest.removeFirst()
          let (record, known) = try other.recordAndVariants(at: place, columns)
          for lack in try Self.lacks(record, known, columns, in: database) {
            try Self.add(lack, columns, to: database)
            switch lack {
            case .record: counts[place.kind.name, default: 0] += 1
            case .variant(let kind, let id, _, _):
              outcome.variants += 1
              variants.append(
                "\(kind) \(id.prefix(12)) has other numbers there: both are kept, those here are used "
                  + "(lodestone query variants)")
            case .time: outcome.earlierTimes += 1
            }
          }
        } while !rest.isEmpty && Date() < deadline
      }
      // Whoever waits for the lock looks every few milliseconds.
      if !rest.isEmpty { usleep(20_000) }
    }
    outcome.added = RecordKind.all.compactMap { kind in
      counts[kind.name].map { (kind.name, $0) }
    }
    outcome.differences = variants + (counts["event"] == nil && counts["result"] == nil ? [] : said)
    return outcome
  }

  private func isSameFile(as other: Catalog) throws -> Bool {
    var (own, theirs) = (stat(), stat())
    guard stat(path, &own) == 0, stat(other.path, &theirs) == 0 else { return path == other.path }
    return own.st_dev == theirs.st_dev && own.st_ino == theirs.st_ino
  }

  typealias RecordAndVariants = (
    record: CatalogRecord, variants: [(digest: String, line: String)]
  )

  func recordAndVariants(
    at place: RecordPlace, _ columns: RecordColumns
  ) throws -> RecordAndVariants {
    try read { database in
      let record = try Self.record(at: place, columns, in: database)
      return (record, try Self.variants(of: record, in: database))
    }
  }

  /// What a catalog lacks of a record.
  enum Lack {
    case record(CatalogRecord)
    case variant(kind: String, id: String, digest: String, line: String)
    case time(kind: String, id: String, String)
  }

  static func lacks(
    _ record: CatalogRecord, _ variants: [(digest: String, line: String)],
    _ columns: RecordColumns, in database: Database
  ) throws -> [Lack] {
    let (kind, id) = (record.kind.name, record.id)
    var lacks: [Lack] = []
    var known: Set<String> = []
    if let place = try place(of: record, columns, in: database) {
      let own = try self.record(at: place, columns, in: database)
      known = Set(try self.variants(of: own, in: database).map(\.digest) + [own.digest])
      if let time = record.time, let ownTime = own.time, time < ownTime {
        lacks.append(.time(kind: kind, id: id, time))
      }
    } else {
      lacks.append(.record(record))
      known = [record.digest]
    }
    var undated = record
    undated.time = nil
    for variant in [(record.digest, undated.line(columns))] + variants
    where known.insert(variant.0).inserted {
      lacks.append(.variant(kind: kind, id: id, digest: variant.0, line: variant.1))
    }
    return lacks
  }

  static func add(
    _ lack: Lack, _ columns: RecordColumns, to database: Database
  ) throws {
    switch lack {
    case .record(let record):
      do {
        try insert(record, columns, into: database)
      } catch let error as RecordError {
        throw CatalogError.damaged(error.reason)
      }
    case .variant(let kind, let id, let digest, let line):
      try database.insert(
        "variant", ["kind": kind, "id": id, "digest": digest, "record": line])
    case .time(let kind, let id, let time):
      try database.insert("earlier_time", ["kind": kind, "id": id, "recorded_at": time])
    }
  }

  // MARK: What the two say differently

  private func differences(from other: Catalog) throws -> [String] {
    func said(_ sql: String) throws -> [(key: String, own: String, theirs: String)] {
      func values(_ catalog: Catalog) throws -> [String: String] {
        try catalog.read { database in
          var values: [String: [String]] = [:]
          for row in try database.rows(sql) {
            values[try row.text("key"), default: []].append(try row.text("value"))
          }
          return values.mapValues { $0.joined(separator: ", ") }
        }
      }
      let (own, theirs) = (try values(self), try values(other))
      return own.keys.sorted().compactMap { key in
        guard let ownValue = own[key], let value = theirs[key], value != ownValue else {
          return nil
        }
        return (key, ownValue, value)
      }
    }
    let both = "both are kept, and the later word counts"
    return try said(
      "SELECT name AS key, substr(run_id, 1, 12) AS value FROM tag ORDER BY name, run_id"
    ).map {
      "tag \"\($0.key)\" is run \($0.own) here and \($0.theirs) there: both have it now, name one by its id"
    }
      + said("SELECT substr(scan_id, 1, 12) AS key, sample AS value FROM scan_sample").map {
        "scan \($0.key) shows sample \($0.own) here and \($0.theirs) there: \(both)"
      }
      + said(
        "SELECT sample || ': ' || name AS key, value FROM sample_attribute ORDER BY sample, name"
      ).map { "sample \($0.key) is \"\($0.own)\" here and \"\($0.theirs)\" there: \(both)" }
      + said(
        """
        SELECT substr(run_id, 1, 12) AS key, substr(result_id, 1, 12) AS value
        FROM result JOIN run USING (run_key) ORDER BY run_id, result_id
        """
      ).map {
        "run \($0.key) has result \($0.own) here and \($0.theirs) there: both are kept, and the first stored counts"
      }
  }
}
