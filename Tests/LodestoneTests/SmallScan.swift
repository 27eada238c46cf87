import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import TestSupport

/// A small example scan in a folder of its own, and an empty catalog.
struct SmallScan {
  let folder: TemporaryFolder
  let catalog: Catalog
  let request: ScanRequest

  init(height: Int = 64, width: Int = 64) throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    var example = ExampleScan()
    (example.height, example.width, example.energyCount) = (height, width, 30)
    try example.write(to: folder.file("ex"))
    var request = ScanRequest(path: folder.file("ex/scan.tif"))
    request.energiesPaths = [folder.file("ex/energies.txt")]
    request.references = [folder.file("ex/references.tif")]
    request.darkPaths = [folder.file("ex/dark.tif")]
    request.pixelSize = PixelSize(sideUM: 0.028)
    self.request = request
  }

  func ingest(
    _ request: ScanRequest? = nil, _ settings: [String] = [], resources: Resources = Resources(),
    explain: ((RunDifference) -> Void)? = nil
  ) throws -> Ingest.Outcome {
    try Ingest(
      catalog: catalog, parameters: ParameterSet(settings: settings), resources: resources,
      command: "test"
    ).run(request ?? self.request, sample: "M1", explain: explain)
  }
}
