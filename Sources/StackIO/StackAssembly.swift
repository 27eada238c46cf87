import Foundation

/// Makes the frames that were found at one path fit together: energies to frames, references and darks to
/// energies.
struct StackAssembly {
  /// A stack whose frames fit together.
  struct Stack {
    var found: FoundScan
    var steps: [Step]
    var references: [FoundFrame]
    var darks: [FoundFrame]
    var source: ReferenceSource
    var spectrum: I0Spectrum?
    var pairing: ReferencePairing?
    var frameLayout: TIFFFile.Layout
    var energyFile: String?
    var remarks: [String]
  }

  /// The frames at one energy.
  struct Step {
    var energy: Double
    var frames: [FoundFrame]
    var filePlace: Int
  }

  let request: ScanRequest
  /// Which of the request's paths it is.
  let index: Int
  /// The frames of all stacks that are joined, in the order of the paths, of which these are this one's.
  let place: Range<Int>
  let total: Int
  let reader: FrameReader

  private var path: String { request.paths[index] }

  func stack(_ found: FoundScan) throws(InputError) -> Stack {
    var found = found
    var remarks = found.remarks
    let layout = try soundLayout(of: &found.samples, &remarks)
    do throws(InputError) {
      return try stack(of: found, layout, remarks)
    } catch {
      // The frames first: a damaged file is often the reason why the numbers differ.
      for frame in found.samples { _ = try reader.frame(at: frame.location) }
      throw error
    }
  }

  private func stack(
    of found: FoundScan, _ layout: TIFFFile.Layout, _ remarks: [String]
  ) throws(InputError) -> Stack {
    var (found, remarks) = (found, remarks)
    let list = try energies(of: &found, &remarks)
    let steps = try steps(of: found)
    remarks += gaps(steps, found)
    let (references, source, spectrum) = try references(of: found, steps, layout, &remarks)
    let darks = try darks(of: found, layout, &remarks)
    var pairing: ReferencePairing?
    if !references.isEmpty {
      pairing = ReferencePairing(
        steps.map { step in
          let orders = step.frames.compactMap(\.order)
          let isKnown = orders.count == step.frames.count
          let mean = Double(orders.reduce(0, +)) / Double(max(1, orders.count))
          return .init(energy: step.energy, order: isKnown ? mean : nil, filePlace: step.filePlace)
        }, energies: references.map { $0.energy?.value }, orders: references.map(\.order))
    }
    return Stack(
      found: found, steps: steps, references: references, darks: darks, source: source,
      spectrum: spectrum, pairing: pairing, frameLayout: layout, energyFile: list,
      remarks: remarks)
  }

  // MARK: Sound frames

  /// The layout that the frames have; what cannot be read is left out where its energy has other frames.
  private func soundLayout(
    of frames: inout [FoundFrame], _ remarks: inout [String]
  ) throws(InputError) -> TIFFFile.Layout {
    let layouts = frames.compactMap { try? $0.layout.get() }
    guard let first = layouts.first else {
      throw frames.lazy.compactMap(\.damage).first ?? InputError("no frames in it", path: path)
    }
    // Of the most frames; of the first among equals.
    let counts = Dictionary(layouts.map { ($0.words, 1) }, uniquingKeysWith: +)
    let most = counts.values.max() ?? 0
    let common = layouts.first { counts[$0.words] == most } ?? first
    func defect(_ frame: FoundFrame) -> InputError? {
      if let damage = frame.damage { return damage }
      guard let layout = try? frame.layout.get(), layout != common else { return nil }
      return InputError(
        "\(layout.words), where the other frames have \(common.words)", path: frame.location.path,
        place: frame.location.place)
    }
    let isRepeated = Dictionary(grouping: frames) { $0.energy?.value }
    for frame in frames {
      guard let defect = defect(frame) else { continue }
      let others = frame.energy.flatMap { isRepeated[$0.value] } ?? []
      guard others.contains(where: { self.isSound($0, common) }) else { throw defect }
      remarks.append("\(defect): left out, its energy is the mean of the other exposures")
    }
    frames.removeAll { !isSound($0, common) }
    return common
  }

  private func isSound(_ frame: FoundFrame, _ layout: TIFFFile.Layout) -> Bool {
    (try? frame.layout.get()) == layout
  }

  // MARK: Energies

