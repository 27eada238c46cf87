internal import CSpectraKernels
import Foundation

/// How counts become optical density, -ln(I / I0), and which pixels cannot.
public struct OpticalDensityCorrection: Sendable, Equatable {
  /// The least reference (counts above dark) that a pixel needs.
  public var minimumReference: Float = 5
  /// The count at and above which the detector is saturated; nil where it is not known to be.
  public var saturation: Float?
  /// The least distance in OD from its 3 x 3 median that makes a pixel an outlier.
  public var outlierFloor: Float = 1
  /// The same distance in standard deviations of the frame's noise (1.4826 MAD).
  public var outlierDeviations: Float = 8

  /// The default correction.
  public init() {}
}

/// What the beam was without the sample, at one energy.
public enum ReferenceLevel: Sendable, Equatable {
  /// A reference frame, dark not yet subtracted.
  case frame(Image)
  /// One number for all pixels, free of dark: a spectrum's value or the empty field's.
  case level(Float)
}

/// The optical density of one frame, and which of its pixels were replaced.
public struct OpticalDensityFrame: Sendable {
  /// The optical density, finite everywhere.
  public var image: Image
  /// The pixels that could not be measured or were outliers, ascending; each took the median of
  /// its neighbours.
  public var altered: [Int32]
  /// Those of them that are further than 2 px from any that was measured: what they hold says nothing.
  public var lost: [Int32] = []
  /// How many of them were saturated, in the frame or its reference.
  public var saturatedCount = 0
  /// How many were outliers among their neighbours: hot, or struck by a cosmic ray.
  public var outlierCount = 0
  /// How many could not be measured otherwise: dead, or without enough reference.
  public var unmeasuredCount: Int { altered.count - saturatedCount - outlierCount }
}

extension OpticalDensityCorrection {
  /// The optical density of `counts`; nil where no pixel can be measured.
  ///
  /// A pixel is altered if it or its reference is not above the dark, its reference is not above
  /// ``minimumReference``, either is saturated, or its OD is an outlier of its 3 x 3 pixels.
  ///
  /// - Parameters:
  ///   - darkScale: the frame's exposure over the dark's.
  ///   - referenceDarkScale: the reference's exposure over the dark's.
  ///   - logExposureRatio: ln(sample exposure / reference exposure).
  /// - Complexity: O(pixels).
  public func opticalDensity(
    counts: Image, dark: Image?, darkScale: Float = 1, referenceDarkScale: Float = 1,
    reference: ReferenceLevel, logExposureRatio: Float = 0
  ) -> OpticalDensityFrame? {
    var saturated = saturatedPixels(counts)
    if case .frame(let frame) = reference {
      let those = saturatedPixels(frame)
      if !those.isEmpty { saturated = Set(saturated).union(those).sorted() }
    }
    var od = Image(unsetOfHeight: counts.height, width: counts.width)
    forEachPiece(of: counts, dark, darkScale, reference, referenceDarkScale) { net, level, range in
      od.pixels.withUnsafeMutableBufferPointer {
        spectra_optical_density(
          net, level, minimumReference, logExposureRatio, $0.baseAddress! + range.lowerBound,
          range.count)
      }
    }
    for pixel in saturated { od.pixels[Int(pixel)] = .nan }
    var frame = repaired(od)
    frame?.saturatedCount = saturated.count
    return frame
  }

  /// Runs `body` with counts and reference, both less their dark, of so many pixels as stay in the cache.
  private func forEachPiece(
    of counts: Image, _ dark: Image?, _ darkScale: Float, _ reference: ReferenceLevel,
    _ referenceDarkScale: Float,
    _ body: (_ net: UnsafePointer<Float>, _ level: UnsafePointer<Float>, _ range: Range<Int>) ->
      Void
  ) {
    let (pixels, most) = (counts.pixels.count, 4096)
    /// The pixels of an image less so much of the dark.
    func fill(_ target: inout [Float], _ image: Image, _ range: Range<Int>, _ scale: Float) {
      target.withUnsafeMutableBufferPointer { target in
        image.pixels.withUnsafeBufferPointer {
          _ = target.update(fromContentsOf: $0[range])
        }
        dark?.pixels.withUnsafeBufferPointer {
          spectra_add(
            $0.baseAddress! + range.lowerBound, -scale, target.baseAddress!, range.count)
        }
      }
    }
    var net = [Float](repeating: 0, count: most)
    var level = net
    if case .level(let constant) = reference { level = [Float](repeating: constant, count: most) }
    for start in stride(from: 0, to: pixels, by: most) {
      let range = start..<min(start + most, pixels)
      fill(&net, counts, range, darkScale)
      if case .frame(let frame) = reference { fill(&level, frame, range, referenceDarkScale) }
      body(net, level, range)
    }
  }

