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
  /// Where the values that were asked for come from; they are no part of what is asked.
  package let origins: [ParameterOrigin]

  /// A set from a recipe and settings such as `dbscan.radius=1.2`; a later one of the same name counts, and settings
  /// before the recipe.
  ///
  /// - Parameter sources: the option that a setting was made of, by its parameter, where that is not `--set`.
  /// - Throws: ``ParameterError`` for what is unknown, no number, or out of range.
  public init(
    recipe: Recipe? = nil, settings: [String] = [], sources: [String: String] = [:]
  ) throws(ParameterError) {
    var asked = recipe?.settings ?? [:]
    var origins = asked.mapValues { _ in
      (origin: ParameterOrigin.Origin.recipe, source: recipe?.name)
    }
    for setting in settings {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw ParameterError("--set \(setting): write NAME=VALUE")
      }
      let name = String(parts[0])
      asked[name] = String(parts[1])
      origins[name] = (.commandLine, sources[name] ?? "--set")
    }
    let known = ParameterDefinition.all.map(\.name)
    for name in asked.keys.sorted() where !known.contains(name) {
      throw ParameterError(
        "no parameter \"\(name)\""
          + ParameterDefinition.suggestion(for: name, else: "lodestone ingest --help"))
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
    self.origins = origins.sorted { $0.key < $1.key }.map {
      ParameterOrigin(name: $0.key, origin: $0.value.origin, source: $0.value.source)
    }
    values = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.value) })
    try refuseContradictions()
  }

  /// Whether two sets ask for the same, wherever that comes from.
  public static func == (a: ParameterSet, b: ParameterSet) -> Bool { a.parameters == b.parameters }

  private func refuseContradictions() throws(ParameterError) {
    let pairs = [
      ("edges.pre_start", "edges.pre_end"), ("edges.post_start", "edges.post_end"),
      ("fit.start", "fit.end"),
    ]
    for (low, high) in pairs {
      guard let from = number(low), let to = number(high), from >= to else { continue }
      throw ParameterError("\(low) = \(text(low)) is not below \(high) = \(text(high))")
    }
    _ = try elements()
    _ = try elementsBeside()
    _ = try lightElement()
    _ = try fixedEdges()
    _ = try references()
    if text("fit.sum") == "one", text("edges.convention") == "none" {
      throw ParameterError(
        "fit.sum=one: it fits normalised spectra, and edges.convention=none makes none")
    }
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

  /// The elements to look for; nil where they are to be found.
  func elements() throws(ParameterError) -> [Element]? {
    if text("elements.symbols") == "auto" { return nil }
    let elements = try listed("elements.symbols")
    guard !elements.isEmpty else { throw ParameterError("elements.symbols: name an element") }
    return elements
  }

  /// Elements whose edges end the windows.
  func elementsBeside() throws(ParameterError) -> [Element] {
    text("elements.beside") == "none" ? [] : try listed("elements.beside")
  }

  /// The element that stands for the light ones; nil for none.
  func lightElement() throws(ParameterError) -> Element? {
    if text("elements.light") == "none" { return nil }
    let listed = try listed("elements.light")
    guard listed.count == 1 else {
      throw ParameterError(
        "elements.light=\(text("elements.light")): it takes one element, or none")
    }
    if try elements()?.contains(listed[0]) == true {
      throw ParameterError("elements.light=\(listed[0].symbol): it is one of elements.symbols")
    }
    return listed[0]
  }

  private func listed(_ name: String) throws(ParameterError) -> [Element] {
    var elements: [Element] = []
    for symbol in text(name).split(separator: ",") {
      guard let element = Element(String(symbol)) else {
        throw ParameterError("\(name): \"\(symbol)\" is no element")
      }
      guard !elements.contains(element) else {
        throw ParameterError("\(name): \(symbol) stands in it twice")
      }
      elements.append(element)
    }
    return elements
  }

  /// The energies of edges that are fixed by `edges.e0`, eV, by their name: "Fe K".
  func fixedEdges() throws(ParameterError) -> [String: Double] {
    let text = text("edges.e0")
    if ["tabulated", "derivative"].contains(text) { return [:] }
    var fixed: [String: Double] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "@", omittingEmptySubsequences: false)
      let names = words[0].split(separator: "-").map(String.init)
      guard words.count == 2, names.count == 2, let element = Element(names[0]),
        let shell = AbsorptionEdge.Shell(rawValue: names[1]), let edge = element.edge(shell)
      else {
        throw ParameterError(
          "edges.e0=\(text.prefix(40)): write tabulated, derivative, or EDGE@EV with commas, as "
            + "Nd-L3@6208.4,Fe-K@7113")
      }
      guard let energy = Double(words[1]), abs(energy - edge.energyEV) <= 50 else {
        throw ParameterError(
          "edges.e0: \(words[1]) eV is not within 50 eV of \(edge.name), \(edge.energyEV) eV")
      }
      guard fixed.updateValue(energy, forKey: edge.name) == nil else {
        throw ParameterError("edges.e0: \(edge.name) stands in it twice")
      }
      if let asked = try elements(), !asked.contains(element) {
        throw ParameterError("edges.e0: \(element.symbol) is not one of elements.symbols")
      }
    }
    return fixed
  }

  /// The names and digests of the reference spectra.
  func references() throws(ParameterError) -> [(name: String, digest: String)] {
    let text = text("fit.references")
    if text == "none" { return [] }
    var found: [(name: String, digest: String)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "@", omittingEmptySubsequences: false)
      guard words.count == 2, !words[0].isEmpty, words[1].count == 64,
        words[1].allSatisfy(\.isHexDigit), !words[1].contains(where: \.isUppercase)
      else {
        throw ParameterError(
          "fit.references=\(text.prefix(40)): it is made by --spectrum NAME=FILE; write none or "
            + "name@digest")
      }
      guard !found.contains(where: { $0.name == words[0] }) else {
        throw ParameterError("fit.references: two are called \(words[0])")
      }
      found.append((String(words[0]), String(words[1])))
    }
    guard found.count <= LinearCombination.most else {
      throw ParameterError(
        "fit.references: \(found.count) are more than can be fitted at once (\(LinearCombination.most))"
      )
    }
    return found
  }
}

