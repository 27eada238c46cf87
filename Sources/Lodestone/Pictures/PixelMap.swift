import Foundation
package import PhaseCatalog
import Spectra
import StackIO

/// What there are maps of.
public enum MapKind: String, CaseIterable, Sendable {
  /// The clusters.
  case label
  /// The mean optical density.
  case od
  /// The step at each measured edge.
  case edgeStep = "edge-step"
  /// How deep the sample's pixels lie.
  case depth
}

/// A map of numbers of a run's pixels, from the catalog.
package struct PixelMap {
  /// What it is a map of.
  package let kind: MapKind
  /// Rows.
  package let height: Int
  /// Columns.
  package let width: Int
  /// Row-major; not a number where there is none.
  package let values: [Float]
  /// What the numbers are, for a reader: "Nd L3 edge step".
  package let name: String
  /// OD, um or px.
  package let unit: String

  /// The maps of a kind: one, or one an edge.
  ///
  /// - Throws: ``CatalogError``, also where the run has none; ``InputError``.
  package static func all(_ kind: MapKind, catalog: Catalog, run: String) throws -> [PixelMap] {
    switch kind {
    case .label: preconditionFailure("labels are no numbers")
    case .od:
      return try stored("od", catalog, run).map {
        PixelMap(kind, $0, name: "mean optical density", unit: "OD")
      }
    case .edgeStep:
      return try stored("edge_step", catalog, run).map { page in
        PixelMap(kind, page, name: "\(page.name ?? "edge") edge step", unit: "OD")
      }
    case .depth: return [try depth(catalog, run)]
    }
  }

  private typealias Page = (height: Int, width: Int, values: [Float], name: String?)

  private init(_ kind: MapKind, _ page: Page, name: String, unit: String) {
    self.kind = kind
    (height, width, values) = (page.height, page.width, page.values)
    (self.name, self.unit) = (name, unit)
  }

  /// The pages of a map in the catalog.
  private static func stored(_ kind: String, _ catalog: Catalog, _ run: String) throws -> [Page] {
    do {
      let map = try StoredMap(kind, catalog, run: run)
      return zip(map.pages, map.names).map { (map.height, map.width, $0, $1) }
    } catch CatalogError.notFound(let words) {
      throw CatalogError.notFound(
        words + (kind == "edge_step" ? " (no edge was measured, or " : " (")
          + "it was stored before version 6 of the schema: ingest its scan again)")
    }
  }

  /// The depth of each pixel of sample, um (px where the pixel size is not known): computed from the map of the mask as the
  /// ingest did.
  private static func depth(_ catalog: Catalog, _ run: String) throws -> PixelMap {
    let mask = try stored("mask", catalog, run)[0]
    let summary = try catalog.ask("run-summary", run: run)
    let parameters = try catalog.ask("run-parameters", run: run)
    let pores = parameters.rows.indices.first {
      parameters.value("name", row: $0) == .text("depth.pores")
    }.map { parameters.value("value", row: $0).text }
    let size = PixelSize(summary: summary)
    let scale = size?.smallerUM ?? 1
    let sides = size ?? PixelSize(sideUM: 1)
    let depth = Depth(
      isSample: mask.values.map { $0 == 1 }, isMeasured: mask.values.map { $0 != -2 },
      height: mask.height, width: mask.width,
      sides: (sides.heightUM / sides.smallerUM, sides.widthUM / sides.smallerUM),
      poresAreSurface: pores == "surface")
    guard let depth else {
      throw CatalogError.notFound(
        "run \(run.prefix(12)) has no depth: no empty field borders on its sample")
    }
    let isProjection = summary.value("geometry") == .text("projection")
    return PixelMap(
      .depth,
      (
        mask.height, mask.width,
        zip(mask.values, depth.values).map { $0 == 1 ? Float(Double($1) * scale) : .nan }, nil
      ), name: isProjection ? "distance to the rim" : "depth below the surface",
      unit: size == nil ? "px" : "um")
  }
}

extension PixelSize {
  /// The pixel size of a run, by its answer to the query `run-summary`; nil where it is not known.
  init?(summary: AnswerTable) {
    if let height = summary.value("pixel_height_um").number,
      let width = summary.value("pixel_width_um").number
    {
      self.init(heightUM: height, widthUM: width)
    } else if let side = summary.value("pixel_size_um").number {
      self.init(sideUM: side)
    } else {
      return nil
    }
  }
}
