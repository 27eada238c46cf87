import ArgumentParser
import Lodestone
import PhaseCatalog

/// The pictures that `export` draws.
struct PictureOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "A map as a picture (.png, .svg), or its values for ImageJ (.tif): label, od, edge-step or depth, and the file. Can be repeated.",
      valueName: "kind file"),
    completion: Completions.picture(MapKind.self))
  var map: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Curves as picture (.svg or .png): spectra, depth-profile or radius, and the file. Can be repeated.",
      valueName: "kind file"),
    completion: Completions.picture(PlotKind.self))
  var plot: [String] = []

  /// What is drawn, and the words behind it that are no picture: the run's name, where it stands there.
  func asked() throws -> (
    maps: [PictureArgument<MapKind>], plots: [PictureArgument<PlotKind>], others: [String]
  ) {
    let (maps, plots) = (
      try PictureArgument<MapKind>.pictures(map), try PictureArgument<PlotKind>.pictures(plot)
    )
    return (maps.pictures, plots.pictures, maps.others + plots.others)
  }

  /// The files that are written.
  var targets: [String] {
    get throws {
      let asked = try asked()
      return asked.maps.map(\.path) + asked.plots.map(\.path)
    }
  }

  /// Draws them.
  func write(_ export: Export) throws {
    let asked = try asked()
    for picture in asked.maps {
      try export.writePicture(of: picture.kind, to: picture.path, ending: picture.ending)
    }
    for picture in asked.plots {
      let plot: Plot =
        switch picture.kind {
        case .spectra: .spectra
        case .depthProfile: .depthProfile
        case .radius: .radius
        }
      try export.writePlot(plot, to: picture.path)
    }
  }
}
