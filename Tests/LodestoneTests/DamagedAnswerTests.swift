import Foundation
import Lodestone
import PhaseCatalog
import TestSupport
import Testing

/// Values of another type than a column's, which only damage can bring: an error, or an answer without them, and never a
/// crash.
@Suite struct DamagedAnswerTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    let small = try SmallScan()
    try small.catalog.define(
      phase: "any", as: PhaseRule(conditions: [.bounds(quantity: "pixels", low: 1, high: nil)]))
    _ = try small.ingest()
    folder = small.folder
    path = folder.file("t.lode")
  }

  @Test(
    arguments: [
      ("cluster_block_depth", "pixels"), ("cluster_estimate", "value"),
      ("cluster_estimate", "error"), ("cluster_depth", "cumulative_pixels"),
      ("cluster_spectrum", "mean_od"), ("result_frame", "energy_ev"),
      ("cluster_element", "atomic_fraction"), ("cluster_element", "areal_mol_cm2"),
      ("cluster_surface", "surface_pixels"), ("phase_score", "outcome"), ("phase_score", "score"),
      ("result", "depth_bin_px"), ("scan", "pixel_size_um"), ("run_stage", "version"),
      ("event", "value"),
    ], ["'x'", "x'FF'", "1e300"])
  func aValueOfAnotherType(place: (table: String, column: String), value: String) throws {
    try ForeignSQL.run(
      """
      DROP TRIGGER \(place.table)_no_update;
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT, WITHOUT', 'WITHOUT'), 'STRICT', '')
        WHERE type = 'table' AND name = '\(place.table)';
      PRAGMA writable_schema = RESET;
      PRAGMA ignore_check_constraints = ON;
      UPDATE \(place.table) SET \(place.column) = \(value);
      """, on: path)
    let catalog = try Catalog(path: path, access: .read)
    _ = try? SampleComparison(catalog, surfaceDepthUM: 0.2)
    _ = try? catalog.clusterSpectra()
    let run = try catalog.resolveRun("@last")
    _ = try? catalog.quantityNames(run: run, cluster: 0)
    _ = try? catalog.quantity("nd_fraction", run: run, cluster: 0)
    #expect(try CatalogCheck(catalog: catalog).run(.records).findings != [])
  }
}
