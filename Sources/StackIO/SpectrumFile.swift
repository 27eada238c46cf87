import Foundation

/// A text file of absorption spectra: energies, and one or more columns of values over them.
///
///     let file = try SpectrumFile(path: "fe_metal.xdi")
///     let spectrum = try file.spectrum(column: file.absorptionColumn())
///
/// Reads XDI 1.0 (https://github.com/XraySpectroscopy/XAS-Data-Interchange), Athena's .nor exports, which
/// are XDI with a column for each sample, and plain text of two or more columns, energy first. Energies
/// in keV (all below 70, or a column "energy keV") are converted.
public struct SpectrumFile: Sendable {
  /// A column: its name and, where it has one, its unit.
  public struct Column: Sendable, Equatable {
    /// "energy", "mutrans", or the name of a sample; empty where the file names none.
    public let name: String
    /// "eV"; empty where the file tells none.
    public let unit: String
  }

  /// A spectrum over ascending energies.
  public struct Spectrum: Sendable, Equatable {
    /// The photon energies, eV, ascending.
    public let energies: [Double]
    /// The values.
    public let values: [Double]
    /// The line of the file that each stands in.
    let lines: [Int]
  }

  /// The file, as the user named it.
  public let path: String
  /// Whether it is an XDI file.
  public let isXDI: Bool
  /// XDI's header: "element.symbol" -> "Fe", keys in lower case. Empty for plain text.
  public let metadata: [String: String]
  /// The columns, the energies among them.
  public let columns: [Column]
  /// Defects that lose nothing: a missing line of dashes, say.
  public let remarks: [String]
  private let rows: [(line: Int, values: [Double])]

  /// Reads a file.
  ///
  /// - Throws: ``InputError`` naming the line: no number, NaN, a wrong number of columns.
  public init(path: String) throws(InputError) {
    try self.init(text: try textOfFile(path), path: path)
  }

  init(text: String, path: String) throws(InputError) {
    let header = XDIHeader(text)
    self.path = path
    isXDI = header != nil
    metadata = header?.metadata ?? [:]
    remarks = header?.remarks ?? []
    if header == nil, path.lowercased().hasSuffix(".xdi") {
      throw InputError(
        "no XDI file: its first line does not begin with \"# XDI/\"", path: path,
        place: "line 1")
    }
    let table = try TextTable(text: text, path: path)
    let first = table.lines.first { !$0.isHeader }
    let count = first?.fields.count ?? 0
    guard count >= 2 else {
      throw InputError(
        first == nil ? "no numbers in it" : "one column, where a spectrum needs two", path: path,
        place: first.map { "line \($0.number)" })
    }
    if let odd = table.lines.first(where: { !$0.isHeader && $0.fields.count != count }) {
      throw InputError(
        "\(odd.fields.count) columns, where line \(first?.number ?? 0) has \(count)", path: path,
        place: "line \(odd.number)")
    }
    rows = try table.numbers(columns: count, of: "a spectrum")
    var columns = header?.columns(count) ?? []
    if columns.isEmpty {
      var names = table.lines.first.flatMap { $0.isHeader ? $0.fields : nil } ?? []
      if names.isEmpty { names = Self.commentedNames(text, count) }
      columns = (0..<count).map { index in
        let words = index < names.count ? names[index].split(separator: " ") : []
        return Column(
          name: words.first.map(String.init) ?? "",
          unit: words.dropFirst().first.map { $0.trimmingCharacters(in: .punctuationCharacters) }
            ?? "")
      }
    }
    self.columns = columns
  }

  /// The names of columns in the last comment before the numbers, where there are as many words; else none.
  private static func commentedNames(_ text: String, _ count: Int) -> [Substring] {
    let comments = text.split(whereSeparator: \.isNewline).prefix { line in
      line.first { !$0.isWhitespace }.map { "#*%".contains($0) } ?? true
    }
    let words =
      comments.last?.drop { "#*% \t".contains($0) }
      .split { $0.isWhitespace || $0 == "," || $0 == ";" } ?? []
    return words.count == count && words.allSatisfy { $0.first?.isLetter == true } ? words : []
  }

  /// The column of energies.
  ///
  /// - Throws: ``InputError`` where an XDI file has columns that are no absorption spectrum.
  public func energyColumn() throws(InputError) -> Int {
    if let named = columns.firstIndex(where: { $0.name.lowercased() == "energy" }) { return named }
    guard !isXDI else {
      let names = columns.map(\.name).joined(separator: ", ")
      throw InputError("no column \"energy\": it has \(names), no spectrum over energy", path: path)
    }
    return 0
  }

