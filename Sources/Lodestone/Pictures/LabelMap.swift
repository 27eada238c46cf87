import PhaseCatalog
import StackIO

/// A run's label map, with what its clusters are called and their colours.
struct LabelMap {
  let height: Int
  let width: Int
  /// Row-major: 0 is the largest cluster, -1 noise, -2 not analysed.
  let labels: [Int]
  /// Largest first.
  let clusters: [RunClusters.Cluster]
  /// The share of the analysed pixels that are in no cluster.
  let noiseShare: Double

  /// The map of a run.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  init(_ catalog: Catalog, run: String, _ clusters: RunClusters) throws {
    let frame = try TIFFFile(bytes: catalog.map("label", run: run), name: "label map")
      .frame(page: 0)
    (height, width) = (frame.height, frame.width)
    labels = frame.values.floats.map { Int($0) }
    self.clusters = clusters.all
    let analysed = labels.count { $0 != -2 }
    noiseShare = analysed > 0 ? Double(labels.count { $0 == -1 }) / Double(analysed) : 0
  }
}
