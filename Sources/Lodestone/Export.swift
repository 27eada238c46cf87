import Foundation
public import PhaseCatalog
import StackIO

/// Writes what is stored of a run as files.
public struct Export {
  let catalog: Catalog
  let run: String

  /// An export of a run (its full id).
  public init(catalog: Catalog, run: String) {
    self.catalog = catalog
    self.run = run
  }

  /// The label map ("label", or "dbscan" for DBSCAN's own), the mask ("mask"), as int16 TIFF of the frame's size,
  /// or the fit with reference spectra ("fit"), float32 with a page each.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  public func writeMap(_ kind: String, to path: String) throws {
    try write(try catalog.map(kind, run: run), to: path)
  }

  /// A map as a picture (`png` or `svg`), with scale bar and colour bar or legend; or its values for ImageJ (`tif`).
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  public func writePicture(of kind: MapKind, to path: String, ending: String) throws {
    if ending == "tif" {
      try kind == .label ? writeLabelTIFF(to: path) : writeValueTIFF(of: kind, to: path)
      return
    }
    let picture =
      kind == .label
      ? try MapPicture(labelsOf: run, catalog: catalog)
      : try MapPicture(kind, of: run, catalog: catalog)
    let svg = try picture.svg()
    try write(ending == "svg" ? Array(svg.utf8) : try SVGRaster.png(svg, path: path), to: path)
  }

  /// The clusters' spectra as CSV: energy_eV, then mean and standard deviation of each.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  public func writeSpectra(to path: String) throws {
    let table = try catalog.ask("run-spectra", run: run)
    var labels: [String] = []
    var energies: [String] = []
    var cells: [String: [String]] = [:]
    for row in table.rows {
      let (label, energy) = (row[0].text, row[1].text)
      if !labels.contains(label) { labels.append(label) }
      if label == labels[0] { energies.append(energy) }
      cells[energy, default: []] += [row[2].text, row[3].text]
    }
    if labels.isEmpty {
      energies = try catalog.ask("run-frames", run: run).rows.map { $0[0].text }
    }
    let header = ["energy_eV"] + labels.flatMap { ["mean_\($0)", "sd_\($0)"] }
    let lines = energies.map { ([$0] + (cells[$0] ?? [])).joined(separator: ",") }
    try write(
      Array(([header.joined(separator: ",")] + lines).joined(separator: "\n").utf8) + [10], to: path
    )
  }

  /// Each frame's drift as CSV: energy_ev, dy_px, dx_px, scale.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  public func writeDrift(to path: String) throws {
    let table = try catalog.ask("run-frames", run: run)
      .dropping([
        "residual", "altered_pixels", "saturated_pixels", "outlier_pixels", "unmeasured_pixels",
        "empty_field_od",
      ])
    let lines = table.rows.map { $0.map(\.text).joined(separator: ",") }
    try write(
      Array(([table.columns.joined(separator: ",")] + lines).joined(separator: "\n").utf8) + [10],
      to: path)
  }

  /// The clusters' mean spectra as XDI 1.0, one file a cluster and edge; one a cluster where no edge was measured.
  ///
  /// - Parameter folder: is made where it is not there. All files are written or none, and replace none but those of this run.
  /// - Returns: how many files.
  /// - Throws: ``CatalogError``, ``InputError``.
  public func writeXDI(to folder: String) throws -> Int {
    let files = try SpectraXDI(catalog, run: run).files()
      .map { (path: folder + "/" + $0.name, bytes: Array($0.text.utf8)) }
    let own = Array("# Lodestone.run_id: \(run)\n".utf8)
    for file in files where FileManager.default.fileExists(atPath: file.path) {
      let there = FileManager.default.contents(atPath: file.path) ?? Data()
      if there.firstRange(of: own) == nil {
        throw InputError(
          "is there, and not of this run: name another folder", path: file.path)
      }
    }
    let names = Set(files.map { URL(fileURLWithPath: $0.path).lastPathComponent })
    let there = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // A phase had another name: who reads the folder would read a cluster twice.
    for name in there.sorted() where name.hasSuffix(".xdi") && !names.contains(name) {
      let path = folder + "/" + name
      if FileManager.default.contents(atPath: path)?.firstRange(of: own) != nil {
        throw InputError(
          "is of this run, under another name than it would have now: remove it, or name another folder",
          path: path)
      }
    }
    try OutputFile.write(files, inFolder: folder)
    return files.count
  }

  func write(_ bytes: [UInt8], to path: String) throws {
    try catalog.write(bytes, to: path)
  }
}
