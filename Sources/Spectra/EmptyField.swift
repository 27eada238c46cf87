/// The part of the field where no sample is: what is left of the optical density there is the
/// beam's own change between a frame and its reference.
public struct EmptyField: Sendable {
  /// The pixels, ascending.
  public let pixels: [Int32]

  /// The empty field of a stack of optical density, or nil where it shows none.
  ///
  /// Candidates are the thinner of two classes (Otsu's threshold, doi 10.1109/TSMC.1979.4310076) of
  /// the blurred median over the energies, `erosion` px away from the thicker. They are empty if
  /// their spectrum is next to zero, or does not follow that of the sample: its slope against
  /// the difference of the two is below `maximumSlope`. Thin sample has the thick one's spectrum
  /// in small and is refused.
  ///
  /// - Complexity: O(pixels energies).
  public init?(of stack: [Image], erosion: Double = 4, maximumSlope: Double = 0.15) {
    guard let first = stack.first,
      let candidates = EmptyField.thinnest(medianOverEnergies(stack), erosion: erosion)
    else { return nil }
    let isCandidate = Set(candidates)
    let thick = (0..<Int32(first.pixels.count)).filter { !isCandidate.contains($0) }
    let thin = EmptyField.medianSpectrum(of: stack, at: candidates)
    let sample = EmptyField.medianSpectrum(of: stack, at: thick)
    let levels = thin.map(abs).sorted()
    let isNearZero = levels[levels.count / 2] < 0.03
    guard isNearZero || abs(EmptyField.slope(of: thin, against: sample)) < maximumSlope else {
      return nil
    }
    pixels = candidates
  }

  /// The empty field of a stack of counts without references: the bright class, by the same
  /// threshold; nil where it is too small.
  public init?(ofCounts stack: [Image], erosion: Double = 4) {
    let darkness = stack.map { frame in
      let bright = max(quantile(frame.pixels, 0.99) ?? 1, .leastNormalMagnitude)
      return Image(
        height: frame.height, width: frame.width,
        pixels: frame.pixels.map { min(1, max(-1, 1 - $0 / bright)) })
    }
    guard !stack.isEmpty,
      let found = EmptyField.thinnest(medianOverEnergies(darkness), erosion: erosion)
    else { return nil }
    pixels = found
  }

  /// The median of an image over at most about 40,000 pixels of the empty field, evenly spread.
  public func level(of image: Image) -> Float {
    let step = max(1, pixels.count / 40_000)
    let sampled = stride(from: 0, to: pixels.count, by: step)
    return quantile(sampled.map { image.pixels[Int(pixels[$0])] }, 0.5) ?? 0
  }

  private static func thinnest(_ image: Image, erosion: Double) -> [Int32]? {
    let smooth = image.blurred(sigma: 1)
    guard let threshold = otsuThreshold(smooth.pixels) else { return nil }
    let isThin = smooth.pixels.map { $0 <= threshold }
    let distance = squaredDistanceToOutside(
      of: isThin, height: image.height, width: image.width)
    let inner = distance.indices.filter { distance[$0] > erosion * erosion }
    return inner.count >= max(25, image.pixels.count / 500) ? inner.map { Int32($0) } : nil
  }

  private static func medianSpectrum(of stack: [Image], at pixels: [Int32]) -> [Double] {
    let step = max(1, pixels.count / 5_000)
    let sampled = stride(from: 0, to: pixels.count, by: step).map { Int(pixels[$0]) }
    return stack.map { frame in
      Double(quantile(sampled.map { frame.pixels[$0] }, 0.5) ?? 0)
    }
  }

  /// The slope of `thin` against what the sample has beyond it, over the energies.
  private static func slope(of thin: [Double], against sample: [Double]) -> Double {
    let excess = zip(sample, thin).map { $0 - $1 }
    let meanThin = thin.reduce(0, +) / Double(thin.count)
    let meanExcess = excess.reduce(0, +) / Double(excess.count)
    var (products, squares) = (0.0, 0.0)
    for (t, e) in zip(thin, excess) {
      products += (t - meanThin) * (e - meanExcess)
      squares += (e - meanExcess) * (e - meanExcess)
    }
    return squares > 0 ? products / squares : 0
  }
}

/// The median of each pixel over at most about 40 of the energies, evenly spread.
func medianOverEnergies(_ stack: [Image]) -> Image {
  let step = max(1, stack.count / 40)
  let frames = stride(from: 0, to: stack.count, by: step).map { stack[$0] }
  var median = Image(height: stack[0].height, width: stack[0].width)
  let width = median.width
  let height = median.height
  median.pixels.withUnsafeMutableBufferPointer { buffer in
    // Each call writes one row.
    nonisolated(unsafe) let output = buffer
    forEachInParallel(height) { row in
      var values = [Float](repeating: 0, count: frames.count)
      for pixel in row * width..<(row + 1) * width {
        for (index, frame) in frames.enumerated() { values[index] = frame.pixels[pixel] }
        values.sort()
        output[pixel] = values[values.count / 2]
      }
    }
  }
  return median
}

/// The threshold that best separates values into two classes, by a histogram of 256 bins
/// between the 0.1 % and the 99.9 % quantile; nil where all values are alike.
///
/// Source: Otsu 1979, doi 10.1109/TSMC.1979.4310076.
func otsuThreshold(_ values: [Float]) -> Float? {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return nil }
  let low = Double(sorted[sorted.count / 1000])
  let high = Double(sorted[sorted.count - 1 - sorted.count / 1000])
  guard high > low else { return nil }
  var histogram = [Int](repeating: 0, count: 256)
  for value in values {
    let bin = Int(((Double(value) - low) / (high - low) * 256).clamped(to: 0...255))
    histogram[bin] += 1
  }
  let total = Double(values.count)
  let sum = histogram.enumerated().reduce(0.0) { $0 + Double($1.offset * $1.element) }
  var (below, sumBelow, best, bestBin) = (0.0, 0.0, -1.0, 0)
  for bin in 0..<255 {
    below += Double(histogram[bin])
    sumBelow += Double(bin * histogram[bin])
    guard below > 0, below < total else { continue }
    let difference = sumBelow / below - (sum - sumBelow) / (total - below)
    let variance = below * (total - below) * difference * difference
    if variance > best { (best, bestBin) = (variance, bin) }
  }
  return Float(low + (high - low) * Double(bestBin + 1) / 256)
}

extension Comparable {
  func clamped(to range: ClosedRange<Self>) -> Self {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
