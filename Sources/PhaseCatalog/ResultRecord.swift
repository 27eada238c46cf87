/// A map of the frame's size.
package struct MapRecord: Sendable, Equatable {
  /// A map's values, row by row.
  package enum Samples: Sendable, Equatable {
    case int16([Int16])
    case float32([Float])
  }

  /// One of the schema's map kinds.
  package var kind: String
  package var height: Int
  package var width: Int
  /// SHA-256 over the decoded values.
  package var digest: String
  /// The map as a TIFF file.
  package var tiff: [UInt8]

  /// A map as it is stored.
  package init(kind: String, height: Int, width: Int, digest: String, tiff: [UInt8]) {
    self.kind = kind
    self.height = height
    self.width = width
    self.digest = digest
    self.tiff = tiff
  }

  /// A new map.
  package init(kind: String, height: Int, width: Int, samples: Samples, tiff: [UInt8]) {
    self.init(
      kind: kind, height: height, width: width,
      digest: Self.digest(height: height, width: width, samples: samples), tiff: tiff)
  }

  /// SHA-256 over a map's decoded values.
  package static func digest(height: Int, width: Int, samples: Samples) -> String {
    let digest = ContentDigest(domain: "lodestone/map/1")
    digest.update(height)
    digest.update(width)
    switch samples {
    case .int16(let values):
      digest.update("int16")
      digest.update(values)
    case .float32(let values):
      digest.update("float32")
      digest.update(values)
    }
    return digest.finish()
  }
}

/// The answer to a run.
package struct ResultRecord: Sendable, Equatable {
  /// How well a frame was measured.
  package struct FrameQuality: Sendable, Equatable {
    /// The share of its variance that the other frames do not explain; nil where drift was not measured.
    package var residual: Double?
    /// The parts of the altered pixels.
    package var saturatedPixels: Int
    package var outlierPixels: Int
    package var unmeasuredPixels: Int

    /// A frame's quality.
    package init(
      residual: Double?, saturatedPixels: Int, outlierPixels: Int, unmeasuredPixels: Int
    ) {
      self.residual = residual
      self.saturatedPixels = saturatedPixels
      self.outlierPixels = outlierPixels
      self.unmeasuredPixels = unmeasuredPixels
    }
  }

  /// What was found of one frame.
  package struct FrameRow: Sendable, Equatable {
    package var energyEV: Double
    /// px, + is down and right.
    package var driftDY: Double
    package var driftDX: Double
    /// The magnification against the first frame.
    package var scale: Double
    package var alteredPixels: Int
    package var emptyFieldOD: Double?
    /// nil in results of before it was kept.
    package var quality: FrameQuality?

    /// A frame's row.
    package init(
      energyEV: Double, driftDY: Double, driftDX: Double, scale: Double, alteredPixels: Int,
      emptyFieldOD: Double?, quality: FrameQuality? = nil
    ) {
      self.energyEV = energyEV
      self.driftDY = driftDY
      self.driftDX = driftDX
      self.scale = scale
      self.alteredPixels = alteredPixels
      self.emptyFieldOD = emptyFieldOD
      self.quality = quality
    }
  }

  /// A number that was found.
  package struct Value: Sendable, Equatable {
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

  /// What DBSCAN finds at one radius.
  package struct Radius: Sendable, Equatable {
    /// Noise units.
    package var radius: Double
    package var clusterCount: Int
    package var noisePixels: Int
    package var isUsed: Bool

    /// What is found at a radius.
    package init(radius: Double, clusterCount: Int, noisePixels: Int, isUsed: Bool) {
      self.radius = radius
      self.clusterCount = clusterCount
      self.noisePixels = noisePixels
      self.isUsed = isUsed
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
  /// What DBSCAN finds at the radius used and at others, the smallest first.
  package var radii: [Radius]
  /// The spectra that clusters were fitted with.
  package var references: [ReferenceSpectrum]
  /// What of each cluster lies in each part of the sample, by label and block; none in results of before schema 5.
  package var blocks: [ClusterBlock]

  /// A result.
  package init(
    totalPixels: Int, analysedPixels: Int, eligiblePixels: Int, noisePixels: Int,
    alteredValues: Int, smallestFindablePixels: Int, values: [Value],
    componentVariances: [Double], usedComponents: Int, warnings: [String], frames: [FrameRow],
    clusters: [ClusterRecord], depthHistogram: [Int: [Int: Int]], depthBinPX: Double,
    maps: [MapRecord], radii: [Radius] = [], references: [ReferenceSpectrum] = [],
    blocks: [ClusterBlock] = []
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
    self.radii = radii
    self.references = references
    self.blocks = blocks
  }

  /// The maps that are part of the identity: labels. Others hold rounded numbers.
  private static let identifyingMaps = ["dbscan", "label"]

  /// The identity: the run, its label maps, and the integer counts that follow from them.
  package func id(runID: String) -> String {
    let digest = ContentDigest(domain: "lodestone/result/1")
    digest.update(runID)
    for map in maps.sorted(by: { $0.kind < $1.kind })
    where Self.identifyingMaps.contains(map.kind) {
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
