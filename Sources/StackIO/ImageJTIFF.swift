import Foundation

/// Writes maps as the TIFF that ImageJ itself writes: names of slices, colours, the size of a pixel and a text of remarks are
/// there when it is opened, and the pixels of all pages lie one behind the other, as ImageJ expects of a stack.
///
///     let bytes = try ImageJTIFF.encode(
///       [.init(name: "cluster", samples: .uint8([0, 1, 255, 0]))], height: 2, width: 2,
///       colours: rgb, pixelSize: PixelSize(sideUM: 0.028), info: "0 = Nd2Fe14B")
public enum ImageJTIFF {
  /// One page: a slice of the stack.
  public struct Page: Sendable {
    /// The pixels of a page, row-major; of the same type on all pages.
    public enum Samples: Sendable {
      case uint8([UInt8])
      case uint16([UInt16])
      case float32([Float])
    }

    let name: String
    let samples: Samples

    /// A page and its name.
    public init(name: String, samples: Samples) {
      (self.name, self.samples) = (name, samples)
    }
  }

  /// The pages as a TIFF file's bytes, not compressed.
  ///
  /// - Parameters:
  ///   - pages: one or more, each of `height` times `width` samples.
  ///   - colours: the colours of the values 0 to 255 of 8 bits, three numbers each; fewer than 256 end in black. Empty: grey.
  ///   - pixelSize: nil where it is not known.
  ///   - info: what ImageJ shows as Image > Show Info. ImageJ reads ISO Latin-1 alone.
  ///   - range: what is shown from black to white, or over the colours; nil: from the smallest finite value to the largest.
  /// - Throws: ``InputError`` of kind `io` where the file would be above 4 GB.
  public static func encode(
    _ pages: [Page], height: Int, width: Int, colours: [UInt8] = [], pixelSize: PixelSize? = nil,
    info: String = "", range: ClosedRange<Double>? = nil
  ) throws(InputError) -> [UInt8] {
    let bits = pages.first.map(\.samples.bits) ?? 0
    precondition(height > 0 && width > 0 && bits > 0, "at least one page of one pixel")
    precondition(
      pages.allSatisfy { $0.samples.bits == bits && $0.samples.count == height * width })
    precondition(colours.count % 3 == 0 && colours.count <= 768 && (colours.isEmpty || bits == 8))
    let pageBytes = height * width * bits / 8
    guard pages.count * (pageBytes + 4096) < 1 << 32 else {
      throw InputError("ImageJ's TIFF ends at 4 GB", path: "TIFF", kind: .io)
    }
    let range = range ?? (colours.isEmpty ? values(of: pages) : 0...255)
    let fields = ImageJFields(
      height: height, width: width, bits: bits, pageCount: pages.count, colours: colours,
      pixelSize: pixelSize, range: range)
    let remarks = ImageJRemarks(
      info: info, names: pages.map(\.name), range: range, colours: colours)

    var file = TIFFBytes()
    let rest = file.addDirectory(
      fields.all + remarks.fields, pixels: .behindThis, isLast: pages.count == 1)
    let firstPage = file.bytes.count
    for page in pages { file.add(page.samples) }
    file.align()
    for number in pages.indices.dropFirst() {
      if number == 1 { file.point(rest, to: file.bytes.count) }
      _ = file.addDirectory(
        fields.ofEveryPage, pixels: .at(firstPage + number * pageBytes),
        isLast: number == pages.count - 1)
    }
    return file.bytes
  }

  /// The smallest and the largest finite value; nil where there is none.
  private static func values(of pages: [Page]) -> ClosedRange<Double>? {
    var (low, high) = (Double.infinity, -Double.infinity)
    for page in pages {
      switch page.samples {
      case .uint8(let samples):
        low = min(low, samples.min().map(Double.init) ?? low)
        high = max(high, samples.max().map(Double.init) ?? high)
      case .uint16(let samples):
        low = min(low, samples.min().map(Double.init) ?? low)
        high = max(high, samples.max().map(Double.init) ?? high)
      case .float32(let samples):
        for sample in samples where sample.isFinite {
          low = min(low, Double(sample))
          high = max(high, Double(sample))
        }
      }
    }
    return low <= high ? low...high : nil
  }
}

