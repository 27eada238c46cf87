internal import CSpectraKernels

/// A least-squares fit of an image to a template by displacement, gain and offset, and scale if wanted.
///
/// Gauss-Newton with the template's gradient. The fit to a region of the template uses the
/// pixels themselves, no window, and so has no pull towards zero.
struct TemplateFit {
  private let template: Image
  private let region: Region
  private let centre: OpticalCentre

  /// Where a fit, or a step of it, led.
  struct Outcome: Sendable {
    var placement: Placement
    /// The share of the template's variance that the fit leaves.
    var unexplained: Double
  }

  /// Nil where the region is too little to fit. It must not reach to the rim, where there is no gradient.
  init?(template: Image, region: Region, centre: OpticalCentre) {
    guard region.isLarge else { return nil }
    precondition(region.rows.lowerBound > 0 && region.rows.upperBound < template.height)
    precondition(region.columns.lowerBound > 0 && region.columns.upperBound < template.width)
    self.template = template
    self.region = region
    self.centre = centre
  }

  /// Half of the longer side: what scale does at the frame's edge is a displacement times this.
  private var halfSide: Double { Double(max(template.height, template.width)) / 2 }

  /// The placement near `start` at which the spline with these coefficients fits best, and the share of
  /// the template's variance that the fit leaves unexplained; nil where the fit is singular or runs
  /// away. The coefficients fill an image of the template's shape.
  func refine(
    _ start: Placement, of coefficients: UnsafePointer<Float>, fitsScale: Bool = false
  ) -> Outcome? {
    var placement = start
    var unexplained = 1.0
    for _ in 0..<8 {
      let shown = region.shown(
        at: placement, centre, height: template.height, width: template.width, rim: 1)
      guard shown.isLarge, let step = step(at: placement, coefficients, shown, fitsScale) else {
        return nil
      }
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
    at placement: Placement, _ coefficients: UnsafePointer<Float>, _ region: Region,
    _ fitsScale: Bool
  ) -> Outcome? {
    var (normal, right, squares) = sums(at: placement, coefficients, region, fitsScale)
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
  /// step in scale (px at the frame's edge). The moved image is sampled a row at a time.
  private func sums(
    at placement: Placement, _ coefficients: UnsafePointer<Float>, _ region: Region,
    _ fitsScale: Bool
  ) -> (normal: [Double], right: [Double], squares: Double) {
    let (height, width) = (template.height, template.width)
    let (first, count) = (region.columns.lowerBound, region.columns.count)
    var sampler = SplineSampler(height: height, width: width, placement, centre)
    var moved = [Float](repeating: 0, count: width)
    var sums = NormalSums()
    template.pixels.withUnsafeBufferPointer { template in
      moved.withUnsafeMutableBufferPointer { moved in
        for y in region.rows {
          sampler.sample(coefficients, row: y, into: moved.baseAddress!)
          let t = template.baseAddress! + y * width + first
          let m = moved.baseAddress! + first
          spectra_normal_sums(t - width, t, t + width, m, count, &sums.base)
          guard fitsScale else { continue }
          spectra_scale_sums(
            t - width, t, t + width, m, Float((Double(y) - centre.y) / halfSide),
            Float((Double(first) - centre.x) / halfSide), Float(1 / halfSide), count, &sums.scale)
        }
      }
    }
    return sums.equations(fitsScale: fitsScale)
  }
}

/// The sums of products that the normal equations are made of: in Float along a row, in Double over the rows.
private struct NormalSums {
  /// gy gy, gy gx, gy m, gy 1, gx gx, gx m, gx 1, m m, m 1, 1 1, gy t, gx t, m t, 1 t, t t.
  var base = [Double](repeating: 0, count: 15)
  /// s gy, s gx, s m, s 1, s s, s t.
  var scale = [Double](repeating: 0, count: 6)

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
