import CTIFF
import Foundation

// How the pixels of a page are reached: rows of an uncompressed page straight from the file, else whole
// strips or rows of tiles through libtiff.

extension TIFFFile {
  /// The smallest piece of a page that can be read by itself.
  public enum Access: Equatable, Sendable {
    /// Any row: the samples lie uncompressed.
    case rows
    /// A strip of so many rows.
    case strips(rows: Int)
    /// A row of tiles, each of so many rows and columns.
    case tiles(rows: Int, columns: Int)

    /// Rows that are read together: a band of a multiple of it decodes nothing twice.
    public var rowsTogether: Int {
      switch self {
      case .rows: 1
      case .strips(let rows), .tiles(let rows, _): rows
      }
    }
  }

  /// How a page (from 0) can be read.
  ///
  /// - Throws: ``InputError`` naming the page.
  public func access(ofPage page: Int) throws(InputError) -> Access {
    try access(page, layout(ofPage: page))
  }

  private func access(_ page: Int, _ layout: Layout) throws(InputError) -> Access {
    if images != nil { return .rows }
    if TIFFIsTiled(tiff) != 0 {
      var (columns, rows): (UInt32, UInt32) = (0, 0)
      let sample = layout.bits / 8
      guard lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_TILEWIDTH), &columns) != 0,
        lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_TILELENGTH), &rows) != 0, columns > 0, rows > 0,
        Int(columns) * Int(rows) <= Self.mostPixels,
        Int(TIFFTileSize(tiff)) == Int(columns) * Int(rows) * sample
      else { throw failure(page, "tiles of an impossible size") }
      return .tiles(rows: Int(rows), columns: Int(columns))
    }
    let isPlain = tag(TIFFTAG_COMPRESSION, default: UInt16(COMPRESSION_NONE)) == COMPRESSION_NONE
    if isPlain, tag(TIFFTAG_FILLORDER, default: UInt16(FILLORDER_MSB2LSB)) == FILLORDER_MSB2LSB {
      return .rows
    }
    return .strips(rows: min(layout.height, rowsPerStrip))
  }

  private var rowsPerStrip: Int {
    var rows: UInt32 = 0
    let isThere = lodestone_tiff_get_u32(tiff, UInt32(TIFFTAG_ROWSPERSTRIP), &rows) != 0
    return isThere && rows > 0 ? Int(rows) : Int(UInt32.max)
  }

  /// Bytes that reading any rows of a page takes at most beside the rows themselves: what its compression
  /// forces. Known before anything is read.
  ///
  /// - Throws: ``InputError`` naming the page.
  public func bytesBeside(rowsOfPage page: Int) throws(InputError) -> Int {
    let layout = try layout(ofPage: page)
    switch try access(page, layout) {
    case .rows: return 0
    // A strip that is cut by the band is decoded whole; libtiff holds its compressed bytes too.
    case .strips(let together): return 2 * together * layout.rowBytes
    case .tiles(let together, let columns): return 2 * together * columns * layout.bits / 8
    }
  }

  /// Reads a page (from 0).
  ///
  /// - Throws: ``InputError`` naming the page, from 1.
  public func frame(page: Int) throws(InputError) -> Frame {
    let layout = try layout(ofPage: page)
    return Frame(
      height: layout.height, width: layout.width,
      values: try values(page: page, rows: 0..<layout.height))
  }

  /// Reads some rows of a page (from 0), row-major, in the narrowest type that holds them.
  ///
  /// - Throws: ``InputError`` naming the page, from 1.
  public func values(page: Int, rows: Range<Int>) throws(InputError) -> FrameValues {
    let layout = try layout(ofPage: page)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= layout.height)
    guard !rows.isEmpty else { return .uint16([]) }
    if layout.bits == 16 && !layout.isFloat && !layout.isSigned {
      return .uint16(try samples(page, layout, rows))
    }
    if layout.bits == 32 && layout.isFloat {
      return FrameValues(exactly: try samples(page, layout, rows) as [Float])
    }
    // The other types are converted band by band, so that no second copy of a page is held.
    let together = try access(page, layout).rowsTogether
    let step = max(1, (1 << 20) / (together * layout.rowBytes)) * together
    var values = FrameValues.uint16([])
    var start = rows.lowerBound
    while start < rows.upperBound {
      let end = min(rows.upperBound, (start + step) / together * together)
      values.append(try convertedSamples(page, layout, start..<end))
      start = end
    }
    return values
  }

  private func convertedSamples(
    _ page: Int, _ layout: Layout, _ rows: Range<Int>
  ) throws(InputError) -> FrameValues {
    func exact<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(InputError)
      -> FrameValues
    {
      let values: [T] = try samples(page, layout, rows)
      guard values.allSatisfy({ Double(exactly: $0) != nil }) else {
        throw failure(page, "\(layout.bits)-bit counts beyond 2^53 are not detector counts")
      }
      return FrameValues(exactly: values.map { Double($0) })
    }
    switch (layout.bits, layout.isFloat, layout.isSigned) {
    case (8, _, false):
      return .uint16((try samples(page, layout, rows) as [UInt8]).map(UInt16.init))
    case (8, _, true): return try exact(Int8.self)
    case (16, true, _):
      let patterns: [UInt16] = try samples(page, layout, rows)
      return FrameValues(exactly: patterns.map { Float(Float16(bitPattern: $0)) })
    case (16, false, _): return try exact(Int16.self)
    case (32, _, false): return try exact(UInt32.self)
    case (32, _, true): return try exact(Int32.self)
    case (64, true, _):
      return FrameValues(exactly: try samples(page, layout, rows) as [Double])
    case (64, false, false): return try exact(UInt64.self)
    default: return try exact(Int64.self)
    }
  }

  /// Rows as the file's own type, in the machine's byte order. `T` is of the layout's size, and every
  /// pattern of bits is one of its values.
  private func samples<T: BitwiseCopyable>(
    _ page: Int, _ layout: Layout, _ rows: Range<Int>
  ) throws(InputError) -> [T] {
    precondition(MemoryLayout<T>.stride * 8 == layout.bits)
    let access = try access(page, layout)
    var error: InputError?
    let result = [T](unsafeUninitializedCapacity: rows.count * layout.width) { buffer, count in
      do throws(InputError) {
        let target = UnsafeMutableRawBufferPointer(buffer)
        switch access {
        case .rows: try readPlain(rows, page, layout, into: target)
        case .strips(let together): try readStrips(rows, page, layout, together, into: target)
        case .tiles: try readTiles(rows, page, layout, access, into: target)
        }
        count = buffer.count
      } catch let failure {
        error = failure
      }
    }
    if let error { throw error }
    return result
  }

  private func undecodable(_ page: Int) -> InputError {
    failure(page, messages.last ?? "the pixels cannot be decoded")
  }

  // MARK: Rows as they lie

  /// Neighbouring strips that lie one behind the other are read in one go.
  private func readPlain(
    _ rows: Range<Int>, _ page: Int, _ layout: Layout, into target: UnsafeMutableRawBufferPointer
  ) throws(InputError) {
    let rowBytes = layout.rowBytes
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (offset, end) = try plainRun(from: row, to: rows.upperBound, page, layout)
      let start = (row - rows.lowerBound) * rowBytes
      let piece = UnsafeMutableRawBufferPointer(
        rebasing: target[start..<start + (end - row) * rowBytes])
      guard read(piece, at: offset) else {
        throw failure(
          page, "the file ends within row \(row + 1) to \(end): truncated or damaged")
      }
      row = end
    }
    if TIFFIsByteSwapped(tiff) != 0 { swapBytes(of: target, bits: layout.bits) }
  }

  /// Where a row's samples start, and the row up to which the file goes on without a gap.
  private func plainRun(
    from row: Int, to last: Int, _ page: Int, _ layout: Layout
  ) throws(InputError) -> (offset: Int, end: Int) {
    if let images { return (images.offset(of: page) + row * layout.rowBytes, last) }
    let together = min(layout.height, rowsPerStrip)
    func offset(_ strip: Int) throws(InputError) -> Int {
      var failed: Int32 = 0
      let offset = TIFFGetStrileOffsetWithErr(tiff, UInt32(strip), &failed)
      guard failed == 0, offset > 0 else { throw undecodable(page) }
      // Beyond the end sums of offsets might overflow.
      guard let offset = Int(exactly: offset), offset <= fileSize else {
        throw failure(page, "its pixels lie beyond the file's end: truncated or damaged")
      }
      return offset
    }
    var strip = row / together
    let start = try offset(strip)
    var expected = start
    var end = (strip + 1) * together
    while end < last {
      expected += together * layout.rowBytes
      strip += 1
      guard try offset(strip) == expected else { break }
      end += together
    }
    return (start + (row % together) * layout.rowBytes, min(end, last))
  }

  private func read(_ target: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
    guard offset >= 0, offset <= fileSize, target.count <= fileSize - offset else { return false }
    if let memory {
      return memory.copy(offset, into: target)
    }
    var done = 0
    while done < target.count {
      let count = pread(
        TIFFFileno(tiff), target.baseAddress! + done, target.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  private func swapBytes(of bytes: UnsafeMutableRawBufferPointer, bits: Int) {
    func swap<T: FixedWidthInteger>(_ type: T.Type) {
      let samples = bytes.bindMemory(to: type)
      for index in samples.indices { samples[index] = samples[index].byteSwapped }
    }
    switch bits {
    case 16: swap(UInt16.self)
    case 32: swap(UInt32.self)
    case 64: swap(UInt64.self)
    default: break
    }
  }

  // MARK: Strips and tiles

  /// Of a strip that holds more than its rows, libtiff may leave bytes as they were and call it read: they
  /// must not be what some other frame left behind.
  private func clear(_ target: UnsafeMutableRawPointer, _ count: Int) {
    memset(target, 0, count)
  }

  private func readStrips(
    _ rows: Range<Int>, _ page: Int, _ layout: Layout, _ together: Int,
    into target: UnsafeMutableRawBufferPointer
  ) throws(InputError) {
    let rowBytes = layout.rowBytes
    var scratch: [UInt8] = []
    for strip in rows.lowerBound / together...(rows.upperBound - 1) / together {
      let whole = strip * together..<min(layout.height, (strip + 1) * together)
      let wanted = whole.clamped(to: rows)
      let size = whole.count * rowBytes
      let start = (wanted.lowerBound - rows.lowerBound) * rowBytes
      if wanted == whole {
        let place = target.baseAddress! + start
        clear(place, size)
        guard TIFFReadEncodedStrip(tiff, UInt32(strip), place, tmsize_t(size)) == tmsize_t(size)
        else { throw undecodable(page) }
        continue
      }
      if scratch.isEmpty { scratch = [UInt8](repeating: 0, count: together * rowBytes) }
      let isRead = scratch.withUnsafeMutableBytes { buffer in
        clear(buffer.baseAddress!, size)
        guard
          TIFFReadEncodedStrip(tiff, UInt32(strip), buffer.baseAddress!, tmsize_t(size))
            == tmsize_t(size)
        else { return false }
        let from = buffer.baseAddress! + (wanted.lowerBound - whole.lowerBound) * rowBytes
        (target.baseAddress! + start).copyMemory(from: from, byteCount: wanted.count * rowBytes)
        return true
      }
      guard isRead else { throw undecodable(page) }
    }
  }

  private func readTiles(
    _ rows: Range<Int>, _ page: Int, _ layout: Layout, _ access: Access,
    into target: UnsafeMutableRawBufferPointer
  ) throws(InputError) {
    guard case .tiles(let together, let columns) = access else { return }
    let sample = layout.bits / 8
    var tile = [UInt8](repeating: 0, count: together * columns * sample)
    for top in stride(
      from: rows.lowerBound / together * together, to: rows.upperBound, by: together)
    {
      for left in stride(from: 0, to: layout.width, by: columns) {
        let number = TIFFComputeTile(tiff, UInt32(left), UInt32(top), 0, 0)
        let width = min(columns, layout.width - left) * sample
        let isRead = tile.withUnsafeMutableBytes { buffer in
          clear(buffer.baseAddress!, buffer.count)
          guard
            TIFFReadEncodedTile(tiff, number, buffer.baseAddress!, tmsize_t(buffer.count))
              == tmsize_t(buffer.count)
          else { return false }
          for row in max(top, rows.lowerBound)..<min(top + together, rows.upperBound) {
            let place = (row - rows.lowerBound) * layout.rowBytes + left * sample
            (target.baseAddress! + place).copyMemory(
              from: buffer.baseAddress! + (row - top) * columns * sample, byteCount: width)
          }
          return true
        }
        guard isRead else { throw undecodable(page) }
      }
    }
  }
}

/// Images that lie one behind the other behind a single directory: ImageJ's way above 4 GB, where the
/// offsets of a TIFF end. libtiff sees the first image only.
struct ContiguousImages {
  /// How many there are.
  let count: Int
  private let start: Int
  private let imageBytes: Int

  /// - Returns: nil where the file holds one image only, as when a page was split off a stack with its
  ///   description.
  /// - Throws: ``InputError`` where the file cannot hold them.
  init?(in file: TIFFFile, count: Int) throws(InputError) {
    let layout = try file.layout(ofPage: 0)
    var failed: Int32 = 0
    let offset = TIFFGetStrileOffsetWithErr(file.tiff, 0, &failed)
    guard failed == 0, let start = Int(exactly: offset), start <= file.fileSize else {
      throw file.failure(0, file.messages.last ?? "its pixels lie beyond its end: truncated")
    }
    let available = file.fileSize - start
    let (size, overflow) = layout.byteCount.multipliedReportingOverflow(by: count)
    let isPlain =
      file.tag(TIFFTAG_COMPRESSION, default: UInt16(COMPRESSION_NONE)) == COMPRESSION_NONE
    guard isPlain, TIFFIsTiled(file.tiff) == 0, !overflow, size <= available else {
      // A page by itself has its directory behind it, and no second image.
      if !isPlain || available <= layout.byteCount + 1024 { return nil }
      throw file.failure(
        0,
        "its description tells of \(count) images of \(layout.byteCount) bytes, more than its "
          + "\(file.fileSize) bytes can hold: truncated, or pages are missing")
    }
    self.count = count
    self.start = start
    imageBytes = layout.byteCount
  }

  /// Where an image (from 0) starts in the file.
  func offset(of image: Int) -> Int { start + image * imageBytes }
}
