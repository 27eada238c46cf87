import Foundation
import Spectra
import Testing
import TestSupport

/// A stack of more than four times the memory that the program may use, by the program itself.
@Suite(.serialized) struct LargeStackTests {
  private static let (side, energies) = (2048, 256)
  /// The file, the scratch file and what is measured on smaller frames.
  private static let spaceNeeded = 12_000_000_000

  private static var hasSpace: Bool {
    let values = try? FileManager.default.temporaryDirectory.resourceValues(forKeys: [
      .volumeAvailableCapacityKey
    ])
    return values?.volumeAvailableCapacity ?? 0 > spaceNeeded
  }

  @Test(.enabled(if: hasSpace, "12 GB of temporary space: a stack larger than memory is skipped"))
  func aStackOfFourTimesTheMemory() throws {
    let program = try Program()
    let truth = try write(to: program.folder)
    #expect(try program.run("init", "t.lode").code == 0)
    let outcome = try program.run([
      "ingest", "scan.tif", "--energies", "energies.txt", "--reference", "reference.tif",
      "--sample", "M1", "--memory", "1GB", "--scratch", ".", "--json",
    ])
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("a scratch file of"), "\(outcome.errors)")
    let peak = try #require(outcome.json["peak_memory_bytes"] as? Int)
    #expect(peak <= 1_000_000_000)
    #expect(Self.side * Self.side * Self.energies * 4 > 4_000_000_000)
    let clusters = try #require(outcome.json["clusters"] as? [[String: Any]])
    let pixels = clusters.compactMap { $0["pixels"] as? Int }
    #expect(pixels.count == 2)
    for (found, put) in zip(pixels, truth.sorted(by: >)) {
      #expect(abs(found - put) < put / 50, "\(found) of \(put)")
    }
  }

  /// Writes a scan of two phases in squares beside an empty field, its I0 and its energies; how many pixels each phase has.
  private func write(to folder: TemporaryFolder) throws -> [Int] {
    let (side, energies) = (Self.side, Self.energies)
    var random = TestRandom(seed: 11)
    let squares = (0..<256).map { _ in UInt8.random(in: 1...2, using: &random) }
    let labels = (0..<side * side).map { pixel -> UInt8 in
      let (y, x) = (pixel / side, pixel % side)
      return x < side / 4 ? 0 : squares[y / 128 * 16 + x / 128]
    }
    // Noise of one standard deviation, read from another place in every frame.
    let noise = (0..<1 << 20).map { _ in
      (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &random) }
    }
    let volts = (0..<energies).map { 7050 + Double($0) }
    let head = ImageJFile(height: side, width: side, images: energies).head
    let path = folder.file("scan.tif")
    try Data(head).write(to: URL(fileURLWithPath: path))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    for first in stride(from: 0, to: energies, by: 4) {
      let frames = mapInParallel(4) { frame -> Data in
        let energy = first + frame
        let edge = 1 / (1 + exp(-(volts[energy] - 7112) / 2))
        let levels = [0, 0.3 + 0.8 * edge, 0.9].map { Float(6000 * exp(-$0)) }
        let deviations = levels.map { $0.squareRoot() }
        let start = 7919 * energy
        let counts = labels.indices.map { pixel -> UInt16 in
          let label = Int(labels[pixel])
          let value = levels[label] + deviations[label] * noise[(start + pixel) & (1 << 20 - 1)]
          return UInt16(value).bigEndian
        }
        return counts.withUnsafeBytes { Data($0) }
      }
      for frame in frames { try file.write(contentsOf: frame) }
    }
    try file.close()
    let flat = [UInt16](repeating: UInt16(6000).bigEndian, count: side * side)
    let reference =
      Data(ImageJFile(height: side, width: side, images: 1).head)
      + flat.withUnsafeBytes { Data($0) }
    try reference.write(to: URL(fileURLWithPath: folder.file("reference.tif")))
    _ = try folder.write(
      volts.map { "\($0)" }.joined(separator: "\n") + "\n", to: "energies.txt")
    return [1, 2].map { label in labels.count { $0 == label } }
  }
}
