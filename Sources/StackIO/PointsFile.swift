import Foundation

/// A table of points from a .npy or a text file: what `lodestone cluster` takes.
public struct PointsFile: Sendable {
  /// Coordinates as the file has them: Float points are not the Double points that they round to.
  public enum Values: Sendable, Equatable {
    /// From a .npy of float32.
    case float([Float])
    /// From a .npy of float64, or from text.
    case double([Double])
  }

  /// The number of points.
  public let count: Int
  /// The number of coordinates of a point.
  public let dimensions: Int
  /// The coordinates, row-major.
  public let values: Values

  /// Reads a file: NumPy's .npy with float32 or float64 in C or Fortran order, else text with a point
  /// a line, with or without a header. NaN and infinity are read as they are.
  ///
  /// - Throws: ``InputError``.
  public init(path: String) throws(InputError) {
    let size = try sizeOfReadableFile(path)
    if path.lowercased().hasSuffix(".npy") {
      let file = try NPYFile(path: path, size: size)
      (count, dimensions) = (file.rows, file.columns)
      values = try file.values()
    } else {
      let table = try PointsText(path: path)
      (count, dimensions) = (table.values.count / table.columns, table.columns)
      values = .double(table.values)
    }
  }
}

/// A .npy file (numpy.lib.format, versions 1 to 3): magic, version, the length of a Python dictionary
/// that tells type, order and shape, then the values.
private struct NPYFile {
  let rows: Int
  let columns: Int
  private let path: String
  private let isDouble: Bool
  private let isBigEndian: Bool
  private let isFortranOrder: Bool
  private let start: Int

  init(path: String, size: Int) throws(InputError) {
    self.path = path
    guard let file = fopen(path, "rb") else {
      throw InputError("cannot be read", path: path, kind: .io)
    }
    defer { fclose(file) }
    var preamble = [UInt8](repeating: 0, count: 12)
    guard fread(&preamble, 1, 12, file) == 12,
      preamble.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8))
    else { throw InputError("not a .npy file", path: path) }
    let isShort = preamble[6] == 1
    let length = preamble[8..<(isShort ? 10 : 12)].reversed().reduce(0) { $0 << 8 + Int($1) }
    let headerStart = isShort ? 10 : 12
    start = headerStart + length
    guard start <= size, length <= 1 << 20 else {
      throw InputError("its header is cut short", path: path)
    }
    var header = [UInt8](repeating: 0, count: length)
    guard fseek(file, headerStart, SEEK_SET) == 0, fread(&header, 1, length, file) == length,
      let text = String(bytes: header, encoding: .utf8)
    else { throw InputError("its header is cut short", path: path) }
    guard let type = text.firstMatch(of: /'descr':\s*'([<>|=])(\w+)'/)?.output,
      type.2 == "f4" || type.2 == "f8"
    else { throw InputError("not an array of float32 or float64", path: path) }
    guard let shape = text.firstMatch(of: /'shape':\s*\(\s*(\d+)\s*(?:,\s*(\d+)?\s*)?\)/)?.output,
      let rows = Int(shape.1), let columns = Int(shape.2 ?? "1"), columns > 0
    else { throw InputError("not a two-dimensional array", path: path) }
    self.rows = rows
    self.columns = columns
    isDouble = type.2 == "f8"
    isBigEndian = type.1 == ">"
    isFortranOrder = text.contains(/'fortran_order':\s*True/)
    let (cells, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow, cells <= (size - start) / (isDouble ? 8 : 4) else {
      throw InputError(
        "its header claims \(rows) x \(columns) values, more than it holds", path: path)
    }
  }

  func values() throws(InputError) -> PointsFile.Values {
    if isDouble {
      let words: [UInt64] = try words()
      return .double(
        inRows(isBigEndian ? words.map { $0.byteSwapped } : words) { Double(bitPattern: $0) })
    }
    if !isBigEndian && !(isFortranOrder && columns > 1) { return .float(try words()) }
    let words: [UInt32] = try words()
    return .float(
      inRows(isBigEndian ? words.map { $0.byteSwapped } : words) { Float(bitPattern: $0) })
  }

  /// The values' bits in the order of the file.
  private func words<Word: BitwiseCopyable>() throws(InputError) -> [Word] {
    let cells = rows * columns
    guard let file = fopen(path, "rb"), fseek(file, start, SEEK_SET) == 0 else {
      throw InputError("cannot be read", path: path, kind: .io)
    }
    defer { fclose(file) }
    // Straight into the array: a buffered read would copy it once more.
    setvbuf(file, nil, _IONBF, 0)
    var got = 0
    let words = [Word](unsafeUninitializedCapacity: cells) { buffer, initialized in
      if let base = buffer.baseAddress {
        got = fread(base, MemoryLayout<Word>.stride, cells, file)
      }
      initialized = got
    }
    guard got == cells else { throw InputError("it is cut short", path: path, kind: .io) }
    return words
  }

  private func inRows<Word, Value>(_ words: [Word], _ value: (Word) -> Value) -> [Value] {
    guard isFortranOrder && columns > 1 else { return words.map(value) }
    return [Value](unsafeUninitializedCapacity: rows * columns) { buffer, initialized in
      for row in 0..<rows {
        for column in 0..<columns {
          buffer.initializeElement(
            at: row * columns + column, to: value(words[column * rows + row]))
        }
      }
      initialized = rows * columns
    }
  }
}
