public import ArgumentParser
import PhaseCatalog
public import StackIO

extension SignalKind: ExpressibleByArgument {}
extension Geometry: ExpressibleByArgument {}

extension PixelSize: ExpressibleByArgument {
  /// A size as it is typed: 0.028, or 0.05x0.028.
  public init?(argument: String) { self.init(argument) }
}

/// What a user says of the scans that are to be read.
struct ScanOptions: ParsableArguments {
  @Argument(help: "Multi-page TIFFs, or folders of TIFFs.", completion: .file())
  var scans: [String]

  @Flag(help: "The scans are stacks of one field, at other energies each: they become one.")
  var join = false

  @Option(help: "Only this one of the scans in a folder, by the name that --dry-run shows.")
  var part: String?

  @Option(
    help: ArgumentHelp(
      "The energies, one a line, eV or keV, in the order of the frames. This and the next two may be "
        + "given once for each SCAN.", valueName: "file"), completion: .file())
  var energies: [String] = []

  @Option(
    help: ArgumentHelp(
      "I0: reference frames (a TIFF or a folder), a text spectrum (energy, I0), or empty-field.",
      valueName: "file"), completion: .file())
  var reference: [String] = []

  @Option(
    help: ArgumentHelp("Dark frames (a TIFF or a folder), averaged.", valueName: "file"),
    completion: .file())
  var dark: [String] = []

  @OptionGroup var taken: AcquisitionOptions

  func validate() throws {
    try taken.refuseReferences(reference + dark)
    for (name, values) in [("--energies", energies), ("--reference", reference), ("--dark", dark)]
    where values.count > 1 && values.count != scans.count {
      throw ValidationError(
        "\(values.count) of \(name) for \(scans.count) scans: give one, or one for each")
    }
    if join && scans.count < 2 { throw ValidationError("--join takes two scans or more") }
  }

  /// A request for each scan, or one for those that are joined.
  func requests(_ parameters: (exposure: Double?, reference: Double?)) -> [ScanRequest] {
    guard !join else { return [completed(ScanRequest(joining: scans), nil, parameters)] }
    return scans.enumerated().map { completed(ScanRequest(path: $1), $0, parameters) }
  }

  private func completed(
    _ request: ScanRequest, _ index: Int?, _ parameters: (exposure: Double?, reference: Double?)
  ) -> ScanRequest {
    func own(_ values: [String]) -> [String] {
      guard let index, values.count > 1 else { return values }
      return [values[index]]
    }
    var request = taken.completed(request, parameters)
    request.part = part
    request.energiesPaths = own(energies)
    request.references = own(reference)
    request.darkPaths = own(dark)
    return request
  }
}

/// What a user says of how scans were taken.
struct AcquisitionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The exposure of a frame.", valueName: "s"))
  var exposure: Double?

  @Option(help: ArgumentHelp("The exposure of a reference frame.", valueName: "s"))
  var referenceExposure: Double?

  @Option(
    help: ArgumentHelp(
      "The exposure of a dark frame: where it is another than the frame's, the dark is scaled.",
      valueName: "s"))
  var darkExposure: Double?

  @Option(
    help: "What the files hold: counts, transmission or od. Where there are references: counts.")
  var signal: SignalKind?

  @Option(
    help: ArgumentHelp(
      "The side of a pixel at the lowest energy, or HEIGHTxWIDTH where pixels are oblong.",
      valueName: "um"))
  var pixelSize: PixelSize?

  @Option(help: "A section (depth is below the surface) or a projection (distance to the rim).")
  var geometry: Geometry = .section

  func validate() throws {
    for (name, value) in [
      ("--exposure", exposure), ("--reference-exposure", referenceExposure),
      ("--dark-exposure", darkExposure),
    ] {
      if let value, !(value > 0 && value.isFinite) {
        throw ValidationError("\(name) \(value): it takes a number above 0")
      }
    }
  }

  /// Refuses references and darks of what needs none.
  func refuseReferences(_ given: [String]) throws {
    if let signal, signal != .counts && !given.isEmpty {
      throw ValidationError("--signal \(signal.rawValue) takes no --reference and no --dark")
    }
  }

  /// A request with what these options say; exposures may be parameters, too.
  func completed(
    _ request: ScanRequest, _ parameters: (exposure: Double?, reference: Double?)
  ) -> ScanRequest {
    var request = request
    request.signal = signal
    request.pixelSize = pixelSize
    request.exposure = exposure ?? parameters.exposure
    request.referenceExposure = referenceExposure ?? parameters.reference
    request.darkExposure = darkExposure
    request.geometry = geometry
    return request
  }
}
