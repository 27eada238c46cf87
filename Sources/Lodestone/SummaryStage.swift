import Clustering
import PhaseCatalog
import Spectra
import StackIO

/// Label maps and optical density -> what the catalog keeps: spectra, elements, depth, counts.
struct SummaryStage {
  /// Depths are counted in bins of half a pixel.
  static let depthBinPX = 0.5

  let parameters: ParameterSet
  /// The spectra that `fit.references` may name.
  let references: [NamedReference]

  /// - Parameter absorption: the maps of ``AbsorptionRecord``, which need no clusters.
  func run(
    _ scan: Scan, _ density: OpticalDensityStage.Output, _ registered: RegistrationStage.Output,
    _ mask: MaskStage.Output, _ surface: DepthStage.Output, _ clustered: ClusteringStage.Output,
    absorption: Background<Result<[MapRecord], any Error>>
  ) throws -> ResultRecord {
    let fit = try ReferenceFit(parameters, known: references, energies: scan.energies, mask.edges)
    let chemistry = Chemistry(
      parameters: parameters, plan: mask.edges, energies: scan.energies, fit: fit)
    let histogram = depthHistogram(surface.depth, clustered)
    let found = surface.depth.map {
      pieces(
        of: clustered.labelImage, isOutside: $0.isOutside, height: scan.height, width: scan.width)
    }
    let statistics = BlockStatistics(
      scan, clustered, surface.depth,
      isAtSurface: found?.isAtSurface
        ?? [Bool](repeating: false, count: scan.height * scan.width))
    let blocks = statistics.clusterBlocks()
    let (clusters, findings) = try clusters(
      scan, registered.frames, clustered, found, statistics.blocks, chemistry
    ) { statistics.placeEstimates(of: $0, blocks, histogram) }
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
        mask: mask, clustered: clustered, clusters: clusters, findings: findings,
        smallestFindable: smallestFindable(clustered), hasDepth: !histogram.isEmpty
      ).lines,
      frames: frames(scan, density, registered),
      clusters: clusters, depthHistogram: histogram, depthBinPX: Self.depthBinPX,
      maps: try maps(scan, registered, mask, surface, clustered)
        + fitMap(fit, registered, clustered)
        + absorption.value.get(),
      radii: clustered.radii.map {
        .init(
          radius: $0.radius, clusterCount: $0.clusters, noisePixels: $0.noise, isUsed: $0.isUsed)
      },
      references: fit.map { $0.references.map(\.spectrum) } ?? [], blocks: blocks)
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
    _ scan: Scan, _ frames: FrameStore, _ clustered: ClusteringStage.Output, _ pieces: Pieces?,
    _ blocks: SpatialBlocks, _ chemistry: Chemistry,
    placeEstimates: (_ label: Int) -> [ClusterEstimate]
  ) throws -> (clusters: [ClusterRecord], findings: [Chemistry.Findings]) {
    let members = LabelledPixels(clustered, blocks)
    var pixels = [Int](repeating: 0, count: clustered.clusterCount)
    for label in clustered.labels where label >= 0 { pixels[Int(label)] += 1 }
    let spectra = try mapInParallel(frames.count) { (frame) throws(ScratchFailure) in
      try frames.withPixels(of: frame) { values in
        members.groups.map { statistics(values, $0) }
      }
    }
    let surfaces = surfaces(scan, clustered, pieces)
    let widths = widths(clustered)
    let counts = members.groups.map { $0.map(\.count) }
    let spreads = mapInParallel(members.points.count) {
      spread(of: members.points[$0], clustered.features)
    }
    let found = members.groups.indices.map { label in
      chemistry.findings(
        spectra.map { $0[label].mean }, spread: spreads[label], width: widths[label])
    }
    // Each cluster once more without one block after the other.
    let withoutOne = mapInParallel(found.count * blocks.count) { number -> Chemistry.Findings? in
      let (label, block) = (number / blocks.count, number % blocks.count)
      let all = counts[label].reduce(0, +)
      let rest = all - counts[label][block]
      if rest == 0 { return nil }
      if rest == all { return found[label] }
      let od = spectra.map { frame in
        (frame[label].mean * Double(all) - frame[label].sums[block]) / Double(rest)
      }
      return chemistry.findings(od, spread: 0, width: 0)
    }
    let clusters = found.indices.map { label in
      ClusterRecord(
        label: label, pixels: pixels[label], dbscanPixels: members.points[label].count,
        areaUM2: area(of: pixels[label], scan), meanSpectrum: spectra.map { $0[label].mean },
        deviationSpectrum: spectra.map { $0[label].deviation }, elements: found[label].elements,
        surface: surfaces?[label], chemistry: found[label].chemistry,
        estimates: placeEstimates(label)
          + BlockStatistics.spectrumEstimates(
            found[label],
            withoutOne: Array(
              withoutOne[label * blocks.count..<(label + 1) * blocks.count]),
            energies: scan.energies))
    }
    return (clusters, found)
  }

  /// Each cluster's mean width, px: that of a strip of its area and perimeter. The perimeter is that of its pixels'
  /// sides, which is 4/pi too long on average over all directions.
  private func widths(_ clustered: ClusteringStage.Output) -> [Double] {
    let grid = clustered.grid
    var sides = [Int](repeating: 0, count: clustered.clusterCount)
    var sizes = sides
    let labels = clustered.labelImage
    for y in 0..<grid.height {
      for x in 0..<grid.width {
        let label = labels[y * grid.width + x]
        guard label >= 0 else { continue }
        sizes[Int(label)] += 1
        for (v, u) in [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)] {
          let isInside = v >= 0 && v < grid.height && u >= 0 && u < grid.width
          if !isInside || labels[v * grid.width + u] != label { sides[Int(label)] += 1 }
        }
      }
    }
    return zip(sizes, sides).map { 2 * Double($0) / max(0.25 * Double.pi * Double($1), 1) }
  }

  /// um2; nil where the pixel size is not known.
  private func area(of pixels: Int, _ scan: Scan) -> Double? {
    scan.pixelSize.map { $0.value.areaUM2 * Double(pixels) }
  }

  /// What of each cluster touches the surface.
  private func surfaces(
    _ scan: Scan, _ clustered: ClusteringStage.Output, _ pieces: Pieces?
  ) -> [ClusterRecord.Surface]? {
    guard var found = pieces?.ofLabel else { return nil }
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

  /// The mean and the standard deviation (n - 1) of the optical density over the pixels of some blocks, and each block's
  /// sum.
  private func statistics(
    _ values: UnsafeBufferPointer<Float>, _ blocks: [[Int32]]
  ) -> (mean: Double, deviation: Double, sums: [Double]) {
    let count = Double(blocks.reduce(0) { $0 + $1.count })
    guard let first = blocks.joined().first else { return (.nan, 0, blocks.map { _ in 0 }) }
    // About one of the values: what is squared is no larger than the values differ.
    let origin = values[Int(first)]
    let sums = blocks.map { sumsOfDifferences(values, at: $0, from: origin) }
    let difference = sums.reduce(0) { $0 + $1.sum }
    let squares = sums.reduce(0) { $0 + $1.squares } - difference * difference / count
    return (
      Double(origin) + difference / count, (max(squares, 0) / max(count - 1, 1)).squareRoot(),
      zip(sums, blocks).map { $0.sum + Double($1.count) * Double(origin) }
    )
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

  /// The map of the fit with reference spectra, where there is one: a page a reference, and what they leave.
  private func fitMap(
    _ fit: ReferenceFit?, _ registered: RegistrationStage.Output,
    _ clustered: ClusteringStage.Output
  ) throws -> [MapRecord] {
    guard let maps = try fit?.maps(registered.frames) else { return [] }
    let (height, width) = (clustered.grid.height, clustered.grid.width)
    let pages = (maps.amounts + [maps.residual]).map { image in
      var values = [Float](repeating: .nan, count: height * width)
      for pixel in clustered.grid.pixels { values[Int(pixel)] = rounded(image.pixels[Int(pixel)]) }
      return values
    }
    return [
      MapRecord(
        kind: "fit", height: height, width: width, samples: .float32(pages.flatMap(\.self)),
        tiff: try TIFFWriter.encode(
          pages.map { .init(height: height, width: width, samples: .float32($0)) }))
    ]
  }

  /// A value to 12 bits of its mantissa, far below what a pixel's noise leaves of it: it compresses to half the size.
  private func rounded(_ value: Float) -> Float {
    Float(bitPattern: (value.bitPattern &+ 0x400) & ~0x7FF)
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
      .init(name: "normalise.unusable", number: Double(clustered.unusablePixels), unit: "px"),
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

/// The points that DBSCAN labelled, cluster by cluster.
private struct LabelledPixels {
  /// The points of each cluster.
  let points: [[Int]]
  /// The pixels of each cluster, block by block.
  let groups: [[[Int32]]]

  init(_ clustered: ClusteringStage.Output, _ blocks: SpatialBlocks) {
    var points = [[Int]](repeating: [], count: clustered.clusterCount)
    for (point, label) in clustered.dbscanLabels.enumerated() where label >= 0 {
      points[Int(label)].append(point)
    }
    let found = points
    self.points = found
    groups = mapInParallel(found.count) { label in
      var groups = [[Int32]](repeating: [], count: blocks.count)
      for point in found[label] {
        groups[Int(blocks.numbers[point])].append(clustered.grid.pixels[point])
      }
      return groups
    }
  }
}
