import PhaseCatalog
import StackIO

extension Export {
  /// The label map for ImageJ: 8 bits with the clusters' colours and names. A value is the cluster's number, 254 noise and 255
  /// what was not analysed.
  ///
  /// - Throws: ``CatalogError``, ``InputError``; of more than 254 clusters.
  public func writeLabelTIFF(to path: String) throws {
    let tiff = try TIFFFile(bytes: catalog.map("label", run: run), name: "label map")
    let frame = try tiff.frame(page: 0)
    let clusters = try catalog.ask("run-clusters", run: run)
    guard clusters.rows.count <= Self.noiseValue else {
      throw InputError(
        "\(clusters.rows.count) clusters: 8 bits have values for \(Self.noiseValue). "
          + "--labels writes them all, as int16", path: path)
    }
    let values = try frame.values.floats.map { label in
      switch label {
      case -2: return UInt8(Self.notAnalysedValue)
      case -1: return UInt8(Self.noiseValue)
      default:
        guard let value = UInt8(exactly: label), value < clusters.rows.count else {
          throw CatalogError.damaged(
            path: catalog.path,
            reason: "the label map of run \(run.prefix(12)) has a label \(label)")
        }
        return value
      }
    }
    let summary = try catalog.ask("run-summary", run: run)
    let legend = try legend(clusters)
    var colours = [UInt8](repeating: 0, count: 3 * 256)
    for (value, _, colour) in legend {
      colours.replaceSubrange(
        3 * value..<3 * value + 3, with: [colour.red, colour.green, colour.blue])
    }
    let lines = legend.map { "\($0.value) = \($0.name) \($0.colour.hex)" }
    let bytes = try ImageJTIFF.encode(
      [.init(name: "clusters", samples: .uint8(values))], height: frame.height, width: frame.width,
      colours: colours, pixelSize: PixelSize(summary: summary),
      info: (about(summary) + lines).joined(separator: "\n") + "\n")
    try write(bytes, to: path)
  }

  /// A map of numbers for ImageJ: 32 bits, a slice an edge where there are several; not a number where there is none.
  ///
  /// - Throws: ``CatalogError``, also where the run has no such map; ``InputError``.
  func writeValueTIFF(of kind: MapKind, to path: String) throws {
    let maps = try PixelMap.all(kind, catalog: catalog, run: run)
    let summary = try catalog.ask("run-summary", run: run)
    let lines = maps.map { "\($0.name), \($0.unit)" }
    let bytes = try ImageJTIFF.encode(
      maps.map { .init(name: $0.name, samples: .float32($0.values)) }, height: maps[0].height,
      width: maps[0].width, pixelSize: PixelSize(summary: summary),
      info: (about(summary) + lines).joined(separator: "\n") + "\n")
    try write(bytes, to: path)
  }

  /// What ImageJ's info says of any map.
  private func about(_ summary: AnswerTable) -> [String] {
    ["lodestone \(lodestoneVersion)"]
      + ["sample", "run_id", "scan_id", "result_id"].compactMap { name in
        let value = summary.value(name)
        return value == .null ? nil : "\(name) = \(value.text)"
      }
  }

  private static var noiseValue: Int { 254 }
  private static var notAnalysedValue: Int { 255 }

  /// What each value of the map means, and its colour.
  private func legend(
    _ clusters: AnswerTable
  ) throws -> [(value: Int, name: String, colour: Colour)] {
    let colours = try PhaseColours(catalog).ofClusters(clusters)
    return clusters.rows.indices.map { row in
      let phase = clusters.value("phase", row: row)
      return (row, phase == .null ? "cluster \(row)" : phase.text, colours[row])
    } + [
      (Self.noiseValue, "noise", Palette.noise),
      (Self.notAnalysedValue, "not analysed", Palette.notAnalysed),
    ]
  }
}
