import Foundation

/// The photon energies of a scan's frames, as a file lists them or file names tell them.
public struct EnergyList: Sendable, Equatable {
  /// The energies in the order of the frames, eV.
  public let energies: [Double]
  /// The file that lists them; nil where they are in the names of the frames' files.
  public let path: String?
  /// Whether they were given in keV and converted.
  public let isConvertedFromKEV: Bool

  /// Reads a list: one energy a line, eV or keV, in the order of the frames; further columns are
  /// ignored.
  ///
  /// - Throws: ``InputError`` naming the line of what is no number, not positive, or repeated.
  public init(path: String) throws(InputError) {
    let rows = try TextTable(path: path).numbers(columns: 1, of: "an energy list")
    try EnergyList.refuseDecimalCommas(path: path)
    let isKEV = rows.allSatisfy { $0.values[0] < 70 }
    for row in rows {
      // From the lowest edges that a microscope reaches to well above the highest, in either unit.
      let range = isKEV ? 0.01...70 : 70...200_000
      guard !range.contains(row.values[0]) else { continue }
      throw InputError(
        "an energy of \(row.values[0]), where \(isKEV ? "keV" : "eV") are from "
          + "\(range.lowerBound) to \(range.upperBound)", path: path, place: "line \(row.line)")
    }
    let (energies, isConverted) = EnergyList.inElectronVolts(rows.map { $0.values[0] })
    var lineOf: [Double: Int] = [:]
    for (energy, row) in zip(energies, rows) {
      if let first = lineOf.updateValue(row.line, forKey: energy) {
        throw InputError(
          "\(energy) eV stands in line \(first) already", path: path, place: "line \(row.line)")
      }
    }
    self.energies = energies
    self.path = path
    isConvertedFromKEV = isConverted
  }

  /// Takes the energies from file names such as `a_07112.0_eV.tif`, `b_8250_0eV.tif`,
  /// `E7112.50.tif` or `c_7.1120keV.tif`.
  ///
  /// - Throws: ``InputError`` naming the file that tells none, or two files that tell the same.
  init(fileNames paths: [String]) throws(InputError) {
    var values: [Double] = []
    for path in paths {
      guard let value = EnergyList.energy(inName: (path as NSString).lastPathComponent) else {
        throw InputError(
          "no energy in the file's name (such as 7112.0_eV): give --energies FILE", path: path)
      }
      values.append(value)
    }
    let (energies, isConverted) = EnergyList.inElectronVolts(values)
    var pathOf: [Double: String] = [:]
    for (energy, path) in zip(energies, paths) {
      if let first = pathOf.updateValue(path, forKey: energy) {
        throw InputError("\(energy) eV is the energy of \(first) already", path: path)
      }
    }
    self.energies = energies
    path = nil
    isConvertedFromKEV = isConverted
  }

  /// The energy that a file's name tells, in the unit that it uses.
  static func energy(inName name: String) -> Double? {
    let withUnit = /(\d{1,2}\.\d+|\d{3,5}\.\d+|\d{3,5}_\d{1,2}|\d{3,5})_?k?eV/.ignoresCase()
    if let match = name.matches(of: withUnit).last {
      return Double(match.1.replacing("_", with: "."))
    }
    let withPrefix = /(?:^|[_-])E(\d{3,5}(?:\.\d+)?)(?:[_.-]|$)/
    return name.matches(of: withPrefix).last.flatMap { Double($0.1) }
  }

  /// Energies below 70 are keV: no edge that a microscope reaches lies below 70 eV, and none of its
  /// energies above 70 keV.
  private static func inElectronVolts(_ values: [Double]) -> (energies: [Double], Bool) {
    guard let largest = values.max(), largest < 70 else { return (values, false) }
    // To a millionth of an eV: 7.112 keV is 7112 eV.
    return (values.map { ($0 * 1e9).rounded() / 1e6 }, true)
  }

  /// A list in which every line is `digits,digits` was written with decimal commas.
  private static func refuseDecimalCommas(path: String) throws(InputError) {
    guard !path.lowercased().hasSuffix(".csv") else { return }
    let lines = try textOfFile(path).split(whereSeparator: \.isNewline)
      .filter { $0.first?.isNumber == true }
    if !lines.isEmpty, lines.allSatisfy({ $0.wholeMatch(of: /\d+,\d+\s*/) != nil }) {
      throw InputError(
        "decimal commas: write the energies with points", path: path, place: "line 1")
    }
  }
}
