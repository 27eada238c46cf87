import CClusteringKernels
import Foundation

/// The Float coordinates in which neighbours are searched, and how far they are from the truth.
///
/// A neighbour is decided in Double on the coordinates as given (``PointSource``), but nearly all pairs are
/// told apart in Float. The coordinates there are `(x - centre) * scale`, rounded, where the scale
/// is a power of two: 1 and centre 0 where that loses nothing, as with any Float points of ordinary size.
///
/// Bounds, for d dimensions and u = 2^-24. A coordinate of magnitude m is off by at most u m (its rounding and
/// the subtraction in Double; we allow twice that), or by nothing where `isExact`. The Float sum of squares of
/// differences is within a factor of 1 +- (d + 3) u of the true one (we allow 1 +- 2 (d + 4) u), with or
/// without fused multiplication, in any order. Both hold for the near and far distances of boxes too.
struct FilterSpace: Sendable {
  let centre: [Double]
  let scale: Double
  /// Whether all coordinates are what they were.
  let isExact: Bool
  /// Whether coordinates were cut off at +-`limit`; that brings points nearer to each other, never
  /// farther apart.
  let isClamped: Bool

  /// Squares of differences do not overflow, even 64 of them.
  static let limit = 0x1p59

  /// What a squared distance in this space says of others, all being from one point (a box without extent): those at
  /// most `accept` are certainly at most as far in Double, those above `reject` certainly farther.
  func bounds(ofSquare square: Float, at point: Storage<Float>, dimensions: Int) -> ClusteringBand {
    let root = Double(square).squareRoot() / scale
    // The radius that certainly holds what seems to be at this distance, and one that it is certainly beyond: each a
    // step away, which doubles until it is enough.
    let firstStep = root * 1e-5 + 0x1p-60 / scale
    var found = ClusteringBand(accept: -1, reject: .infinity)
    var step = firstStep
    while (root + step).isFinite {
      let band = test(radius: root + step, dimensions: dimensions).band(box: point)
      if band.accept >= square {
        found.reject = band.reject
        break
      }
      step *= 2
    }
    step = firstStep
    while root - step > 0 {
      let band = test(radius: root - step, dimensions: dimensions).band(box: point)
      if band.reject < square {
        found.accept = band.accept
        break
      }
      step *= 2
    }
    return found
  }

  /// How neighbours within a radius are told apart in this space.
  func test(radius: Double, dimensions: Int) -> RadiusTest {
    RadiusTest(space: self, radius: radius, dimensions: dimensions)
  }
}

/// Thresholds for squared distances in Float that decide what a radius in Double would.
struct RadiusTest: Sendable {
  /// The square that distances in Double are compared with.
  let squaredRadius: Double
  private let scaledRadius: Double
  private let space: FilterSpace
  private let root: Double
  private let slack: Double
  /// For exact coordinates the thresholds are the same everywhere.
  private let exactBand: ClusteringBand

  init(space: FilterSpace, radius: Double, dimensions: Int) {
    squaredRadius = radius * radius
    scaledRadius = radius * space.scale
    self.space = space
    root = Double(dimensions).squareRoot()
    // 2 (d + 4) u, see FilterSpace, and once more as much: for tests of boxes against these thresholds.
    slack = 4 * Double(dimensions + 4) * 0x1p-24
    exactBand = Self.band(
      scaledRadius: scaledRadius, error: 0, slack: slack, squaredRadius: squaredRadius,
      scale: space.scale)
  }

  /// The thresholds for a point, or points, whose coordinates' magnitude is `largest` at most.
  ///
  /// If a pair's distance is at most the radius, the other point's coordinates are at most `largest`
  /// and the radius; the same if it seems to be. So both points' errors follow from one of them.
  func band(largest: Float) -> ClusteringBand {
    if space.isExact { return exactBand }
    let error = 2 * root * 0x1p-23 * (Double(largest) + scaledRadius)
    var band = Self.band(
      scaledRadius: scaledRadius, error: error, slack: slack, squaredRadius: squaredRadius,
      scale: space.scale)
    // Points that were cut off seem nearer than they are: they are never accepted unseen.
    if space.isClamped && squaredRadius < .infinity
      && (Double(largest) + scaledRadius) * 1.01 >= FilterSpace.limit
    {
      band.accept = -1
    }
    return band
  }

