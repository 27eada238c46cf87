import Foundation
internal import GRDB

/// A scan that is stored as one of another sample.
public struct SampleConflict: Error, Equatable, Sendable, CustomStringConvertible {
  /// The scan's id.
  public let scanID: String
  /// The sample that it is stored under.
  public let stored: String
  /// The sample that was asked for.
  public let asked: String

  /// One line, naming both samples and what to do.
  public var description: String {
    let id = scanID.prefix(12)
    return "scan \(id) is stored as sample \(stored), not \(asked): to change that: "
      + "lodestone sample assign \(id) \(shellQuoted(asked))"
  }

  /// A conflict between what is stored of a scan and what is asked for.
  public init(scanID: String, stored: String, asked: String) {
    self.scanID = scanID
    self.stored = stored
    self.asked = asked
  }
}

extension Catalog {
  /// What storing did.
  public enum Outcome: String, Sendable {
    /// The run and its result are new.
    case stored
    /// The run was known; a file of its scan was seen for the first time.
    case sighted
    /// Nothing was new, and not a byte was written.
    case unchanged
  }

  /// What came out of an execution.
  package enum Answer {
    case result(ResultRecord)
    /// Why there is none.
    case failure(String)
  }

  /// The result of a run that queries use; nil where the run is not stored, or failed.
  ///
  /// - Throws: ``CatalogError``.
  public func storedResult(of runID: String) throws -> String? {
    try read { try Self.currentResult(of: runID, in: $0) }
  }

  static func currentResult(of runID: String, in database: Database) throws -> String? {
    try String.fetchOne(
      database,
      sql: """
        SELECT result_id FROM current_result
        WHERE run_key = (SELECT run_key FROM run WHERE run_id = ?)
        """, arguments: [runID])
  }

  /// The sample that a scan was last said to show; nil where nothing was said.
  ///
  /// - Throws: ``CatalogError``.
  public func sample(ofScan scanID: String) throws -> String? {
    try read { try Self.sample(ofScan: scanID, in: $0) }
  }

  static func sample(ofScan scanID: String, in database: Database) throws -> String? {
    try String.fetchOne(
      database, sql: "SELECT sample FROM scan_sample WHERE scan_id = ?", arguments: [scanID])
  }

  /// Stores the files of a known scan that were not seen before.
  ///
  /// - Throws: ``CatalogError``.
  package func store(_ sighting: Sighting, ofScan scanID: String) throws -> Outcome {
    let isKnown = try read { database in
      let key = try database.requiredKey(of: "scan", id: scanID)
      return try sighting.files.allSatisfy { file in
        try database.exists(
          "SELECT 1 FROM source_file WHERE scan_key = ? AND role = ? AND path = ? AND sha256 = ?",
          [key, file.role, file.path, file.sha256])
      }
    }
    if isKnown { return .unchanged }
    try write { database in
      try Self.insert(
        sighting, scanKey: database.requiredKey(of: "scan", id: scanID), into: database)
    }
    return .sighted
  }

