import CKissFFT
import Foundation

/// The displacement between images of one shape by the peak of their cross-correlation.
///
///     let correlation = PhaseCorrelation(height: 256, width: 256)
///     let drift = correlation.drift(of: correlation.spectrum(moved), against: correlation.spectrum(first))
///
/// The peak is found on the pixel grid and refined by evaluating the correlation's Fourier sum on
/// ever finer grids around it, to 0.01 px.
///
/// Sources: Guizar-Sicairos, Thurman, Fienup, "Efficient subpixel image registration algorithms",
/// doi 10.1364/OL.33.000156; Kuglin and Hines 1975 for the normalisation of the phase.
public struct PhaseCorrelation: Sendable {
  private let height: Int
  private let width: Int
  private let windowY: [Float]
  private let windowX: [Float]
  private let normalisesPhase: Bool

  /// An image's Fourier transform.
  public struct Spectrum: Sendable {
    var values: [kiss_fft_cpx]
  }

  /// A correlation for images of this shape.
  ///
  /// - Parameters:
  ///   - taper: the share of each side over which the image fades to its mean, so that the
  ///     border does not correlate with itself; 0 for periodic images.
  ///   - normalisesPhase: whether each frequency counts alike. Right for sharp images without
  ///     noise; smooth, noisy ones are measured better without.
  public init(height: Int, width: Int, taper: Double = 0.15, normalisesPhase: Bool = false) {
    self.height = height
    self.width = width
    windowY = PhaseCorrelation.window(height, taper: taper)
    windowX = PhaseCorrelation.window(width, taper: taper)
    self.normalisesPhase = normalisesPhase
  }

  private static func window(_ count: Int, taper: Double) -> [Float] {
    let rise = taper * Double(count)
    return (0..<count).map { place in
      let toEnd = Double(min(place, count - 1 - place)) + 0.5
      guard toEnd < rise else { return 1 }
      return Float(0.5 - 0.5 * cos(Double.pi * toEnd / rise))
    }
  }

  /// The Fourier transform of an image.
  public func spectrum(_ image: Image) -> Spectrum {
    var values = windowed(image).map { kiss_fft_cpx(r: $0, i: 0) }
    transform(&values, inverse: false)
    return Spectrum(values: values)
  }

  /// The Fourier transforms of two images, by one transform: of the first as real part and the second as imaginary part.
  func spectra(_ first: Image, _ second: Image) -> (Spectrum, Spectrum) {
    var values = zip(windowed(first), windowed(second)).map { kiss_fft_cpx(r: $0, i: $1) }
    transform(&values, inverse: false)
    var (a, b) = (values, values)
    for y in 0..<height {
      let opposite = (y == 0 ? 0 : height - y) * width
      for x in 0..<width {
        // A real image's transform at the opposite frequency is the conjugate.
        let (here, there) = (y * width + x, opposite + (x == 0 ? 0 : width - x))
        let (p, q) = (values[here], values[there])
        a[here] = kiss_fft_cpx(r: 0.5 * (p.r + q.r), i: 0.5 * (p.i - q.i))
        b[here] = kiss_fft_cpx(r: 0.5 * (p.i + q.i), i: 0.5 * (q.r - p.r))
      }
    }
    return (Spectrum(values: a), Spectrum(values: b))
  }

  /// An image less its mean, faded out towards the border.
  private func windowed(_ image: Image) -> [Float] {
    precondition(image.height == height && image.width == width)
    let mean = Float(image.pixels.reduce(0.0) { $0 + Double($1) } / Double(image.pixels.count))
    var values = image.pixels
    values.withUnsafeMutableBufferPointer { values in
      for y in 0..<height {
        let row = y * width
        for x in 0..<width { values[row + x] = (values[row + x] - mean) * windowY[y] * windowX[x] }
      }
    }
    return values
  }

