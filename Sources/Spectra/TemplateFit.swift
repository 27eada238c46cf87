/// A least-squares fit of an image to a template by displacement, gain and offset.
///
/// Gauss-Newton with the template's gradient. The fit to pixels `margin` away from the border uses
/// the pixels themselves, no window, and so has no pull towards zero.
struct TemplateFit {
  private let template: Image
  private let margin: Int
  private let gradientY: Image
  private let gradientX: Image

  /// Where a fit, or a step of it, led.
  struct Outcome: Sendable {
    var drift: Drift
    /// The share of the template's variance that the fit leaves.
    var unexplained: Double
  }

  /// Nil where the margin leaves too little to fit.
  init?(template: Image, margin: Int) {
    guard min(template.height, template.width) >= 2 * margin + 12 else { return nil }
    self.template = template
    self.margin = margin
    var (down, across) = (template, template)
    for y in 1..<template.height - 1 {
      for x in 1..<template.width - 1 {
        down[y, x] = (template[y + 1, x] - template[y - 1, x]) / 2
        across[y, x] = (template[y, x + 1] - template[y, x - 1]) / 2
      }
    }
    gradientY = down
    gradientX = across
  }

  /// The drift near `start` at which the spline with these coefficients fits best, and the share of the
  /// template's variance that the fit leaves unexplained; nil where the fit is singular or runs
  /// away.
  func refine(_ start: Drift, of coefficients: Image) -> Outcome? {
    var drift = start
    var unexplained = 1.0
    for _ in 0..<8 {
      let reach = margin + Int(max(abs(drift.dy), abs(drift.dx)).rounded(.up))
      guard min(template.height, template.width) >= 2 * reach + 12,
        let step = step(at: drift, coefficients, reach)
      else { return nil }
      drift.dy += step.drift.dy
      drift.dx += step.drift.dx
      unexplained = step.unexplained
      guard abs(drift.dy - start.dy) < 3, abs(drift.dx - start.dx) < 3 else { return nil }
      if abs(step.drift.dy) < 1e-3 && abs(step.drift.dx) < 1e-3 { break }
    }
    return Outcome(drift: drift, unexplained: unexplained)
  }

  /// One Gauss-Newton step. With moved image m, template t, gain g and offset o the residual
  /// t - (g m + o) is explained by -g times the gradient times the step, m and 1.
  private func step(at drift: Drift, _ coefficients: Image, _ reach: Int) -> Outcome? {
    let moved = coefficients.sampled(at: drift)
    var normal = [Double](repeating: 0, count: 16)
    var right = [Double](repeating: 0, count: 4)
    var squares = 0.0
    for y in reach..<template.height - reach {
      // A row's sums in Float, added up in Double: both in an order fixed by the shape.
      var row = [15 of Float](repeating: 0)
      for x in reach..<template.width - reach {
        let index = y * template.width + x
        let (gy, gx) = (gradientY.pixels[index], gradientX.pixels[index])
        let (m, t) = (moved.pixels[index], template.pixels[index])
        row[0] += gy * gy
        row[1] += gy * gx
        row[2] += gy * m
        row[3] += gy
        row[4] += gx * gx
        row[5] += gx * m
        row[6] += gx
        row[7] += m * m
        row[8] += m
        row[9] += 1
        row[10] += gy * t
        row[11] += gx * t
        row[12] += m * t
        row[13] += t
        row[14] += t * t
      }
      var place = 0
      for i in 0..<4 {
        for j in i..<4 {
          normal[i * 4 + j] += Double(row[place])
          place += 1
        }
        right[i] += Double(row[10 + i])
      }
      squares += Double(row[14])
    }
    for i in 0..<4 { for j in 0..<i { normal[i * 4 + j] = normal[j * 4 + i] } }
    holdUndetermined(&normal, &right, squares)
    guard let solution = solveSymmetric(normal, right) else { return nil }
    let variance = squares - right[3] * right[3] / normal[15]
    let unexplained = variance > 0 ? max(squares - dot(solution, right), 0) / variance : 1
    // t = a gy + b gx + g m + o, and t(y, x) = g m(y + dy, x + dx): moving on by the step turns
    // g m into g m + gradient . step, so that a and b are the step themselves.
    return Outcome(drift: Drift(dy: solution[0], dx: solution[1]), unexplained: unexplained)
  }
}

extension TemplateFit {
  /// Fixes the step at 0 along a direction in which the template has no more gradient than its
  /// noise has: stripes, or a blank frame.
  private func holdUndetermined(
    _ normal: inout [Double], _ right: inout [Double], _ squares: Double
  ) {
    let pixels = normal[15]
    guard let solution = solveSymmetric(normal, right) else { return }
    let residual = max(squares - dot(solution, right), 0) / pixels
    // Noise blurred by 1 px (the default) has a third of its variance, (1 - 1/e) / 2, in each direction's
    // differences, and the residual holds the noise of two images; about 12 blurred pixels are one
    // independent value.
    let noise = residual / 6
    let chance = max(0.1, 5 * (2 * 12 / pixels).squareRoot())
    for direction in 0..<2 where normal[direction * 5] / pixels < noise * (1 + chance) {
      for other in 0..<4 {
        normal[direction * 4 + other] = 0
        normal[other * 4 + direction] = 0
      }
      normal[direction * 5] = 1
      right[direction] = 0
    }
  }
}
