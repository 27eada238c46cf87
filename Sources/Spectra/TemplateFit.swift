/// A least-squares fit of an image to a template by displacement, gain and offset, and scale if wanted.
///
/// Gauss-Newton with the template's gradient. The fit to pixels `margin` away from the border uses
/// the pixels themselves, no window, and so has no pull towards zero.
struct TemplateFit {
  private let template: Image
  private let margin: Int
  private let centre: OpticalCentre
  private let gradientY: Image
  private let gradientX: Image

  /// Where a fit, or a step of it, led.
  struct Outcome: Sendable {
    var placement: Placement
    /// The share of the template's variance that the fit leaves.
    var unexplained: Double
  }

  /// Nil where the margin leaves too little to fit.
  init?(template: Image, margin: Int, centre: OpticalCentre? = nil) {
    guard min(template.height, template.width) >= 2 * margin + 12 else { return nil }
    self.template = template
    self.margin = margin
    self.centre = centre ?? OpticalCentre(ofHeight: template.height, width: template.width)
    (gradientY, gradientX) = template.gradients()
  }

  /// Half of the longer side: what scale does at the frame's edge is a displacement times this.
  private var halfSide: Double { Double(max(template.height, template.width)) / 2 }

  /// The placement near `start` at which the spline with these coefficients fits best, and the share of
  /// the template's variance that the fit leaves unexplained; nil where the fit is singular or runs
  /// away.
  func refine(
    _ start: Placement, of coefficients: Image, fitsScale: Bool = false
  ) -> Outcome? {
    var placement = start
    var unexplained = 1.0
    for _ in 0..<8 {
      let stretch = abs(placement.scale - 1) * halfSide
      let shift = max(abs(placement.drift.dy), abs(placement.drift.dx))
      let reach = margin + Int((stretch + shift).rounded(.up))
      guard min(template.height, template.width) >= 2 * reach + 12,
        let step = step(at: placement, coefficients, reach, fitsScale)
      else { return nil }
      placement.drift.dy += step.placement.drift.dy
      placement.drift.dx += step.placement.drift.dx
      placement.scale += step.placement.scale
      unexplained = step.unexplained
      guard abs(placement.drift.dy - start.drift.dy) < 3,
        abs(placement.drift.dx - start.drift.dx) < 3,
        abs(placement.scale - start.scale) * halfSide < 6
      else { return nil }
      if abs(step.placement.drift.dy) < 1e-3, abs(step.placement.drift.dx) < 1e-3,
        abs(step.placement.scale) * halfSide < 1e-3
      {
        break
      }
    }
    return Outcome(placement: placement, unexplained: unexplained)
  }

  /// One Gauss-Newton step; its placement holds what is to be added. With moved image m, template t, gain
  /// g and offset o the residual t - (g m + o) is explained by -g times the gradient times the step, m and
  /// 1; a step in scale moves each pixel along its distance from the centre.
  private func step(
    at placement: Placement, _ coefficients: Image, _ reach: Int, _ fitsScale: Bool
  ) -> Outcome? {
    let moved = coefficients.sampled(at: placement, about: centre)
    var (normal, right, squares) = sums(moved, reach, fitsScale)
    let unknowns = right.count
    let pixels = normal[3 * unknowns + 3]
    holdUndetermined(&normal, &right, squares)
    guard let solution = solveSymmetric(normal, right) else { return nil }
    let variance = squares - right[3] * right[3] / pixels
    let unexplained = variance > 0 ? max(squares - dot(solution, right), 0) / variance : 1
    // t = a gy + b gx + g m + o, and t(y, x) = g m(y + dy, x + dx): moving on by the step turns
    // g m into g m + gradient . step, so that a and b are the step themselves, in the template's pixels.
    let scale = placement.scale
    return Outcome(
      placement: Placement(
        drift: Drift(dy: solution[0] * scale, dx: solution[1] * scale),
        scale: fitsScale ? solution[4] / halfSide * scale : 0),
      unexplained: unexplained)
  }

  /// The sums of the normal equations: unknowns are the step down and across, the gain, the offset, and the
  /// step in scale (px at the frame's edge).
  private func sums(
    _ moved: Image, _ reach: Int, _ fitsScale: Bool
  ) -> (normal: [Double], right: [Double], squares: Double) {
    var kernel = NormalSums()
    let (height, width) = (template.height, template.width)
    gradientY.pixels.withUnsafeBufferPointer { gy in
      gradientX.pixels.withUnsafeBufferPointer { gx in
        moved.pixels.withUnsafeBufferPointer { m in
          template.pixels.withUnsafeBufferPointer { t in
            for y in reach..<height - reach {
              let row = y * width + reach..<(y + 1) * width - reach
              kernel.add(row, gy, gx, m, t)
              guard fitsScale else { continue }
              kernel.addScale(
                row, gy, gx, m, t, y: Float((Double(y) - centre.y) / halfSide),
                firstX: Float((Double(reach) - centre.x) / halfSide), stepX: Float(1 / halfSide))
            }
          }
        }
      }
    }
    return kernel.equations(fitsScale: fitsScale)
  }
}

/// The sums of products that the normal equations are made of: in Float along a row, four by four, then in
/// Double. Their order depends on the shape alone.
private struct NormalSums {
  /// gy gy, gy gx, gy m, gy 1, gx gx, gx m, gx 1, m m, m 1, 1 1, gy t, gx t, m t, 1 t, t t.
  private var base = [Double](repeating: 0, count: 15)
  /// s gy, s gx, s m, s 1, s s, s t.
  private var scale = [Double](repeating: 0, count: 6)

