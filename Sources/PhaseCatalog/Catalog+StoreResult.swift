import Foundation
internal import GRDB

extension Catalog {
  /// Stores a result. The same result again is an execution, nothing more.
  static func insert(
    _ result: ResultRecord, runID: String, runKey: Int64, into database: Database
  ) throws -> Int64 {
    let id = result.id(runID: runID)
    if let key = try database.key(of: "result", id: id) { return key }
    // The first stored result is the one that counts, whatever the clock does.
    let earlier = try String.fetchOne(
      database, sql: "SELECT max(recorded_at) FROM result WHERE run_key = ?", arguments: [runKey])
    try database.insert(
      "result",
      [
        "result_id": id, "run_key": runKey, "total_pixels": result.totalPixels,
        "analysed_pixels": result.analysedPixels, "eligible_pixels": result.eligiblePixels,
        "noise_pixels": result.noisePixels, "altered_values": result.alteredValues,
        "cluster_count": result.clusters.count,
        "smallest_findable_pixels": result.smallestFindablePixels,
        "depth_bin_px": result.depthBinPX, "recorded_at": timestamp(after: earlier),
      ])
    let key = try database.requiredKey(of: "result", id: id)
    for value in result.values {
      try database.insert(
        "result_value",
        ["result_key": key, "name": value.name, "number": value.number, "unit": value.unit])
    }
    try database.insert(
      "result_component", columns: ["result_key", "number", "variance", "is_used"],
      rows: result.componentVariances.enumerated().lazy.map { number, variance in
        [
          key.databaseValue, (number + 1).databaseValue, variance.databaseValue,
          (number < result.usedComponents).databaseValue,
        ]
      })
    for (number, message) in result.warnings.enumerated() {
      try database.insert(
        "result_warning", ["result_key": key, "number": number + 1, "message": message])
    }
    try database.insert(
      "result_frame",
      columns: [
        "result_key", "number", "energy_ev", "drift_dy_px", "drift_dx_px", "scale",
        "altered_pixels", "empty_field_od", "residual", "saturated_pixels", "outlier_pixels",
        "unmeasured_pixels",
      ],
      rows: result.frames.enumerated().lazy.map { number, frame in
        [
          key.databaseValue, number.databaseValue, frame.energyEV.databaseValue,
          frame.driftDY.databaseValue, frame.driftDX.databaseValue, frame.scale.databaseValue,
          frame.alteredPixels.databaseValue, frame.emptyFieldOD.databaseValue,
          (frame.quality?.residual).databaseValue, (frame.quality?.saturatedPixels).databaseValue,
          (frame.quality?.outlierPixels).databaseValue,
          (frame.quality?.unmeasuredPixels).databaseValue,
        ]
      })
    for (number, radius) in result.radii.enumerated() {
      try database.insert(
        "result_radius",
        [
          "result_key": key, "number": number + 1, "radius": radius.radius,
          "cluster_count": radius.clusterCount, "noise_pixels": radius.noisePixels,
          "is_used": radius.isUsed,
        ])
    }
    for reference in result.references { try insert(reference, into: database) }
    for cluster in result.clusters {
      try insert(cluster, resultKey: key, into: database)
    }
    // Sorted: the same result makes the same rows in the same order.
    for (label, bins) in result.depthHistogram.sorted(by: { $0.key < $1.key }) {
      var cumulative = 0
      try database.insert(
        "cluster_depth",
        columns: ["result_key", "label", "bin", "pixels", "cumulative_pixels"],
        rows: bins.sorted(by: { $0.key < $1.key }).map { bin, pixels in
          cumulative += pixels
          return [
            key.databaseValue, label.databaseValue, bin.databaseValue, pixels.databaseValue,
            cumulative.databaseValue,
          ]
        })
    }
    try insert(result.blocks, resultKey: key, into: database)
    for map in result.maps {
      try database.insert(
        "map",
        [
          "result_key": key, "kind": map.kind, "height": map.height, "width": map.width,
          "digest": map.digest, "tiff": Data(map.tiff),
        ])
    }
    return key
  }

  private static func insert(
    _ cluster: ClusterRecord, resultKey: Int64, into database: Database
  ) throws {
    try database.insert(
      "cluster",
      [
        "result_key": resultKey, "label": cluster.label, "pixels": cluster.pixels,
        "dbscan_pixels": cluster.dbscanPixels, "area_um2": cluster.areaUM2,
      ])
    try database.insert(
      "cluster_spectrum", columns: ["result_key", "label", "number", "mean_od", "sd_od"],
      rows: zip(cluster.meanSpectrum, cluster.deviationSpectrum).enumerated().lazy.map {
        [
          resultKey.databaseValue, cluster.label.databaseValue, $0.databaseValue,
          $1.0.databaseValue, $1.1.databaseValue,
        ]
      })
    for element in cluster.elements {
      try database.insert(
        "cluster_element",
        [
          "result_key": resultKey, "label": cluster.label, "symbol": element.symbol,
          "edge": element.edge, "edge_ev": element.edgeEV, "step": element.step,
          "step_error": element.stepError, "areal_g_cm2": element.arealDensity,
          "areal_error_g_cm2": element.arealDensityError, "areal_mol_cm2": element.arealMoles,
          "atomic_fraction": element.atomicFraction,
          "atomic_fraction_error": element.atomicFractionError, "method": element.method,
        ])
    }
    if let surface = cluster.surface {
      try database.insert(
        "cluster_surface",
        [
          "result_key": resultKey, "label": cluster.label, "pieces": surface.pieces,
          "surface_pieces": surface.surfacePieces, "surface_pixels": surface.surfacePixels,
          "surface_area_um2": surface.surfaceAreaUM2,
        ])
    }
    if let chemistry = cluster.chemistry {
      try insert(chemistry, resultKey: resultKey, label: cluster.label, into: database)
    }
    try database.insert(
      "cluster_estimate", columns: ["result_key", "label", "quantity", "value", "error"],
      rows: cluster.estimates.lazy.map {
        [
          resultKey.databaseValue, cluster.label.databaseValue, $0.quantity.databaseValue,
          $0.value.databaseValue, $0.error.databaseValue,
        ]
      })
  }

