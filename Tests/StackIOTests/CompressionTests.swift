import CTIFF
import Foundation
import StackIO
import Testing
import TestSupport

/// Pages as libtiff itself packs them, read whole and in bands.
@Suite struct CompressionTests {
  private static let (height, width) = (37, 29)

  /// Lossless for 16 bits: all that this libtiff can write.
  private static let compressions: [Int32] = [
    COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS, COMPRESSION_DEFLATE,
    COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZMA, COMPRESSION_ZSTD, COMPRESSION_LERC,
  ].filter { TIFFIsCODECConfigured(UInt16($0)) != 0 }

  /// How the rows of a page lie.
  enum Pieces: CaseIterable {
    case strips, oneStrip, tiles
  }

  @Test func libtiffHasTheCodecs() { #expect(Self.compressions.count >= 7) }

  @Test(arguments: compressions, Pieces.allCases)
  func isReadAsWritten(compression: Int32, pieces: Pieces) throws {
    let folder = try TemporaryFolder()
    let values = (0..<Self.height * Self.width).map { UInt16(truncatingIfNeeded: $0 &* 40_503) }
    for mode in ["wl", "wb", "w8b"] {
      for hasPredictor in [false, true] {
        let path = folder.file("\(mode)\(hasPredictor).tif")
        try write(values, to: path, mode, compression, pieces, hasPredictor: hasPredictor)
        let file = try TIFFFile(path: path)
        #expect(try file.frame(page: 0).values == .uint16(values), "\(mode), \(hasPredictor)")
        var bands: [Double] = []
        for start in stride(from: 0, to: Self.height, by: 4) {
          bands += try file.values(page: 0, rows: start..<min(start + 4, Self.height)).doubles
        }
        #expect(bands == values.map { Double($0) }, "\(mode), \(hasPredictor)")
      }
    }
  }

  private func write(
    _ values: [UInt16], to path: String, _ mode: String, _ compression: Int32, _ pieces: Pieces,
    hasPredictor: Bool
  ) throws {
    let tiff = try #require(TIFFOpen(path, mode))
    defer { TIFFClose(tiff) }
    func set(_ tag: Int32, _ value: Int32) {
      _ = lodestone_tiff_set_u16(tiff, UInt32(tag), UInt16(value))
    }
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), UInt32(Self.width))
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), UInt32(Self.height))
    set(TIFFTAG_BITSPERSAMPLE, 16)
    set(TIFFTAG_SAMPLESPERPIXEL, 1)
    set(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK)
    set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG)
    set(TIFFTAG_COMPRESSION, compression)
    let canPredict = [
      COMPRESSION_LZW, COMPRESSION_DEFLATE, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZMA,
      COMPRESSION_ZSTD,
    ].contains(compression)
    if hasPredictor && canPredict { set(TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL) }
    if pieces == .tiles {
      try writeTiles(values, tiff)
    } else {
      try writeStrips(values, tiff, rows: pieces == .oneStrip ? Self.height : 5)
    }
  }

  private func writeStrips(_ values: [UInt16], _ tiff: OpaquePointer, rows: Int) throws {
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_ROWSPERSTRIP), UInt32(rows))
    for (strip, row) in stride(from: 0, to: Self.height, by: rows).enumerated() {
      // A predictor works in place: on a copy.
      var part = Array(values[row * Self.width..<min(row + rows, Self.height) * Self.width])
      let written = part.withUnsafeMutableBytes {
        TIFFWriteEncodedStrip(tiff, UInt32(strip), $0.baseAddress, tmsize_t($0.count))
      }
      try #require(written > 0)
    }
  }

  private func writeTiles(_ values: [UInt16], _ tiff: OpaquePointer) throws {
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_TILEWIDTH), 16)
    _ = lodestone_tiff_set_u32(tiff, UInt32(TIFFTAG_TILELENGTH), 16)
    for top in stride(from: 0, to: Self.height, by: 16) {
      for left in stride(from: 0, to: Self.width, by: 16) {
        var tile = [UInt16](repeating: 0, count: 256)
        for y in top..<min(top + 16, Self.height) {
          for x in left..<min(left + 16, Self.width) {
            tile[(y - top) * 16 + x - left] = values[y * Self.width + x]
          }
        }
        let number = TIFFComputeTile(tiff, UInt32(left), UInt32(top), 0, 0)
        let written = tile.withUnsafeMutableBytes {
          TIFFWriteEncodedTile(tiff, number, $0.baseAddress, tmsize_t($0.count))
        }
        try #require(written > 0)
      }
    }
  }
}
