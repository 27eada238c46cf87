import Foundation
import TestSupport
import Testing

/// Phases, comparisons and queries of one's own, as a user asks for them: two small scans, one of each sample.
@Suite struct PhaseCommandTests {
  private let program: Program
  private let first: String
  private let second: String

  init() throws {
    program = try Program()
    #expect(try program.run("init", "m.lode").code == 0)
    first = try Self.ingest(program, try program.smallExample())
    let made = try program.run(
      "example", "ey", "--height", "96", "--width", "112", "--energies", "40", "--seed", "2")
    #expect(made.code == 0)
    second = try Self.ingest(program, Self.other)
  }

  private static let other = [
    "ingest", "ey/scan.tif", "--energies", "ey/energies.txt", "--reference", "ey/references.tif",
    "--dark", "ey/dark.tif", "--pixel-size", "0.028", "--sample", "M2",
  ]
  private static let same = [
    "ingest", "ex/scan.tif", "--energies", "ex/energies.txt", "--reference", "ex/references.tif",
    "--dark", "ex/dark.tif", "--pixel-size", "0.028", "--sample", "M1",
  ]

  /// The run's id.
  private static func ingest(_ program: Program, _ arguments: [String]) throws -> String {
    let stored = try program.run(arguments + ["--json"])
    #expect(stored.code == 0, "\(stored.errors)")
    return try #require(stored.json["run"] as? String)
  }

  /// An Nd fraction of 0.125 is that of Nd2Fe14B; what lies along the surface and between the grains has 0.5 and more.
  private func definePhases() throws {
    for arguments in [
      ["Nd-rich", "--where", "nd_fraction>=0.3", "--meaning", "layer and boundary"],
      ["Nd2Fe14B", "--where", "nd_fraction=0.08..0.2", "--where", "share>=0.3"],
    ] {
      let defined = try program.run(["phase", "define"] + arguments)
      #expect(defined.code == 0, "\(defined.errors)")
    }
  }

  private func expect(
    _ code: Int32, _ words: String, _ arguments: [String], line: Int = #line
  ) throws {
    let outcome = try program.run(arguments)
    #expect(outcome.code == code, "line \(line): \(outcome.errors)")
    #expect(outcome.errors.contains(words), "line \(line): \(outcome.errors)")
    #expect(outcome.errors.hasPrefix("lodestone: ") && outcome.output.isEmpty, "line \(line)")
    #expect(outcome.errors.split(separator: "\n").count == 1, "line \(line)")
  }

  private func rows(_ outcome: Program.Outcome, _ key: String = "rows") throws -> [[String: Any]] {
    #expect(outcome.code == 0, "\(outcome.errors)")
    return try #require(outcome.json[key] as? [[String: Any]])
  }

  // MARK: phase

