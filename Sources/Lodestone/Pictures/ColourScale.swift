import Foundation

/// Numbers -> colours, over a range.
struct ColourScale {
  /// A row of colours, evenly spaced, that a value runs along.
  struct Ramp: Sendable {
    let colours: [Colour]

    /// Dark to light, for what is read as an image.
    static let grey = Ramp(colours: [Colour(0x000000), Colour(0xFFFFFF)])

    /// Viridis (van der Walt and Smith, matplotlib, 2015; CC0): equal steps look equal, also to the colour-blind and in grey.
    static let viridis = Ramp(
      colours: [
        0x440154, 0x482878, 0x3E4989, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6DCD59, 0xB4DE2C,
        0xFDE725,
      ].map { Colour($0) })

    /// The colour at a place from 0 to 1, linear between its neighbours.
    func colour(at place: Double) -> Colour {
      let position = min(max(place, 0), 1) * Double(colours.count - 1)
      let index = min(Int(position), colours.count - 2)
      let share = position - Double(index)
      func mixed(_ part: KeyPath<Colour, UInt8>) -> UInt8 {
        let (a, b) = (
          Double(colours[index][keyPath: part]), Double(colours[index + 1][keyPath: part])
        )
        return UInt8((a + share * (b - a)).rounded())
      }
      return Colour(red: mixed(\.red), green: mixed(\.green), blue: mixed(\.blue))
    }
  }

  let ramp: Ramp
  let low: Double
  let high: Double
  /// Whether values lie beyond the ends, and take the colours of these.
  let isClipped: Bool

  /// The share of the values that may lie beyond either end: a few hot pixels would leave no contrast to all others.
  static let clippedShare = 0.005

  /// A scale over most of some values; nil where none is finite.
  ///
  /// - Parameters:
  ///   - start: where the scale begins, whatever the values are.
  ///   - share: of the values that may lie beyond either end.
  init?(
    _ values: [Float], ramp: Ramp, from start: Double? = nil, clipped share: Double = clippedShare
  ) {
    let sorted = values.filter(\.isFinite).sorted()
    guard let least = sorted.first, let most = sorted.last else { return nil }
    let cut = Int(share * Double(sorted.count))
    let low = start ?? Double(sorted[cut])
    let high = Double(sorted[sorted.count - 1 - cut])
    self.ramp = ramp
    self.low = low
    self.high = high > low ? high : low + 1
    isClipped = Double(least) < low || Double(most) > self.high
  }

  /// Where a value lies, from 0 to 1.
  func place(of value: Float) -> Double { min(max((Double(value) - low) / (high - low), 0), 1) }
}

/// A round number of 1, 2 or 5 times a power of ten, at most this.
package func roundLength(upTo most: Double) -> Double {
  let power = pow(10, floor(log10(most)))
  return power * ([5, 2, 1].first { $0 * power <= most * 1.0001 } ?? 1)
}
