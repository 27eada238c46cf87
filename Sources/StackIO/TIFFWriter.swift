import CTIFF
import Foundation
import Spectra

/// Writes pages of grey pixels as one TIFF, in memory or to a file.
///
///     let bytes = try TIFFWriter.encode([.init(height: 2, width: 2, samples: .int16([0, 1, -1, 2]))])
public enum TIFFWriter {
  /// One page.
  public struct Page: Sendable {
    /// The samples of a page, row-major.
    public enum Samples: Sendable {
      case int16([Int16])
      case uint16([UInt16])
      case float32([Float])
    }

    let height: Int
    let width: Int
    let samples: Samples
    let name: String?

    /// A page; the samples must fill its rows.
    ///
    /// - Parameter name: what the page shows, kept with it.
    public init(height: Int, width: Int, samples: Samples, name: String? = nil) {
      self.name = name
      self.height = height
      self.width = width
      self.samples = samples
    }
  }

  /// The pages as a TIFF file's bytes: deflate (integers with a predictor), or plain; in either byte order. Strips are
  /// compressed on all cores.
  ///
  /// - Throws: ``InputError`` of kind `io` where libtiff refuses.
  public static func encode(
    _ pages: [Page], isCompressed: Bool = true, isBigEndian: Bool = false
  ) throws(InputError) -> [UInt8] {
    let order = isBigEndian ? "b" : "l"
    let parts = pages.flatMap { page in page.parts.map { (page: page, rows: $0) } }
    let strips = try mapInParallel(parts.count) { (number) throws(InputError) in
      try encodedStrips(of: parts[number].page, parts[number].rows, isCompressed, order)
    }
    let memory = MemoryFile()
    // Big TIFF past 4 GB; the margin is for the directories.
    let size = pages.reduce(0) { $0 + $1.height * $1.width * 4 }
    let tiff = try open(memory, (size > 4_000_000_000 ? "w8" : "w") + order)
    defer { TIFFClose(tiff) }
    var next = 0
    for page in pages {
      describe(page, of: page.height, isCompressed, in: tiff)
      let own = strips[next..<next + page.parts.count].joined()
      next += page.parts.count
      for (number, strip) in own.enumerated() {
        // libtiff takes what it only reads as what it may change.
        let isWritten = strip.withUnsafeBytes {
          TIFFWriteRawStrip(
            tiff, UInt32(number), UnsafeMutableRawPointer(mutating: $0.baseAddress),
            tmsize_t($0.count)) >= 0
        }
        guard isWritten else { throw refusal }
      }
      guard TIFFWriteDirectory(tiff) != 0 else { throw refusal }
    }
    guard TIFFFlush(tiff) != 0 else { throw refusal }
    return memory.bytes
  }

  private static var refusal: InputError {
    InputError("libtiff cannot encode a page", path: "TIFF", kind: .io)
  }

  private static func open(_ memory: MemoryFile, _ mode: String) throws(InputError) -> OpaquePointer
  {
    guard let tiff = memory.open("memory", mode, nil) else {
      throw InputError("libtiff cannot start a file", path: "TIFF", kind: .io)
    }
    return tiff
  }

  /// The strips of some rows of a page, as they lie in a file.
  private static func encodedStrips(
    of page: Page, _ rows: Range<Int>, _ isCompressed: Bool, _ order: String
  ) throws(InputError) -> [ArraySlice<UInt8>] {
    let memory = MemoryFile()
    let tiff = try open(memory, "w" + order)
    defer { TIFFClose(tiff) }
    describe(page, of: rows.count, isCompressed, in: tiff)
    let rowBytes = page.width * page.bits / 8
    // A predictor works in place on what it is given: the strips are written from a copy.
    var bytes = page.bytes(of: rows)
    let starts = Array(stride(from: 0, to: rows.count, by: page.rowsPerStrip))
    let isWritten = bytes.withUnsafeMutableBytes { bytes in
      starts.enumerated().allSatisfy { strip, row in
        let size = min(page.rowsPerStrip, rows.count - row) * rowBytes
        return TIFFWriteEncodedStrip(
          tiff, UInt32(strip), bytes.baseAddress! + row * rowBytes, tmsize_t(size)) >= 0
      }
    }
    guard isWritten, TIFFFlushData(tiff) != 0 else { throw refusal }
    return starts.indices.map { strip in
      let first = Int(TIFFGetStrileOffset(tiff, UInt32(strip)))
      return memory.bytes[first..<first + Int(TIFFGetStrileByteCount(tiff, UInt32(strip)))]
    }
  }

  /// Says what a page of so many rows is.
  private static func describe(
    _ page: Page, of rows: Int, _ isCompressed: Bool, in tiff: OpaquePointer
  ) {
    func set(_ tag: Int32, _ value: Int32) {
      _ = lodestone_tiff_set_u16(tiff, UInt32(tag), UInt16(value))
    }
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), UInt32(page.width))
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), UInt32(rows))
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_ROWSPERSTRIP), UInt32(page.rowsPerStrip))
    if let name = page.name {
      _ = lodestone_tiff_set_string(tiff, UInt32(TIFFTAG_PAGENAME), name)
    }
    set(TIFFTAG_BITSPERSAMPLE, Int32(page.bits))
    set(TIFFTAG_SAMPLEFORMAT, page.format)
    set(TIFFTAG_SAMPLESPERPIXEL, 1)
    set(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK)
    set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG)
    set(TIFFTAG_COMPRESSION, isCompressed ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_NONE)
    if isCompressed {
      // None for floats: ImageJ and plain tifffile do not read theirs.
      set(TIFFTAG_PREDICTOR, page.bits == 32 ? PREDICTOR_NONE : PREDICTOR_HORIZONTAL)
      // Of values with noise a tenth more bytes than by default, in two fifths of the time.
      _ = lodestone_tiff_set_int(tiff, UInt32(TIFFTAG_ZIPQUALITY), 4)
    }
  }
}

extension TIFFWriter.Page {
  fileprivate var bits: Int {
    switch samples {
    case .int16, .uint16: 16
    case .float32: 32
    }
  }

  fileprivate var format: Int32 {
    switch samples {
    case .int16: SAMPLEFORMAT_INT
    case .uint16: SAMPLEFORMAT_UINT
    case .float32: SAMPLEFORMAT_IEEEFP
    }
  }

  fileprivate var rowsPerStrip: Int { max(1, 65_536 / (width * bits / 8)) }

  /// Rows in parts of whole strips, each to be compressed by itself.
  fileprivate var parts: [Range<Int>] {
    stride(from: 0, to: height, by: 8 * rowsPerStrip).map {
      $0..<min($0 + 8 * rowsPerStrip, height)
    }
  }

  fileprivate func bytes(of rows: Range<Int>) -> [UInt8] {
    func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
      values[rows.lowerBound * width..<rows.upperBound * width].withUnsafeBytes { Array($0) }
    }
    return switch samples {
    case .int16(let values): bytes(values)
    case .uint16(let values): bytes(values)
    case .float32(let values): bytes(values)
    }
  }
}
