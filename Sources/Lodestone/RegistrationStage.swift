import Spectra
import StackIO

/// Optical density -> the same, each pixel the same piece of sample at every energy.
struct RegistrationStage {
  /// What the stage makes.
  struct Output: Sendable {
    /// The frames, moved and scaled back.
    var frames: FrameStore
    var placements: [Placement]
    /// The share of each frame that the others do not explain; empty where nothing was measured.
    var residuals: [Double]
    /// What closing the chain of neighbours has gained, px; nil where nothing was measured.
    var chainError: Double?
    /// nil where scale was not measured.
    var scale: ScaleLaw?
    /// The pixels that lie inside every frame.
    var isInside: [Bool]
    /// Those of them that some frame shows nothing of, nor of what lies near.
    var isLost: [Bool]
    /// Those that are not lost and were measured in at least half of the frames.
    var isMeasured: [Bool]

    /// The pixels that some frame does not show.
    var croppedPixels: Int { isInside.count { !$0 } }
  }

  let parameters: ParameterSet
  let resources: ResourcePlan
  let progress: ProgressTeller

  func run(_ density: OpticalDensityStage.Output, _ scan: Scan) throws -> Output {
    let frames = density.frames
    let (height, width) = (frames.height, frames.width)
    let centre = centre(height, width)
    let registration = try registration(scan, centre)
    let work = registration?.work(on: frames.count, height: height, width: width) ?? 0
    // Moving a frame back, beside measuring it.
    let move = max(1, work / (10 * frames.count))
    let count = progress.count(.register, of: work + move * frames.count)
    let outcome = try placements(density, scan, registration, count)
    let placements = outcome.placements
    _ = try mapInParallel(frames.count, threads: resources.threads) {
      (index) throws(ScratchFailure) in
      try frames.move(
        index, back: placements[index], about: centre, adding: -density.emptyFieldLevel(index))
      count.add(move)
    }
    let isInside = pixelsInside(placements, centre, height, width)
    let altered = alterations(density.altered.map(\.pixels), placements, centre, height, width)
    let isLost = lostPixels(density.altered.map(\.lost), placements, centre, isInside, width)
    return Output(
      frames: frames, placements: placements, residuals: outcome.residuals,
      chainError: outcome.chainError, scale: outcome.scale, isInside: isInside, isLost: isLost,
      isMeasured: isInside.indices.map {
        isInside[$0] && !isLost[$0] && 2 * Int(altered[$0]) <= frames.count
      })
  }

  private func centre(_ height: Int, _ width: Int) -> OpticalCentre {
    var centre = OpticalCentre(ofHeight: height, width: width)
    centre.y = parameters.number("register.centre_y_px") ?? centre.y
    centre.x = parameters.number("register.centre_x_px") ?? centre.x
    return centre
  }

  /// How placements are measured; nil where they are not.
  private func registration(_ scan: Scan, _ centre: OpticalCentre) throws -> Registration? {
    guard try parameters.givenDrift() == nil, parameters.text("register.method") == "translation"
    else { return nil }
    let energies = scan.energies
    var registration = Registration()
    registration.blur = parameters.fixed("register.blur_px")
    registration.templateRounds = Int(parameters.fixed("register.template_rounds"))
    registration.centre = centre
    switch parameters.text("register.scale") {
    case "measured": registration.scale = .measured(energies: energies)
    case "zone-plate": registration.scale = .known(energies.map { energies[0] / $0 })
    default: registration.scale = .none
    }
    return registration
  }

  private func placements(
    _ density: OpticalDensityStage.Output, _ scan: Scan, _ registration: Registration?,
    _ count: StageCount
  ) throws -> Registration.Outcome {
    if let given = try parameters.givenDrift() {
      return Registration.Outcome(placements: try givenPlacements(given, scan))
    }
    guard let registration else {
      return Registration.Outcome(placements: scan.energies.map { _ in Placement() })
    }
    return try registration.run(
      on: scan.energies.count, height: density.frames.height, width: density.frames.width,
      scratch: resources.scratch, threads: resources.threads, done: { count.add($0) }
    ) { (frame, binning) throws(ScratchFailure) in
      var image = try density.frames.withPixels(of: frame) {
        Image(
          clipping: $0, height: density.frames.height, width: density.frames.width,
          averagedOver: binning)
      }
      image.add(-density.emptyFieldLevel(frame))
      return image
    }
  }

