/// The absorption before and behind an edge, and the step between the two.
public struct EdgeBackground: Sendable, Equatable {
  /// The method.
  public let method: NormalisationMethod
  /// The energy of the edge, eV.
  public let e0: Double
  /// The windows as used: with the degree of the polynomial that was fitted, and for `area` with
  /// the range of the integral as the post-edge window.
  public let windows: NormalisationWindows
  /// How many energies the pre-edge window holds.
  public let preCount: Int
  /// How many energies the post-edge window, or the integral, holds.
  public let postCount: Int
  /// The energy at which the step is measured, eV: E0, or for `larch` the measured one nearest it.
  public let stepEnergy: Double
  /// What normalising divides by: the step, the integral in OD eV of `area`, 1 of `none`.
  public let divisor: Double
  /// Its standard error, from the scatter about the fits; 0 of `none`.
  public let divisorError: Double
  /// The pre-edge line.
  let line: PolynomialFit?
  /// The post-edge polynomial, of what lies above the line.
  let curve: PolynomialFit?

  /// The edge step in OD; nil where the method measures none (`area`, `none`).
  public var step: Double? { curve == nil ? nil : divisor }
  /// The standard error of the step: what the scatter about the line and the polynomial leaves of
  /// each at the step's energy.
  public var stepError: Double? { curve == nil ? nil : divisorError }
  /// The pre-edge line at 0 eV, in OD: the line is preOffset + preSlope E.
  public var preOffset: Double { line?.powers[0] ?? 0 }
  /// The slope of the pre-edge line, OD/eV; 0 where it is but a mean.
  public var preSlope: Double { line.map { $0.degree > 0 ? $0.powers[1] : 0 } ?? 0 }
  /// The coefficients of the post-edge polynomial, of the optical density less the line, in
  /// ascending powers of E in eV; empty where the method has none.
  public var postCoefficients: [Double] { curve?.powers ?? [] }

  /// The pre-edge line at an energy (eV), in OD.
  public func preEdge(at energy: Double) -> Double { line?.value(at: energy) ?? 0 }

  /// The pre-edge line and the post-edge polynomial together at an energy (eV), in OD.
  public func postEdge(at energy: Double) -> Double {
    preEdge(at: energy) + (curve?.value(at: energy) ?? 0)
  }

  /// Measures the background and the step of a spectrum.
  ///
  /// As in Larch, fewer than three energies before the edge carry a mean and no line, fewer than
  /// five behind it a line at most.
  ///
  /// - Parameters:
  ///   - od: optical density, one value an energy.
  ///   - energies: eV, ascending.
  ///   - e0: the energy of the edge, eV.
  /// - Throws: `tooFewEnergies` where a window holds fewer than `minimumEnergies` (and at least
  ///   one).
  /// - Complexity: linear in the energies.
  public init(
    of od: [Double], energies: [Double], e0: Double, method: NormalisationMethod,
    windows: NormalisationWindows
  ) throws(NormalisationFailure) {
    precondition(od.count == energies.count, "one value an energy")
    self.method = method
    self.e0 = e0
    guard method != .none else {
      self.windows = windows
      (preCount, postCount, stepEnergy) = (0, 0, e0)
      (divisor, divisorError, line, curve) = (1, 0, nil, nil)
      return
    }
    var used = windows
    if method == .area {
      used.post = windows.pre.upperBound...max(windows.pre.upperBound, windows.post.upperBound)
    }
    let indexed = method == .larch
    let pre = try windows.places(of: used.pre, "pre-edge", e0, energies, indexed: indexed)
    let post = try windows.places(of: used.post, "post-edge", e0, energies, indexed: indexed)
    (preCount, postCount) = (pre.count, post.count)

    // Larch counts the energies up to the upper bound here, not up to the one nearest it.
    let room = indexed ? indexAtOrBelow(e0 + used.pre.upperBound, in: energies) : pre.upperBound
    let isLine = method != .twoMeans && room - pre.lowerBound >= 3
    let line = PolynomialFit(energies[pre], od[pre], degree: isLine ? 1 : 0)
    let above = zip(energies[post], od[post]).map { $1 - line.value(at: $0) }
    self.line = line
    guard method != .area else {
      used.postDegree = 0
      (self.windows, stepEnergy, curve) = (used, e0, nil)
      (divisor, divisorError) = integral(of: above, energies[post], scatterOf: line)
      return
    }
    let largest = method == .twoMeans ? 0 : post.count < 5 ? min(1, post.count - 1) : 3
    let curve = PolynomialFit(
      energies[post], above[...], degree: min(max(windows.postDegree, 0), largest))
    used.postDegree = curve.degree
    (self.windows, self.curve) = (used, curve)
    stepEnergy = indexed ? energies[indexNearest(e0, in: energies)] : e0
    divisor = curve.value(at: stepEnergy)
    // A polynomial passes the line's error on to the step's energy; a mean that at its own centre.
    let reach = curve.degree >= line.degree ? stepEnergy : curve.centre
    let variance =
      curve.variance(of: curve.terms(at: stepEnergy)) + line.variance(of: line.terms(at: reach))
    divisorError = variance.squareRoot()
  }
}

extension NormalisationWindows {
  /// The places of the energies within one of the windows.
  fileprivate func places(
    of window: ClosedRange<Double>, _ name: String, _ e0: Double, _ energies: [Double],
    indexed: Bool
  ) throws(NormalisationFailure) -> Range<Int> {
    let (from, to) = (e0 + window.lowerBound, e0 + window.upperBound)
    var (first, end) = (indexAtOrBelow(from, in: energies), indexNearest(to, in: energies))
    if !indexed {
      first = energies.firstIndex { $0 >= from } ?? energies.count
      end = energies.lastIndex { $0 <= to }.map { $0 + 1 } ?? 0
    }
    let (found, needed) = (max(end - first, 0), max(minimumEnergies, 1))
    guard found >= needed else {
      throw .tooFewEnergies(window: name, from: from, to: to, found: found, needed: needed)
    }
    return first..<end
  }
}

/// The trapezoidal integral of values from which a line was subtracted, and its standard error
/// where all values scatter as those about the line do.
private func integral(
  of values: [Double], _ energies: ArraySlice<Double>, scatterOf line: PolynomialFit
) -> (integral: Double, error: Double) {
  var weights = [Double](repeating: 0, count: values.count)
  let x = Array(energies)
  for index in x.indices.dropFirst() {
    let half = (x[index] - x[index - 1]) / 2
    weights[index - 1] += half
    weights[index] += half
  }
  var terms = [Double](repeating: 0, count: line.degree + 1)
  for (energy, weight) in zip(x, weights) {
    for (power, term) in line.terms(at: energy).enumerated() { terms[power] += weight * term }
  }
  let variance = line.scatter * dot(weights, weights) + line.variance(of: terms)
  return (dot(weights, values), variance.squareRoot())
}

/// The index of the energy nearest to one, the first of two as near; 0 where there is none.
func indexNearest(_ energy: Double, in energies: [Double]) -> Int {
  energies.indices.min { abs(energies[$0] - energy) < abs(energies[$1] - energy) } ?? 0
}

/// The index of the last energy at or below one; 0 where there is none.
private func indexAtOrBelow(_ energy: Double, in energies: [Double]) -> Int {
  energies.lastIndex { $0 <= energy } ?? 0
}
