internal import GRDB

/// What a comparison of samples reads: of each run, its clusters with their phases, and how much of each lies near the
/// surface.
extension Catalog {
  /// A run that may be compared.
  package struct ComparedRun: Sendable {
    package let run: String
    package let sample: String?
    package let scan: String
    package let parameters: String
    /// Its stages with their versions, in one text.
    package let pipeline: String
    package let geometry: String
    /// A pixel's smaller side; nil where not known.
    package let pixelSizeUM: Double?
    package let hasDepth: Bool
    /// Whether a warning is of its clusters: narrow, graded, not explained.
    package let hasClusterWarning: Bool
    package let depthBinPX: Double
    package let recordedAt: String
    let resultKey: Int64
    let result: String
  }

  /// What of a run is compared.
  package struct ComparedResult: Sendable {
    package var clusters: [ComparedCluster]
    /// Noise, label -1.
    package var noise: ComparedZone
    /// eV.
    package var energies: [Double]
  }

  /// How much of something lies near the surface.
  package struct ComparedZone: Sendable {
    package var pixels = 0
    package var surfacePixels = 0
    /// Those in the outermost pixel.
    package var rimPixels = 0
    /// All and those near the surface, of each block, 0 of those behind the last; a wide bin of depth that reaches
    /// deeper counts in proportion.
    package var blocks: [(pixels: Double, surface: Double)] = []
  }

  /// A cluster of a run.
  package struct ComparedCluster: Sendable {
    package let label: Int
    /// nil where it belongs to none.
    package let phase: String?
    package let isAmbiguous: Bool
    /// Whether a rule put it there that no longer counts.
    package let isOutdated: Bool
    package var zone: ComparedZone
    package let dbscanPixels: Int
    /// Those in pieces that touch the surface; nil where there is no surface.
    package let surfacePiecePixels: Int?
    package let ndMolCM2: Double?
    package let feMolCM2: Double?
    package let ndFraction: Double?
    package let ndFractionError: Double?
    /// By quantity.
    package let estimates: [String: ClusterEstimate]
    /// Mean OD, one an energy of the run.
    package let spectrum: [Double]
  }

  /// The runs that count of a sample, or of all.
  ///
  /// - Throws: ``CatalogError``, also where there is no such sample.
  package func comparedRuns(ofSample name: String?) throws -> [ComparedRun] {
    try read { database in
      if let name { try self.require(.sample(name), in: database) }
      return try Self.comparedRuns(
        name == nil ? "" : "WHERE run.sample = ?", name.map { [$0] } ?? [], in: database)
    }
  }

  /// How many runs of samples are retracted; of all, where none is named.
  ///
  /// - Throws: ``CatalogError``.
  package func retractedRuns(ofSamples names: [String]?) throws -> Int {
    try read { database in
      guard try database.exists("SELECT 1 FROM retraction LIMIT 1", []) else { return 0 }
      let samples = try String?.fetchAll(
        database, sql: "SELECT sample FROM (\(StoredQuery.retractedRuns))")
      guard let names else { return samples.count }
      let wanted = Set(names.map(GivenName.stored))
      return samples.count { $0.map(wanted.contains) ?? false }
    }
  }

  /// A run, where it counts.
  ///
  /// - Throws: ``CatalogError``.
  package func comparedRun(_ id: String) throws -> ComparedRun? {
    try read { try Self.comparedRuns("WHERE run.run_id = ?", [id], in: $0).first }
  }

  private static func comparedRuns(
    _ condition: String, _ arguments: StatementArguments, in database: Database
  ) throws -> [ComparedRun] {
    try database.rows(
      """
      SELECT run.*, (
          SELECT group_concat(stage || ' ' || version, ', ')
          FROM (SELECT stage, version FROM run_stage WHERE run_stage.run_key = run.run_key ORDER BY stage)
        ) AS pipeline,
        EXISTS (SELECT 1 FROM cluster_depth WHERE cluster_depth.result_key = run.result_key) AS has_depth,
        EXISTS (
          SELECT 1 FROM result_warning AS warning
          WHERE warning.result_key = run.result_key AND warning.message GLOB '*cluster*') AS is_warned
      FROM run_overview AS run \(condition)
      ORDER BY run.sample, run.recorded_at, run.run_id
      """, arguments
    ).map { row in
      ComparedRun(
        run: try row.text("run_id"), sample: try row.optionalText("sample"),
        scan: try row.text("scan_id"), parameters: try row.text("parameters_id"),
        pipeline: try row.text("pipeline"), geometry: try row.text("geometry"),
        pixelSizeUM: try row.optionalReal("pixel_size_um"),
        hasDepth: try row.integer("has_depth") == 1,
        hasClusterWarning: try row.integer("is_warned") == 1,
        depthBinPX: try row.real("depth_bin_px"),
        recordedAt: try row.text("recorded_at"), resultKey: try row.key("result_key"),
        result: try row.text("result_id"))
    }
  }

