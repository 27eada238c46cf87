import Foundation
import Testing
import TestSupport

/// `lodestone cluster`, the real program.
@Suite struct ClusterCommandTests {
  private let program: Program
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appendingPathComponent(".build/python/bin/python3")
  private static let isThere = FileManager.default.fileExists(
    atPath: root.appendingPathComponent(".build/python/requirements.txt").path)

  init() throws { program = try Program() }

  private func file(_ name: String) throws -> String {
    String(decoding: try program.bytes(name), as: UTF8.self)
  }

  @Test func labelsCountsAndTimes() throws {
    let points = try program.folder.write("x,y\n0,0\n0,1\n1,0\n9,9\n", to: "p.csv")
    let outcome = try program.run(
      "cluster", points, "--radius", "1", "--min-points", "3", "--labels", "l.csv", "--json")
    #expect(outcome.code == 0)
    #expect(try file("l.csv") == "0\n0\n0\n-1\n")
    let json = outcome.json
    #expect(json["schema"] as? String == "lodestone.cluster/1")
    #expect(json["clusters"] as? Int == 1 && json["noise"] as? Int == 1)
    #expect(json["core"] as? Int == 1 && json["border"] as? Int == 2)
    #expect(json["points"] as? Int == 4 && json["dimensions"] as? Int == 2)
    #expect((json["peak_memory_bytes"] as? Int ?? 0) > 1 << 20)
    let seconds = try #require(json["seconds"] as? [String: Any])
    for part in ["read", "cluster", "write"] { #expect(seconds[part] is Double) }
    let phases = try #require(seconds["cluster_phases"] as? [String: Any])
    #expect(Set(phases.keys) == ["build", "count", "connect", "label"])
    #expect((json["work"] as? [String: Int])?["pair_tests"] != nil)
    #expect(json["choice"] == nil)
  }

  @Test func intoPipesAndDevices() throws {
    let points = try program.folder.write("0 0\n0 1\n1 0\n9 9\n", to: "p.txt")
    for target in ["/dev/stdout", "-"] {
      let piped = try program.run(
        "cluster", points, "--radius", "1", "--min-points", "3", "--labels", target)
      #expect(piped.output == "0\n0\n0\n-1\n" && piped.code == 0)
      #expect(piped.errors.contains("1 cluster, 1 core, 2 border, 1 noise"))
    }
    let nowhere = try program.run(
      "cluster", points, "--radius", "1", "--min-points", "3", "--labels", "/dev/null", "--json")
    #expect(nowhere.code == 0 && nowhere.json["points"] as? Int == 4)
    let full = try program.run(
      "cluster", points, "--radius", "1", "--min-points", "3", "--labels", "/dev/full")
    #expect(full.code == 74 && full.errors.contains("/dev/full"))
  }

  @Test func refusals() throws {
    let points = try program.folder.write("0,0\n0,1\n", to: "p.csv")
    func expect(_ code: Int32, _ text: String, _ arguments: String...) throws {
      let outcome = try program.run(["cluster"] + arguments)
      #expect(outcome.code == code, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
    }
    try expect(64, "--radius 0.0", points, "--radius", "0", "--labels", "l")
    try expect(64, "--radius", points, "--radius", "wide", "--labels", "l")
    try expect(64, "--radius inf", points, "--radius", "inf", "--labels", "l")
    try expect(64, "--min-points 0", points, "--radius", "1", "--min-points", "0", "--labels", "l")
    try expect(64, "--threads 0", points, "--radius", "1", "--threads", "0", "--labels", "l")
    try expect(64, "share standard output", points, "--radius", "1", "--labels", "-", "--json")
    try expect(66, "none.csv", "none.csv", "--radius", "1", "--labels", "l")
    let bad = try program.folder.write("1 2\n3 inf\n", to: "bad.csv")
    try expect(65, "row 1 (from 0)", bad, "--radius", "1", "--labels", "l")
    try expect(65, "--skip-not-finite", bad, "--radius", "1", "--labels", "l")
    let ragged = try program.folder.write("1 2\n3\n", to: "ragged.csv")
    try expect(65, "line 2", ragged, "--radius", "1", "--labels", "l")
    let one = try program.folder.write("1 2\n1 2\n", to: "one.csv")
    try expect(65, "no radius can be chosen", one, "--radius", "auto", "--labels", "l")
    try expect(65, "is an input", points, "--radius", "1", "--labels", points)
    #expect(!FileManager.default.fileExists(atPath: program.folder.file("l")))
  }

  @Test func rowsThatAreNotFinite() throws {
    let points = try program.folder.write("0 0\nnan 1\n0 1\n1 0\n9 -inf\n", to: "p.txt")
    let outcome = try program.run(
      "cluster", points, "--radius", "1", "--min-points", "3", "--labels", "l.csv",
      "--skip-not-finite", "--json")
    #expect(try file("l.csv") == "0\n-2\n0\n0\n-2\n")
    #expect(outcome.json["included"] as? Int == 3 && outcome.json["noise"] as? Int == 0)
  }

  /// Clouds that any way of computing finds, with threads, instruction sets and a radius of its own choosing.
  @Test func everyWayGivesTheSame() throws {
    var random = TestRandom(seed: 1)
    var text = ""
    for row in 0..<6000 {
      for axis in 0..<3 {
        let centre = Double((row % 4 + 1) * (axis + 2) % 5)
        let spread = Double.random(in: -0.5...0.5, using: &random)
        text += "\(centre + spread * (row % 17 == 0 ? 8 : 1))" + (axis < 2 ? "," : "\n")
      }
    }
    let points = try program.folder.write(text, to: "p.csv")
    let outcome = try program.run(
      "cluster", points, "--radius", "auto", "--labels", "l.csv", "--json")
    #expect(outcome.code == 0)
    let choice = try #require(outcome.json["choice"] as? [String: Any])
    #expect((choice["plateau"] as? [String: Any])?["clusters"] as? Int == 4)
    #expect((choice["steps"] as? [[String: Any]])?.count ?? 0 > 4)
    #expect(outcome.json["minimum_points"] as? Int == 6)
    let labels = try file("l.csv")
    #expect(
      labels.split(separator: "\n").count == 6000 && Set(labels.split(separator: "\n")).count > 4)
    for kernels in ["avx512", "avx2", "baseline", "no-such"] {
      for threads in ["1", "2", "5"] {
        let again = try program.run(
          ["cluster", points, "--radius", "auto", "--labels", "m.csv", "--threads", threads],
          environment: ["LODESTONE_KERNELS": kernels])
        #expect(again.code == 0 && again.errors.contains("4 clusters from"))
        #expect(try file("m.csv") == labels, "\(kernels), \(threads) threads")
      }
    }
  }

  /// Another program's answers: scikit-learn's labels, element by element, on every shape of the generator.
  @Test(.enabled(if: isThere, "SKIPPED: no .build/python: make it with Scripts/python-tools.sh"))
  func equalsScikitLearnOnEveryShape() throws {
    let process = Process()
    process.executableURL = Self.python
    process.arguments = [
      Self.root.appendingPathComponent("Tests/Python/compare_dbscan.py").path,
      Bundle.main.bundleURL.appendingPathComponent("lodestone").path,
      Self.root.appendingPathComponent("Benchmarks").path,
    ]
    let output = program.folder.file("differences.txt")
    try Data().write(to: URL(fileURLWithPath: output))
    process.standardOutput = FileHandle(forWritingAtPath: output)
    try process.run()
    process.waitUntilExit()
    let told = try String(contentsOfFile: output, encoding: .utf8)
    #expect(process.terminationStatus == 0 && told.contains("555 cases, 0 different"), "\(told)")
  }
}
