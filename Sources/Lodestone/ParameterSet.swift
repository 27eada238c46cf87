package import PhaseCatalog
import Spectra
import StackIO

/// A parameter that cannot be used: which, and why.
public struct ParameterError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One line.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// A value for every parameter: those that were asked for, and the defaults of the others.
public struct ParameterSet: Sendable, Equatable {
  /// The parameters, in the order of ``ParameterDefinition/all``.
  package let parameters: [ParameterRecord]
  private let values: [String: ParameterRecord.Value]

  /// A set from settings such as `dbscan.radius=1.2`; a later one of the same name counts.
  ///
  /// - Throws: ``ParameterError`` for what is unknown, no number, or out of range.
  public init(settings: [String] = []) throws(ParameterError) {
    var asked: [String: String] = [:]
    for setting in settings {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw ParameterError("--set \(setting): write NAME=VALUE")
      }
      asked[String(parts[0])] = String(parts[1])
    }
    let known = ParameterDefinition.all.map(\.name)
    for name in asked.keys.sorted() where !known.contains(name) {
      let nearest = known.min { editDistance(name, $0) < editDistance(name, $1) } ?? ""
      let isNear = 2 * editDistance(name, nearest) <= nearest.count
      throw ParameterError(
        "no parameter \"\(name)\": "
          + (isNear ? "did you mean \(nearest)?" : "see lodestone ingest --help"))
    }
    var parameters: [ParameterRecord] = []
    for definition in ParameterDefinition.all {
      let standard = try definition.value(of: definition.defaultText)
      let value = try asked[definition.name].map { (text) throws(ParameterError) in
        try definition.value(of: text)
      }
      parameters.append(
        ParameterRecord(
          name: definition.name, value: value ?? standard, type: definition.typeName,
          unit: definition.unit, isDefault: value == nil || value == standard))
    }
    self.parameters = parameters
    values = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.value) })
    try refuseContradictions()
  }

  private func refuseContradictions() throws(ParameterError) {
    for (low, high) in [("pre_start", "pre_end"), ("post_start", "post_end")]
    where number("edges." + low) ?? 0 >= number("edges." + high) ?? 0 {
      throw ParameterError(
        "edges.\(low) = \(text("edges." + low)) is not below edges.\(high) = \(text("edges." + high))"
      )
    }
    _ = try elements()
    guard let drift = try givenDrift() else { return }
    if text("register.method") == "none" {
      throw ParameterError("register.method=none: drift is given, by register.drift or --drift")
    }
    // A scale of 1 is none.
    let law = text("register.scale")
    let contradicts = drift.rows.contains { row in
      law == "zone-plate" ? row.scale != nil : law == "none" && row.scale ?? 1 != 1
    }
    if contradicts {
      throw ParameterError(
        "register.scale=\(law): the drift that is given has scales of its own")
    }
  }

  /// The drift that is given; nil where it is to be measured.
  func givenDrift() throws(ParameterError) -> DriftFile? {
    let text = text("register.drift")
    if text == "measured" { return nil }
    guard let drift = DriftFile(text: text) else {
      throw ParameterError(
        "register.drift=\(text.prefix(40)): write measured, or EV@DY,DX or EV@DY,DX,SCALE for each frame, with "
          + "semicolons between")
    }
    return drift
  }

  /// A number or whole number; nil where it is "auto".
  package func number(_ name: String) -> Double? {
    switch values[name] {
    case .number(let number): return number
    case .integer(let number): return Double(number)
    case .text: return nil
    case nil: preconditionFailure("no parameter \(name)")
    }
  }

  /// A parameter's value as text.
  func text(_ name: String) -> String {
    guard let parameter = parameters.first(where: { $0.name == name }) else {
      preconditionFailure("no parameter \(name)")
    }
    return parameter.text
  }

  /// A number that has no automatic value.
  func fixed(_ name: String) -> Double {
    guard let number = number(name) else { preconditionFailure("\(name) may be automatic") }
    return number
  }

  /// The elements to look for.
  func elements() throws(ParameterError) -> [Element] {
    var elements: [Element] = []
    for symbol in text("elements.symbols").split(separator: ",") {
      let symbol = symbol.filter { !$0.isWhitespace }
      guard let element = Element(symbol) else {
        throw ParameterError("elements.symbols: \"\(symbol)\" is no element")
      }
      guard !elements.contains(element) else {
        throw ParameterError("elements.symbols: \(symbol) stands in it twice")
      }
      elements.append(element)
    }
    guard !elements.isEmpty else { throw ParameterError("elements.symbols: name an element") }
    return elements
  }
}

extension ParameterSet {
  /// The windows in which edges are measured.
  var edgeWindows: EdgeWindows {
    var windows = EdgeWindows()
    func range(_ low: String, _ high: String) -> ClosedRange<Double> {
      fixed("edges." + low)...fixed("edges." + high)
    }
    windows.pre = range("pre_start", "pre_end")
    windows.post = range("post_start", "post_end")
    windows.near = range("near_start", "near_end")
    windows.minimumEnergies = Int(fixed("edges.minimum_energies"))
    return windows
  }
}

extension ParameterDefinition {
  /// "number", "integer" or "text".
  public var typeName: String {
    switch kind {
    case .number: "number"
    case .integer: "integer"
    case .choice, .text: "text"
    }
  }

  fileprivate func value(of text: String) throws(ParameterError) -> ParameterRecord.Value {
    if mayBeAutomatic && text == "auto" { return .text("auto") }
    let orAuto = mayBeAutomatic ? " or auto" : ""
    switch kind {
    case .number(let range):
      guard let number = Double(text), range.contains(number) else {
        throw ParameterError(
          "\(name)=\(text): it takes a number from \(range.lowerBound) to \(range.upperBound)"
            + orAuto)
      }
      // One zero: -0 would be another parameter set in name only.
      return .number(number == 0 ? 0 : number)
    case .integer(let range):
      guard let number = Int(text), range.contains(number) else {
        throw ParameterError(
          "\(name)=\(text): it takes a whole number from \(range.lowerBound) to "
            + "\(range.upperBound)\(orAuto)")
      }
      return .integer(number)
    case .choice(let words):
      guard words.contains(text) else {
        throw ParameterError("\(name)=\(text): it takes " + words.joined(separator: " or "))
      }
      return .text(text)
    case .text:
      // Spaces in a list mean nothing, and would make another parameter set.
      return .text(text.filter { !$0.isWhitespace })
    }
  }
}

/// The number of letters to insert, remove or replace to turn one word into another (Levenshtein).
private func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
