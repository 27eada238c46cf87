import PhaseCatalog

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
    let map = try StoredMap("label", catalog, run: run)
    (height, width, labels) = (map.height, map.width, map.labels)
    self.clusters = clusters.all
    guard labels.allSatisfy({ $0 >= -2 && $0 < clusters.all.count }) else {
      throw CatalogError.damaged(
        path: catalog.path,
        reason: "the label map of run \(run.prefix(12)) has labels of no cluster")
    }
    let analysed = labels.count { $0 != -2 }
    noiseShare = analysed > 0 ? Double(labels.count { $0 == -1 }) / Double(analysed) : 0
  }
}
