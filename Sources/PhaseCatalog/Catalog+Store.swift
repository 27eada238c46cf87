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
      + "lodestone sample assign \(id) \(asked)"
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

  /// The result of a run that queries use; nil where the run is not stored.
  ///
  /// - Throws: ``CatalogError``.
  public func storedResult(of runID: String) throws -> String? {
    try read { database in
      try String.fetchOne(
        database, sql: "SELECT result_id FROM current_result WHERE run_id = ?", arguments: [runID])
    }
  }

  /// The sample that a scan was last said to show; nil where nothing was said.
  ///
  /// - Throws: ``CatalogError``.
  public func sample(ofScan scanID: String) throws -> String? {
    try read { try Self.sample(ofScan: scanID, in: $0) }
  }

  private static func sample(ofScan scanID: String, in database: Database) throws -> String? {
    try String.fetchOne(
      database, sql: "SELECT sample FROM scan_sample WHERE scan_id = ?", arguments: [scanID])
  }

  /// Stores the files of a known scan that were not seen before.
  ///
  /// - Throws: ``CatalogError``.
  package func storeSightings(_ files: [SourceFile], scanID: String) throws -> Outcome {
    let isKnown = try read { database in
      try files.allSatisfy { file in
        try Bool.fetchOne(
          database,
          sql: """
            SELECT EXISTS (SELECT 1 FROM source_file WHERE scan_id = ? AND path = ? AND sha256 = ?)
            """, arguments: [scanID, file.path, file.sha256]) ?? false
      }
    }
    if isKnown { return .unchanged }
    try write { try Self.insert(files, scanID: scanID, into: $0) }
    return .sighted
  }

  /// Stores a run with its scan, sample, files, result and execution, all or nothing.
  ///
  /// What is stored already stays as it is: the first result of a run is the one that counts.
  ///
  /// - Returns: the id of the stored result.
  /// - Throws: ``CatalogError``, ``SampleConflict``.
  package func store(
    scan: ScanRecord, sample: String, files: [SourceFile], run: RunRecord, result: ResultRecord,
    execution: ExecutionRecord
  ) throws -> String {
    let runID = run.id
    let resultID = result.id(runID: runID)
    try write { database in
      // Asked again under the lock: another program may have stored the scan meanwhile.
      let stored = try Self.sample(ofScan: scan.id, in: database)
      if let stored, stored != sample {
        throw SampleConflict(scanID: scan.id, stored: stored, asked: sample)
      }
      let now = timestamp(Date())
      try database.execute(sql: "INSERT INTO sample VALUES (?, ?)", arguments: [sample, now])
      try Self.insert(scan, at: now, into: database)
      try Self.insert(files, scanID: scan.id, into: database)
      try Self.assign(sample: sample, toScan: scan.id, at: now, in: database)
      try Self.insert(run, at: now, into: database)
      try Self.insert(result, id: resultID, runID: runID, scan: scan, at: now, into: database)
      try Self.insert(execution, runID: runID, resultID: resultID, into: database)
    }
    return resultID
  }

  private static func insert(_ scan: ScanRecord, at now: String, into database: Database) throws {
    let id = scan.id
    try database.execute(
      sql: "INSERT INTO scan VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        id, scan.height, scan.width, scan.energies.count, scan.energies.first,
        scan.energies.last, scan.signal, scan.reference, scan.pixelSizeUM, scan.geometry,
        scan.exposure, scan.referenceExposure, now,
      ])
    let statement = try database.makeStatement(sql: "INSERT INTO frame VALUES (?, ?, ?, ?, ?)")
    for kind in ScanRecord.FrameDigest.Kind.allCases {
      for (number, frame) in scan.frames.filter({ $0.kind == kind }).enumerated() {
        try statement.execute(arguments: [id, kind.rawValue, number, frame.energyEV, frame.digest])
      }
    }
  }

  private static func insert(
    _ files: [SourceFile], scanID: String, into database: Database
  ) throws {
    let now = timestamp(Date())
    for file in files {
      try database.execute(
        sql: "INSERT INTO source_file VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [scanID, file.path, file.sha256, file.bytes, file.role, now])
    }
  }

  private static func insert(_ run: RunRecord, at now: String, into database: Database) throws {
    let (id, parametersID) = (run.id, run.parametersID)
    try database.execute(
      sql: "INSERT INTO parameter_set VALUES (?, ?)",
      arguments: [parametersID, run.canonicalParameters])
    for parameter in run.parameters {
      try database.execute(
        sql: "INSERT INTO parameter VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          parametersID, parameter.name, parameter.type, parameter.text, parameter.number,
          parameter.unit, parameter.isDefault,
        ])
    }
    try database.execute(
      sql: "INSERT INTO run VALUES (?, ?, ?, ?)", arguments: [id, run.scanID, parametersID, now])
    for (stage, version) in run.stages.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        sql: "INSERT INTO run_stage VALUES (?, ?, ?)", arguments: [id, stage, version])
    }
  }

  private static func insert(
    _ result: ResultRecord, id: String, runID: String, scan: ScanRecord, at now: String,
    into database: Database
  ) throws {
    // The same result again is an execution, nothing more.
    let isStored = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM result WHERE result_id = ?)", arguments: [id])
    if isStored == true { return }
    try database.execute(
      sql: "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        id, runID, result.totalPixels, result.analysedPixels, result.eligiblePixels,
        result.noisePixels, result.alteredValues, result.clusters.count,
        result.smallestFindablePixels, result.depthBinPX, now,
      ])
    for value in result.values {
      try database.execute(
        sql: "INSERT INTO result_value VALUES (?, ?, ?, ?)",
        arguments: [id, value.name, value.number, value.unit])
    }
    for (number, variance) in result.componentVariances.enumerated() {
      try database.execute(
        sql: "INSERT INTO result_component VALUES (?, ?, ?, ?)",
        arguments: [id, number + 1, variance, number < result.usedComponents])
    }
    for (number, message) in result.warnings.enumerated() {
      try database.execute(
        sql: "INSERT INTO result_warning VALUES (?, ?, ?)", arguments: [id, number + 1, message])
    }
    for (number, frame) in result.frames.enumerated() {
      try database.execute(
        sql: "INSERT INTO result_frame VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          id, number, scan.energies[number], frame.driftDY, frame.driftDX, frame.scale,
          frame.alteredPixels, frame.emptyFieldOD,
        ])
    }
    for cluster in result.clusters {
      try insert(cluster, resultID: id, energies: scan.energies, into: database)
    }
    // Sorted: the same result makes the same rows in the same order.
    for (label, bins) in result.depthHistogram.sorted(by: { $0.key < $1.key }) {
      for (bin, pixels) in bins.sorted(by: { $0.key < $1.key }) {
        try database.execute(
          sql: "INSERT INTO cluster_depth VALUES (?, ?, ?, ?)", arguments: [id, label, bin, pixels])
      }
    }
    for map in result.maps {
      try database.execute(
        sql: "INSERT INTO map VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [id, map.kind, map.height, map.width, map.digest, Data(map.tiff)])
    }
  }

  private static func insert(
    _ cluster: ClusterRecord, resultID: String, energies: [Double], into database: Database
  ) throws {
    try database.execute(
      sql: "INSERT INTO cluster VALUES (?, ?, ?, ?, ?)",
      arguments: [
        resultID, cluster.label, cluster.pixels, cluster.dbscanPixels, cluster.areaUM2,
      ])
    for (number, energy) in energies.enumerated() {
      try database.execute(
        sql: "INSERT INTO cluster_spectrum VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [
          resultID, cluster.label, number, energy, cluster.meanSpectrum[number],
          cluster.deviationSpectrum[number],
        ])
    }
    for element in cluster.elements {
      try database.execute(
        sql: "INSERT INTO cluster_element VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          resultID, cluster.label, element.symbol, element.edge, element.edgeEV, element.step,
          element.stepError, element.arealDensity, element.arealDensityError,
          element.arealMoles, element.atomicFraction, element.atomicFractionError, element.method,
        ])
    }
  }

  private static func insert(
    _ execution: ExecutionRecord, runID: String, resultID: String, into database: Database
  ) throws {
    let (id, environmentID) = (execution.id(runID: runID), execution.environmentID)
    try database.execute(sql: "INSERT INTO environment VALUES (?)", arguments: [environmentID])
    for (name, text) in execution.environment.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        sql: "INSERT INTO environment_item VALUES (?, ?, ?)",
        arguments: [environmentID, name, text])
    }
    try database.execute(
      sql: "INSERT INTO execution VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        id, runID, environmentID, resultID, timestamp(execution.startedAt),
        timestamp(execution.finishedAt), execution.host, execution.command,
      ])
    for (number, stage) in execution.stages.enumerated() {
      try database.execute(
        sql: "INSERT INTO execution_stage VALUES (?, ?, ?, ?)",
        arguments: [id, stage.name, number, stage.seconds])
    }
  }

  // MARK: Events

  /// Says that a scan shows a sample, from now on.
  ///
  /// - Throws: ``CatalogError``, also where the scan is not stored.
  public func assign(sample: String, toScan scanID: String) throws {
    try write { database in
      let isStored = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM scan WHERE scan_id = ?)",
        arguments: [scanID])
      guard isStored == true else {
        throw CatalogError.notFound("\(path): no scan \(scanID)")
      }
      let now = timestamp(Date())
      try database.execute(sql: "INSERT INTO sample VALUES (?, ?)", arguments: [sample, now])
      try Self.assign(sample: sample, toScan: scanID, at: now, in: database)
    }
  }

  private static func assign(
    sample: String, toScan scanID: String, at now: String, in database: Database
  ) throws {
    guard try Self.sample(ofScan: scanID, in: database) != sample else { return }
    // The heads: events that none follows yet.
    let heads = try String.fetchAll(
      database,
      sql: """
        SELECT event_id FROM event
        WHERE event_id NOT IN (SELECT predecessor_id FROM event_predecessor)
        ORDER BY event_id
        """)
    let author = NSUserName()
    let digest = ContentDigest(domain: "lodestone/event/1")
    for text in ["sample.assign", scanID, sample, author, now] { digest.update(text) }
    digest.update(heads.count)
    for head in heads { digest.update(head) }
    let id = digest.finish()
    try database.execute(
      sql: "INSERT INTO event VALUES (?, 'sample.assign', ?, ?, ?, ?)",
      arguments: [id, scanID, sample, author, now])
    for head in heads {
      try database.execute(
        sql: "INSERT INTO event_predecessor VALUES (?, ?)", arguments: [id, head])
    }
  }
}
