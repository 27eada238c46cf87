import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// Comparisons of example scans against what is true of them.
@Suite struct CompareTruthTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private static let names = ["grains", "boundary", "layer"]
  private static let fractions = [0.125, 0.55, 5.0 / 7]

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    let bounds = [(0.05, 0.25), (0.4, 0.62), (0.63, 1.0)]
    for (name, (low, high)) in zip(Self.names, bounds) {
      try catalog.define(
        phase: name,
        as: PhaseRule(conditions: [.bounds(quantity: "nd_fraction", low: low, high: high)]))
    }
  }

  /// What is true of a scan at a surface depth: shares of each phase, and the layer's mean thickness, um.
  private struct Truth {
    var surface = [0.0, 0, 0]
    var bulk = [0.0, 0, 0]
    var layerUM = 0.0
  }

  /// Makes an example and ingests it as a scan of a sample.
  private func ingest(_ example: ExampleScan, sample: String, depthUM: Double) throws -> Truth {
    try example.write(to: folder.file("ex"), replacing: true)
    var request = ScanRequest(path: folder.file("ex/scan.tif"))
    request.energiesPaths = [folder.file("ex/energies.txt")]
    request.references = [folder.file("ex/references.tif")]
    request.darkPaths = [folder.file("ex/dark.tif")]
    request.pixelSize = PixelSize(sideUM: example.pixelSizeUM)
    _ = try Ingest(catalog: catalog, parameters: ParameterSet(), command: "test")
      .run(request, sample: sample)
    func map(_ name: String) throws -> [Float] {
      try TIFFFile(path: folder.file("ex/truth/\(name).tif")).frame(page: 0).values.floats
    }
    var counts = (surface: [0.0, 0, 0], bulk: [0.0, 0, 0])
    for (label, depth) in zip(try map("labels"), try map("depth_um")) where label >= 0 {
      // A bin of half a pixel counts by its middle.
      let bin = (Double(depth) / (0.5 * example.pixelSizeUM) + 1e-4).rounded(.down)
      if (bin + 0.5) * 0.5 * example.pixelSizeUM <= depthUM {
        counts.surface[Int(label)] += 1
      } else {
        counts.bulk[Int(label)] += 1
      }
    }
    let layer = try String(contentsOfFile: folder.file("ex/truth/layer.csv"), encoding: .utf8)
    func shares(_ counts: [Double]) -> [Double] { counts.map { $0 / counts.reduce(0, +) } }
    return Truth(
      surface: shares(counts.surface), bulk: shares(counts.bulk),
      layerUM: Double(layer.split(separator: "\n")[1].split(separator: ",")[0]) ?? 0)
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Three samples with two scans each and layers of 6, 9 and 13 pixels: the layer's thickness within 10 %, shares within 2
  /// points, Nd fractions within 10 %.
  @Test func sixScansOfThreeSamples() throws {
    let depthUM = 0.25
    var truths: [String: [Truth]] = [:]
    for (number, (sample, layer)) in [("A", 6.0), ("B", 9), ("C", 13)].enumerated() {
      for scan in 0..<2 {
        var example = ExampleScan()
        (example.height, example.width, example.energyCount) = (176, 176, 40)
        (example.layer, example.seed) = (layer, UInt64(50 + 2 * number + scan))
        truths[sample, default: []].append(
          try ingest(example, sample: sample, depthUM: depthUM))
      }
    }
    let comparison = try SampleComparison(catalog, surfaceDepthUM: depthUM)
    #expect(comparison.geometry == "section" && comparison.remarks == [])
    #expect(comparison.samples.map(\.name) == ["A", "B", "C"])
    for sample in comparison.samples {
      let truth = try #require(truths[sample.name])
      #expect(sample.runs.count == 2)
      #expect(Set(sample.phases.map(\.name)) == Set(Self.names))
      for phase in sample.phases {
        let place = try #require(Self.names.firstIndex(of: phase.name))
        #expect(phase.scans == 2 && phase.clusters.count == 2)
        func within(_ found: SampleComparison.Estimate?, _ truth: Double, _ margin: Double) throws {
          let found = try #require(found)
          #expect(
            abs(found.median - truth) <= margin,
            "\(sample.name) \(phase.name): \(found.median), and \(truth) is true")
          #expect(found.low <= found.median && found.median <= found.high)
          #expect((found.uncertainty ?? -1) >= 0)
        }
        try within(phase.shares.surface, mean(truth.map { $0.surface[place] }), 0.02)
        try within(phase.shares.bulk, mean(truth.map { $0.bulk[place] }), 0.02)
        try within(phase.ndFraction, Self.fractions[place], 0.1 * Self.fractions[place])
        if phase.name == "layer" {
          let layer = mean(truth.map(\.layerUM))
          try within(phase.layerThicknessUM, layer, 0.1 * layer)
        } else {
          // Grains are no layer.
          #expect(phase.layerThicknessUM == nil)
        }
        #expect(phase.edges.map(\.name) == ["Fe-K", "Nd-L3"])
      }
    }
    // A phase's spectrum is the same in all samples, the thickness aside.
    #expect(comparison.distances.count == 9)
    #expect(comparison.distances.allSatisfy { $0.distance < 0.05 })
  }

  /// Small scans of samples that are alike: the truth of all of them lies within the stated uncertainty at least as often as
  /// one standard error claims. (More often: the layer's waves are the same all around each of these samples, where the
  /// parts of one scan take them for chance.)
  @Test(.timeLimit(.minutes(10))) func uncertaintyCoversTheTruth() throws {
    let isLong = ProcessInfo.processInfo.environment["LODESTONE_LONG"] != nil
    let depthUM = 0.2
    var truths: [Truth] = []
    for number in 0..<(isLong ? 200 : 10) {
      var example = ExampleScan()
      (example.height, example.width, example.energyCount) = (112, 112, 24)
      (example.layer, example.seed) = (8, UInt64(1000 + number))
      truths.append(try ingest(example, sample: "S\(number)", depthUM: depthUM))
    }
    let comparison = try SampleComparison(catalog, surfaceDepthUM: depthUM)
    var covered: [String: (inside: Int, all: Int)] = [:]
    func count(_ name: String, _ found: SampleComparison.Estimate?, _ truth: Double) {
      guard let found, let error = found.uncertainty else { return }
      let isInside = abs(found.median - truth) <= error
      covered[name, default: (0, 0)].all += 1
      covered[name, default: (0, 0)].inside += isInside ? 1 : 0
    }
    for sample in comparison.samples {
      for phase in sample.phases {
        let place = try #require(Self.names.firstIndex(of: phase.name))
        count("\(phase.name) bulk share", phase.shares.bulk, mean(truths.map { $0.bulk[place] }))
        // Where next to nothing of a phase is at the surface, no scan can tell how much.
        if mean(truths.map { $0.surface[place] }) > 0.02 {
          count(
            "\(phase.name) surface share", phase.shares.surface,
            mean(truths.map { $0.surface[place] }))
        }
        if phase.name == "layer" {
          count("layer thickness", phase.layerThicknessUM, mean(truths.map(\.layerUM)))
        }
      }
    }
    #expect(covered.count >= 5)
    for (name, (inside, all)) in covered.sorted(by: { $0.key < $1.key }) {
      if isLong { print("\(name): within one standard error in \(inside) of \(all)") }
      #expect(all >= truths.count - truths.count / 20, "\(name)")
      #expect(Double(inside) >= 0.6 * Double(all), "\(name): \(inside) of \(all)")
    }
  }
}
