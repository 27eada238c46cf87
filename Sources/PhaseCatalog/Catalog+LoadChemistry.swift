internal import GRDB

extension Catalog {
  /// A stored reference spectrum.
  ///
  /// - Throws: ``CatalogError``.
  public func referenceSpectrum(_ id: String) throws -> ReferenceSpectrum {
    try read { database in
      try Self.referenceSpectrum(
        key: database.requiredKey(of: "reference_spectrum", id: id), in: database)
    }
  }

  static func referenceSpectrum(
    key: Int64, in database: Database
  ) throws -> ReferenceSpectrum {
    let points = try database.rows(
      "SELECT * FROM reference_spectrum_point WHERE reference_spectrum_key = ? ORDER BY number",
      [key])
    return ReferenceSpectrum(
      energies: try points.map { try $0.real("energy_ev") },
      values: try points.map { try $0.real("value") })
  }

  /// The spectra that a result's clusters were fitted with, in the order in which they were given.
  static func references(
    ofResult key: Int64, in database: Database
  ) throws -> [ReferenceSpectrum] {
    try database.rows(
      """
      SELECT DISTINCT number, reference_spectrum_key FROM cluster_fit_part
      WHERE result_key = ? ORDER BY number
      """, [key]
    ).map { try referenceSpectrum(key: $0.key("reference_spectrum_key"), in: database) }
  }

  /// What was measured of a cluster; nil for results of before schema 3.
  static func chemistry(
    resultKey: Int64, label: Int, in database: Database
  ) throws -> ClusterChemistry? {
    func rows(_ table: String) throws -> [CheckedRow] {
      try database.rows(
        "SELECT * FROM \(table) WHERE result_key = ? AND label = ? ORDER BY rowid",
        [resultKey, label])
    }
    guard let quality = try rows("cluster_quality").first else { return nil }
    return ClusterChemistry(
      spread: try quality.real("spread"), width: try quality.real("width_px"),
      thicknessUM: try quality.optionalReal("thickness_um"),
      fitResidual: try quality.optionalReal("fit_residual_od"),
      edges: try rows("cluster_edge").map(edge),
      ratios: try rows("cluster_ratio").map {
        .init(
          numerator: try $0.text("numerator"), denominator: try $0.text("denominator"),
          ratio: try $0.real("ratio"), error: try $0.optionalReal("ratio_error"))
      },
      fit: try rows("cluster_fit").first.map { row in
        .init(
          energies: try row.integer("energies"),
          range: try row.range("start_ev", "end_ev"),
          residual: try row.real("residual"), rFactor: try row.real("r_factor"),
          parts: try parts(resultKey: resultKey, label: label, in: database))
      })
  }

  private static func edge(_ row: CheckedRow) throws -> ClusterChemistry.Edge {
    let post = try ["post_offset", "post_slope", "post_square", "post_cube"]
      .compactMap { try row.optionalReal($0) }
    return .init(
      symbol: try row.text("symbol"), edge: try row.text("edge"), e0: try row.real("e0_ev"),
      derivativeEnergy: try row.optionalReal("derivative_ev"),
      convention: try row.text("convention"), pre: try row.range("pre_start_ev", "pre_end_ev"),
      post: try row.range("post_start_ev", "post_end_ev"),
      preEnergies: try row.integer("pre_energies"),
      postEnergies: try row.integer("post_energies"), preOffset: try row.real("pre_offset"),
      preSlope: try row.real("pre_slope"), postCoefficients: post,
      divisor: try row.real("divisor"), divisorError: try row.real("divisor_error"),
      isNormalised: try row.integer("is_normalised") == 1,
      whiteLineEnergy: try row.optionalReal("white_line_ev"),
      whiteLineHeight: try row.optionalReal("white_line_height"))
  }

  private static func parts(
    resultKey: Int64, label: Int, in database: Database
  ) throws -> [ClusterChemistry.Fit.Part] {
    try database.rows(
      """
      SELECT part.*, reference_spectrum.reference_spectrum_id FROM cluster_fit_part AS part
      JOIN reference_spectrum USING (reference_spectrum_key)
      WHERE result_key = ? AND label = ? ORDER BY number
      """, [resultKey, label]
    ).map {
      .init(
        name: try $0.text("name"), referenceID: try $0.text("reference_spectrum_id"),
        amount: try $0.real("amount"), amountError: try $0.real("amount_error"),
        fraction: try $0.optionalReal("fraction"),
        fractionError: try $0.optionalReal("fraction_error"))
    }
  }
}

extension CheckedRow {
  /// Two columns as a range.
  fileprivate func range(_ low: String, _ high: String) throws -> ClosedRange<Double> {
    let (from, to) = (try real(low), try real(high))
    guard from <= to else { throw CatalogError.damaged("\(low) is above \(high)") }
    return from...to
  }
}
