/// Fits spectra as sums of reference spectra with amounts that are not negative: the traditional way to tell species
/// apart, which shows what was not expected only in its residual.
///
///     let combination = try LinearCombination(of: [reduced, oxidised], energies: energies)
///     let fit = combination.fit(od)              // od = a reduced + b oxidised + constant + slope E
///
/// Source: non-negative least squares, Lawson and Hanson, "Solving Least Squares Problems", doi 10.1137/1.9781611971217;
/// its use for absorption spectra, Newville, doi 10.2138/rmg.2014.78.2.
public struct LinearCombination: Sendable {
  /// What is fitted beside the references.
  public enum Background: String, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// A constant.
    case constant
    /// A line over the energy.
    case line
  }

  /// Why spectra cannot be fitted.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// Fewer energies than numbers to find.
    case tooFewEnergies(found: Int, needed: Int)
    /// More references than are tried in all combinations, or none.
    case references(Int)
    /// One is a sum of the others, and of the background.
    case alike(reference: Int)

    /// One line.
    public var description: String {
      switch self {
      case .tooFewEnergies(let found, let needed):
        "\(found) \(found == 1 ? "energy is" : "energies are") left to fit, \(needed) are needed"
      case .references(let count): "\(count) references: it takes 1 to \(LinearCombination.most)"
      case .alike(let reference):
        "reference \(reference + 1) is no other than the ones before it at these energies"
      }
    }
  }

  /// What was found of one spectrum.
  public struct Fit: Sendable, Equatable {
    /// The amount of each reference, 0 or more: 1 is the reference as it is.
    public let amounts: [Double]
    /// Their standard errors, from the residual, as if amounts could be negative.
    public let errors: [Double]
    /// Each amount's share of their sum; nil where that is 0.
    public let fractions: [Double]?
    /// The standard errors of the fractions.
    public let fractionErrors: [Double]?
    /// What is not explained: the root mean square over the energies, in the spectrum's unit.
    public let residual: Double
    /// The same in squares, of the sum of the spectrum's squares.
    public let rFactor: Double
    /// The same in squares, of what of the spectrum is no background: above 1/20 the references do not describe it.
    public let unexplained: Double
  }

  /// The most references that are fitted at once.
  public static let most = 8

  /// The energies, eV.
  public let energies: [Double]
  /// Whether the amounts add up to 1.
  public let sumsToOne: Bool
  /// Orthonormal parts of the background, and the references less their parts of it.
  let background: [[Double]]
  let references: [[Double]]
  private let products: [Double]
  private let covariance: [Double]
  /// The subsets of the references, all of them first.
  private let subsets: [Subset]

  /// A number for each reference, and room for the most.
  typealias Numbers = [8 of Double]

  /// References over common energies.
  ///
  /// - Parameters:
  ///   - references: one to ``most`` spectra, a value an energy.
  ///   - energies: eV, ascending.
  ///   - sumsToOne: the amounts are fractions: for normalised spectra.
  /// - Throws: ``Failure``.
  public init(
    of references: [[Double]], energies: [Double], background: Background = .line,
    sumsToOne: Bool = false
  ) throws(Failure) {
    let k = references.count
    guard (1...Self.most).contains(k) else { throw .references(k) }
    let parts = Self.orthonormal(background, energies)
    let needed = k + (background == .line ? 2 : background == .constant ? 1 : 0) + 1
    guard energies.count >= needed else {
      throw .tooFewEnergies(found: energies.count, needed: needed)
    }
    let cleaned = references.map { reference in
      parts.reduce(reference) { rest, part in
        let share = dot(rest, part)
        return zip(rest, part).map { $0 - share * $1 }
      }
    }
    var products = [Double](repeating: 0, count: k * k)
    for i in 0..<k {
      for j in 0..<k { products[i * k + j] = dot(cleaned[i], cleaned[j]) }
      let part = (0...i).flatMap { row in (0...i).map { products[row * k + $0] } }
      guard dot(cleaned[i], cleaned[i]) > 1e-12 * dot(references[i], references[i]),
        solveSymmetric(part, [Double](repeating: 1, count: i + 1)) != nil
      else { throw .alike(reference: i) }
    }
    guard var inverse = Spectra.inverse(products, order: k) else { throw .alike(reference: k - 1) }
    if sumsToOne {
      // What the constraint takes off: C - C 1 1' C / (1' C 1).
      let rows = (0..<k).map { row in (0..<k).reduce(0.0) { $0 + inverse[row * k + $1] } }
      let total = rows.reduce(0, +)
      for i in 0..<k {
        for j in 0..<k { inverse[i * k + j] -= rows[i] * rows[j] / total }
      }
    }
    self.energies = energies
    self.sumsToOne = sumsToOne
    self.background = parts
    self.references = cleaned
    self.products = products
    covariance = inverse
    subsets = (1..<(1 << k)).compactMap { bits -> Subset? in
      let members = (0..<k).filter { bits >> $0 & 1 == 1 }
      let part = members.flatMap { row in members.map { products[row * k + $0] } }
      return Spectra.inverse(part, order: members.count).map {
        Subset(members: members, inverse: $0)
      }
    }.sorted { $0.members.count > $1.members.count }
  }

  private static func orthonormal(_ background: Background, _ energies: [Double]) -> [[Double]] {
    let n = Double(energies.count)
    guard background != .none, n > 0 else { return [] }
    let constant = energies.map { _ in 1 / n.squareRoot() }
    guard background == .line else { return [constant] }
    let mean = energies.reduce(0, +) / n
    let offsets = energies.map { $0 - mean }
    let length = dot(offsets, offsets).squareRoot()
    return length > 0 ? [constant, offsets.map { $0 / length }] : [constant]
  }

  /// Fits a spectrum, a value an energy.
  public func fit(_ spectrum: [Double]) -> Fit {
    let projections = references.map { dot($0, spectrum) }
    let squares = dot(spectrum, spectrum)
    let inBackground = background.reduce(0.0) { sum, part in
      let share = dot(part, spectrum)
      return sum + share * share
    }
    return fit(projections: projections, squares: squares, inBackground: inBackground)
  }

  /// The same from a spectrum's products with ``references``, with itself, and the squares of those with the
  /// background.
  func fit(projections: [Double], squares: Double, inBackground: Double) -> Fit {
    let k = references.count
    var numbers = Numbers(repeating: 0)
    for (index, projection) in projections.enumerated() { numbers[index] = projection }
    let best = best(numbers)
    let amounts = (0..<k).map { best.amounts[$0] }
    let unexplained = max(squares - inBackground + best.left, 0)
    let freedom = energies.count - k - background.count + (sumsToOne ? 1 : 0)
    let variance = unexplained / Double(max(freedom, 1))
    let total = amounts.reduce(0, +)
    var fractionErrors: [Double]?
    if total > 0 {
      fractionErrors = (0..<k).map { i in
        let slope = (0..<k).map { ((i == $0 ? 1 : 0) - amounts[i] / total) / total }
        var sum = 0.0
        for a in 0..<k { for b in 0..<k { sum += slope[a] * slope[b] * covariance[a * k + b] } }
        return (max(sum, 0) * variance).squareRoot()
      }
    }
    return Fit(
      amounts: amounts,
      errors: (0..<k).map { (max(covariance[$0 * k + $0], 0) * variance).squareRoot() },
      fractions: total > 0 ? amounts.map { $0 / total } : nil, fractionErrors: fractionErrors,
      residual: (unexplained / Double(energies.count)).squareRoot(),
      rFactor: squares > 0 ? unexplained / squares : 0,
      unexplained: squares > inBackground ? unexplained / (squares - inBackground) : 0)
  }

  /// The best amounts that are not negative: of all subsets of the references the one that leaves least. Where
  /// all references together need no negative amount, that is the best at once, for the problem is convex.
  ///
  /// - Returns: the amounts, and the sum of squares that they leave less that of the spectrum.
  func best(_ projections: Numbers) -> (amounts: Numbers, left: Double) {
    var best = (amounts: Numbers(repeating: 0), left: sumsToOne ? Double.infinity : 0)
    for subset in subsets {
      var amounts = Numbers(repeating: 0)
      var left = 0.0
      if !subset.solve(projections, sumsToOne: sumsToOne, &amounts) { continue }
      if sumsToOne {
        left = quadratic(amounts, projections)
      } else {
        // The products times the amounts are the projections there.
        for reference in subset.members { left -= amounts[reference] * projections[reference] }
      }
      if left < best.left { best = (amounts, left) }
      if subset.members.count == references.count { break }
    }
    return best
  }

  private func quadratic(_ amounts: Numbers, _ projections: Numbers) -> Double {
    let k = references.count
    var sum = 0.0
    for i in 0..<k {
      sum -= 2 * amounts[i] * projections[i]
      for j in 0..<k { sum += amounts[i] * amounts[j] * products[i * k + j] }
    }
    return sum
  }
}

