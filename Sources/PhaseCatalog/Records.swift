public import Foundation

/// A scan as the catalog knows it.
public struct ScanRecord: Sendable {
  /// One frame's digest.
  public struct FrameDigest: Sendable {
    /// What a frame shows.
    public enum Kind: String, Sendable, CaseIterable {
      case sample, reference, spectrum, dark
    }

    /// What it shows.
    public var kind: Kind
    /// The energy, eV; nil where the frame serves all.
    public var energyEV: Double?
    /// SHA-256 of its values.
    public var digest: String

    /// A frame's digest.
    public init(kind: Kind, energyEV: Double?, digest: String) {
      self.kind = kind
      self.energyEV = energyEV
      self.digest = digest
    }
  }

  public var height: Int
  public var width: Int
  /// eV, ascending.
  public var energies: [Double]
  public var signal: String
  public var reference: String
  public var pixelSizeUM: Double?
  public var geometry: String
  public var exposure: Double?
  public var referenceExposure: Double?
  /// Sample frames by energy, then references, then darks.
  public var frames: [FrameDigest]

  /// A scan.
  public init(
    height: Int, width: Int, energies: [Double], signal: String, reference: String,
    pixelSizeUM: Double?, geometry: String, exposure: Double?, referenceExposure: Double?,
    frames: [FrameDigest]
  ) {
    self.height = height
    self.width = width
    self.energies = energies
    self.signal = signal
    self.reference = reference
    self.pixelSizeUM = pixelSizeUM
    self.geometry = geometry
    self.exposure = exposure
    self.referenceExposure = referenceExposure
    self.frames = frames
  }

  /// The identity: what was measured and how, not where it lies or what it shows.
  public var id: String {
    let digest = ContentDigest(domain: "lodestone/scan/1")
    digest.update(height)
    digest.update(width)
    digest.update(energies)
    digest.update(signal)
    digest.update(reference)
    digest.update(pixelSizeUM)
    digest.update(geometry)
    digest.update(exposure)
    digest.update(referenceExposure)
    for kind in FrameDigest.Kind.allCases {
      let ofKind = frames.filter { $0.kind == kind }
      digest.update(kind.rawValue)
      digest.update(ofKind.count)
      for frame in ofKind { digest.update(frame.digest) }
    }
    return digest.finish()
  }
}

/// A file in which a scan was seen.
public struct SourceFile: Sendable {
  public var path: String
  public var sha256: String
  public var bytes: Int
  public var role: String

  /// A sighting.
  public init(path: String, sha256: String, bytes: Int, role: String) {
    self.path = path
    self.sha256 = sha256
    self.bytes = bytes
    self.role = role
  }
}

/// One parameter as asked.
public struct ParameterRecord: Sendable, Equatable {
  /// A parameter's value.
  public enum Value: Sendable, Equatable {
    case number(Double)
    case integer(Int)
    case text(String)
  }

  public var name: String
  public var value: Value
  public var type: String
  public var unit: String
  public var isDefault: Bool

  /// A parameter of a type ("number", "integer" or "text"); an automatic number has the text
  /// value "auto".
  public init(name: String, value: Value, type: String, unit: String, isDefault: Bool) {
    self.name = name
    self.value = value
    self.type = type
    self.unit = unit
    self.isDefault = isDefault
  }

  /// The value as shown.
  public var text: String {
    switch value {
    case .number(let number): CanonicalJSON.text(of: number)
    case .integer(let number): String(number)
    case .text(let text): text
    }
  }

  var number: Double? {
    switch value {
    case .number(let number): number
    case .integer(let number): Double(number)
    case .text: nil
    }
  }
}

/// The question: a scan, a parameter set and the version of each stage.
public struct RunRecord: Sendable {
  public var scanID: String
  public var parameters: [ParameterRecord]
  public var stages: [String: Int]

  /// A run.
  public init(scanID: String, parameters: [ParameterRecord], stages: [String: Int]) {
    self.scanID = scanID
    self.parameters = parameters
    self.stages = stages
  }

  /// The parameters in canonical JSON (RFC 8785).
  public var canonicalParameters: String {
    var members: [String: CanonicalJSON] = [:]
    for parameter in parameters {
      members[parameter.name] =
        switch parameter.value {
        case .number(let number): .number(number)
        case .integer(let number): .number(Double(number))
        case .text(let text): .string(text)
        }
    }
    return CanonicalJSON.object(members).text
  }

  /// The parameter set's identity.
  public var parametersID: String {
    let digest = ContentDigest(domain: "lodestone/parameters/1")
    digest.update(canonicalParameters)
    return digest.finish()
  }

  /// The run's identity: no time, host, path or package version.
  public var id: String {
    let digest = ContentDigest(domain: "lodestone/run/1")
    digest.update(scanID)
    digest.update(parametersID)
    digest.update(stages.count)
    for (stage, version) in stages.sorted(by: { $0.key < $1.key }) {
      digest.update(stage)
      digest.update(version)
    }
    return digest.finish()
  }
}

