import Foundation

/// Makes one scan of a stack, or of several stacks of one field.
struct ScanAssembly {
  let request: ScanRequest
  let stacks: [StackAssembly.Stack]

  func scan() throws(InputError) -> Scan {
    try refuseMisfits()
    var steps: [ScanStep] = []
    var references = FrameList()
    var darks = FrameList()
    var places = 0
    for stack in stacks {
      let usesOrder = stack.pairing?.usesOrder ?? false
      let ownReferences = stack.references.indices.map { index in
        references.add(reference(index, of: stack, places: places))
      }
      let ownDarks = stack.darks.map { frame in
        darks.add(
          ScanFrame(
            location: frame.location, energyEV: nil,
            exposure: given(request.darkExposure) ?? frame.exposure, acquisition: nil))
      }
      for (index, step) in stack.steps.enumerated() {
        steps.append(
          ScanStep(
            energyEV: step.energy,
            frames: step.frames.map { frame in
              ScanFrame(
                location: frame.location, energyEV: frame.energy,
                exposure: given(request.exposure) ?? frame.exposure,
                acquisition: usesOrder ? places + (frame.order ?? step.filePlace) : nil)
            },
            references: stack.pairing?.references[index].map { ownReferences[$0] } ?? [],
            darks: ownDarks,
            referenceLevel: stack.spectrum?.level(at: step.energy)))
      }
      places +=
        1
        + (stack.steps.flatMap(\.frames) + stack.references)
        .reduce(stack.steps.count + stack.references.count) { max($0, $1.order ?? 0) }
    }
    steps.sort { $0.energyEV < $1.energyEV }
    return scan(steps, references.frames, darks.frames)
  }

  /// Frames, each once: joined stacks may share a reference or a dark.
  private struct FrameList {
    private(set) var frames: [ScanFrame] = []
    private var indices: [FrameLocation: Int] = [:]

    /// Adds a frame that is not there yet.
    ///
    /// - Returns: its place.
    mutating func add(_ frame: ScanFrame) -> Int {
      if let index = indices[frame.location] { return index }
      indices[frame.location] = frames.count
      frames.append(frame)
      return frames.count - 1
    }
  }

  private func given(_ exposure: Double?) -> Sourced<Double>? {
    exposure.map { Sourced(value: $0, source: "given") }
  }

  private func reference(
    _ index: Int, of stack: StackAssembly.Stack, places: Int
  ) -> ScanFrame {
    let frame = stack.references[index]
    var energy = frame.energy
    let served =
      stack.pairing.map { pairing in
        stack.steps.indices.filter { pairing.references[$0].contains(index) }
      } ?? []
    if energy == nil, served.count == 1, stack.pairing?.usesOrder == false {
      energy = .init(value: stack.steps[served[0]].energy, source: "order of the frames")
    }
    let usesOrder = stack.pairing?.usesOrder ?? false
    return ScanFrame(
      location: frame.location, energyEV: energy,
      exposure: given(request.referenceExposure) ?? frame.exposure,
      acquisition: usesOrder ? places + (frame.order ?? index) : nil)
  }

  private func scan(
    _ steps: [ScanStep], _ references: [ScanFrame], _ darks: [ScanFrame]
  ) -> Scan {
    let lowest = stacks.min { ($0.steps.first?.energy ?? 0) < ($1.steps.first?.energy ?? 0) }
    let source = source(references)
    // By energy, as the frames are; those of one energy in their order.
    let order = references.indices.sorted { one, other in
      (references[one].energyEV?.value ?? 0, one) < (references[other].energyEV?.value ?? 0, other)
    }
    var newIndex = [Int](repeating: 0, count: order.count)
    for (index, old) in order.enumerated() { newIndex[old] = index }
    let sortedSteps = steps.map { step in
      ScanStep(
        energyEV: step.energyEV, frames: step.frames,
        references: step.references.map { newIndex[$0] }.sorted(), darks: step.darks,
        referenceLevel: step.referenceLevel)
    }
    var remarks = stacks.flatMap(\.remarks)
    let pixelSize = pixelSize(lowest, &remarks)
    var scan = Scan(
      part: stacks.lazy.compactMap(\.found.part).first,
      layout: stacks.map(\.found.layout).joined(separator: " + "), steps: sortedSteps,
      references: order.map { references[$0] }, darks: darks, reference: source,
      pairing: stacks.lazy.compactMap(\.pairing?.words).first { !$0.isEmpty },
      frameLayout: stacks[0].frameLayout, access: access(of: steps[0].frames[0].location),
      signal: signal(source), pixelSize: pixelSize, geometry: request.geometry,
      energyFiles: stacks.compactMap(\.energyFile),
      scanInfoFiles: stacks.flatMap(\.found.scanInfo), remarks: remarks,
      spectrumExposure: request.referenceExposure)
    scan.add(remarks: exposureRemarks(scan) + pairingRemarks())
    return scan
  }

