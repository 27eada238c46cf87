import CTIFF
import Foundation

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

  /// The pages as a TIFF file's bytes: deflate (integers with a predictor), or plain; in either byte order.
  ///
  /// - Throws: ``InputError`` of kind `io` where libtiff refuses.
  public static func encode(
    _ pages: [Page], isCompressed: Bool = true, isBigEndian: Bool = false
  ) throws(InputError) -> [UInt8] {
    let memory = MemoryFile()
    // Big TIFF past 4 GB; the margin is for the directories.
    let size = pages.reduce(0) { $0 + $1.height * $1.width * 4 }
    let mode = (size > 4_000_000_000 ? "w8" : "w") + (isBigEndian ? "b" : "l")
    guard let tiff = memory.open("memory", mode, nil)
    else { throw InputError("libtiff cannot start a file", path: "TIFF", kind: .io) }
    let isWritten = pages.allSatisfy {
      write($0, to: tiff, isCompressed: isCompressed) && TIFFWriteDirectory(tiff) != 0
    }
    TIFFClose(tiff)
    guard isWritten else {
      throw InputError("libtiff cannot encode a page", path: "TIFF", kind: .io)
    }
    return withExtendedLifetime(memory) { memory.bytes }
  }

  private static func write(_ page: Page, to tiff: OpaquePointer, isCompressed: Bool) -> Bool {
    let (bits, format): (Int, Int32) =
      switch page.samples {
      case .int16: (16, SAMPLEFORMAT_INT)
      case .uint16: (16, SAMPLEFORMAT_UINT)
      case .float32: (32, SAMPLEFORMAT_IEEEFP)
      }
    func set(_ tag: Int32, _ value: Int32) {
      _ = lodestone_tiff_set_u16(tiff, UInt32(tag), UInt16(value))
    }
    let rowsPerStrip = max(1, 65_536 / (page.width * bits / 8))
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), UInt32(page.width))
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), UInt32(page.height))
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_ROWSPERSTRIP), UInt32(rowsPerStrip))
    if let name = page.name {
      _ = lodestone_tiff_set_string(tiff, UInt32(TIFFTAG_PAGENAME), name)
    }
    set(TIFFTAG_BITSPERSAMPLE, Int32(bits))
    set(TIFFTAG_SAMPLEFORMAT, format)
    set(TIFFTAG_SAMPLESPERPIXEL, 1)
    set(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK)
    set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG)
    set(TIFFTAG_COMPRESSION, isCompressed ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_NONE)
    if isCompressed {
      // None for floats: ImageJ and plain tifffile do not read theirs.
      set(TIFFTAG_PREDICTOR, bits == 32 ? PREDICTOR_NONE : PREDICTOR_HORIZONTAL)
    }
    // A predictor works in place on what it is given: the strips are written from a copy.
    switch page.samples {
    case .int16(var samples):
      return samples.withUnsafeMutableBytes { writeStrips($0, page, rowsPerStrip, tiff) }
    case .uint16(var samples):
      return samples.withUnsafeMutableBytes { writeStrips($0, page, rowsPerStrip, tiff) }
    case .float32(var samples):
      return samples.withUnsafeMutableBytes { writeStrips($0, page, rowsPerStrip, tiff) }
    }
  }

  private static func writeStrips(
    _ bytes: UnsafeMutableRawBufferPointer, _ page: Page, _ rowsPerStrip: Int, _ tiff: OpaquePointer
  ) -> Bool {
    let rowBytes = bytes.count / page.height
    for (strip, row) in stride(from: 0, to: page.height, by: rowsPerStrip).enumerated() {
      let size = min(rowsPerStrip, page.height - row) * rowBytes
      let start = bytes.baseAddress! + row * rowBytes
      if TIFFWriteEncodedStrip(tiff, UInt32(strip), start, tmsize_t(size)) < 0 { return false }
    }
    return true
  }
}
