import Foundation
import PhaseCatalog
import Testing
import TestSupport

/// A disk that is full at every size until what is to be stored fits: each time all or nothing.
@Suite struct FullDiskTests {
  @Test func everySizeUntilItFits() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.lode")
    _ = try Catalog.create(at: path)
    let made = MadeRecords(.real)
    func store(_ seed: Int, _ catalog: Catalog) throws {
      try catalog.store(
        scan: made.scan(seed), sample: "M1", sighting: made.sighting(seed), run: made.run(seed),
        answer: .result(made.result(seed)), execution: made.execution(second: seed))
    }
    try store(0, try Catalog(path: path, access: .write))
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    var pages = before.count / 8192
    var failures = 0
    while true {
      let catalog = try Catalog(path: path, access: .write)
      try catalog.limit(pages: pages)
      do {
        try store(1, catalog)
        break
      } catch CatalogError.io(_, let reason) {
        #expect(reason.contains("full"))
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      failures += 1
      pages += 1
    }
    #expect(failures > 3)
    let findings = try Catalog(path: path, access: .read).check(.deep, decode: MadeRecords.decode)
    #expect(findings.findings == [])
  }
}
