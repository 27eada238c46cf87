import Foundation
import PhaseCatalog
import StackIO

/// A run's maps as a page shows them: the label map, and beside it what the pixels absorb.
struct PageMaps {
  /// A map as a picture.
  struct Picture {
    /// The PNG as a data URL.
    let source: String
    /// The size that it is shown at, px, where nothing makes it smaller: a pixel's sides may differ.
    let width: Int
    let height: Int
    /// How many of the map's pixels a pixel of the picture stands for, along each side.
    let binning: Int

    /// The class of a figure that would be higher than a screen, were it as wide as others; nil for others.
    var shape: String? { height > 3 * width ? "taller" : 2 * height > 3 * width ? "tall" : nil }
  }

  let labels: LabelMap
  let labelPicture: Picture
  /// nil for results of before this map was kept.
  let density: (picture: Picture, scale: ColourScale)?
  /// A pixel's width, um; nil where not known.
  let pixelWidthUM: Double?

  /// The pictures of a run.
  ///
  /// - Parameters:
  ///   - budget: about how many bytes they may take in a page, together.
  ///   - hasDensity: whether the optical density is shown too.
  /// - Throws: ``CatalogError``, ``InputError``.
  init(
    _ catalog: Catalog, run: String, _ clusters: RunClusters, budget: Int, hasDensity: Bool = true
  ) throws {
    labels = try LabelMap(catalog, run: run, clusters)
    let size = PixelSize(summary: try catalog.ask("run-summary", run: run))
    pixelWidthUM = size?.widthUM
    // Of three bytes four characters are made.
    let bytes = budget * 3 / 4
    labelPicture = try Self.labelPicture(
      labels, size, most: hasDensity ? bytes * 3 / 5 : bytes)
    guard hasDensity else {
      density = nil
      return
    }
    let left = bytes - labelPicture.source.utf8.count * 3 / 4
    do {
      density = try Self.densityPicture(
        PixelMap.all(.od, catalog: catalog, run: run)[0], size, most: left)
    } catch CatalogError.notFound {
      density = nil
    }
  }

  // MARK: Labels

  /// A palette with a colour for each label. What was not analysed is clear: the page's own ground shows.
  private static func labelPicture(
    _ map: LabelMap, _ size: PixelSize?, most bytes: Int
  ) throws -> Picture {
    let colours = paletteColours(map)
    var palette: [UInt8] = [0, 0, 0, 0]
    for colour in [Palette.noise] + colours {
      palette += [colour.red, colour.green, colour.blue, 255]
    }
    let places = map.labels.map { UInt8(clamping: min(max($0, -2), 253) + 2) }
    return try picture(height: map.height, width: map.width, size, most: bytes) { binning in
      let (height, width, pixels) = binned(
        map.height, map.width, by: binning
      ) { mostFrequent($0.map { places[$0] }) }
      return try PNGWriter.encode(
        .init(height: height, width: width, pixels: .clearPalette(pixels, colours: palette)))
    }
  }

  /// A colour of its own for each cluster: where two have the same, one differs by what no eye sees, so that a page's script can
  /// tell them apart.
  private static func paletteColours(_ map: LabelMap) -> [Colour] {
    var seen: Set<Colour> = [Palette.noise]
    return map.clusters.prefix(254).map { cluster in
      var colour = cluster.colour
      while !seen.insert(colour).inserted {
        colour = Colour(red: colour.red, green: colour.green, blue: colour.blue &+ 1)
      }
      return colour
    }
  }

  /// The colour of each cluster in the picture, for a page's script.
  var pictureColours: [Colour] { Self.paletteColours(labels) }

  private static func mostFrequent(_ values: [UInt8]) -> UInt8 {
    var counts = [Int](repeating: 0, count: 256)
    for value in values { counts[Int(value)] += 1 }
    return UInt8(counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0)
  }

  // MARK: Optical density

  private static func densityPicture(
    _ map: PixelMap, _ size: PixelSize?, most bytes: Int
  ) throws -> (Picture, ColourScale)? {
    guard let scale = ColourScale(map.values, ramp: .grey) else { return nil }
    let levels = 254
    var palette = (0..<levels).flatMap { level -> [UInt8] in
      let grey = UInt8((255 * Double(level) / Double(levels - 1)).rounded())
      return [grey, grey, grey, 255]
    }
    palette += [0, 0, 0, 0]
    let made = try picture(height: map.height, width: map.width, size, most: bytes) { binning in
      let (height, width, pixels) = binned(map.height, map.width, by: binning) { places -> UInt8 in
        let known = places.lazy.map { map.values[$0] }.filter(\.isFinite)
        var (sum, count) = (0.0, 0)
        for value in known { (sum, count) = (sum + Double(value), count + 1) }
        guard count > 0 else { return UInt8(levels) }
        let place = scale.place(of: Float(sum / Double(count)))
        return UInt8((place * Double(levels - 1)).rounded())
      }
      return try PNGWriter.encode(
        .init(height: height, width: width, pixels: .clearPalette(pixels, colours: palette)))
    }
    return (made, scale)
  }

  // MARK: Both

  /// Pixels of a picture, each made of a square of the map's; at the right and lower edge of what there is.
  private static func binned(
    _ height: Int, _ width: Int, by binning: Int, _ value: ([Int]) -> UInt8
  ) -> (height: Int, width: Int, pixels: [UInt8]) {
    let (rows, columns) = ((height + binning - 1) / binning, (width + binning - 1) / binning)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(rows * columns)
    var places: [Int] = []
    for row in 0..<rows {
      for column in 0..<columns {
        places.removeAll(keepingCapacity: true)
        for y in (row * binning)..<min(height, (row + 1) * binning) {
          for x in (column * binning)..<min(width, (column + 1) * binning) {
            places.append(y * width + x)
          }
        }
        pixels.append(value(places))
      }
    }
    return (rows, columns, pixels)
  }

  /// The picture with the least binning that has room.
  private static func picture(
    height: Int, width: Int, _ size: PixelSize?, most bytes: Int,
    _ encode: (_ binning: Int) throws -> [UInt8]
  ) throws -> Picture {
    var binning = 1
    var png = try encode(1)
    while png.count > bytes, min(height, width) / (binning + 1) >= 16 {
      binning += 1
      png = try encode(binning)
    }
    let sides = size ?? PixelSize(sideUM: 1)
    return Picture(
      source: "data:image/png;base64," + Data(png).base64EncodedString(),
      width: Int((Double(width) * sides.widthUM / sides.smallerUM).rounded()),
      height: Int((Double(height) * sides.heightUM / sides.smallerUM).rounded()),
      binning: binning)
  }

  // MARK: Scale

  /// A bar of a round length for under a map, as wide as it is on it.
  var scaleBar: Markup {
    let unit = pixelWidthUM ?? 1
    let across = unit * Double(labels.width)
    let length = roundLength(upTo: 0.25 * across)
    let words =
      pixelWidthUM == nil
      ? "\(Numeral.short(length)) px"
      : length < 1 ? "\(Numeral.short(1000 * length)) nm" : "\(Numeral.short(length)) µm"
    return .element("p", ["class": "scale"]) {
      Markup.element(
        "svg", ["viewBox": "0 0 1000 8", "preserveAspectRatio": "none", "aria-hidden": "true"]
      ) {
        SVG.rect(0, 0, 1000 * length / across, 8, ["class": "scale-bar"])
      }
      words
    }
  }
}
