import Foundation
package import PhaseCatalog

/// Records that look like those of real scans, made from a seed: equal seeds give equal records.
package struct MadeRecords {
  /// How large they are.
  package struct Size: Sendable {
    package var energies: Int
    package var clusters: Int
    package var depthBins: Int
    /// Parts of the sample that errors come from.
    package var blocks = 0

    /// As a scan of a magnet over Nd L3 and Fe K makes them.
    package static let real = Size(energies: 120, clusters: 3, depthBins: 90)
    package static let small = Size(energies: 3, clusters: 2, depthBins: 2)
    /// As large as real ones in what is asked of all runs, and small in what is asked of one.
    package static let asked = Size(energies: 24, clusters: 4, depthBins: 90, blocks: 4)
  }

  private let size: Size

  package init(_ size: Size) { self.size = size }

  private var energies: [Double] { (0..<size.energies).map { 6150 + 9.25 * Double($0) } }

  private func digest(_ seed: Int, _ part: Int) -> String {
    let digest = ContentDigest(domain: "made")
    digest.update(seed)
    digest.update(part)
    return digest.finish()
  }

  package func scan(_ seed: Int) -> ScanRecord {
    let frames = [ScanRecord.FrameDigest.Kind.sample, .reference].enumerated().flatMap {
      (place, kind) in
      energies.enumerated().map { number, energy in
        ScanRecord.FrameDigest(
          kind: kind, energyEV: energy, exposureS: 0.5,
          digest: digest(seed, place * 1000 + number))
      }
    }
    return ScanRecord(
      height: 2, width: 3, signal: "counts", reference: "frames", pixelSizeUM: 0.028,
      geometry: "section", frames: frames)
  }

  package func sighting(_ seed: Int, folder: String = "/data") -> Sighting {
    let files = ["frames", "reference", "dark", "energies"].enumerated().map { number, role in
      SourceFile(
        path: "\(folder)/scan-\(seed)/\(role).tif", sha256: digest(seed, -1 - number),
        bytes: 1 << 20, role: role)
    }
    return Sighting(files: files, request: .object(["path": .string("\(folder)/scan-\(seed)")]))
  }

  package func run(_ seed: Int, radius: Double = 1) -> RunRecord {
    let numbers = (0..<50).map { number in
      ParameterRecord(
        name: "stage.number_\(number)", value: .number(Double(number) / 8), type: "number",
        unit: "", isDefault: true)
    }
    return RunRecord(
      scanID: scan(seed).id,
      parameters: [
        ParameterRecord(
          name: "dbscan.radius", value: .number(radius), type: "number", unit: "noise units",
          isDefault: radius == 1)
      ] + numbers,
      stages: ["read": 1, "correct": 2, "register": 3, "mask": 2, "features": 1, "cluster": 3])
  }

  /// - Parameter bits: what the numbers that identity does not cover depend on besides the seed.
  package func result(_ seed: Int, bits: Int = 0) -> ResultRecord {
    var random = TestRandom(seed: UInt64(seed * 7919 + bits))
    let labels = (0..<6).map { Int16(($0 + seed) % (size.clusters + 1) - 1) }
    let clusters = (0..<size.clusters).map { cluster($0, &random) }
    var histogram: [Int: [Int: Int]] = [:]
    for label in -1..<size.clusters {
      for bin in 0..<size.depthBins { histogram[label, default: [:]][bin] = 1 + (bin + seed) % 40 }
    }
    return ResultRecord(
      totalPixels: 65_536, analysedPixels: 40_000 + seed % 100, eligiblePixels: 30_000,
      noisePixels: 12, alteredValues: 40, smallestFindablePixels: 190,
      values: (0..<18).map {
        .init(name: "found.\($0)", number: random.number(), unit: "noise units")
      },
      componentVariances: energies.map { _ in random.number() }, usedComponents: 3,
      warnings: ["the exposures are not known: their ratio is taken as 1"],
      frames: energies.map { energy in
        .init(
          energyEV: energy, driftDY: random.number(), driftDX: random.number(), scale: 1,
          alteredPixels: 3, emptyFieldOD: random.number(),
          quality: .init(
            residual: random.number(), saturatedPixels: 0, outlierPixels: 3, unmeasuredPixels: 0))
      },
      clusters: clusters, depthHistogram: histogram, depthBinPX: 0.5,
      maps: [map("label", labels), map("dbscan", labels)],
      radii: [.init(radius: 1.5, clusterCount: size.clusters, noisePixels: 12, isUsed: true)],
      references: [reference], blocks: blocks)
  }

  private var blocks: [ClusterBlock] {
    (-1..<size.clusters).flatMap { label in
      (0..<size.blocks).map { block in
        ClusterBlock(
          label: label, block: block, pixels: 21, surfacePixels: 1,
          depth: Dictionary(uniqueKeysWithValues: (0..<6).map { ($0, 1 + $0) }))
      }
    }
  }

  private var reference: ReferenceSpectrum {
    ReferenceSpectrum(energies: energies, values: energies.map { $0 / 8192 })
  }

  private func cluster(_ label: Int, _ random: inout TestRandom) -> ClusterRecord {
    let elements = [("Nd", "L3", 6208.0), ("Fe", "K", 7112)].map { symbol, edge, energy in
      ClusterRecord.Element(
        symbol: symbol, edge: edge, edgeEV: energy, step: random.number(),
        stepError: random.number(), arealDensity: random.number(),
        arealDensityError: random.number(), arealMoles: random.number(),
        atomicFraction: random.number(), atomicFractionError: random.number(),
        method: "attenuation_fit")
    }
    let edges = elements.map { element in
      ClusterChemistry.Edge(
        symbol: element.symbol, edge: element.edge, e0: element.edgeEV,
        derivativeEnergy: random.number(), convention: "textbook",
        pre: element.edgeEV - 60...element.edgeEV - 20,
        post: element.edgeEV + 20...element.edgeEV + 60, preEnergies: 5, postEnergies: 5,
        preOffset: random.number(), preSlope: random.number(),
        postCoefficients: [random.number(), random.number()], divisor: random.number(),
        divisorError: random.number(), isNormalised: true, whiteLineEnergy: random.number(),
        whiteLineHeight: random.number())
    }
    let part = ClusterChemistry.Fit.Part(
      name: "metal", referenceID: reference.id, amount: random.number(),
      amountError: random.number(), fraction: 1, fractionError: random.number())
    return ClusterRecord(
      label: label, pixels: 24_000 >> label, dbscanPixels: 18_000 >> label,
      areaUM2: random.number(),
      meanSpectrum: energies.map { _ in random.number() },
      deviationSpectrum: energies.map { _ in random.number() }, elements: elements,
      surface: .init(pieces: 3, surfacePieces: 2, surfacePixels: 700, surfaceAreaUM2: 0.5),
      chemistry: ClusterChemistry(
        spread: random.number(), width: 12, thicknessUM: random.number(),
        fitResidual: random.number(), edges: edges,
        ratios: [
          .init(numerator: "Nd", denominator: "Fe", ratio: random.number(), error: random.number())
        ],
        fit: .init(
          energies: size.energies, range: 6150...7250, residual: random.number(),
          rFactor: random.number(), parts: [part])),
      estimates: size.blocks == 0
        ? []
        : ["share", "Nd.atomic_fraction", "Fe.atomic_fraction"].map {
          .init(quantity: $0, value: random.number(), error: random.number())
        })
  }

  private func map(_ kind: String, _ labels: [Int16]) -> MapRecord {
    MapRecord(
      kind: kind, height: 2, width: 3, samples: .int16(labels),
      tiff: labels.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
  }

  /// What `check --deep` reads a made map with.
  package static func decode(
    _ tiff: [UInt8]
  ) throws -> (height: Int, width: Int, samples: MapRecord.Samples) {
    let values = stride(from: 0, to: tiff.count - 1, by: 2).map {
      Int16(truncatingIfNeeded: Int(tiff[$0]) | Int(tiff[$0 + 1]) << 8)
    }
    return (2, 3, .int16(values))
  }

  /// - Parameter second: when; an execution's identity holds it.
  package func execution(second: Int, host: String = "beamline") -> ExecutionRecord {
    let time = timestamp(Date(timeIntervalSince1970: 1_760_000_000 + Double(second)))
    return ExecutionRecord(
      purpose: .ingest,
      environment: ["lodestone": "made", "processor": "made", "build_sha256": digest(0, 0)],
      startedAt: time, finishedAt: time, host: host, command: "lodestone ingest scan",
      stages: ["read", "correct", "register", "mask", "depth", "features", "cluster", "summarise"]
        .map { .init(name: $0, seconds: 0.125) })
  }
}

extension TestRandom {
  fileprivate mutating func number() -> Double { Double.random(in: 0..<1, using: &self) }
}
