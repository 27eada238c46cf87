import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog

/// Names for clusters across results.
struct PhaseCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "phase", abstract: "Name clusters across results, and see which belongs where.",
    discussion: """
      Labels of two scans have no common meaning: phases give them one. A phase is a name with a rule; clusters are assigned \
      by it when they are stored, and anew when a rule changes. What fits two phases alike, or lies at a rule's limit, is \
      ambiguous, and belongs to none.
      """,
    subcommands: [
      Define.self, Suggest.self, List.self, Show.self, Assign.self, Remove.self,
    ])

  static let examples = [
    "lodestone phase suggest",
    #"lodestone phase define Nd-rich --where "nd_fraction>=0.3""#,
    "lodestone phase show Nd-rich",
  ]

  /// What a phase's name may be.
  static func validate(name: String) throws {
    guard GivenName.isUsable(name), !name.hasPrefix("("),
      name.first?.isWhitespace == false, name.last?.isWhitespace == false
    else {
      throw ValidationError(
        "a phase's name has 1 to 200 visible characters, no bracket before and no space around")
    }
  }

  struct Define: DocumentedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Define a phase by what its clusters have in common.",
      discussion: """
        A cluster must meet every condition. --where bounds a number of the cluster, both bounds inside: QUANTITY=LOW..HIGH, \
        QUANTITY>=LOW, QUANTITY<=HIGH; the numbers are those of `lodestone audit RUN:CLUSTER`: nd_fraction, share, \
        Nd-L3.white_line_height, Fe-K.derivative_ev, Fe.step, Nd/Fe.ratio, ... --near takes a cluster (RUN:CLUSTER) or a \
        reference spectrum (NAME=FILE, or FILE: XDI, .nor, columns) and --within the largest distance: the share of the \
        spectrum's structure that the other does not explain, thickness and a straight line aside (0 to 1). Defined again, a \
        phase has the new rule.
        """)

    static let examples = [
      #"lodestone phase define Nd2Fe14B --where "nd_fraction=0.08..0.2""#,
      #"lodestone phase define Nd-rich --where "nd_fraction>=0.3" --meaning "altered layer and boundary phase""#,
      "lodestone phase define altered --near 3f2a:2 --within 0.06",
      "lodestone phase define oxide --near fe2o3.xdi --within 0.1",
    ]

    @OptionGroup var catalog: CatalogOptions

    @Argument(help: "The phase's name.", completion: Completions.phase)
    var name: String

    @Option(
      name: .customLong("where"), parsing: .unconditionalSingleValue,
      help: ArgumentHelp("Bounds of a number. May be repeated.", valueName: "bounds"))
    var bounds: [String] = []

    @Option(
      help: ArgumentHelp(
        "A cluster or a reference spectrum. May be repeated, each with its --within.",
        valueName: "spectrum"))
    var near: [String] = []

    @Option(help: "The largest distance, above 0 and below 1.")
    var within: [Double] = []

    @Option(parsing: .unconditional, help: "What it is, in words.")
    var meaning: String?

    func validate() throws {
      try PhaseCommand.validate(name: name)
      guard !bounds.isEmpty || !near.isEmpty else {
        throw ValidationError("a phase needs a condition: --where or --near")
      }
      guard near.count == within.count else {
        throw ValidationError("each --near has a --within: \(near.count) and \(within.count)")
      }
      guard within.allSatisfy({ $0 > 0 && $0 < 1 }) else {
        throw ValidationError("--within takes a distance above 0 and below 1")
      }
    }

    func run() throws {
      var conditions = try bounds.map(PhaseRule.Condition.init(text:))
      let catalog = try catalog.open(.write)
      var spectra: [ReferenceSpectrum] = []
      for (text, within) in zip(near, within) {
        let target = try self.target(text, catalog, &spectra)
        conditions.append(.near(target, within: within))
      }
      try remarkUnknown(conditions, catalog)
      let outcome = try catalog.define(
        phase: name, as: PhaseRule(meaning: meaning, conditions: conditions), spectra: spectra)
      Output.remark(
        "\(name) is defined\(outcome.isNew ? "" : " so already"): " + outcome.text(ofPhase: name))
    }

    /// Says which of the numbers that have bounds the newest run does not have: a misspelt element, perhaps.
    private func remarkUnknown(
      _ conditions: [PhaseRule.Condition], _ catalog: Catalog
    ) throws {
      guard let run = try? catalog.resolveRun("@last"), try catalog.storedResult(of: run) != nil
      else { return }
      let clusters = try catalog.ask("run-clusters", run: run).rows.indices
      for case .bounds(let name, _, _) in conditions
      where try !clusters.contains(where: {
        try catalog.quantity(name, run: run, cluster: $0) != nil
      }) {
        Output.remark("no cluster of the newest run has a number \(name)")
      }
    }

    /// A cluster, or a spectrum from a file.
    private func target(
      _ text: String, _ catalog: Catalog, _ spectra: inout [ReferenceSpectrum]
    ) throws -> PhaseRule.Target {
      let path = text.split(separator: "=", maxSplits: 1).last.map(String.init) ?? text
      let isAddress = text.wholeMatch(of: /(tag:)?[^:=\/]+:-?\d+/) != nil
      if isAddress, !FileManager.default.fileExists(atPath: path) {
        let place = try ClusterAddress(text, in: catalog)
        try place.require(in: catalog)
        return .cluster(run: place.run, label: place.cluster)
      }
      let name = (path as NSString).lastPathComponent.filter {
        $0.isLetter || $0.isNumber || "-_.+".contains($0)
      }
      let reference = try NamedReference(
        argument: text.contains("=") ? text : "\(name.isEmpty ? "reference" : name)=\(text)",
        option: "--near")
      spectra.append(reference.spectrum)
      return .spectrum(id: reference.spectrum.id, name: reference.name)
    }
  }

  struct List: DocumentedCommand {
    static let configuration = CommandConfiguration(abstract: "List the phases.")
    static let examples = ["lodestone phase list", "lodestone phase list --json"]

    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
      let catalog = try catalog.open(.read)
      let table = try catalog.ask(StoredQuery.named("phases"))
      Output.table(
        table, as: format.chosen, verb: "phase", fields: [("of", .string("list"))],
        phases: try Output.colours(ofPhasesIn: table, catalog))
    }
  }

  struct Show: DocumentedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a phase's rule, and the clusters that it concerns.")
    static let examples = ["lodestone phase show Nd-rich"]

    @OptionGroup var catalog: CatalogOptions

    @Argument(help: "The phase's name.", completion: Completions.phase)
    var name: String

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let catalog = try catalog.open(.read)
      let rule = try catalog.rule(ofPhase: name)
      let stored = GivenName.stored(name)
      let phases = try catalog.ask(StoredQuery.named("phases")).filtered("phase", stored)
      let rules = try catalog.ask(StoredQuery.named("phase-rules")).filtered("phase", stored)
      // By name, and not by the pattern that the query takes: a name may hold a star.
      let all = try catalog.ask(StoredQuery.named("phase-clusters"))
      let (best, second) = (
        all.columns.firstIndex(of: "phase"), all.columns.firstIndex(of: "second")
      )
      let clusters = AnswerTable(
        columns: all.columns,
        rows: all.rows.filter { row in
          [best, second].contains { $0.map { row[$0].text == stored } ?? false }
        })
      if json {
        Output.line(
          JSONText.object([
            ("schema", .string("lodestone.phase/1")), ("phase", .string(stored)),
            ("definition", JSONText(row: phases.rows.first ?? [], of: phases)),
            ("conditions", JSONText(rules)), ("clusters", JSONText(clusters)),
          ]).text)
        return
      }
      let said = "defined by \(phases.value("author").text), \(phases.value("recorded_at").text)"
      Output.write("\(stored.shown)\(rule.meaning.map { ": \($0.shown)" } ?? ""), \(said)\n")
      for condition in rule.conditions { Output.write("  \(condition.text)\n") }
      let table = TextTable(clusters.dropping(["definition_id", "author"]), all: "--json")
        .withSwatches(try Output.colours(ofPhasesIn: clusters, catalog), in: "phase")
      Output.write("\n" + table.text(on: .output))
    }
  }

  struct Assign: DocumentedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Assign a cluster by hand, or all of them anew by the rules.",
      discussion: """
        Runs are assigned when they are stored, and all of them when a phase is defined. Without arguments all are assigned \
        anew: after a merge, which brings phases or runs of another catalog. A cluster that was assigned by hand is left \
        alone by the rules, until --undo.
        """)
    static let examples = [
      "lodestone phase assign", "lodestone phase assign 3f2a:1 Nd-rich",
      "lodestone phase assign 3f2a:1 --undo",
    ]

    @OptionGroup var catalog: CatalogOptions

    @Argument(
      help: ArgumentHelp("The cluster: RUN:CLUSTER.", valueName: "cluster"),
      completion: Completions.run)
    var cluster: String?

    @Argument(help: "The phase's name.", completion: Completions.phase)
    var name: String?

    @Flag(help: "Leave the cluster to the rules again.")
    var undo = false

    func validate() throws {
      if cluster != nil, name == nil, !undo { throw ValidationError("name the phase too") }
      if undo, cluster == nil || name != nil {
        throw ValidationError("--undo takes a cluster, and no phase")
      }
    }

    func run() throws {
      let catalog = try catalog.open(.write)
      guard let cluster else {
        let outcome = try catalog.assignPhases()
        Output.remark(outcome.text(ofPhase: nil))
        return
      }
      let place = try ClusterAddress(cluster, in: catalog)
      try place.require(in: catalog)
      let isNew = try catalog.assign(phase: name, toCluster: place.cluster, ofRun: place.run)
      let what = name.map { "is of \($0)" } ?? "is left to the rules"
      Output.remark(
        "cluster \(place.run.prefix(12)):\(place.cluster) \(what)\(isNew ? "" : " already")")
    }
  }

  struct Remove: DocumentedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a phase: what was said of it is kept.")
    static let examples = ["lodestone phase remove Nd-rich"]

    @OptionGroup var catalog: CatalogOptions

    @Argument(help: "The phase's name.", completion: Completions.phase)
    var name: String

    func run() throws {
      let outcome = try catalog.open(.write).remove(phase: name)
      Output.remark("\(name) is removed: " + outcome.text(ofPhase: nil))
    }
  }
}

