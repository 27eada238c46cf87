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
    var net = counts
    if let dark { net.add(dark, times: -darkScale) }
    var level: Image
    var saturated = saturatedPixels(counts)
    switch reference {
    case .frame(let frame):
      level = frame
      if let dark { level.add(dark, times: -referenceDarkScale) }
      saturated = Set(saturated).union(saturatedPixels(frame)).sorted()
    case .level(let constant):
      level = Image(height: counts.height, width: counts.width, filledWith: constant)
    }
    var od = opticalDensity(net: net, level: level, offset: logExposureRatio)
    for pixel in saturated { od.pixels[Int(pixel)] = .nan }
    var frame = repaired(od)
    frame?.saturatedCount = saturated.count
    return frame
  }

  /// The pixels of a frame that are saturated.
  private func saturatedPixels(_ frame: Image) -> [Int32] {
    guard let saturation else { return [] }
    return frame.pixels.withUnsafeBufferPointer { values in
      values.indices.compactMap { values[$0] >= saturation ? Int32($0) : nil }
    }
  }

  /// ln(level / net) + offset; not a number where it cannot be measured.
  private func opticalDensity(net: Image, level: Image, offset: Float) -> Image {
    var od = Image(unsetOfHeight: net.height, width: net.width)
    od.pixels.withUnsafeMutableBufferPointer { od in
      spectra_optical_density(
        net.pixels, level.pixels, minimumReference, offset, od.baseAddress!, od.count)
    }
    return od
  }

  /// The optical density of a frame of transmission, I / I0.
  public func opticalDensity(transmission: Image) -> OpticalDensityFrame? {
    var correction = self
    correction.minimumReference = 0
    let unit = Image(height: transmission.height, width: transmission.width, filledWith: 1)
    return repaired(correction.opticalDensity(net: transmission, level: unit, offset: 0))
  }

  /// A frame of optical density with its gaps (values that are not finite) and outliers replaced
  /// by the median of their neighbours; nil where nothing is finite.
  public func repaired(_ od: Image) -> OpticalDensityFrame? {
    var image = od
    var lost: [Int32] = []
    let gaps = od.gaps
    guard gaps.count < od.pixels.count else { return nil }
    if !gaps.isEmpty {
      let typical = quantile(od.pixels.lazy.filter(\.isFinite), 0.5) ?? 0
      for gap in gaps {
        let around = od.medianAround(gap)
        image.pixels[gap] = around ?? typical
        if around == nil { lost.append(Int32(gap)) }
      }
    }
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
  /// The image with what lies beyond all but 0.2 % of its pixels at either end brought to there: a spot of the detector
  /// that is denser than any sample must not be what is followed. The bounds are those of about 20,000 pixels.
  func clipped() -> Image {
    let step = max(1, pixels.count / 20_000)
    let sampled = stride(from: 0, to: pixels.count, by: step).map { pixels[$0] }
    guard let low = quantile(sampled, 0.002), let high = quantile(sampled, 0.998) else {
      return self
    }
    var result = self
    result.pixels.withUnsafeMutableBufferPointer { pixels in
      for index in pixels.indices { pixels[index] = min(max(pixels[index], low), high) }
    }
    return result
  }

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
    pixels.withUnsafeBufferPointer { values in
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