  /// Gives each frame its energy; the file that lists them, where one does.
  private func energies(
    of found: inout FoundScan, _ remarks: inout [String]
  ) throws(InputError) -> String? {
    let given = request.option(request.energiesPaths, index)
    if given == nil, found.samples.allSatisfy({ $0.energy != nil }) {
      if found.samples.contains(where: { $0.energy?.source == "file name" && $0.name.isKEV }) {
        remarks.append("the energies in the names are below 70: taken as keV and converted to eV")
      }
      return nil
    }
    let source: String
    if let given { source = given } else { source = try listBeside(found) }
    let list = try EnergyList(path: source)
    // A list for one of several stacks leaves a folder of frames its names.
    let isForAll = given != nil && request.energiesPaths.count < request.paths.count
    if isForAll, list.energies.count != found.samples.count, list.energies.count != total,
      found.samples.allSatisfy({ $0.energy != nil })
    {
      return nil
    }
    let energies = try share(of: list, found)
    for (index, energy) in energies.enumerated() { found.samples[index].energy = energy }
    if list.isConvertedFromKEV {
      remarks.append("the energies are below 70: taken as keV and converted to eV")
    }
    let values = energies.map(\.value)
    if zip(values, values.dropFirst()).contains(where: { $0 > $1 }) {
      remarks.append("the energies do not ascend: frames and references were sorted by energy")
    }
    return list.path
  }

  private func listBeside(_ found: FoundScan) throws(InputError) -> String {
    if let list = found.energyListCandidates.first(where: FileManager.default.fileExists(atPath:)) {
      return list
    }
    if let frame = found.samples.first(where: { $0.energy == nil }), found.part != nil,
      frame.location.page == 0, found.samples.allSatisfy({ $0.location.page == 0 })
    {
      throw InputError(
        "no energy in the file's name (such as 7112.0_eV): give --energies FILE",
        path: frame.location.path)
    }
    throw InputError(
      "its energies are not known: give --energies FILE, one energy (eV) a line for its "
        + "\(found.samples.count) pages", path: found.samples[0].location.path)
  }

  /// The energies of this stack's frames: the whole list, or, where joined stacks have one list, a piece.
  private func share(
    of list: EnergyList, _ found: FoundScan
  ) throws(InputError) -> [Sourced<Double>] {
    let name = (list.path as NSString).lastPathComponent
    let all = zip(list.energies, list.lines).map {
      Sourced(value: $0, source: "\(name), line \($1)")
    }
    let count = found.samples.count
    if all.count == count { return all }
    if all.count == total && place.count == count { return Array(all[place]) }
    var axes = ""
    if found.axes.count > 1 {
      axes = found.axes.map { "\($0.count) \($0.name)" }.joined(separator: " x ")
      axes = " (\(axes))"
    }
    throw InputError(
      "\(all.count) energies for \(count) frames\(axes) in \(path)", path: list.path)
  }

  /// The frames by energy, ascending.
  private func steps(of found: FoundScan) throws(InputError) -> [Step] {
    var steps: [Double: Step] = [:]
    for frame in found.samples {
      guard let energy = frame.energy?.value else { continue }
      guard let step = steps[energy] else {
        steps[energy] = Step(energy: energy, frames: [frame], filePlace: steps.count)
        continue
      }
      // Exposures of one energy say so, or are the pages of one file.
      let isExposure =
        frame.name.exposureNumber != nil
        && step.frames.allSatisfy { $0.name.exposureNumber != frame.name.exposureNumber }
      let isPage =
        frame.energy?.source == "file name"
        && step.frames.allSatisfy { $0.location.path == frame.location.path }
      guard isExposure || isPage else {
        throw InputError(
          "\(energy) eV is the energy of \(step.frames[0].location.path)"
            + "\(frame.location.page > 0 ? ", \(step.frames[0].location.place)," : "") already",
          path: frame.location.path, place: frame.location.page > 0 ? frame.location.place : nil)
      }
      steps[energy]?.frames.append(frame)
    }
    return steps.values.sorted { $0.energy < $1.energy }
  }

  /// What is less than the other energies have.
  private func gaps(_ steps: [Step], _ found: FoundScan) -> [String] {
    func list(_ energies: [Double]) -> String {
      energies.prefix(5).map { "\($0)" }.joined(separator: ", ")
        + (energies.count > 5 ? " and \(energies.count - 5) more" : "")
    }
    var remarks: [String] = []
    let most = steps.map(\.frames.count).max() ?? 0
    let fewer = steps.filter { $0.frames.count < most }.map(\.energy)
    if !fewer.isEmpty { remarks.append("fewer than \(most) exposures at \(list(fewer)) eV") }
    let energies = steps.map(\.energy)
    let alone = Set(found.references.compactMap { $0.energy?.value }).filter { energy in
      !energies.contains { abs($0 - energy) <= ReferencePairing.sameEnergy }
    }
    if !alone.isEmpty {
      remarks.append("references but no frames at \(list(alone.sorted())) eV")
    }
    return remarks
  }

