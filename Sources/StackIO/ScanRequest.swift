import Foundation

/// What a user says of a scan: its files and how it was taken.
public struct ScanRequest: Sendable {
  /// A multi-page TIFF, or a folder of one TIFF an energy.
  public var path: String
  /// The list of energies; where it is nil they are in the names of the folder's files, or in
  /// a text file named like the stack.
  public var energiesPath: String?
  /// A TIFF of references, a text spectrum of I0, or `empty-field`.
  public var reference: String?
  /// A TIFF of dark frames.
  public var darkPath: String?
  /// What the values are.
  public var signal: SignalKind = .counts
  /// The side of a pixel, um; where it is nil the file may tell it.
  public var pixelSizeUM: Double?
  /// The exposure of a frame, s.
  public var exposure: Double?
  /// The exposure of a reference frame, s.
  public var referenceExposure: Double?
  /// What depth means.
  public var geometry: Geometry = .section

  /// A request for the scan at a path, with nothing else said.
  public init(path: String) { self.path = path }
}

extension ScanRequest {
  /// Finds the scan's frames, energies, references and darks, and checks that they fit together.
  ///
  /// - Throws: ``InputError``. A frame that cannot be read is reported before a wrong number of
  ///   energies.
  public func open() throws(InputError) -> Scan {
    let reader = FrameReader()
    let (locations, isFolder) = try frameLocations(reader)
    let layout = try commonLayout(of: locations, reader)
    let list = try energies(for: locations, isFolder: isFolder, reader)
    let order = list.energies.indices.sorted { list.energies[$0] < list.energies[$1] }
    let sorted = order.map { list.energies[$0] }
    var remarks: [String] = []
    if list.isConvertedFromKEV {
      remarks.append("the energies are below 70: taken as keV and converted to eV")
    }
    if order != Array(list.energies.indices) && !isFolder {
      remarks.append("the energies do not ascend: frames and references were sorted by energy")
    }
    let source = try referenceSource(order: order, energies: sorted, layout, reader)
    let darks = try darkLocations(layout, reader)
    if signal == .counts, reference != "empty-field",
      (exposure == nil) != (referenceExposure == nil)
    {
      remarks.append("only one of the two exposures is known: their ratio is taken as 1")
    } else if signal == .counts, exposure == nil, source != .emptyField {
      remarks.append("the exposures are not known: their ratio is taken as 1")
    }
    var pixelSize = pixelSizeUM
    if pixelSize == nil { pixelSize = try reader.open(locations[0].path).pixelSizeUM() }
    if let pixelSize, pixelSizeUM == nil {
      remarks.append("the pixel size, \(pixelSize) um, is the file's own")
    } else if pixelSize == nil {
      remarks.append("the pixel size is not known: no areas or depths in um (--pixel-size UM)")
    }
    return Scan(
      energies: sorted, energiesPath: list.path, frames: order.map { locations[$0] },
      height: layout.height, width: layout.width, reference: source, darks: darks, signal: signal,
      pixelSizeUM: pixelSize, exposure: exposure,
      referenceExposure: referenceExposure, geometry: geometry, remarks: remarks)
  }

  // MARK: Frames

