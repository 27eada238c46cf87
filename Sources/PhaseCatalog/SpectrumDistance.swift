/// A spectrum: energies ascending, eV, and a value each.
public struct Spectrum: Sendable, Equatable {
  /// eV, ascending.
  public var energies: [Double]
  /// One an energy.
  public var values: [Double]

  /// A spectrum of as many values as energies.
  public init(energies: [Double], values: [Double]) {
    precondition(energies.count == values.count, "a value an energy")
    self.energies = energies
    self.values = values
  }

  /// The value at an energy within the range, on the line between its neighbours.
  ///
  /// - Complexity: O(log energies).
  public func value(at energy: Double) -> Double {
    var (low, high) = (0, energies.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if energies[middle] <= energy { low = middle } else { high = middle }
    }
    guard energies[high] > energies[low] else { return values[low] }
    let share = (energy - energies[low]) / (energies[high] - energies[low])
    return values[low] + share * (values[high] - values[low])
  }
}

/// How far the shapes of two spectra are apart: the share of one's structure that the other does not explain, 0 to 1.
///
/// Structure is what a straight line over the energy leaves; the factor between the two is free, so that thickness, the
/// unit of a reference and a smooth background do not count, and the ratio of the elements' edges does. It is
/// sqrt(1 - r^2), r the partial correlation of the two given the energy. Spectra of different energies are compared at
/// those of the one that has fewer in the range that both have.
///
/// - Returns: nil where fewer than 8 energies are in that range, or where one has no structure.
/// - Complexity: O(energies log energies).
public func spectrumDistance(_ a: Spectrum, _ b: Spectrum) -> Double? {
  guard !a.energies.isEmpty, !b.energies.isEmpty else { return nil }
  let low = max(a.energies[0], b.energies[0])
  let high = min(a.energies[a.energies.count - 1], b.energies[b.energies.count - 1])
  func inside(_ spectrum: Spectrum) -> [Double] {
    spectrum.energies.filter { $0 >= low && $0 <= high }
  }
  let (own, others) = (inside(a), inside(b))
  // Of as many energies, those that come first: the distance there is the distance back.
  let isOwn =
    own.count != others.count
    ? own.count < others.count
    : own.lexicographicallyPrecedes(others)
  let energies = isOwn ? own : others
  guard energies.count >= 8 else { return nil }
  let x = withoutLine(energies.map(a.value), energies)
  let y = withoutLine(energies.map(b.value), energies)
  let (xx, yy) = (dot(x.rest, x.rest), dot(y.rest, y.rest))
  // What rounding leaves of a straight line is no structure.
  guard xx > 1e-20 * x.squares, yy > 1e-20 * y.squares else { return nil }
  let correlation = dot(x.rest, y.rest) / (xx * yy).squareRoot()
  guard correlation > 0 else { return 1 }
  return max(0, 1 - correlation * correlation).squareRoot()
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

/// What a straight line by least squares leaves, and the squares of the whole.
private func withoutLine(
  _ values: [Double], _ energies: [Double]
) -> (rest: [Double], squares: Double) {
  let count = Double(values.count)
  let (meanE, meanV) = (energies.reduce(0, +) / count, values.reduce(0, +) / count)
  let centred = energies.map { $0 - meanE }
  let slope =
    dot(centred, values.map { $0 - meanV }) / max(dot(centred, centred), .leastNormalMagnitude)
  let rest = zip(centred, values).map { $1 - meanV - slope * $0 }
  return (rest, dot(values, values))
}