  // MARK: References and darks

  private func references(
    of found: FoundScan, _ steps: [Step], _ layout: TIFFFile.Layout, _ remarks: inout [String]
  ) throws(InputError) -> ([FoundFrame], ReferenceSource, I0Spectrum?) {
    if let signal = request.signal, signal != .counts { return ([], .notNeeded, nil) }
    guard let given = request.option(request.references, index) else {
      guard !found.references.isEmpty else {
        throw InputError(
          "counts need an I0: give --reference FILE (frames or a spectrum), or --reference "
            + "empty-field to take it from where no sample is (or say --signal transmission or od)",
          path: path)
      }
      return (try sound(found.references, layout, &remarks), .frames, nil)
    }
    if given == "empty-field" { return ([], .emptyField, nil) }
    let isFrames = try FoundScan.isFolder(given) ? true : try TIFFFile.isTIFF(given)
    guard isFrames else {
      if let other = TIFFFile.otherFormat(given) {
        throw InputError("not a TIFF file\(other)", path: given)
      }
      let spectrum = try I0Spectrum(path: given, covering: steps.map(\.energy))
      return ([], .spectra([spectrum]), spectrum)
    }
    if !found.references.isEmpty {
      remarks.append("the folder's own references are not used: --reference names others")
    }
    var (frames, said) = try FoundScan.frames(at: given, reader)
    remarks += said
    if request.references.count < request.paths.count, frames.count == total {
      frames = Array(frames[place])
    }
    if frames.contains(where: { $0.energy == nil }) { try addEnergies(to: &frames, given) }
    return (try sound(frames, layout, &remarks), .frames, nil)
  }

  /// A list named like the references gives them energies of their own.
  private func addEnergies(to frames: inout [FoundFrame], _ path: String) throws(InputError) {
    let list = (path as NSString).deletingPathExtension + ".txt"
    guard FileManager.default.fileExists(atPath: list), let energies = try? EnergyList(path: list),
      energies.energies.count == frames.count
    else { return }
    for (index, energy) in energies.energies.enumerated() {
      frames[index].energy = .init(
        value: energy,
        source: "\((list as NSString).lastPathComponent), line \(energies.lines[index])")
    }
  }

  /// References or darks, which must have the scan's shape. Damaged ones are left out if others remain.
  private func sound(
    _ frames: [FoundFrame], _ layout: TIFFFile.Layout, _ remarks: inout [String]
  ) throws(InputError) -> [FoundFrame] {
    var sound: [FoundFrame] = []
    var damage: InputError?
    for frame in frames {
      do throws(InputError) {
        let other = try frame.layout.get()
        guard other.height == layout.height, other.width == layout.width else {
          throw InputError(
            "\(other.words), where the scan's frames have \(layout.words)",
            path: frame.location.path, place: frame.location.place)
        }
        sound.append(frame)
      } catch {
        // Only where the frames are files of their own is another one like it to be hoped for.
        guard frame.name.exposureNumber != nil else { throw error }
        damage = damage ?? error
        remarks.append("\(error): left out, the other references serve")
      }
    }
    if sound.isEmpty, let damage { throw damage }
    return sound
  }

  private func darks(
    of found: FoundScan, _ layout: TIFFFile.Layout, _ remarks: inout [String]
  ) throws(InputError) -> [FoundFrame] {
    if let signal = request.signal, signal != .counts { return [] }
    guard let given = request.option(request.darkPaths, index) else {
      return try sound(found.darks, layout, &remarks)
    }
    let (frames, said) = try FoundScan.frames(at: given, reader)
    remarks += said
    return try sound(frames, layout, &remarks)
  }
}

extension TIFFFile {
  /// Whether a file begins like a TIFF.
  static func isTIFF(_ path: String) throws(InputError) -> Bool {
    _ = try sizeOfReadableFile(path)
    try refuseSpecialFile(path)
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw InputError("cannot be read", path: path, kind: .io)
    }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 2)) ?? Data()
    return start.elementsEqual("II".utf8) || start.elementsEqual("MM".utf8)
  }
}