  private func frameLocations(
    _ reader: FrameReader
  ) throws(InputError) -> (locations: [FrameLocation], isFolder: Bool) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      // stat tells a file that is not there from one that may not be seen.
      _ = try sizeOfReadableFile(path)
      throw InputError("no such file or folder", path: path, kind: .missing)
    }
    if !isFolder.boolValue {
      let file = try reader.open(path)
      return ((0..<file.pageCount).map { FrameLocation(path: path, page: $0) }, false)
    }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw InputError("the folder cannot be read", path: path, kind: .denied)
    }
    let tiffs = names.filter {
      !$0.hasPrefix(".") && ["tif", "tiff"].contains(($0 as NSString).pathExtension.lowercased())
    }.sorted()
    guard !tiffs.isEmpty else {
      throw InputError("no .tif or .tiff file in the folder", path: path, kind: .missing)
    }
    var locations: [FrameLocation] = []
    for name in tiffs {
      let file = try reader.open((path as NSString).appendingPathComponent(name))
      guard file.pageCount == 1 else {
        throw InputError(
          "\(file.pageCount) pages, where a folder of frames has one a file: "
            + "name the stack itself instead of its folder", path: file.path)
      }
      locations.append(FrameLocation(path: file.path, page: 0))
    }
    return (locations, true)
  }

  private func commonLayout(
    of locations: [FrameLocation], _ reader: FrameReader
  ) throws(InputError) -> TIFFFile.Layout {
    let first = try reader.open(locations[0].path).layout(ofPage: locations[0].page)
    for location in locations.dropFirst() {
      let layout = try reader.open(location.path).layout(ofPage: location.page)
      guard layout == first else {
        throw InputError(
          "\(layout.words), where the first frame has \(first.words)", path: location.path,
          place: "page \(location.page + 1)")
      }
    }
    return first
  }

  private func energies(
    for locations: [FrameLocation], isFolder: Bool, _ reader: FrameReader
  ) throws(InputError) -> EnergyList {
    do throws(InputError) {
      let list = try energyList(for: locations, isFolder: isFolder)
      guard list.energies.count == locations.count else {
        throw InputError(
          "\(list.energies.count) energies for \(locations.count) frames in \(path)",
          path: list.path ?? path)
      }
      return list
    } catch {
      // The frames first: a damaged file is often the reason why the numbers differ.
      for location in locations { _ = try reader.frame(at: location) }
      throw error
    }
  }

  private func energyList(
    for locations: [FrameLocation], isFolder: Bool
  ) throws(InputError) -> EnergyList {
    if let energiesPath { return try EnergyList(path: energiesPath) }
    if isFolder { return try EnergyList(fileNames: locations.map(\.path)) }
    let sidecar = (path as NSString).deletingPathExtension + ".txt"
    guard FileManager.default.fileExists(atPath: sidecar) else {
      throw InputError(
        "its energies are not known: give --energies FILE, one energy (eV) a line for its "
          + "\(locations.count) pages", path: path)
    }
    return try EnergyList(path: sidecar)
  }

  // MARK: References and dark

  private func referenceSource(
    order: [Int], energies: [Double], _ layout: TIFFFile.Layout, _ reader: FrameReader
  ) throws(InputError) -> ReferenceSource {
    guard signal == .counts else { return .notNeeded }
    guard let reference else {
      throw InputError(
        "counts need an I0: give --reference FILE (frames or a spectrum), or --reference "
          + "empty-field to take it from where no sample is", path: path)
    }
    if reference == "empty-field" { return .emptyField }
    guard try isTIFF(reference) else {
      return try spectrumReference(reference, energies: energies)
    }
    let file = try reader.open(reference)
    let pages = try checkedPages(of: file, layout)
    if pages.count == 1 { return .frame(pages[0]) }
    guard pages.count == energies.count else {
      throw InputError(
        "\(pages.count) reference frames for \(energies.count) energies: give one, or as many",
        path: reference)
    }
    return .frames(order.map { pages[$0] })
  }

  private func spectrumReference(
    _ path: String, energies: [Double]
  ) throws(InputError) -> ReferenceSource {
    let rows = try TextTable(path: path).numbers(columns: 2, of: "a spectrum of I0")
      .sorted { $0.values[0] < $1.values[0] }
    // As in a list of energies, what lies below 70 throughout is keV.
    let isKEV = (rows.last?.values[0] ?? 0) < 70
    // To a millionth of an eV, as there: the same spectrum in either unit is the same.
    let known = rows.map { isKEV ? ($0.values[0] * 1e9).rounded() / 1e6 : $0.values[0] }
    let values = rows.map { $0.values[1] }
    // A thousandth of an eV forgives the rounding of text; beyond the ends nothing is known.
    guard let first = known.first, let last = known.last, let low = energies.first,
      let high = energies.last, first <= low + 1e-3, last >= high - 1e-3
    else {
      throw InputError(
        "its energies do not cover those of the scan, \(energies.first ?? 0) to "
          + "\(energies.last ?? 0) eV", path: path)
    }
    if let bad = rows.first(where: { $0.values[1] <= 0 }) {
      throw InputError("an I0 of \(bad.values[1])", path: path, place: "line \(bad.line)")
    }
    return .spectrum(
      path: path, energies: known, values: values,
      levels: energies.map { interpolate(known, values, at: $0) })
  }

  private func darkLocations(
    _ layout: TIFFFile.Layout, _ reader: FrameReader
  ) throws(InputError) -> [FrameLocation] {
    guard let darkPath, signal == .counts else { return [] }
    return try checkedPages(of: reader.open(darkPath), layout)
  }

  /// All pages of a file of references or darks, whose frames must have the scan's shape.
  private func checkedPages(
    of file: TIFFFile, _ layout: TIFFFile.Layout
  ) throws(InputError) -> [FrameLocation] {
    var pages: [FrameLocation] = []
    for page in 0..<file.pageCount {
      let other = try file.layout(ofPage: page)
      guard other.height == layout.height, other.width == layout.width else {
        throw InputError(
          "\(other.words), where the scan's frames have \(layout.words)", path: file.path,
          place: "page \(page + 1)")
      }
      pages.append(FrameLocation(path: file.path, page: page))
    }
    return pages
  }

  private func isTIFF(_ path: String) throws(InputError) -> Bool {
    _ = try sizeOfReadableFile(path)
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw InputError("cannot be read", path: path, kind: .io)
    }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 2)) ?? Data()
    return start.elementsEqual("II".utf8) || start.elementsEqual("MM".utf8)
  }
}

extension TIFFFile.Layout {
  fileprivate var words: String {
    let kind = [1: "unsigned", 2: "signed", 3: "float"][format] ?? "unsigned"
    return "\(height) x \(width) pixels of \(bits) bits \(kind)"
  }
}

/// The value at `x` of the line through the points, which ascend; beyond their ends the last value.
private func interpolate(_ xs: [Double], _ ys: [Double], at x: Double) -> Double {
  guard let above = xs.firstIndex(where: { $0 >= x }) else { return ys[ys.count - 1] }
  // A number that differs by the rounding of text is the same energy.
  if xs[above] - x < 1e-3 || above == 0 { return ys[above] }
  if x - xs[above - 1] < 1e-3 { return ys[above - 1] }
  let share = (x - xs[above - 1]) / (xs[above] - xs[above - 1])
  return ys[above - 1] + share * (ys[above] - ys[above - 1])
}
