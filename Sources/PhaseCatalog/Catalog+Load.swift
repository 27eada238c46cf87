internal import GRDB

/// Records made again from stored rows: their ids must come out as they are stored.
extension Catalog {
  /// A stored scan.
  ///
  /// - Throws: ``CatalogError``.
  package func scan(_ id: String) throws -> ScanRecord {
    try read { try Self.scan(key: $0.requiredKey(of: "scan", id: id), in: $0) }
  }

  static func scan(key: Int64, in database: Database) throws -> ScanRecord {
    guard let row = try database.rows("SELECT * FROM scan WHERE scan_key = ?", [key]).first else {
      throw CatalogError.damaged("a scan is missing")
    }
    var frames: [ScanRecord.FrameDigest] = []
    for kind in ScanRecord.FrameDigest.Kind.allCases {
      frames += try database.rows(
        """
        SELECT *, lower(hex(digest)) AS digits FROM frame
        WHERE scan_key = ? AND kind = ? ORDER BY number
        """,
        [key, kind.rawValue]
      ).map { frame in
        ScanRecord.FrameDigest(
          kind: kind, energyEV: try frame.optionalFinite("energy_ev"),
          exposureS: try frame.optionalFinite("exposure_s"),
          ringCurrentMA: try frame.optionalFinite("ring_current_ma"),
          acquisition: try frame.optionalInteger("acquisition"),
          digest: try frame.text("digits"))
      }
    }
    let oblong = try database.rows("SELECT * FROM oblong_pixel WHERE scan_key = ?", [key]).first
    return ScanRecord(
      height: try row.integer("height"), width: try row.integer("width"),
      signal: try row.text("signal"), reference: try row.text("reference"),
      pixelSizeUM: try row.optionalFinite("pixel_size_um"),
      oblongPixelUM: try oblong.map {
        .init(height: try $0.real("height_um"), width: try $0.real("width_um"))
      }, geometry: try row.text("geometry"),
      frames: frames)
  }

  /// A stored run.
  ///
  /// - Throws: ``CatalogError``.
  package func run(_ id: String) throws -> RunRecord {
    try read { try Self.run(key: $0.requiredKey(of: "run", id: id), in: $0) }
  }

  static func run(key: Int64, in database: Database) throws -> RunRecord {
    let rows = try database.rows(
      """
      SELECT scan.scan_id, run.parameters_key FROM run
      JOIN scan ON scan.scan_key = run.scan_key WHERE run.run_key = ?
      """, [key])
    guard let row = rows.first else { throw CatalogError.damaged("a run's scan is missing") }
    var stages: [String: Int] = [:]
    for stage in try database.rows("SELECT * FROM run_stage WHERE run_key = ?", [key]) {
      stages[try stage.text("stage")] = try stage.integer("version")
    }
    return RunRecord(
      scanID: try row.text("scan_id"),
      parameters: try parameters(key: row.key("parameters_key"), in: database), stages: stages)
  }

  static func parameters(key: Int64, in database: Database) throws -> [ParameterRecord] {
    try database.rows("SELECT * FROM parameter WHERE parameters_key = ? ORDER BY rowid", [key])
      .map { row in
        let (type, text) = (try row.text("type"), try row.text("text"))
        let value: ParameterRecord.Value =
          switch (type, try row.optionalFinite("number")) {
          case ("number", let number?): .number(number)
          case ("integer", let number?):
            if let integer = Int(exactly: number) { .integer(integer) } else { .number(number) }
          default: .text(text)
          }
        return ParameterRecord(
          name: try row.text("name"), value: value, type: type, unit: try row.text("unit"),
          isDefault: try row.integer("is_default") == 1)
      }
  }

