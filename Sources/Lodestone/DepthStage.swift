import Spectra
import StackIO

/// Where sample is -> how deep each pixel of it lies below the surface.
struct DepthStage {
  /// What the stage makes.
  struct Output: Sendable {
    /// In units of a pixel's smaller side; nil where there is no empty field.
    var depth: Depth?
    /// The empty field that is open: pores are not, whether they are a surface or no.
    var isOpen: [Bool]
  }

  let parameters: ParameterSet

  func run(
    _ scan: Scan, _ registered: RegistrationStage.Output, _ mask: MaskStage.Output
  ) -> Output {
    // What nothing is known of is no surface.
    let isSolid = zip(mask.isSample, registered.isLost).map { $0 || $1 }
    let size = scan.pixelSize?.value ?? PixelSize(sideUM: 1)
    return Output(
      depth: Depth(
        isSample: isSolid, isMeasured: registered.isInside, height: scan.height,
        width: scan.width,
        sides: (size.heightUM / size.smallerUM, size.widthUM / size.smallerUM),
        poresAreSurface: parameters.text("depth.pores") == "surface"),
      isOpen: openField(isSolid, registered.isInside, scan.height, scan.width))
  }
}