  /// What is compared of some runs, in their order.
  ///
  /// - Parameter depthUM: what lies at most so deep is surface; a bin of depth counts by its middle.
  /// - Throws: ``CatalogError``.
  package func comparedResults(
    _ runs: [ComparedRun], surfaceDepthUM depthUM: Double
  ) throws -> [ComparedResult] {
    try read { database in
      try runs.map { run in try Self.comparedResult(run, depthUM, in: database) }
    }
  }

  private static func comparedResult(
    _ run: ComparedRun, _ depthUM: Double, in database: Database
  ) throws -> ComparedResult {
    let bin = run.depthBinPX * (run.pixelSizeUM ?? 1)
    var zones = try zones(run, depthUM, binUM: bin, in: database)
    try addBlocks(to: &zones, run, cut: (depthUM / bin + 0.5).rounded(.down), in: database)
    let estimates = try estimates(run.resultKey, in: database)
    let clusters = try database.rows(
      """
      SELECT cluster.label, cluster.dbscan_pixels, surface.surface_pixels, nd.atomic_fraction,
        nd.atomic_fraction_error, nd.areal_mol_cm2 AS nd_mol, fe.areal_mol_cm2 AS fe_mol,
        part.phase, part.outcome, part.definition_id IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM phase WHERE phase.phase = part.phase
            AND phase.definition_id = part.definition_id) AS is_outdated
      FROM cluster
      LEFT JOIN cluster_surface AS surface
        ON surface.result_key = cluster.result_key AND surface.label = cluster.label
      LEFT JOIN cluster_element AS nd
        ON nd.result_key = cluster.result_key AND nd.label = cluster.label AND nd.symbol = 'Nd'
      LEFT JOIN cluster_element AS fe
        ON fe.result_key = cluster.result_key AND fe.label = cluster.label AND fe.symbol = 'Fe'
      LEFT JOIN phase_score AS part ON part.label = cluster.label AND part.event_key = (
        SELECT event_key FROM event
        WHERE subject = :run AND kind = 'phase.assign'
        ORDER BY recorded_at DESC, event_id DESC LIMIT 1)
        AND EXISTS (SELECT 1 FROM event WHERE event_key = part.event_key AND name = :result)
      WHERE cluster.result_key = :key ORDER BY cluster.label
      """, ["run": run.run, "result": run.result, "key": run.resultKey])
    let energies = try Double.fetchAll(
      database.cachedStatement(
        sql: "SELECT energy_ev FROM result_frame WHERE result_key = ? ORDER BY number"),
      arguments: [run.resultKey])
    let spectra = try database.cachedStatement(
      sql: "SELECT mean_od FROM cluster_spectrum WHERE result_key = ? AND label = ? ORDER BY number"
    )
    return ComparedResult(
      clusters: try clusters.map { row in
        let label = try row.integer("label")
        let outcome = try row.optionalText("outcome")
        return ComparedCluster(
          label: label, phase: outcome == "assigned" ? try row.optionalText("phase") : nil,
          isAmbiguous: outcome == "ambiguous",
          isOutdated: try row.integer("is_outdated") == 1, zone: zones[label] ?? ComparedZone(),
          dbscanPixels: try row.integer("dbscan_pixels"),
          surfacePiecePixels: try row.optionalInteger("surface_pixels"),
          ndMolCM2: try row.optionalReal("nd_mol"), feMolCM2: try row.optionalReal("fe_mol"),
          ndFraction: try row.optionalReal("atomic_fraction"),
          ndFractionError: try row.optionalReal("atomic_fraction_error"),
          estimates: estimates[label] ?? [:],
          spectrum: try Double.fetchAll(spectra, arguments: [run.resultKey, label]))
      }, noise: zones[-1] ?? ComparedZone(), energies: energies)
  }

