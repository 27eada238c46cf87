import Foundation

/// A table of points from a .npy or a text file: what `DBSCAN` takes.
public struct PointsFile: Sendable {
  /// The number of points.
  public let count: Int
  /// The number of coordinates of a point.
  public let dimensions: Int
  /// The coordinates, row-major.
  public let values: [Double]

  /// Reads a file: NumPy's .npy with float32 or float64 in C or Fortran order, else text with a point
  /// a line, with or without a header.
  ///
  /// - Throws: ``InputError``.
  public init(path: String) throws(InputError) {
    _ = try sizeOfReadableFile(path)
    if path.lowercased().hasSuffix(".npy") {
      guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
      else { throw InputError("cannot be read", path: path, kind: .io) }
      let header = try NPYHeader(data, path: path)
      (count, dimensions) = (header.rows, header.columns)
      values = header.values(of: data)
    } else {
      let table = try TextTable(path: path)
      guard let width = table.lines.first?.fields.count else {
        throw InputError("no points in it", path: path)
      }
      for line in table.lines where line.fields.count != width {
        throw InputError(
          "\(line.fields.count) columns, where the first line has \(width)", path: path,
          place: "line \(line.number)")
      }
      let rows = try table.numbers(columns: width, of: "the table")
      (count, dimensions) = (rows.count, width)
      values = rows.flatMap(\.values)
    }
  }
}

/// The header of a .npy file (numpy.lib.format, versions 1 to 3): magic, version, the length of a
/// Python dictionary that tells type, order and shape, then the values.
private struct NPYHeader {
  let rows: Int
  let columns: Int
  private let isDouble: Bool
  private let isBigEndian: Bool
  private let isFortranOrder: Bool
  private let start: Int

  init(_ data: Data, path: String) throws(InputError) {
    func byte(_ index: Int) -> Int { Int(data[data.startIndex + index]) }
    guard data.count >= 12, data.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
      throw InputError("not a .npy file", path: path)
    }
    let isShort = byte(6) == 1
    let length =
      isShort
      ? byte(8) + byte(9) << 8 : byte(8) + byte(9) << 8 + byte(10) << 16 + byte(11) << 24
    start = (isShort ? 10 : 12) + length
    guard start <= data.count,
      let text = String(data: data[(start - length)..<start], encoding: .utf8)
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
    guard !overflow, cells <= (data.count - start) / (isDouble ? 8 : 4) else {
      throw InputError(
        "its header claims \(rows) x \(columns) values, more than it holds", path: path)
    }
  }

  func values(of data: Data) -> [Double] {
    let cells = rows * columns
    let inFileOrder = data.withUnsafeBytes { bytes in
      (0..<cells).map { index -> Double in
        if isDouble {
          let bits = bytes.loadUnaligned(fromByteOffset: start + 8 * index, as: UInt64.self)
          return Double(bitPattern: isBigEndian ? bits.byteSwapped : bits)
        }
        let bits = bytes.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self)
        return Double(Float(bitPattern: isBigEndian ? bits.byteSwapped : bits))
      }
    }
    guard isFortranOrder && columns > 1 else { return inFileOrder }
    var values = inFileOrder
    for row in 0..<rows {
      for column in 0..<columns {
        values[row * columns + column] = inFileOrder[column * rows + row]
      }
    }
    return values
  }
}
