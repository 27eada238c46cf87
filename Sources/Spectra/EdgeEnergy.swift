/// The energy of an absorption edge: the measured energy at which absorption rises most steeply.
///
/// The rule of Larch's `find_e0`, xraylarch 2026.3.1 (Newville, J. Phys.: Conf. Ser. 430, 012007
/// (2013), doi 10.1088/1742-6596/430/1/012007): the largest derivative of which both neighbours are
/// large as well, first of the values as they are, then within 75 energies of it smoothed by a
/// Lorentzian of about half the step between energies. Glitches, the last energy, and at least
/// three derivatives at each end do not count.
///
/// - Parameters:
///   - mu: absorption in any unit, one value an energy; values that are not finite are left out.
///   - energies: eV, ascending; of equal ones only the first is used.
///   - within: only these energies (eV) are looked at, as if no others had been measured: for one
///     of several edges.
/// - Returns: eV; nil where no derivative qualifies or there are fewer than 14 energies, in both of
///   which cases Larch fails or guesses.
/// - Complexity: O(n log n) in the energies, and at most 150 times the steps of the smoothing's
///   grid.
public func edgeEnergy(
  of mu: [Double], energies: [Double], within: ClosedRange<Double>? = nil
) -> Double? {
  precondition(mu.count == energies.count, "one value an energy")
  var (x, y): ([Double], [Double]) = ([], [])
  for (energy, value) in zip(energies, mu) where energy.isFinite && value.isFinite {
    guard within?.contains(energy) ?? true, energy > x.last ?? -.infinity else { continue }
    x.append(energy)
    y.append(value)
  }
  guard x.count >= 14 else { return nil }
  let all = x.dropLast()
  let first = steepest(derivative(Array(y.dropLast()), Array(all))) ?? 0
  // Within the first twentieth it is taken for a glitch, and all energies are searched again.
  let isGlitch = Double(first) < 0.05 * Double(x.count)
  let start = max(3, first - (isGlitch ? 20 : 75))
  let end = isGlitch ? x.count - 3 : min(first + 75, x.count - 3)
  let typical = isGlitch ? x.reduce(0, +) / Double(x.count) : x[first]
  let near = Array(x[start..<end - 1])
  let step = 0.5 * (min(max(smallStep(Array(all)), 0.01), 1) + min(max(typical / 25000, 0.01), 1))
  let smooth = smoothed(derivative(Array(y[start..<end - 1]), near), near, step: step)
  return steepest(smooth).map { near[$0] }
}

/// The peak behind an edge.
public struct WhiteLine: Sendable, Equatable {
  /// Its energy, eV.
  public let energyEV: Double
  /// Its height above the pre-edge, in edge steps.
  public let height: Double

  /// The white line of a normalised spectrum: the largest value in a window above E0, refined by
  /// the parabola through it and its two neighbours, evenly spaced or not; nil where the largest
  /// value is the first or the last in the window, which is no peak.
  ///
  /// - Parameters:
  ///   - normalised: one value an energy.
  ///   - energies: eV, ascending and distinct.
  ///   - e0: the energy of the edge, eV.
  ///   - within: the window relative to E0, eV.
  public init?(
    of normalised: [Double], energies: [Double], e0: Double,
    within: ClosedRange<Double> = 0...30
  ) {
    precondition(normalised.count == energies.count, "one value an energy")
    let window = energies.indices.filter { within.contains(energies[$0] - e0) }
    guard let peak = window.max(by: { normalised[$0] < normalised[$1] }),
      peak != window.first, peak != window.last
    else { return nil }
    let (x, y) = (energies, normalised)
    let before = (y[peak] - y[peak - 1]) / (x[peak] - x[peak - 1])
    let behind = (y[peak + 1] - y[peak]) / (x[peak + 1] - x[peak])
    let curvature = (behind - before) / (x[peak + 1] - x[peak - 1])
    guard curvature < 0 else { return nil }
    let slope = before + curvature * (x[peak] - x[peak - 1])
    energyEV = x[peak] - slope / (2 * curvature)
    height = y[peak] - slope * slope / (4 * curvature)
  }
}

