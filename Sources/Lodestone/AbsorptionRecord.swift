import Foundation
import PhaseCatalog
import Spectra
import StackIO

/// What the pixels of a scan absorb, as the catalog keeps it: the mean optical density over the energies, and the step at each
/// edge.
struct AbsorptionRecord {
  let mean: Image
  let edges: [AbsorptionEdge]
  /// One an edge.
  let steps: [Image]
  /// The pixels that every frame shows.
  let isInside: [Bool]

  /// The maps; no edge steps where no edge is measured.
  ///
  /// - Throws: ``InputError``.
  /// - Complexity: O(pixels (1 + edges)).
  func maps() throws -> [MapRecord] {
    let pages: [(name: String, image: Image)] =
      [("mean OD", mean)] + zip(edges, steps).map { (name: $0.name, image: $1) }
    let values = mapInParallel(pages.count) { rounded(pages[$0].image) }
    let groups = [("od", [0]), ("edge_step", Array(pages.indices.dropFirst()))]
      .filter { !$0.1.isEmpty }
    return try groups.map { kind, places in
      MapRecord(
        kind: kind, height: mean.height, width: mean.width,
        samples: .float32(places.flatMap { values[$0] }),
        tiff: try TIFFWriter.encode(
          places.map {
            .init(
              height: mean.height, width: mean.width, samples: .float32(values[$0]),
              name: pages[$0].name)
          }))
    }
  }

  /// An image's values in steps of a power of two below its noise: more digits are the noise's own, and do not compress.
  private func rounded(_ image: Image) -> [Float] {
    let noise = noise(of: image)
    let step = noise > 0 ? exp2(log2(noise).rounded(.down)) : 0
    return zip(image.pixels, isInside).map { value, isInside in
      guard isInside, value.isFinite else { return .nan }
      // A zero has one sign: readers take either for the same.
      return (step > 0 ? (value / step).rounded() * step : value) + 0
    }
  }

  /// The standard deviation of a pixel's noise, by the median difference of pixels side by side: most lie within one phase.
  private func noise(of image: Image) -> Float {
    // A hundred thousand are enough, whatever the frame's size.
    let step = max(1, image.pixels.count / 100_000)
    let differences = stride(from: 0, to: image.pixels.count - 1, by: step).compactMap {
      ($0 + 1) % image.width != 0 && isInside[$0] && isInside[$0 + 1]
        ? abs(image.pixels[$0] - image.pixels[$0 + 1]) : nil
    }.filter(\.isFinite)
    guard !differences.isEmpty else { return 0 }
    // The median of the absolute value of a normal number, and the difference of two.
    return value(ofRank: differences.count / 2, among: differences)
      / (0.6745 * Float(2).squareRoot())
  }
}