/// A label map of the frame's size.
public struct MapRecord: Sendable {
  /// "label" or "dbscan".
  public var kind: String
  public var height: Int
  public var width: Int
  public var labels: [Int16]
  /// The same as a TIFF file.
  public var tiff: [UInt8]

  /// A map.
  public init(kind: String, height: Int, width: Int, labels: [Int16], tiff: [UInt8]) {
    self.kind = kind
    self.height = height
    self.width = width
    self.labels = labels
    self.tiff = tiff
  }

  /// SHA-256 over the decoded values.
  public var digest: String {
    let digest = ContentDigest(domain: "lodestone/map/1")
    digest.update(height)
    digest.update(width)
    digest.update(labels)
    return digest.finish()
  }
}

/// One cluster of a result.
public struct ClusterRecord: Sendable {
  /// An element's edge and amount.
  public struct Element: Sendable {
    public var symbol: String
    public var edge: String
    public var edgeEV: Double
    public var step: Double
    public var stepError: Double
    public var arealDensity: Double
    public var arealDensityError: Double
    public var arealMoles: Double
    public var atomicFraction: Double?
    public var atomicFractionError: Double?
    public var method: String

    /// An element of a cluster.
    public init(
      symbol: String, edge: String, edgeEV: Double, step: Double, stepError: Double,
      arealDensity: Double, arealDensityError: Double, arealMoles: Double,
      atomicFraction: Double?, atomicFractionError: Double?, method: String
    ) {
      self.symbol = symbol
      self.edge = edge
      self.edgeEV = edgeEV
      self.step = step
      self.stepError = stepError
      self.arealDensity = arealDensity
      self.arealDensityError = arealDensityError
      self.arealMoles = arealMoles
      self.atomicFraction = atomicFraction
      self.atomicFractionError = atomicFractionError
      self.method = method
    }
  }

  public var label: Int
  /// Pixels with those that the flood added.
  public var pixels: Int
  /// Pixels that DBSCAN itself labelled.
  public var dbscanPixels: Int
  public var areaUM2: Double?
  /// OD, one an energy.
  public var meanSpectrum: [Double]
  public var deviationSpectrum: [Double]
  public var elements: [Element]

  /// A cluster.
  public init(
    label: Int, pixels: Int, dbscanPixels: Int, areaUM2: Double?, meanSpectrum: [Double],
    deviationSpectrum: [Double], elements: [Element]
  ) {
    self.label = label
    self.pixels = pixels
    self.dbscanPixels = dbscanPixels
    self.areaUM2 = areaUM2
    self.meanSpectrum = meanSpectrum
    self.deviationSpectrum = deviationSpectrum
    self.elements = elements
  }
}

/// The answer to a run.
public struct ResultRecord: Sendable {
  /// What was found of one frame.
  public struct FrameRow: Sendable {
    public var driftDY: Double
    public var driftDX: Double
    public var scale: Double
    public var alteredPixels: Int
    public var emptyFieldOD: Double?

    /// A frame's row.
    public init(
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
  public struct Value: Sendable {
    public var name: String
    public var number: Double
    public var unit: String

    /// A found number.
    public init(name: String, number: Double, unit: String) {
      self.name = name
      self.number = number
      self.unit = unit
    }
  }

  public var totalPixels: Int
  public var analysedPixels: Int
  public var eligiblePixels: Int
  public var noisePixels: Int
  public var alteredValues: Int
  public var smallestFindablePixels: Int
  public var values: [Value]
  /// Variances of the components, largest first.
  public var componentVariances: [Double]
  public var usedComponents: Int
  public var warnings: [String]
  public var frames: [FrameRow]
  public var clusters: [ClusterRecord]
  /// Pixels by label and depth bin; label -1 is noise.
  public var depthHistogram: [Int: [Int: Int]]
  /// The width of a depth bin, px.
  public var depthBinPX: Double
  public var maps: [MapRecord]

  /// A result.
  public init(
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
  public func id(runID: String) -> String {
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

/// One time that a run was computed.
public struct ExecutionRecord: Sendable {
  /// A stage and its time.
  public struct Stage: Sendable {
    public var name: String
    public var seconds: Double

    /// A stage's time.
    public init(name: String, seconds: Double) {
      self.name = name
      self.seconds = seconds
    }
  }

  /// Software and machine, by name.
  public var environment: [String: String]
  public var startedAt: Date
  public var finishedAt: Date
  public var host: String
  public var command: String
  public var stages: [Stage]

  /// An execution.
  public init(
    environment: [String: String], startedAt: Date, finishedAt: Date, host: String,
    command: String, stages: [Stage]
  ) {
    self.environment = environment
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.host = host
    self.command = command
    self.stages = stages
  }

  var environmentID: String {
    let digest = ContentDigest(domain: "lodestone/environment/1")
    digest.update(CanonicalJSON.object(environment.mapValues { .string($0) }).text)
    return digest.finish()
  }

  func id(runID: String) -> String {
    let digest = ContentDigest(domain: "lodestone/execution/1")
    for text in [runID, environmentID, timestamp(startedAt), timestamp(finishedAt), host, command] {
      digest.update(text)
    }
    return digest.finish()
  }
}
