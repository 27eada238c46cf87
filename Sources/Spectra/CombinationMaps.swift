/// Maps of the amounts of reference spectra, pixel by pixel.
public struct CombinationMaps: Sendable {
  /// The amount of each reference.
  public let amounts: [Image]
  /// What they leave: the root mean square over the energies, OD.
  public let residual: Image

  /// Fits the spectra of all pixels.
  ///
  /// - Parameters:
  ///   - places: the frame at each energy of the combination.
  /// - Throws: ``ScratchFailure``.
  /// - Complexity: O(pixels energies references), and where amounts would be negative O(2^references) a pixel.
  public init(
    of frames: FrameStore, _ combination: LinearCombination, places: [Int]
  ) throws(ScratchFailure) {
    var place = [Int?](repeating: nil, count: frames.count)
    for (index, frame) in places.enumerated() { place[frame] = index }
    let placeOf = place
    let (width, runs) = (frames.width, frames.rowRuns)
    let made = try mapInParallel(runs.count) { (run) throws(ScratchFailure) in
      let pixels = runs[run].lowerBound * width..<runs[run].upperBound * width
      return try frames.withBand(pixels) { band in
        func products(_ part: [Double]) -> [Double] {
          band.sums(pixels.count) { frame in placeOf[frame].map { part[$0] } ?? 0 }
        }
        let projections = combination.references.map(products)
        let backgrounds = combination.background.map(products)
        let squares = band.squares(pixels.count) { placeOf[$0] != nil }
        return squares.indices.map { pixel in
          combination.fit(
            projections: projections.map { $0[pixel] }, squares: squares[pixel],
            inBackground: backgrounds.reduce(0) { $0 + $1[pixel] * $1[pixel] })
        }
      }
    }.flatMap(\.self)
    func image(_ value: (LinearCombination.Fit) -> Double) -> Image {
      Image(height: frames.height, width: width, pixels: made.map { Float(value($0)) })
    }
    amounts = combination.references.indices.map { reference in image { $0.amounts[reference] } }
    residual = image { $0.residual }
  }
}