extension ParameterSet {
  /// The windows in which the edges of some elements are measured.
  func edgeWindows(of elements: [Element]) throws(ParameterError) -> EdgeWindows {
    var windows = EdgeWindows()
    windows.preStart = number("edges.pre_start")
    windows.preEnd = number("edges.pre_end")
    windows.postStart = number("edges.post_start")
    windows.postEnd = number("edges.post_end")
    windows.postDegree = number("edges.post_degree").map { Int($0) }
    windows.near = fixed("edges.near_start")...fixed("edges.near_end")
    windows.minimumEnergies = Int(fixed("edges.minimum_energies"))
    windows.method = NormalisationMethod(rawValue: text("edges.convention")) ?? .textbook
    windows.bounds = (elements + (try elementsBeside())).flatMap(\.edges)
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

  /// The definition of a name.
  static func named(_ name: String) -> ParameterDefinition? { all.first { $0.name == name } }

  /// ": did you mean …?" where a known name is near, else where to look.
  static func suggestion(for name: String, else place: String) -> String {
    let nearest =
      all.map(\.name).min { editDistance(name, $0) < editDistance(name, $1) } ?? ""
    let isNear = 2 * editDistance(name, nearest) <= nearest.count
    return isNear ? ": did you mean \(nearest)?" : ": see \(place)"
  }

  /// The values that it takes, in words: "a number from 0 to 1, or auto".
  public var range: String {
    let words =
      switch kind {
      case .number(let range):
        "a number from \(CanonicalJSON.text(of: range.lowerBound)) to \(CanonicalJSON.text(of: range.upperBound))"
      case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
      case .choice(let words): words.joined(separator: " | ")
      case .text: "a text"
      }
    return words + (mayBeAutomatic ? ", or auto" : "")
  }

  /// The value that a text stands for.
  func value(of text: String) throws(ParameterError) -> ParameterRecord.Value {
    if mayBeAutomatic && text == "auto" { return .text("auto") }
    switch kind {
    case .number(let range):
      guard let number = Double(text), range.contains(number) else {
        throw ParameterError("\(name)=\(text): it takes \(self.range)")
      }
      // One zero: -0 would be another parameter set in name only.
      return .number(number == 0 ? 0 : number)
    case .integer(let range):
      guard let number = Int(text), range.contains(number) else {
        throw ParameterError("\(name)=\(text): it takes \(self.range)")
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
