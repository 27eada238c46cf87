import Foundation
import Spectra
public import StackIO

extension ExampleScan {
  /// The files that ``write(to:replacing:)`` makes, in the order in which it makes them.
  public static let fileNames = [
    "scan.tif", "references.tif", "dark.tif", "energies.txt", "truth/labels.tif",
    "truth/depth_um.tif", "truth/drift.csv", "truth/phases.csv", "truth/layer.csv",
    "truth/spectra.csv",
  ]

  /// Makes the scan and writes it into a folder, the truth into a folder of its own inside.
  ///
  /// - Throws: ``InputError`` where a file is there already and `replacing` is false, or cannot be
  ///   written.
  public func write(to folder: String, replacing: Bool = false) throws(InputError) {
    if !replacing {
      for name in Self.fileNames where FileManager.default.fileExists(atPath: folder + "/" + name) {
        throw InputError(
          "is there already: give another folder, or --force to replace it",
          path: folder + "/" + name)
      }
    }
    do {
      try FileManager.default.createDirectory(
        atPath: folder + "/truth", withIntermediateDirectories: true)
    } catch {
      throw InputError("the folder cannot be made", path: folder, kind: .io)
    }
    let made = frames()
    func page(_ samples: TIFFWriter.Page.Samples) -> TIFFWriter.Page {
      .init(height: height, width: width, samples: samples)
    }
    func put(_ name: String, _ pages: [TIFFWriter.Page], isCompressed: Bool) throws(InputError) {
      let bytes = try TIFFWriter.encode(pages, isCompressed: isCompressed)
      try OutputFile.write(bytes, to: folder + "/" + name)
    }
    func put(_ name: String, _ lines: [String]) throws(InputError) {
      let text = lines.joined(separator: "\n") + "\n"
      try OutputFile.write(Array(text.utf8), to: folder + "/" + name)
    }
    try put("scan.tif", made.sample.map { page(.uint16($0)) }, isCompressed: false)
    try put("references.tif", made.references.map { page(.uint16($0)) }, isCompressed: false)
    try put("dark.tif", [page(.uint16(made.dark))], isCompressed: false)
    try put("energies.txt", ["# photon energy, eV, one line a frame"] + energies.map { "\($0)" })
    try put("truth/labels.tif", [page(.int16(made.labels))], isCompressed: true)
    try put("truth/depth_um.tif", [page(.float32(made.depthUM))], isCompressed: true)
    try put("truth/drift.csv", driftLines)
    try put("truth/phases.csv", phaseLines(made.labels))
    try put("truth/layer.csv", layerLines(made.layerThicknessUM))
    try put("truth/spectra.csv", spectrumLines)
  }

  /// The altered layer along the surface.
  private func layerLines(_ thickness: [Double]) -> [String] {
    let mean = thickness.reduce(0, +) / Double(max(thickness.count, 1))
    return [
      "mean_thickness_um,least_um,largest_um",
      "\(mean),\(thickness.min() ?? 0),\(thickness.max() ?? 0)",
    ]
  }

  private var driftLines: [String] {
    ["energy_ev,dy_px,dx_px,scale"]
      + zip(energies, placements).map { "\($0),\($1.drift.dy),\($1.drift.dx),\($1.scale)" }
  }

  private func phaseLines(_ labels: [Int16]) -> [String] {
    ["label,name,nd_fraction,density_g_cm3,pixels"]
      + phases.enumerated().map { label, phase in
        let pixels = labels.count { Int($0) == label }
        return "\(label),\(phase.name),\(phase.ndFraction),\(phase.density),\(pixels)"
      }
  }

  /// The optical density of 1 um of each phase.
  private var spectrumLines: [String] {
    ["energy_ev," + phases.indices.map { "od_per_um_\($0)" }.joined(separator: ",")]
      + energies.map { energy in
        let values = phases.map { "\($0.absorptionPerUM(energyEV: energy))" }
        return "\(energy)," + values.joined(separator: ",")
      }
  }
}
