import Foundation
internal import GRDB

/// What people say of scans, runs and samples (of phases: see Catalog+Phases): each an event behind those before it, never changed. But
/// for notes, what has been said already is not said again: then these return false, and not a byte
/// is written.
extension Catalog {
  /// Says that a scan shows a sample, from now on.
  ///
  /// - Throws: ``CatalogError``, also where the scan is not stored.
  @discardableResult
  public func assign(sample: String, toScan scanID: String) throws -> Bool {
    let sample = GivenName.stored(sample)
    return try write { database in
      try self.require(.scan(scanID), in: database)
      return try Self.assign(sample: sample, toScan: scanID, in: database)
    }
  }

  static func assign(
    sample: String, toScan scanID: String, in database: Database
  ) throws -> Bool {
    guard try Self.sample(ofScan: scanID, in: database) != sample else { return false }
    if try !database.exists("SELECT 1 FROM sample WHERE name = ?", [sample]) {
      try database.insert("sample", ["name": sample, "recorded_at": timestamp(Date())])
    }
    try say("sample.assign", .scan(scanID), value: sample, in: database)
    return true
  }

  /// Says that a sample has an attribute; nil takes it away.
  ///
  /// - Throws: ``CatalogError``, also where there is no such sample.
  @discardableResult
  public func set(_ name: String, to value: String?, ofSample sample: String) throws -> Bool {
    let (name, sample) = (GivenName.stored(name), GivenName.stored(sample))
    return try write { database in
      try self.require(.sample(sample), in: database)
      let known = try String.fetchOne(
        database, sql: "SELECT value FROM sample_attribute WHERE sample = ? AND name = ?",
        arguments: [sample, name])
      guard known != value else { return false }
      try Self.say("sample.set", .sample(sample), name: name, value: value, in: database)
      return true
    }
  }

  /// Gives a run a name; another run that had it loses it.
  ///
  /// - Returns: whether it was new, and the runs that lost it.
  /// - Throws: ``CatalogError``.
  @discardableResult
  public func tag(_ name: String, run: String) throws -> (isNew: Bool, takenFrom: [String]) {
    let name = GivenName.stored(name)
    return try write { database in
      try self.require(.run(run), in: database)
      let holders = try Self.runs(tagged: name, in: database)
      guard holders != [run] else { return (false, []) }
      let others = holders.filter { $0 != run }
      for other in others { try Self.say("tag.remove", .run(other), name: name, in: database) }
      if others.count == holders.count {
        try Self.say("tag.add", .run(run), name: name, in: database)
      }
      return (true, others)
    }
  }

  /// Takes a name from a run.
  ///
  /// - Throws: ``CatalogError``.
  @discardableResult
  public func removeTag(_ name: String, run: String) throws -> Bool {
    let name = GivenName.stored(name)
    return try write { database in
      try self.require(.run(run), in: database)
      guard try Self.runs(tagged: name, in: database).contains(run) else { return false }
      try Self.say("tag.remove", .run(run), name: name, in: database)
      return true
    }
  }

  /// The runs that a tag names: several where merged catalogs used it for different runs.
  static func runs(tagged name: String, in database: Database) throws -> [String] {
    try String.fetchAll(
      database, sql: "SELECT run_id FROM tag WHERE name = ? ORDER BY run_id", arguments: [name])
  }

  /// Adds a remark.
  ///
  /// - Throws: ``CatalogError``.
  public func note(_ text: String, on subject: EventSubject) throws {
    try write { database in
      try self.require(subject, in: database)
      try Self.say("note", subject, value: text, in: database)
    }
  }

  /// Says that a run, or every run of a scan, does not count. Without a reason (an empty one), what
  /// is retracted already stays retracted for the reason that it has.
  ///
  /// - Throws: ``CatalogError``.
  @discardableResult
  public func retract(_ subject: EventSubject, reason: String) throws -> Bool {
    try say("retract", subject, reason: reason) { $0 == nil || !reason.isEmpty && $0 != reason }
  }

  /// Says that it counts again.
  ///
  /// - Throws: ``CatalogError``.
  @discardableResult
  public func undoRetraction(of subject: EventSubject, reason: String?) throws -> Bool {
    try say("retract.undo", subject, reason: reason) { $0 != nil }
  }

