import Foundation

/// Values of one parameter to try: NAME=A:B:STEP, or NAME=V1,V2,V3 (with semicolons where values hold commas).
public struct ParameterSweep: Sendable, Equatable {
  /// The parameter.
  public let name: String
  /// Its values, as they would be typed.
  public let values: [String]

  /// The most runs that are started at once.
  public static let mostRuns = 1000

  /// The values that a text names. Those of a range are decimal fractions, exactly: 0.1:0.3:0.1 is 0.1, 0.2 and 0.3.
  ///
  /// - Throws: ``ParameterError``.
  public init(_ text: String) throws(ParameterError) {
    func refusal(_ reason: String) -> ParameterError {
      ParameterError("--sweep \(text): \(reason)")
    }
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      .map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw refusal("write NAME=A:B:STEP or NAME=V1,V2,V3")
    }
    name = parts[0]
    guard let definition = ParameterDefinition.named(name) else {
      throw refusal(
        "no parameter \"\(name)\""
          + ParameterDefinition.suggestion(for: name, else: "lodestone ingest --help"))
    }
    if PipelineStage.reading(name) == .read {
      throw refusal(
        "it says how the scan was taken, and the scan is read once: ingest it for each value")
    }
    let bounds = parts[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if bounds.count > 1 {
      values = try Self.range(bounds, of: definition, refusal)
    } else {
      values = parts[1].split(
        separator: parts[1].contains(";") ? ";" : ",", omittingEmptySubsequences: false
      ).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    guard values.count <= Self.mostRuns else {
      throw refusal("\(values.count) values are more than \(Self.mostRuns)")
    }
    for value in values {
      if value.isEmpty { throw refusal("a value is empty") }
      _ = try definition.value(of: value)
    }
  }

  private static func range(
    _ bounds: [String], of definition: ParameterDefinition, _ refusal: (String) -> ParameterError
  ) throws(ParameterError) -> [String] {
    switch definition.kind {
    case .number, .integer: break
    case .choice, .text: throw refusal("it takes \(definition.range): list its values with commas")
    }
    let numbers = bounds.compactMap(decimal)
    guard bounds.count == 3, numbers.count == 3 else {
      throw refusal("a range is A:B:STEP, three numbers")
    }
    let (first, last, step) = (numbers[0], numbers[1], numbers[2])
    guard step > 0 else { throw refusal("the step must be above 0") }
    guard first <= last else { throw refusal("the range ends before it begins") }
    var values: [String] = []
    while true {
      // Each from the first, in decimal digits: nothing is rounded, and nothing adds up.
      let value = first + Decimal(values.count) * step
      if value > last { return values }
      guard values.count < mostRuns else { throw refusal("more than \(mostRuns) values") }
      values.append(value.description)
    }
  }

  /// A number of at most 30 digits; Decimal has 38.
  private static func decimal(_ text: String) -> Decimal? {
    guard text.wholeMatch(of: /[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?/) != nil,
      text.count <= 30
    else { return nil }
    return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))
  }
}

/// The runs of some sweeps: all combinations of their values.
public struct SweepPlan: Sendable {
  /// The settings of each run, in the order in which they are computed: `dbscan.radius=0.5`. What an early stage reads
  /// changes least often, so that most is shared.
  public let settings: [[(name: String, value: String)]]
  /// The parameters, in the order in which they were given.
  public let names: [String]

  /// The grid of some sweeps.
  ///
  /// - Throws: ``ParameterError``: a parameter twice, more than ``ParameterSweep/mostRuns`` runs.
  public init(_ sweeps: [ParameterSweep]) throws(ParameterError) {
    let names = sweeps.map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw ParameterError("--sweep \(twice): it is given twice")
    }
    var count = 1
    for sweep in sweeps where count <= ParameterSweep.mostRuns { count *= sweep.values.count }
    guard count <= ParameterSweep.mostRuns else {
      throw ParameterError(
        "--sweep: \(count) runs or more, and at most \(ParameterSweep.mostRuns) are started at once"
      )
    }
    func order(_ sweep: ParameterSweep) -> Int {
      PipelineStage.reading(sweep.name).flatMap { PipelineStage.allCases.firstIndex(of: $0) } ?? 0
    }
    // Sorting is stable.
    let slowestFirst = sweeps.sorted { order($0) < order($1) }
    var grid: [[(name: String, value: String)]] = [[]]
    for sweep in slowestFirst {
      grid = grid.flatMap { before in sweep.values.map { before + [(sweep.name, $0)] } }
    }
    (settings, self.names) = (grid, names)
  }
}
