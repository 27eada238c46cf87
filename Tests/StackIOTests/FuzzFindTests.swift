import Foundation
import StackIO
import Testing
import TestSupport

/// What libFuzzer found once (Scripts/fuzz.sh): each input is refused by name, or read the same in bands as
/// in one go.
@Suite struct FuzzFindTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fuzzing/corpus/tiff").path

  @Test(arguments: try FileManager.default.contentsOfDirectory(atPath: folder).sorted())
  func isRefusedOrReadTheSameInBands(name: String) throws {
    let path = Self.folder + "/" + name
    guard let file = try? TIFFFile(path: path) else { return }
    for page in 0..<file.pageCount {
      guard let layout = try? file.layout(ofPage: page) else { continue }
      var bands: [Double]? = []
      for start in stride(from: 0, to: layout.height, by: 5) {
        let rows = start..<min(layout.height, start + 5)
        guard let values = try? file.values(page: page, rows: rows) else {
          bands = nil
          break
        }
        bands?.append(contentsOf: values.doubles)
      }
      let whole = try? file.frame(page: page).values.doubles
      if let bands, let whole {
        let differing = bands.indices.filter { bands[$0].bitPattern != whole[$0].bitPattern }
        #expect(differing.isEmpty, "page \(page + 1), pixels \(differing.prefix(5))")
      } else {
        #expect((bands == nil) == (whole == nil), "page \(page + 1)")
      }
    }
  }
}
