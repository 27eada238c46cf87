import Clustering
import Foundation
import Lodestone
import PhaseCatalog
import Spectra
import StackIO
import Testing
import TestSupport

@Suite(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
struct RealDataTests {
  /// The variances and loadings that scikit-learn finds in the real stack's optical density.
  @Test func principalComponentsOfTheRealStack() throws {
    let file = try TIFFFile(
      path: SharedData.path("stacks/als_fe2p_71214078/stack_f32_deflate.tif"))
    let energies = file.pageCount
    var spectra = [Float](repeating: 0, count: 15_625 * energies)
    for page in 0..<energies {
      let pixels = try file.frame(page: page).values.floats
      // numpy.percentile(frame, 99.5), interpolated.
      let sorted = pixels.sorted()
      let rank = 0.995 * Double(pixels.count - 1)
      let below = Int(rank)
      let level =
        Double(sorted[below]) + (rank - Double(below)) * Double(sorted[below + 1] - sorted[below])
      for (pixel, value) in pixels.enumerated() {
        spectra[pixel * energies + page] = Float(-log(Double(value) / level))
      }
    }
    let components = try PrincipalComponents(rows: spectra, columns: energies)
    let variances = try SharedData.rows("pca/als4078_od_variance.csv").dropFirst()
    for (row, found) in zip(variances, components.variances) {
      let expected = try #require(row.count > 1 ? Double(row[1]) : nil)
      #expect(abs(found / expected - 1) < 1e-4)
    }
    let loadings = try SharedData.rows("pca/als4078_od_components.csv").dropFirst()
    for (energy, row) in loadings.enumerated() {
      for k in 0..<3 {
        let expected = try #require(Double(row[k + 2]))
        #expect(abs(components.loadings[k * energies + energy] - expected) < 1e-4)
      }
    }
  }

  /// The folder of frames and the multi-page file are one scan; what comes out is plausible.
  @Test func theRealStackIsOneScanInTwoLayouts() throws {
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    let catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    let ingest = Ingest(catalog: catalog, parameters: try ParameterSet(), command: "test")
    var request = ScanRequest(
      path: SharedData.path("stacks/als_fe2p_71214078/stack_f32_deflate.tif"))
    request.energiesPaths = [SharedData.path("stacks/als_fe2p_71214078/energies.txt")]
    request.references = [SharedData.path("stacks/als_fe2p_71214078/i0.xsp")]
    request.pixelSize = PixelSize(sideUM: 0.08)
    let first = try ingest.run(request, sample: "plume")
    #expect(first.status == .stored)
    request.path = SharedData.path("stacks/als_fe2p_71214078/frames_f32")
    request.energiesPaths = []
    let second = try ingest.run(request, sample: "plume")
    #expect(second.status == .sighted && second.runID == first.runID)
    let summary = try catalog.ask("run-summary", run: first.runID)
    #expect(summary.value("height") == .integer(125) && summary.value("width") == .integer(125))
    #expect(summary.value("energy_min_ev") == .real(700))
    #expect(summary.value("energy_max_ev") == .real(730.353))
    let clusters = try catalog.ask("run-clusters", run: first.runID)
    #expect((2...8).contains(clusters.rows.count))
    // The authors aligned the frames: what is left to register is small.
    let frames = try catalog.ask("run-frames", run: first.runID)
    for row in frames.rows.indices {
      #expect(abs(frames.value("dy_px", row: row).number ?? 9) < 0.3)
      #expect(abs(frames.value("dx_px", row: row).number ?? 9) < 0.3)
    }
    // The largest is of iron: its mean spectrum is highest about the L3 edge.
    let spectra = try catalog.ask("run-spectra", run: first.runID)
    let peak = spectra.rows.filter { $0[0] == .integer(0) }
      .max { ($0[2].number ?? 0) < ($1[2].number ?? 0) }
    #expect((706...713).contains(peak?[1].number ?? 0))
  }
}