/// Differences of neighbours' values over differences of neighbours' energies.
private func derivative(_ y: [Double], _ x: [Double]) -> [Double] {
  x.indices.map { index in
    let (left, right) = (max(index - 1, 0), min(index + 1, x.count - 1))
    return (y[right] - y[left]) / (x[right] - x[left])
  }
}

/// The index of the largest derivative whose neighbours are high too: above 0.6 of the range, or,
/// of at most 20, above 0.3; half or a quarter of that where fewer than three are.
private func steepest(_ derivative: [Double]) -> Int? {
  let margin = max(3, Int(0.02 * Double(derivative.count)))
  guard derivative.count > 2 * margin else { return nil }
  let inner = derivative[margin..<derivative.count - margin]
  let lowest = inner.min() ?? 0
  let range = max((inner.max() ?? 0) - lowest, 1e-10)
  let scaled = derivative.map { ($0 - lowest) / range }
  func count(above level: Double) -> Int { scaled.count { $0 > level } }

  var level = scaled.count > 20 ? 0.6 : 0.3
  if count(above: level) < 3 {
    level /= 2
    if count(above: level) <= 3 { level /= 2 }
    if count(above: level) < 3 { level = -.infinity }
  }
  var (found, largest): (Int?, Double) = (nil, 0)
  for index in margin...(scaled.count - margin) where scaled[index] > max(level, largest) {
    guard scaled[index - 1] > level, scaled[index + 1] > level else { continue }
    (found, largest) = (index, scaled[index])
  }
  return found
}

/// The mean of the ten smallest steps between energies, the smallest hundredth and a hundredth at
/// each end left out; 1 eV below a hundred energies, where Larch's rule knows of none.
private func smallStep(_ energies: [Double]) -> Double {
  let inner = energies.dropLast()
  let skipped = Int(0.01 * Double(energies.count))
  guard skipped > 0 else { return 1 }
  let used = Array(inner[skipped..<inner.count - skipped])
  let steps = zip(used.dropFirst(), used).map { $0 - $1 }.sorted().dropFirst(skipped).prefix(10)
  return steps.reduce(0, +) / Double(steps.count)
}

/// Values convolved with a Lorentzian whose half width is the step of the even grid on which they
/// are interpolated. The grid ends five steps outside the energies, and its values are mirrored
/// there.
private func smoothed(_ y: [Double], _ x: [Double], step: Double) -> [Double] {
  let (low, high) = (x[0], x[x.count - 1])
  let gridStart = step * ((low - 5 * step) / step).rounded(.towardZero)
  let gridEnd = step * ((high + 5 * step) / step).rounded(.towardZero)
  let steps = (gridEnd - gridStart + 0.1 * step) / step
  let count = Int(min(1 + steps, Double(50 * x.count)))
  let spacing = (gridEnd - gridStart) / Double(count - 1)
  var place = 0
  let grid = (0..<count).map { index -> Double in
    let energy = gridStart + spacing * Double(index)
    if energy <= low { return y[0] }
    if energy >= high { return y[y.count - 1] }
    while x[place + 1] < energy { place += 1 }
    let part = (energy - x[place]) / (x[place + 1] - x[place])
    return y[place] + part * (y[place + 1] - y[place])
  }
  let weights = (1 - count...count).map { 1 / (1 + Double($0 * $0)) }
  let total = weights.reduce(0, +)
  func convolved(_ centre: Int) -> Double {
    var sum = 0.0
    for (number, weight) in weights.enumerated() {
      var index = abs(centre + number + 1 - count)
      if index >= count { index = 2 * count - 1 - index }
      sum += weight * grid[index]
    }
    return sum / total
  }
  return x.map { energy in
    let position = (energy - gridStart) / spacing
    let index = min(max(Int(position), 0), count - 2)
    let (left, right) = (convolved(index), convolved(index + 1))
    return left + (position - Double(index)) * (right - left)
  }
}
