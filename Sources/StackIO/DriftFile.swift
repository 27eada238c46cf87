/// A text file of drift and magnification: a row for each frame.
///
/// With a header, columns are found by their names: `dy_px` (or dy), `dx_px` (dx), and if wanted `energy_ev`
/// (or whatever begins with energy, eV, keV) and `scale`; others are left alone. Without one, two columns are dy
/// and dx, three energy, dy and dx, four these and scale. Drift is how the sample's image in a frame is displaced, px, + down and right.
public struct DriftFile: Sendable, Equatable {
  /// One frame's row.
  public struct Row: Sendable, Equatable {
    /// eV; nil where the rows are in the order of the energies.
    public let energyEV: Double?
    /// px, + is down.
    public let dy: Double
    /// px, + is right.
    public let dx: Double
    /// nil where the file has none.
    public let scale: Double?
  }

  /// The rows, as they stand in the file.
  public let rows: [Row]

  /// Reads a file.
  ///
  /// - Throws: ``InputError`` naming the line: no number, a missing column, a scale that is none.
  public init(path: String) throws(InputError) {
    let table = try TextTable(path: path)
    guard let first = table.lines.first else { throw InputError("no numbers in it", path: path) }
    let names = first.isHeader ? first.fields.map { $0.lowercased() } : nil
    func place(_ known: [String], _ without: (Int) -> Int?) -> Int? {
      guard let names else { return without(first.fields.count) }
      return names.firstIndex { known.contains($0) }
    }
    let isEnergy = { (name: String) in name.hasPrefix("energy") || name == "ev" || name == "kev" }
    let energy = names.map { $0.firstIndex(where: isEnergy) } ?? (first.fields.count >= 3 ? 0 : nil)
    let scale = place(["scale", "magnification"]) { $0 >= 4 ? 3 : nil }
    guard let dy = place(["dy_px", "dy"], { $0 >= 3 ? 1 : 0 }),
      let dx = place(["dx_px", "dx"], { $0 >= 3 ? 2 : $0 == 2 ? 1 : nil })
    else {
      throw InputError(
        "it has no columns dy_px and dx_px", path: path, place: "line \(first.number)")
    }
    let columns = [energy, scale, dy, dx].compactMap(\.self).max().map { $0 + 1 } ?? 0
    var rows: [Row] = []
    for (line, values) in try table.numbers(columns: columns, of: "drift") {
      let row = Row(
        // As in lists of energies, below 70 they are keV.
        energyEV: energy.map { values[$0] < 70 ? 1000 * values[$0] : values[$0] }, dy: values[dy],
        dx: values[dx], scale: scale.map { values[$0] })
      guard (0.1...10).contains(row.scale ?? 1), max(abs(row.dy), abs(row.dx)) < 1e5 else {
        throw InputError(
          "a drift below 100000 px and a scale from 0.1 to 10 are wanted", path: path,
          place: "line \(line)")
      }
      rows.append(row)
    }
    self.rows = rows
  }

  /// The rows as the value of a parameter, by energy where they have energies: "7100@0,0;7101@0.5,-0.25,0.99".
  public var text: String {
    rows.sorted { ($0.energyEV ?? 0) < ($1.energyEV ?? 0) }.map { row in
      (row.energyEV.map { "\($0)@" } ?? "") + "\(row.dy),\(row.dx)"
        + (row.scale.map { ",\($0)" } ?? "")
    }.joined(separator: ";")
  }

  /// The rows that such a value holds; nil where it holds none.
  public init?(text: String) {
    var rows: [Row] = []
    for part in text.split(separator: ";", omittingEmptySubsequences: false) {
      let halves = part.split(separator: "@", omittingEmptySubsequences: false)
      let numbers = halves[halves.count - 1].split(separator: ",", omittingEmptySubsequences: false)
        .map { Double($0) }
      let values = numbers.compactMap(\.self).filter(\.isFinite)
      guard halves.count <= 2, values.count == numbers.count, (2...3).contains(values.count),
        halves.count == 1 || Double(halves[0]) != nil, values.count == 2 || values[2] > 0
      else { return nil }
      rows.append(
        Row(
          energyEV: halves.count == 2 ? Double(halves[0]) : nil, dy: values[0], dx: values[1],
          scale: values.count == 3 ? values[2] : nil))
    }
    self.rows = rows
  }
}
