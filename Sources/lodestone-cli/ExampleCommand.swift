import ArgumentParser
import Foundation
import Lodestone

struct ExampleCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "example", abstract: "Make a synthetic scan of a magnet with known truth.",
    discussion: """
      A section of a sintered NdFeB magnet over Nd L3 and Fe K: Nd2Fe14B grains, an Nd-rich phase \
      between them, an Nd-rich, Fe-poor altered layer along the surface, empty field around. The \
      absorption is tabulated (xraylib) with near-edge structure; frames blur, drift and count \
      photons. What is true of it lies in DIR/truth: labels (0 grains, 1 boundary phase, 2 layer, \
      3 iron where it was asked for, -2 no sample), depth, drift, phases, the layer's thickness, and spectra. The same options give the same bytes.
      """)

  static let examples = [
    "lodestone example demo",
    "lodestone example big --height 512 --width 512 --energies 100 --seed 7",
    "lodestone example hard --photons 600 --drift 18 --magnification -0.024 --corner-light 0.03",
  ]

  @Argument(help: "The folder to write to.", completion: .directory)
  var folder: String

  @Option(help: "Rows of a frame, 48 to 4096.")
  var height = 256

  @Option(help: "Columns of a frame, 48 to 4096.")
  var width = 256

  @Option(help: "Energies, 24 to 400, half of them at each edge.")
  var energies = 80

  @Option(help: "The seed of everything random.")
  var seed: UInt64 = 1

  @Option(help: "Photons a pixel and frame, 50 to 50000.")
  var photons = 6000.0

  @Option(help: "The largest drift, px, 0 to 20.")
  var drift = 4.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How the image's size changes over the energies: none, zone-plate (as one over the energy), or by a share "
        + "such as -0.024 or 0.03, -0.2 to 0.2.", valueName: "change"))
  var magnification = "none"

  @Option(
    help: ArgumentHelp(
      "The share of the light that reaches the corners, 0.01 to 1: vignetting.", valueName: "share")
  )
  var cornerLight = 0.7

  @Option(
    help: ArgumentHelp(
      "How far the altered layer is graded: the share of the grain's material at its bottom, 0 to 0.8.",
      valueName: "share"))
  var grading = 0.0

  @Option(
    help: ArgumentHelp(
      "The altered layer's mean thickness, px, 1 to 40; without it, a share of the frame's side.",
      valueName: "px"))
  var layer: Double?

  @Option(help: "The microscope's blur: the standard deviation of its Gaussian, px, 0.3 to 3.")
  var blur = 0.85

  @Option(
    help: ArgumentHelp(
      "The radius of a disc of iron amid the sample, px, 0 to 40: a fourth, small phase.",
      valueName: "px"))
  var ironDisc = 0.0

  @Flag(help: "Replace the files of an earlier example in the folder.")
  var force = false

  func validate() throws {
    func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>) throws {
      guard range.contains(value) else {
        throw ValidationError(
          "\(name) takes \(Int(range.lowerBound)) to \(Int(range.upperBound))")
      }
    }
    guard !folder.isEmpty else { throw ValidationError("the folder has no name") }
    try check("--height", Double(height), 48...4096)
    try check("--width", Double(width), 48...4096)
    try check("--energies", Double(energies), 24...400)
    try check("--photons", photons, 50...50_000)
    try check("--drift", drift, 0...20)
    guard (0.01...1).contains(cornerLight) else {
      throw ValidationError("--corner-light takes 0.01 to 1")
    }
    guard (0...0.8).contains(grading) else { throw ValidationError("--grading takes 0 to 0.8") }
    if let layer { try check("--layer", layer, 1...40) }
    guard (0.3...3).contains(blur) else { throw ValidationError("--blur takes 0.3 to 3") }
    try check("--iron-disc", ironDisc, 0...40)
    _ = try magnificationChange()
  }

  private func magnificationChange() throws -> ExampleScan.Magnification {
    switch magnification {
    case "none": return .none
    case "zone-plate": return .zonePlate
    default:
      guard let change = Double(magnification), abs(change) <= 0.2 else {
        throw ValidationError(
          "--magnification \(magnification): it takes none, zone-plate, or -0.2 to 0.2")
      }
      return .linear(change)
    }
  }

  func run() throws {
    var example = ExampleScan()
    example.height = height
    example.width = width
    example.energyCount = energies
    example.seed = seed
    example.photons = photons
    example.largestDrift = drift
    example.cornerLight = cornerLight
    example.grading = grading
    example.layer = layer
    example.blur = blur
    example.ironDisc = ironDisc
    example.magnification = try magnificationChange()
    try example.write(to: folder, replacing: force)
    Output.remark(
      """
      wrote \(folder)/scan.tif, references.tif, dark.tif, energies.txt and the truth beside them
      analyse it with:
        lodestone ingest \(folder)/scan.tif --energies \(folder)/energies.txt \
      --reference \(folder)/references.tif --dark \(folder)/dark.tif \
      --pixel-size \(example.pixelSizeUM) --sample example
      """)
  }
}
