import Foundation

/// The lines of a text file that hold data, with their numbers.
///
/// Lines end in LF or CRLF; a byte order mark is skipped; blank lines and those that start with `#`,
/// `*` or `%` are comments. Fields are separated by commas, semicolons, tabs or spaces.
struct TextTable {
  struct Line {
    let number: Int
    let fields: [Substring]

    /// Whether it names columns: it begins with a letter, and is no "nan" or "inf".
    var isHeader: Bool { fields[0].first?.isLetter == true && Double(fields[0]) == nil }
  }

  let path: String
  private(set) var lines: [Line]

  init(path: String) throws(InputError) {
    self.path = path
    lines = []
    let text = try textOfFile(path)
    var lines: [Line] = []
    for (index, line) in text.split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).enumerated() {
      guard let first = line.first(where: { !$0.isWhitespace }), !"#*%".contains(first) else {
        continue
      }
      lines.append(Line(number: index + 1, fields: try fields(of: line, number: index + 1)))
    }
    self.lines = lines
  }

  private func fields(of line: Substring, number: Int) throws(InputError) -> [Substring] {
    let place = "line \(number)"
    guard let separator = ";,".first(where: { line.contains($0) }) else {
      return line.split(whereSeparator: \.isWhitespace)
    }
    if separator == ";" && line.contains(",") {
      throw InputError(
        "both semicolons and commas: write decimal commas as points", path: path, place: place)
    }
    let fields = line.split(separator: separator, omittingEmptySubsequences: false)
      .map { Substring($0.trimmingCharacters(in: .whitespaces)) }
    guard !fields.contains(where: \.isEmpty) else {
      throw InputError("an empty field", path: path, place: place)
    }
    return fields
  }

  /// A decimal number: not a hexadecimal one, infinity, or "nan".
  private static func number(_ field: Substring) -> Double? {
    guard field.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }) else {
      return nil
    }
    return Double(field).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The numbers of each line's first `columns` fields. A first line that begins with a letter is a
  /// header and is skipped.
  func numbers(columns: Int, of what: String) throws(InputError) -> [(line: Int, values: [Double])]
  {
    var rows: [(line: Int, values: [Double])] = []
    for (index, line) in lines.enumerated() {
      let place = "line \(line.number)"
      guard line.fields.count >= columns else {
        throw InputError(
          "\(line.fields.count) columns, where \(what) needs \(columns)", path: path, place: place)
      }
      var values: [Double] = []
      for field in line.fields.prefix(columns) {
        if let value = Self.number(field) { values.append(value) }
      }
      if values.count == columns {
        rows.append((line.number, values))
      } else if index > 0 || !line.isHeader {
        let text = line.fields.prefix(columns).joined(separator: " ")
        throw InputError("not a number: \"\(text.prefix(40))\"", path: path, place: place)
      }
    }
    guard !rows.isEmpty else { throw InputError("no numbers in it", path: path) }
    return rows
  }
}

/// A text file's content, without a byte order mark.
func textOfFile(_ path: String) throws(InputError) -> String {
  let size = try sizeOfReadableFile(path)
  guard size <= 64 << 20 else {
    throw InputError("\(size) bytes are too many for a text file of numbers", path: path)
  }
  guard let data = FileManager.default.contents(atPath: path) else {
    throw InputError("cannot be read", path: path, kind: .io)
  }
  guard let text = String(data: data, encoding: .utf8) else {
    throw InputError("not a text file (no valid UTF-8)", path: path)
  }
  return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
}
