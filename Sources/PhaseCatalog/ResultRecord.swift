/// A label map of the frame's size.
package struct MapRecord: Sendable {
  /// "label" or "dbscan".
  package var kind: String
  package var height: Int
  package var width: Int
  package var labels: [Int16]
  /// The same as a TIFF file.
  package var tiff: [UInt8]

  /// A map.
  package init(kind: String, height: Int, width: Int, labels: [Int16], tiff: [UInt8]) {
    self.kind = kind
    self.height = height
    self.width = width
    self.labels = labels
    self.tiff = tiff
  }

  /// SHA-256 over the decoded values.
  package var digest: String {
    let digest = ContentDigest(domain: "lodestone/map/1")
    digest.update(height)
    digest.update(width)
    digest.update(labels)
    return digest.finish()
  }
}

/// The answer to a run.
package struct ResultRecord: Sendable {
  /// What was found of one frame.
  package struct FrameRow: Sendable {
    /// px, + is down and right.
    package var driftDY: Double
    package var driftDX: Double
    /// The magnification against the first frame.
    package var scale: Double
    package var alteredPixels: Int
    package var emptyFieldOD: Double?

    /// A frame's row.
    package init(
      driftDY: Double, driftDX: Double, scale: Double, alteredPixels: Int, emptyFieldOD: Double?
    ) {
      self.driftDY = driftDY
      self.driftDX = driftDX
      self.scale = scale
      self.alteredPixels = alteredPixels
      self.emptyFieldOD = emptyFieldOD
    }
  }

  /// A number that was found.
  package struct Value: Sendable {
    package var name: String
    package var number: Double
    package var unit: String

    /// A found number.
    package init(name: String, number: Double, unit: String) {
      self.name = name
      self.number = number
      self.unit = unit
    }
  }

  package var totalPixels: Int
  package var analysedPixels: Int
  package var eligiblePixels: Int
  package var noisePixels: Int
  package var alteredValues: Int
  package var smallestFindablePixels: Int
  package var values: [Value]
  /// Variances of the components, largest first.
  package var componentVariances: [Double]
  package var usedComponents: Int
  package var warnings: [String]
  package var frames: [FrameRow]
  package var clusters: [ClusterRecord]
  /// Pixels by label and depth bin; label -1 is noise.
  package var depthHistogram: [Int: [Int: Int]]
  /// The width of a depth bin, px.
  package var depthBinPX: Double
  package var maps: [MapRecord]

  /// A result.
  package init(
    totalPixels: Int, analysedPixels: Int, eligiblePixels: Int, noisePixels: Int,
    alteredValues: Int, smallestFindablePixels: Int, values: [Value],
    componentVariances: [Double], usedComponents: Int, warnings: [String], frames: [FrameRow],
    clusters: [ClusterRecord], depthHistogram: [Int: [Int: Int]], depthBinPX: Double,
    maps: [MapRecord]
  ) {
    self.totalPixels = totalPixels
    self.analysedPixels = analysedPixels
    self.eligiblePixels = eligiblePixels
    self.noisePixels = noisePixels
    self.alteredValues = alteredValues
    self.smallestFindablePixels = smallestFindablePixels
    self.values = values
    self.componentVariances = componentVariances
    self.usedComponents = usedComponents
    self.warnings = warnings
    self.frames = frames
    self.clusters = clusters
    self.depthHistogram = depthHistogram
    self.depthBinPX = depthBinPX
    self.maps = maps
  }

  /// The identity: the run, its maps, and the integer counts that follow from them.
  package func id(runID: String) -> String {
    let digest = ContentDigest(domain: "lodestone/result/1")
    digest.update(runID)
    for map in maps.sorted(by: { $0.kind < $1.kind }) {
      digest.update(map.kind)
      digest.update(map.digest)
    }
    for count in [totalPixels, analysedPixels, eligiblePixels, noisePixels] {
      digest.update(count)
    }
    digest.update(clusters.count)
    for cluster in clusters {
      digest.update(cluster.label)
      digest.update(cluster.pixels)
      digest.update(cluster.dbscanPixels)
    }
    return digest.finish()
  }
}
