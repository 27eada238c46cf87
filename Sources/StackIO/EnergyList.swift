/// The photon energies of a scan's frames, as a file lists them.
public struct EnergyList: Sendable, Equatable {
  /// The energies in the order of the frames, eV.
  public let energies: [Double]
  /// The file that lists them.
  public let path: String
  /// The line of each energy.
  let lines: [Int]
  /// Whether they were given in keV and converted.
  public let isConvertedFromKEV: Bool

  /// Reads a list: one energy a line, eV or keV, in the order of the frames; of several columns the one
  /// named energy, else the first.
  ///
  /// - Throws: ``InputError`` naming the line of what is no number, not positive, or repeated.
  public init(path: String) throws(InputError) {
    try self.init(text: try textOfFile(path), path: path)
  }

  init(text: String, path: String) throws(InputError) {
    let table = try TextTable(text: text, path: path)
    // A column that is named energy counts wherever it stands; else the first does.
    let header = table.lines.first.flatMap { $0.isHeader ? $0.fields : nil } ?? []
    let column = header.firstIndex { $0.lowercased().hasPrefix("energy") } ?? 0
    let rows = try table.numbers(columns: column + 1, of: "an energy list")
      .map { (line: $0.line, values: [$0.values[column]]) }
    let values = rows.map { $0.values[0] }
    if values.count > 2, let first = values.first, first == 0 || first == 1,
      values.enumerated().allSatisfy({ $0.element == first + Double($0.offset) })
    {
      throw InputError(
        "the first column counts the lines: the energies belong there", path: path,
        place: "line \(rows[0].line)")
    }
    let isKEV = EnergyUnit.isKEV(values)
    for row in rows {
      // From the lowest edges that a microscope reaches to well above the highest, in either unit.
      let range = isKEV ? 0.01...EnergyUnit.firstEV : EnergyUnit.firstEV...200_000
      guard !range.contains(row.values[0]) else { continue }
      throw InputError(
        "an energy of \(row.values[0]), where \(isKEV ? "keV" : "eV") are from "
          + "\(range.lowerBound) to \(range.upperBound)", path: path, place: "line \(row.line)")
    }
    let energies = isKEV ? values.map(EnergyUnit.eV(fromKEV:)) : values
    var lineOf: [Double: Int] = [:]
    for (energy, row) in zip(energies, rows) {
      if let first = lineOf.updateValue(row.line, forKey: energy) {
        throw InputError(
          "\(energy) eV stands in line \(first) already", path: path, place: "line \(row.line)")
      }
    }
    self.energies = energies
    self.path = path
    lines = rows.map(\.line)
    isConvertedFromKEV = isKEV
  }
}

/// How eV and keV are told apart: no edge that a microscope reaches lies below 70 eV, and none of its
/// energies above 70 keV.
enum EnergyUnit {
  /// The least energy that is eV.
  static let firstEV = 70.0

  /// Whether numbers, all of one unit, are keV.
  static func isKEV(_ values: [Double]) -> Bool { values.allSatisfy { $0 < firstEV } }

  /// keV in eV, to a millionth of an eV: 7.112 keV is 7112 eV.
  static func eV(fromKEV value: Double) -> Double { (value * 1e9).rounded() / 1e6 }
}
