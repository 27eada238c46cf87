import PhaseCatalog
import Spectra

/// A value and its standard error; nil where that is not known.
struct Measured {
  let value: Double
  let error: Double?
}

/// What one scan tells of a phase: values with the errors that its parts leave.
struct ScanShares {
  let run: Catalog.ComparedRun
  let result: Catalog.ComparedResult
  /// Of all clusters and noise.
  private let all: Zone

  init(run: Catalog.ComparedRun, result: Catalog.ComparedResult) {
    self.run = run
    self.result = result
    all = Zone(result.clusters.map(\.zone) + [result.noise])
  }

  func address(_ cluster: Catalog.ComparedCluster) -> String { "\(run.run):\(cluster.label)" }

  // MARK: Shares

  /// Several zones together.
  private struct Zone {
    var surface = 0.0
    var bulk = 0.0
    var rim = 0
    /// Of each block.
    var surfaceBlocks: [Double]
    var bulkBlocks: [Double]

    init(_ zones: [Catalog.ComparedZone], blocks count: Int? = nil) {
      let count = count ?? zones.map(\.blocks.count).max() ?? 0
      surfaceBlocks = [Double](repeating: 0, count: count)
      bulkBlocks = surfaceBlocks
      for zone in zones {
        surface += Double(zone.surfacePixels)
        bulk += Double(zone.pixels - zone.surfacePixels)
        rim += zone.rimPixels
        for (block, part) in zone.blocks.enumerated() {
          surfaceBlocks[block] += part.surface
          bulkBlocks[block] += part.pixels - part.surface
        }
      }
    }
  }

  /// What zones have of all that lies near the surface; nil where nothing does.
  func surfaceShare(_ zones: [Catalog.ComparedZone]) -> Measured? {
    let own = Zone(zones, blocks: all.surfaceBlocks.count)
    return Self.share(own.surface, all.surface, own.surfaceBlocks, all.surfaceBlocks)
  }

  /// The same of what lies deeper.
  func bulkShare(_ zones: [Catalog.ComparedZone]) -> Measured? {
    let own = Zone(zones, blocks: all.bulkBlocks.count)
    return Self.share(own.bulk, all.bulk, own.bulkBlocks, all.bulkBlocks)
  }

  /// The one over the other; nil where there is none of it in the bulk.
  func enrichment(_ zones: [Catalog.ComparedZone]) -> Measured? {
    let own = Zone(zones, blocks: all.surfaceBlocks.count)
    guard all.surface > 0, own.bulk > 0 else { return nil }
    let surface = Self.sharesWithoutOne(own.surfaceBlocks, all.surfaceBlocks)
    let bulk = Self.sharesWithoutOne(own.bulkBlocks, all.bulkBlocks)
    let withoutOne = zip(surface, bulk).map { surface, bulk -> Double? in
      guard let surface, let bulk, bulk > 0 else { return nil }
      return surface / bulk
    }
    return Measured(
      value: own.surface / all.surface / (own.bulk / all.bulk), error: jackknifeError(withoutOne))
  }

  private static func share(
    _ own: Double, _ all: Double, _ ownBlocks: [Double], _ allBlocks: [Double]
  ) -> Measured? {
    guard all > 0 else { return nil }
    return Measured(
      value: own / all, error: jackknifeError(sharesWithoutOne(ownBlocks, allBlocks)))
  }

  /// Shares without one block after the other; nil where nothing is left.
  private static func sharesWithoutOne(_ own: [Double], _ all: [Double]) -> [Double?] {
    let (ownSum, allSum) = (own.reduce(0, +), all.reduce(0, +))
    return zip(own, all).map { own, all in
      // What rounding leaves of nothing is nothing.
      allSum - all > 1e-9 * allSum ? max(0, ownSum - own) / (allSum - all) : nil
    }
  }

  // MARK: The layer

