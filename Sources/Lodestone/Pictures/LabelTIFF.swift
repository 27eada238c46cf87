import PhaseCatalog
import StackIO

extension Export {
  /// The label map for ImageJ: 8 bits with the clusters' colours and names. A value is the cluster's number, 254 noise and 255
  /// what was not analysed.
  ///
  /// - Throws: ``CatalogError``, ``InputError``; of more than 254 clusters.
  public func writeLabelTIFF(to path: String) throws {
    let clusters = try RunClusters(catalog, run: run)
    let map = try LabelMap(catalog, run: run, clusters)
    guard clusters.all.count <= Self.noiseValue else {
      throw InputError(
        "\(clusters.all.count) clusters: 8 bits have values for \(Self.noiseValue). "
          + "--labels writes them all, as int16", path: path)
    }
    let values = map.labels.map { label in
      UInt8(label == -2 ? Self.notAnalysedValue : label == -1 ? Self.noiseValue : label)
    }
    let summary = try catalog.ask("run-summary", run: run)
    let legend = legend(clusters)
    var colours = [UInt8](repeating: 0, count: 3 * 256)
    for (value, _, colour) in legend {
      colours.replaceSubrange(
        3 * value..<3 * value + 3, with: [colour.red, colour.green, colour.blue])
    }
    let lines = legend.map { "\($0.value) = \($0.name) \($0.colour.hex)" }
    let bytes = try ImageJTIFF.encode(
      [.init(name: "clusters", samples: .uint8(values))], height: map.height, width: map.width,
      colours: colours, pixelSize: PixelSize(summary: summary),
      info: (try about(summary) + lines).joined(separator: "\n") + "\n")
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
      info: (try about(summary) + lines).joined(separator: "\n") + "\n")
    try write(bytes, to: path)
  }

  /// What ImageJ's info says of any map.
  private func about(_ summary: AnswerTable) throws -> [String] {
    ["lodestone \(lodestoneVersion)"]
      + (try catalog.isRetracted(run: run) ? ["RETRACTED"] : [])
      + ["sample", "run_id", "scan_id", "result_id"].compactMap { name in
        let value = summary.value(name)
        return value == .null ? nil : "\(name) = \(value.text)"
      }
  }

  private static var noiseValue: Int { 254 }
  private static var notAnalysedValue: Int { 255 }

  /// What each value of the map means, and its colour.
  private func legend(_ clusters: RunClusters) -> [(value: Int, name: String, colour: Colour)] {
    clusters.all.map { cluster in
      (cluster.label, cluster.phase ?? "cluster \(cluster.label)", cluster.colour)
    } + [
      (Self.noiseValue, "noise", Palette.noise),
      (Self.notAnalysedValue, "not analysed", Palette.notAnalysed),
    ]
  }
}
