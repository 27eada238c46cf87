import Foundation

/// How the magnification of a stack follows the energy: by an amount in proportion to the energy, or to one over the
/// energy, or 1 + a e + b e^2, e being the energy above the lowest; whichever says most with fewest numbers.
///
/// A zone plate's image shrinks as one over the energy, other microscopes' grows or stays: over the energies of a
/// scan each is a gentle curve, and single frames measure it too roughly to be used as they are. The choice is by
/// Schwarz's criterion (doi 10.1214/aos/1176344136), for an error of 0.15 px at the frame's edge.
///
/// Where optical density jumps, the outline of blurred or graded sample seems to move, and that is no magnification: what
/// follows the contrast of the frames, and not the energy, is fitted beside the law and left out of it.
public struct ScaleLaw: Sendable, Equatable {
  /// The scale of each frame by the law; 1 for all where it is not found to change.
  public let scales: [Double]
  /// The standard deviation of the measured scales about the law.
  public let deviation: Double
  /// The largest displacement that the law makes at the frame's edge, in units of its own error; infinite
  /// without scatter.
  public let significance: Double
  /// Whether it is found to change.
  public let isFound: Bool

  /// A law that was fitted before.
  package init(scales: [Double], deviation: Double, significance: Double, isFound: Bool) {
    (self.scales, self.deviation) = (scales, deviation)
    (self.significance, self.isFound) = (significance, isFound)
  }

  /// Fits the law.
  ///
  /// It is found to change if it moves the frame's edge by half a pixel or more, and by five times its own
  /// error.
  ///
  /// - Parameters:
  ///   - energies: eV, ascending.
  ///   - scales: as measured, against the first.
  ///   - contrast: measures of what the frames show, one value a frame each: what a jump of the optical density changes.
  ///   - halfSide: half of the frame's longer side, px.
  package init(
    energies: [Double], scales: [Double], contrast: [[Double]] = [], halfSide: Double
  ) {
    let low = energies.first ?? 1
    let range = max((energies.last ?? 0) - low, 1e-9)
    let linear = energies.map { [($0 - low) / range] }
    let inverse = energies.map { [low / $0 - 1] }
    let quadratic = linear.map { [$0[0], $0[0] * $0[0]] }
    let count = Double(max(scales.count, 1))
    let error = 0.15 / halfSide
    var best: (fit: Fit, criterion: Double)?
    let choices =
      [linear, inverse].flatMap { basis in
        (0...contrast.count).map { (basis: basis, beside: Array(contrast[..<$0])) }
      } + [(basis: quadratic, beside: [])]
    for (basis, beside) in choices {
      guard let fit = Fit(of: scales, by: basis, beside) else { continue }
      // One over the energy is a zone plate's law, and then it is that in full.
      guard basis != inverse || abs(fit.coefficients[0] - 1) < 0.2 else { continue }
      let terms = basis.first?.count ?? 1
      // A curve that no instrument's law has must be plain.
      if terms > 1, let straight = best?.fit.law {
        let departure = zip(fit.law, straight).map { abs($0 - $1) }.max() ?? 0
        guard departure * halfSide >= 1 else { continue }
      }
      let criterion = fit.squares / (error * error) + Double(terms + beside.count) * log(count)
      if criterion < best?.criterion ?? .infinity { best = (fit, criterion) }
    }
    let law = best?.fit.law ?? scales.map { _ in 1 }
    deviation = ((best?.fit.squares ?? 0) / max(count - 3, 1)).squareRoot()
    let largest = law.map { abs($0 - 1) }.max() ?? 0
    // Three numbers from as many frames: about this is the error of the law's far end.
    let farEnd = 3 * deviation / count.squareRoot()
    significance = farEnd > 0 ? largest / farEnd : .infinity
    isFound = largest * halfSide >= 0.5 && significance >= 5
    self.scales = isFound ? law : scales.map { _ in 1 }
  }

  /// A least-squares fit by some functions of the energy, which are 0 at the lowest, and of other things beside it.
  private struct Fit {
    /// 1 at the lowest energy: what the first frame errs goes into a constant that is left out.
    let law: [Double]
    /// Of the functions.
    let coefficients: [Double]
    /// The sum of the squares of what is left.
    let squares: Double

    init?(of scales: [Double], by basis: [[Double]], _ beside: [[Double]]) {
      let terms = basis.first?.count ?? 0
      let rows = basis.indices.map { frame in [1] + basis[frame] + beside.map { $0[frame] } }
      let n = rows.first?.count ?? 0
      var normal = [Double](repeating: 0, count: n * n)
      var right = [Double](repeating: 0, count: n)
      for (row, scale) in zip(rows, scales) {
        for i in 0..<n {
          for j in 0..<n { normal[i * n + j] += row[i] * row[j] }
          right[i] += row[i] * (scale - 1)
        }
      }
      guard let fit = solveSymmetric(normal, right) else { return nil }
      let ofEnergy = Array(fit[1...terms])
      coefficients = ofEnergy
      law = basis.map { 1 + dot(ofEnergy, $0) }
      squares = zip(rows, scales).reduce(0.0) { sum, pair in
        let rest = pair.1 - 1 - dot(fit, pair.0)
        return sum + rest * rest
      }
    }
  }
}
