import Clustering
import PhaseCatalog
import Spectra
import StackIO

/// Label maps and optical density -> what the catalog keeps: spectra, elements, depth, counts.
struct SummaryStage {
  /// Depths are counted in bins of half a pixel.
  static let depthBinPX = 0.5

  let parameters: ParameterSet

  func run(
    _ scan: Scan, _ density: OpticalDensityStage.Output, _ registered: RegistrationStage.Output,
    _ mask: MaskStage.Output, _ surface: DepthStage.Output, _ clustered: ClusteringStage.Output
  ) throws -> ResultRecord {
    let clusters = try clusters(scan, registered.frames, clustered, surface.depth)
    let histogram = depthHistogram(surface.depth, clustered)
    return ResultRecord(
      totalPixels: scan.height * scan.width, analysedPixels: clustered.grid.pixels.count,
      eligiblePixels: clustered.eligibleCount,
      noisePixels: clustered.labels.count(where: { $0 < 0 }),
      alteredValues: density.altered.reduce(0) { $0 + $1.pixels.count },
      smallestFindablePixels: smallestFindable(clustered),
      values: values(density, registered, mask, clustered),
      componentVariances: clustered.features.variances,
      usedComponents: clustered.features.dimensions,
      warnings: ResultWarnings(
        parameters: parameters, scan: scan, density: density, registered: registered,
        clustered: clustered, clusters: clusters, hasDepth: !histogram.isEmpty
      ).lines,
      frames: frames(scan, density, registered),
      clusters: clusters, depthHistogram: histogram, depthBinPX: Self.depthBinPX,
      maps: try maps(scan, registered, mask, surface, clustered))
  }

  private func frames(
    _ scan: Scan, _ density: OpticalDensityStage.Output, _ registered: RegistrationStage.Output
  ) -> [ResultRecord.FrameRow] {
    scan.energies.indices.map { index in
      let (placement, altered) = (registered.placements[index], density.altered[index])
      return ResultRecord.FrameRow(
        energyEV: scan.energies[index], driftDY: placement.drift.dy, driftDX: placement.drift.dx,
        scale: placement.scale, alteredPixels: altered.pixels.count,
        emptyFieldOD: density.emptyFieldLevels.isEmpty
          ? nil : Double(density.emptyFieldLevels[index]),
        quality: .init(
          residual: registered.residuals.isEmpty ? nil : registered.residuals[index],
          saturatedPixels: altered.saturated, outlierPixels: altered.outliers,
          unmeasuredPixels: altered.unmeasured))
    }
  }

  private func smallestFindable(_ clustered: ClusteringStage.Output) -> Int {
    let least = parameters.fixed("cluster.minimum_share") * Double(clustered.grid.pixels.count)
    return max(clustered.minimumPoints, Int(least.rounded(.up)))
  }

  // MARK: Clusters

  private func clusters(
    _ scan: Scan, _ frames: FrameStore, _ clustered: ClusteringStage.Output, _ depth: Depth?
  ) throws -> [ClusterRecord] {
    var members = [[Int]](repeating: [], count: clustered.clusterCount)
    for (point, label) in clustered.dbscanLabels.enumerated() where label >= 0 {
      members[Int(label)].append(Int(clustered.grid.pixels[point]))
    }
    var pixels = [Int](repeating: 0, count: clustered.clusterCount)
    for label in clustered.labels where label >= 0 { pixels[Int(label)] += 1 }
    let windows = parameters.edgeWindows
    let elements = try parameters.elements()
    let groups = members
    let spectra = try mapInParallel(frames.count) { (frame) throws(ScratchFailure) in
      let image = try frames.image(frame)
      return groups.map { statistics(image, $0) }
    }
    let surfaces = surfaces(scan, clustered, depth)
    return members.indices.map { label in
      let mean = spectra.map { $0[label].mean }
      return ClusterRecord(
        label: label, pixels: pixels[label], dbscanPixels: members[label].count,
        areaUM2: area(of: pixels[label], scan),
        meanSpectrum: mean, deviationSpectrum: spectra.map { $0[label].deviation },
        elements: elementRows(mean, scan.energies, windows, elements), surface: surfaces?[label])
    }
  }

  /// um2; nil where the pixel size is not known.
  private func area(of pixels: Int, _ scan: Scan) -> Double? {
    scan.pixelSize.map { $0.value.areaUM2 * Double(pixels) }
  }

  /// What of each cluster touches the surface.
  private func surfaces(
    _ scan: Scan, _ clustered: ClusteringStage.Output, _ depth: Depth?
  ) -> [ClusterRecord.Surface]? {
    guard let depth else { return nil }
    let (height, width) = (clustered.grid.height, clustered.grid.width)
    var labels = [Int32](repeating: -1, count: height * width)
    for (pixel, label) in zip(clustered.grid.pixels, clustered.labels) {
      labels[Int(pixel)] = label
    }
    var found = pieces(of: labels, isOutside: depth.isOutside, height: height, width: width)
    // A cluster may have lost all its pixels.
    while found.count < clustered.clusterCount { found.append([]) }
    return found.map { pieces in
      let atSurface = pieces.filter(\.isAtSurface)
      let pixels = atSurface.reduce(0) { $0 + $1.pixels }
      return .init(
        pieces: pieces.count, surfacePieces: atSurface.count, surfacePixels: pixels,
        surfaceAreaUM2: area(of: pixels, scan))
    }
  }

