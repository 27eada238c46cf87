import Foundation
import Lodestone
import PhaseCatalog
import Spectra
import StackIO
import Testing
import TestSupport

/// Edges, elements and fits of clusters, from counts to the catalog.
@Suite struct ChemistryTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
  }

  private func example(_ change: (inout ExampleScan) -> Void = { _ in }) throws -> ScanRequest {
    var example = ExampleScan()
    (example.height, example.width, example.photons, example.seed) = (192, 192, 3000, 12)
    change(&example)
    try example.write(to: folder.file("ex"), replacing: true)
    var request = ScanRequest(path: folder.file("ex/scan.tif"))
    request.energiesPaths = [folder.file("ex/energies.txt")]
    request.references = [folder.file("ex/references.tif")]
    request.darkPaths = [folder.file("ex/dark.tif")]
    request.pixelSize = PixelSize(sideUM: 0.028)
    return request
  }

  private func result(
    _ request: ScanRequest, recipe: String? = nil, _ settings: [String] = [],
    references: [NamedReference] = []
  ) throws -> (result: ResultRecord, run: String) {
    var settings = settings
    if !references.isEmpty {
      settings.append("fit.references=" + NamedReference.parameter(references))
    }
    let parameters = try ParameterSet(recipe: recipe.map { try Recipe($0) }, settings: settings)
    let run = try Ingest(
      catalog: catalog, parameters: parameters, references: references, command: "test"
    ).run(request, sample: "M1").runID
    let id = try #require(try catalog.storedResult(of: run))
    return (try catalog.result(id), run)
  }

  /// The spectra of the example's phases, OD of 1 um.
  private func phases() throws -> [NamedReference] {
    try ["grain", "boundary", "layer"].enumerated().map { index, name in
      let spectrum = try SpectrumFile(path: folder.file("ex/truth/spectra.csv"))
        .spectrum(column: index + 1)
      return NamedReference(
        name: name,
        spectrum: ReferenceSpectrum(energies: spectrum.energies, values: spectrum.values))
    }
  }

  /// What is stored of an edge makes its step again; white lines and ratios are those of the phases.
  @Test func edgesAndRatios() throws {
    let (result, run) = try result(try example(), ["elements.density=7.6"])
    #expect(result.clusters.count == 3)
    let energies = result.frames.map(\.energyEV)
    for cluster in result.clusters {
      let chemistry = try #require(cluster.chemistry)
      #expect(chemistry.edges.map { $0.symbol + $0.edge } == ["NdL3", "FeK"])
      for edge in chemistry.edges {
        #expect(edge.isNormalised && edge.convention == "textbook")
        let step = edge.postCoefficients.enumerated().reduce(0.0) {
          $0 + $1.element * pow(edge.e0, Double($1.offset))
        }
        #expect(abs(step / edge.divisor - 1) < 1e-9)
        #expect(edge.preEnergies == energies.count { edge.pre.contains($0) })
        #expect(cluster.elements.contains { $0.symbol == edge.symbol && $0.step == edge.divisor })
        let found = try #require(edge.derivativeEnergy)
        #expect(abs(found - edge.e0) < 8)
      }
      #expect(chemistry.spread < 1 && chemistry.width > 4.5)
    }
    // By area: grains, layer, boundary. The layer is oxidised: its edge is higher, its white line too.
    let (grains, layer) = (result.clusters[0], result.clusters[1])
    let nd = try [grains, layer].map { try #require($0.chemistry?.edges[0].whiteLineHeight) }
    #expect(nd[1] > nd[0] + 0.5)
    let ratio = try #require(grains.chemistry?.ratios.first)
    #expect(ratio.numerator == "Nd" && abs(ratio.ratio / (1.0 / 7) - 1) < 0.02)
    // The section is 3 um thick; boron is not in the sum.
    #expect(abs(try #require(grains.chemistry?.thicknessUM) / 3 - 1) < 0.05)
    #expect(result.radii.count == 7 && result.radii[3].isUsed)
    #expect(result.radii[2...4].allSatisfy { $0.clusterCount == 3 })
    let layers = try catalog.ask("run-surface", run: run)
    #expect(layers.rows.count == 3)
  }

  /// What of a scan the parameters leave out is said by the name of the parameter that does it.
  @Test(arguments: [
    ("cluster.minimum_share=0.5", "cluster.minimum_share"),
    ("edges.near_end=1000", "edges.near_end"),
    ("elements.symbols=Nd,Fe,Co", "no edge of Co is measured"),
    ("dbscan.radius=1e-9", "do not gather at this radius"),
  ])
  func whatIsLeftOutIsSaid(setting: String, words: String) throws {
    let (result, _) = try result(try example { ($0.height, $0.width) = (96, 96) }, [setting])
    #expect(result.warnings.contains { $0.contains(words) }, "\(result.warnings)")
  }

  /// An area ends with the window of its edge: that of Nd L3 holds nothing of iron.
  @Test func anAreaIsThatOfOneEdge() throws {
    let (result, _) = try result(
      try example { ($0.ironDisc, $0.photons) = (8, 6000) }, ["edges.convention=area"])
    let iron = try #require(result.clusters.last?.chemistry?.edges.first)
    #expect(iron.symbol == "Nd" && !iron.isNormalised && iron.post.upperBound < 6400)
    #expect(result.clusters[0].chemistry?.edges[0].isNormalised == true)
  }

  /// Only two of three species are known: the third is fitted, and it is said that it is neither.
  @Test func whatTheReferencesDoNotExplainIsSaid() throws {
    let request = try example()
    let known = Array(try phases().prefix(2))
    let missing = try result(request, ["fit.sum=one"], references: known).result
    #expect(
      missing.warnings.contains { $0.hasPrefix("cluster 1: the reference spectra do not explain") })
    #expect(!missing.warnings.contains { $0.hasPrefix("cluster 0: the reference") })
    let all = try result(request, references: try phases()).result
    #expect(!all.warnings.contains { $0.contains("the reference spectra do not explain") })
  }

  @Test func anEdgeMayBeFixed() throws {
    let (result, _) = try result(
      try example { ($0.height, $0.width) = (64, 64) }, ["edges.e0=Fe-K@7114.5"])
    let edges = try #require(result.clusters.first?.chemistry?.edges)
    #expect(edges.map(\.e0) == [try #require(Element("Nd")?.edge(.l3)?.energyEV), 7114.5])
    #expect(edges[1].pre == 7054.5...7102.5)
  }

  /// A layer's thickness, as the shell of its area: that of the truth.
  @Test(arguments: [UInt64(1), 2]) func layerThickness(seed: UInt64) throws {
    let (_, run) = try result(try example { ($0.seed, $0.photons) = (seed, 600) })
    let truth = try TIFFFile(path: folder.file("ex/truth/labels.tif")).frame(page: 0).values.floats
    let file = try TIFFFile(path: folder.file("ex/truth/depth_um.tif")).frame(page: 0)
    let depths = zip(truth, file.values.floats).filter { $0.0 >= 0 }.map { Double($0.1) }.sorted()
    let layer = truth.count { $0 == 2 }
    let found = try catalog.ask("run-surface", run: run)
    let thickness = try #require(found.value("layer_thickness_um", row: 1).number)
    #expect(abs(thickness / (depths[layer - 1] + 0.014) - 1) < 0.1)
  }

  @Test(arguments: NormalisationMethod.allCases) func conventions(method: NormalisationMethod)
    throws
  {
    let (result, _) = try result(
      try example { ($0.height, $0.width) = (96, 96) },
      ["edges.convention=\(method.rawValue)", "edges.e0=derivative"])
    for cluster in result.clusters {
      for edge in try #require(cluster.chemistry?.edges) {
        #expect(edge.convention == method.rawValue)
        #expect(edge.derivativeEnergy == nil || edge.derivativeEnergy == edge.e0)
        #expect(edge.postCoefficients.isEmpty == [.area, .none].contains(method))
      }
    }
    #expect(try CatalogCheck(catalog: catalog).run(.deep).findings == [])
  }

  /// Each phase is fitted with its own spectrum, cluster by cluster and pixel by pixel; the fit is kept with the
  /// references, and computed again from them.
  @Test func fitsWithReferences() throws {
    let request = try example()
    let (result, run) = try result(request, references: try phases())
    for (cluster, phase) in zip(result.clusters, ["grain", "layer", "boundary"]) {
      let fit = try #require(cluster.chemistry?.fit)
      #expect(fit.energies == 80 && fit.residual < 0.02)
      for part in fit.parts {
        #expect(abs((part.fraction ?? -1) - (part.name == phase ? 1 : 0)) < 0.05, "\(phase)")
      }
    }
    #expect(result.references == (try phases().map(\.spectrum)))
    let file = try TIFFFile(bytes: catalog.map("fit", run: run), name: "fit")
    #expect(file.pageCount == 4)
    let labels = try TIFFFile(bytes: catalog.map("label", run: run), name: "l").frame(page: 0)
      .values.floats
    let amounts = try (0..<3).map { try file.frame(page: $0).values.floats }
    // Pixels of the grains: of 3 um, and nothing else but noise.
    let grains = labels.indices.filter { labels[$0] == 0 }
    let means = amounts.map { page in
      grains.reduce(0.0) { $0 + Double(page[$1]) } / Double(grains.count)
    }
    #expect(abs(means[0] - 2.9) < 0.3 && means[1] < 0.15 && means[2] < 0.15)
    #expect(labels.indices.allSatisfy { (labels[$0] == -2) == amounts[0][$0].isNaN })
    let verified = try Verify(catalog: catalog, command: "test").run(run)
    #expect(verified.verification.grade == .identical)
    // The catalog knows them by their digest now.
    let again = try self.result(
      request, ["fit.references=" + NamedReference.parameter(try phases()), "fit.sum=one"])
    for cluster in again.result.clusters {
      let parts = try #require(cluster.chemistry?.fit?.parts)
      #expect(abs(parts.reduce(0) { $0 + $1.amount } - 1) < 1e-9)
    }
    #expect(throws: CatalogError.self) { try catalog.map("fit", run: again.run) }
    #expect(try CatalogCheck(catalog: catalog).run(.deep).findings == [])
  }

  @Test func fitsThatCannotBeMade() throws {
    let request = try example { ($0.height, $0.width) = (64, 64) }
    let phases = try phases()
    func refusal(_ references: [NamedReference], _ settings: [String] = []) -> String {
      do {
        _ = try result(request, settings, references: references)
        return "none"
      } catch { return "\(error)" }
    }
    let twice = NamedReference(
      name: "twice",
      spectrum: ReferenceSpectrum(
        energies: phases[0].spectrum.energies, values: phases[0].spectrum.values.map { 2 * $0 }))
    #expect(refusal([phases[0], twice]).contains("twice is no other than"))
    let elsewhere = NamedReference(
      name: "copper", spectrum: ReferenceSpectrum(energies: [8900, 9000, 9100], values: [0, 1, 1]))
    #expect(
      refusal([elsewhere]).contains(
        "0 energies are left to fit, 4 are needed: the scan has 6148.0 to 7258.0 eV"))
    #expect(
      refusal([], ["fit.references=x@" + String(repeating: "a", count: 64)]).contains(
        "--spectrum x=FILE"))
  }

  /// Only the frames about Fe K, and no word of iron: the edge is found, and the phases by the iron in them.
  @Test func anEdgeIsFoundByItself() throws {
    var request = try example { $0.seed = 3 }
    let lines = try String(contentsOfFile: request.energiesPaths[0], encoding: .utf8)
      .split(separator: "\n").dropFirst().suffix(40)
    request.energiesPaths = [
      try folder.write(lines.joined(separator: "\n") + "\n", to: "iron.txt")
    ]
    for name in ["scan", "references"] {
      let file = try TIFFFile(path: folder.file("ex/\(name).tif"))
      let pages = try (40..<80).map { page in
        TIFFWriter.Page(
          height: 192, width: 192,
          samples: .uint16(try file.frame(page: page).values.floats.map { UInt16($0) }))
      }
      _ = try folder.write(TIFFWriter.encode(pages), to: "\(name)-iron.tif")
    }
    request.path = folder.file("scan-iron.tif")
    request.references = [folder.file("references-iron.tif")]
    let (found, _) = try result(request, recipe: "edge")
    #expect(found.warnings.contains { $0.hasPrefix("the edge was found to be Fe K") })
    #expect(found.clusters.count == 3)
    #expect(found.clusters.allSatisfy { $0.elements.map(\.symbol) == ["Fe"] })
    #expect(found.clusters.allSatisfy { $0.elements[0].method == "edge_step" })
    // An edge that was asked for, and lies among the energies without enough of them before it.
    let short = try result(request, ["edges.pre_start=-20", "mask.method=od"]).result
    #expect(
      short.warnings.contains {
        $0.hasPrefix("Fe K is not measured: the pre-edge window 7092 to 7100 eV holds ")
      })
    #expect(throws: (any Error).self) {
      try result(request, ["elements.symbols=Cu", "normalise.measure=edge_area"])
    }
  }

  /// A graded layer is one cluster, and said to be no single spectrum.
  @Test func aContinuumIsSaid() throws {
    let graded = try result(try example { ($0.grading, $0.photons) = (0.6, 6000) }).result
    #expect(graded.warnings.contains { $0.hasPrefix("the spectra form a continuum") })
    let plain = try result(try example { $0.photons = 6000 }).result
    #expect(!plain.warnings.contains { $0.hasPrefix("the spectra form a continuum") })
    #expect(plain.warnings.contains { $0.hasPrefix("a phase of fewer than ") })
  }

  /// A real stack of reduced and oxidised iron, with the authors' I0 and their two species: fits tell them apart pixel
  /// by pixel, clusters do, and that the spectra form a continuum is said.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func reducedAndOxidisedIron() throws {
    let data = "stacks/als_fe2p_71214078/"
    var request = ScanRequest(path: SharedData.path(data + "stack_f32_deflate.tif"))
    request.energiesPaths = [SharedData.path(data + "energies.txt")]
    request.references = [SharedData.path(data + "i0.xsp")]
    request.pixelSize = PixelSize(sideUM: 0.08)
    let species = try ["reduced", "oxidized"].map { name in
      let spectrum = try SpectrumFile(path: SharedData.path(data + name + ".t")).spectrum(column: 1)
      return NamedReference(
        name: name,
        spectrum: ReferenceSpectrum(energies: spectrum.energies, values: spectrum.values))
    }
    let (result, run) = try result(request, recipe: "stxm", references: species)
    #expect(result.warnings.contains { $0.hasPrefix("the edge was found to be Fe L3") })
    #expect(result.warnings.contains { $0.hasPrefix("the spectra form a continuum") })

    let heights = try SharedData.frame("od/als4078_l3_height_f32.tif").values.floats
    let peaks = try SharedData.frame("od/als4078_l3_peak_energy_f32.tif").values.floats
    let file = try TIFFFile(bytes: catalog.map("fit", run: run), name: "fit")
    let amounts = try (0..<2).map { try file.frame(page: $0).values.floats }
    let strong = heights.indices.filter { heights[$0] > 0.4 && !amounts[0][$0].isNaN }
    #expect(strong.count > 1500)
    func fraction(_ pixel: Int) -> Float {
      amounts[0][pixel] / (amounts[0][pixel] + amounts[1][pixel])
    }
    let reduced = strong.filter { peaks[$0] < 708.8 }
    let oxidised = strong.filter { peaks[$0] >= 709.2 }
    #expect(reduced.count > 100)
    #expect(Double(reduced.count { fraction($0) > 0.65 }) >= 0.99 * Double(reduced.count))
    #expect(Double(oxidised.count { fraction($0) <= 0.65 }) >= 0.97 * Double(oxidised.count))

    // DBSCAN's own labels against the maximum's energy.
    let labels = try TIFFFile(bytes: catalog.map("dbscan", run: run), name: "d").frame(page: 0)
      .values.floats.map { Int($0) }
    let labelled = strong.filter { labels[$0] >= 0 }
    #expect(
      adjustedRandIndex(labelled.map { peaks[$0] < 709 ? 1 : 0 }, labelled.map { labels[$0] }) > 0.9
    )
    let largest = try #require(result.clusters.first?.chemistry?.fit?.parts)
    #expect(largest[1].fraction ?? 0 > 0.9)
    #expect(
      result.clusters.contains { $0.chemistry?.fit?.parts[0].fraction ?? 0 > 0.9 })
  }
}
