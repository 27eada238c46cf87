import Foundation
import PhaseCatalog
import TestSupport
import Testing

/// Phases: rules, what follows from them for the clusters, and what is kept of it.
///
/// Of the sample run, cluster 0 has 3 pixels, a share of 0.6 +- 0.125 and an Nd fraction of 0.25 +- 0.01; cluster 1 has 1
/// pixel, a share of 0.2 and an Nd fraction of 1 +- 0.01. Pixels and the second share have no error.
@Suite struct PhaseTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private let run = Sample.run().id

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    try Sample.store(in: catalog)
  }

  private func rows(_ sql: String, of catalog: Catalog? = nil) throws -> [[AnswerTable.Value]] {
    try UserSQL(path: (catalog ?? self.catalog).path).answer(sql).rows
  }

  /// The last word on a run's clusters: label, outcome, phase, score, margin, second.
  private func parts(_ run: String? = nil) throws -> [[AnswerTable.Value]] {
    try rows(
      """
      SELECT label, outcome, phase, score, margin, second FROM phase_assignment
      WHERE run_id = '\(run ?? self.run)' ORDER BY label
      """)
  }

  private func part(
    _ label: Int64, _ outcome: String, _ phase: String?, _ score: Double?, _ margin: Double?,
    _ second: String? = nil
  ) -> [AnswerTable.Value] {
    func text(_ value: String?) -> AnswerTable.Value { value.map { .text($0) } ?? .null }
    func number(_ value: Double?) -> AnswerTable.Value { value.map { .real($0) } ?? .null }
    return [
      .integer(label), .text(outcome), text(phase), number(score), number(margin), text(second),
    ]
  }

  private func bounds(_ quantity: String, _ low: Double?, _ high: Double? = nil) -> PhaseRule {
    PhaseRule(conditions: [.bounds(quantity: quantity, low: low, high: high)])
  }

  private func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: catalog.path)) }

  private func findings(_ catalog: Catalog) throws -> [String] {
    try catalog.check(.deep, decode: Sample.decode).findings
  }

  // MARK: Rules

  @Test func definingAssigns() throws {
    #expect(try parts().isEmpty)
    let rule = PhaseRule(
      meaning: "grains", conditions: [.bounds(quantity: "nd_fraction", low: 0.1, high: 0.4)])
    let outcome = try catalog.define(phase: "matrix", as: rule)
    #expect(outcome.isNew && outcome.runs == 1 && outcome.changedRuns == 1)
    #expect(outcome.assigned == 1 && outcome.ambiguous == 0)
    #expect(
      try parts() == [part(0, "assigned", "matrix", 1, 1), part(1, "none", nil, 0, 1)])
    #expect(try catalog.rule(ofPhase: "matrix") == rule)
    #expect(
      try rows("SELECT phase, number, quantity, low, high, within FROM phase_rule") == [
        [.text("matrix"), .integer(1), .text("nd_fraction"), .real(0.1), .real(0.4), .null]
      ])
    // The event names the definition that it follows from.
    #expect(
      try rows(
        """
        SELECT count(*) FROM phase_assignment AS part JOIN phase USING (definition_id)
        WHERE part.result_id = '\(Sample.result.id(runID: run))' AND part.label = 0
        """) == [[.integer(1)]])
    #expect(try catalog.ask("run-clusters", run: run).value("phase") == .text("matrix"))
    #expect(try catalog.ask("run-clusters", run: run).value("phase", row: 1) == .null)
    #expect(try findings(catalog) == [])
  }

  /// A bound belongs to what it bounds.
  @Test(
    arguments: [
      (3.0, nil, [0]), (nil, 3.0, [0, 1]), (3, 3, [0]), (1, 3, [0, 1]), (3.5, nil, []), (1, 1, [1]),
      (nil, 0.5, []),
    ] as [(Double?, Double?, [Int64])])
  func boundsBelong(low: Double?, high: Double?, labels: [Int64]) throws {
    try catalog.define(phase: "big", as: bounds("pixels", low, high))
    #expect(
      try parts()
        == (0..<2).map { label in
          labels.contains(label)
            ? part(label, "assigned", "big", 1, 1) : part(label, "none", nil, 0, 1)
        })
  }

  /// All conditions count: a cluster is as good as the one that it meets worst.
  @Test func theWorstConditionCounts() throws {
    try catalog.define(
      phase: "both",
      as: PhaseRule(conditions: [
        .bounds(quantity: "pixels", low: 1, high: nil),
        .bounds(quantity: "nd_fraction", low: nil, high: 0.5),
        .bounds(quantity: "share", low: 0.5, high: nil),
      ]))
    // The share is 0.8 standard errors inside: the normal distribution's integral up to 0.8.
    let own = try parts()
    #expect(own[0] == part(0, "assigned", "both", 0.7881, 0.5762))
    #expect(own[1] == part(1, "none", nil, 0, 1))
  }

  /// What is not measured meets no bound.
  @Test func whatIsNotMeasured() throws {
    try catalog.define(phase: "thick", as: bounds("thickness_um", 0))
    #expect(
      try parts() == [part(0, "assigned", "thick", 1, 1), part(1, "none", nil, 0, 1)])
    try catalog.define(phase: "thick", as: bounds("thickness_um", nil, nil))
    #expect(
      try parts() == [part(0, "assigned", "thick", 1, 1), part(1, "none", nil, 0, 1)])
  }

  /// At the limit, one half: nobody should take the cluster for either.
  @Test func ambiguousAtTheBound() throws {
    let outcome = try catalog.define(phase: "limit", as: bounds("nd_fraction", 0.25))
    #expect(outcome.assigned == 1 && outcome.ambiguous == 1)
    #expect(
      try parts() == [
        part(0, "ambiguous", "limit", 0.5, 0), part(1, "assigned", "limit", 1, 1),
      ])
    #expect(try catalog.ask("run-clusters", run: run).value("phase") == .null)
  }

  /// Up to a quarter of a standard error from a bound, on both sides of it.
  @Test(arguments: [
    (0.24, "ambiguous"), (0.1, "ambiguous"), (-0.1, "ambiguous"), (-0.24, "ambiguous"),
    (0.27, "none"), (1.5, "none"), (-0.27, "assigned"), (-1.5, "assigned"),
  ])
  func nearABound(errors: Double, outcome: String) throws {
    // The cluster's standard error is 0.01.
    try catalog.define(phase: "p", as: bounds("nd_fraction", 0.25 + 0.01 * errors, 0.9))
    let own = try parts()[0]
    #expect(own[1] == .text(outcome) && own[2] == .text("p"))
    let score = try #require(own[3].number)
    #expect(errors > 0 ? score < 0.5 : score > 0.5)
    let margin = try #require(own[4].number)
    #expect((0...1).contains(margin))
    if outcome != "ambiguous" { #expect(margin >= 0.2) }
    #expect(try findings(catalog) == [])
  }

  /// The same at an upper bound, and where the error is that of the parts of the sample.
  @Test(arguments: [(-0.2, "ambiguous"), (0.2, "ambiguous"), (-0.3, "none"), (0.3, "assigned")])
  func nearAnUpperBound(errors: Double, outcome: String) throws {
    try catalog.define(phase: "p", as: bounds("share", nil, 0.6 + 0.125 * errors))
    #expect(try parts()[0][1] == .text(outcome))
    // Both errors together.
    var result = Sample.result
    result.clusters[0].estimates = [
      .init(quantity: "Nd.atomic_fraction", value: 0.25, error: 0.075.squareRoot())
    ]
    result.clusters[0].elements[0].atomicFractionError = 0.05.squareRoot()
    let wide = Sample.run(radius: 2)
    try Sample.store(
      in: catalog, run: wide, result: result, execution: Sample.execution(second: 2))
    let error = (0.05 + 0.075).squareRoot()
    try catalog.define(phase: "p", as: bounds("nd_fraction", nil, 0.25 + error * errors))
    #expect(try parts(wide.id)[0][1] == .text(outcome))
  }

  @Test func twoPhasesThatFitAlike() throws {
    try catalog.define(phase: "b", as: bounds("pixels", 2))
    try catalog.define(phase: "a", as: bounds("pixels", 3))
    #expect(
      try parts() == [part(0, "ambiguous", "a", 1, 0, "b"), part(1, "none", nil, 0, 1)])
    // Of either, it is one that is ambiguous.
    let outcome = try catalog.define(phase: "b", as: bounds("pixels", 1))
    #expect(outcome.ambiguous == 1 && outcome.assigned == 1)
    #expect(
      try parts() == [part(0, "ambiguous", "a", 1, 0, "b"), part(1, "assigned", "b", 1, 1)])
    // Hardly better is alike too: 0.7881 against 1 is not, 0.9 is.
    try catalog.define(phase: "b", as: bounds("share", 0.5))
    #expect(try parts()[0] == part(0, "assigned", "a", 1, 0.2119, "b"))
    try catalog.define(phase: "b", as: bounds("share", 0.44))
    let own = try parts()[0]
    #expect(own[1] == .text("ambiguous") && own[2] == .text("a") && own[5] == .text("b"))
  }

  // MARK: Distances

  /// Eight energies and more: a scan, its run, and a result whose clusters have these spectra.
  private func store(_ seed: Int, _ spectra: [[Double]], radius: Double = 1) throws -> RunRecord {
    var size = MadeRecords.Size.small
    (size.energies, size.clusters) = (12, spectra.count)
    let made = MadeRecords(size)
    var result = made.result(seed)
    for (place, values) in spectra.enumerated() { result.clusters[place].meanSpectrum = values }
    let run = made.run(seed, radius: radius)
    try catalog.store(
      scan: made.scan(seed), sample: "S", sighting: nil, run: run, answer: .result(result),
      execution: made.execution(second: seed))
    return run
  }

  private let energies = (0..<12).map { 6150 + 9.25 * Double($0) }
  /// A step with a peak, a wave, and a step later.
  private let shapes: [[Double]] = [
    [0, 0, 0, 0, 2, 1, 1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1, 1],
  ]

  /// A reference that no result was fitted with is stored with the definition.
  @Test func nearASpectrum() throws {
    let own = try store(1, [shapes[0].map { 3 * $0 + 0.5 }, shapes[1]])
    let reference = ReferenceSpectrum(energies: energies, values: shapes[0])
    let known =
      "SELECT count(*) FROM reference_spectrum WHERE reference_spectrum_id = '\(reference.id)'"
    #expect(try rows(known) == [[.integer(0)]])
    let rule = PhaseRule(
      conditions: [.near(.spectrum(id: reference.id, name: "step"), within: 0.25)])
    try catalog.define(phase: "step", as: rule, spectra: [reference])
    #expect(try rows(known) == [[.integer(1)]])
    let found = try parts(own.id)
    #expect(found[0][1] == .text("assigned") && found[0][2] == .text("step"))
    #expect(try #require(found[0][3].number) > 0.999)
    #expect(found[1][1] == .text("none"))
    // Four energies are too few to say.
    #expect(try parts().allSatisfy { $0[1] == .text("none") })
    #expect(try catalog.rule(ofPhase: "step") == rule)
    #expect(try findings(catalog) == [])
    // In a later run it is looked for too.
    let later = try store(2, [shapes[1], shapes[0]])
    #expect(try parts(later.id).map { $0[1] } == [.text("none"), .text("assigned")])
  }

  /// 1 at no distance, one half at the limit, 0 at twice the limit.
  @Test func nearACluster() throws {
    let own = try store(1, [shapes[0], shapes[2]])
    let distance = try #require(
      spectrumDistance(
        Spectrum(energies: energies, values: shapes[0]),
        Spectrum(energies: energies, values: shapes[2])))
    for (share, outcome, score) in [
      (1.0, "ambiguous", 0.5), (0.5, "none", 0), (0.75, "none", 1 - 1 / 1.5),
      (1.6, "assigned", 0.6875),
    ] {
      let within = distance * share
      try catalog.define(
        phase: "like",
        as: PhaseRule(conditions: [.near(.cluster(run: own.id, label: 0), within: within)]))
      let found = try parts(own.id)
      #expect(found[0] == part(0, "assigned", "like", 1, 1))
      #expect(found[1][1] == .text(outcome), "\(share)")
      #expect(abs(try #require(found[1][3].number) - score) < 1e-4, "\(share)")
    }
    #expect(
      try rows("SELECT run_id, label, quantity FROM phase_rule") == [
        [.text(own.id), .integer(0), .null]
      ])
    // What is not here is near nothing.
    try catalog.define(
      phase: "like",
      as: PhaseRule(conditions: [
        .near(.cluster(run: String(repeating: "0", count: 64), label: 0), within: 0.5)
      ]))
    #expect(try parts(own.id).allSatisfy { $0[1] == .text("none") })
    #expect(try findings(catalog) == [])
  }

  // MARK: What changes

  @Test func theLastDefinitionCounts() throws {
    try catalog.define(phase: "p", as: bounds("pixels", 3))
    let outcome = try catalog.define(phase: "p", as: bounds("pixels", nil, 1))
    #expect(outcome.isNew && outcome.changedRuns == 1 && outcome.assigned == 1)
    #expect(
      try parts() == [part(0, "none", nil, 0, 1), part(1, "assigned", "p", 1, 1)])
    #expect(try rows("SELECT count(*) FROM phase") == [[.integer(1)]])
    // What was said before is kept.
    #expect(
      try rows("SELECT kind, count(*) FROM event WHERE kind GLOB 'phase.*' GROUP BY 1 ORDER BY 1")
        == [
          [.text("phase.assign"), .integer(2)], [.text("phase.define"), .integer(2)],
        ])
    // A meaning alone is another definition; no cluster changes its phase, but it follows from this one.
    var rule = bounds("pixels", nil, 1)
    rule.meaning = "small"
    #expect(try catalog.define(phase: "p", as: rule).isNew)
    #expect(try catalog.rule(ofPhase: "p").meaning == "small")
    #expect(
      try rows("SELECT count(*) FROM phase_assignment JOIN phase USING (definition_id)")
        == [[.integer(1)]])
    #expect(try findings(catalog) == [])
  }

  @Test func theSameAgainWritesNothing() throws {
    try catalog.define(phase: "p", as: bounds("pixels", 3))
    let before = try bytes()
    let again = try catalog.define(phase: "p", as: bounds("pixels", 3))
    #expect(!again.isNew && again.changedRuns == 0 && again.assigned == 1)
    let all = try catalog.assignPhases()
    #expect(all.runs == 1 && all.changedRuns == 0 && all.assigned == 1)
    #expect(try bytes() == before)
  }

  @Test func withoutPhasesNothingIsSaid() throws {
    let before = try bytes()
    let outcome = try catalog.assignPhases()
    #expect(outcome.changedRuns == 0 && outcome.assigned == 0)
    #expect(try bytes() == before)
  }

  @Test func byHandIsLeftAlone() throws {
    try catalog.define(phase: "p", as: bounds("pixels", 3))
    #expect(try catalog.assign(phase: "p", toCluster: 1, ofRun: run))
    #expect(
      try parts() == [part(0, "assigned", "p", 1, 1), part(1, "assigned", "p", nil, nil)])
    let before = try bytes()
    #expect(try catalog.assign(phase: "p", toCluster: 1, ofRun: run) == false)
    #expect(try bytes() == before)
    // Neither a new rule, nor another phase, nor assigning all anew takes it away.
    try catalog.define(phase: "p", as: bounds("pixels", 5))
    try catalog.define(phase: "q", as: bounds("pixels", nil, 2))
    try catalog.assignPhases()
    #expect(
      try parts() == [part(0, "none", nil, 0, 1), part(1, "assigned", "p", nil, nil)])
    #expect(
      try rows("SELECT definition_id FROM phase_assignment WHERE label = 1") == [[.null]])
    // Another hand does.
    #expect(try catalog.assign(phase: "q", toCluster: 1, ofRun: run))
    #expect(try parts()[1] == part(1, "assigned", "q", nil, nil))
    #expect(try findings(catalog) == [])
  }

  @Test func removing() throws {
    try catalog.define(phase: "p", as: bounds("pixels", 3))
    try catalog.define(phase: "q", as: bounds("pixels", nil, 2))
    let outcome = try catalog.remove(phase: "p")
    #expect(outcome.changedRuns == 1 && outcome.assigned == 1)
    #expect(
      try parts() == [part(0, "none", nil, 0, 1), part(1, "assigned", "q", 1, 1)])
    #expect(try rows("SELECT phase FROM phase") == [[.text("q")]])
    #expect(try rows("SELECT count(*) FROM event WHERE kind = 'phase.remove'") == [[.integer(1)]])
    // The last one too: then none fits.
    try catalog.remove(phase: "q")
    #expect(try parts() == [part(0, "none", nil, 0, 1), part(1, "none", nil, 0, 1)])
    #expect(try catalog.ask(.named("phases")).rows.isEmpty)
    // And it can come back.
    #expect(try catalog.define(phase: "p", as: bounds("pixels", 3)).isNew)
    #expect(try parts()[0] == part(0, "assigned", "p", 1, 1))
    #expect(try findings(catalog) == [])
  }

  @Test func unknownNames() throws {
    func isNotFound(_ body: () throws -> Void) -> Bool {
      let error = #expect(throws: CatalogError.self) { try body() }
      guard case .notFound? = error else { return false }
      return true
    }
    let before = try bytes()
    #expect(isNotFound { _ = try catalog.rule(ofPhase: "p") })
    #expect(isNotFound { try catalog.remove(phase: "p") })
    #expect(isNotFound { try catalog.assign(phase: "p", toCluster: 0, ofRun: run) })
    #expect(try bytes() == before)
    try catalog.define(phase: "p", as: bounds("pixels", 3))
    let defined = try bytes()
    #expect(isNotFound { try catalog.assign(phase: "p", toCluster: 2, ofRun: run) })
    #expect(isNotFound { try catalog.assign(phase: "p", toCluster: -1, ofRun: run) })
    #expect(
      isNotFound {
        try catalog.assign(
          phase: "p", toCluster: 0, ofRun: String(repeating: "0", count: 64))
      })
    #expect(isNotFound { try catalog.remove(phase: "P") })
    #expect(try bytes() == defined)
    try catalog.remove(phase: "p")
    #expect(isNotFound { try catalog.remove(phase: "p") })
    #expect(isNotFound { _ = try catalog.rule(ofPhase: "p") })
  }

  /// Names that look the same are the same, however they are composed.
  @Test func namesAreNormalised() throws {
    try catalog.define(phase: "cafe\u{301}", as: bounds("pixels", 3))
    #expect(try catalog.rule(ofPhase: "caf\u{E9}").conditions.count == 1)
    #expect(try !catalog.define(phase: "caf\u{E9}", as: bounds("pixels", 3)).isNew)
    try catalog.assign(phase: "cafe\u{301}", toCluster: 1, ofRun: run)
    #expect(
      try rows(
        "SELECT DISTINCT length(CAST(phase AS BLOB)) FROM phase_score WHERE phase IS NOT NULL")
        == [[.integer(5)]])
    try catalog.remove(phase: "caf\u{E9}")
    #expect(try rows("SELECT count(*) FROM phase") == [[.integer(0)]])
  }

  // MARK: Runs

  /// In one transaction with the run: one entry of the ledger holds both.
  @Test func aLaterRunIsAssignedWithItself() throws {
    try catalog.define(phase: "p", as: bounds("pixels", 3))
    let entries = "SELECT max(entry) FROM ledger"
    let before = try #require(try rows(entries)[0][0].number)
    let later = Sample.run(radius: 2)
    try Sample.store(in: catalog, run: later, execution: Sample.execution(second: 2))
    #expect(try rows(entries) == [[.integer(Int64(before) + 1)]])
    let tables = try rows("SELECT table_name FROM ledger WHERE entry > \(before)").map {
      $0[0].text
    }
    #expect(Set(["run", "result", "event", "phase_score"]).isSubset(of: tables))
    #expect(
      try parts(later.id) == [part(0, "assigned", "p", 1, 1), part(1, "none", nil, 0, 1)])
    // Stored again, it is not said again.
    try Sample.store(
      in: catalog, run: later, execution: Sample.execution(second: 3))
    #expect(
      try rows("SELECT count(*) FROM event WHERE subject = '\(later.id)'") == [[.integer(1)]])
    #expect(try findings(catalog) == [])
  }

  /// A retraction may be undone: its run is assigned too. What failed has no clusters.
  @Test func retractedAndFailedRuns() throws {
    let failed = Sample.run(radius: 3)
    try catalog.store(
      scan: Sample.scan(), sample: "M1", sighting: nil, run: failed, answer: .failure("no"),
      execution: Sample.execution(second: 3))
    try catalog.retract(.run(run), reason: "wrong references")
    let outcome = try catalog.define(phase: "p", as: bounds("pixels", 3))
    #expect(outcome.runs == 1 && outcome.changedRuns == 1)
    #expect(try parts()[0] == part(0, "assigned", "p", 1, 1))
    #expect(try parts(failed.id).isEmpty)
    #expect(
      try rows("SELECT count(*) FROM event WHERE subject = '\(failed.id)'") == [[.integer(0)]])
    #expect(throws: CatalogError.self) {
      try catalog.assign(phase: "p", toCluster: 0, ofRun: failed.id)
    }
    // A run that failed after the phase was defined has none either.
    let second = Sample.run(radius: 4)
    try catalog.store(
      scan: Sample.scan(), sample: "M1", sighting: nil, run: second, answer: .failure("no"),
      execution: Sample.execution(second: 4))
    #expect(try parts(second.id).isEmpty)
    #expect(try rows("SELECT * FROM phase_overview").isEmpty)
    #expect(try catalog.ask(.named("phases")).value("clusters") == .integer(0))
    try catalog.undoRetraction(of: .run(run), reason: nil)
    #expect(try rows("SELECT phase FROM phase_overview ORDER BY label") == [[.text("p")], [.null]])
    #expect(try catalog.ask(.named("phases")).value("clusters") == .integer(1))
    #expect(try findings(catalog) == [])
  }

  /// Only what is assigned has a phase there; without any definition there is no outcome either.
  @Test func theOverview() throws {
    let overview = "SELECT label, phase, outcome, sample FROM phase_overview ORDER BY label"
    #expect(
      try rows(overview) == [
        [.integer(0), .null, .null, .text("M1")], [.integer(1), .null, .null, .text("M1")],
      ])
    try catalog.define(phase: "p", as: bounds("nd_fraction", 0.25))
    #expect(
      try rows(overview) == [
        [.integer(0), .null, .text("ambiguous"), .text("M1")],
        [.integer(1), .text("p"), .text("assigned"), .text("M1")],
      ])
    try catalog.define(phase: "p", as: bounds("nd_fraction", nil, 0.5))
    #expect(
      try rows(overview) == [
        [.integer(0), .text("p"), .text("assigned"), .text("M1")],
        [.integer(1), .null, .text("none"), .text("M1")],
      ])
  }

  // MARK: Several catalogs, and damage

  /// Phase events of two catalogs become one graph in either order; what each brought is then assigned by the rules of both.
  @Test func mergedCatalogs() throws {
    func other(_ name: String, seed: Int, _ body: (Catalog, String) throws -> Void) throws
      -> Catalog
    {
      _ = try Catalog.create(at: folder.file(name))
      let catalog = try Catalog(path: folder.file(name), access: .write)
      let made = MadeRecords(.small)
      try catalog.store(
        scan: made.scan(seed), sample: "S\(seed)", sighting: nil, run: made.run(seed),
        answer: .result(made.result(seed)), execution: made.execution(second: seed))
      try body(catalog, made.run(seed).id)
      // What is said within a millisecond is dated a millisecond later each.
      usleep(20_000)
      return catalog
    }
    func lines(_ catalog: Catalog) throws -> String {
      var text = ""
      _ = try catalog.exportAll { text += $0 }
      return text
    }
    func copy(_ catalog: Catalog, _ name: String) throws -> Catalog {
      #expect(try !Catalog.backUp(catalog.path, to: folder.file(name)))
      return try Catalog(path: folder.file(name), access: .write)
    }
    // 24000 and 12000 pixels, in both.
    let a = try other("a.lode", seed: 1) { catalog, run in
      try catalog.define(phase: "large", as: self.bounds("pixels", 20_000))
      try catalog.define(phase: "shared", as: self.bounds("pixels", 1, 2))
      try catalog.assign(phase: "shared", toCluster: 1, ofRun: run)
    }
    let b = try other("b.lode", seed: 2) { catalog, _ in
      try catalog.define(phase: "small", as: self.bounds("pixels", nil, 20_000))
      try catalog.define(phase: "shared", as: self.bounds("pixels", 3, 4))
    }
    let (ab, ba) = (try copy(a, "ab.lode"), try copy(b, "ba.lode"))
    _ = try ab.merge(b)
    _ = try ba.merge(a)
    #expect(try lines(ab) == lines(ba))
    // The later word on a phase counts in both.
    #expect(try ab.rule(ofPhase: "shared") == bounds("pixels", 3, 4))
    #expect(try ba.rule(ofPhase: "shared") == bounds("pixels", 3, 4))
    for catalog in [ab, ba] {
      // That of the second run: of the first, nothing changed.
      #expect(try catalog.assignPhases().changedRuns == 1)
      #expect(try catalog.assignPhases().changedRuns == 0)
      #expect(try catalog.check(.deep, decode: MadeRecords.decode).findings == [])
    }
    let assigned = """
      SELECT run_id, label, outcome, phase, score, margin, second, definition_id
      FROM phase_assignment ORDER BY run_id, label
      """
    let found = try rows(assigned, of: ab)
    #expect(try found == rows(assigned, of: ba))
    let made = MadeRecords(.small)
    let phases = Dictionary(grouping: found) { $0[0].text }.mapValues { $0.map { $0[3].text } }
    #expect(phases[made.run(1).id] == ["large", "shared"])
    #expect(phases[made.run(2).id] == ["large", "small"])
    // And those agree again when they meet.
    _ = try ab.merge(ba)
    _ = try ba.merge(ab)
    #expect(try lines(ab) == lines(ba))
    #expect(try ab.assignPhases().changedRuns == 0)
  }

  @Test(arguments: [
    "UPDATE phase_score SET phase = 'q' WHERE label = 0",
    "UPDATE phase_score SET outcome = 'ambiguous' WHERE label = 0",
    "UPDATE phase_score SET score = 0.75 WHERE label = 0",
    "DELETE FROM phase_score WHERE label = 1",
    "UPDATE phase_condition SET low = 2",
    "DELETE FROM phase_condition",
    "INSERT INTO phase_score SELECT event_key, 5, 'none', NULL, 0, 1, NULL, NULL FROM phase_score LIMIT 1",
  ])
  func rowsThatSaySomethingElse(damage: String) throws {
    try catalog.define(phase: "p", as: bounds("pixels", 3))
    #expect(try findings(catalog) == [])
    try ForeignSQL.tamper(damage, on: catalog.path)
    for depth in [Catalog.CheckDepth.normal, .deep] {
      let found = try Catalog(path: catalog.path, access: .read)
        .check(depth, decode: Sample.decode).findings
      #expect(
        found.contains { $0.hasPrefix("event ") && $0.hasSuffix("its rows say something else") },
        "\(found)")
    }
  }
}
