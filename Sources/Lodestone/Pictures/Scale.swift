import Foundation

/// An axis: what it shows, over which values, with which ticks.
struct Axis {
  struct Tick: Equatable {
    let value: Double
    let label: String
  }

  /// With its unit: "Energy (eV)".
  var title: String
  /// The values that it reaches from and to.
  var range: ClosedRange<Double>
  var isLogarithmic = false
  /// Ascending.
  var ticks: [Tick]

  /// The share of the axis' length at which a value lies, 0 to 1.
  func position(_ value: Double) -> Double {
    func scaled(_ value: Double) -> Double { isLogarithmic ? log10(value) : value }
    let (low, high) = (scaled(range.lowerBound), scaled(range.upperBound))
    return (scaled(value) - low) / (high - low)
  }

  /// An axis that begins and ends with the values, or a little beyond.
  ///
  /// - Parameters:
  ///   - values: not empty where there is something to be seen.
  ///   - count: about how many ticks.
  ///   - endsOnTicks: whether it is drawn out to the next ticks.
  ///   - isTight: whether it else ends with the values; if not it reaches a little further.
  ///   - asPercent: whether shares are written in per cent.
  static func linear(
    _ title: String, _ values: some Sequence<Double>, ticks count: Int = 5,
    endsOnTicks: Bool = true, isTight: Bool = true, asPercent: Bool = false
  ) -> Axis {
    let finite = values.filter(\.isFinite)
    var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    if high - low <= 1e-9 * max(abs(low), abs(high)) {
      // All values alike: they lie in the middle.
      let half = low == 0 ? 0.5 : abs(low) / 10
      (low, high) = (low - half, high + half)
    }
    var step = niceStep((high - low) / Double(max(count, 1)))
    // A scale of two numbers is hardly one.
    let fewest = (high / step + 1e-9).rounded(.down) - (low / step - 1e-9).rounded(.up) + 1
    if !endsOnTicks, fewest < 3 { step = niceStep(step / 2.5) }
    if !isTight && !endsOnTicks {
      let room = 0.04 * (high - low)
      (low, high) = (low - room, high + room)
    } else if endsOnTicks {
      low = (low / step + 1e-9).rounded(.down) * step
      high = (high / step - 1e-9).rounded(.up) * step
    }
    let first = Int((low / step - 1e-9).rounded(.up))
    let last = Int((high / step + 1e-9).rounded(.down))
    let places = max(0, -Int(log10(step * (asPercent ? 100 : 1)).rounded(.down)))
    let ticks = stride(from: first, through: last, by: 1).map { place -> Tick in
      let value = Double(place) * step
      return Tick(
        value: value,
        label: asPercent ? Numeral.fixed(100 * value, places) : Numeral.fixed(value, places))
    }
    return Axis(title: title, range: low...high, ticks: ticks)
  }

  /// A logarithmic axis over values above 0, with a tick a power of ten; each second or third where there are many.
  static func logarithmic(_ title: String, _ values: some Sequence<Double>) -> Axis {
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let low = Int(log10(positive.min() ?? 0.1).rounded(.down))
    let high = max(low + 1, Int(log10(positive.max() ?? 1).rounded(.up)))
    let every = (high - low - 1) / 6 + 1
    let ticks = stride(from: low, through: high, by: every).map { power -> Tick in
      let label =
        low >= -3 && high <= 3
        ? Numeral.fixed(pow(10, Double(power)), -power) : Numeral.power(power)
      return Tick(value: pow(10, Double(power)), label: label)
    }
    return Axis(
      title: title, range: pow(10, Double(low))...pow(10, Double(high)), isLogarithmic: true,
      ticks: ticks)
  }

  /// An axis of whole numbers from 0.
  static func counts(_ title: String, upTo most: Int) -> Axis {
    let step = max(1, Int(niceStep(Double(max(most, 1)) / 5)))
    let end = (max(most, 1) + step - 1) / step * step
    return Axis(
      title: title, range: 0...Double(end),
      ticks: stride(from: 0, through: end, by: step).map {
        Tick(value: Double($0), label: Numeral.count($0))
      })
  }

  /// The next of 1, 2 or 5 times a power of ten.
  static func niceStep(_ step: Double) -> Double {
    guard step > 0, step.isFinite else { return 1 }
    let power = pow(10, log10(step).rounded(.down))
    let factor = step / power
    return power
      * (factor <= 1.0000001 ? 1 : factor <= 2.0000001 ? 2 : factor <= 5.0000001 ? 5 : 10)
  }
}

extension Numeral {
  /// A power of ten.
  static func power(_ power: Int) -> String { "10" + superscript(power) }
}

/// How wide a text is, by the advance widths of DejaVu Sans: the widest of the fonts that pictures are shown in, so that
/// what has room in it has room in all.
enum TextWidth {
  private static let ofASCII = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
  ]

  /// In the unit of the font's size.
  static func of(_ text: String, size: Double) -> Double {
    var width = 0
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 32..<127: width += ofASCII[Int(scalar.value) - 32]
      case 0x202F: width += 200
      case 0x1100...: width += 1000
      default: width += 700
      }
    }
    return Double(width) * size / 1000
  }

  /// The text, cut with an ellipsis where it would be wider.
  static func fitted(_ text: String, size: Double, to width: Double) -> String {
    if of(text, size: size) <= width { return text }
    var kept = text
    while !kept.isEmpty, of(kept + "…", size: size) > width { kept.removeLast() }
    return kept + "…"
  }
}
