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
  /// The transform's columns: even, as the library needs.
  private let paddedWidth: Int
  private let windowY: [Float]
  private let windowX: [Float]
  private let normalisesPhase: Bool

  /// An image's Fourier transform.
  public struct Spectrum: Sendable {
    var values: [kiss_fft_cpx]
    /// The sum of the image's squares, after its mean was taken off and its rim faded.
    var energy: Double
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
    paddedWidth = width + width % 2
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

  private var columns: Int { paddedWidth / 2 + 1 }

  /// The Fourier transform of an image.
  public func spectrum(_ image: Image) -> Spectrum {
    precondition(image.height == height && image.width == width)
    let mean = image.pixels.reduce(0.0) { $0 + Double($1) } / Double(image.pixels.count)
    var input = [Float](repeating: 0, count: height * paddedWidth)
    var energy = 0.0
    for y in 0..<height {
      for x in 0..<width {
        let value = (image[y, x] - Float(mean)) * windowY[y] * windowX[x]
        input[y * paddedWidth + x] = value
        energy += Double(value * value)
      }
    }
    return Spectrum(values: transform(input), energy: energy)
  }

  // Rows, then columns, by one-dimensional transforms: Debian 12's build of the library refuses
  // every plan for several real dimensions.

  /// The transform of a real image: `columns` values a row, the other half being conjugate.
  private func transform(_ image: [Float]) -> [kiss_fft_cpx] {
    var values = [kiss_fft_cpx](repeating: kiss_fft_cpx(), count: height * columns)
    let rowPlan = plan(kiss_fftr_alloc(Int32(paddedWidth), 0, nil, nil))
    defer { free(UnsafeMutableRawPointer(rowPlan)) }
    image.withUnsafeBufferPointer { input in
      values.withUnsafeMutableBufferPointer { output in
        guard let input = input.baseAddress, let output = output.baseAddress else { return }
        for row in 0..<height {
          kiss_fftr(rowPlan, input + row * paddedWidth, output + row * columns)
        }
      }
    }
    transformColumns(&values, inverse: false)
    return values
  }

  /// The real image of a transform, times the number of its pixels.
  private func inverseTransform(_ values: [kiss_fft_cpx]) -> [Float] {
    var values = values
    transformColumns(&values, inverse: true)
    var image = [Float](repeating: 0, count: height * paddedWidth)
    let rowPlan = plan(kiss_fftr_alloc(Int32(paddedWidth), 1, nil, nil))
    defer { free(UnsafeMutableRawPointer(rowPlan)) }
    values.withUnsafeBufferPointer { input in
      image.withUnsafeMutableBufferPointer { output in
        guard let input = input.baseAddress, let output = output.baseAddress else { return }
        for row in 0..<height {
          kiss_fftri(rowPlan, input + row * columns, output + row * paddedWidth)
        }
      }
    }
    return image
  }

  private func transformColumns(_ values: inout [kiss_fft_cpx], inverse: Bool) {
    let columnPlan = plan(kiss_fft_alloc(Int32(height), inverse ? 1 : 0, nil, nil))
    defer { free(UnsafeMutableRawPointer(columnPlan)) }
    var line = [kiss_fft_cpx](repeating: kiss_fft_cpx(), count: height)
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for column in 0..<columns {
        kiss_fft_stride(columnPlan, base + column, &line, Int32(columns))
        for row in 0..<height { base[row * columns + column] = line[row] }
      }
    }
  }

  private func plan(_ plan: OpaquePointer?) -> OpaquePointer {
    guard let plan else { preconditionFailure("no memory for a Fourier transform") }
    return plan
  }

  /// How far the image of `moved` is displaced against that of `first`, and how well the two then
  /// agree: the correlation coefficient, 0 where they share nothing.
  public func drift(
    of moved: Spectrum, against first: Spectrum
  ) -> (drift: Drift, correlation: Double) {
    var cross = zip(first.values, moved.values).map { a, b in
      // The product of `moved` with the conjugate of `first`.
      kiss_fft_cpx(r: b.r * a.r + b.i * a.i, i: b.i * a.r - b.r * a.i)
    }
    if normalisesPhase {
      for index in cross.indices {
        let length = max(hypotf(cross[index].r, cross[index].i), .leastNormalMagnitude)
        cross[index].r /= length
        cross[index].i /= length
      }
    }
    let surface = inverseTransform(cross)
    var peak = 0
    for index in surface.indices where surface[index] > surface[peak] { peak = index }
    var (dy, dx) = (Double(peak / paddedWidth), Double(peak % paddedWidth))
    if dy > Double(height / 2) { dy -= Double(height) }
    if dx > Double(paddedWidth / 2) { dx -= Double(paddedWidth) }
    for step in [0.1, 0.01] {
      (dy, dx) = finerPeak(of: cross, aroundY: dy, x: dx, step: step)
    }
    let scale = Double(height * paddedWidth) * (first.energy * moved.energy).squareRoot()
    let correlation = scale > 0 && !normalisesPhase ? Double(surface[peak]) / scale : 0
    return (Drift(dy: dy, dx: dx), correlation)
  }

  /// The largest value of the correlation on 21 x 21 places `step` px apart.
  private func finerPeak(
    of cross: [kiss_fft_cpx], aroundY centreY: Double, x centreX: Double, step: Double
  ) -> (Double, Double) {
    let reach = -10...10
    let offsets = reach.map { Double($0) * step }
    // Frequencies along a column, then those along a row, each with the places' phases.
    var alongX = [kiss_fft_cpx](repeating: kiss_fft_cpx(), count: height * offsets.count)
    for (place, offset) in offsets.enumerated() {
      let phases = (0..<columns).map { column in
        phase(Double(column) * (centreX + offset) / Double(paddedWidth))
      }
      for row in 0..<height {
        var (real, imaginary): (Float, Float) = (0, 0)
        for column in 0..<columns {
          let value = cross[row * columns + column]
          // The half of the plane that is not stored is the conjugate of this one.
          let weight: Float = column == 0 || 2 * column == paddedWidth ? 1 : 2
          real += weight * (value.r * phases[column].r - value.i * phases[column].i)
          imaginary += weight * (value.r * phases[column].i + value.i * phases[column].r)
        }
        alongX[row * offsets.count + place] = kiss_fft_cpx(r: real, i: imaginary)
      }
    }
    var best = (value: -Float.infinity, dy: centreY, dx: centreX)
    for offsetY in offsets {
      let phases = (0..<height).map { row in
        let frequency = row <= height / 2 ? row : row - height
        return phase(Double(frequency) * (centreY + offsetY) / Double(height))
      }
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

  private func phase(_ turns: Double) -> kiss_fft_cpx {
    kiss_fft_cpx(r: Float(cos(2 * Double.pi * turns)), i: Float(sin(2 * Double.pi * turns)))
  }
}
