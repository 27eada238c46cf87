/// A spectrum as a file of the XAS Data Interchange format, XDI 1.0
/// (https://github.com/XraySpectroscopy/XAS-Data-Interchange).
public struct XDIDocument: Sendable {
  /// A column of numbers.
  public struct Column: Sendable {
    let label: String
    let unit: String
    let values: [Double]

    /// A column; its label is one word, its unit empty for none.
    public init(_ label: String, unit: String = "", _ values: [Double]) {
      (self.label, self.unit, self.values) = (label, unit, values)
    }
  }

  private let application: String
  private var fields: [(name: String, value: String)] = []
  private let columns: [Column]
  /// What the experimenters wrote: the format keeps this place for people.
  public var comments: [String] = []

  /// A document without fields beside those of its columns.
  ///
  /// - Parameters:
  ///   - application: who writes it, `Name/version`: fields of its own begin with `Name.`.
  ///   - columns: the first is the energy, in eV; all of the same length, and finite, for XDI knows no other numbers.
  public init(application: String, columns: [Column]) {
    precondition(!application.contains(" "), "one word")
    precondition(Set(columns.map(\.values.count)).count == 1, "columns of the same length")
    precondition(columns.allSatisfy { $0.values.allSatisfy(\.isFinite) }, "finite numbers")
    (self.application, self.columns) = (application, columns)
    for (index, column) in columns.enumerated() {
      add("Column.\(index + 1)", "\(column.label) \(column.unit)")
    }
  }

  /// Whether a text may be a field's name: `Family.key`.
  public static func isField(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+/) != nil
  }

  /// Adds a field; one without a value is left out.
  public mutating func add(_ name: String, _ value: String?) {
    precondition(Self.isField(name), "\(name): Family.key")
    let line = Self.line(value ?? "")
    if !line.isEmpty { fields.append((name, line)) }
  }

  /// Adds a number as a field, in the shortest form that reads back to the same bits.
  public mutating func add(_ name: String, _ value: Double?) { add(name, value.map { "\($0)" }) }

  /// The file.
  public var text: String {
    var lines = ["# XDI/1.0 \(application)"]
    lines += fields.map { "# \($0.name): \($0.value)" }
    lines.append("# ///")
    lines += comments.flatMap { $0.split(whereSeparator: \.isNewline) }.map { "# \(Self.line($0))" }
    lines.append("# ---")
    lines.append("# " + columns.map(\.label).joined(separator: " "))
    let cells = columns.map { $0.values.map { "\($0)" } }
    let widths = cells.map { $0.map(\.count).max() ?? 0 }
    for row in 0..<(columns.first?.values.count ?? 0) {
      let words = cells.indices.map { column in
        let cell = cells[column][row]
        return String(repeating: " ", count: widths[column] - cell.count) + cell
      }
      lines.append("  " + words.joined(separator: "  "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A text on one line: of at most 2000 characters, as the format advises.
  private static func line(_ text: some StringProtocol) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar.properties.generalCategory == .control ? " " : scalar
    }
    let line = String(String.UnicodeScalarView(scalars))
    return String(line.trimmingWhitespace.prefix(2000))
  }
}

extension String {
  fileprivate var trimmingWhitespace: Substring {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
