import Foundation

extension I0Spectrum {
  /// Reads a spectrum of I0 from text: the column named i0, else the only one beside the energies, else, where
  /// columns have no names, the second.
  ///
  /// - Throws: ``InputError`` naming the line of what is no intensity, or where it does not cover the
  ///   energies of a scan.
  init(path: String, covering energies: [Double]) throws(InputError) {
    let file = try SpectrumFile(path: path)
    let column = try file.i0Column()
    let spectrum = try file.spectrum(column: column)
    self.path = path
    self.energies = spectrum.energies
    values = spectrum.values
    if let bad = values.firstIndex(where: { $0 <= 0 }) {
      throw InputError("an I0 of \(values[bad])", path: path, place: "line \(spectrum.lines[bad])")
    }
    // A thousandth of an eV forgives the rounding of text; beyond the ends nothing is known.
    guard let first = self.energies.first, let last = self.energies.last,
      let low = energies.min(), let high = energies.max(), first <= low + 1e-3, last >= high - 1e-3
    else {
      throw InputError(
        "its energies do not cover those of the scan, \(energies.min() ?? 0) to "
          + "\(energies.max() ?? 0) eV", path: path)
    }
  }

  /// The intensity at an energy within the spectrum, on the line between its neighbours.
  func level(at energy: Double) -> Double {
    guard let above = energies.firstIndex(where: { $0 >= energy }) else {
      return values[values.count - 1]
    }
    // A number that differs by the rounding of text is the same energy.
    if energies[above] - energy < 1e-3 || above == 0 { return values[above] }
    if energy - energies[above - 1] < 1e-3 { return values[above - 1] }
    let share = (energy - energies[above - 1]) / (energies[above] - energies[above - 1])
    return values[above - 1] + share * (values[above] - values[above - 1])
  }
}