  /// The two-dimensional transform in place, by rows and then by columns: Debian 12's build of the
  /// library refuses its own plans for several real dimensions. The inverse is not divided by
  /// the number of pixels.
  private func transform(_ values: inout [kiss_fft_cpx], inverse: Bool) {
    let rowPlan = plan(kiss_fft_alloc(Int32(width), inverse ? 1 : 0, nil, nil))
    let columnPlan = plan(kiss_fft_alloc(Int32(height), inverse ? 1 : 0, nil, nil))
    defer {
      free(UnsafeMutableRawPointer(rowPlan))
      free(UnsafeMutableRawPointer(columnPlan))
    }
    var line = [kiss_fft_cpx](repeating: kiss_fft_cpx(), count: max(height, width))
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for row in 0..<height {
        kiss_fft(rowPlan, base + row * width, &line)
        for column in 0..<width { base[row * width + column] = line[column] }
      }
      for column in 0..<width {
        kiss_fft_stride(columnPlan, base + column, &line, Int32(width))
        for row in 0..<height { base[row * width + column] = line[row] }
      }
    }
  }

  private func plan(_ plan: OpaquePointer?) -> OpaquePointer {
    guard let plan else { preconditionFailure("no memory for a Fourier transform") }
    return plan
  }

  /// How far the image of `moved` is displaced against that of `first`: the peak of their
  /// correlation, or its deepest trough where the contrast `isReversed`; to 0.01 px, or to a whole
  /// pixel where it is not `isRefined`.
  public func drift(
    of moved: Spectrum, against first: Spectrum, isReversed: Bool = false, isRefined: Bool = true
  ) -> Drift {
    let sign: Float = isReversed ? -1 : 1
    var cross = zip(first.values, moved.values).map { a, b in
      let product = product(b, withConjugateOf: a)
      return kiss_fft_cpx(r: sign * product.r, i: sign * product.i)
    }
    if normalisesPhase {
      for index in cross.indices {
        let length = max(hypotf(cross[index].r, cross[index].i), .leastNormalMagnitude)
        cross[index].r /= length
        cross[index].i /= length
      }
    }
    var surface = cross
    transform(&surface, inverse: true)
    var peak = 0
    for index in surface.indices where surface[index].r > surface[peak].r { peak = index }
    let whole = wholeDrift(to: peak)
    var (dy, dx) = (whole.dy, whole.dx)
    for step in isRefined ? [0.1, 0.01] : [] {
      (dy, dx) = finerPeak(of: cross, aroundY: dy, x: dx, step: step)
    }
    return Drift(dy: dy, dx: dx)
  }

  /// How far two images of something are displaced against two others, to a whole pixel, by one transform: by the peak of the
  /// first images' correlation, by its deepest trough, and by the peak of the second images' correlation.
  func wholeDrifts(
    of moved: (Spectrum, Spectrum), against first: (Spectrum, Spectrum)
  ) -> (peak: Drift, trough: Drift, secondPeak: Drift) {
    // Both correlations are real: one is the real part of the sum's transform, the other its imaginary part.
    var surface = [kiss_fft_cpx](repeating: kiss_fft_cpx(), count: height * width)
    for index in surface.indices {
      let a = product(moved.0.values[index], withConjugateOf: first.0.values[index])
      let b = product(moved.1.values[index], withConjugateOf: first.1.values[index])
      surface[index] = kiss_fft_cpx(r: a.r - b.i, i: a.i + b.r)
    }
    transform(&surface, inverse: true)
    var (peak, trough, second) = (0, 0, 0)
    for index in surface.indices {
      if surface[index].r > surface[peak].r { peak = index }
      if surface[index].r < surface[trough].r { trough = index }
      if surface[index].i > surface[second].i { second = index }
    }
    return (wholeDrift(to: peak), wholeDrift(to: trough), wholeDrift(to: second))
  }

  private func product(_ b: kiss_fft_cpx, withConjugateOf a: kiss_fft_cpx) -> kiss_fft_cpx {
    kiss_fft_cpx(r: b.r * a.r + b.i * a.i, i: b.i * a.r - b.r * a.i)
  }

  /// The displacement that a place in a correlation stands for.
  private func wholeDrift(to place: Int) -> Drift {
    let (row, column) = (place / width, place % width)
    return Drift(
      dy: Double(2 * row > height ? row - height : row),
      dx: Double(2 * column > width ? column - width : column))
  }

  /// The largest value of the correlation on 21 x 21 places `step` px apart.
  private func finerPeak(
    of cross: [kiss_fft_cpx], aroundY centreY: Double, x centreX: Double, step: Double
  ) -> (Double, Double) {
    let reach = -10...10
    let offsets = reach.map { Double($0) * step }
    // Summed along the rows for each place across, then along the columns.
    var alongX = [kiss_fft_cpx](repeating: kiss_fft_cpx(), count: height * offsets.count)
    for (place, offset) in offsets.enumerated() {
      let phases = phases(width, at: centreX + offset)
      for row in 0..<height {
        var (real, imaginary): (Float, Float) = (0, 0)
        for column in 0..<width {
          let value = cross[row * width + column]
          real += value.r * phases[column].r - value.i * phases[column].i
          imaginary += value.r * phases[column].i + value.i * phases[column].r
        }
        alongX[row * offsets.count + place] = kiss_fft_cpx(r: real, i: imaginary)
      }
    }
    var best = (value: -Float.infinity, dy: centreY, dx: centreX)
    for offsetY in offsets {
      let phases = phases(height, at: centreY + offsetY)
      for (place, offsetX) in offsets.enumerated() {
        var value: Float = 0
        for row in 0..<height {
          let term = alongX[row * offsets.count + place]
          value += term.r * phases[row].r - term.i * phases[row].i
        }
        if value > best.value { best = (value, centreY + offsetY, centreX + offsetX) }
      }
    }
    return (best.dy, best.dx)
  }

  /// The phases of the frequencies of `count` samples at a place.
  private func phases(_ count: Int, at place: Double) -> [kiss_fft_cpx] {
    (0..<count).map { index in
      let frequency = 2 * index <= count ? index : index - count
      let angle = 2 * Double.pi * Double(frequency) * place / Double(count)
      return kiss_fft_cpx(r: Float(cos(angle)), i: Float(sin(angle)))
    }
  }
}