  // MARK: What must agree

  private func refuseMisfits() throws(InputError) {
    for (index, stack) in stacks.enumerated().dropFirst() {
      let path = request.paths[index]
      guard stack.frameLayout.height == stacks[0].frameLayout.height,
        stack.frameLayout.width == stacks[0].frameLayout.width
      else {
        throw InputError(
          "\(stack.frameLayout.words), where \(request.paths[0]) has \(stacks[0].frameLayout.words): "
            + "frames of one size can be joined", path: path)
      }
      for step in stack.steps {
        for (other, otherPath) in zip(stacks, request.paths).prefix(index)
        where other.steps.contains(where: { $0.energy == step.energy }) {
          throw InputError("\(step.energy) eV is an energy of \(otherPath) too", path: path)
        }
      }
    }
    let isOfOneKind = stacks.allSatisfy { $0.source.kind == stacks[0].source.kind }
    guard isOfOneKind else {
      throw InputError(
        "I0 is of another kind than that of \(request.paths[0]): joined stacks need the same",
        path: request.paths.last ?? request.path)
    }
  }

  private func source(_ references: [ScanFrame]) -> ReferenceSource {
    switch stacks[0].source {
    case .spectra:
      .spectra(
        stacks.compactMap(\.spectrum).reduce(into: []) { all, one in
          if !all.contains(one) { all.append(one) }
        })
    case .frames where references.count == 1 && references[0].energyEV == nil: .frame
    case let other: other
    }
  }

  private func signal(_ source: ReferenceSource) -> Sourced<SignalKind> {
    if let declared = request.signal { return .init(value: declared, source: "declared") }
    return .init(
      value: .counts, source: source == .emptyField ? "I0 is asked for" : "there are references")
  }

  private func pixelSize(
    _ lowest: StackAssembly.Stack?, _ remarks: inout [String]
  ) -> Sourced<PixelSize>? {
    if let given = request.pixelSize { return .init(value: given, source: "given") }
    switch lowest?.found.pixelSize ?? .unknown {
    case .known(let size, let source):
      remarks.append("the pixel size, \(size.text) um, is the file's own (\(source))")
      return .init(value: size, source: source)
    case .unknown:
      remarks.append("the pixel size is not known: no areas or depths in um (--pixel-size UM)")
    }
    return nil
  }

  private func access(of location: FrameLocation) -> TIFFFile.Access {
    let file = try? TIFFFile(path: location.path)
    return (try? file?.access(ofPage: location.page)) ?? .strips(rows: stacks[0].frameLayout.height)
  }

  // MARK: Remarks

  private func pairingRemarks() -> [String] {
    stacks.compactMap { stack in
      guard let pairing = stack.pairing, pairing.isWorthARemark else { return nil }
      return pairing.words
    }
  }

  private func exposureRemarks(_ scan: Scan) -> [String] {
    guard scan.signal.value == .counts, scan.reference != .emptyField else { return [] }
    let unknown = scan.steps.filter { step in
      let i0 =
        step.references.isEmpty
        ? scan.spectrumExposure : step.references.map { scan.references[$0] }.meanExposure
      return step.frames.meanExposure == nil || i0 == nil
    }
    var remarks: [String] = []
    if unknown.count == scan.steps.count {
      let isHalf =
        request.exposure != nil || request.referenceExposure != nil
        || scan.steps.contains { $0.frames.meanExposure != nil }
        || !scan.references.isEmpty && scan.references.meanExposure != nil
      remarks.append(
        (isHalf ? "only one of the two exposures is known" : "the exposures are not known")
          + ": their ratio is taken as 1")
    } else if let first = unknown.first, let last = unknown.last {
      remarks.append(
        "the exposures are not known at \(unknown.count) of \(scan.steps.count) energies, "
          + "\(first.energyEV) to \(last.energyEV) eV: there alone their ratio is taken as 1")
    }
    if scan.darks.contains(where: { $0.exposure == nil }), unknown.count < scan.steps.count {
      remarks.append(
        "the darks' exposure is not known: they are subtracted as they are (--dark-exposure S)")
    }
    return remarks
  }
}

extension ReferenceSource {
  /// The kind of reference, as the catalog names it.
  public var kind: String {
    switch self {
    case .notNeeded: "not-needed"
    case .frames: "frames"
    case .frame: "frame"
    case .spectra: "spectrum"
    case .emptyField: "empty-field"
    }
  }
}
