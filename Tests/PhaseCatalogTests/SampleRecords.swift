import Foundation
import PhaseCatalog
import TestSupport

/// A small scan, run and result, made by hand.
enum Sample {
  static let energies = [7100.0, 7110, 7120, 7130]

  static func scan(pixelSizeUM: Double? = 0.1) -> ScanRecord {
    ScanRecord(
      height: 2, width: 3, signal: "od", reference: "not-needed", pixelSizeUM: pixelSizeUM,
      geometry: "section",
      frames: energies.map { energy in
        .init(
          kind: .sample, energyEV: energy, exposureS: 0.5,
          digest: ContentDigest(domain: "\(energy)").finish())
      })
  }

  static func run(radius: Double = 1) -> RunRecord {
    RunRecord(
      scanID: scan().id,
      parameters: [
        ParameterRecord(
          name: "dbscan.radius", value: .number(radius), type: "number", unit: "noise units",
          isDefault: radius == 1)
      ], stages: ["cluster": 1])
  }

  static func element(_ symbol: String, fraction: Double, moles: Double) -> ClusterRecord.Element {
    .init(
      symbol: symbol, edge: "K", edgeEV: 7112, step: 0.1, stepError: 0.01, arealDensity: 1e-3,
      arealDensityError: 1e-5, arealMoles: moles, atomicFraction: fraction,
      atomicFractionError: 0.01, method: "attenuation_fit")
  }

  static let result = ResultRecord(
    totalPixels: 6, analysedPixels: 5, eligiblePixels: 4, noisePixels: 1, alteredValues: 2,
    smallestFindablePixels: 1, values: [.init(name: "dbscan.radius", number: 1.5, unit: "")],
    componentVariances: [2, 1], usedComponents: 1, warnings: ["mind the gap"],
    frames: energies.map { energy in
      .init(
        energyEV: energy, driftDY: 0.25, driftDX: -0.5, scale: 1, alteredPixels: 0,
        emptyFieldOD: nil,
        quality: .init(
          residual: 0.25, saturatedPixels: 0, outlierPixels: 0, unmeasuredPixels: 0))
    },
    clusters: [
      ClusterRecord(
        label: 0, pixels: 3, dbscanPixels: 2, areaUM2: 0.03, meanSpectrum: [0.1, 0.2, 0.3, 0.4],
        deviationSpectrum: [0, 0, 0, 0],
        elements: [
          element("Nd", fraction: 0.25, moles: 1e-6), element("Fe", fraction: 0.75, moles: 3e-6),
        ],
        surface: .init(pieces: 2, surfacePieces: 1, surfacePixels: 2, surfaceAreaUM2: 0.02),
        chemistry: chemistry,
        estimates: [
          .init(quantity: "share", value: 0.6, error: 0.125),
          .init(quantity: "Nd.atomic_fraction", value: 0.25, error: nil),
        ]),
      ClusterRecord(
        label: 1, pixels: 1, dbscanPixels: 1, areaUM2: 0.01, meanSpectrum: [1, 2, 3, 4],
        deviationSpectrum: [0, 0, 0, 0],
        elements: [
          element("Nd", fraction: 1, moles: 4e-6), element("Fe", fraction: 0, moles: 0),
        ]),
    ],
    // Pixels of 0.1 um and bins of half a pixel: bin 1 is 0.05 to 0.1 um deep.
    depthHistogram: [0: [1: 1, 9: 2], 1: [1: 1], -1: [9: 1]], depthBinPX: 0.5,
    maps: [map("label", [0, 0, 0, 1, -1, -2]), map("dbscan", [0, 0, -3, 1, -1, -2])],
    radii: [
      .init(radius: 1.2, clusterCount: 3, noisePixels: 2, isUsed: false),
      .init(radius: 1.5, clusterCount: 2, noisePixels: 1, isUsed: true),
    ], references: [reference],
    blocks: [
      .init(label: -1, block: 1, pixels: 1, surfacePixels: 0, depth: [6: 1]),
      .init(label: 0, block: 0, pixels: 2, surfacePixels: 2, depth: [1: 1, 6: 1]),
      .init(label: 0, block: 1, pixels: 1, surfacePixels: 0, depth: [6: 1]),
      .init(label: 1, block: 0, pixels: 1, surfacePixels: 0, depth: [1: 1]),
    ])

  static let reference = ReferenceSpectrum(energies: energies, values: [0, 0.25, 0.5, 1])

