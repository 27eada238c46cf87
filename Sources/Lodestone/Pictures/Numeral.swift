import Foundation

/// Numbers as people read them: with a true minus, and no more digits than mean something.
enum Numeral {
  /// To five digits; an energy or a count keeps all before the point.
  static func short(_ number: Double) -> String {
    guard number.isFinite else { return number.isNaN ? "–" : number > 0 ? "∞" : "−∞" }
    return typeset(
      abs(number) >= 10_000 && abs(number) < 1e15
        ? String(format: "%.0f", number) : String(format: "%.5g", number))
  }

  /// To so many places behind the point.
  static func fixed(_ number: Double, _ places: Int) -> String {
    let text = String(format: "%.\(max(0, places))f", number)
    // What rounds to nothing has no sign.
    return typeset(text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text)
  }

  /// A whole number in groups of three digits, a thin space between them.
  static func count(_ number: Int) -> String {
    let digits = Array(String(abs(number)))
    var text = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0, digits.count > 4 { text += "\u{202F}" }
      text.append(digit)
    }
    return number < 0 ? "−" + text : text
  }

  /// A share in per cent, to a tenth.
  static func percent(_ share: Double) -> String { fixed(100 * share, 1) + "\u{202F}%" }

  /// A value to the digit that two digits of its error reach, and the error: "0.125 ± 0.012"; to five digits where the
  /// error is not known, or nothing but rounding.
  static func measured(_ value: Double, _ error: Double?) -> String {
    guard let error, error.isFinite, error > 1e-12 * abs(value), value.isFinite else {
      return short(value)
    }
    let (size, own) = (abs(value), places(of: error))
    let isSmall = max(size, error) < 1e-2 && error < 1e-3
    guard isSmall || size >= 1e6 else {
      return fixed(value, own) + " ± " + fixed(error, own)
    }
    // A common power of ten before the unit.
    let power = Int(log10(max(size, error)).rounded(.down))
    let scale = pow(10, Double(-power))
    let digits = min(6, places(of: error * scale))
    return "(\(fixed(value * scale, digits)) ± \(fixed(error * scale, digits))) × 10"
      + superscript(power)
  }

  /// A value to the digit that two digits of an error reach; to five digits where it is not known.
  static func rounded(_ value: Double, to error: Double?) -> String {
    guard let error, error > 0, error.isFinite, value.isFinite else { return short(value) }
    return fixed(value, places(of: error))
  }

  /// The places behind the point that two digits of an error take.
  private static func places(of error: Double) -> Int {
    max(0, min(6, 1 - Int(log10(error).rounded(.down))))
  }

  static func superscript(_ power: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return (power < 0 ? "⁻" : "")
      + String(String(abs(power)).map { digits[$0.wholeNumberValue ?? 0] })
  }

  /// C's number with a true minus, and a power of ten as such.
  private static func typeset(_ text: String) -> String {
    let parts = text.split(separator: "e")
    let mantissa = String(parts[0]).replacing("-", with: "−")
    guard parts.count == 2, let power = Int(parts[1]) else { return mantissa }
    return "\(mantissa) × 10\(superscript(power))"
  }
}
