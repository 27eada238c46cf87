import PhaseCatalog
import StackIO

/// How far two results of one run agree.
///
/// - identical: every label, count and number, to the last bit;
/// - same labels: every label; numbers within ``tolerance``;
/// - within tolerance: at most ``tolerance`` of the analysed pixels have another label, as many
///   clusters, and numbers within ``tolerance``;
/// - different: anything else.
struct ResultComparison {
  /// The largest difference of two numbers that still counts as the same answer, relative to the
  /// largest number of their column; and the largest share of pixels with another label. The same
  /// analysis on another processor or with another LAPACK stays far below it; a fit that went
  /// elsewhere does not.
  static let tolerance = 1e-3

  private let stored: ResultRecord
  private let computed: ResultRecord

  init(stored: ResultRecord, computed: ResultRecord) {
    self.stored = stored
    self.computed = computed
  }

  /// Compares them.
  ///
  /// - Throws: ``InputError`` where a map cannot be decoded.
  func verification(runID: String) throws -> VerificationRecord {
    let changed = try changedPixels()
    let (largest, place) = largestDifference()
    let hasSameLabels = stored.id(runID: runID) == computed.id(runID: runID)
    let isWithin = largest <= Self.tolerance
    let grade: Grade
    if hasSameLabels && largest == 0 && place == nil {
      grade = .identical
    } else if hasSameLabels && isWithin {
      grade = .sameLabels
    } else if isWithin && stored.clusters.count == computed.clusters.count
      && Double(changed) <= Self.tolerance * Double(stored.analysedPixels)
    {
      grade = .withinTolerance
    } else {
      grade = .different
    }
    return VerificationRecord(
      grade: grade, changedPixels: changed, largestDifference: largest,
      largestDifferenceIn: place)
  }

  /// Pixels of the label map that differ; all of them where its size does.
  private func changedPixels() throws -> Int {
    func labels(_ result: ResultRecord) throws -> [Float] {
      guard let map = result.maps.first(where: { $0.kind == "label" }) else { return [] }
      return try TIFFFile(bytes: map.tiff, name: "label map").frame(page: 0).values.floats
    }
    let (a, b) = (try labels(stored), try labels(computed))
    guard a.count == b.count else { return max(a.count, b.count) }
    return zip(a, b).count { $0 != $1 }
  }

  /// The largest difference relative to its column, and where it is; columns of other lengths differ
  /// wholly.
  private func largestDifference() -> (value: Double, place: String?) {
    let (a, b) = (Self.columns(of: stored), Self.columns(of: computed))
    var (largest, place): (Double, String?) = (0, nil)
    for name in Set(a.keys).union(b.keys).sorted() {
      let difference = Self.difference(
        a[name] ?? [], b[name] ?? [], isDrift: name.contains("drift"))
      if difference > largest { (largest, place) = (difference, name) }
    }
    // Parts of the sample follow from the labels; where those differ, they are no difference of their own.
    if stored.maps.map(\.digest) == computed.maps.map(\.digest), stored.blocks != computed.blocks {
      return (1, "cluster_block.pixels")
    }
    let depth = depthDifference()
    return depth > largest ? (depth, "cluster_depth.pixels") : (largest, place)
  }

  /// The share of the analysed pixels that lie in another bin of depth.
  private func depthDifference() -> Double {
    func counts(_ result: ResultRecord) -> [[Int]: Double] {
      var counts: [[Int]: Double] = [:]
      for (label, bins) in result.depthHistogram {
        for (bin, pixels) in bins { counts[[label, bin]] = Double(pixels) }
      }
      return counts
    }
    let (a, b) = (counts(stored), counts(computed))
    // Counts are whole: their sum does not depend on the order.
    let moved = Set(a.keys).union(b.keys).reduce(0) { $0 + abs((a[$1] ?? 0) - (b[$1] ?? 0)) }
    // A pixel that moved is missing in one bin and one too many in another.
    return moved / 2 / Double(max(stored.analysedPixels, 1))
  }

  private static func difference(_ a: [Double?], _ b: [Double?], isDrift: Bool) -> Double {
    guard a.count == b.count else { return 1 }
    var (largest, scale): (Double, Double) = (0, 0)
    for (x, y) in zip(a, b) {
      guard let x, let y else {
        if x != nil || y != nil { return 1 }
        continue
      }
      // NaN and infinity are equal to themselves only.
      if x.bitPattern == y.bitPattern {
        scale = max(scale, x.isFinite ? abs(x) : 0)
      } else {
        guard x.isFinite, y.isFinite else { return 1 }
        largest = max(largest, abs(x - y))
        scale = max(scale, abs(x), abs(y))
      }
    }
    // Drifts are measured against a pixel, however small they are.
    if isDrift { scale = max(scale, 1) }
    return largest == 0 ? 0 : largest / scale
  }