  /// The mean thickness of the layer that clusters make along the surface, um.
  ///
  /// What makes less than half of the outermost pixel, or more than half of the sample, is no layer: the shell of its
  /// area would be a number without meaning.
  ///
  /// - Throws: ``CatalogError``.
  func layerThicknessUM(
    _ clusters: [Catalog.ComparedCluster], _ catalog: Catalog
  ) throws -> Measured? {
    let own = clusters.reduce(0) { $0 + $1.zone.rimPixels }
    let area = clusters.reduce(0) { $0 + ($1.surfacePiecePixels ?? 0) }
    guard 2 * own >= all.rim, 2 * Double(area) <= all.surface + all.bulk, area > 0,
      let size = run.pixelSizeUM
    else { return nil }
    let known = clusters.compactMap { $0.estimates["layer_thickness_px"] }
    if clusters.count == 1, let layer = known.first {
      return Measured(value: layer.value * size, error: layer.error.map { $0 * size })
    }
    let shell = try catalog.depthShell(run).map { bin, pixels in
      (
        from: Double(bin) * run.depthBinPX, to: Double(bin + 1) * run.depthBinPX,
        area: Double(pixels)
      )
    }
    guard let thickness = shellThickness(ofArea: Double(area), in: shell) else { return nil }
    let errors = known.compactMap(\.error)
    let squares = errors.reduce(0) { $0 + $1 * $1 }
    return Measured(
      value: thickness * size, error: errors.isEmpty ? nil : squares.squareRoot() * size)
  }

  // MARK: What it is made of

  /// Nd / (Nd + Fe) by atoms, over the pixels of clusters.
  static func ndFraction(_ clusters: [Catalog.ComparedCluster]) -> Measured? {
    func error(_ cluster: Catalog.ComparedCluster) -> Double? {
      let block = cluster.estimates["Nd.atomic_fraction"]?.error
      let parts = [cluster.ndFractionError, block].compactMap(\.self)
      return parts.isEmpty ? nil : parts.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    if clusters.count == 1 {
      return clusters[0].ndFraction.map { Measured(value: $0, error: error(clusters[0])) }
    }
    // Atoms of both, by which fractions are averaged.
    let parts = clusters.compactMap { cluster -> (Double, Measured)? in
      guard let nd = cluster.ndMolCM2, let fe = cluster.feMolCM2, let own = cluster.ndFraction
      else { return nil }
      let atoms = Double(cluster.zone.pixels) * (max(nd, 0) + max(fe, 0))
      return (atoms, Measured(value: own, error: error(cluster)))
    }
    return mean(parts)
  }

  /// The mean of an estimate over clusters, by the pixels that DBSCAN labelled.
  static func mean(of quantity: String, _ clusters: [Catalog.ComparedCluster]) -> Measured? {
    mean(
      clusters.compactMap { cluster in
        cluster.estimates[quantity].map {
          (Double(cluster.dbscanPixels), Measured(value: $0.value, error: $0.error))
        }
      })
  }

  private static func mean(_ parts: [(weight: Double, own: Measured)]) -> Measured? {
    let total = parts.reduce(0) { $0 + $1.weight }
    guard total > 0 else { return nil }
    let squares = parts.map { part in
      part.own.error.map { (part.weight / total * $0) * (part.weight / total * $0) }
    }
    let known = squares.compactMap(\.self)
    return Measured(
      value: parts.reduce(0) { $0 + $1.weight / total * $1.own.value },
      error: known.isEmpty ? nil : known.reduce(0, +).squareRoot())
  }

  /// The mean spectrum of a phase over scans, each scan's by the pixels that DBSCAN labelled; at the first scan's
  /// energies that all have. nil where these are none.
  static func meanSpectrum(
    _ scans: [(scan: ScanShares, clusters: [Catalog.ComparedCluster])]
  ) -> Spectrum? {
    let spectra = scans.compactMap { scan, clusters -> Spectrum? in
      let energies = scan.result.energies
      let pixels = clusters.reduce(0) { $0 + $1.dbscanPixels }
      guard pixels > 0, clusters.allSatisfy({ $0.spectrum.count == energies.count }) else {
        return nil
      }
      var values = [Double](repeating: 0, count: energies.count)
      for cluster in clusters {
        let weight = Double(cluster.dbscanPixels) / Double(pixels)
        for place in values.indices { values[place] += weight * cluster.spectrum[place] }
      }
      return Spectrum(energies: energies, values: values)
    }
    guard let first = spectra.first,
      let low = spectra.compactMap(\.energies.first).max(),
      let high = spectra.compactMap(\.energies.last).min()
    else { return nil }
    let energies = first.energies.filter { $0 >= low && $0 <= high }
    guard !energies.isEmpty else { return nil }
    let values = energies.map { energy in
      spectra.reduce(0) { $0 + $1.value(at: energy) } / Double(spectra.count)
    }
    return Spectrum(energies: energies, values: values)
  }
}