extension Catalog.PhaseOutcome {
  /// One line.
  fileprivate func text(ofPhase name: String?) -> String {
    func words(_ count: Int, _ what: String) -> String {
      "\(count) \(what)\(count == 1 ? "" : "s")"
    }
    let unsure =
      ambiguous == 0 ? "" : ", \(ambiguous) more \(ambiguous == 1 ? "is" : "are") ambiguous"
    return "\(words(assigned, "cluster")) of \(words(runs, "run")) "
      + "\(assigned == 1 ? "belongs" : "belong") to \(name == nil ? "a phase" : "it")" + unsure
      + " (\(words(changedRuns, "run")) changed)"
      + lost.sorted { $0.key < $1.key }.map { "; \($0.key.shown) loses \($0.value)" }.joined()
  }
}

extension AnswerTable {
  /// The rows with a text in a column.
  func filtered(_ column: String, _ text: String) -> AnswerTable {
    guard let place = columns.firstIndex(of: column) else { return self }
    return AnswerTable(columns: columns, rows: rows.filter { $0[place].text == text })
  }
}

extension PhaseRule.Condition {
  /// Bounds as they are typed.
  fileprivate init(text: String) throws {
    func number(_ word: Substring) throws -> Double {
      guard let number = Double(word), number.isFinite else {
        throw ValidationError("--where \(text): \"\(word)\" is no number")
      }
      return number
    }
    let parts: (name: Substring, low: Double?, high: Double?)
    if let range = text.range(of: ">=") {
      parts = (text[..<range.lowerBound], try number(text[range.upperBound...]), nil)
    } else if let range = text.range(of: "<=") {
      parts = (text[..<range.lowerBound], nil, try number(text[range.upperBound...]))
    } else if let equals = text.firstIndex(of: "="),
      let dots = text[equals...].range(of: "..")
    {
      let (low, high) = (
        text[text.index(after: equals)..<dots.lowerBound], text[dots.upperBound...]
      )
      parts = (
        text[..<equals], low.isEmpty ? nil : try number(low), high.isEmpty ? nil : try number(high)
      )
    } else {
      throw ValidationError(
        "--where \(text): write QUANTITY=LOW..HIGH, QUANTITY>=LOW or QUANTITY<=HIGH")
    }
    let name = parts.name.trimmingCharacters(in: .whitespaces)
    guard parts.low != nil || parts.high != nil else {
      throw ValidationError("--where \(text): no bound")
    }
    if let low = parts.low, let high = parts.high, low > high {
      throw ValidationError("--where \(text): \(low) is above \(high)")
    }
    guard Catalog.isClusterQuantity(name) else {
      throw ValidationError(
        "--where \(text): no number of clusters is called \"\(name)\": see lodestone audit RUN:CLUSTER"
      )
    }
    self = .bounds(quantity: name, low: parts.low, high: parts.high)
  }
}
