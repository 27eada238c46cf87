import Foundation
import TestSupport
import Testing

/// What differs between runs, as a user asks for it.
@Suite struct DiffCommandTests {
  private let program: Program
  private let ingest: [String]
  private let first: String
  private let other: String

  init() throws {
    program = try Program()
    ingest = try program.smallExample()
    #expect(try program.run("init", "m.lode").code == 0)
    first = try Self.run(program, ingest)
    other = try Self.run(program, ingest + ["--set", "dbscan.radius=8"])
  }

  /// Ingests: the run's id.
  private static func run(_ program: Program, _ arguments: [String]) throws -> String {
    let stored = try program.run(arguments + ["--json"])
    #expect(stored.code == 0, "\(stored.errors)")
    return try #require(stored.json["run"] as? String)
  }

  private func rows(_ outcome: Program.Outcome, _ key: String) throws -> [String: [Any]] {
    let rows = try #require(outcome.json[key] as? [[String: Any]], "\(key)")
    return Dictionary(
      try rows.map { (try #require($0["name"] as? String), try #require($0["values"] as? [Any])) }
    ) { first, _ in first }
  }

  @Test func aRunIsNoOtherThanItself() throws {
    #expect(try program.run("tag", first, "best").code == 0)
    let same = try program.run("diff", first, "tag:best", String(first.prefix(8)))
    #expect(same.code == 0 && same.errors.isEmpty)
    #expect(same.output.hasSuffix("no difference\n") && !same.output.contains("Parameters"))
    let json = try program.run("diff", first, "tag:best", "--json")
    #expect(json.code == 0 && json.json["schema"] as? String == "lodestone.diff/1")
    #expect(json.json["differs"] as? Bool == false)
    for key in [
      "data", "parameters", "stages", "found", "outcome", "warnings", "clusters",
      "environment",
    ] {
      #expect((json.json[key] as? [Any])?.isEmpty == true, "\(key)")
    }
    let all = try program.run("diff", first, "tag:best", "--all", "--json")
    #expect(all.code == 0 && all.json["differs"] as? Bool == false)
    let labels = try #require((all.json["labels"] as? [[String: Any]])?.first)
    #expect(labels["adjusted_rand"] as? Double == 1 && labels["same_share"] as? Double == 1)
    #expect(try rows(all, "outcome")["cluster_count"] as? [Int] == [3, 3])
    #expect((all.json["clusters"] as? [Any])?.count == 3)
  }

  @Test func anotherRadius() throws {
    let json = try program.run("diff", first, other, "--json")
    #expect(json.code == 1 && json.errors.isEmpty, "\(json.errors)")
    #expect(json.json["differs"] as? Bool == true)
    let runs = try #require(json.json["runs"] as? [[String: Any]])
    #expect(runs.map { $0["run_id"] as? String } == [first, other])
    #expect(try rows(json, "data").isEmpty && rows(json, "stages").isEmpty)
    let parameters = try rows(json, "parameters")
    #expect(parameters.keys.sorted() == ["dbscan.radius"])
    #expect(parameters["dbscan.radius"]?.first as? String == "auto")
    #expect(parameters["dbscan.radius"]?.last as? Double == 8)
    #expect(try rows(json, "found")["dbscan.radius"]?.last as? Double == 8)
    #expect(try rows(json, "environment").isEmpty)
    let labels = try #require((json.json["labels"] as? [[String: Any]])?.first)
    #expect(labels["run"] as? String == other && labels["reason"] is NSNull)
    let rand = try #require(labels["adjusted_rand"] as? Double)
    #expect(rand > 0.3 && rand < 1)
    let share = try #require(labels["same_share"] as? Double)
    let common = try #require(labels["common_pixels"] as? Int)
    let matched = try #require(labels["matched"] as? [[String: Int]])
    #expect(matched.map { $0["cluster"] } == matched.map { $0["cluster"] }.sorted { $0! < $1! })
    let pixels = matched.compactMap { $0["pixels"] }.reduce(0, +)
    #expect(share - Double(pixels) / Double(common) > -1e-12 && share < 1)
    // The clusters that match stand side by side.
    let cluster = try #require((json.json["clusters"] as? [[String: Any]])?.first)
    #expect((cluster["labels"] as? [Int])?.count == 2)
    let names = (cluster["rows"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
    #expect(names?.contains("pixels") == true && names?.contains("Fe-K.step") == true)

    let text = try program.run("diff", first, other)
    #expect(text.code == 1)
    for words in [
      "Parameters\n", "dbscan.radius", "adjusted Rand index 0.", "Clusters\n", "Warnings\n",
    ] {
      #expect(text.output.contains(words), "\(words)")
    }
    #expect(!text.output.contains("register.scale") && !text.output.contains("no difference"))
    // The labels agree where only numbers differ.
    let close = try Self.run(program, ingest + ["--set", "dbscan.radius=2.7"])
    let same = try program.run("diff", first, close)
    #expect(same.code == 1 && same.output.contains("the same in every pixel"), "\(same)")
    let all = try program.run("diff", first, other, "--all").output
    #expect(all.contains("register.scale") && all.contains("build_sha256"))
  }

  @Test func anotherScan() throws {
    try program.run("example", "ex2", "--height", "64", "--width", "72", "--energies", "24")
    let small = try Self.run(
      program, ingest.map { $0.replacing("ex/", with: "ex2/").replacing("M1", with: "M2") })
    let json = try program.run("diff", first, other, small, "--json")
    #expect(json.code == 1)
    let data = try rows(json, "data")
    #expect(data["sample"] as? [String] == ["M1", "M1", "M2"])
    #expect(data["height"] as? [Int] == [96, 96, 64])
    #expect(data["count of frames"] as? [String] == ["40", "40", "24"])
    let labels = try #require(json.json["labels"] as? [[String: Any]])
    try #require(labels.count == 2)
    #expect(labels[1]["adjusted_rand"] is NSNull)
    #expect((labels[1]["reason"] as? String)?.contains("96 x 112 and 64 x 72") == true)
    // None of its clusters is one of the others'.
    let clusters = try #require(json.json["clusters"] as? [[String: Any]])
    #expect(clusters.contains { (($0["labels"] as? [Any])?.last as? Int) == 0 })
    let text = try program.run("diff", first, small)
    #expect(text.code == 1 && text.output.contains("cannot be compared: maps of"))
    // Frames of the same size that are others.
    try program.run(
      "example", "ex3", "--height", "96", "--width", "112", "--energies", "40", "--seed", "2")
    let seeded = try Self.run(program, ingest.map { $0.replacing("ex/", with: "ex3/") })
    let frames = try program.run("diff", first, seeded)
    #expect(frames.code == 1 && frames.output.contains("(40 of 40, from 6148 eV)"), "\(frames)")
    #expect(frames.output.contains("adjusted Rand index"))
  }

  @Test func failures() throws {
    func expect(_ code: Int32, _ words: String, _ arguments: String...) throws {
      let outcome = try program.run(["diff"] + arguments)
      #expect(outcome.code == code && outcome.errors.contains(words), "\(outcome)")
      #expect(outcome.output.isEmpty && outcome.errors.count(where: \.isNewline) == 1)
    }
    try expect(64, "two runs or more", first)
    try expect(64, "Missing expected argument")
    try expect(66, "no run 0000", first, "0000")
    try expect(66, "no run is tagged", "tag:none", first)
    let failed = try program.run(ingest + ["--set", "correct.minimum_reference=1000000"])
    #expect(failed.code == 65)
    try expect(1, "has no result: it failed", first, "@last")
  }
}