  /// What was asked to be read as a scan, the newest first, as canonical JSON.
  ///
  /// - Throws: ``CatalogError``.
  package func requests(ofScan id: String) throws -> [String] {
    try read { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT canonical_json FROM scan_request WHERE scan_key = ?
          ORDER BY seen_at DESC, rowid DESC
          """, arguments: [try database.requiredKey(of: "scan", id: id)])
    }
  }

  /// A stored result.
  ///
  /// - Throws: ``CatalogError``.
  package func result(_ id: String) throws -> ResultRecord {
    try read { try Self.result(key: $0.requiredKey(of: "result", id: id), in: $0) }
  }

  static func result(key: Int64, in database: Database) throws -> ResultRecord {
    func rows(_ table: String, _ order: String) throws -> [CheckedRow] {
      try database.rows("SELECT * FROM \(table) WHERE result_key = ? ORDER BY \(order)", [key])
    }
    guard let row = try rows("result", "result_key").first else {
      throw CatalogError.damaged("a result is missing")
    }
    let components = try rows("result_component", "number")
    var histogram: [Int: [Int: Int]] = [:]
    for depth in try rows("cluster_depth", "label, bin") {
      histogram[try depth.integer("label"), default: [:]][try depth.integer("bin")] =
        try depth.integer("pixels")
    }
    return ResultRecord(
      totalPixels: try row.integer("total_pixels"),
      analysedPixels: try row.integer("analysed_pixels"),
      eligiblePixels: try row.integer("eligible_pixels"),
      noisePixels: try row.integer("noise_pixels"),
      alteredValues: try row.integer("altered_values"),
      smallestFindablePixels: try row.integer("smallest_findable_pixels"),
      values: try rows("result_value", "rowid").map {
        .init(name: try $0.text("name"), number: try $0.real("number"), unit: try $0.text("unit"))
      },
      componentVariances: try components.map { try $0.real("variance") },
      usedComponents: try components.filter { try $0.integer("is_used") == 1 }.count,
      warnings: try rows("result_warning", "number").map { try $0.text("message") },
      frames: try frames(ofResult: key, in: database),
      clusters: try rows("cluster", "label").map { try cluster($0, resultKey: key, in: database) },
      depthHistogram: histogram, depthBinPX: try row.real("depth_bin_px"),
      maps: try rows("map", "rowid").map {
        MapRecord(
          kind: try $0.text("kind"), height: try $0.integer("height"),
          width: try $0.integer("width"), digest: try $0.text("digest"), tiff: try $0.blob("tiff"))
      },
      radii: try rows("result_radius", "number").map {
        .init(
          radius: try $0.real("radius"), clusterCount: try $0.integer("cluster_count"),
          noisePixels: try $0.integer("noise_pixels"), isUsed: try $0.integer("is_used") == 1)
      },
      references: try references(ofResult: key, in: database),
      blocks: try blocks(ofResult: key, in: database))
  }

  private static func blocks(
    ofResult key: Int64, in database: Database
  ) throws -> [ClusterBlock] {
    var depths: [[Int]: [Int: Int]] = [:]
    for row in try database.rows(
      "SELECT * FROM cluster_block_depth WHERE result_key = ?", [key])
    {
      let place = [try row.integer("label"), try row.integer("block")]
      depths[place, default: [:]][try row.integer("bin")] = try row.integer("pixels")
    }
    return try database.rows(
      "SELECT * FROM cluster_block WHERE result_key = ? ORDER BY label, block", [key]
    ).map { row in
      let (label, block) = (try row.integer("label"), try row.integer("block"))
      return ClusterBlock(
        label: label, block: block, pixels: try row.integer("pixels"),
        surfacePixels: try row.integer("surface_pixels"), depth: depths[[label, block]] ?? [:])
    }
  }

  private static func frames(
    ofResult key: Int64, in database: Database
  ) throws -> [ResultRecord.FrameRow] {
    try database.rows("SELECT * FROM result_frame WHERE result_key = ? ORDER BY number", [key]).map
    {
      frame in
      let saturated = try frame.optionalInteger("saturated_pixels")
      return .init(
        energyEV: try frame.real("energy_ev"), driftDY: try frame.real("drift_dy_px"),
        driftDX: try frame.real("drift_dx_px"), scale: try frame.real("scale"),
        alteredPixels: try frame.integer("altered_pixels"),
        emptyFieldOD: try frame.optionalReal("empty_field_od"),
        quality: try saturated.map { saturated in
          .init(
            residual: try frame.optionalReal("residual"), saturatedPixels: saturated,
            outlierPixels: try frame.integer("outlier_pixels"),
            unmeasuredPixels: try frame.integer("unmeasured_pixels"))
        })
    }
  }

  private static func cluster(
    _ row: CheckedRow, resultKey: Int64, in database: Database
  ) throws -> ClusterRecord {
    let label = try row.integer("label")
    let spectrum = try database.rows(
      "SELECT * FROM cluster_spectrum WHERE result_key = ? AND label = ? ORDER BY number",
      [resultKey, label])
    let elements = try database.rows(
      "SELECT * FROM cluster_element WHERE result_key = ? AND label = ? ORDER BY rowid",
      [resultKey, label])
    let surface = try database.rows(
      "SELECT * FROM cluster_surface WHERE result_key = ? AND label = ?", [resultKey, label]
    ).first
    return ClusterRecord(
      label: label, pixels: try row.integer("pixels"),
      dbscanPixels: try row.integer("dbscan_pixels"), areaUM2: try row.optionalReal("area_um2"),
      meanSpectrum: try spectrum.map { try $0.real("mean_od") },
      deviationSpectrum: try spectrum.map { try $0.real("sd_od") },
      elements: try elements.map { element in
        .init(
          symbol: try element.text("symbol"), edge: try element.text("edge"),
          edgeEV: try element.real("edge_ev"), step: try element.real("step"),
          stepError: try element.real("step_error"),
          arealDensity: try element.real("areal_g_cm2"),
          arealDensityError: try element.real("areal_error_g_cm2"),
          arealMoles: try element.real("areal_mol_cm2"),
          atomicFraction: try element.optionalReal("atomic_fraction"),
          atomicFractionError: try element.optionalReal("atomic_fraction_error"),
          method: try element.text("method"))
      },
      surface: try surface.map {
        .init(
          pieces: try $0.integer("pieces"), surfacePieces: try $0.integer("surface_pieces"),
          surfacePixels: try $0.integer("surface_pixels"),
          surfaceAreaUM2: try $0.optionalReal("surface_area_um2"))
      },
      chemistry: try chemistry(resultKey: resultKey, label: label, in: database),
      estimates: try database.rows(
        "SELECT * FROM cluster_estimate WHERE result_key = ? AND label = ? ORDER BY quantity",
        [resultKey, label]
      ).map {
        .init(
          quantity: try $0.text("quantity"), value: try $0.real("value"),
          error: try $0.optionalReal("error"))
      })
  }

  /// The id that a stored execution should have.
  static func executionID(key: Int64, in database: Database) throws -> String {
    let rows = try database.rows(
      """
      SELECT execution.*, run.run_id, result.result_id FROM execution
      JOIN run ON run.run_key = execution.run_key
      LEFT JOIN result ON result.result_key = execution.result_key
      WHERE execution_key = ?
      """, [key])
    guard let row = rows.first else { throw CatalogError.damaged("an execution's run is missing") }
    let environment = try environment(key: row.key("environment_key"), in: database)
    guard let purpose = ExecutionRecord.Purpose(rawValue: try row.text("purpose")) else {
      throw CatalogError.damaged("its purpose is unknown")
    }
    let record = ExecutionRecord(
      purpose: purpose, environment: environment, startedAt: try row.text("started_at"),
      finishedAt: try row.text("finished_at"), host: try row.text("host"),
      command: try row.text("command"), stages: [])
    return record.id(
      runID: try row.text("run_id"), resultID: try row.optionalText("result_id"),
      failure: try row.optionalText("failure"))
  }

  static func environment(key: Int64, in database: Database) throws -> [String: String] {
    var items: [String: String] = [:]
    for row in try database.rows(
      "SELECT * FROM environment_item WHERE environment_key = ?", [key])
    {
      items[try row.text("name")] = try row.text("text")
    }
    return items
  }

  static func event(key: Int64, in database: Database) throws -> EventRecord {
    guard let row = try database.rows("SELECT * FROM event WHERE event_key = ?", [key]).first else {
      throw CatalogError.damaged("an event is missing")
    }
    let predecessors = try database.rows(
      """
      SELECT event.event_id FROM event_predecessor
      LEFT JOIN event ON event.event_key = event_predecessor.predecessor_key
      WHERE event_predecessor.event_key = ? ORDER BY 1
      """, [key])
    return EventRecord(
      kind: try row.text("kind"),
      subject: EventSubject(kind: try row.text("subject_kind"), text: try row.text("subject")),
      name: try row.optionalText("name"), value: try row.optionalText("value"),
      author: try row.text("author"), recordedAt: try row.text("recorded_at"),
      predecessors: try predecessors.map { try $0.text("event_id") })
  }
}
