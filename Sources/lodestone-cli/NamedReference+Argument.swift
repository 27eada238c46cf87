import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

extension NamedReference {
  /// A reference from NAME=FILE or NAME=FILE:COLUMN.
  init(argument: String, option: String = "--spectrum") throws {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2,
      parts[0].allSatisfy({ $0.isLetter || $0.isNumber || "-_.+".contains($0) })
    else {
      throw ValidationError(
        "\(option) \(argument): write NAME=FILE, the name in letters, digits, and - _ . +")
    }
    self.init(
      name: parts[0],
      spectrum: try ReferenceSpectrum(file: parts[1], of: "\(option) \(argument)"))
  }
}

extension ReferenceSpectrum {
  /// A reference from FILE or FILE:COLUMN, the value of an option.
  init(file argument: String, of option: String) throws {
    var (path, column): (String, String?) = (argument, nil)
    if !FileManager.default.fileExists(atPath: path), let colon = path.lastIndex(of: ":") {
      column = String(path[path.index(after: colon)...])
      path = String(path[..<colon])
    }
    if column == "" { throw ValidationError("\(option): no column behind the colon") }
    let file = try SpectrumFile(path: path)
    var index = column.flatMap(Int.init).map { $0 - 1 }
    if let number = index, !file.columns.indices.contains(number) {
      throw InputError("no column \(number + 1): it has \(file.columns.count)", path: path)
    }
    if let number = index, number == (try file.energyColumn()) {
      throw InputError("column \(number + 1) holds the energies", path: path)
    }
    index = try index ?? file.absorptionColumn(named: column)
    let spectrum = try file.spectrum(column: index ?? 1)
    self.init(energies: spectrum.energies, values: spectrum.values)
  }
}
