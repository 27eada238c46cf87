import CTIFF
import Foundation

/// What the program that wrote a TIFF says of it in tags: ImageJ's lines and slice labels, OME's XML, the
/// resolution, exposure times. Whatever it does not understand it leaves out: nothing here is an error.
struct StackDescription {
  /// ImageJ's number of images; nil where ImageJ did not write the file.
  var imageCount: Int?
  /// What the file is called among layouts.
  var kind: Kind = .plain
  /// What each image is called, as ImageJ's slice labels; empty where there are none.
  var labels: [String] = []
  /// The sides of a pixel.
  var pixelSize: KnownPixelSize = .unknown
  /// The exposure of each image, s, as OME tells it; empty where it does not.
  var exposures: [Double?] = []
  /// The axes that the images are counted along, with more than one step: ("channels", 2).
  var axes: [(name: String, count: Int)] = []

  /// The kinds of TIFF that are told apart.
  enum Kind: String {
    case plain = "TIFF"
    case imageJ = "ImageJ TIFF"
    case ome = "OME-TIFF"
  }

  /// What a file says of the side of its pixels.
  enum KnownPixelSize: Equatable {
    case unknown
    /// The sides, and by which tag.
    case known(PixelSize, source: String)

    init(x: Double, y: Double, source: String) {
      guard x > 0, y > 0, x.isFinite, y.isFinite else {
        self = .unknown
        return
      }
      let isSquare = abs(x - y) <= 1e-4 * x
      self = .known(PixelSize(heightUM: isSquare ? x : y, widthUM: x), source: source)
    }
  }

  /// Reads the tags of the selected page.
  init(_ tiff: OpaquePointer) {
    let text = tiff.text(TIFFTAG_IMAGEDESCRIPTION) ?? ""
    if text.hasPrefix("ImageJ=") {
      readImageJ(text, tiff)
    } else if text.contains("<OME") {
      readOME(text)
    }
    if pixelSize == .unknown { pixelSize = tiff.pixelSizeFromResolution() }
  }

  private mutating func readImageJ(_ text: String, _ tiff: OpaquePointer) {
    kind = .imageJ
    var values: [Substring: Substring] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[line[..<equals]] = line[line.index(after: equals)...]
    }
    imageCount = values["images"].flatMap { Int($0) }
    for name in ["channels", "slices", "frames"] {
      if let count = values[Substring(name)].flatMap({ Int($0) }), count > 1 {
        axes.append((name, count))
      }
    }
    labels = ImageJMetadata(tiff)?.labels ?? []
    guard let unit = values["unit"], let scale = lengthInUM(String(unit)),
      let (across, down) = tiff.resolution()
    else { return }
    pixelSize = KnownPixelSize(
      x: sixDigits(scale / across), y: sixDigits(scale / down), source: "ImageJ's unit")
  }

  private mutating func readOME(_ text: String) {
    guard let ome = OMEDescription(text) else { return }
    kind = .ome
    axes = ome.axes
    exposures = ome.exposures
    if let x = ome.pixelSizeX, let y = ome.pixelSizeY {
      pixelSize = KnownPixelSize(x: x, y: y, source: "OME's PhysicalSize")
    }
  }
}

extension TIFFFile {
  /// What a page (from 0) is called: ImageJ's slice label, else the page's name or own description; nil
  /// where it has none.
  package func label(ofPage page: Int) -> String? {
    if page < description.labels.count { return description.labels[page] }
    guard images == nil, (try? select(page)) != nil else { return nil }
    if let name = tiff.text(TIFFTAG_PAGENAME), !name.isEmpty { return name }
    // A description of the whole stack is no page's name.
    guard description.kind == .plain, let text = tiff.text(TIFFTAG_IMAGEDESCRIPTION),
      text.utf8.count < 1000
    else { return nil }
    return text
  }

  /// The exposure of a page (from 0), s: OME's of the plane, TIFF/EP's ExposureTime of the page, or of the
  /// first page where it alone has one; nil where it is not told.
  func exposure(ofPage page: Int) -> Double? {
    if page < description.exposures.count, let told = description.exposures[page] { return told }
    for page in [images == nil ? page : 0, 0] {
      guard (try? select(page)) != nil, let told = tiff.numbers(EXIFTAG_EXPOSURETIME)?.first,
        told > 0, told.isFinite
      else { continue }
      return sixDigits(told)
    }
    return nil
  }
}

/// A length's unit in um; nil for what is no unit of length.
private func lengthInUM(_ unit: String) -> Double? {
  switch unit.trimmingCharacters(in: .whitespaces).lowercased() {
  case "um", "micron", "microns", "micrometer", "\\u00b5m", "\\u03bcm", "\u{B5}m", "\u{3BC}m",
    // A micro sign in an old code page is no UTF-8.
    "\u{FFFD}m":
    1
  case "nm", "nanometer": 1e-3
  case "pm": 1e-6
  case "a", "\u{E5}", "\u{212B}", "angstrom": 1e-4
  case "mm": 1e3
  case "cm": 1e4
  case "m": 1e6
  default: nil
  }
}

/// A ratio of integers seen through a Float carries six digits.
private func sixDigits(_ value: Double) -> Double {
  guard value.isFinite, value != 0 else { return value }
  let digits = pow(10, 5 - floor(log10(abs(value))))
  return digits.isFinite && digits > 0 ? (value * digits).rounded() / digits : value
}

