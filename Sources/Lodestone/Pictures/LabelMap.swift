import PhaseCatalog
import StackIO

/// A run's label map with what its clusters are called, and their colours.
struct LabelMap {
  /// A cluster in the legend.
  struct Entry {
    let label: Int
    let phase: String?
    let colour: Colour
    /// Of the analysed pixels, noise included.
    let share: Double

    /// "0  Nd2Fe14B", or "cluster 0".
    var name: String { phase.map { "\(label)  \($0)" } ?? "cluster \(label)" }
  }

  let height: Int
  let width: Int
  /// Row-major: 0 is the largest cluster, -1 noise, -2 not analysed.
  let labels: [Int]
  let entries: [Entry]
  /// The share of the analysed pixels that are in no cluster.
  let noiseShare: Double

  /// The map of a run.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  init(catalog: Catalog, run: String) throws {
    let frame = try TIFFFile(bytes: catalog.map("label", run: run), name: "label map").frame(
      page: 0)
    (height, width) = (frame.height, frame.width)
    labels = frame.values.floats.map { Int($0) }
    let clusters = try catalog.ask("run-clusters", run: run)
    let colours = try PhaseColours(catalog).ofClusters(clusters)
    entries = clusters.rows.indices.map { row in
      let phase = clusters.value("phase", row: row)
      return Entry(
        label: Int(clusters.value("cluster", row: row).number ?? 0),
        phase: phase == .null ? nil : phase.text, colour: colours[row],
        share: clusters.value("share", row: row).number ?? 0)
    }
    let analysed = labels.count { $0 != -2 }
    noiseShare = analysed > 0 ? Double(labels.count { $0 == -1 }) / Double(analysed) : 0
  }

  /// The colour of a label.
  func colour(of label: Int) -> Colour {
    if label >= 0, label < entries.count { return entries[label].colour }
    return label == -1 ? Palette.noise : Palette.notAnalysed
  }
}
