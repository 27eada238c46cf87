import Foundation

/// How a spectrum of optical density is brought to a scale that does not depend on thickness.
///
/// The methods do not agree: a number is comparable only with others of its own method and windows.
public enum NormalisationMethod: String, Sendable, CaseIterable {
  /// As Larch does. A window is the range of energies from the last at or below its lower bound
  /// (the first of all where there is none) to the one nearest its upper bound, which is left out.
  /// A line is fitted to the pre-edge window, a polynomial to what lies above the line in the
  /// post-edge window; the step is that polynomial at the measured energy nearest E0.
  ///
  /// Source: Newville, J. Phys.: Conf. Ser. 430, 012007 (2013), doi 10.1088/1742-6596/430/1/012007,
  /// and `larch.xafs.pre_edge` of xraylarch 2026.3.1 with nvict = 0.
  case larch
  /// The same line and polynomial with closed windows, and the step at E0 itself.
  case textbook
  /// The pre-edge line of `textbook` is subtracted, and the integral from the end of the pre-edge
  /// window to the end of the post-edge window, by the trapezoidal rule, is divided by.
  case area
  /// The mean of the pre-edge window is subtracted and the difference of the means of both windows
  /// divided by, as xanespy does; the windows are closed.
  case twoMeans = "two_means"
  /// The optical density as it is.
  case none
}

/// The windows, relative to E0, in which the absorption before and behind an edge is fitted.
public struct NormalisationWindows: Sendable, Equatable {
  /// The pre-edge line is fitted between these, eV.
  public var pre: ClosedRange<Double>
  /// The post-edge polynomial is fitted between these, eV.
  public var post: ClosedRange<Double>
  /// The degree of the post-edge polynomial, 0 to 3.
  public var postDegree: Int
  /// The fewest energies in a window.
  public var minimumEnergies: Int

  /// Windows between bounds in eV relative to E0.
  public init(
    pre: ClosedRange<Double>, post: ClosedRange<Double>, postDegree: Int = 1,
    minimumEnergies: Int = 3
  ) {
    self.pre = pre
    self.post = post
    self.postDegree = postDegree
    self.minimumEnergies = minimumEnergies
  }

  /// The windows that Larch takes when none are given (xraylarch 2026.3.1).
  ///
  /// The pre-edge window begins at the second energy, to the nearest 5 eV (2 eV where at most 20
  /// energies precede E0), and ends at half of that; the post-edge window ends at the last energy,
  /// to the nearest 5 eV, and begins 25 eV above E0, or at a third of its end, to the nearest 5 eV,
  /// where that is less. The degree is 2, below a width of 300 eV 1 and below 30 eV 0. Windows for
  /// which there is no room shrink to nothing and hold too few energies.
  ///
  /// - Parameters:
  ///   - energies: eV, ascending.
  ///   - e0: the energy of the edge, eV.
  ///   - previousEdge: an edge below this one, eV: only energies more than 45 eV above it are used.
  ///   - nextEdge: an edge above this one, eV: only energies up to 10 eV below it are used.
  public static func automatic(
    energies: [Double], e0: Double, previousEdge: Double? = nil, nextEdge: Double? = nil
  ) -> NormalisationWindows {
    let usable = energies.filter { energy in
      energy > (previousEdge ?? -.infinity) + 45 && energy <= (nextEdge ?? .infinity) - 10
    }
    guard usable.count > 1 else { return NormalisationWindows(pre: 0...0, post: 0...0) }
    let (first, last) = (usable[0] - e0, usable[usable.count - 1] - e0)
    func rounded(_ value: Double, to unit: Double) -> Double {
      unit * (value / unit).rounded(.toNearestOrEven)
    }
    let unit = indexNearest(e0, in: usable) > 20 ? 5.0 : 2.0
    let preStart = min(max(rounded(usable[1] - e0, to: unit), first), 0)
    let postEnd = max(min(rounded(last, to: 5), last), 0)
    let postStart = max(min(25, rounded(postEnd / 3, to: 5), postEnd - 2), 0)
    let width = postEnd - postStart
    return NormalisationWindows(
      pre: preStart...(preStart / 2), post: postStart...postEnd,
      postDegree: width < 30 ? 0 : width < 300 ? 1 : 2)
  }
}

