import CTIFF
import Foundation

/// A TIFF or BigTIFF file of grey frames, read page by page, or some rows of a page.
///
///     let file = try TIFFFile(path: "scan.tif")
///     let frame = try file.frame(page: 0)
///     let band = try file.values(page: 0, rows: 0..<64)
///
/// Integers of 8 to 64 bits and floats of 16, 32 and 64, one sample a pixel, in strips or tiles, in
/// either byte order and any compression that libtiff decodes; ImageJ's files of one directory and many
/// images. Values are read exactly; the order of light and dark (photometric interpretation) is not
/// touched. Everything else is refused by name. Not for several threads at once.
public final class TIFFFile {
  /// The file as the user named it.
  public let path: String
  /// The number of pages.
  public var pageCount: Int { images?.count ?? directories.count }
  /// What the program that wrote the file says of it.
  let description: StackDescription
  let tiff: OpaquePointer
  let fileSize: Int
  let messages: MessageBox
  /// The bytes that are read where there is no file; libtiff holds them unretained.
  let memory: MemoryFile?
  /// The images that lie one behind the other after the only directory, as ImageJ writes above 4 GB.
  private(set) var images: ContiguousImages?
  /// Where the directory of each page is.
  private let directories: [UInt64]
  private var selected = -1
  /// Whether its offsets have 64 bits.
  let isBig: Bool

  /// libtiff's last message about one file: its handlers are C functions that carry this along.
  final class MessageBox {
    var last: String?
  }

  /// The most pixels of a page, 8192 x 8192: the largest mosaics, and a bound on what a file that lies
  /// can claim.
  static let mostPixels = 1 << 26
  private static let mostBytes = mostPixels * MemoryLayout<Double>.size

  /// Opens a file.
  ///
  /// - Throws: ``InputError`` where it is missing, may not be read, or is no TIFF.
  public convenience init(path: String) throws(InputError) {
    let size = try sizeOfReadableFile(path)
    try refuseSpecialFile(path)
    guard size > 0 else { throw InputError("an empty file, no TIFF", path: path) }
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
    messages = MessageBox()
    guard let options = TIFFOpenOptionsAlloc() else {
      throw InputError("no memory", path: path, kind: .io)
    }
    defer { TIFFOpenOptionsFree(options) }
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, tmsize_t(Self.mostBytes))
    Self.collectMessages(in: messages, options)
    guard let tiff = open(options) else {
      let other = Self.otherFormat(path) ?? messages.last.map { " (\($0))" } ?? ""
      throw InputError("not a TIFF file" + other, path: path)
    }
    self.tiff = tiff
    isBig = TIFFIsBigTIFF(tiff) != 0
    var offsets = [TIFFCurrentDirOffset(tiff)]
    description = StackDescription(tiff)
    while TIFFReadDirectory(tiff) != 0 { offsets.append(TIFFCurrentDirOffset(tiff)) }
    directories = offsets
    // An unreadable directory ends the count early: it must not pass for the end of the file.
    if let message = messages.last {
      throw InputError(message, path: path, place: "page \(offsets.count + 1)")
    }
    guard TIFFLastDirectory(tiff) != 0 else {
      throw InputError(
        "the list of pages leads back into itself", path: path, place: "page \(offsets.count)")
    }
    if offsets.count == 1, let count = description.imageCount, count > 1 {
      images = try ContiguousImages(in: self, count: count)
    }
  }

  /// What a file is that a beamline may well have written, but that is no TIFF.
  static func otherFormat(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    let start = (try? file.read(upToCount: 8)) ?? Data()
    let known: [([UInt8], String)] = [
      ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "XRM or TXRM"),
      ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "HDF5"),
    ]
    return known.first { start.elementsEqual($0.0) }
      .map { " but \($0.1), which is not read yet: export its frames to TIFF" }
  }

  private static func collectMessages(in messages: MessageBox, _ options: OpaquePointer) {
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
  }

  deinit { TIFFClose(tiff) }

  func failure(_ page: Int, _ reason: String) -> InputError {
    InputError(reason, path: path, place: "page \(page + 1)")
  }

  /// Makes a page (from 0) the one that libtiff speaks of.
  func select(_ page: Int) throws(InputError) {
    messages.last = nil
    guard (0..<pageCount).contains(page) else {
      throw failure(page, "no such page: the file has \(pageCount)")
    }
    let number = images == nil ? page : 0
    guard number != selected else { return }
    // By its offset: by its number, libtiff would walk the list of pages from the start.
    guard TIFFSetSubDirectory(tiff, directories[number]) != 0 else {
      selected = -1
      throw failure(page, messages.last ?? "the page's directory cannot be read")
    }
    selected = number
  }

  func tag(_ tag: Int32, default value: UInt16) -> Int {
    var result = value
    return lodestone_tiff_get_u16(tiff, UInt32(tag), &result) == 0 ? Int(value) : Int(result)
  }
}

