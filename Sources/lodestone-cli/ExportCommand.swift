import ArgumentParser
import Lodestone
import PhaseCatalog

struct ExportCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a run's maps, spectra and drift as files.",
    discussion: """
      Maps are int16 TIFF of the frame's size: 0 is the largest cluster, -1 noise, -2 not analysed, \
      and in DBSCAN's own map -3 not eligible. In the mask 1 is sample, 0 empty field, 2 a pore, -2 not seen in every frame.
      """)

  static let examples = [
    "lodestone export @last --labels labels.tif --spectra spectra.csv",
    "lodestone export 3f2a --drift drift.csv --dbscan-labels dbscan.tif",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("A run's id, @last (the newest run), or tag:NAME.", valueName: "run"))
  var name: String

  @Option(help: "The label map.", completion: .file(extensions: ["tif"]))
  var labels: String?

  @Option(help: "DBSCAN's own labels, before the flood.", completion: .file(extensions: ["tif"]))
  var dbscanLabels: String?

  @Option(
    help: "Where sample, empty field and pores are.", completion: .file(extensions: ["tif"]))
  var mask: String?

  @Option(
    help:
      "The fit with reference spectra: float32 TIFF, a page a reference (its amount), then what they leave (OD).",
    completion: .file(extensions: ["tif"]))
  var fit: String?

  @Option(
    help: "CSV: energy_eV and each cluster's mean and standard deviation (OD).",
    completion: .file(extensions: ["csv"]))
  var spectra: String?

  @Option(
    help: "CSV: energy_ev, dy_px, dx_px, scale of each frame: what ingest --drift takes.",
    completion: .file(extensions: ["csv"]))
  var drift: String?

  func validate() throws {
    if targets.isEmpty {
      throw ValidationError(
        "name a file: --labels, --dbscan-labels, --mask, --fit, --spectra or --drift")
    }
    if Set(targets).count < targets.count {
      throw ValidationError("two of the files to write have the same name")
    }
  }

  private var targets: [String] {
    [labels, dbscanLabels, mask, fit, spectra, drift].compactMap { $0 }
  }

  func run() throws {
    let catalog = try catalog.open(.read)
    let run = try catalog.resolveRun(name)
    try catalog.requireResult(of: run)
    let export = Export(catalog: catalog, run: run)
    if let labels { try export.writeMap("label", to: labels) }
    if let dbscanLabels { try export.writeMap("dbscan", to: dbscanLabels) }
    if let mask { try export.writeMap("mask", to: mask) }
    if let fit { try export.writeMap("fit", to: fit) }
    if let spectra { try export.writeSpectra(to: spectra) }
    if let drift { try export.writeDrift(to: drift) }
  }
}