extension ImageJTIFF.Page.Samples {
  fileprivate var bits: Int {
    switch self {
    case .uint8: 8
    case .uint16: 16
    case .float32: 32
    }
  }

  fileprivate var count: Int {
    switch self {
    case .uint8(let samples): samples.count
    case .uint16(let samples): samples.count
    case .float32(let samples): samples.count
    }
  }
}

/// A field of a TIFF directory, little-endian.
private struct TIFFField {
  enum Kind: Int {
    case byte = 1
    case text, short, long, rational
    var size: Int { [0, 1, 1, 2, 4, 8][rawValue] }
  }

  let tag: Int
  let kind: Kind
  let bytes: [UInt8]

  init(_ tag: Int, _ kind: Kind, _ bytes: [UInt8]) {
    (self.tag, self.kind, self.bytes) = (tag, kind, bytes)
  }

  init(short tag: Int, _ value: Int) { self.init(tag, .short, little(value, 2)) }
  init(long tag: Int, _ value: Int) { self.init(tag, .long, little(value, 4)) }
}

private func little(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// What each page's directory says, and the first one's description.
private struct ImageJFields {
  let height: Int
  let width: Int
  let bits: Int
  let pageCount: Int
  let colours: [UInt8]
  let pixelSize: PixelSize?
  let range: ClosedRange<Double>?

  /// The first page's.
  var all: [TIFFField] { ofEveryPage + [TIFFField(270, .text, Array(description.utf8) + [0])] }

  var ofEveryPage: [TIFFField] {
    var fields = [
      TIFFField(long: 256, width), TIFFField(long: 257, height), TIFFField(short: 258, bits),
      // Not compressed.
      TIFFField(short: 259, 1),
      // By a table of colours, or grey and black is zero.
      TIFFField(short: 262, colours.isEmpty ? 1 : 3),
      TIFFField(short: 277, 1), TIFFField(long: 278, height),
      TIFFField(long: 279, height * width * bits / 8),
      // Integers without a sign, or floating point.
      TIFFField(short: 339, bits == 32 ? 3 : 1),
    ]
    if let pixelSize {
      fields += [
        TIFFField(282, .rational, Self.pixels(of: pixelSize.widthUM)),
        TIFFField(283, .rational, Self.pixels(of: pixelSize.heightUM)),
        // A unit of ImageJ's own: the description says which.
        TIFFField(short: 296, 1),
      ]
    }
    if !colours.isEmpty {
      let table = (0..<3).flatMap { part in
        (0..<256).flatMap { value in
          little(257 * (3 * value < colours.count ? Int(colours[3 * value + part]) : 0), 2)
        }
      }
      fields.append(TIFFField(320, .short, table))
    }
    return fields
  }

  private var description: String {
    var lines = ["ImageJ=1.54f"]
    if pageCount > 1 {
      lines += ["images=\(pageCount)", "slices=\(pageCount)", "loop=false"]
    }
    if pixelSize != nil { lines.append("unit=micron") }
    if let range { lines += ["min=\(range.lowerBound)", "max=\(range.upperBound)"] }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Pixels a micrometre as a fraction: the side's own decimals, so that 0.028 um come back as they were.
  private static func pixels(of side: Double) -> [UInt8] {
    var denominator = 1.0
    while denominator < 1e9, side * denominator * 10 < 4e9 { denominator *= 10 }
    let numerator = max(1, (side * denominator).rounded())
    return little(Int(denominator), 4) + little(Int(numerator), 4)
  }
}

/// ImageJ's own two fields: counts of bytes, and behind a head of types the remarks, names, ranges and colours themselves.
private struct ImageJRemarks {
  let fields: [TIFFField]

  init(info: String, names: [String], range: ClosedRange<Double>?, colours: [UInt8]) {
    func text(_ text: String) -> [UInt8] { text.utf16.flatMap { little(Int($0), 2) } }
    func double(_ value: Double) -> [UInt8] {
      little(Int(truncatingIfNeeded: value.bitPattern), 8)
    }
    var parts: [(type: String, blocks: [[UInt8]])] = []
    if !info.isEmpty { parts.append(("info", [text(info)])) }
    parts.append(("labl", names.map(text)))
    if let range {
      parts.append(("rang", [double(range.lowerBound) + double(range.upperBound)]))
    }
    if !colours.isEmpty {
      // All red, all green, all blue.
      parts.append(
        (
          "luts",
          [
            (0..<3).flatMap { part in
              (0..<256).map { 3 * $0 < colours.count ? colours[3 * $0 + part] : 0 }
            }
          ]
        ))
    }
    // Types are numbers of four letters: in a little-endian file they stand backwards.
    let head =
      Array("JIJI".utf8)
      + parts.flatMap { Array($0.type.utf8.reversed()) + little($0.blocks.count, 4) }
    let blocks = parts.flatMap(\.blocks)
    fields = [
      TIFFField(50838, .long, ([head] + blocks).flatMap { little($0.count, 4) }),
      TIFFField(50839, .byte, head + blocks.flatMap(\.self)),
    ]
  }
}

/// A little-endian TIFF as it grows.
private struct TIFFBytes {
  enum Pixels {
    /// Behind the directory and its values.
    case behindThis
    case at(Int)
  }

  private(set) var bytes: [UInt8] = Array("II".utf8) + little(42, 2) + little(8, 4)

  /// Writes a directory of a page in one strip, and behind it the values that have no room in it.
  ///
  /// - Returns: where the place of the next directory stands; 0 until it is pointed to one. Of the last it remains 0.
  mutating func addDirectory(_ fields: [TIFFField], pixels: Pixels, isLast: Bool) -> Int {
    let start = bytes.count
    let fields = (fields + [TIFFField(long: 273, 0)]).sorted { $0.tag < $1.tag }
    let end = start + 2 + 12 * fields.count + 4
    var behind: [UInt8] = []
    var places: [Int] = []
    for field in fields where field.bytes.count > 4 {
      places.append(end + behind.count)
      behind += field.bytes
      // Values begin at even places.
      if behind.count % 2 == 1 { behind.append(0) }
    }
    while (end + behind.count) % 16 != 0 { behind.append(0) }
    let strip =
      switch pixels {
      case .behindThis: end + behind.count
      case .at(let place): place
      }
    bytes += little(fields.count, 2)
    var next = 0
    for field in fields {
      let count = field.bytes.count / field.kind.size
      bytes += little(field.tag, 2) + little(field.kind.rawValue, 2) + little(count, 4)
      if field.tag == 273 {
        bytes += little(strip, 4)
      } else if field.bytes.count > 4 {
        bytes += little(places[next], 4)
        next += 1
      } else {
        bytes += field.bytes + [UInt8](repeating: 0, count: 4 - field.bytes.count)
      }
    }
    let rest = bytes.count
    // The next of the further directories lies right behind this one.
    if case .at = pixels, !isLast {
      bytes += little(end + behind.count, 4)
    } else {
      bytes += little(0, 4)
    }
    bytes += behind
    return rest
  }

  mutating func point(_ place: Int, to directory: Int) {
    bytes.replaceSubrange(place..<place + 4, with: little(directory, 4))
  }

  mutating func align() { while bytes.count % 16 != 0 { bytes.append(0) } }

  mutating func add(_ samples: ImageJTIFF.Page.Samples) {
    switch samples {
    case .uint8(let samples): bytes += samples
    case .uint16(let samples):
      samples.map(\.littleEndian).withUnsafeBytes { bytes.append(contentsOf: $0) }
    case .float32(let samples):
      samples.map(\.bitPattern.littleEndian).withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
  }
}