  @Test func definingListingAndShowing() throws {
    let none = try program.run("phase", "list", "--json")
    #expect(none.json["schema"] as? String == "lodestone.phase/1")
    #expect(none.json["of"] as? String == "list")
    #expect(try rows(none).isEmpty)
    try definePhases()
    let before = try program.bytes("m.lode")
    let again = try program.run(
      "phase", "define", "Nd2Fe14B", "--where", "nd_fraction=0.08..0.2", "--where", "share>=0.3")
    #expect(again.code == 0 && again.errors.contains("is defined so already: 2 clusters of 2 runs"))
    #expect(try program.bytes("m.lode") == before)

    let list = try rows(program.run("phase", "list", "--json"))
    #expect(list.map { $0["phase"] as? String } == ["Nd-rich", "Nd2Fe14B"])
    #expect(list.map { $0["clusters"] as? Int } == [4, 2])
    #expect(list.map { $0["samples"] as? Int } == [2, 2])
    #expect(list[0]["meaning"] as? String == "layer and boundary" && list[1]["meaning"] is NSNull)
    #expect(try program.run("phase", "list", "--format", "csv").output.hasPrefix("phase,meaning,"))

    let show = try program.run("phase", "show", "Nd2Fe14B", "--json")
    #expect(show.code == 0 && show.json["schema"] as? String == "lodestone.phase/1")
    #expect(show.json["phase"] as? String == "Nd2Fe14B")
    #expect((show.json["definition"] as? [String: Any])?["definition_id"] is String)
    let conditions = try rows(show, "conditions")
    #expect(conditions.map { $0["quantity"] as? String } == ["nd_fraction", "share"])
    #expect(conditions.map { $0["low"] as? Double } == [0.08, 0.3])
    #expect(conditions[0]["high"] as? Double == 0.2 && conditions[1]["high"] is NSNull)
    let clusters = try rows(show, "clusters")
    #expect(Set(clusters.compactMap { $0["run_id"] as? String }) == [first, second])
    #expect(clusters.allSatisfy { $0["outcome"] as? String == "assigned" })
    #expect(clusters.allSatisfy { $0["cluster"] as? Int == 0 })
    let text = try program.run("phase", "show", "Nd-rich").output
    #expect(text.hasPrefix("Nd-rich: layer and boundary, defined by "))
    #expect(text.contains("  nd_fraction at least 0.3\n") && text.contains(first.prefix(12)))

    // What shows clusters names their phases.
    #expect(try program.run("show", "@last").output.contains("Nd2Fe14B"))
    let stats = try program.run("query", "phase-stats", "--format", "csv").output
    #expect(stats.contains(",Nd-rich,") && stats.contains(",Nd2Fe14B,"))
    #expect(try program.run("check", "m.lode", "--deep").code == 0)
  }

  /// A later run is assigned when it is stored.
  @Test func aLaterRunIsAssigned() throws {
    try definePhases()
    let later = try Self.ingest(program, Self.same + ["--set", "dbscan.radius=1.5"])
    let clusters = try rows(
      program.run("query", "run-clusters", "--param", "run=\(later)", "--json"))
    #expect(clusters.first?["phase"] as? String == "Nd2Fe14B")
    #expect(clusters.dropFirst().allSatisfy { $0["phase"] as? String == "Nd-rich" })
  }

