import Foundation
import StackIO
import Testing
import TestSupport

/// The cache and sweeps, by the program itself.
@Suite struct CacheCommandTests {
  private let program: Program
  private let ingest: [String]
  private let on: [String: String]

  init() throws {
    program = try Program()
    ingest = try program.smallExample()
    on = ["LODESTONE_CACHE": program.folder.file("kept"), "LODESTONE_CACHE_SIZE": ""]
    try program.run("init", "m.lode")
  }

  private func kept() throws -> [String: Any] {
    try program.run(["cache", "--json"], environment: on).json
  }

  @Test func aSecondIngestBeginsWhereItDiffers() throws {
    let first = try program.run(ingest, environment: on)
    #expect(first.code == 0 && first.errors.isEmpty && !first.output.contains("from the cache"))
    let entries = try #require(try kept()["rows"] as? [[String: Any]])
    #expect(
      Set(entries.compactMap { $0["holds"] as? String }) == ["registered frames", "features"])
    let second = try program.run(ingest + ["--set", "dbscan.radius=1.5"], environment: on)
    #expect(second.code == 0 && second.errors.isEmpty)
    #expect(
      second.output.split(separator: "\n")[0].hasSuffix(
        "from the cache: correct, register, mask, depth, features"))
    let third = try program.run(
      ingest + ["--set", "dbscan.radius=1.6", "--json"], environment: on)
    #expect((third.json["reused"] as? [String])?.count == 5)
    let seconds = try #require(third.json["seconds"] as? [String: Double])
    #expect(Set(seconds.keys) == ["find", "read", "cache", "cluster", "summarise", "store"])
    let without = try program.run(
      ingest + ["--set", "dbscan.radius=1.7", "--json", "--no-cache"], environment: on)
    #expect((without.json["reused"] as? [String])?.isEmpty == true)
    #expect(try program.run("verify", "@last").output.contains("identical"))
    #expect(try program.run("check", "--deep").code == 0)
  }

  @Test func theCacheIsSeenAndCleared() throws {
    let empty = try program.run(["cache"], environment: on)
    #expect(empty.code == 0 && empty.output.contains("0 entries"))
    #expect(!FileManager.default.fileExists(atPath: program.folder.file("kept")))
    #expect(try program.run(["cache", "--clear"], environment: on).code == 0)
    _ = try program.run(ingest, environment: on)
    let seen = try program.run(["cache"], environment: on)
    #expect(seen.output.contains("2 entries") && seen.output.contains("registered frames"))
    #expect(seen.output.hasPrefix(program.folder.file("kept")))
    #expect(try #require(try kept()["bytes"] as? Int) > 1_000_000)
    let cleared = try program.run(["cache", "--clear"], environment: on)
    #expect(cleared.code == 0 && cleared.errors.contains("cleared") && cleared.output.isEmpty)
    #expect((try kept()["rows"] as? [Any])?.isEmpty == true)
  }

  /// Switched off, too small, wrong; a file that may not grow so large; a folder that is none: one remark at most.
  @Test func whatKeepsNothing() throws {
    let off = try program.run(ingest)
    #expect(off.code == 0 && off.errors.isEmpty)
    var environment = on
    environment["LODESTONE_CACHE_SIZE"] = "100kB"
    let small = try program.run(ingest + ["--set", "dbscan.radius=1.1"], environment: environment)
    #expect(small.code == 0 && small.errors.isEmpty)
    #expect((try kept()["rows"] as? [Any])?.isEmpty == true)
    environment["LODESTONE_CACHE_SIZE"] = "much"
    let wrong = try program.run(ingest, environment: environment)
    #expect(wrong.code == 78 && wrong.errors.contains("LODESTONE_CACHE_SIZE=much"))
    let limited = try program.run(
      ingest + ["--set", "dbscan.radius=1.2"], environment: on, limits: "-f 2400")
    #expect(limited.code == 0, "\(limited.errors)")
    #expect(limited.errors.split(separator: "\n").count == 1)
    #expect(limited.errors.contains("the cache cannot be written: File too large"))
    #expect(try !program.run(["cache"], environment: on).output.contains("registered frames"))
    environment = on
    environment["LODESTONE_CACHE"] = program.folder.file("m.lode")
    let nowhere = try program.run(
      ingest + ["--set", "dbscan.radius=1.3"], environment: environment)
    #expect(nowhere.code == 0 && nowhere.errors.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: program.folder.file("cache")))
  }

  @Test func aSweepStoresEachRun() throws {
    let swept = try program.run(
      ingest + ["--sweep", "dbscan.radius=1:1.5:0.25", "--sweep", "pca.components=2,3"])
    #expect(swept.code == 0, "\(swept.errors)")
    let lines = swept.output.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines[0].hasPrefix("stored: pca.components=2, dbscan.radius=1: run "))
    #expect(lines[5].hasPrefix("stored: pca.components=3, dbscan.radius=1.5: run "))
    #expect(swept.errors.contains("parameter-sensitivity --param parameter=dbscan.radius"))
    #expect(
      try program.run("list", "runs", "--format", "csv").output.split(separator: "\n").count == 7)
    // The same by itself is there already.
    let one = try program.run(
      ingest + ["--set", "dbscan.radius=1.25", "--set", "pca.components=3", "--json"])
    #expect(one.json["status"] as? String == "unchanged")
    #expect(try program.run("verify", "@last").output.contains("identical"))
    let again = try program.run(
      ingest + ["--sweep", "dbscan.radius=1.25,1.75", "--set", "pca.components=3", "--json"])
    #expect(again.code == 0 && again.errors.isEmpty)
    let objects = try again.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(objects.map { $0["status"] as? String } == ["unchanged", "stored"])
    #expect((objects[1]["sweep"] as? [String: Double]) == ["dbscan.radius": 1.75])
    #expect(objects.allSatisfy { $0["schema"] as? String == "lodestone.ingest/1" })
  }

  /// One that fails is told, and does not stop the others.
  @Test func aFailureDoesNotStopASweep() throws {
    let swept = try program.run(
      ingest + [
        "--set", "normalise.measure=edge_step", "--sweep", "normalise.minimum_signal=2,900000,3",
        "--json",
      ])
    #expect(swept.code == 65)
    #expect(swept.errors.hasPrefix("lodestone: normalise.minimum_signal=900000: "))
    let lines = swept.output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(
      lines[1].contains("\"status\":\"failed\"")
        && lines[1].contains("\"normalise.minimum_signal\":900000"))
    #expect(lines[2].contains("\"status\":\"stored\""))
    #expect(try program.run("check", "--deep").code == 0)
  }

  @Test(arguments: [
    ["--sweep", "dbscan.radios=1,2"], ["--sweep", "mask.method=1:2:1"],
    ["--sweep", "dbscan.radius=1:2:0"], ["--sweep", "dbscan.radius=1:2:-0.5"],
    ["--sweep", "dbscan.radius=1:2000:1"], ["--sweep", "dbscan.radius"],
    ["--sweep", "dbscan.radius=1,2", "--sweep", "dbscan.radius=3"],
    ["--sweep", "dbscan.radius=1,2", "--set", "dbscan.radius=3"],
    ["--sweep", "dbscan.radius=1:40:1", "--sweep", "mask.fraction=0.01:0.26:0.01"],
  ])
  func sweepsThatAreRefused(options: [String]) throws {
    let outcome = try program.run(ingest + options)
    #expect(outcome.code == 64)
    #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains("--sweep"))
    #expect(outcome.output.isEmpty)
    #expect(try program.run("list", "runs", "--json").output.contains("\"rows\":[]"))
  }
}
