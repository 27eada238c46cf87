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
}

extension OpticalDensityCorrection {
  /// The optical density of `counts`; nil where no pixel can be measured.
  ///
  /// A pixel is altered if it or its reference is not above the dark, its reference is below
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
    var od = Image(height: counts.height, width: counts.width, filledWith: .nan)
    for index in counts.pixels.indices {
      let dark = dark?.pixels[index] ?? 0
      let value = counts.pixels[index]
      var level: Float
      var isSaturated = saturation.map { value >= $0 } ?? false
      switch reference {
      case .frame(let frame):
        level = frame.pixels[index] - dark * referenceDarkScale
        if let saturation, frame.pixels[index] >= saturation { isSaturated = true }
      case .level(let constant):
        level = constant
      }
      let net = value - dark * darkScale
      // Comparisons with NaN are false: what is not a number is not measured.
      if net > 0, level > minimumReference, !isSaturated {
        od.pixels[index] = logf(level / net) + logExposureRatio
      }
    }
    return repaired(od)
  }

  /// The optical density of a frame of transmission, I / I0.
  public func opticalDensity(transmission: Image) -> OpticalDensityFrame? {
    var od = Image(height: transmission.height, width: transmission.width, filledWith: .nan)
    for (index, value) in transmission.pixels.enumerated() where value > 0 && value.isFinite {
      od.pixels[index] = -logf(value)
    }
    return repaired(od)
  }

  /// A frame of optical density with its gaps (values that are not finite) and outliers replaced
  /// by the median of their neighbours; nil where nothing is finite.
  public func repaired(_ od: Image) -> OpticalDensityFrame? {
    var image = od
    var isAltered = [Bool](repeating: false, count: od.pixels.count)
    let gaps = od.pixels.indices.filter { !od.pixels[$0].isFinite }
    guard gaps.count < od.pixels.count else { return nil }
    if !gaps.isEmpty {
      let typical = quantile(od.pixels.lazy.filter(\.isFinite), 0.5) ?? 0
      for gap in gaps {
        isAltered[gap] = true
        image.pixels[gap] = od.medianAround(gap) ?? typical
      }
    }
    let median = image.median3x3()
    let limit = max(outlierFloor, outlierDeviations * image.noise(about: median))
    for index in image.pixels.indices
    where abs(image.pixels[index] - median.pixels[index]) > limit {
      image.pixels[index] = median.pixels[index]
      isAltered[index] = true
    }
    let altered = isAltered.indices.lazy.filter { isAltered[$0] }.map { Int32($0) }
    return OpticalDensityFrame(image: image, altered: Array(altered))
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