  /// Stores what lies in each part of the sample.
  private static func insert(
    _ blocks: [ClusterBlock], resultKey: Int64, into database: Database
  ) throws {
    try database.insert(
      "cluster_block", columns: ["result_key", "label", "block", "pixels", "surface_pixels"],
      rows: blocks.lazy.map { block in
        [resultKey, block.label, block.block, block.pixels, block.surfacePixels].values
      })
    try database.insert(
      "cluster_block_depth", columns: ["result_key", "label", "block", "bin", "pixels"],
      rows: blocks.lazy.flatMap { block in
        block.depth.sorted { $0.key < $1.key }.map { bin, pixels in
          [resultKey, block.label, block.block, bin, pixels].values
        }
      })
  }

  /// Stores a reference spectrum, where it is new.
  static func insert(_ reference: ReferenceSpectrum, into database: Database) throws {
    let id = reference.id
    if try database.key(of: "reference_spectrum", id: id) != nil { return }
    try database.insert("reference_spectrum", ["reference_spectrum_id": id])
    let key = try database.requiredKey(of: "reference_spectrum", id: id)
    for (number, energy) in reference.energies.enumerated() {
      try database.insert(
        "reference_spectrum_point",
        [
          "reference_spectrum_key": key, "number": number, "energy_ev": energy,
          "value": reference.values[number],
        ])
    }
  }

  private static func insert(
    _ chemistry: ClusterChemistry, resultKey: Int64, label: Int, into database: Database
  ) throws {
    try database.insert(
      "cluster_quality",
      [
        "result_key": resultKey, "label": label, "spread": chemistry.spread,
        "width_px": chemistry.width, "thickness_um": chemistry.thicknessUM,
        "fit_residual_od": chemistry.fitResidual,
      ])
    for edge in chemistry.edges {
      let post = edge.postCoefficients
      try database.insert(
        "cluster_edge",
        [
          "result_key": resultKey, "label": label, "symbol": edge.symbol, "edge": edge.edge,
          "e0_ev": edge.e0, "derivative_ev": edge.derivativeEnergy,
          "convention": edge.convention, "pre_start_ev": edge.pre.lowerBound,
          "pre_end_ev": edge.pre.upperBound, "post_start_ev": edge.post.lowerBound,
          "post_end_ev": edge.post.upperBound, "pre_energies": edge.preEnergies,
          "post_energies": edge.postEnergies, "pre_offset": edge.preOffset,
          "pre_slope": edge.preSlope, "post_offset": post.count > 0 ? post[0] : nil,
          "post_slope": post.count > 1 ? post[1] : nil,
          "post_square": post.count > 2 ? post[2] : nil,
          "post_cube": post.count > 3 ? post[3] : nil, "divisor": edge.divisor,
          "divisor_error": edge.divisorError, "is_normalised": edge.isNormalised,
          "white_line_ev": edge.whiteLineEnergy, "white_line_height": edge.whiteLineHeight,
        ])
    }
    for ratio in chemistry.ratios {
      try database.insert(
        "cluster_ratio",
        [
          "result_key": resultKey, "label": label, "numerator": ratio.numerator,
          "denominator": ratio.denominator, "ratio": ratio.ratio, "ratio_error": ratio.error,
          "is_lower_bound": ratio.error == nil,
        ])
    }
    guard let fit = chemistry.fit else { return }
    try database.insert(
      "cluster_fit",
      [
        "result_key": resultKey, "label": label, "energies": fit.energies,
        "start_ev": fit.range.lowerBound, "end_ev": fit.range.upperBound,
        "residual": fit.residual, "r_factor": fit.rFactor,
      ])
    for (number, part) in fit.parts.enumerated() {
      try database.insert(
        "cluster_fit_part",
        [
          "result_key": resultKey, "label": label, "number": number, "name": part.name,
          "reference_spectrum_key": try database.requiredKey(
            of: "reference_spectrum", id: part.referenceID),
          "amount": part.amount, "amount_error": part.amountError, "fraction": part.fraction,
          "fraction_error": part.fractionError,
        ])
    }
  }
}

extension [any DatabaseValueConvertible] {
  fileprivate var values: [DatabaseValue] { map(\.databaseValue) }
}