  /// Given placements, against the frame of the lowest energy.
  private func givenPlacements(
    _ given: DriftFile, _ scan: Scan
  ) throws(AnalysisError) -> [Placement] {
    let energies = scan.energies
    guard given.rows.count == energies.count else {
      throw AnalysisError(
        "drift is given for \(given.rows.count) frames, and there are \(energies.count)")
    }
    var rows = given.rows
    if rows.contains(where: { $0.energyEV != nil }) {
      rows.sort { ($0.energyEV ?? 0) < ($1.energyEV ?? 0) }
      for (row, energy) in zip(rows, energies) {
        // As files of different programs round.
        guard let other = row.energyEV, abs(other - energy) < 0.5 else {
          throw AnalysisError(
            "no drift is given for \(energy) eV: the nearest is of "
              + (row.energyEV.map { "\($0) eV" } ?? "no energy"))
        }
      }
    } else if scan.isSorted {
      // Which order the rows have, the file's or that of the energies, cannot be told.
      throw AnalysisError(
        "the frames were sorted by their energies, and the drift is given without: add a column energy_ev"
      )
    }
    let isZonePlate = parameters.text("register.scale") == "zone-plate"
    let scales = zip(rows, energies).map { row, energy in
      row.scale ?? (isZonePlate ? energies[0] / energy : 1)
    }
    return zip(rows, scales).map { row, ownScale in
      let scale = ownScale / scales[0]
      return Placement(
        drift: Drift(dy: row.dy - scale * rows[0].dy, dx: row.dx - scale * rows[0].dx),
        scale: scale)
    }
  }

  /// How many frames had each pixel altered.
  private func alterations(
    _ altered: [[Int32]], _ placements: [Placement], _ centre: OpticalCentre, _ height: Int,
    _ width: Int
  ) -> [Int32] {
    var alterations = [Int32](repeating: 0, count: height * width)
    for (pixels, placement) in zip(altered, placements) {
      for pixel in pixels {
        let place = placement.inverse(
          y: Double(Int(pixel) / width), x: Double(Int(pixel) % width), centre)
        let (y, x) = (Int(place.y.rounded()), Int(place.x.rounded()))
        if y >= 0 && y < height && x >= 0 && x < width { alterations[y * width + x] += 1 }
      }
    }
    return alterations
  }

  /// The pixels inside every frame whose place in some frame is lost. Asked from here, and not from the frame: where
  /// that is smaller, its pixels would leave gaps.
  private func lostPixels(
    _ lost: [[Int32]], _ placements: [Placement], _ centre: OpticalCentre, _ isInside: [Bool],
    _ width: Int
  ) -> [Bool] {
    var result = [Bool](repeating: false, count: isInside.count)
    for (pixels, placement) in zip(lost, placements) where !pixels.isEmpty {
      var isLostThere = [Bool](repeating: false, count: isInside.count)
      for pixel in pixels { isLostThere[Int(pixel)] = true }
      for pixel in result.indices where isInside[pixel] && !result[pixel] {
        let y = placement.row(Double(pixel / width), centre: centre.y).rounded()
        let x = placement.column(Double(pixel % width), centre: centre.x).rounded()
        result[pixel] = isLostThere[Int(y) * width + Int(x)]
      }
    }
    return result
  }

  /// Whether each pixel lies inside every frame.
  private func pixelsInside(
    _ placements: [Placement], _ centre: OpticalCentre, _ height: Int, _ width: Int
  ) -> [Bool] {
    // A thousandth of a pixel past the rim is the measurement's own error.
    func isInside(_ place: Double, _ count: Int) -> Bool {
      place >= -1e-3 && place <= Double(count - 1) + 1e-3
    }
    let rows = (0..<height).map { y in
      placements.allSatisfy { isInside($0.row(Double(y), centre: centre.y), height) }
    }
    let columns = (0..<width).map { x in
      placements.allSatisfy { isInside($0.column(Double(x), centre: centre.x), width) }
    }
    return (0..<height * width).map { rows[$0 / width] && columns[$0 % width] }
  }
}