  /// Every number of a result by its table and column.
  private static func columns(of result: ResultRecord) -> [String: [Double?]] {
    var columns: [String: [Double?]] = [:]
    func add(_ name: String, _ value: Double?) { columns[name, default: []].append(value) }
    for (name, count) in [
      ("total_pixels", result.totalPixels), ("analysed_pixels", result.analysedPixels),
      ("eligible_pixels", result.eligiblePixels), ("noise_pixels", result.noisePixels),
      ("altered_values", result.alteredValues),
      ("smallest_findable_pixels", result.smallestFindablePixels),
    ] {
      add("result.\(name)", Double(count))
    }
    add("result.depth_bin_px", result.depthBinPX)
    for value in result.values { add("result_value \(value.name)", value.number) }
    for variance in result.componentVariances { add("result_component.variance", variance) }
    add("result_component.is_used", Double(result.usedComponents))
    for radius in result.radii {
      add("result_radius.radius", radius.radius)
      add("result_radius.cluster_count", Double(radius.clusterCount))
      add("result_radius.noise_pixels", Double(radius.noisePixels))
      add("result_radius.is_used", radius.isUsed ? 1 : 0)
    }
    for frame in result.frames {
      add("result_frame.drift_dy_px", frame.driftDY)
      add("result_frame.drift_dx_px", frame.driftDX)
      add("result_frame.scale", frame.scale)
      add("result_frame.altered_pixels", Double(frame.alteredPixels))
      add("result_frame.empty_field_od", frame.emptyFieldOD)
      add("result_frame_quality.residual", frame.quality?.residual)
      for (name, count) in [
        ("saturated_pixels", frame.quality?.saturatedPixels),
        ("outlier_pixels", frame.quality?.outlierPixels),
        ("unmeasured_pixels", frame.quality?.unmeasuredPixels),
      ] {
        add("result_frame_quality.\(name)", count.map { Double($0) })
      }
    }
    for cluster in result.clusters {
      add("cluster.pixels", Double(cluster.pixels))
      add("cluster.dbscan_pixels", Double(cluster.dbscanPixels))
      add("cluster.area_um2", cluster.areaUM2)
      add("cluster_surface.pieces", cluster.surface.map { Double($0.pieces) })
      add("cluster_surface.surface_pieces", cluster.surface.map { Double($0.surfacePieces) })
      add("cluster_surface.surface_pixels", cluster.surface.map { Double($0.surfacePixels) })
      add("cluster_surface.surface_area_um2", cluster.surface?.surfaceAreaUM2)
      if let chemistry = cluster.chemistry { addChemistry(chemistry, add) }
      for estimate in cluster.estimates {
        // The error beside the value: small ones are rounding where no part differs.
        add("cluster_estimate \(estimate.quantity)", estimate.value)
        add("cluster_estimate \(estimate.quantity)", estimate.error)
      }
      for value in cluster.meanSpectrum { add("cluster_spectrum.mean_od", value) }
      for value in cluster.deviationSpectrum { add("cluster_spectrum.sd_od", value) }
      for element in cluster.elements {
        add("cluster_element.step", element.step)
        add("cluster_element.step_error", element.stepError)
        add("cluster_element.areal_g_cm2", element.arealDensity)
        add("cluster_element.areal_error_g_cm2", element.arealDensityError)
        add("cluster_element.areal_mol_cm2", element.arealMoles)
        add("cluster_element.atomic_fraction", element.atomicFraction)
        add("cluster_element.atomic_fraction_error", element.atomicFractionError)
      }
    }
    return columns
  }

  /// The numbers of a cluster's chemistry.
  private static func addChemistry(
    _ chemistry: ClusterChemistry, _ add: (String, Double?) -> Void
  ) {
    add("cluster_quality.spread", chemistry.spread)
    add("cluster_quality.width_px", chemistry.width)
    add("cluster_quality.thickness_um", chemistry.thicknessUM)
    add("cluster_quality.fit_residual_od", chemistry.fitResidual)
    for edge in chemistry.edges {
      add("cluster_edge.e0_ev", edge.e0)
      add("cluster_edge.derivative_ev", edge.derivativeEnergy)
      for bound in [edge.pre.lowerBound, edge.pre.upperBound] { add("cluster_edge.pre_ev", bound) }
      for bound in [edge.post.lowerBound, edge.post.upperBound] {
        add("cluster_edge.post_ev", bound)
      }
      add("cluster_edge.pre_energies", Double(edge.preEnergies))
      add("cluster_edge.post_energies", Double(edge.postEnergies))
      add("cluster_edge.pre_offset", edge.preOffset)
      add("cluster_edge.pre_slope", edge.preSlope)
      for (power, value) in edge.postCoefficients.enumerated() {
        add("cluster_edge.post \(power)", value)
      }
      add("cluster_edge.divisor", edge.divisor)
      add("cluster_edge.divisor_error", edge.divisorError)
      add("cluster_edge.is_normalised", edge.isNormalised ? 1 : 0)
      add("cluster_edge.white_line_ev", edge.whiteLineEnergy)
      add("cluster_edge.white_line_height", edge.whiteLineHeight)
    }
    for ratio in chemistry.ratios {
      add("cluster_ratio.ratio", ratio.ratio)
      add("cluster_ratio.ratio_error", ratio.error)
    }
    guard let fit = chemistry.fit else { return }
    add("cluster_fit.residual", fit.residual)
    add("cluster_fit.r_factor", fit.rFactor)
    for part in fit.parts {
      add("cluster_fit_part.amount", part.amount)
      add("cluster_fit_part.amount_error", part.amountError)
      add("cluster_fit_part.fraction", part.fraction)
      add("cluster_fit_part.fraction_error", part.fractionError)
    }
  }
}