  private static func zones(
    _ run: ComparedRun, _ depthUM: Double, binUM: Double, in database: Database
  ) throws -> [Int: ComparedZone] {
    var zones: [Int: ComparedZone] = [:]
    // The deepest bin is looked for from where the division puts it, since that rounds.
    for row in try database.rows(
      """
      SELECT part.label, coalesce((
          SELECT cumulative_pixels FROM cluster_depth AS depth
          WHERE depth.result_key = :key AND depth.label = part.label
            AND depth.bin <= :depth / :bin + 1 AND (depth.bin + 0.5) * :bin <= :depth
          ORDER BY depth.bin DESC LIMIT 1), 0) AS surface, coalesce((
          SELECT cumulative_pixels FROM cluster_depth AS depth
          WHERE depth.result_key = :key AND depth.label = part.label AND depth.bin < :rim
          ORDER BY depth.bin DESC LIMIT 1), 0) AS rim, (
          SELECT cumulative_pixels FROM cluster_depth AS depth
          WHERE depth.result_key = :key AND depth.label = part.label
          ORDER BY depth.bin DESC LIMIT 1) AS pixels
      FROM (SELECT label FROM cluster WHERE result_key = :key UNION ALL SELECT -1) AS part
      """,
      [
        "key": run.resultKey, "depth": depthUM, "bin": binUM, "rim": 1 / run.depthBinPX,
      ])
    {
      zones[try row.integer("label")] = ComparedZone(
        pixels: try row.optionalInteger("pixels") ?? 0, surfacePixels: try row.integer("surface"),
        rimPixels: try row.integer("rim"))
    }
    return zones
  }

  /// - Parameter cut: how many bins of depth are surface.
  private static func addBlocks(
    to zones: inout [Int: ComparedZone], _ run: ComparedRun, cut: Double, in database: Database
  ) throws {
    let statement = try database.cachedStatement(
      sql: """
        SELECT label, block, sum(pixels), sum(pixels * max(0, min(1,
          (:cut - (CASE WHEN bin < 2 THEN bin ELSE (2 + bin % 2) << (bin / 2 - 1) END))
          / (CASE WHEN bin < 2 THEN 1.0 ELSE 1 << (bin / 2 - 1) END))))
        FROM cluster_block_depth WHERE result_key = :key GROUP BY label, block
        """)
    let rows = try Row.fetchCursor(statement, arguments: ["cut": cut, "key": run.resultKey])
    while let row = try rows.next() {
      let (label, block): (Int, Int) = (try row.checked(0), try row.checked(1))
      guard block >= 0, block < 1 << 16 else { throw CatalogError.damaged("a block's number") }
      var zone = zones[label] ?? ComparedZone()
      while zone.blocks.count <= block { zone.blocks.append((0, 0)) }
      zone.blocks[block] = (try row.checked(2), try row.checked(3))
      zones[label] = zone
    }
  }

  private static func estimates(
    _ key: Int64, in database: Database
  ) throws -> [Int: [String: ClusterEstimate]] {
    let statement = try database.cachedStatement(
      sql: "SELECT label, quantity, value, error FROM cluster_estimate WHERE result_key = ?")
    var estimates: [Int: [String: ClusterEstimate]] = [:]
    let rows = try Row.fetchCursor(statement, arguments: [key])
    while let row = try rows.next() {
      let (label, quantity): (Int, String) = (try row.checked(0), try row.checked(1))
      let error: DatabaseValue = row[3]
      estimates[label, default: [:]][quantity] = ClusterEstimate(
        quantity: quantity, value: try row.checked(2),
        error: error.isNull ? nil : try row.checked(3))
    }
    return estimates
  }

  /// The pixels of a run by bin of depth, all labels together, ascending.
  ///
  /// - Throws: ``CatalogError``.
  package func depthShell(_ run: ComparedRun) throws -> [(bin: Int, pixels: Int)] {
    try read { database in
      try database.rows(
        """
        SELECT bin, sum(pixels) AS pixels FROM cluster_depth WHERE result_key = ?
        GROUP BY bin ORDER BY bin
        """, [run.resultKey]
      ).map { (try $0.integer("bin"), try $0.integer("pixels")) }
    }
  }

  /// The parameters of some sets that are not the same in all of them: name, and value by set.
  ///
  /// - Throws: ``CatalogError``.
  package func parameterDifferences(
    _ sets: [String]
  ) throws -> [(name: String, values: [String])] {
    try read { database in
      let all = try sets.map { set in
        try Self.parameters(
          key: database.requiredKey(of: "parameter_set", id: set), in: database
        ).reduce(into: [:]) { $0[$1.name] = $1.text }
      }
      let names = Set(all.flatMap(\.keys)).sorted()
      return names.compactMap { name in
        let values = all.map { $0[name] ?? "not there" }
        return Set(values).count > 1 ? (name, values) : nil
      }
    }
  }

  /// The full id of a parameter set by a prefix of at least 4 digits.
  ///
  /// - Throws: ``CatalogError`` where there is none or more than one.
  public func resolveParameters(_ name: String) throws -> String {
    try resolve(name, table: "parameter_set", column: "parameters_id", "parameter set")
  }
}
