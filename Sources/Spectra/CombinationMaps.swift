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
        let count = Double(combination.energies.count)
        return squares.indices.map { pixel in
          var numbers = LinearCombination.Numbers(repeating: 0)
          for (index, values) in projections.enumerated() { numbers[index] = values[pixel] }
          let best = combination.best(numbers)
          var rest = squares[pixel] + best.left
          for values in backgrounds { rest -= values[pixel] * values[pixel] }
          return (best.amounts, Float((max(rest, 0) / count).squareRoot()))
        }
      }
    }.flatMap(\.self)
    func image(_ value: (LinearCombination.Numbers, Float) -> Float) -> Image {
      Image(height: frames.height, width: width, pixels: made.map { value($0.0, $0.1) })
    }
    amounts = combination.references.indices.map { index in
      image { amounts, _ in Float(amounts[index]) }
    }
    residual = image { $1 }
  }
}
