import Foundation

/// A text of numbers, a point a line: read byte by byte, since a million points are tens of megabytes.
///
/// The rules are those of ``TextTable``: fields are separated by commas, semicolons, tabs or spaces; blank lines
/// and those that start with `#`, `*` or `%` are comments; a first line that begins with a letter or a quotation mark is a header. NaN and
/// infinity are numbers here.
struct PointsText {
  let columns: Int
  /// Row-major.
  let values: [Double]

  init(path: String) throws(InputError) {
    guard var bytes = FileManager.default.contents(atPath: path).map({ [UInt8]($0) }) else {
      throw InputError("cannot be read", path: path, kind: .io)
    }
    bytes.append(0)
    var reader = PointsReader(path: path)
    try bytes.withUnsafeBufferPointer { text throws(InputError) in
      try reader.read(text)
    }
    guard reader.columns > 0 else { throw InputError("no points in it", path: path) }
    columns = reader.columns
    values = reader.values
  }
}

private struct PointsReader {
  let path: String
  private(set) var columns = 0
  private(set) var values: [Double] = []
  private var line = 0
  private var hasData = false

  init(path: String) { self.path = path }

  /// Reads a text whose last byte is a NUL.
  mutating func read(_ text: UnsafeBufferPointer<UInt8>) throws(InputError) {
    let end = text.count - 1
    var start = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while start < end {
      var lineEnd = start
      while lineEnd < end && text[lineEnd] != newline && text[lineEnd] != carriageReturn {
        lineEnd += 1
      }
      line += 1
      try readLine(text, start, lineEnd)
      start = lineEnd + 1
      if lineEnd < end && text[lineEnd] == carriageReturn && text[start] == newline { start += 1 }
    }
  }

  private mutating func readLine(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int
  ) throws(InputError) {
    var place = start
    while place < end && isSpace(text[place]) { place += 1 }
    guard place < end, !"#*%".utf8.contains(text[place]) else { return }
    let separator = try separator(text[place..<end])
    let isFirst = !hasData && columns == 0
    var fields = 0
    let rowStart = values.count
    while true {
      while place < end && isSpace(text[place]) { place += 1 }
      var fieldEnd = place
      while fieldEnd < end && (separator.map { text[fieldEnd] != $0 } ?? !isSpace(text[fieldEnd])) {
        fieldEnd += 1
      }
      if place == fieldEnd {
        if separator == nil { break }
        throw fail("an empty field")
      }
      guard let value = number(text, place, fieldEnd) else {
        if isFirst && fields == 0 && isLetter(text[place]) {
          columns = -1
          return
        }
        let field = String(decoding: text[place..<min(fieldEnd, place + 40)], as: UTF8.self)
        throw fail("not a number: \"\(field.trimmingCharacters(in: .whitespaces))\"")
      }
      values.append(value)
      fields += 1
      place = fieldEnd
      guard let separator else { continue }
      guard place < end else { break }
      precondition(text[place] == separator)
      place += 1
    }
    if columns <= 0 { columns = values.count - rowStart }
    hasData = true
    guard fields == columns else {
      throw fail("\(fields) columns, where the first line has \(columns)")
    }
  }

  private func separator(_ line: Slice<UnsafeBufferPointer<UInt8>>) throws(InputError) -> UInt8? {
    let hasSemicolon = line.contains(semicolon)
    let hasComma = line.contains(comma)
    if hasSemicolon && hasComma {
      throw fail("both semicolons and commas: write decimal commas as points")
    }
    return hasSemicolon ? semicolon : hasComma ? comma : nil
  }

  /// A decimal number, NaN or infinity, with spaces behind it at most.
  private func number(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Double? {
    guard let base = text.baseAddress else { return nil }
    var end = end
    while end > start && isSpace(text[end - 1]) { end -= 1 }
    // strtod also takes hexadecimal numbers and "nan(...)".
    for place in start..<end where text[place] | 0x20 == letterX || text[place] == parenthesis {
      return nil
    }
    return base.withMemoryRebound(to: CChar.self, capacity: text.count) { text in
      var stop: UnsafeMutablePointer<CChar>?
      let value = strtod(text + start, &stop)
      return stop.map { UnsafePointer($0) } == text + end ? value : nil
    }
  }

  private func fail(_ reason: String) -> InputError {
    InputError(reason, path: path, place: "line \(line)")
  }
}

private let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
private let comma = UInt8(ascii: ",")
private let semicolon = UInt8(ascii: ";")
private let letterX = UInt8(ascii: "x")
private let parenthesis = UInt8(ascii: "(")

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

/// Whether a header may begin so: with a letter of any script, or a quotation mark.
private func isLetter(_ byte: UInt8) -> Bool {
  (0x61...0x7A).contains(byte | 0x20) || byte >= 0x80 || byte == UInt8(ascii: "\"")
}
