import Foundation

/// The lines of a text file that hold data, with their numbers.
///
/// Lines end in LF or CRLF; a byte order mark is skipped; blank lines and those that start with `#`,
/// `*` or `%` are comments. Fields are separated by commas, semicolons, tabs or spaces.
struct TextTable {
  struct Line {
    let number: Int
    let fields: [Substring]
  }

  let path: String
  let lines: [Line]

  init(path: String) throws(InputError) {
    self.path = path
    let text = try textOfFile(path)
    var lines: [Line] = []
    for (index, line) in text.split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).enumerated() {
      guard let first = line.first(where: { !$0.isWhitespace }), !"#*%".contains(first) else {
        continue
      }
      let fields = line.split { $0 == "," || $0 == ";" || $0.isWhitespace }
      if !fields.isEmpty { lines.append(Line(number: index + 1, fields: fields)) }
    }
    self.lines = lines
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
        if let value = Double(field), value.isFinite { values.append(value) }
      }
      if values.count == columns {
        rows.append((line.number, values))
      } else if index > 0 || line.fields[0].first?.isLetter != true {
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
