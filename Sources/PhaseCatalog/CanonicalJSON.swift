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
    var bytes: [UInt8] = []
    append(value, to: &bytes)
    return bytes.text
  }

  /// Appends that text: for answers of many rows.
  package static func append(_ value: Double, to bytes: inout [UInt8]) {
    precondition(value.isFinite, "JSON has no numbers that are not finite")
    if value == 0 {
      bytes.append(UInt8(ascii: "0"))
      return
    }
    // Swift's description has the shortest digits too. Where it has no exponent it differs in whole numbers only, by ".0".
    var description = value.description
    let isWritten = description.withUTF8 { text in
      // An exponent is at the end: e-05, e+308.
      if text.suffix(5).contains(UInt8(ascii: "e")) { return false }
      let isWhole =
        text.count > 2 && text[text.count - 1] == UInt8(ascii: "0")
        && text[text.count - 2] == UInt8(ascii: ".")
      bytes.append(
        contentsOf: UnsafeBufferPointer(rebasing: text[..<(text.count - (isWhole ? 2 : 0))]))
      return true
    }
    if !isWritten { bytes += exponential(value).utf8 }
  }

  private static func exponential(_ value: Double) -> String {
    // It has other rules for the exponent.
    var digits: [UInt8] = []
    // The value is 0.DIGITS x 10^point.
    var point: Int?
    var exponent = 0
    let zero = UInt8(ascii: "0")
    let description = "\(value.magnitude)"
    for (place, byte) in description.utf8.enumerated() {
      if byte == UInt8(ascii: ".") {
        point = digits.count
      } else if byte == UInt8(ascii: "e") {
        exponent = Int(Array(description.utf8.dropFirst(place + 1)).text) ?? 0
        break
      } else {
        digits.append(byte)
      }
    }
    let leading = digits.prefix { $0 == zero }.count
    let place = (point ?? digits.count) + exponent - leading
    digits.removeFirst(leading)
    while digits.last == zero { digits.removeLast() }
    return text(digits, place: place, isNegative: value < 0)
  }

  /// 0.DIGITS x 10^place as ECMAScript writes it.
  private static func text(_ digits: [UInt8], place: Int, isNegative: Bool) -> String {
    var bytes: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
    let (zero, dot) = (UInt8(ascii: "0"), UInt8(ascii: "."))
    switch place {
    case digits.count...21 where digits.count <= place:
      bytes += digits
      bytes += repeatElement(zero, count: place - digits.count)
    case 1...21:
      bytes += digits.prefix(place)
      bytes.append(dot)
      bytes += digits.dropFirst(place)
    case -5...0:
      bytes += [zero, dot]
      bytes += repeatElement(zero, count: -place)
      bytes += digits
    default:
      bytes.append(digits[0])
      if digits.count > 1 {
        bytes.append(dot)
        bytes += digits.dropFirst()
      }
      bytes += (place - 1 < 0 ? "e-" : "e+").utf8
      bytes += String(abs(place - 1)).utf8
    }
    return bytes.text
  }

  /// Appends a text with its quotes.
  package static func append(quoted text: String, to bytes: inout [UInt8]) {
    if isPlain(text) {
      bytes.append(UInt8(ascii: "\""))
      bytes += text.utf8
      bytes.append(UInt8(ascii: "\""))
    } else {
      bytes += quoted(text).utf8
    }
  }

  /// Whether a text is as it is between its quotes, as most are.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy {
      $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
  }

  private static func quoted(_ text: String) -> String {
    if isPlain(text) { return "\"" + text + "\"" }
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

extension [UInt8] {
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
