import Foundation

/// The lines of a text file that hold data, with their numbers.
///
/// Lines end in LF or CRLF; a byte order mark is skipped; blank lines and those that start with `#`,
/// `*` or `%` are comments. Fields are apart by semicolons, tabs, commas or spaces; decimal commas are refused.
struct TextTable {
  struct Line {
    let number: Int
    let fields: [Substring]
    /// Whether its fields are apart by commas.
    var isOfCommas = false

    /// Whether it names columns: it begins with a letter, and is no "nan" or "inf".
    var isHeader: Bool { fields[0].first?.isLetter == true && Double(fields[0]) == nil }
  }

  let path: String
  private(set) var lines: [Line]

  init(path: String) throws(InputError) {
    try self.init(text: try textOfFile(path), path: path)
  }

  init(text: String, path: String) throws(InputError) {
    self.path = path
    lines = []
    var lines: [Line] = []
    for (index, line) in text.split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).enumerated() {
      guard let first = line.first(where: { !$0.isWhitespace }), !"#*%".contains(first) else {
        continue
      }
      lines.append(try self.line(line, number: index + 1))
    }
    self.lines = lines
    try refuseDecimalCommas()
  }

  /// A line's fields, apart by the first of semicolons, tabs, commas and spaces that it has.
  private func line(_ text: Substring, number: Int) throws(InputError) -> Line {
    func failure(_ reason: String) -> InputError {
      InputError(reason, path: path, place: "line \(number)")
    }
    guard let separator = ";\t,".first(where: { text.contains($0) }) else {
      return Line(number: number, fields: text.split(whereSeparator: \.isWhitespace))
    }
    let fields = text.split(separator: separator, omittingEmptySubsequences: false)
      .map { Substring($0.trimmingCharacters(in: .whitespaces)) }
    // Tables written with tabs often begin or end a line with one.
    let kept = separator == "\t" ? fields.filter { !$0.isEmpty } : fields
    guard !kept.contains(where: \.isEmpty) else { throw failure("an empty field") }
    // A comma within a field, or a space between the numbers of one: the commas are in the numbers.
    guard !kept.contains(where: { $0.contains(/\d,\d|\d\s+[-+]?\d/) }) else {
      throw failure("decimal commas: write the numbers with points")
    }
    return Line(number: number, fields: kept, isOfCommas: separator == ",")
  }

  /// Lines of `digits,digits` and nothing else are numbers with decimal commas, unless a header, or the
  /// file's name and the numbers themselves, say that they are columns.
  private func refuseDecimalCommas() throws(InputError) {
    guard let first = lines.first, !first.isHeader else { return }
    let pairs = lines.filter { line in
      line.isOfCommas && line.fields.count == 2
        && line.fields.allSatisfy { $0.allSatisfy(\.isNumber) }
    }
    guard let suspect = pairs.first else { return }
    let widths = Set(pairs.map { $0.fields[1].count })
    let areColumns =
      pairs.count == lines.count && (widths.count > 1 || !widths.isSubset(of: [1, 2]))
    if path.lowercased().hasSuffix(".csv") && areColumns { return }
    throw InputError(
      "decimal commas, or whole numbers in columns without a header: write the numbers with points",
      path: path, place: "line \(suspect.number)")
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
  _ = try sizeOfReadableFile(path)
  try refuseSpecialFile(path)
  guard let file = FileHandle(forReadingAtPath: path) else {
    throw InputError("cannot be read", path: path, kind: .io)
  }
  defer { try? file.close() }
  let most = 64 << 20
  let data: Data
  do {
    data = try file.read(upToCount: most + 1) ?? Data()
  } catch {
    throw InputError("cannot be read", path: path, kind: .io)
  }
  guard data.count <= most else {
    throw InputError("over \(most) bytes are too many for a text file of numbers", path: path)
  }
  guard let text = String(data: data, encoding: .utf8) else {
    throw InputError("not a text file (no valid UTF-8)", path: path)
  }
  return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
}
