internal import CSpectraKernels
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
  public init?(
    of stack: FrameStore, erosion: Double = 4, maximumSlope: Double = 0.15
  ) throws(ScratchFailure) {
    guard
      let candidates = EmptyField.thinnest(
        try stack.medianOverEnergies(), erosion: erosion)
    else { return nil }
    var isCandidate = [Bool](repeating: false, count: stack.height * stack.width)
    for pixel in candidates { isCandidate[Int(pixel)] = true }
    let thick = (0..<Int32(isCandidate.count)).filter { !isCandidate[Int($0)] }
    let thin = try EmptyField.medianSpectrum(of: stack, at: candidates)
    let sample = try EmptyField.medianSpectrum(of: stack, at: thick)
    let levels = thin.map(abs).sorted()
    let isNearZero = levels[levels.count / 2] < 0.03
    guard isNearZero || abs(EmptyField.slope(of: thin, against: sample)) < maximumSlope else {
      return nil
    }
    pixels = candidates
  }

  /// The empty field of a stack of counts without references: the bright class, by the same
  /// threshold; nil where it is too small.
  public init?(ofCounts stack: FrameStore, erosion: Double = 4) throws(ScratchFailure) {
    let brightness = try mapInParallel(stack.count) { (frame) throws(ScratchFailure) in
      max(
        quantile(try stack.image(frame).pixels.filter { !$0.isNaN }, 0.99) ?? 1,
        .leastNormalMagnitude)
    }
    guard
      let found = EmptyField.thinnest(
        try stack.medianOverEnergies(darknessBelow: brightness), erosion: erosion)
    else { return nil }
    pixels = found
  }

  /// The median of a frame over at most about 40,000 pixels of the empty field, evenly spread.
  public func level(of stack: FrameStore, _ frame: Int) throws(ScratchFailure) -> Float {
    let step = max(1, pixels.count / 40_000)
    let sampled = stride(from: 0, to: pixels.count, by: step).map { Int(pixels[$0]) }
    return quantile(try stack.values(of: frame, at: sampled), 0.5) ?? 0
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

  private static func medianSpectrum(
    of stack: FrameStore, at pixels: [Int32]
  ) throws(ScratchFailure) -> [Double] {
    let step = max(1, pixels.count / 5_000)
    let sampled = stride(from: 0, to: pixels.count, by: step).map { Int(pixels[$0]) }
    return try mapInParallel(stack.count) { (frame) throws(ScratchFailure) in
      let values = try stack.values(of: frame, at: sampled)
      return Double(quantile(values, 0.5) ?? 0)
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

extension FrameStore {
  /// The median of each pixel over at most 40 of the energies, evenly spread.
  ///
  /// - Parameter brightness: where it is given, the median of how much darker than it each value is, as a share of
  ///   it (-1 to 1).
  func medianOverEnergies(darknessBelow brightness: [Float]? = nil) throws(ScratchFailure) -> Image
  {
    let (step, width) = (max(1, (count + 39) / 40), width)
    let runs = rowRuns
    let medians = try mapInParallel(runs.count) { (run) throws(ScratchFailure) in
      let pixels = runs[run].lowerBound * width..<runs[run].upperBound * width
      return try withBand(pixels, step: step) { band in
        [Float](unsafeUninitializedCapacity: pixels.count) { output, filled in
          filled = pixels.count
          guard let brightness else {
            spectra_median_of_frames(
              band.base, band.stride, band.frames, output.baseAddress!, pixels.count)
            return
          }
          let darkness = (0..<band.frames).flatMap { frame in
            (0..<pixels.count).map { pixel -> Float in
              let value = band.base[frame * band.stride + pixel]
              return value.isNaN ? 1 : min(1, max(-1, 1 - value / brightness[frame * step]))
            }
          }
          spectra_median_of_frames(
            darkness, pixels.count, band.frames, output.baseAddress!, pixels.count)
        }
      }
    }
    return Image(height: height, width: width, pixels: medians.flatMap(\.self))
  }

  /// A frame's values at some pixels.
  func values(of frame: Int, at places: [Int]) throws(ScratchFailure) -> [Float] {
    if let values = memory(frame) { return places.map { values[$0] } }
    let image = try image(frame)
    return places.map { image.pixels[$0] }
  }
}

/// The threshold that best separates values into two classes, by a histogram of 256 bins
/// between the 0.1 % and the 99.9 % quantile; nil where all values are alike.
///
/// Source: Otsu 1979, doi 10.1109/TSMC.1979.4310076.
func otsuThreshold(_ values: [Float]) -> Float? {
  guard let lowest = quantile(values, 0.001), let highest = quantile(values, 0.999),
    highest > lowest
  else { return nil }
  let (low, high) = (Double(lowest), Double(highest))
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
