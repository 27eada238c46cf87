import Foundation

/// A JSON value, written in its canonical form (RFC 8785): equal values have equal texts.
public enum CanonicalJSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([CanonicalJSON])
  case object([String: CanonicalJSON])

  /// The canonical text: no white space, members sorted by UTF-16, numbers as ECMAScript writes
  /// them. Numbers must be finite.
  public var text: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .number(let value): return CanonicalJSON.text(of: value)
    case .string(let value): return CanonicalJSON.quoted(value)
    case .array(let values): return "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      let sorted = members.sorted { Array($0.key.utf16).lexicographicallyPrecedes($1.key.utf16) }
      return "{"
        + sorted.map { CanonicalJSON.quoted($0.key) + ":" + $0.value.text }
        .joined(separator: ",") + "}"
    }
  }

  /// A number's shortest text that reads back to the same bits, as ECMAScript's Number.toString
  /// writes it.
  public static func text(of value: Double) -> String {
    precondition(value.isFinite, "JSON has no numbers that are not finite")
    if value == 0 { return "0" }
    // Swift's description has the shortest digits too, but other rules for the exponent.
    let description = "\(value.magnitude)"
    let parts = description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(mantissa[0])
    let fraction = mantissa.count > 1 && mantissa[1] != "0" ? String(mantissa[1]) : ""
    var digits = whole + fraction
    // The value is 0.DIGITS x 10^point.
    var point = whole.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.hasPrefix("0") {
      digits.removeFirst()
      point -= 1
    }
    while digits.hasSuffix("0") { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    let count = digits.count
    switch point {
    case count...21 where count <= point:
      return sign + digits + String(repeating: "0", count: point - count)
    case 1...21:
      return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0:
      return sign + "0." + String(repeating: "0", count: -point) + digits
    default:
      let exponent = point - 1
      let tail = count > 1 ? "." + digits.dropFirst() : ""
      return sign + digits.prefix(1) + tail + "e" + (exponent < 0 ? "-" : "+")
        + String(abs(exponent))
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