  @Test func distances() throws {
    let defined = try program.run(
      "phase", "define", "like", "--near", "\(first.prefix(8)):0", "--within", "0.2")
    #expect(defined.code == 0, "\(defined.errors)")
    #expect(defined.errors.contains("2 clusters of 2 runs belong to it"), "\(defined.errors)")
    let show = try program.run("phase", "show", "like")
    #expect(show.output.contains("  within 0.2 of cluster \(first.prefix(12)):0\n"))
    // The same spectrum from a file.
    let export = try program.run("export", String(first), "--spectra", "s.csv")
    #expect(export.code == 0)
    let lines = String(decoding: try program.bytes("s.csv"), as: UTF8.self).split(separator: "\n")
    let columns = lines.dropFirst().map {
      $0.split(separator: ",").prefix(2).joined(separator: " ")
    }
    _ = try program.folder.write(columns.joined(separator: "\n") + "\n", to: "grain.txt")
    let file = try program.run(
      "phase", "define", "grain", "--near", "grain.txt", "--within", "0.2", "--meaning", "-1")
    #expect(file.code == 0, "\(file.errors)")
    let conditions = try rows(program.run("phase", "show", "grain", "--json"), "conditions")
    #expect(conditions[0]["name"] as? String == "grain.txt")
    #expect((conditions[0]["spectrum_id"] as? String)?.count == 64)
    #expect(conditions[0]["run_id"] is NSNull && conditions[0]["within"] as? Double == 0.2)
    // Both fit alike now.
    let clusters = try rows(
      program.run("query", "run-phases", "--param", "run=@last", "--json"))
    #expect(clusters.first?["outcome"] as? String == "ambiguous")
    #expect(
      Set([clusters.first?["phase"], clusters.first?["second"]].compactMap { $0 as? String })
        == ["like", "grain"])
    try expect(
      66, "no such file", ["phase", "define", "x", "--near", "none.txt", "--within", "0.1"])
    try expect(
      66, "has no cluster 9", ["phase", "define", "x", "--near", "@last:9", "--within", "0.1"])
    try expect(
      65, "ex/energies.txt",
      ["phase", "define", "x", "--near", "ex/energies.txt", "--within", "0.1"])
  }

  /// What would be no rule is refused before anything is written.
  @Test func malformedRules() throws {
    let before = try program.bytes("m.lode")
    for (bounds, words) in [
      ("nd_fraction>0.2", "QUANTITY>=LOW"), ("x=1..2", "no number of clusters is called \"x\""),
      ("nd_fraction=0.4..0.2", "0.4 is above 0.2"), ("nd_fraction=..", "no bound"),
      ("nd_fraction>=abc", "\"abc\" is no number"), ("colour>=1", "is called \"colour\""),
      ("nd_fraction=1", "QUANTITY=LOW..HIGH"), ("nd_fraction>=inf", "is no number"),
      ("nd_fraction=0.1..0.2..0.3", "is no number"),
      ("analysed_pixels>=1", "no number of clusters"),
      (">=1", "no number of clusters"), ("", "QUANTITY=LOW..HIGH"),
    ] {
      try expect(64, words, ["phase", "define", "x", "--where", bounds])
    }
    for (words, arguments) in [
      ("needs a condition", []), ("needs a condition", ["--within", "0.1"]),
      ("has a --within: 1 and 0", ["--near", "@last:0"]),
      ("has a --within: 1 and 2", ["--near", "@last:0", "--within", "0.1", "--within", "0.2"]),
      ("above 0 and below 1", ["--near", "@last:0", "--within", "1"]),
      ("above 0 and below 1", ["--near", "@last:0", "--within", "0"]),
    ] as [(String, [String])] {
      try expect(64, words, ["phase", "define", "x"] + arguments)
    }
    try expect(64, "visible characters", ["phase", "define", " ", "--where", "pixels>=1"])
    try expect(66, "no phase \"x\"", ["phase", "show", "x"])
    try expect(66, "no phase \"x\"", ["phase", "remove", "x"])
    #expect(try program.bytes("m.lode") == before)
  }

  @Test func assigningByHandAndRemoving() throws {
    try definePhases()
    let all = try program.run("phase", "assign")
    #expect(all.code == 0 && all.errors.contains("6 clusters of 2 runs belong to a phase"))
    #expect(all.errors.contains("(0 runs changed)"))
    let cluster = "\(first.prefix(8)):0"
    let byHand = try program.run("phase", "assign", cluster, "Nd-rich")
    #expect(byHand.code == 0 && byHand.errors.contains("\(first.prefix(12)):0 is of Nd-rich\n"))
    let before = try program.bytes("m.lode")
    #expect(try program.run("phase", "assign", cluster, "Nd-rich").errors.contains("already"))
    #expect(try program.bytes("m.lode") == before)
    try expect(66, "has no cluster 9", ["phase", "assign", "@last:9", "Nd-rich"])
    try expect(66, "no phase \"x\"", ["phase", "assign", "@last:0", "x"])
    try expect(66, "no run ffff", ["phase", "assign", "ffff:0", "Nd-rich"])
    try expect(64, "name the phase too", ["phase", "assign", "@last:0"])
    try expect(64, "write RUN:CLUSTER", ["phase", "assign", "@last", "Nd-rich"])
    #expect(try program.bytes("m.lode") == before)
    // It stays whatever the rules are.
    #expect(
      try program.run("phase", "define", "Nd2Fe14B", "--where", "nd_fraction<=0.2").code == 0)
    let list = try rows(program.run("phase", "list", "--json"))
    #expect(list.map { $0["clusters"] as? Int } == [5, 1])
    let removed = try program.run("phase", "remove", "Nd2Fe14B")
    #expect(removed.code == 0 && removed.errors.hasPrefix("Nd2Fe14B is removed: 5 clusters"))
    #expect(try rows(program.run("phase", "list", "--json")).count == 1)
    try expect(66, "no phase", ["phase", "remove", "Nd2Fe14B"])
  }

  /// The command that is proposed defines the group.
  @Test func suggesting() throws {
    let before = try program.bytes("m.lode")
    let suggested = try program.run("phase", "suggest", "--json")
    #expect(suggested.code == 0 && suggested.json["schema"] as? String == "lodestone.phase/1")
    #expect(suggested.json["of"] as? String == "suggest")
    #expect(suggested.json["within"] as? Double == 0.1)
    let groups = try rows(suggested, "groups")
    // The three phases of the example, a cluster of each scan.
    #expect(groups.count == 3)
    for group in groups {
      let clusters = try #require(group["clusters"] as? [[String: Any]])
      #expect(clusters.map { $0["sample"] as? String } == ["M1", "M2"])
      let centre = try #require(group["centre"] as? String)
      #expect(clusters.contains { "\($0["run_id"] ?? ""):\($0["cluster"] ?? "")" == centre })
      let radius = try #require(group["radius"] as? Double)
      let within = try #require(group["within"] as? Double)
      let separation = try #require(group["separation"] as? Double)
      #expect(radius <= within && within < separation)
      let low = try #require(group["nd_fraction_low"] as? Double)
      #expect(try low <= #require(group["nd_fraction_high"] as? Double))
    }
    #expect(try rows(program.run("phase", "suggest", "M2", "--json"), "groups").count == 3)
    let text = try program.run("phase", "suggest").output
    #expect(text.hasPrefix("group 1: 2 clusters of 2 runs of 2 samples, Nd fraction "))
    #expect(try program.bytes("m.lode") == before)
    let command = try #require(
      text.split(separator: "\n").first { $0.contains("phase define NAME") })
    var words = command.split(separator: " ").dropFirst().map(String.init)
    words[2] = "grains"
    let defined = try program.run(words)
    #expect(defined.errors.contains("2 clusters of 2 runs belong to it"), "\(defined.errors)")
    try expect(64, "above 0 and below 1", ["phase", "suggest", "--within", "0"])
    try expect(66, "no sample M9", ["phase", "suggest", "M9"])
  }

  /// What follows from a rule is no ground for it; a new rule says which phases lose clusters to it; and a spectrum that
  /// a phase is defined by touches the clusters that are near it.
  @Test func whatFollowsFromARule() throws {
    try definePhases()
    for name in ["score", "margin"] {
      try expect(64, "no number of clusters", ["phase", "define", "x", "--where", "\(name)>=0.1"])
    }
    try expect(64, "no bracket before", ["phase", "define", "(noise)", "--where", "share>=0.1"])
    let listed = try program.run("phase", "list", "--json").json["rows"] as? [[String: Any]]
    let first = try #require(listed?.first?["phase"] as? String)
    let all = try program.run("phase", "define", "zz", "--where", "share>=0")
    #expect(all.code == 0 && all.errors.contains("\(first) loses "), "\(all.errors)")
    #expect(try program.run("phase", "remove", "zz").code == 0)
    let spectrum = (0..<60).map { "\(6148 + 20 * $0) \(1 + ($0 * 7) % 5)" }.joined(separator: "\n")
    _ = try program.folder.write(spectrum + "\n", to: "odd.txt")
    let near = ["phase", "define", "odd", "--near", "odd=odd.txt", "--within", "0.99"]
    #expect(try program.run(near).code == 0)
    let touched = try program.run("affected", "--reference", "odd", "--json")
    #expect(touched.code == 0, "\(touched.errors)")
    #expect(
      touched.output.contains("by the distance to odd")
        || touched.errors.contains("no cluster is near"))
  }

  // MARK: compare

  @Test func comparing() throws {
    try definePhases()
    let before = try program.bytes("m.lode")
    let compared = try program.run("compare", "--json")
    // The example is so small that blur mixes its narrow phases: the runs say so, and so does this.
    #expect(
      compared.code == 0 && compared.errors.contains("2 of 2 runs with warnings of clusters")
        && !compared.errors.contains("left out"), "\(compared.errors)")
    #expect(
      Set(compared.json.keys) == [
        "schema", "surface_depth_um", "parameters", "geometry", "samples", "spectrum_distances",
        "remarks", "retracted_left_out",
      ])
    #expect(compared.json["schema"] as? String == "lodestone.compare/1")
    #expect(compared.json["surface_depth_um"] as? Double == 0.5)
    #expect(compared.json["geometry"] as? String == "section")
    let samples = try rows(compared, "samples")
    #expect(samples.map { $0["sample"] as? String } == ["M1", "M2"])
    #expect(samples.map { $0["runs"] as? [String] } == [[first], [second]])
    for sample in samples {
      #expect(
        Set(sample.keys) == [
          "sample", "scans", "runs", "phases", "ambiguous", "unassigned", "noise",
        ])
      let phases = try #require(sample["phases"] as? [[String: Any]])
      #expect(phases.map { $0["phase"] as? String } == ["Nd-rich", "Nd2Fe14B"])
      let rich = phases[0]
      #expect(
        Set(rich.keys) == [
          "phase", "scans", "clusters", "surface_share", "bulk_share", "enrichment",
          "layer_thickness_um", "nd_fraction", "edges",
        ])
      let share = try #require(rich["surface_share"] as? [String: Any])
      #expect(Set(share.keys) == ["median", "low", "high", "uncertainty", "scans", "from"])
      // The example's altered layer is rich in Nd, its grains are not.
      let enrichment = try #require((rich["enrichment"] as? [String: Any])?["median"] as? Double)
      #expect(enrichment > 1)
      let edges = try #require(rich["edges"] as? [[String: Any]])
      #expect(edges.map { $0["edge"] as? String } == ["Fe-K", "Nd-L3"])
      #expect(
        Set(edges[0].keys) == ["edge", "e0_ev", "white_line_ev", "white_line_height"])
      // Every number says where it comes from, and there is one.
      let source = try #require(
        ((rich["nd_fraction"] as? [String: Any])?["from"] as? [String])?.first)
      #expect(try program.run("audit", source).code == 0, "\(source)")
      // All shares of a zone together are the whole.
      let parts =
        phases
        + ["ambiguous", "unassigned", "noise"].compactMap {
          sample[$0] as? [String: Any]
        }
      for zone in ["surface_share", "bulk_share"] {
        let whole = parts.compactMap { ($0[zone] as? [String: Any])?["median"] as? Double }
        #expect(abs(whole.reduce(0, +) - 1) < 1e-9, "\(zone)")
      }
    }
    let distances = try rows(compared, "spectrum_distances")
    #expect(distances.map { $0["phase"] as? String } == ["Nd-rich", "Nd2Fe14B"])
    #expect(distances.allSatisfy { $0["samples"] as? [String] == ["M1", "M2"] })

    let csv = try program.run("compare", "--format", "csv").output.split(separator: "\n")
    #expect(
      csv[0]
        == "sample,phase,edge,quantity,unit,scans,median,low,high,uncertainty,surface_depth_um,geometry,parameters_id"
    )
    #expect(csv.contains { $0.hasPrefix("M1,Nd-rich,,surface_share,,1,") })
    #expect(csv.contains { $0.hasPrefix("M2,Nd2Fe14B,Fe-K,e0_ev,eV,1,") })
    #expect(csv.contains { $0.hasPrefix("M2,(noise),,bulk_share,,1,") })
    let rich = try program.run(
      "compare", "M2", "--phase", "Nd-rich", "--surface-depth", "0.2", "--format", "csv"
    ).output.split(separator: "\n").dropFirst()
    #expect(rich.contains { $0.hasPrefix("M2,Nd-rich,") })
    #expect(rich.allSatisfy { $0.hasPrefix("M2,") && !$0.contains("Nd2Fe14B") })
    #expect(rich.allSatisfy { $0.contains(",0.2,section,") })
    #expect(try program.run("compare").output.hasPrefix("surface: up to 0.5 um below the surface"))
    #expect(try program.bytes("m.lode") == before)
  }

  @Test func whatCannotBeCompared() throws {
    try expect(66, "lodestone phase suggest", ["compare"])
    try definePhases()
    try expect(66, "no sample M9", ["compare", "M9"])
    try expect(66, "no run ffff", ["compare", "ffff"])
    try expect(66, "is of a phase \"x\"", ["compare", "--phase", "x"])
    for depth in ["0", "nan", "inf"] {
      try expect(64, "a depth above 0", ["compare", "--surface-depth", depth])
    }
    try expect(64, "--surface-depth", ["compare", "--surface-depth", "-1"])
    try expect(66, "no parameter set 0000", ["compare", "--parameters", "0000"])
    try expect(64, "no parameter set", ["compare", "--parameters", "x"])
  }

  /// Several parameter sets are never in one number.
  @Test func severalParameterSets() throws {
    try definePhases()
    let third = try Self.ingest(program, Self.same + ["--set", "dbscan.radius=1.5"])
    let sets = try [first, third].map { run in
      let summary = try rows(program.run("query", "run-summary", "--param", "run=\(run)", "--json"))
      return try #require(summary.first?["parameters_id"] as? String)
    }
    #expect(Set(sets).count == 2)
    try expect(64, "choose with --parameters ID", ["compare"])
    let refused = try program.run("compare").errors
    for set in sets { #expect(refused.contains(set.prefix(12)), "\(refused)") }
    #expect(refused.contains("dbscan.radius=1.5") && refused.contains("dbscan.radius=auto"))

    let chosen = try program.run("compare", "--parameters", String(sets[0].prefix(8)), "--json")
    #expect(chosen.json["parameters"] as? String == sets[0])
    #expect(try rows(chosen, "samples").map { $0["runs"] as? [String] } == [[first], [second]])
    let other = try program.run("compare", "--parameters", sets[1], "--json")
    #expect(try rows(other, "samples").map { $0["runs"] as? [String] } == [[third]])
    #expect(other.errors.contains("M2 has no run of these parameters"))
    // One run is of one set.
    #expect(try program.run("compare", "@last").code == 0)

    // Retracted, it is in no question any more.
    #expect(try program.run("retract", "@last", "--reason", "bad").code == 0)
    let rest = try program.run("compare", "--json")
    #expect(try rows(rest, "samples").map { $0["runs"] as? [String] } == [[first], [second]])
    try expect(64, "is retracted", ["compare", "@last"])
  }

  // MARK: query

  private static let large = """
    -- Pixels of large clusters.
    --
    -- Those with many.
    --
    -- :least integer (px) = 1000  The least of them.
    -- @sample text  The sample.
    -- @pixels integer (px)  How many it has.
    SELECT sample, pixels FROM cluster_overview WHERE pixels >= :least ORDER BY 1, 2 DESC
    """

  /// A folder of one's own, and how it is named.
  private func makeQueries() throws -> [String: String] {
    try FileManager.default.createDirectory(
      atPath: program.folder.file("own"), withIntermediateDirectories: true)
    _ = try program.folder.write(Self.large, to: "own/large.sql")
    return ["LODESTONE_QUERIES": program.folder.file("own")]
  }

  @Test func queriesOfOnesOwn() throws {
    let own = try makeQueries()
    let asked = try program.run(["query", "large", "--json"], environment: own)
    #expect(asked.json["schema"] as? String == "lodestone.query/1")
    #expect(Set(try rows(asked).compactMap { $0["sample"] as? String }) == ["M1", "M2"])
    #expect(try rows(asked).allSatisfy { $0["pixels"] as? Int ?? 0 >= 1000 })
    let larger = try program.run(
      ["query", "large", "--param", "least=3000", "--format", "csv"], environment: own)
    #expect(larger.output.split(separator: "\n").count == 3)
    let list = try program.run(["list", "queries", "--format", "csv"], environment: own)
    #expect(list.output.contains("large,least=1000,Pixels of large clusters.\n"))
    for (words, arguments) in [
      ("no parameter \"most\"", ["large", "--param", "most=1"]),
      ("least=x is not an integer", ["large", "--param", "least=x"]),
      ("write NAME=VALUE", ["large", "--param", "least"]), ("no query \"small\"", ["small"]),
    ] {
      let refused = try program.run(["query"] + arguments, environment: own)
      #expect(refused.code == 64 && refused.errors.contains(words), "\(refused.errors)")
    }
    #expect(try program.run("query", "large").code == 64)
  }

  @Test func aQueryOfOnesOwnOnlyReads() throws {
    let own = try makeQueries()
    let before = try program.bytes("m.lode")
    _ = try program.folder.write("-- A wolf.\nDELETE FROM event", to: "own/wolf.sql")
    let wolf = try program.run(["query", "wolf"], environment: own)
    #expect(wolf.code == 64 && wolf.errors.contains("only SELECT is allowed"), "\(wolf.errors)")
    #expect(wolf.errors.contains("own/wolf.sql: "))
    #expect(try program.bytes("m.lode") == before)
    // No name is taken from those that are shipped.
    _ = try program.folder.write("-- Nothing.\nSELECT 1 AS one", to: "own/runs.sql")
    let runs = try program.run(["query", "runs", "--format", "csv"], environment: own)
    #expect(runs.code == 0 && runs.output.hasPrefix("run_id,sample"))
    // One that cannot be read takes no other away.
    _ = try program.folder.write([0xFF], to: "own/bad.sql")
    let listed = try program.run(["list", "queries"], environment: own)
    #expect(listed.code == 0 && listed.output.contains("large"))
    #expect(listed.errors.contains("own/runs.sql: has the name of a shipped query"))
    #expect(listed.errors.contains("own/bad.sql: "), "\(listed.errors)")
    #expect(try program.run(["query", "bad"], environment: own).code == 64)
  }

  @Test func helpAndExplanation() throws {
    let own = try makeQueries()
    let help = try program.run(["query", "large", "--help"], environment: own)
    #expect(help.code == 0 && help.output.hasPrefix("QUERY: large\n  Pixels of large clusters.\n"))
    #expect(help.output.contains("\nThose with many.\n"))
    #expect(
      help.output.contains("  least   integer, px; default 1000\n      The least of them.\n"))
    #expect(help.output.contains("\nCOLUMNS:\n  sample   text\n      The sample.\n"))
    let explained = try program.run(["query", "large", "--explain"], environment: own)
    #expect(explained.code == 0 && explained.output == Self.large + "\n")
    let shipped = try program.run("query", "surface-vs-bulk", "--help").output
    #expect(shipped.contains("PARAMETERS (--param NAME=VALUE):\n  surface_depth_um   number, um;"))
    #expect(shipped.contains("\nCOLUMNS:\n") && shipped.contains("  nd_fraction   number\n"))
    #expect(shipped.contains("EXAMPLES:\n  lodestone query surface-vs-bulk"))
    let sql = try program.run("query", "phase-stats", "--explain")
    #expect(sql.code == 0 && sql.output.hasPrefix("-- Each cluster of each run"))
    #expect(sql.output.contains("\nSELECT ") || sql.output.contains("\nWITH "))
  }
}