  /// Stores an execution with its run, scan, sample, files and answer, all or nothing.
  ///
  /// What is stored already stays as it is: the first result of a run is the one that counts.
  ///
  /// - Parameter sample: the sample that the scan shows; nil leaves what was said of it.
  /// - Throws: ``CatalogError``, ``SampleConflict``.
  package func store(
    scan: ScanRecord, sample: String?, sighting: Sighting?, run: RunRecord, answer: Answer,
    execution: ExecutionRecord, verification: (record: VerificationRecord, resultID: String)? = nil
  ) throws {
    let sample = sample.map(GivenName.stored)
    try write { database in
      // Asked again under the lock: another program may have stored the scan meanwhile.
      let stored = try Self.sample(ofScan: scan.id, in: database)
      if let stored, let sample, stored != sample {
        throw SampleConflict(scanID: scan.id, stored: stored, asked: sample)
      }
      let now = timestamp(Date())
      let scanKey = try Self.insert(scan, at: now, into: database)
      if let sighting { try Self.insert(sighting, scanKey: scanKey, into: database) }
      if let sample { _ = try Self.assign(sample: sample, toScan: scan.id, in: database) }
      let runKey = try Self.insert(run, scanKey: scanKey, into: database)
      var resultKey: Int64?
      if case .result(let result) = answer {
        resultKey = try Self.insert(result, runID: run.id, runKey: runKey, into: database)
      }
      let key = try Self.insert(
        execution, runID: run.id, runKey: runKey, answer: answer, resultKey: resultKey,
        into: database)
      if let verification {
        let record = verification.record
        try database.insert(
          "verification",
          [
            "execution_key": key,
            "compared_result_key": try database.requiredKey(
              of: "result", id: verification.resultID),
            "grade": record.grade.rawValue, "changed_pixels": record.changedPixels,
            "largest_difference": record.largestDifference,
            "largest_difference_in": record.largestDifferenceIn,
          ])
      }
      if resultKey != nil { try Self.assignPhases(ofRun: run.id, in: database) }
    }
  }

  private static func insert(
    _ scan: ScanRecord, at now: String, into database: Database
  ) throws -> Int64 {
    let id = scan.id
    if let key = try database.key(of: "scan", id: id) {
      try require(Self.scan(key: key, in: database).id == id, "scan \(id)")
      return key
    }
    let energies = scan.energies
    try database.insert(
      "scan",
      [
        "scan_id": id, "height": scan.height, "width": scan.width, "energy_count": energies.count,
        "energy_min_ev": energies.min(), "energy_max_ev": energies.max(), "signal": scan.signal,
        "reference": scan.reference, "pixel_size_um": scan.pixelSizeUM,
        "geometry": scan.geometry, "recorded_at": now,
      ])
    let key = try database.requiredKey(of: "scan", id: id)
    if let oblong = scan.oblongPixelUM {
      try database.insert(
        "oblong_pixel",
        ["scan_key": key, "height_um": oblong.height, "width_um": oblong.width])
    }
    for kind in ScanRecord.FrameDigest.Kind.allCases {
      try database.insert(
        "frame",
        columns: [
          "scan_key", "kind", "number", "energy_ev", "exposure_s", "ring_current_ma",
          "acquisition", "digest",
        ],
        rows: scan.frames(of: kind).enumerated().lazy.map { number, frame in
          [
            key.databaseValue, kind.rawValue.databaseValue, number.databaseValue,
            frame.energyEV.databaseValue, frame.exposureS.databaseValue,
            frame.ringCurrentMA.databaseValue, frame.acquisition.databaseValue,
            Data(frame.digest.bytesOfHex).databaseValue,
          ]
        })
    }
    return key
  }

  private static func insert(
    _ sighting: Sighting, scanKey: Int64, into database: Database
  ) throws {
    let now = timestamp(Date())
    for file in sighting.files {
      let isKnown = try database.exists(
        "SELECT 1 FROM source_file WHERE scan_key = ? AND role = ? AND path = ? AND sha256 = ?",
        [scanKey, file.role, file.path, file.sha256])
      if isKnown { continue }
      try database.insert(
        "source_file",
        [
          "scan_key": scanKey, "role": file.role, "path": file.path, "sha256": file.sha256,
          "bytes": file.bytes, "seen_at": now,
        ])
    }
    let isKnown = try database.exists(
      "SELECT 1 FROM scan_request WHERE scan_key = ? AND canonical_json = ?",
      [scanKey, sighting.request.text])
    if isKnown { return }
    try database.insert(
      "scan_request",
      ["scan_key": scanKey, "canonical_json": sighting.request.text, "seen_at": now])
  }

