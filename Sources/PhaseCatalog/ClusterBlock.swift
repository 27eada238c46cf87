/// How much of a cluster lies in one part of the sample, and how deep.
package struct ClusterBlock: Sendable, Equatable {
  /// The cluster; -1 is noise.
  package var label: Int
  package var block: Int
  package var pixels: Int
  /// Those in pieces of the cluster that touch the surface.
  package var surfacePixels: Int
  /// Pixels by wide bin of depth: see ``wideBin(_:)``.
  package var depth: [Int: Int]

  /// A cluster's part of a block.
  package init(label: Int, block: Int, pixels: Int, surfacePixels: Int, depth: [Int: Int]) {
    self.label = label
    self.block = block
    self.pixels = pixels
    self.surfacePixels = surfacePixels
    self.depth = depth
  }

  /// The wide bin that a bin of the depth histogram is part of. They widen with the depth, two to each doubling: an
  /// uncertainty needs no finer ones, and their number does not grow with the scan.
  package static func wideBin(_ bin: Int) -> Int {
    if bin < 2 { return bin }
    let exponent = Int.bitWidth - 1 - bin.leadingZeroBitCount
    return 2 * exponent + (bin >> (exponent - 1)) & 1
  }

  /// The first bin of the depth histogram that is part of a wide bin.
  package static func firstBin(of wide: Int) -> Int {
    wide < 2 ? wide : (2 + wide % 2) << (wide / 2 - 1)
  }
}

/// A number of a cluster with its standard error over the parts of the sample.
package struct ClusterEstimate: Sendable, Equatable {
  /// As in an address: "Nd.atomic_fraction", "Fe-K.white_line_ev".
  package var quantity: String
  package var value: Double
  /// nil where one part is all there is.
  package var error: Double?

  /// A number with its error.
  package init(quantity: String, value: Double, error: Double?) {
    self.quantity = quantity
    self.value = value
    self.error = error
  }
}
