public import PhaseCatalog
import StackIO

/// A plot of a run, as a file.
public enum Plot: String, CaseIterable, Sendable {
  /// Mean spectra with their spread.
  case spectra
  /// The share of each cluster over depth.
  case depthProfile = "depth-profile"
  /// How many clusters there are over the DBSCAN radius.
  case radius

  /// The plot of a run (its full id) as SVG text.
  ///
  /// - Throws: ``CatalogError``: ``CatalogError/noResult(_:)`` where the run has nothing that could be drawn.
  public func svg(_ catalog: Catalog, run: String) throws -> String {
    let clusters = try RunClusters(catalog, run: run)
    let summary = try catalog.ask("run-summary", run: run)
    let sample = summary.value("sample")
    let subtitle =
      (try catalog.isRetracted(run: run) ? "RETRACTED, " : "")
      + (sample == .null ? "" : "sample \(sample.text), ") + "run \(run.prefix(12))"
    let chart =
      switch self {
      case .spectra:
        try SpectraPlot(catalog, run: run, clusters).chart(subtitle: subtitle)
      case .depthProfile:
        try DepthProfilePlot(catalog, run: run, clusters).chart(subtitle: subtitle)
      case .radius: try RadiusPlot(catalog, run: run).chart(subtitle: subtitle)
      }
    return chart.svg()
  }
}

extension Export {
  /// A plot of the run: SVG, or PNG where the path ends so.
  ///
  /// - Throws: ``CatalogError``: ``CatalogError/noResult(_:)`` where there is nothing to draw; ``InputError``.
  public func writePlot(_ plot: Plot, to path: String) throws {
    let svg = try plot.svg(catalog, run: run)
    let isPNG = path.lowercased().hasSuffix(".png")
    try write(
      isPNG ? try SVGRaster.png(svg, zoom: 2, path: path) : Array(svg.utf8), to: path)
  }
}