extension OpaquePointer {
  /// The text of a tag that libtiff knows.
  fileprivate func text(_ tag: Int32) -> String? {
    var text: UnsafePointer<CChar>?
    guard lodestone_tiff_get_string(self, UInt32(tag), &text) != 0, let text else { return nil }
    return String(cString: text)
  }

  /// Pixels a unit of length, across and down.
  fileprivate func resolution() -> (Double, Double)? {
    var (across, down): (Float, Float) = (0, 0)
    guard lodestone_tiff_get_float(self, UInt32(TIFFTAG_XRESOLUTION), &across) != 0,
      lodestone_tiff_get_float(self, UInt32(TIFFTAG_YRESOLUTION), &down) != 0, across > 0, down > 0
    else { return nil }
    return (Double(across), Double(down))
  }

  /// The pixel size by a resolution an inch or a centimetre. What a printer would use, as many programs
  /// write by default, says nothing of the sample: pixels above 15 um are not believed.
  fileprivate func pixelSizeFromResolution() -> StackDescription.KnownPixelSize {
    var unit: UInt16 = 0
    guard lodestone_tiff_get_u16(self, UInt32(TIFFTAG_RESOLUTIONUNIT), &unit) != 0,
      let scale = [Int(RESUNIT_INCH): 25_400.0, Int(RESUNIT_CENTIMETER): 10_000.0][Int(unit)],
      let (across, down) = resolution(), scale / max(across, down) < 15
    else { return .unknown }
    return .init(
      x: sixDigits(scale / across), y: sixDigits(scale / down), source: "the TIFF resolution")
  }

  /// The values of a tag that libtiff does not know, as numbers.
  fileprivate func numbers(_ tag: Int32) -> [Double]? {
    withArray(tag) { bytes, type in
      switch type {
      case TIFF_RATIONAL, TIFF_SRATIONAL, TIFF_FLOAT:
        bytes.bindMemory(to: Float.self).map(Double.init)
      case TIFF_DOUBLE: Array(bytes.bindMemory(to: Double.self))
      case TIFF_SHORT: bytes.bindMemory(to: UInt16.self).map(Double.init)
      case TIFF_LONG: bytes.bindMemory(to: UInt32.self).map(Double.init)
      default: nil
      }
    }
  }

  /// The values of a tag that libtiff does not know, as it holds them, and their type.
  fileprivate func withArray<T>(
    _ tag: Int32, _ body: (UnsafeRawBufferPointer, TIFFDataType) -> T?
  ) -> T? {
    var count: UInt32 = 0
    var values: UnsafeRawPointer?
    // Only what is read with its count may be asked for it.
    guard let field = TIFFFindField(self, UInt32(tag), TIFF_NOTYPE), TIFFFieldPassCount(field) != 0,
      TIFFFieldReadCount(field) == TIFF_VARIABLE2,
      lodestone_tiff_get_array(self, UInt32(tag), &count, &values) != 0, let values
    else { return nil }
    let type = TIFFFieldDataType(field)
    // libtiff holds rationals as floats.
    let isRational = type == TIFF_RATIONAL || type == TIFF_SRATIONAL
    let size = isRational ? MemoryLayout<Float>.size : Int(TIFFDataWidth(type))
    return body(UnsafeRawBufferPointer(start: values, count: Int(count) * size), type)
  }
}

/// The metadata that ImageJ keeps beside its description: tags 50838 (the sizes of the parts) and 50839
/// (the parts: a header of types and counts, then UTF-16 texts).
struct ImageJMetadata {
  /// The label of each slice, its first line.
  private(set) var labels: [String] = []

  /// Reads the tags of the selected page; nil where there are none, or they do not fit together.
  fileprivate init?(_ tiff: OpaquePointer) {
    guard let sizes = tiff.numbers(50838),
      let bytes = tiff.withArray(50839, { bytes, _ in [UInt8](bytes) })
    else { return nil }
    self.init(bytes, sizes: sizes.map { Int(exactly: $0) ?? -1 })
  }

  /// - Parameters:
  ///   - bytes: the parts.
  ///   - sizes: the size of the header, then of each part.
  init?(_ bytes: [UInt8], sizes: [Int]) {
    let isBig = bytes.starts(with: "IJIJ".utf8)
    guard isBig || bytes.starts(with: "JIJI".utf8), let headerSize = sizes.first,
      headerSize >= 4, headerSize <= bytes.count
    else { return nil }
    func number(at place: Int) -> UInt32 {
      let four = bytes[place..<place + 4]
      return (isBig ? Array(four) : four.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
    }
    let labelType: UInt32 = 0x6C61_626C  // "labl"
    var part = 1
    var start = headerSize
    for place in stride(from: 4, to: headerSize - 7, by: 8) {
      let type = number(at: place)
      for _ in 0..<number(at: place + 4) {
        guard part < sizes.count, sizes[part] >= 0, sizes[part] <= bytes.count - start else {
          return
        }
        let text = bytes[start..<start + sizes[part]]
        if type == labelType {
          let label = String(
            data: Data(text), encoding: isBig ? .utf16BigEndian : .utf16LittleEndian)
          labels.append(String((label ?? "").prefix { !$0.isNewline }))
        }
        start += sizes[part]
        part += 1
      }
    }
  }
}
