import Clustering
import Spectra
import StackIO

/// The optical density once it is registered: the frames, and what the stages `correct` and `register` found.
struct RegisteredStack: Sendable {
  /// Its frames are the registered ones: they were moved in their place.
  let density: OpticalDensityStage.Output
  let registered: RegistrationStage.Output
}

/// What each pixel's spectrum is compared by: the outputs of the stages `mask`, `depth` and `features`.
struct ComparedSpectra: Sendable {
  let mask: MaskStage.Output
  let surface: DepthStage.Output
  let features: FeatureStage.Output
}

extension RegisteredStack: StageValue {
  static let kind = "frames"
  static let last = PipelineStage.register

  func write(to writer: inout CacheWriter) {
    for kind in [\OpticalDensityStage.Alterations.pixels, \.lost] {
      for frame in density.altered { writer.add(frame[keyPath: kind].count) }
      writer.add(density.altered.flatMap { $0[keyPath: kind] })
    }
    for frame in density.altered {
      for count in [frame.saturated, frame.outliers, frame.unmeasured] { writer.add(count) }
    }
    writer.add(density.emptyFieldLevels)
    writer.add(density.emptyFieldPixels)
    writer.add(density.saturation.map { Double($0) })
    writer.add(density.minimumReference.map { Double($0) })
    writer.add(registered.placements.flatMap { [$0.drift.dy, $0.drift.dx, $0.scale] })
    writer.add(registered.residuals)
    writer.add(registered.chainError)
    writer.add(registered.scale == nil ? 0 : 1)
    if let scale = registered.scale {
      writer.add(scale.scales)
      writer.add(scale.deviation)
      writer.add(scale.significance)
      writer.add(scale.isFound ? 1 : 0)
    }
    for flags in [registered.isInside, registered.isLost, registered.isMeasured] {
      writer.add(flags)
    }
    writer.add(registered.frames)
  }

  init(from reader: inout CacheReader, _ context: StageContext) throws(CacheFailure) {
    let (count, pixels) = (context.scan.energies.count, context.scan.height * context.scan.width)
    /// An array a frame, of which the lengths come first and then all values together.
    func lists() throws(CacheFailure) -> [[Int32]] {
      var counts: [Int] = []
      for _ in 0..<count { counts.append(try reader.int()) }
      let all: [Int32] = try reader.array()
      var (lists, place): ([[Int32]], Int) = ([], 0)
      for count in counts {
        guard count >= 0, count <= all.count - place else { throw .damaged }
        lists.append(Array(all[place..<place + count]))
        place += count
      }
      return lists
    }
    let (altered, lost) = (try lists(), try lists())
    var alterations: [OpticalDensityStage.Alterations] = []
    for frame in 0..<count {
      alterations.append(
        .init(
          pixels: altered[frame], lost: lost[frame], saturated: try reader.int(),
          outliers: try reader.int(), unmeasured: try reader.int()))
    }
    let levels: [Float] = try reader.array()
    guard [0, count].contains(levels.count) else { throw .damaged }
    let emptyFieldPixels = try reader.int()
    let saturation = try reader.optionalDouble()
    let minimumReference = try reader.optionalDouble()
    let numbers: [Double] = try reader.array(count: 3 * count)
    let residuals: [Double] = try reader.array()
    guard [0, count].contains(residuals.count) else { throw .damaged }
    let chainError = try reader.optionalDouble()
    var scale: ScaleLaw?
    if try reader.int() == 1 {
      scale = ScaleLaw(
        scales: try reader.array(), deviation: try reader.double(),
        significance: try reader.double(), isFound: try reader.int() == 1)
    }
    let isInside = try reader.flags(count: pixels)
    let isLost = try reader.flags(count: pixels)
    let isMeasured = try reader.flags(count: pixels)
    guard let frames = try? context.plan.frameStore(of: context.scan) else { throw .abandoned }
    try reader.fill(frames)
    density = OpticalDensityStage.Output(
      frames: frames, altered: alterations, emptyFieldLevels: levels,
      emptyFieldPixels: emptyFieldPixels, saturation: saturation.map { Float($0) },
      minimumReference: minimumReference.map { Float($0) })
    registered = RegistrationStage.Output(
      frames: frames,
      placements: stride(from: 0, to: numbers.count, by: 3).map {
        Placement(drift: Drift(dy: numbers[$0], dx: numbers[$0 + 1]), scale: numbers[$0 + 2])
      },
      residuals: residuals, chainError: chainError, scale: scale, isInside: isInside,
      isLost: isLost, isMeasured: isMeasured)
  }
}

extension ComparedSpectra: StageValue {
  static let kind = "features"
  static let last = PipelineStage.features

  func write(to writer: inout CacheWriter) {
    writer.add(mask.mean.pixels)
    writer.add(mask.isSample)
    writer.add(mask.stepPixels)
    // All else of the edges follows from the parameters and the energies.
    writer.add(mask.edges.foundElement?.symbol ?? "")
    for step in mask.steps { writer.add(step.pixels) }
    writer.add(surface.depth == nil ? 0 : 1)
    if let depth = surface.depth {
      writer.add(depth.values)
      writer.add(depth.isOutside)
    }
    writer.add(surface.isOpen)
    writer.add(features.grid.pixels)
    writer.add(features.unusablePixels)
    let found = features.features
    writer.add(found.dimensions)
    writer.add(found.scores)
    writer.add(found.relativeNoise)
    writer.add(found.noiseUnit)
    writer.add(found.spread)
    writer.add(found.variances)
  }

  init(from reader: inout CacheReader, _ context: StageContext) throws(CacheFailure) {
    let (height, width) = (context.scan.height, context.scan.width)
    let pixels = height * width
    let mean = Image(height: height, width: width, pixels: try reader.array(count: pixels))
    let isSample = try reader.flags(count: pixels)
    let stepPixels = try reader.int()
    let symbol = try reader.text()
    guard
      let edges = try? EdgePlan(
        context.parameters, found: Element(symbol), energies: context.scan.energies)
    else { throw .damaged }
    var steps: [Image] = []
    for _ in edges.edges {
      steps.append(Image(height: height, width: width, pixels: try reader.array(count: pixels)))
    }
    mask = MaskStage.Output(
      mean: mean, isSample: isSample, stepPixels: stepPixels, edges: edges, steps: steps)
    var depth: Depth?
    if try reader.int() == 1 {
      depth = Depth(
        values: try reader.array(count: pixels), isOutside: try reader.flags(count: pixels))
    }
    surface = DepthStage.Output(depth: depth, isOpen: try reader.flags(count: pixels))
    let points: [Int32] = try reader.array()
    guard points.allSatisfy({ $0 >= 0 && $0 < pixels }) else { throw .damaged }
    let unusable = try reader.int()
    let dimensions = try reader.int()
    guard dimensions > 0, dimensions <= context.scan.energies.count else { throw .damaged }
    let scores: [Float] = try reader.array(count: points.count * dimensions)
    let found = Features(
      scores: scores, dimensions: dimensions,
      relativeNoise: try reader.array(count: points.count), noiseUnit: try reader.double(),
      spread: try reader.double(), variances: try reader.array())
    features = FeatureStage.Output(
      grid: PixelGrid(height: height, width: width, pixels: points), features: found,
      unusablePixels: unusable)
  }
}