  static let chemistry = ClusterChemistry(
    spread: 0.5, width: 2, thicknessUM: 3, fitResidual: 0.01,
    edges: [
      .init(
        symbol: "Fe", edge: "K", e0: 7112, derivativeEnergy: 7115, convention: "textbook",
        pre: 7100...7105, post: 7120...7130, preEnergies: 3, postEnergies: 4, preOffset: 0.5,
        preSlope: -1e-3, postCoefficients: [0.5, 1e-4, 1e-8], divisor: 0.25, divisorError: 0.01,
        isNormalised: true, whiteLineEnergy: 7125, whiteLineHeight: 1.5)
    ], ratios: [.init(numerator: "Nd", denominator: "Fe", ratio: 0.5, error: 0.125)],
    fit: .init(
      energies: 4, range: 7100...7130, residual: 0.01, rFactor: 1e-3,
      parts: [
        .init(
          name: "hematite", referenceID: reference.id, amount: 0.75, amountError: 0.01,
          fraction: 1, fractionError: 0.02)
      ]))

  /// A map whose "TIFF" is its bare values: the catalog does not look into it.
  static func map(_ kind: String, _ labels: [Int16]) -> MapRecord {
    MapRecord(
      kind: kind, height: 2, width: 3, samples: .int16(labels),
      tiff: labels.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
  }

  static func decode(
    _ tiff: [UInt8]
  ) throws -> (height: Int, width: Int, samples: MapRecord.Samples) {
    let values = stride(from: 0, to: tiff.count - 1, by: 2).map {
      Int16(truncatingIfNeeded: Int(tiff[$0]) | Int(tiff[$0 + 1]) << 8)
    }
    return (2, 3, .int16(values))
  }

  static func execution(
    _ purpose: ExecutionRecord.Purpose = .ingest, second: Int = 1, processor: String = "P1"
  ) -> ExecutionRecord {
    ExecutionRecord(
      purpose: purpose, environment: ["lodestone": "test", "processor": processor],
      startedAt: "2026-01-01T00:00:0\(second).000Z", finishedAt: "2026-01-01T00:00:0\(second).500Z",
      host: "here", command: "test", stages: [.init(name: "read", seconds: 1)],
      origins: [.init(name: "dbscan.radius", origin: .recipe, source: "mine.toml")])
  }

  /// Every kind of row: two runs, a failure, a verification, all that people say, and what merging brings.
  static func fill(_ catalog: Catalog) throws {
    // The first run, stored earlier elsewhere, with other last digits.
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("other.lode"))
    let other = try Catalog(path: folder.file("other.lode"), access: .write)
    var result = result
    result.clusters[0].meanSpectrum[0] += 1e-9
    try other.store(
      scan: scan(), sample: nil, sighting: sighting, run: run(), answer: .result(result),
      execution: execution())
    try store(in: catalog)
    _ = try catalog.merge(other)
    try store(in: catalog, run: run(radius: 2), execution: execution(second: 2))
    try catalog.store(
      scan: scan(), sample: "M1", sighting: sighting, run: run(radius: 3),
      answer: .failure("nothing left"), execution: execution(second: 3))
    var oblong = scan()
    oblong.oblongPixelUM = .init(height: 0.2, width: 0.1)
    let oblongRun = RunRecord(
      scanID: oblong.id, parameters: run().parameters, stages: ["cluster": 1])
    try catalog.store(
      scan: oblong, sample: "M1", sighting: sighting, run: oblongRun,
      answer: .failure("nothing left"), execution: execution(second: 5))
    try catalog.store(
      scan: scan(), sample: nil, sighting: nil, run: run(), answer: .result(Self.result),
      execution: execution(.verify, second: 4, processor: "P2"),
      verification: (
        VerificationRecord(
          grade: .identical, changedPixels: 0, largestDifference: 0, largestDifferenceIn: nil),
        Self.result.id(runID: run().id)
      ))
    try catalog.define(
      phase: "matrix",
      as: PhaseRule(
        meaning: "grains",
        conditions: [
          .near(.cluster(run: run().id, label: 0), within: 0.25),
          .bounds(quantity: "nd_fraction", low: 0.2, high: 0.4),
        ]))
    try catalog.set("composition", to: "Nd2Fe14B", ofSample: "M1")
    try catalog.tag("best", run: run().id)
    try catalog.note("look here", on: .scan(scan().id))
    try catalog.retract(.run(run(radius: 2).id), reason: "wrong references")
  }

  static let sighting = Sighting(
    files: [
      SourceFile(
        path: "/data/a.tif", sha256: String(repeating: "a", count: 64), bytes: 12, role: "frames")
    ], request: .object(["path": .string("/data/a.tif")]))

  static func store(
    in catalog: Catalog, run: RunRecord = run(), result: ResultRecord = result,
    execution: ExecutionRecord = execution()
  ) throws {
    try catalog.store(
      scan: scan(), sample: "M1", sighting: sighting, run: run, answer: .result(result),
      execution: execution)
  }
}