// MARK: Layout

extension TIFFFile {
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
    var rowBytes: Int { width * bits / 8 }
    var byteCount: Int { height * rowBytes }

    /// The type of a sample, as arrays name it: "uint16", "float32".
    public var sampleType: String {
      (format == Int(SAMPLEFORMAT_IEEEFP) ? "float" : isSigned ? "int" : "uint") + "\(bits)"
    }

    var isFloat: Bool { format == Int(SAMPLEFORMAT_IEEEFP) }
    var isSigned: Bool { format == Int(SAMPLEFORMAT_INT) }

    /// The layout in words.
    var words: String { "\(height) x \(width) pixels of \(sampleType)" }
  }

  /// The layout of a page (from 0).
  ///
  /// - Throws: ``InputError`` naming the page, from 1, where it is no grey frame.
  public func layout(ofPage page: Int) throws(InputError) -> Layout {
    try select(page)
    var (width, height): (UInt32, UInt32) = (0, 0)
    guard lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), &width) != 0,
      lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), &height) != 0, width > 0, height > 0
    else { throw failure(page, "the page has no width or height") }
    try refuseColours(page)
    let layout = Layout(
      height: Int(height), width: Int(width), bits: tag(TIFFTAG_BITSPERSAMPLE, default: 1),
      format: tag(TIFFTAG_SAMPLEFORMAT, default: UInt16(SAMPLEFORMAT_UINT)))
    let isInteger = [Int(SAMPLEFORMAT_UINT), Int(SAMPLEFORMAT_INT), Int(SAMPLEFORMAT_VOID)]
      .contains(layout.format)
    guard
      layout.isFloat && [16, 32, 64].contains(layout.bits)
        || isInteger && [8, 16, 32, 64].contains(layout.bits)
    else {
      throw failure(
        page,
        "\(layout.bits)-bit samples of format \(layout.format): "
          + "frames are integers of 8 to 64 bits or floats of 16 to 64")
    }
    try refuseImpossibleSize(layout, page)
    return layout
  }

  private func refuseColours(_ page: Int) throws(InputError) {
    let photometric = tag(TIFFTAG_PHOTOMETRIC, default: UInt16(PHOTOMETRIC_MINISBLACK))
    guard photometric != Int(PHOTOMETRIC_PALETTE) else {
      throw failure(page, "a palette image, not a frame of intensities")
    }
    let samples = tag(TIFFTAG_SAMPLESPERPIXEL, default: 1)
    guard samples == 1 else {
      throw failure(page, "\(samples) samples a pixel (a colour image?), not one intensity")
    }
    guard [Int(PHOTOMETRIC_MINISBLACK), Int(PHOTOMETRIC_MINISWHITE)].contains(photometric) else {
      throw failure(page, "photometric interpretation \(photometric) is not a grey image")
    }
  }

  private func refuseImpossibleSize(_ layout: Layout, _ page: Int) throws(InputError) {
    let (area, overflow) = layout.height.multipliedReportingOverflow(by: layout.width)
    // No codec of libtiff packs more tightly than about 1:1100 but LZMA and ZSTD on constant
    // frames; past that a small file is lying about its size.
    let isPlain = tag(TIFFTAG_COMPRESSION, default: UInt16(COMPRESSION_NONE)) == COMPRESSION_NONE
    guard !overflow, area <= Int.max / 8, layout.byteCount / (isPlain ? 1 : 20_000) <= fileSize
    else {
      throw failure(
        page,
        "claims \(layout.height) x \(layout.width) pixels, "
          + "more than its \(fileSize) bytes can hold: truncated or damaged")
    }
    guard area <= Self.mostPixels else {
      throw failure(
        page,
        "\(layout.height) x \(layout.width) pixels, where a frame has at most 2^26 (8192 x 8192)")
    }
  }
}

/// Refuses pipes and devices: they may never end, and what a scan was read from is digested, and read again
/// to verify it.
func refuseSpecialFile(_ path: String) throws(InputError) {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    throw InputError("not a regular file", path: path)
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