  /// The mean and the standard deviation (n - 1) of the optical density over some pixels.
  private func statistics(_ image: Image, _ pixels: [Int]) -> (mean: Double, deviation: Double) {
    let count = Double(pixels.count)
    return image.pixels.withUnsafeBufferPointer { values in
      let mean = pixels.reduce(0.0) { $0 + Double(values[$1]) } / count
      let squares = pixels.reduce(0.0) { sum, pixel in
        let difference = Double(values[pixel]) - mean
        return sum + difference * difference
      }
      return (mean, (squares / max(count - 1, 1)).squareRoot())
    }
  }

  private func elementRows(
    _ od: [Double], _ energies: [Double], _ windows: EdgeWindows, _ elements: [Element]
  ) -> [ClusterRecord.Element] {
    guard let fit = windows.elementFit(of: od, energies: energies, elements: elements) else {
      return []
    }
    let edges = windows.measuredEdges(of: elements, energies: energies)
    return fit.amounts.compactMap { amount in
      guard let edge = edges.first(where: { $0.element == amount.element }),
        let step = windows.step(of: od, energies: energies, at: edge)
      else { return nil }
      return ClusterRecord.Element(
        symbol: amount.element.symbol, edge: edge.shell.rawValue, edgeEV: edge.energyEV,
        step: step.step, stepError: step.standardError, arealDensity: amount.arealDensity,
        arealDensityError: amount.arealDensityError,
        arealMoles: amount.arealDensity / amount.element.atomicWeight,
        atomicFraction: amount.atomicFraction, atomicFractionError: amount.atomicFractionError,
        method: fit.method.rawValue)
    }
  }

  // MARK: Depth and maps

  private func depthHistogram(
    _ depth: Depth?, _ clustered: ClusteringStage.Output
  ) -> [Int: [Int: Int]] {
    guard let depth else { return [:] }
    var histogram: [Int: [Int: Int]] = [:]
    for (pixel, label) in zip(clustered.grid.pixels, clustered.labels) {
      let bin = Int(depth.values[Int(pixel)] / Self.depthBinPX)
      histogram[Int(max(label, -1)), default: [:]][bin, default: 0] += 1
    }
    return histogram
  }

  private func maps(
    _ scan: Scan, _ registered: RegistrationStage.Output, _ mask: MaskStage.Output,
    _ surface: DepthStage.Output, _ clustered: ClusteringStage.Output
  ) throws -> [MapRecord] {
    let labels = [("label", clustered.labels), ("dbscan", clustered.dbscanLabels)]
      .map { kind, labels in
        var map = [Int16](repeating: -2, count: scan.height * scan.width)
        for (pixel, label) in zip(clustered.grid.pixels, labels) { map[Int(pixel)] = Int16(label) }
        return (kind, map)
      }
    let sample = mask.isSample.indices.map { pixel -> Int16 in
      guard registered.isInside[pixel], !registered.isLost[pixel] else { return -2 }
      return mask.isSample[pixel] ? 1 : surface.isOpen[pixel] ? 0 : 2
    }
    return try (labels + [("mask", sample)]).map { kind, map in
      let page = TIFFWriter.Page(height: scan.height, width: scan.width, samples: .int16(map))
      return MapRecord(
        kind: kind, height: scan.height, width: scan.width, samples: .int16(map),
        tiff: try TIFFWriter.encode([page]))
    }
  }

  // MARK: Numbers

  private func values(
    _ density: OpticalDensityStage.Output, _ registered: RegistrationStage.Output,
    _ mask: MaskStage.Output, _ clustered: ClusteringStage.Output
  ) -> [ResultRecord.Value] {
    var values = [
      ResultRecord.Value(name: "dbscan.radius", number: clustered.radius, unit: "noise units"),
      .init(name: "dbscan.minimum_points", number: Double(clustered.minimumPoints), unit: "points"),
      .init(
        name: "dbscan.clusters", number: Double(clustered.clustersBeforeDrop), unit: "clusters"),
      .init(
        name: "pca.components", number: Double(clustered.features.dimensions), unit: "features"),
      .init(
        name: "features.noise_unit", number: clustered.features.noiseUnit, unit: "of the mean OD"),
      .init(
        name: "features.gradient_threshold", number: clustered.gradientThreshold,
        unit: "noise units/px"),
      .init(
        name: "flood.rejected", number: Double(clustered.labels.count { $0 == -1 }), unit: "px"),
      .init(
        name: "minority.clusters", number: Double(clustered.minorityClusters), unit: "clusters"),
      .init(
        name: "register.measured",
        number: Double(registered.isMeasured.count(where: { $0 })), unit: "px"),
      .init(name: "mask.by_step", number: Double(mask.stepPixels), unit: "px"),
      .init(name: "register.cropped", number: Double(registered.croppedPixels), unit: "px"),
      .init(
        name: "correct.empty_field", number: Double(density.emptyFieldPixels), unit: "px"),
    ]
    if let error = registered.chainError {
      values.append(.init(name: "register.chain_error", number: error, unit: "px"))
    }
    if let scale = registered.scale {
      values.append(
        .init(
          name: "register.scale_change", number: (scale.scales.last ?? 1) - 1, unit: "of the size"))
      values.append(
        .init(name: "register.scale_deviation", number: scale.deviation, unit: "of the size"))
    }
    if let worst = registered.residuals.max() {
      values.append(
        .init(name: "register.largest_residual", number: worst, unit: "of a frame's variance"))
    }
    if let saturation = density.saturation {
      values.append(.init(name: "correct.saturation", number: Double(saturation), unit: "counts"))
    }
    if let least = density.minimumReference {
      values.append(.init(name: "correct.minimum_reference", number: Double(least), unit: "counts"))
    }
    return values
  }
}
