import CClusteringKernels

/// Points in a space of 1 to 64 dimensions, with what is known of each.
///
///     let points = try Points(scores, dimensions: 4)               // [Float] or [Double], row-major
///     let valid = try Points(scores, dimensions: 4, isIncluded: mask, notFinite: .leaveOut)
///
/// The values stay as they were given: Float and Double points are different data, and distances are
/// those of the values themselves, computed in Double.
public struct Points: Sendable {
  /// What to do with a row that holds NaN or infinity.
  public enum NotFinite: Sendable {
    /// Throw ``ClusteringFailure/notFinite(row:)``.
    case refuse
    /// Leave the row out, as if `isIncluded` were false for it.
    case leaveOut
  }

  /// The most dimensions that points may have.
  public static let maximumDimensions = 64

  /// The number of points, those left out included.
  public let count: Int
  /// The number of coordinates of a point.
  public let dimensions: Int
  /// The number of points that take part.
  public let includedCount: Int
  /// The sum of the weights of the points that take part: `includedCount` without weights.
  public let totalWeight: Int

  let values: Values
  let weights: [Int32]?
  /// nil where all points take part.
  let isIncluded: [Bool]?

  enum Values: Sendable {
    case float([Float])
    case double([Double])
  }

  /// Points of Float coordinates: row-major, `dimensions` values a point.
  ///
  /// - Parameters:
  ///   - weights: how many points each stands for, 0 or more; 1 each where nil. A point of weight 0 is no
  ///     one's neighbour to count, but may itself be core or border.
  ///   - isIncluded: false for points that are to be left out: they are no one's neighbours and get the
  ///     label ``DBSCAN/leftOut``.
  /// - Throws: ``ClusteringFailure`` on a wrong shape, a negative weight, weights of more than
  ///   2147483647 together, or a value that is not finite.
  /// - Complexity: O(n dimensions).
  public init(
    _ values: [Float], dimensions: Int, weights: [Int32]? = nil, isIncluded: [Bool]? = nil,
    notFinite: NotFinite = .refuse
  ) throws(ClusteringFailure) {
    try self.init(
      .float(values), valueCount: values.count, dimensions: dimensions, weights: weights,
      isIncluded: isIncluded, notFinite: notFinite)
  }

  /// Points of Double coordinates: row-major, `dimensions` values a point. Otherwise as for Float.
  public init(
    _ values: [Double], dimensions: Int, weights: [Int32]? = nil, isIncluded: [Bool]? = nil,
    notFinite: NotFinite = .refuse
  ) throws(ClusteringFailure) {
    try self.init(
      .double(values), valueCount: values.count, dimensions: dimensions, weights: weights,
      isIncluded: isIncluded, notFinite: notFinite)
  }

  private init(
    _ values: Values, valueCount: Int, dimensions: Int, weights: [Int32]?, isIncluded: [Bool]?,
    notFinite: NotFinite
  ) throws(ClusteringFailure) {
    guard 1...Self.maximumDimensions ~= dimensions else { throw .dimensions(dimensions) }
    guard valueCount.isMultiple(of: dimensions) else {
      throw .shape(values: valueCount, dimensions: dimensions)
    }
    let count = valueCount / dimensions
    guard count < Int(Int32.max) else { throw .tooMany(count) }
    if let isIncluded, isIncluded.count != count {
      throw .length(of: "the mask", isIncluded.count, points: count)
    }
    if let weights, weights.count != count {
      throw .length(of: "the weights", weights.count, points: count)
    }
    if let row = weights?.firstIndex(where: { $0 < 0 }) { throw .negativeWeight(row: row) }
    let bad = rowsNotFinite(values, dimensions: dimensions)
    var included = isIncluded
    if let first = bad.first(where: { isIncluded?[$0] ?? true }) {
      guard notFinite == .leaveOut else { throw .notFinite(row: first) }
      var mask = isIncluded ?? [Bool](repeating: true, count: count)
      for row in bad { mask[row] = false }
      included = mask
    }
    self.values = values
    self.count = count
    self.dimensions = dimensions
    self.weights = weights
    self.isIncluded = included
    includedCount = included?.count { $0 } ?? count
    var total = includedCount
    if let weights {
      total = 0
      for index in weights.indices where included?[index] ?? true { total += Int(weights[index]) }
    }
    guard total <= Int(Int32.max) else { throw .tooMuchWeight(total) }
    totalWeight = total
  }
}

/// The rows that hold NaN or infinity, in order.
private func rowsNotFinite(_ values: Points.Values, dimensions: Int) -> [Int] {
  let kernels = clustering_kernels().pointee
  func rows<Value: BinaryFloatingPoint>(
    _ values: [Value], _ areFinite: (UnsafePointer<Value>, Int) -> Int32
  ) -> [Int] {
    var found: [Int] = []
    values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for start in stride(from: 0, to: values.count, by: 4096) {
        let end = min(start + 4096, values.count)
        guard areFinite(base + start, end - start) == 0 else { continue }
        for index in start..<end where !values[index].isFinite {
          if found.last != index / dimensions { found.append(index / dimensions) }
        }
      }
    }
    return found
  }
  switch values {
  case .float(let values): return rows(values) { kernels.finite_floats($0, $1) }
  case .double(let values): return rows(values) { kernels.finite_doubles($0, $1) }
  }
}

/// A reason why points cannot be clustered or searched.
public enum ClusteringFailure: Error, Equatable, CustomStringConvertible, Sendable {
  /// The radius is not a finite number above zero.
  case radius(Double)
  /// Fewer than one minimum point.
  case minimumPoints(Int)
  /// Fewer than one neighbour is asked for, or more than there are points.
  case neighbours(Int, points: Int)
  /// A point that is asked for is not there or left out.
  case noSuchPoint(Int)
  /// The number of dimensions is not 1 to 64.
  case dimensions(Int)
  /// The values do not fill whole rows.
  case shape(values: Int, dimensions: Int)
  /// A mask or weights of another length than the points.
  case length(of: String, Int, points: Int)
  /// A row holds NaN or infinity. Rows count from 0.
  case notFinite(row: Int)
  /// A weight below zero. Rows count from 0.
  case negativeWeight(row: Int)
  /// More points than an Int32 can number.
  case tooMany(Int)
  /// More weight than an Int32 can count.
  case tooMuchWeight(Int)
  /// There is no radius to choose: fewer points than minimum points, or so many in each place.
  case nothingToChoose
  /// The observer asked to stop.
  case cancelled

  /// The failure in words.
  public var description: String {
    switch self {
    case .radius(let value): "the radius is \(value): it must be a finite number above 0"
    case .minimumPoints(let value): "minimum points is \(value): it must be at least 1"
    case .neighbours(let value, let points):
      "\(value) neighbours of \(points) points: ask for 1 to \(points)"
    case .noSuchPoint(let index): "point \(index) (from 0) is not among those that take part"
    case .dimensions(let value): "\(value) dimensions: there must be 1 to 64"
    case .shape(let values, let dimensions):
      "\(values) values do not fill rows of \(dimensions)"
    case .length(let what, let length, let points):
      "\(what) has \(length) values for \(points) points"
    case .notFinite(let row): "row \(row) (from 0) holds a value that is not a finite number"
    case .negativeWeight(let row): "row \(row) (from 0) has a weight below 0"
    case .tooMany(let count): "\(count) points are more than 2147483646"
    case .tooMuchWeight(let total): "weights of \(total) together are more than 2147483647"
    case .nothingToChoose:
      "no radius can be chosen: there must be more points than minimum points, and not so many in "
        + "every place; give a radius"
    case .cancelled: "cancelled"
    }
  }
}
