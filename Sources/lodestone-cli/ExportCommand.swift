import ArgumentParser
import Lodestone
import PhaseCatalog
import StackIO

struct ExportCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a run's maps, spectra and drift as files, or the whole catalog as text.",
    discussion: """
      With --all every record is written as a line of JSON (NDJSON), which needs no database to be read, and of which \
      lodestone import makes the same catalog again. Equal catalogs give equal lines.

      Maps are int16 TIFF of the frame's size: 0 is the largest cluster, -1 noise, -2 not analysed, \
      and in DBSCAN's own map -3 not eligible. In the mask 1 is sample, 0 empty field, 2 a pore, -2 not seen in every frame.
      """)

  static let examples = [
    "lodestone export @last --labels labels.tif --spectra spectra.csv",
    "lodestone export tag:paper-fig-3 --xdi spectra/ --map label labels.tif",
    "lodestone export --all -o magnets.ndjson",
    "lodestone export 3f2a --drift drift.csv --dbscan-labels dbscan.tif",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("A run's id, @last (the newest run), or tag:NAME.", valueName: "run"),
    completion: Completions.run)
  var name: String?

  @Flag(help: "Write the whole catalog, to standard output or --output.")
  var all = false

  @Option(
    name: .shortAndLong, help: "Where --all writes to.",
    completion: .file(extensions: ["ndjson"]))
  var output: String?

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
    help: ArgumentHelp(
      "XDI 1.0: each cluster's mean spectrum, a file an edge, into this folder.",
      valueName: "folder"), completion: .directory)
  var xdi: String?

  @Option(
    help: "CSV: energy_ev, dy_px, dx_px, scale of each frame: what ingest --drift takes.",
    completion: .file(extensions: ["csv"]))
  var drift: String?

  @OptionGroup var pictures: PictureOptions

  mutating func validate() throws {
    // A run that stands behind a picture was taken by its option.
    for other in try pictures.asked().others {
      if name != nil { throw ValidationError("\(other): name one run") }
      name = other
    }
    let targets = try targets
    if output == "" { throw ValidationError("--output needs a name") }
    if all {
      if name != nil || !targets.isEmpty {
        throw ValidationError("--all is of the whole catalog: without a run and its files")
      }
      return
    }
    if output != nil { throw ValidationError("--output is where --all writes to") }
    if name == nil { throw ValidationError("name a run, or --all") }
    if targets.isEmpty {
      throw ValidationError(
        "name a file: --map, --plot, --labels, --dbscan-labels, --mask, --fit, --spectra, --xdi or --drift"
      )
    }
    if Set(targets).count < targets.count {
      throw ValidationError("two of the files to write have the same name")
    }
  }

  private var targets: [String] {
    get throws {
      try [labels, dbscanLabels, mask, fit, spectra, xdi, drift].compactMap { $0 }
        + pictures.targets
    }
  }

  func run() throws {
    let catalog = try catalog.open(.read)
    guard let name else {
      try exportAll(catalog)
      return
    }
    let run = try catalog.resolveRun(name)
    try catalog.requireResult(of: run)
    let export = Export(catalog: catalog, run: run)
    if let labels { try export.writeMap("label", to: labels) }
    if let dbscanLabels { try export.writeMap("dbscan", to: dbscanLabels) }
    if let mask { try export.writeMap("mask", to: mask) }
    if let fit { try export.writeMap("fit", to: fit) }
    if let spectra { try export.writeSpectra(to: spectra) }
    if let xdi {
      let count = try export.writeXDI(to: xdi)
      Output.remark("\(xdi): \(count) \(count == 1 ? "file" : "files")")
    }
    if let drift { try export.writeDrift(to: drift) }
    try pictures.write(export)
  }

  private func exportAll(_ catalog: Catalog) throws {
    guard let output else {
      _ = try catalog.exportAll { Output.write($0) }
      return
    }
    let count = try OutputFile.stream(to: output, protecting: [catalog.path]) { write in
      try catalog.exportAll(write)
    }
    if !OutputFile.isStandardOutput(output) { Output.remark("\(output): \(count) records") }
  }
}
