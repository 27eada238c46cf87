import Foundation
import PhaseCatalog
import Testing
import TestSupport

@Suite struct GrowthTests {
  @Test func grows() throws {
    let runs = ProcessInfo.processInfo.environment["LODESTONE_GROWTH"].flatMap { Int($0) } ?? 100
    let path = "/dev/shm/grown-\(runs).lode"
    unlink(path)
    _ = try Catalog.create(at: path)
    let catalog = try Catalog(path: path, access: .write)
    let made = MadeRecords(.real)
    let clock = ContinuousClock()
    var last = clock.now
    for seed in 0..<runs {
      try catalog.store(
        scan: made.scan(seed), sample: "S\(seed % 50)", sighting: made.sighting(seed),
        run: made.run(seed), answer: .result(made.result(seed)),
        execution: made.execution(second: seed))
      if seed % 500 == 499 {
        print(seed, (clock.now - last) / .milliseconds(500))
        last = clock.now
      }
    }
  }
}
