import Foundation
import Lodestone
import PhaseCatalog
import TestSupport
import Testing

/// Comparisons of samples, on records made by hand whose numbers can be computed by hand.
///
/// Pixels are of 0.1 um and bins of depth of half a pixel. What is near the surface lies in bin 1, 0.05 to 0.1 um deep,
/// what is not in bin 8, from 0.4 um on. Each scan has four blocks.
@Suite struct ComparisonTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
  }

  // MARK: Records

  private static let energies = (0..<10).map { 7100 + 4 * Double($0) }

  /// A cluster, or noise (-1): its pixels by block.
  private struct Part {
    var label: Int
    var surface: [Int]
    var bulk: [Int]
    /// Atoms, mol/cm2, and the error of the Nd fraction.
    var nd = 1e-6
    var fe = 9e-6
    var error = 0.01
    var dbscanPixels = 4
    /// Those in pieces that touch the surface.
    var surfacePiecePixels = 0
    var estimates: [ClusterEstimate] = []
    var whiteLine: Double?
    var spectrum = ComparisonTests.energies.map { $0 < 7112 ? 0.1 : 1 }

    var pixels: Int { (surface + bulk).reduce(0, +) }

    var blocks: [ClusterBlock] {
      surface.indices.compactMap { block in
        let depth = [1: surface[block], ClusterBlock.wideBin(8): bulk[block]].filter { $1 > 0 }
        let pixels = surface[block] + bulk[block]
        guard pixels > 0 else { return nil }
        return ClusterBlock(
          label: label, block: block, pixels: pixels, surfacePixels: 0, depth: depth)
      }
    }

    var cluster: ClusterRecord {
      func element(_ symbol: String, _ moles: Double) -> ClusterRecord.Element {
        .init(
          symbol: symbol, edge: "K", edgeEV: symbol == "Nd" ? 6208 : 7112, step: 0.1,
          stepError: 0.01, arealDensity: 1e-3, arealDensityError: 1e-5, arealMoles: moles,
          atomicFraction: moles / (nd + fe), atomicFractionError: error,
          method: "attenuation_fit")
      }
      let edge = ClusterChemistry.Edge(
        symbol: "Fe", edge: "K", e0: 7112, derivativeEnergy: 7112, convention: "textbook",
        pre: 7100...7105, post: 7120...7130, preEnergies: 3, postEnergies: 4, preOffset: 0.5,
        preSlope: -1e-3, postCoefficients: [0.5, 1e-4], divisor: 0.25, divisorError: 0.01,
        isNormalised: true, whiteLineEnergy: whiteLine,
        whiteLineHeight: whiteLine.map { _ in 1.5 })
      return ClusterRecord(
        label: label, pixels: pixels, dbscanPixels: dbscanPixels, areaUM2: 0.01 * Double(pixels),
        meanSpectrum: spectrum, deviationSpectrum: spectrum.map { _ in 0 },
        elements: [element("Nd", nd), element("Fe", fe)],
        surface: .init(
          pieces: 2, surfacePieces: surfacePiecePixels > 0 ? 1 : 0,
          surfacePixels: surfacePiecePixels, surfaceAreaUM2: 0.01 * Double(surfacePiecePixels)),
        chemistry: ClusterChemistry(
          spread: 0.5, width: 2, thicknessUM: 3, fitResidual: 0.01, edges: [edge], ratios: [],
          fit: nil), estimates: estimates)
    }
  }

  private func scan(
    _ seed: Int, geometry: String = "section", pixelSizeUM: Double? = 0.1
  ) -> ScanRecord {
    ScanRecord(
      height: 2, width: 3, signal: "od", reference: "not-needed", pixelSizeUM: pixelSizeUM,
      geometry: geometry,
      frames: Self.energies.map { energy in
        .init(
          kind: .sample, energyEV: energy, exposureS: 0.5,
          digest: ContentDigest(domain: "\(seed) \(energy)").finish())
      })
  }

  private func result(_ parts: [Part], withBlocks: Bool) -> ResultRecord {
    var histogram: [Int: [Int: Int]] = [:]
    for part in parts {
      histogram[part.label] = [1: part.surface.reduce(0, +), 8: part.bulk.reduce(0, +)]
        .filter { $1 > 0 }
    }
    let pixels = parts.reduce(0) { $0 + $1.pixels }
    var clusters = parts.filter { $0.label >= 0 }.map(\.cluster)
    if !withBlocks { for place in clusters.indices { clusters[place].estimates = [] } }
    let map = [Int16](repeating: 0, count: 6)
    return ResultRecord(
      totalPixels: pixels, analysedPixels: pixels, eligiblePixels: pixels, noisePixels: 0,
      alteredValues: 0, smallestFindablePixels: 1, values: [], componentVariances: [1],
      usedComponents: 1, warnings: [],
      frames: Self.energies.map {
        .init(
          energyEV: $0, driftDY: 0, driftDX: 0, scale: 1, alteredPixels: 0, emptyFieldOD: nil)
      },
      clusters: clusters, depthHistogram: histogram, depthBinPX: 0.5,
      maps: ["dbscan", "label"].map {
        MapRecord(kind: $0, height: 2, width: 3, samples: .int16(map), tiff: [0])
      }, blocks: withBlocks ? parts.sorted { $0.label < $1.label }.flatMap(\.blocks) : [])
  }

  /// Stores a scan of a sample: the run's id.
  @discardableResult
  private func store(
    _ seed: Int, _ sample: String, _ parts: [Part], withBlocks: Bool = true, radius: Double = 1,
    pipeline: Int = 1, geometry: String = "section", pixelSizeUM: Double? = 0.1
  ) throws -> String {
    let scan = scan(seed, geometry: geometry, pixelSizeUM: pixelSizeUM)
    let run = RunRecord(
      scanID: scan.id,
      parameters: [
        ParameterRecord(
          name: "dbscan.radius", value: .number(radius), type: "number", unit: "noise units",
          isDefault: radius == 1)
      ], stages: ["cluster": pipeline])
    try catalog.store(
      scan: scan, sample: sample, sighting: nil, run: run,
      answer: .result(result(parts, withBlocks: withBlocks)),
      execution: ExecutionRecord(
        purpose: .ingest, environment: ["lodestone": "test"],
        startedAt: "2026-01-01T00:00:00.000Z", finishedAt: "2026-01-01T00:00:00.500Z",
        host: "here", command: "test", stages: [.init(name: "read", seconds: 1)]))
    // Runs stand in the order of their times.
    usleep(2000)
    return run.id
  }

  /// Of 24 pixels near the surface 14 are rich in Nd, of 40 others 6.
  private static let uneven = [
    Part(label: 0, surface: [1, 2, 1, 2], bulk: [8, 8, 8, 8]),
    Part(
      label: 1, surface: [4, 3, 4, 3], bulk: [1, 2, 1, 2], nd: 7e-6, fe: 3e-6,
      surfacePiecePixels: 12,
      estimates: [
        .init(quantity: "layer_thickness_px", value: 0.75, error: 0.2),
        .init(quantity: "Nd.atomic_fraction", value: 0.7, error: 0.02),
        .init(quantity: "Fe-K.derivative_ev", value: 7112, error: 0.3),
      ]), Part(label: -1, surface: [1, 1, 1, 1], bulk: [1, 0, 1, 0]),
  ]

  /// 12 and 16, the same in all blocks.
  private static let even = [
    Part(label: 0, surface: [2, 2, 2, 2], bulk: [6, 6, 6, 6]),
    Part(
      label: 1, surface: [3, 3, 3, 3], bulk: [4, 4, 4, 4], nd: 8e-6, fe: 2e-6, error: 0.03,
      surfacePiecePixels: 18,
      estimates: [
        .init(quantity: "layer_thickness_px", value: 0.875, error: 0.1),
        .init(quantity: "Nd.atomic_fraction", value: 0.8, error: 0.04),
        .init(quantity: "Fe-K.derivative_ev", value: 7114, error: 0.4),
      ]), Part(label: -1, surface: [1, 1, 1, 1], bulk: [0, 0, 0, 0]),
  ]

  /// Two clusters that are rich in Nd: 8 and 4 of 20, 4 and 12 of 40.
  private static let pooled = [
    Part(label: 0, surface: [2, 2, 2, 2], bulk: [6, 6, 6, 6]),
    Part(
      label: 1, surface: [2, 2, 2, 2], bulk: [1, 1, 1, 1], nd: 3e-6, fe: 1e-6,
      surfacePiecePixels: 10,
      estimates: [
        .init(quantity: "layer_thickness_px", value: 0.75, error: 0.3),
        .init(quantity: "Fe-K.derivative_ev", value: 7112, error: 0.5),
        .init(quantity: "Fe-K.white_line_ev", value: 7125, error: 0.4),
      ], whiteLine: 7125),
    Part(
      label: 2, surface: [1, 1, 1, 1], bulk: [3, 3, 3, 3], nd: 1e-6, fe: 1e-6, error: 0.02,
      dbscanPixels: 12, surfacePiecePixels: 4,
      estimates: [
        .init(quantity: "layer_thickness_px", value: 0.6, error: nil),
        .init(quantity: "Fe-K.derivative_ev", value: 7116, error: nil),
      ], spectrum: energies.map { $0 < 7120 ? 0.2 : 0.9 }),
  ]

  private func definePhases() throws {
    try catalog.define(
      phase: "rich",
      as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: 0.45, high: nil)]))
    try catalog.define(
      phase: "matrix",
      as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: nil, high: 0.3)]))
  }

  private func compare(
    _ subjects: [String] = [], depth: Double = 0.1, phases: [String] = [],
    parameters: String? = nil
  ) throws -> SampleComparison {
    try SampleComparison(
      catalog, subjects: subjects, surfaceDepthUM: depth, phases: phases, parameters: parameters)
  }

  private func phase(
    _ name: String, of sample: Int = 0, in comparison: SampleComparison
  ) throws -> SampleComparison.Phase {
    try #require(comparison.samples[sample].phases.first { $0.name == name })
  }

  private func expect(
    _ estimate: SampleComparison.Estimate?, _ median: Double, _ low: Double, _ high: Double,
    _ uncertainty: Double?, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let found = try #require(estimate, sourceLocation: location)
    for (own, expected) in [(found.median, median), (found.low, low), (found.high, high)] {
      #expect(abs(own - expected) < 1e-9, sourceLocation: location)
    }
    guard let uncertainty else {
      #expect(found.uncertainty == nil, sourceLocation: location)
      return
    }
    let error = try #require(found.uncertainty, sourceLocation: location)
    #expect(abs(error - uncertainty) < 1e-9, sourceLocation: location)
  }

  // MARK: One scan

  /// Blocks of equal size: the errors are those of the means of the blocks' own shares.
  @Test func sharesOfOneScan() throws {
    let run = try store(1, "M1", Self.uneven)
    try definePhases()
    let comparison = try compare()
    #expect(comparison.surfaceDepthUM == 0.1 && comparison.geometry == "section")
    #expect(comparison.remarks.isEmpty && comparison.distances.isEmpty)
    #expect(comparison.samples.map(\.name) == ["M1"])
    #expect(comparison.samples[0].runs == [run])
    #expect(comparison.samples[0].phases.map(\.name) == ["matrix", "rich"])
    let rich = try phase("rich", in: comparison)
    #expect(rich.scans == 1 && rich.clusters == ["\(run):1"])
    // 4, 3, 4 and 3 of 6 in each block; 1, 2, 1 and 2 of 10.
    try expect(
      rich.shares.surface, 14.0 / 24, 14.0 / 24, 14.0 / 24, (1.0 / 12) / 3.0.squareRoot())
    try expect(rich.shares.bulk, 0.15, 0.15, 0.15, 0.05 / 3.0.squareRoot())
    // Without the first or third block 10/18 over 5/30, without the others 11/18 over 4/30: 0.625 from their mean.
    let enrichment = 14.0 / 24 / 0.15
    try expect(
      rich.shares.enrichment, enrichment, enrichment, enrichment, 0.625 * 3.0.squareRoot())
    let matrix = try phase("matrix", in: comparison)
    try expect(matrix.shares.surface, 0.25, 0.25, 0.25, (1.0 / 12) / 3.0.squareRoot())
    try expect(matrix.shares.bulk, 0.8, 0.8, 0.8, 0)
    let noise = comparison.samples[0].noise
    try expect(noise.surface, 1.0 / 6, 1.0 / 6, 1.0 / 6, 0)
    try expect(noise.bulk, 0.05, 0.05, 0.05, 0.05 / 3.0.squareRoot())
    try expect(comparison.samples[0].ambiguous.surface, 0, 0, 0, 0)
    try expect(comparison.samples[0].unassigned.bulk, 0, 0, 0, 0)
    #expect(comparison.samples[0].unassigned.enrichment == nil)
  }

  /// The layer of one cluster, and what it is made of, are as they are stored; what hardly reaches the outermost pixel
  /// is no layer.
  @Test func whatOneScanIsMadeOf() throws {
    let run = try store(1, "M1", Self.uneven)
    try definePhases()
    let rich = try phase("rich", in: compare())
    try expect(rich.layerThicknessUM, 0.075, 0.075, 0.075, 0.02)
    try expect(rich.ndFraction, 0.7, 0.7, 0.7, (0.0001 + 0.0004).squareRoot())
    #expect(rich.ndFraction?.sources == ["\(run):1:nd_fraction"])
    #expect(rich.edges.map(\.name) == ["Fe-K"])
    try expect(rich.edges[0].e0, 7112, 7112, 7112, 0.3)
    #expect(rich.edges[0].whiteLine == nil && rich.edges[0].whiteLineHeight == nil)
    let matrix = try phase("matrix", in: compare())
    #expect(matrix.layerThicknessUM == nil && matrix.edges.isEmpty)
    // The fit's error alone.
    try expect(matrix.ndFraction, 0.1, 0.1, 0.1, 0.01)
  }

  /// Any depth can be asked for: bins count by their middle.
  @Test func anotherDepth() throws {
    try store(1, "M1", Self.uneven)
    try definePhases()
    for depth in [0.05, 0.074] {
      let rich = try phase("rich", in: compare(depth: depth))
      #expect(rich.shares.surface == nil && rich.shares.enrichment == nil)
      try expect(rich.shares.bulk, 20.0 / 64, 20.0 / 64, 20.0 / 64, 0)
    }
    let some = try phase("rich", in: compare(depth: 0.076))
    try expect(
      some.shares.surface, 14.0 / 24, 14.0 / 24, 14.0 / 24, (1.0 / 12) / 3.0.squareRoot())
    let all = try phase("rich", in: compare(depth: 5))
    try expect(all.shares.surface, 20.0 / 64, 20.0 / 64, 20.0 / 64, 0)
    #expect(all.shares.bulk == nil && all.shares.enrichment == nil)
    // The layer is no matter of what counts as surface.
    try expect(all.layerThicknessUM, 0.075, 0.075, 0.075, 0.02)
  }

  // MARK: Several scans

  @Test func twoScansOfASample() throws {
    let runs = [try store(1, "M1", Self.uneven), try store(2, "M1", Self.even)]
    try definePhases()
    let comparison = try compare(["M1"])
    #expect(comparison.samples[0].runs == runs)
    let rich = try phase("rich", in: comparison)
    #expect(rich.scans == 2 && rich.clusters == runs.map { "\($0):1" })
    // The root mean square of both errors.
    let surface = (1.0 / 432 / 2).squareRoot()
    try expect(rich.shares.surface, 13.0 / 24, 0.5, 14.0 / 24, surface)
    try expect(rich.shares.bulk, 0.275, 0.15, 0.4, (0.0025 / 3 / 2).squareRoot())
    try expect(rich.layerThicknessUM, 0.08125, 0.075, 0.0875, (0.0005 / 2).squareRoot())
    try expect(rich.ndFraction, 0.75, 0.7, 0.8, (0.003 / 2).squareRoot())
    try expect(rich.edges[0].e0, 7113, 7112, 7114, (0.25 / 2).squareRoot())
    #expect(rich.shares.surface?.scans == 2)
    #expect(rich.shares.surface?.sources == runs.map { "\($0):1" })
    // A third makes the middle one of the two that are alike.
    try store(3, "M1", Self.even)
    let three = try phase("rich", in: compare())
    try expect(
      three.shares.surface, 0.5, 0.5, 14.0 / 24, (1.0 / 432 / 3).squareRoot())
  }

  /// A scan without the phase counts: it has none of it.
  @Test func aScanWithoutThePhase() throws {
    let run = try store(1, "M1", Self.even)
    try store(2, "M1", [Self.even[0]])
    try definePhases()
    let rich = try phase("rich", in: compare())
    #expect(rich.scans == 1 && rich.clusters == ["\(run):1"])
    try expect(rich.shares.surface, 0.25, 0, 0.5, 0)
    #expect(rich.shares.surface?.scans == 2)
    #expect(rich.ndFraction?.scans == 1)
  }

  /// Results of before there were blocks tell no uncertainty but the fit's; the layer is computed from the depths.
  @Test func withoutBlocks() throws {
    let run = try store(1, "M1", Self.uneven, withBlocks: false)
    try definePhases()
    let rich = try phase("rich", in: compare())
    try expect(rich.shares.surface, 14.0 / 24, 14.0 / 24, 14.0 / 24, nil)
    try expect(rich.shares.bulk, 0.15, 0.15, 0.15, nil)
    #expect(rich.shares.enrichment?.uncertainty == nil && rich.edges.isEmpty)
    // 12 of the 24 pixels in the bin from 0.5 to 1 px.
    try expect(rich.layerThicknessUM, 0.075, 0.075, 0.075, nil)
    try expect(rich.ndFraction, 0.7, 0.7, 0.7, 0.01)
    #expect(rich.clusters == ["\(run):1"])
    // Beside a scan that tells, its own counts.
    try store(2, "M1", Self.uneven)
    let both = try phase("rich", in: compare())
    try expect(
      both.shares.surface, 14.0 / 24, 14.0 / 24, 14.0 / 24, (1.0 / 12) / 3.0.squareRoot())
  }

  // MARK: Clusters together

  /// Shares add up; fractions are averaged by atoms, edges by the pixels that DBSCAN labelled.
  @Test func aPhaseOfTwoClusters() throws {
    let run = try store(4, "M2", Self.pooled)
    try definePhases()
    let rich = try phase("rich", in: compare())
    #expect(rich.scans == 1 && rich.clusters == ["\(run):1", "\(run):2"])
    try expect(rich.shares.surface, 0.6, 0.6, 0.6, 0)
    try expect(rich.shares.bulk, 0.4, 0.4, 0.4, 0)
    try expect(rich.shares.enrichment, 1.5, 1.5, 1.5, 0)
    // 12 pixels of 4 umol that are 0.75, 16 of 2 that are 0.5: 0.6 and 0.4 of the atoms.
    try expect(rich.ndFraction, 0.65, 0.65, 0.65, (0.006 * 0.006 + 0.008 * 0.008).squareRoot())
    // 14 of the 20 pixels from 0.5 to 1 px.
    try expect(rich.layerThicknessUM, 0.085, 0.085, 0.085, 0.03)
    // 4 and 12 pixels.
    try expect(rich.edges[0].e0, 7115, 7115, 7115, 0.125)
    try expect(rich.edges[0].whiteLine, 7125, 7125, 7125, 0.4)
  }

  @Test func distancesOfMeanSpectra() throws {
    let runs = [try store(1, "M1", Self.uneven), try store(4, "M2", Self.pooled)]
    try definePhases()
    let comparison = try compare()
    #expect(comparison.samples.map(\.name) == ["M1", "M2"])
    #expect(comparison.samples.map(\.runs) == runs.map { [$0] })
    #expect(comparison.distances.map(\.phase) == ["matrix", "rich"])
    #expect(comparison.distances.allSatisfy { $0.samples == ["M1", "M2"] })
    #expect(comparison.distances[0].distance < 1e-7)
    let mixed = zip(Self.pooled[1].spectrum, Self.pooled[2].spectrum).map { 0.25 * $0 + 0.75 * $1 }
    let expected = try #require(
      spectrumDistance(
        Spectrum(energies: Self.energies, values: Self.uneven[1].spectrum),
        Spectrum(energies: Self.energies, values: mixed)))
    #expect(expected > 0.1 && abs(comparison.distances[1].distance - expected) < 1e-9)
    // One phase only, in the order that was asked for.
    let rich = try compare(["M2", "M1", "M2"], phases: ["rich"])
    #expect(rich.samples.map(\.name) == ["M2", "M1"])
    #expect(rich.samples.allSatisfy { $0.phases.map(\.name) == ["rich"] })
    #expect(rich.distances.map(\.samples) == [["M2", "M1"]])
  }

  // MARK: Where the numbers come from

  /// Every address is one of a number, or of a cluster.
  private func expectAddresses(
    _ phase: SampleComparison.Phase, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let estimates = [
      phase.shares.surface, phase.shares.bulk, phase.shares.enrichment, phase.layerThicknessUM,
      phase.ndFraction,
    ]
    let edges = phase.edges.flatMap { [$0.e0, $0.whiteLine, $0.whiteLineHeight] }
    var count = 0
    for source in (estimates + edges).compactMap(\.self).flatMap(\.sources) {
      let parts = source.split(separator: ":").map(String.init)
      let found = try catalog.quantity(
        parts.count > 2 ? parts[2] : "pixels", run: parts[0], cluster: Int(parts[1]))
      #expect(found?.value.number != nil, "\(source)", sourceLocation: location)
      count += 1
    }
    #expect(count > 3, sourceLocation: location)
  }

  @Test func sourcesAreThere() throws {
    try store(1, "M1", Self.uneven)
    try store(2, "M1", Self.even)
    try definePhases()
    let comparison = try compare()
    for phase in comparison.samples[0].phases { try expectAddresses(phase) }
    // What is of one cluster is the number itself.
    let rich = try phase("rich", in: compare(["M1"]))
    let layers = try #require(rich.layerThicknessUM).sources.map { source in
      let parts = source.split(separator: ":").map(String.init)
      #expect(parts[2] == "layer_thickness_um")
      return try catalog.quantity(parts[2], run: parts[0], cluster: Int(parts[1]))?.value.number
    }
    #expect(layers.count == 2)
    #expect(abs((layers[0] ?? 0) - 0.075) < 1e-12 && abs((layers[1] ?? 0) - 0.0875) < 1e-12)
  }

  /// Where only some clusters of a phase have a number, only theirs are named.
  @Test func sourcesOfSomeClusters() throws {
    let run = try store(4, "M2", Self.pooled)
    try definePhases()
    let rich = try phase("rich", in: compare())
    #expect(rich.edges[0].whiteLine?.sources == ["\(run):1:Fe-K.white_line_ev"])
    #expect(
      rich.edges[0].e0?.sources == (1...2).map { "\(run):\($0):Fe-K.derivative_ev" })
    try expectAddresses(rich)
  }

  // MARK: Which runs

  /// Only those of the newest pipeline: the versions are part of the question.
  @Test func twoPipelines() throws {
    try store(1, "M1", Self.uneven, pipeline: 1)
    try store(2, "M2", Self.uneven, pipeline: 1)
    let newest = try store(1, "M1", Self.even, pipeline: 2)
    try definePhases()
    let comparison = try compare()
    #expect(comparison.samples.map(\.name) == ["M1"])
    #expect(comparison.samples[0].runs == [newest])
    #expect(comparison.remarks.contains { $0.hasPrefix("2 runs of other pipeline versions") })
    #expect(comparison.remarks.contains { $0.hasPrefix("M2 has no run") })
    try expect(phase("rich", in: comparison).shares.surface, 0.5, 0.5, 0.5, 0)
  }

  @Test func twoParameterSets() throws {
    let first = try store(1, "M1", Self.uneven)
    let other = try store(1, "M1", Self.even, radius: 2)
    try store(2, "M2", Self.even)
    try definePhases()
    let sets = try [first, other].map { run in
      try catalog.ask("run-summary", run: run).value("parameters_id").text
    }
    let error = #expect(throws: CatalogError.self) { try compare() }
    guard case .question(let text)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    for set in sets { #expect(text.contains(set.prefix(12)), "\(text)") }
    #expect(text.contains("dbscan.radius=1") && text.contains("dbscan.radius=2"), "\(text)")
    for (set, run) in zip(sets, [first, other]) {
      let comparison = try compare(parameters: set)
      #expect(comparison.parameters == set && comparison.samples[0].runs == [run])
    }
    #expect(try compare(parameters: sets[0]).samples.map(\.name) == ["M1", "M2"])
    #expect(try compare(parameters: sets[1]).samples.map(\.name) == ["M1"])
    #expect(try compare(["M2"]).parameters == sets[0])
    #expect(throws: CatalogError.self) { try compare(["M2"], parameters: sets[1]) }
  }

  @Test func subjectsThatAreRuns() throws {
    let first = try store(1, "M1", Self.uneven)
    let second = try store(2, "M1", Self.even)
    try definePhases()
    try catalog.tag("best", run: first)
    let comparison = try compare(["tag:best", "@last", String(first.prefix(8))])
    #expect(
      comparison.samples.map(\.name)
        == ["tag:best", String(second.prefix(12)), String(first.prefix(12))])
    #expect(comparison.samples.map(\.runs) == [[first], [second], [first]])
    try catalog.retract(.run(second), reason: "bad")
    #expect(throws: CatalogError.self) { try compare(["@last"]) }
    #expect(try compare(["M1"]).samples[0].runs == [first])
    func isNotFound(_ subjects: [String], phases: [String] = []) -> Bool {
      let error = #expect(throws: CatalogError.self) { try compare(subjects, phases: phases) }
      guard case .notFound? = error else { return false }
      return true
    }
    #expect(isNotFound(["M9"]) && isNotFound(["tag:worst"]) && isNotFound(["00000000"]))
    #expect(isNotFound(["M1"], phases: ["poor"]))
  }

  /// Sections and projections have no depth in common; what has no pixel size has none.
  @Test func depthsThatAreNone() throws {
    try store(1, "M1", Self.uneven)
    try store(2, "M2", Self.even, geometry: "projection")
    let bare = try store(3, "M3", Self.even, pixelSizeUM: nil)
    try definePhases()
    #expect(throws: CatalogError.self) { try compare() }
    #expect(try compare(["M2"]).geometry == "projection")
    #expect(throws: CatalogError.self) { try compare(["M3"]) }
    let comparison = try compare(["M1", "M3"])
    #expect(comparison.samples.map(\.name) == ["M1"])
    #expect(!comparison.samples.flatMap(\.runs).contains(bare))
    #expect(comparison.remarks.count == 2, "\(comparison.remarks)")
  }

  @Test func withoutPhasesThereIsNothingToCompare() throws {
    #expect(throws: CatalogError.self) { try compare() }
    try store(1, "M1", Self.uneven)
    let error = #expect(throws: CatalogError.self) { try compare() }
    #expect(error?.description.contains("lodestone phase suggest") == true)
  }
}