  private func say(
    _ kind: String, _ subject: EventSubject, reason: String?,
    ifRetractedFor isNew: (String?) -> Bool
  ) throws -> Bool {
    try write { database in
      try self.require(subject, in: database)
      let known = try String.fetchOne(
        database, sql: "SELECT reason FROM retraction WHERE subject_kind = ? AND subject = ?",
        arguments: [subject.kind, subject.text])
      guard isNew(known) else { return false }
      try Self.say(kind, subject, value: reason, in: database)
      return true
    }
  }

  /// Whether a run, or its scan, is retracted.
  ///
  /// - Throws: ``CatalogError``.
  public func isRetracted(run: String) throws -> Bool {
    try read { database in
      try database.exists(
        "SELECT 1 FROM run_overview_all WHERE run_id = ? AND is_retracted", [run])
    }
  }

  /// How many runs a query's answer leaves out because they are retracted: those that it would have of these alone. Where an answer names no runs, all retracted runs count.
  ///
  /// - Throws: ``CatalogError``.
  public func retractedLeftOut(
    of query: StoredQuery, parameters: [String: String], answer: AnswerTable
  ) throws -> Int {
    // Most catalogs have none, and need not ask twice.
    let hasAny = try read { try $0.exists("SELECT 1 FROM retraction LIMIT 1", []) }
    guard hasAny, let retractedOnes = query.ofRetractedRuns else { return 0 }
    guard answer.columns.contains("run_id") else {
      return try read { database in
        try Int.fetchOne(database, sql: "SELECT count(*) FROM (\(StoredQuery.retractedRuns))") ?? 0
      }
    }
    return try ask(retractedOnes, parameters: parameters).distinct("run_id")
  }

  // MARK: The graph

  /// Refuses a sample that is not there.
  ///
  /// - Throws: ``CatalogError``.
  public func requireSample(_ name: String) throws {
    try read { try self.require(.sample(name), in: $0) }
  }

  func require(_ subject: EventSubject, in database: Database) throws {
    let column = subject.kind == "sample" ? "name" : subject.kind + "_id"
    let isThere = try database.exists(
      "SELECT 1 FROM \(subject.kind) WHERE \(column) = ?", [subject.text])
    guard isThere else {
      throw CatalogError.notFound("\(path): no \(subject): see lodestone list \(subject.kind)s")
    }
  }

  /// Appends an event behind the heads: the events that none follows yet.
  static func say(
    _ kind: String, _ subject: EventSubject, name: String? = nil, value: String? = nil,
    in database: Database
  ) throws {
    _ = try say([(kind, subject, name, value)], in: database)
  }

  /// Appends events, the first behind the heads, and each other behind the one before it.
  ///
  /// - Returns: this file's number for each.
  static func say(
    _ contents: [(kind: String, subject: EventSubject, name: String?, value: String?)],
    in database: Database
  ) throws -> [Int64] {
    if contents.isEmpty { return [] }
    var keys: [Int64] = []
    var heads = try database.rows(
      """
      SELECT event_key, event_id FROM event
      WHERE NOT EXISTS (
        SELECT 1 FROM event_predecessor AS link WHERE link.predecessor_key = event.event_key)
      ORDER BY event_id
      """
    ).map { (key: try $0.key("event_key"), id: try $0.text("event_id")) }
    var last = try String.fetchOne(database, sql: "SELECT max(recorded_at) FROM event")
    for (kind, subject, name, value) in contents {
      let event = EventRecord(
        kind: kind, subject: subject, name: name, value: value, author: NSUserName(),
        recordedAt: timestamp(after: last), predecessors: heads.map(\.id))
      let id = event.id
      try database.insert(
        "event",
        [
          "event_id": id, "kind": kind, "subject_kind": subject.kind, "subject": subject.text,
          "name": name, "value": value, "author": event.author, "recorded_at": event.recordedAt,
        ])
      let key = try database.requiredKey(of: "event", id: id)
      for head in heads {
        try database.insert(
          "event_predecessor", ["event_key": key, "predecessor_key": head.key])
      }
      heads = [(key, id)]
      last = event.recordedAt
      keys.append(key)
    }
    return keys
  }
}
