import Foundation

/// Draws spectra in block characters, a line each: every spectrum over its own range, for what tells a phase is the shape and
/// how the steps compare, and thickness alone makes ranges differ.
///
/// Columns stand for equal numbers of energies, in order: there are more of them where the spectrum was looked at more
/// closely. A gap between two edges is a blank.
struct Sparkline {
  /// Not the full block: lines below each other would touch.
  private static let levels = Array("▁▂▃▄▅▆▇")

  /// The energies of each column; an empty range is a gap.
  private let places: [Range<Int>]

  /// - Parameters:
  ///   - energies: eV, ascending.
  ///   - columns: the most characters.
  init(energies: [Double], columns: Int) {
    let pieces = Self.pieces(energies)
    var room = max(pieces.count, columns - (pieces.count - 1))
    var left = energies.count
    var places: [Range<Int>] = []
    for (number, piece) in pieces.enumerated() {
      if number > 0 { places.append(piece.lowerBound..<piece.lowerBound) }
      let after = pieces.count - number - 1
      let fair = Int((Double(room * piece.count) / Double(max(left, 1))).rounded())
      let count = min(piece.count, max(1, min(fair, room - after)))
      places += (0..<count).map {
        piece.lowerBound + $0 * piece.count / count..<piece.lowerBound + ($0 + 1) * piece.count
          / count
      }
      room -= count
      left -= piece.count
    }
    self.places = places
  }

  /// Where there is nothing over a tenth of the range, and ten times farther than energies usually lie apart, another
  /// edge begins.
  private static func pieces(_ energies: [Double]) -> [Range<Int>] {
    let steps = zip(energies, energies.dropFirst()).map { $1 - $0 }
    guard let first = energies.first, let last = energies.last, !steps.isEmpty else {
      return [0..<energies.count]
    }
    let usual = steps.sorted()[steps.count / 2]
    let starts = steps.indices.filter { steps[$0] > max(10 * usual, 0.1 * (last - first)) }
      .map { $0 + 1 }
    return zip([0] + starts, starts + [energies.count]).map { $0..<$1 }
  }

  /// A spectrum, a value an energy; what is no number is a blank. A spectrum that varies by less than a hundredth of its
  /// largest value is flat: noise would look like structure.
  func text(_ values: [Double]) -> String {
    let means = places.map { place -> Double? in
      let known = values[place].filter(\.isFinite)
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
    let known = means.compactMap(\.self)
    guard let low = known.min(), let high = known.max() else {
      return String(repeating: " ", count: places.count)
    }
    let range = max(high - low, 0.01 * max(abs(high), abs(low)))
    return String(
      means.map { mean in
        guard let mean, range > 0 else { return mean == nil ? " " : Self.levels[0] }
        let share = (mean - low) / range
        return Self.levels[min(Self.levels.count - 1, Int(share * Double(Self.levels.count)))]
      })
  }
}