  /// The column of absorption: the one named as XDI names it, else the only one beside the energies, or
  /// the first where none has a name.
  ///
  /// - Parameter name: the column's name, where the file has several.
  /// - Throws: ``InputError`` naming the columns where it is not plain which is meant.
  public func absorptionColumn(named name: String? = nil) throws(InputError) -> Int {
    let energy = try energyColumn()
    let names = columns.map { $0.name.lowercased() }
    let others = columns.indices.filter { $0 != energy }
    func choices() -> String {
      let named = others.map { columns[$0].name }.filter { !$0.isEmpty }
      return named.isEmpty
        ? "\(columns.count), without names: give its number" : named.joined(separator: ", ")
    }
    if let name {
      guard let found = others.first(where: { names[$0] == name.lowercased() }) else {
        throw InputError("no column \"\(name)\": it has \(choices())", path: path)
      }
      return found
    }
    // In the order in which one would rather have them.
    let known = ["normtrans", "normfluor", "mutrans", "mufluor", "mu", "norm", "xmu"]
    for word in known {
      if let found = others.first(where: { names[$0] == word }) { return found }
    }
    if others.count == 1 || others.allSatisfy({ names[$0].isEmpty }) { return others[0] }
    throw InputError("which column? It has \(choices())", path: path)
  }

  /// The column of I0: the one of that name, else the only one beside the energies, or the first where none has
  /// a name.
  ///
  /// - Throws: ``InputError`` naming the columns where it is not plain which is meant.
  func i0Column() throws(InputError) -> Int {
    let energy = try energyColumn()
    let others = columns.indices.filter { $0 != energy }
    if let named = others.first(where: { columns[$0].name.lowercased() == "i0" }) { return named }
    if others.count == 1 || others.allSatisfy({ columns[$0].name.isEmpty }) { return others[0] }
    let names = others.map { columns[$0].name }.joined(separator: ", ")
    throw InputError("which column is I0? It has \(names): name it i0", path: path)
  }

  /// A column over the energies, sorted to ascend.
  ///
  /// - Throws: ``InputError`` naming the line of an energy that is not positive, or repeated.
  public func spectrum(column: Int) throws(InputError) -> Spectrum {
    let energy = try energyColumn()
    precondition(columns.indices.contains(column))
    let sorted = rows.sorted { $0.values[energy] < $1.values[energy] }
    let isKEV =
      columns[energy].unit.lowercased() == "kev"
      || EnergyUnit.isKEV(rows.map { $0.values[energy] })
    let energies = sorted.map {
      isKEV ? EnergyUnit.eV(fromKEV: $0.values[energy]) : $0.values[energy]
    }
    for (index, value) in energies.enumerated() {
      if value <= 0 {
        throw InputError("an energy of \(value)", path: path, place: "line \(sorted[index].line)")
      }
      if index > 0, value == energies[index - 1] {
        throw InputError(
          "\(value) eV stands in line \(sorted[index - 1].line) already", path: path,
          place: "line \(sorted[index].line)")
      }
    }
    return Spectrum(
      energies: energies, values: sorted.map { $0.values[column] }, lines: sorted.map(\.line))
  }
}

/// The header of an XDI file: `# XDI/1.0 ...`, fields, a line of slashes, comments, a line of dashes, the
/// names of the columns.
private struct XDIHeader {
  private(set) var metadata: [String: String] = [:]
  private(set) var remarks: [String] = []
  private var names: [String] = []

  /// nil where the text is no XDI file.
  init?(_ text: String) {
    var lines = text.split(whereSeparator: \.isNewline).lazy.map {
      $0.trimmingCharacters(in: .whitespaces)
    }.prefix { $0.hasPrefix("#") || $0.isEmpty }.map {
      $0.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
    }[...]
    guard let first = lines.popFirst(), first.uppercased().hasPrefix("XDI/") else { return nil }
    var isInComments = false
    var isAfterDashes = false
    for line in lines {
      if isAfterDashes {
        if names.isEmpty { names = line.split(whereSeparator: \.isWhitespace).map(String.init) }
      } else if line.count > 2, line.allSatisfy({ $0 == "-" }) {
        isAfterDashes = true
      } else if line.count > 2, line.allSatisfy({ $0 == "/" }) {
        isInComments = true
      } else if !isInComments, let colon = line.firstIndex(of: ":") {
        let key = line[..<colon].trimmingCharacters(in: .whitespaces).lowercased()
        metadata[key] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
    }
    if !isAfterDashes { remarks.append("no line of dashes ends its header") }
  }

  /// The columns, by the header's fields, else by the line of names.
  func columns(_ count: Int) -> [SpectrumFile.Column] {
    (0..<count).map { index in
      let words = metadata["column.\(index + 1)"]?.split(whereSeparator: \.isWhitespace) ?? []
      let name = words.first.map(String.init) ?? (index < names.count ? names[index] : "")
      return .init(name: name, unit: words.dropFirst().first.map(String.init) ?? "")
    }
  }
}
