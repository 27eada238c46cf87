import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// A catalog of many runs, each as large as a scan of 120 energies with as many references makes it.
///
/// Short: 120 runs, about 10 s. Long: 10,000 runs in memory, about 6 minutes, and the time of each query.
@Suite(.serialized) struct UnderFireGrowthTests {
  @Test(.timeLimit(.minutes(30))) func grows() throws {
    let program = try Program()
    let runs = UnderFire.isLong ? 10_000 : 120
    let memory = "/dev/shm"
    let isInMemory = UnderFire.isLong && access(memory, W_OK) == 0
    let path = isInMemory ? "\(memory)/grown-\(getpid()).lode" : program.folder.file("grown.lode")
    defer { unlink(path) }
    _ = try Catalog.create(at: path)
    let catalog = try Catalog(path: path, access: .write)
    let made = MadeRecords(.real)
    func size() throws -> Int {
      try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
    var start = 0
    for seed in 0..<runs {
      // The tables' first pages are there once.
      if seed == 20 { start = try size() }
      try catalog.store(
        scan: made.scan(seed), sample: "S\(seed % 50)", sighting: made.sighting(seed),
        run: made.run(seed), answer: .result(made.result(seed)),
        execution: made.execution(second: seed))
    }
    let bytes = Double(try size() - start) / Double(runs - 20)
    print(String(format: "growth: %d runs, %.1f kB a run without maps", runs, bytes / 1000))
    #expect(bytes < 60_000)

    let environment = ["LODESTONE_CATALOG": path]
    var rows: [String] = []
    for query in StoredQuery.all {
      let isOfRun = query.parameters.contains { $0.name == "run" }
      let arguments =
        ["query", query.name, "--format", "csv"] + (isOfRun ? ["--param", "run=@last"] : [])
      var times: [Double] = []
      var lines = 0
      for _ in 0..<(UnderFire.isLong ? 5 : 1) {
        let start = ContinuousClock.now
        let outcome = try program.run(arguments, environment: environment)
        times.append((ContinuousClock.now - start) / .milliseconds(1))
        #expect(outcome.code == 0, "\(outcome.errors.prefix(200))")
        lines = outcome.output.count { $0 == "\n" } - 1
      }
      rows.append(
        String(format: "  %@ %.0f ms (%d rows)", query.name, times.sorted()[times.count / 2], lines)
      )
    }
    if UnderFire.isLong {
      print("growth: whole process, median of 5:\n" + rows.joined(separator: "\n"))
      let tag = try program.run("tag", "@last", "grown", environment: environment)
      #expect(tag.code == 0)
    }
  }
}
