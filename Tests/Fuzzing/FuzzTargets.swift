import Foundation

// One reader a build, chosen by a condition (Scripts/fuzz.sh): libFuzzer calls this with each input. A reader
// may refuse anything; it must not crash, hang, read what is not its own, or allocate without bound.

private func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

#if FUZZ_TIFF
  private func read(_ bytes: [UInt8]) {
    guard let file = try? TIFFFile(bytes: bytes, name: "fuzz.tif") else { return }
    for page in 0..<min(file.pageCount, 8) {
      _ = file.label(ofPage: page)
      _ = file.exposure(ofPage: page)
      guard let layout = try? file.layout(ofPage: page) else { continue }
      _ = try? file.bytesBeside(rowsOfPage: page)
      // Small frames are read whole and by a band, which must agree; of large ones a band is enough.
      let rows = layout.height / 3..<min(layout.height, layout.height / 3 + 5)
      let band = try? file.values(page: page, rows: rows)
      guard layout.height * layout.width <= 1 << 16, let frame = try? file.frame(page: page) else {
        continue
      }
      let width = layout.width
      let expected = frame.values.doubles[rows.lowerBound * width..<rows.upperBound * width]
      guard let band else { fatalError("a frame that can be read has a band that cannot") }
      precondition(
        band.doubles.elementsEqual(expected) { $0 == $1 || $0.isNaN && $1.isNaN }, "another band")
    }
  }
#elseif FUZZ_ENERGIES
  private func read(_ bytes: [UInt8]) {
    guard let text = text(bytes) else { return }
    for name in ["e.txt", "e.csv"] {
      guard let list = try? EnergyList(text: text, path: name) else { continue }
      precondition(list.energies.allSatisfy { $0 >= 10 && $0.isFinite })
      precondition(Set(list.energies).count == list.energies.count)
    }
  }
#elseif FUZZ_SPECTRUM
  private func read(_ bytes: [UInt8]) {
    guard let text = text(bytes) else { return }
    for name in ["s.txt", "s.xdi"] {
      guard let file = try? SpectrumFile(text: text, path: name) else { continue }
      _ = try? file.absorptionColumn()
      for column in file.columns.indices {
        guard let spectrum = try? file.spectrum(column: column) else { continue }
        precondition(spectrum.energies.allSatisfy { $0 > 0 })
        precondition(zip(spectrum.energies, spectrum.energies.dropFirst()).allSatisfy { $0 < $1 })
      }
    }
  }
#elseif FUZZ_NAMES
  private func read(_ bytes: [UInt8]) {
    guard let text = text(bytes) else { return }
    var info = ScanInfo()
    info.add(text, path: "ScanInfo_fuzz.txt")
    let lines = text.split(whereSeparator: \.isNewline).prefix(40).map(String.init)
    let names = lines.map { FrameName($0) }
    let parts = PartNames(names)
    for (line, name) in zip(lines, names) {
      _ = parts.part(of: name)
      _ = info.place(ofFile: line)
      precondition(name.energy.map { $0 > 0 && $0.isFinite } ?? true)
    }
  }
#elseif FUZZ_DESCRIPTION
  private func read(_ bytes: [UInt8]) {
    if let text = text(bytes), let ome = OMEDescription(text) {
      precondition(ome.exposures.count <= 1_000_001)
    }
    // The first bytes are the sizes of ImageJ's parts.
    let sizes = bytes.prefix(8).map { Int($0) }
    _ = ImageJMetadata(Array(bytes.dropFirst(8)), sizes: sizes)
  }
#elseif FUZZ_POINTS
  private let folder = NSTemporaryDirectory()
  private func read(_ bytes: [UInt8]) {
    for ending in ["npy", "csv"] {
      let path = folder + "lodestone-fuzz-\(getpid()).\(ending)"
      guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return }
      _ = try? PointsFile(path: path)
    }
  }
#endif

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
