/// A least-squares polynomial in t = (x - centre) / scale, which is at most 1: powers of an energy
/// of some thousand eV itself would lose half of the digits.
struct PolynomialFit: Sendable, Equatable {
  /// The mean of x.
  let centre: Double
  /// The largest distance from it.
  let scale: Double
  /// In ascending powers of t.
  let coefficients: [Double]
  /// The variance of the values about the polynomial.
  let scatter: Double
  /// The matrix of the normal equations: sums over the points of t to the power of row + column.
  private let normal: [Double]

  /// The degree, which may be lower than asked for.
  var degree: Int { coefficients.count - 1 }

  /// Fits one point or more. Where so many coincide that the degree is too high for them, it is
  /// lowered.
  init(_ x: ArraySlice<Double>, _ y: ArraySlice<Double>, degree: Int) {
    let centre = x.reduce(0, +) / Double(x.count)
    let reach = x.reduce(0) { max($0, abs($1 - centre)) }
    let scale = reach > 0 ? reach : 1
    var moments = [Double](repeating: 0, count: 2 * degree + 1)
    var right = [Double](repeating: 0, count: degree + 1)
    for (xi, yi) in zip(x, y) {
      let t = (xi - centre) / scale
      var power = 1.0
      for exponent in moments.indices {
        moments[exponent] += power
        if exponent <= degree { right[exponent] += power * yi }
        power *= t
      }
    }
    // With one point or more the mean can always be solved for.
    let solved = (0...degree).reversed().lazy.compactMap { degree in
      let normal = (0...degree).flatMap { moments[$0...($0 + degree)] }
      return solveSymmetric(normal, Array(right[...degree])).map { (normal, $0) }
    }.first
    let (normal, coefficients) = solved ?? ([1], [.nan])
    let residual = zip(x, y).reduce(0.0) { sum, point in
      let difference = point.1 - polynomial(coefficients, at: (point.0 - centre) / scale)
      return sum + difference * difference
    }
    self.centre = centre
    self.scale = scale
    self.coefficients = coefficients
    self.normal = normal
    scatter = residual / Double(max(x.count - coefficients.count, 1))
  }

  /// The polynomial at x.
  func value(at x: Double) -> Double { polynomial(coefficients, at: (x - centre) / scale) }

  /// The powers of t at x, one a coefficient.
  func terms(at x: Double) -> [Double] {
    var powers = [1.0]
    for exponent in 0..<degree { powers.append(powers[exponent] * (x - centre) / scale) }
    return powers
  }

  /// The variance of a combination of the coefficients, from the scatter.
  func variance(of combination: [Double]) -> Double {
    solveSymmetric(normal, combination).map { scatter * dot(combination, $0) } ?? .infinity
  }

  /// The coefficients in ascending powers of x.
  var powers: [Double] {
    coefficients.reversed().reduce(into: [Double]()) { polynomial, coefficient in
      // Times t, plus the coefficient.
      var product = [coefficient] + polynomial.map { $0 / scale }
      for (power, factor) in polynomial.enumerated() { product[power] -= factor * centre / scale }
      polynomial = product
    }
  }
}

/// A polynomial of ascending coefficients at t, by Horner's rule.
private func polynomial(_ coefficients: [Double], at t: Double) -> Double {
  coefficients.reversed().reduce(0) { $0 * t + $1 }
}