  mutating func add(
    _ row: Range<Int>, _ gy: UnsafeBufferPointer<Float>, _ gx: UnsafeBufferPointer<Float>,
    _ m: UnsafeBufferPointer<Float>, _ t: UnsafeBufferPointer<Float>
  ) {
    var (yy, yx, ym, y1) = (SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>())
    var (xx, xm, x1, mm) = (SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>())
    var (m1, yt, xt, mt) = (SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>(), SIMD4<Float>())
    var (t1, tt) = (SIMD4<Float>(), SIMD4<Float>())
    var place = row.lowerBound
    while place < row.upperBound {
      let count = min(4, row.upperBound - place)
      let (a, b) = (lanes(gy, place, count), lanes(gx, place, count))
      let (c, d) = (lanes(m, place, count), lanes(t, place, count))
      yy += a * a
      yx += a * b
      ym += a * c
      y1 += a
      xx += b * b
      xm += b * c
      x1 += b
      mm += c * c
      m1 += c
      yt += a * d
      xt += b * d
      mt += c * d
      t1 += d
      tt += d * d
      place += 4
    }
    let sums = [yy, yx, ym, y1, xx, xm, x1, mm, m1, SIMD4(), yt, xt, mt, t1, tt]
    for index in sums.indices { base[index] += Double(sums[index].sum()) }
    base[9] += Double(row.count)
  }

  mutating func addScale(
    _ row: Range<Int>, _ gy: UnsafeBufferPointer<Float>, _ gx: UnsafeBufferPointer<Float>,
    _ m: UnsafeBufferPointer<Float>, _ t: UnsafeBufferPointer<Float>, y: Float, firstX: Float,
    stepX: Float
  ) {
    var sums = [SIMD4<Float>](repeating: SIMD4(), count: 6)
    sums.withUnsafeMutableBufferPointer { sums in
      var place = row.lowerBound
      var x = SIMD4<Float>(0, 1, 2, 3) * stepX + firstX
      while place < row.upperBound {
        let count = min(4, row.upperBound - place)
        let (a, b) = (lanes(gy, place, count), lanes(gx, place, count))
        let (c, d) = (lanes(m, place, count), lanes(t, place, count))
        let s = a * y + b * x
        sums[0] += s * a
        sums[1] += s * b
        sums[2] += s * c
        sums[3] += s
        sums[4] += s * s
        sums[5] += s * d
        place += 4
        x += 4 * stepX
      }
    }
    for index in sums.indices { scale[index] += Double(sums[index].sum()) }
  }

  /// Four values from a place on, zeros beyond the count.
  @inline(__always)
  private func lanes(
    _ values: UnsafeBufferPointer<Float>, _ place: Int, _ count: Int
  ) -> SIMD4<Float> {
    if count == 4 {
      return SIMD4(values[place], values[place + 1], values[place + 2], values[place + 3])
    }
    var result = SIMD4<Float>()
    for lane in 0..<count { result[lane] = values[place + lane] }
    return result
  }

  /// The symmetric matrix, row by row, the right side, and the squares of the template.
  func equations(fitsScale: Bool) -> ([Double], [Double], Double) {
    let n = fitsScale ? 5 : 4
    var normal = [Double](repeating: 0, count: n * n)
    var right = Array(base[10..<14])
    var place = 0
    for i in 0..<4 {
      for j in i..<4 {
        normal[i * n + j] = base[place]
        normal[j * n + i] = base[place]
        place += 1
      }
    }
    if fitsScale {
      for i in 0..<5 {
        normal[i * n + 4] = scale[i]
        normal[4 * n + i] = scale[i]
      }
      right.append(scale[5])
    }
    return (normal, right, base[14])
  }
}

extension TemplateFit {
  /// Fixes the step at 0 along a direction in which the template has no more gradient than its
  /// noise has: stripes, or a blank frame.
  private func holdUndetermined(
    _ normal: inout [Double], _ right: inout [Double], _ squares: Double
  ) {
    let n = right.count
    let pixels = normal[3 * n + 3]
    guard let solution = solveSymmetric(normal, right) else { return }
    let residual = max(squares - dot(solution, right), 0) / pixels
    // Noise blurred by 1 px (the default) has a third of its variance, (1 - 1/e) / 2, in each direction's
    // differences, and the residual holds the noise of two images; about 12 blurred pixels are one
    // independent value.
    let noise = residual / 6
    let chance = max(0.1, 5 * (2 * 12 / pixels).squareRoot())
    for direction in 0..<2 where normal[direction * (n + 1)] / pixels < noise * (1 + chance) {
      hold(direction, &normal, &right)
      // Scale shows in the gradients that drift shows in.
      if n == 5 { hold(4, &normal, &right) }
    }
  }

  private func hold(_ unknown: Int, _ normal: inout [Double], _ right: inout [Double]) {
    let n = right.count
    for other in 0..<n {
      normal[unknown * n + other] = 0
      normal[other * n + unknown] = 0
    }
    normal[unknown * n + unknown] = 1
    right[unknown] = 0
  }
}

extension Image {
  /// The central differences down and across; 0 at the rim.
  func gradients() -> (down: Image, across: Image) {
    var down = Image(height: height, width: width)
    var across = Image(height: height, width: width)
    pixels.withUnsafeBufferPointer { input in
      down.pixels.withUnsafeMutableBufferPointer { down in
        across.pixels.withUnsafeMutableBufferPointer { across in
          for y in stride(from: 1, to: height - 1, by: 1) {
            for index in y * width + 1..<(y + 1) * width - 1 {
              down[index] = (input[index + width] - input[index - width]) / 2
              across[index] = (input[index + 1] - input[index - 1]) / 2
            }
          }
        }
      }
    }
    return (down, across)
  }
}