  /// The thresholds for points in a box: its lower corner, then its upper.
  func band(box: Storage<Float>) -> ClusteringBand {
    if space.isExact { return exactBand }
    var largest: Float = 0
    for index in 0..<box.count { largest = max(largest, abs(box.base[index])) }
    return band(largest: largest)
  }

  /// Whether all points in a box are certainly within the radius of each other.
  func isSmall(_ box: Storage<Float>) -> Bool {
    let d = box.count / 2
    var sum: Float = 0
    for axis in 0..<d {
      let side = box.base[d + axis] - box.base[axis]
      sum += side * side
    }
    return sum <= band(box: box).accept
  }

  private static func band(
    scaledRadius radius: Double, error: Double, slack: Double, squaredRadius: Double,
    scale: Double
  ) -> ClusteringBand {
    if squaredRadius == .infinity {
      return ClusteringBand(accept: .infinity, reject: .infinity)
    }
    // Where squares underflow in Double the radius says little: all that is very near is compared there.
    let underflows = squaredRadius < 0x1p-900
    let certain = underflows ? -1 : radius * (1 - 0x1p-40) - error
    let possible = max(radius, underflows ? 0x1p-440 * scale : 0) * (1 + 0x1p-40) + error
    // Squares below 2^-126 lose their relative accuracy in Float: 64 of them come to less than this.
    let underflow = 0x1p-119
    let accept = certain > 0 ? certain * certain * (1 - slack) - underflow : -1
    let reject = possible * possible * (1 + slack) + underflow
    return ClusteringBand(
      accept: accept > 0 ? Float(accept).nextDown : -1, reject: Float(reject).nextUp)
  }
}

/// The points as they were given, for the distances that decide.
///
/// Invariant: the pointer covers `dimensions` values for each index that is passed in, and is valid
/// for as long as the closure of ``Points/withSource(_:)`` runs.
struct PointSource: @unchecked Sendable {
  fileprivate enum Pointer {
    case float(UnsafePointer<Float>)
    case double(UnsafePointer<Double>)
  }

  fileprivate let values: Pointer
  let dimensions: Int

  subscript(point: Int, axis: Int) -> Double {
    switch values {
    case .float(let values): Double(values[point * dimensions + axis])
    case .double(let values): values[point * dimensions + axis]
    }
  }

  /// The squared distance of two points, summed in Double over the coordinates in order.
  func squaredDistance(_ a: Int, _ b: Int) -> Double {
    var sum = 0.0
    switch values {
    case .float(let values):
      let (a, b) = (values + a * dimensions, values + b * dimensions)
      for axis in 0..<dimensions {
        let difference = Double(a[axis]) - Double(b[axis])
        sum += difference * difference
      }
    case .double(let values):
      let (a, b) = (values + a * dimensions, values + b * dimensions)
      for axis in 0..<dimensions {
        let difference = a[axis] - b[axis]
        sum += difference * difference
      }
    }
    return sum
  }

  /// Calls one of two closures with the values.
  func withValues<Result>(
    float: (UnsafePointer<Float>) -> Result, double: (UnsafePointer<Double>) -> Result
  ) -> Result {
    switch values {
    case .float(let values): float(values)
    case .double(let values): double(values)
    }
  }
}

extension Points {
  /// Calls `body` with the values in place.
  func withSource<Result, Failure: Error>(
    _ body: (PointSource) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch values {
    case .float(let values):
      return try values.withUnsafeBufferPointer { buffer throws(Failure) in
        guard let base = buffer.baseAddress else {
          return try withUnsafePointer(to: Float(0)) { zero throws(Failure) in
            try body(PointSource(values: .float(zero), dimensions: dimensions))
          }
        }
        return try body(PointSource(values: .float(base), dimensions: dimensions))
      }
    case .double(let values):
      return try values.withUnsafeBufferPointer { buffer throws(Failure) in
        guard let base = buffer.baseAddress else {
          return try withUnsafePointer(to: 0.0) { zero throws(Failure) in
            try body(PointSource(values: .double(zero), dimensions: dimensions))
          }
        }
        return try body(PointSource(values: .double(base), dimensions: dimensions))
      }
    }
  }
}
