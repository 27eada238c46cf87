import ArgumentParser
import Lodestone
import PhaseCatalog

/// The pictures that `export` draws.
struct PictureOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "A map as picture (.png) or for ImageJ (.tif): label, od, edge-step or depth, and the file. Can be repeated.",
      valueName: "kind file"),
    completion: .file(extensions: MapKind.endings))
  var map: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Curves as picture (.svg or .png): spectra, depth-profile or radius, and the file. Can be repeated.",
      valueName: "kind file"),
    completion: .file(extensions: PlotKind.endings))
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
      switch (picture.kind, picture.ending) {
      case (.label, "tif"): try export.writeLabelTIFF(to: picture.path)
      default: throw Failure("--map \(picture.kind.rawValue): not built yet", exitCode: 70)
      }
    }
    for picture in asked.plots {
      switch picture.kind {
      default: throw Failure("--plot \(picture.kind.rawValue): not built yet", exitCode: 70)
      }
    }
  }
}
