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
    for (number, variance) in result.componentVariances.enumerated() {
      try database.insert(
        "result_component",
        [
          "result_key": key, "number": number + 1, "variance": variance,
          "is_used": number < result.usedComponents,
        ])
    }
    for (number, message) in result.warnings.enumerated() {
      try database.insert(
        "result_warning", ["result_key": key, "number": number + 1, "message": message])
    }
    for (number, frame) in result.frames.enumerated() {
      try database.insert(
        "result_frame",
        [
          "result_key": key, "number": number, "energy_ev": frame.energyEV,
          "drift_dy_px": frame.driftDY, "drift_dx_px": frame.driftDX, "scale": frame.scale,
          "altered_pixels": frame.alteredPixels, "empty_field_od": frame.emptyFieldOD,
        ])
    }
    for (number, frame) in result.frames.enumerated() {
      guard let quality = frame.quality else { continue }
      try database.insert(
        "result_frame_quality",
        [
          "result_key": key, "number": number, "residual": quality.residual,
          "saturated_pixels": quality.saturatedPixels, "outlier_pixels": quality.outlierPixels,
          "unmeasured_pixels": quality.unmeasuredPixels,
        ])
    }
    for cluster in result.clusters {
      try insert(
        cluster, resultKey: key, energies: result.frames.map(\.energyEV), into: database)
    }
    // Sorted: the same result makes the same rows in the same order.
    for (label, bins) in result.depthHistogram.sorted(by: { $0.key < $1.key }) {
      for (bin, pixels) in bins.sorted(by: { $0.key < $1.key }) {
        try database.insert(
          "cluster_depth",
          ["result_key": key, "label": label, "bin": bin, "pixels": pixels])
      }
    }
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
    _ cluster: ClusterRecord, resultKey: Int64, energies: [Double], into database: Database
  ) throws {
    try database.insert(
      "cluster",
      [
        "result_key": resultKey, "label": cluster.label, "pixels": cluster.pixels,
        "dbscan_pixels": cluster.dbscanPixels, "area_um2": cluster.areaUM2,
      ])
    for (number, energy) in energies.enumerated() {
      try database.insert(
        "cluster_spectrum",
        [
          "result_key": resultKey, "label": cluster.label, "number": number, "energy_ev": energy,
          "mean_od": cluster.meanSpectrum[number], "sd_od": cluster.deviationSpectrum[number],
        ])
    }
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
  }
}
