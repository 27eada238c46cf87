import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

/// `ingest --sweep`: one scan with many parameter sets, a line or an object for each.
struct IngestSweep {
  /// A run of the sweep.
  private struct Member {
    let settings: [(name: String, value: String)]
    let parameters: ParameterSet

    var words: String { settings.map { "\($0.name)=\($0.value)" }.joined(separator: ", ") }

    /// The values as they are stored: numbers as numbers.
    var json: JSONText {
      .object(
        settings.map { name, value in
          (name, parameters.number(name).map { .number($0) } ?? .string(value))
        })
    }
  }

  private let members: [Member]
  private let names: [String]

  /// The runs of some sweeps.
  ///
  /// - Parameter parameters: makes a run's parameters: what was given without the sweeps, and the swept settings.
  /// - Throws: ``ParameterError``, before anything is computed.
  init(
    _ sweeps: [String], given: [String], parameters: ([String]) throws -> ParameterSet
  ) throws {
    let plan = try SweepPlan(sweeps.map { try ParameterSweep($0) })
    names = plan.names
    if let twice = names.first(where: { name in given.contains { $0.hasPrefix(name + "=") } }) {
      throw ValidationError("--sweep \(twice) and --set \(twice) are two values: give one")
    }
    members = try plan.settings.map { settings in
      Member(
        settings: settings,
        parameters: try parameters(settings.map { "\($0.name)=\($0.value)" }))
    }
  }

  /// Runs all of them on a scan: the worst exit code.
  func run(
    _ scan: Scan, _ request: ScanRequest, _ path: String, sample: String, _ ingest: Ingest,
    _ catalog: Catalog, isJSON: Bool, whyNew: Bool
  ) throws -> Int32 {
    var worst: Int32 = 0
    var difference: RunDifference?
    func name(_ number: Int) {
      ProgressLine.shared.name("run \(min(number + 1, members.count)) of \(members.count)")
    }
    name(0)
    defer { ProgressLine.shared.name("") }
    try ingest.sweep(
      scan, of: request, sample: sample, over: members.map(\.parameters),
      explain: whyNew ? { difference = $0 } : nil
    ) { number, outcome in
      name(number + 1)
      let member = members[number]
      let head: [(String, JSONText)] = [
        ("path", .string(path)), ("part", scan.part.map { .string($0) } ?? .null),
        ("sweep", member.json),
      ]
      if !isJSON, let found = difference { Output.write("\(member.words): \(found.text)") }
      do {
        try report(
          try outcome.get(), member, head + (difference.map { [("why_new", $0.json)] } ?? []),
          catalog, isJSON)
      } catch {
        guard var failure = Failure(error) else { throw error }
        failure = Failure("\(member.words): \(failure.message)", exitCode: failure.exitCode)
        failure.report()
        worst = max(worst, failure.exitCode)
        if isJSON { Output.line(failure.json(ofIngest: head).text) }
      }
      difference = nil
    }
    return worst
  }

  /// What to ask next, in words.
  func tell() {
    for name in names {
      Output.remark(
        "what follows from it: lodestone query parameter-sensitivity --param parameter=\(name)")
    }
  }

  private func report(
    _ outcome: Ingest.Outcome, _ member: Member, _ head: [(String, JSONText)], _ catalog: Catalog,
    _ isJSON: Bool
  ) throws {
    let report = try RunReport(catalog: catalog, run: outcome.runID)
    if isJSON {
      Output.line(
        JSONText.object(
          [
            ("schema", .string("lodestone.ingest/1")), ("status", .string(outcome.status.rawValue)),
          ] + head + report.members + outcome.timing()
        ).text)
    } else {
      let seconds = outcome.stages.reduce(0) { $0 + $1.seconds }
      Output.write(
        "\(outcome.status.rawValue): \(member.words): run \(outcome.runID.prefix(12)), \(report.inShort), "
          + String(format: "%.2f s\n", seconds))
    }
  }
}