/// Why a spectrum was not normalised.
public enum NormalisationFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// A window (its name, and its bounds in eV) holds fewer energies than it must.
  case tooFewEnergies(window: String, from: Double, to: Double, found: Int, needed: Int)
  /// The edge step, in OD, does not exceed three of its standard errors.
  case stepBelowNoise(step: Double, error: Double)
  /// The integral, in OD eV, does not exceed three of its standard errors.
  case areaBelowNoise(area: Double, error: Double)

  /// One line, with both numbers.
  public var description: String {
    switch self {
    case .tooFewEnergies(let window, let from, let to, let found, let needed):
      String(format: "the \(window) window %.8g to %.8g eV holds ", from, to)
        + "\(found) \(found == 1 ? "energy" : "energies"), "
        + "\(needed) \(needed == 1 ? "is" : "are") needed"
    case .stepBelowNoise(let step, let error):
      String(format: "the edge step %.3g OD is below 3 standard errors of %.3g OD", step, error)
    case .areaBelowNoise(let area, let error):
      String(format: "the area %.3g OD eV is below 3 standard errors of %.3g OD eV", area, error)
    }
  }
}

/// A spectrum of optical density without its pre-edge line, on the scale of its edge.
public struct EdgeNormalisation: Sendable, Equatable {
  /// What was subtracted and divided by.
  public let background: EdgeBackground
  /// One value an energy: 0 before the edge and 1 behind it; of `area`, in 1/eV.
  public let normalised: [Double]
  /// The same with the post-edge polynomial brought to 1 from E0 on, so that spectra with different
  /// backgrounds behind the edge can be compared. Where there is no polynomial: the same.
  public let flattened: [Double]

  /// Normalises a spectrum by a background of its own.
  ///
  /// - Parameters:
  ///   - od: optical density, one value an energy.
  ///   - energies: eV, ascending.
  ///   - e0: the energy of the edge, eV.
  /// - Throws: `tooFewEnergies`; `stepBelowNoise` or `areaBelowNoise`. Measure an `EdgeBackground`
  ///   first to have the step in the latter case too.
  /// - Complexity: linear in the energies.
  public init(
    of od: [Double], energies: [Double], e0: Double, method: NormalisationMethod,
    windows: NormalisationWindows
  ) throws(NormalisationFailure) {
    let background = try EdgeBackground(
      of: od, energies: energies, e0: e0, method: method, windows: windows)
    try self.init(of: od, energies: energies, by: background)
  }

  /// Normalises a spectrum by a background that was measured before.
  ///
  /// An edge that goes down is none, and refused whatever its error: where the background falls
  /// steeply, means find one where there is none. (Larch divides by the magnitude.)
  ///
  /// - Throws: `stepBelowNoise` or `areaBelowNoise` where what is to be divided by does not exceed
  ///   three standard errors, nor what rounding leaves (1e-12 of the largest optical density).
  public init(
    of od: [Double], energies: [Double], by background: EdgeBackground
  ) throws(NormalisationFailure) {
    precondition(od.count == energies.count, "one value an energy")
    let (divisor, error) = (background.divisor, background.divisorError)
    let rounding = 1e-12 * od.reduce(0) { max($0, abs($1)) }
    guard divisor > max(3 * error, rounding) else {
      throw background.method == .area
        ? .areaBelowNoise(area: divisor, error: error)
        : .stepBelowNoise(step: divisor, error: error)
    }
    let normalised = zip(energies, od).map { energy, value in
      (value - background.preEdge(at: energy)) / divisor
    }
    self.background = background
    self.normalised = normalised
    flattened = zip(energies, normalised).map { energy, value in
      guard let curve = background.curve, energy >= background.stepEnergy else { return value }
      return value - curve.value(at: energy) / divisor + 1
    }
  }
}