  private static func insert(
    _ run: RunRecord, scanKey: Int64, into database: Database
  ) throws -> Int64 {
    let (id, parametersID) = (run.id, run.parametersID)
    if try database.key(of: "parameter_set", id: parametersID) == nil {
      try database.insert(
        "parameter_set",
        ["parameters_id": parametersID, "canonical_json": run.canonicalParameters])
      let key = try database.requiredKey(of: "parameter_set", id: parametersID)
      for parameter in run.parameters {
        try database.insert(
          "parameter",
          [
            "parameters_key": key, "name": parameter.name, "type": parameter.type,
            "text": parameter.text, "number": parameter.number, "unit": parameter.unit,
            "is_default": parameter.isDefault,
          ])
      }
    }
    let parametersKey = try database.requiredKey(of: "parameter_set", id: parametersID)
    let known = try Self.parameters(key: parametersKey, in: database)
    try require(
      RunRecord(scanID: "", parameters: known, stages: [:]).parametersID == parametersID,
      "parameter set \(parametersID)")
    if let key = try database.key(of: "run", id: id) {
      try require(Self.run(key: key, in: database).id == id, "run \(id)")
      return key
    }
    // Later than every run before it, whatever the clock does: @last is the newest.
    let newest = try String.fetchOne(database, sql: "SELECT max(recorded_at) FROM run")
    try database.insert(
      "run",
      [
        "run_id": id, "scan_key": scanKey, "parameters_key": parametersKey,
        "recorded_at": timestamp(after: newest),
      ])
    let key = try database.requiredKey(of: "run", id: id)
    for (stage, version) in run.stages.sorted(by: { $0.key < $1.key }) {
      try database.insert(
        "run_stage", ["run_key": key, "stage": stage, "version": version])
    }
    return key
  }

  private static func insert(
    _ execution: ExecutionRecord, runID: String, runKey: Int64, answer: Answer,
    resultKey: Int64?, into database: Database
  ) throws -> Int64 {
    let environmentID = ExecutionRecord.environmentID(execution.environment)
    if try database.key(of: "environment", id: environmentID) == nil {
      try database.insert("environment", ["environment_id": environmentID])
      let key = try database.requiredKey(of: "environment", id: environmentID)
      for (name, text) in execution.environment.sorted(by: { $0.key < $1.key }) {
        try database.insert(
          "environment_item", ["environment_key": key, "name": name, "text": text])
      }
    }
    let environmentKey = try database.requiredKey(of: "environment", id: environmentID)
    let items = try environment(key: environmentKey, in: database)
    try require(
      ExecutionRecord.environmentID(items) == environmentID, "environment \(environmentID)")
    let (resultID, failure): (String?, String?) =
      switch answer {
      case .result(let result): (result.id(runID: runID), nil)
      case .failure(let reason): (nil, reason)
      }
    let id = execution.id(runID: runID, resultID: resultID, failure: failure)
    try database.insert(
      "execution",
      [
        "execution_id": id, "run_key": runKey,
        "environment_key": environmentKey,
        "purpose": execution.purpose.rawValue, "result_key": resultKey, "failure": failure,
        "started_at": execution.startedAt, "finished_at": execution.finishedAt,
        "host": execution.host, "command": execution.command,
      ])
    let key = try database.requiredKey(of: "execution", id: id)
    for (number, stage) in execution.stages.enumerated() {
      try database.insert(
        "execution_stage",
        [
          "execution_key": key, "number": number, "stage": stage.name, "seconds": stage.seconds,
        ])
    }
    for given in execution.origins {
      try database.insert(
        "execution_parameter",
        [
          "execution_key": key, "name": given.name, "origin": given.origin.rawValue,
          "source": given.source,
        ])
    }
    return key
  }

  /// What is stored under an id that is used again must be what the id says.
  private static func require(_ isWhole: Bool, _ what: String) throws {
    guard isWhole else { throw CatalogError.damaged("\(what.prefix(40)) is not what its id says") }
  }
}
