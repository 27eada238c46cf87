import CTIFF
import Foundation

/// A TIFF or BigTIFF file of grey frames, read page by page.
///
/// Integers of 8 to 64 bits and floats of 32 and 64, one sample a pixel, in strips or tiles, in either
/// byte order and any compression that libtiff decodes. Values are read exactly; the order of
/// light and dark (photometric interpretation) is not touched. Everything else is refused by name.
public final class TIFFFile {
  /// The file as the user named it.
  public let path: String
  /// The number of pages.
  public let pageCount: Int
  private let tiff: OpaquePointer
  private let messages: MessageBox
  private let fileSize: Int

  /// libtiff's last message about one file: its handlers are C functions that carry this along.
  private final class MessageBox {
    var last: String?
  }

  /// The most bytes that one page may decode to.
  private static let largestPage = 1 << 30

  /// The bytes that are read where there is no file; libtiff holds them unretained.
  private let memory: MemoryFile?

  /// Opens a file.
  ///
  /// - Throws: ``InputError`` where it is missing, may not be read, or is no TIFF.
  public convenience init(path: String) throws(InputError) {
    let size = try sizeOfReadableFile(path)
    var status = stat()
    // A pipe or a device might never end, and a TIFF is read back and forth.
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw InputError("not a regular file", path: path)
    }
    // m: no memory map, so that a file cut short while we read is an error and not a signal.
    try self.init(named: path, size: size, memory: nil) { TIFFOpenExt(path, "rm", $0) }
  }

  /// Opens a file's bytes.
  ///
  /// - Parameter name: what errors call it.
  /// - Throws: ``InputError`` where they are no TIFF.
  public convenience init(bytes: [UInt8], name: String) throws(InputError) {
    let memory = MemoryFile(bytes)
    try self.init(named: name, size: bytes.count, memory: memory) { options in
      memory.open(name, "rm", options)
    }
  }

  private init(
    named path: String, size: Int, memory: MemoryFile?, open: (OpaquePointer) -> OpaquePointer?
  ) throws(InputError) {
    self.path = path
    self.memory = memory
    fileSize = size
    let messages = MessageBox()
    self.messages = messages
    guard let options = TIFFOpenOptionsAlloc() else {
      throw InputError("no memory", path: path, kind: .io)
    }
    defer { TIFFOpenOptionsFree(options) }
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, tmsize_t(Self.largestPage))
    TIFFOpenOptionsSetErrorHandlerExtR(
      options,
      { _, box, _, format, arguments in
        guard let box, let format, let arguments else { return 1 }
        var text = [CChar](repeating: 0, count: 512)
        vsnprintf(&text, text.count, format, arguments)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        Unmanaged<MessageBox>.fromOpaque(box).takeUnretainedValue().last = String(
          decoding: bytes, as: UTF8.self)
        return 1
      }, Unmanaged.passUnretained(messages).toOpaque())
    // Warnings are about tags that carry no pixel: nothing of a frame is lost by them.
    TIFFOpenOptionsSetWarningHandlerExtR(options, { _, _, _, _, _ in 1 }, nil)
    guard let tiff = open(options) else {
      throw InputError(
        "not a TIFF file" + (messages.last.map { " (\($0))" } ?? ""), path: path)
    }
    self.tiff = tiff
    var pages = 1
    while TIFFReadDirectory(tiff) != 0 { pages += 1 }
    pageCount = pages
    // An unreadable directory ends the count early: it must not pass for the end of the file.
    if let message = messages.last {
      throw InputError(message, path: path, place: "page \(pages + 1)")
    }
    guard TIFFLastDirectory(tiff) != 0 else {
      throw InputError(
        "the list of pages leads back into itself", path: path, place: "page \(pages)")
    }
  }

  deinit { TIFFClose(tiff) }

  /// Reads a page (from 0).
  ///
  /// - Throws: ``InputError`` naming the page, from 1.
  public func frame(page: Int) throws(InputError) -> Frame {
    try select(page)
    let layout = try layout(page)
    let bytes = try pixels(page, layout)
    return Frame(
      height: layout.height, width: layout.width, values: try values(page, bytes, layout))
  }

  private func failure(_ page: Int, _ reason: String) -> InputError {
    InputError(reason, path: path, place: "page \(page + 1)")
  }

  // MARK: Layout

  /// The shape and type of a page's samples.
  public struct Layout: Equatable, Sendable {
    /// The number of rows.
    public var height: Int
    /// The number of columns.
    public var width: Int
    /// The bits of a sample.
    public var bits: Int
    /// The sample format: 1 unsigned, 2 signed, 3 float.
    public var format: Int
    var byteCount: Int { height * width * bits / 8 }
  }

  /// The layout of a page (from 0).
  ///
  /// - Throws: ``InputError`` naming the page, from 1, where it is no grey frame.
  public func layout(ofPage page: Int) throws(InputError) -> Layout {
    try select(page)
    return try layout(page)
  }

  private func select(_ page: Int) throws(InputError) {
    messages.last = nil
    guard TIFFSetDirectory(tiff, tdir_t(page)) != 0 else {
      throw failure(page, messages.last ?? "the page's directory cannot be read")
    }
  }

  private func tag(_ tag: Int32, default value: UInt16) -> Int {
    var result = value
    return lodestone_tiff_get_u16(tiff, UInt32(tag), &result) == 0 ? Int(value) : Int(result)
  }

  private func layout(_ page: Int) throws(InputError) -> Layout {
    var (width, height): (UInt32, UInt32) = (0, 0)
    guard lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), &width) != 0,
      lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), &height) != 0, width > 0, height > 0
    else { throw failure(page, "the page has no width or height") }
    let samples = tag(TIFFTAG_SAMPLESPERPIXEL, default: 1)
    let photometric = tag(TIFFTAG_PHOTOMETRIC, default: UInt16(PHOTOMETRIC_MINISBLACK))
    guard photometric != Int(PHOTOMETRIC_PALETTE) else {
      throw failure(page, "a palette image, not a frame of intensities")
    }
    guard samples == 1 else {
      throw failure(page, "\(samples) samples a pixel (a colour image?), not one intensity")
    }
    guard [Int(PHOTOMETRIC_MINISBLACK), Int(PHOTOMETRIC_MINISWHITE)].contains(photometric) else {
      throw failure(page, "photometric interpretation \(photometric) is not a grey image")
    }
    let layout = Layout(
      height: Int(height), width: Int(width), bits: tag(TIFFTAG_BITSPERSAMPLE, default: 1),
      format: tag(TIFFTAG_SAMPLEFORMAT, default: UInt16(SAMPLEFORMAT_UINT)))
    let isFloat = layout.format == Int(SAMPLEFORMAT_IEEEFP)
    let isInteger = [Int(SAMPLEFORMAT_UINT), Int(SAMPLEFORMAT_INT), Int(SAMPLEFORMAT_VOID)]
      .contains(layout.format)
    guard
      isFloat && [32, 64].contains(layout.bits)
        || isInteger && [8, 16, 32, 64].contains(layout.bits)
    else {
      throw failure(
        page,
        "\(layout.bits)-bit samples of format \(layout.format): "
          + "frames are integers of 8 to 64 bits or floats of 32 or 64")
    }
    // No codec of libtiff packs more tightly than about 1:1100 but LZMA and ZSTD on constant
    // frames; past that a small file is lying about its size.
    let (area, overflow) = layout.height.multipliedReportingOverflow(by: layout.width)
    let isPlain = tag(TIFFTAG_COMPRESSION, default: UInt16(COMPRESSION_NONE)) == COMPRESSION_NONE
    guard !overflow, area <= Self.largestPage / (layout.bits / 8),
      layout.byteCount / (isPlain ? 1 : 20_000) <= fileSize
    else {
      throw failure(
        page,
        "claims \(layout.height) x \(layout.width) pixels, "
          + "more than its \(fileSize) bytes can hold: truncated or damaged")
    }
    return layout
  }

  // MARK: Pixels

  /// The page's samples in the machine's byte order, row-major.
  private func pixels(_ page: Int, _ layout: Layout) throws(InputError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: layout.byteCount)
    let complete: Bool
    if TIFFIsTiled(tiff) != 0 {
      complete = readTiles(into: &bytes, layout)
    } else {
      complete = readStrips(into: &bytes, layout)
    }
    guard complete else { throw failure(page, messages.last ?? "the pixels cannot be decoded") }
    return bytes
  }

  private func readStrips(into bytes: inout [UInt8], _ layout: Layout) -> Bool {
    var rowsPerStrip: UInt32 = 0
    if lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_ROWSPERSTRIP), &rowsPerStrip) == 0
      || rowsPerStrip == 0
    {
      rowsPerStrip = UInt32(layout.height)
    }
    let rowBytes = layout.width * layout.bits / 8
    return bytes.withUnsafeMutableBytes { buffer in
      var row = 0
      var strip: UInt32 = 0
      while row < layout.height {
        let rows = min(Int(rowsPerStrip), layout.height - row)
        let size = rows * rowBytes
        let read = TIFFReadEncodedStrip(
          tiff, strip, buffer.baseAddress! + row * rowBytes, tmsize_t(size))
        if read != tmsize_t(size) { return false }
        row += rows
        strip += 1
      }
      return true
    }
  }

  private func readTiles(into bytes: inout [UInt8], _ layout: Layout) -> Bool {
    var (tileWidth, tileHeight): (UInt32, UInt32) = (0, 0)
    let sample = layout.bits / 8
    let tileSize = Int(TIFFTileSize(tiff))
    guard lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_TILEWIDTH), &tileWidth) != 0,
      lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_TILELENGTH), &tileHeight) != 0,
      tileWidth > 0, tileHeight > 0, tileSize <= Self.largestPage,
      tileSize == Int(tileWidth) * Int(tileHeight) * sample
    else { return false }
    var tile = [UInt8](repeating: 0, count: tileSize)
    for top in stride(from: 0, to: layout.height, by: Int(tileHeight)) {
      for left in stride(from: 0, to: layout.width, by: Int(tileWidth)) {
        let number = TIFFComputeTile(tiff, UInt32(left), UInt32(top), 0, 0)
        let read = tile.withUnsafeMutableBytes {
          TIFFReadEncodedTile(tiff, number, $0.baseAddress!, tmsize_t(tileSize))
        }
        if read != tmsize_t(tileSize) { return false }
        let count = min(Int(tileWidth), layout.width - left) * sample
        for y in top..<min(top + Int(tileHeight), layout.height) {
          let source = (y - top) * Int(tileWidth) * sample
          let target = (y * layout.width + left) * sample
          bytes.replaceSubrange(target..<target + count, with: tile[source..<source + count])
        }
      }
    }
    return true
  }

  private func values(
    _ page: Int, _ bytes: [UInt8], _ layout: Layout
  ) throws(InputError) -> FrameValues {
    let isFloat = layout.format == Int(SAMPLEFORMAT_IEEEFP)
    let isSigned = layout.format == Int(SAMPLEFORMAT_INT)
    func samples<T>(_ type: T.Type) -> [T] {
      bytes.withUnsafeBytes { Array($0.bindMemory(to: type)) }
    }
    func exact<T: FixedWidthInteger>(_ type: T.Type) throws(InputError) -> FrameValues {
      let values = samples(type)
      guard values.allSatisfy({ Double(exactly: $0) != nil }) else {
        throw failure(page, "\(layout.bits)-bit counts beyond 2^53 are not detector counts")
      }
      return FrameValues(exactly: values.map { Double($0) })
    }
    switch (layout.bits, isFloat, isSigned) {
    case (8, _, false): return .uint16(bytes.map { UInt16($0) })
    case (8, _, true): return try exact(Int8.self)
    case (16, _, false): return .uint16(samples(UInt16.self))
    case (16, _, true): return try exact(Int16.self)
    case (32, true, _): return FrameValues(exactly: samples(Float.self))
    case (32, false, false): return try exact(UInt32.self)
    case (32, false, true): return try exact(Int32.self)
    case (64, true, _): return FrameValues(exactly: samples(Double.self))
    case (64, false, false): return try exact(UInt64.self)
    default: return try exact(Int64.self)
    }
  }

  // MARK: Metadata

  /// The first page's pixel size, um, from ImageJ's unit and the resolution; nil where the file
  /// does not say it in a unit of length, or the pixels are not square.
  public func pixelSizeUM() -> Double? {
    guard TIFFSetDirectory(tiff, 0) != 0 else { return nil }
    var text: UnsafePointer<CChar>?
    guard lodestone_tiff_get_string(tiff, UInt32(TIFFTAG_IMAGEDESCRIPTION), &text) != 0, let text
    else { return nil }
    let description = String(cString: text)
    guard description.hasPrefix("ImageJ=") else { return nil }
    let lines = description.split(whereSeparator: \.isNewline)
    guard let unit = lines.first(where: { $0.hasPrefix("unit=") })?.dropFirst(5),
      let scale = ["um": 1, "micron": 1, "\\u00B5m": 1, "\u{B5}m": 1, "nm": 1e-3, "mm": 1e3][
        String(unit)]
    else { return nil }
    var (across, down): (Float, Float) = (0, 0)
    guard lodestone_tiff_get_float(tiff, UInt32(TIFFTAG_XRESOLUTION), &across) != 0,
      lodestone_tiff_get_float(tiff, UInt32(TIFFTAG_YRESOLUTION), &down) != 0, across > 0,
      abs(across - down) <= 1e-4 * across
    else { return nil }
    // The tag is a ratio of integers seen through a Float: six digits are what it carries.
    let size = scale / Double(across)
    let digits = pow(10, 5 - floor(log10(size)))
    return (size * digits).rounded() / digits
  }
}

/// The size of a file, after making sure that it can be read.
func sizeOfReadableFile(_ path: String) throws(InputError) -> Int {
  var status = stat()
  guard stat(path, &status) == 0 else {
    if errno == EACCES { throw InputError("permission denied", path: path, kind: .denied) }
    throw InputError("no such file", path: path, kind: .missing)
  }
  guard status.st_mode & S_IFMT != S_IFDIR else {
    throw InputError("a folder, where a file is needed", path: path)
  }
  guard access(path, R_OK) == 0 else {
    throw InputError("permission denied", path: path, kind: .denied)
  }
  return Int(status.st_size)
}

extension TIFFFile {
  /// libtiff's version: "4.5.0".
  public static var libraryVersion: String {
    let text = String(cString: TIFFGetVersion())
    return text.firstMatch(of: /Version ([\d.]+)/).map { String($0.1) } ?? text
  }
}