  /// The pixels of a frame that are saturated.
  private func saturatedPixels(_ frame: Image) -> [Int32] {
    guard let saturation,
      spectra_count_at_least(frame.pixels, saturation, frame.pixels.count) > 0
    else { return [] }
    return frame.pixels.withUnsafeBufferPointer { values in
      values.indices.compactMap { values[$0] >= saturation ? Int32($0) : nil }
    }
  }

  /// The optical density of a frame of transmission, I / I0.
  public func opticalDensity(transmission: Image) -> OpticalDensityFrame? {
    var correction = self
    (correction.minimumReference, correction.saturation) = (0, nil)
    return correction.opticalDensity(counts: transmission, dark: nil, reference: .level(1))
  }

  /// A frame of optical density with its gaps (values that are not finite) and outliers replaced
  /// by the median of their neighbours; nil where nothing is finite.
  public func repaired(_ od: consuming Image) -> OpticalDensityFrame? {
    var image = od
    let gaps = image.gaps
    guard gaps.count < image.pixels.count else { return nil }
    let around = gaps.map { image.medianAround($0) }
    let lost = zip(gaps, around).filter { $1 == nil }.map { Int32($0.0) }
    let typical = lost.isEmpty ? 0 : quantile(image.pixels.lazy.filter(\.isFinite), 0.5) ?? 0
    for (gap, median) in zip(gaps, around) { image.pixels[gap] = median ?? typical }
    let median = image.median3x3()
    let limit = max(outlierFloor, outlierDeviations * image.noise(about: median))
    let outliers = image.replaceOutliers(by: median, limit: limit)
    // A gap whose neighbours differ may be both; it was altered once.
    let isGap = Set(gaps)
    let hot = outliers.filter { !isGap.contains($0) }
    return OpticalDensityFrame(
      image: image, altered: (gaps + hot).sorted().map { Int32($0) }, lost: lost,
      outlierCount: hot.count)
  }
}

extension Image {
  /// Adds a number to all pixels.
  package mutating func add(_ number: Float) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      for index in pixels.indices { pixels[index] += number }
    }
  }

  /// Adds another image, times a factor.
  package mutating func add(_ other: Image, times factor: Float) {
    pixels.withUnsafeMutableBufferPointer {
      spectra_add(other.pixels, factor, $0.baseAddress!, $0.count)
    }
  }

  /// The pixels that are not finite, ascending.
  fileprivate var gaps: [Int] {
    if spectra_count_finite(pixels, pixels.count) == pixels.count { return [] }
    return pixels.withUnsafeBufferPointer { values in
      values.indices.filter { !(values[$0].magnitude <= .greatestFiniteMagnitude) }
    }
  }

  /// Gives pixels further than a limit from the median that value; which they were, ascending.
  fileprivate mutating func replaceOutliers(by median: Image, limit: Float) -> [Int] {
    guard spectra_count_outliers(pixels, median.pixels, limit, pixels.count) > 0 else { return [] }
    let outliers = pixels.indices.filter { abs(pixels[$0] - median.pixels[$0]) > limit }
    for pixel in outliers { pixels[pixel] = median.pixels[pixel] }
    return outliers
  }
}

extension Image {
  /// The median of the finite pixels within 1 px, else 2 px; nil where there are none.
  fileprivate func medianAround(_ index: Int) -> Float? {
    let (y, x) = (index / width, index % width)
    for radius in 1...2 {
      var values: [Float] = []
      for row in max(0, y - radius)...min(height - 1, y + radius) {
        for column in max(0, x - radius)...min(width - 1, x + radius) {
          let value = self[row, column]
          if value.isFinite { values.append(value) }
        }
      }
      if let median = quantile(values, 0.5) { return median }
    }
    return nil
  }

  /// 1.4826 times the median absolute difference to `median`, from about 20,000 pixels evenly
  /// spread.
  fileprivate func noise(about median: Image) -> Float {
    let step = max(1, pixels.count / 20_000)
    let differences = stride(from: 0, to: pixels.count, by: step).map {
      abs(pixels[$0] - median.pixels[$0])
    }
    return 1.4826 * (quantile(differences, 0.5) ?? 0)
  }
}