/// Some of the references.
private struct Subset: Sendable {
  let members: [Int]
  /// The inverse of their products.
  let inverse: [Double]

  /// The best amounts of the members, of any sign; false where one is below 0.
  func solve(
    _ projections: LinearCombination.Numbers, sumsToOne: Bool,
    _ amounts: inout LinearCombination.Numbers
  ) -> Bool {
    let count = members.count
    var (total, ones) = (0.0, 0.0)
    for i in 0..<count {
      var sum = 0.0
      for j in 0..<count {
        sum += inverse[i * count + j] * projections[members[j]]
        ones += inverse[i * count + j]
      }
      if sum < 0, !sumsToOne { return false }
      amounts[members[i]] = sum
      total += sum
    }
    guard sumsToOne else { return true }
    for i in 0..<count {
      var row = 0.0
      for j in 0..<count { row += inverse[i * count + j] }
      amounts[members[i]] += (1 - total) / ones * row
      if amounts[members[i]] < 0 { return false }
    }
    return true
  }
}

/// The inverse of a symmetric positive definite matrix; nil where it is singular.
private func inverse(_ matrix: [Double], order: Int) -> [Double]? {
  var result = [Double](repeating: 0, count: order * order)
  for column in 0..<order {
    guard let solved = solveSymmetric(matrix, (0..<order).map { $0 == column ? 1 : 0 }) else {
      return nil
    }
    for row in 0..<order { result[row * order + column] = solved[row] }
  }
  return result
}
