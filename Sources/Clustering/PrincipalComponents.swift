internal import CClusteringKernels
import CLAPACK

/// The principal components of a table of rows: orthonormal directions of greatest variance.
///
///     let components = try PrincipalComponents(rows: spectra, columns: energies.count)
///     let scores = components.scores(of: spectra, count: 3)     // rows x 3
///
/// The columns are centred, not scaled. Variances are those of a sample (divided by n - 1). Each
/// component's sign is such that its loading of largest magnitude is positive.
///
/// Source: Jolliffe, "Principal Component Analysis", doi 10.1007/b98835.
public struct PrincipalComponents: Sendable {
  /// The columns' means.
  public let mean: [Double]
  /// The variances along the components, largest first; one a column.
  public let variances: [Double]
  /// The loadings, row-major: component k is the `columns` values from `k * columns`.
  public let loadings: [Double]

  /// The number of columns.
  public var columns: Int { mean.count }

  /// A reason why there are no components.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    /// The values do not fill at least two whole rows.
    case shape(values: Int, columns: Int)
    /// LAPACK's dsyev did not converge, or the rows hold values that are not finite.
    case eigenvalues(info: Int)

    /// The failure in words.
    public var description: String {
      switch self {
      case .shape(let values, let columns):
        "\(values) values are not two rows or more of \(columns)"
      case .eigenvalues(let info):
        "the eigenvalues of the covariance did not converge (LAPACK dsyev \(info))"
      }
    }
  }

  /// Some rows of a table, row-major: what a ``RowSource`` writes.
  public typealias Rows = UnsafeMutableBufferPointer<Float>

  /// A table that is made a run of rows at a time, so that it need not be held: its shape, and what writes the rows of
  /// a range. It is called on several threads at once, and always gives the same values.
  public struct RowSource: Sendable {
    /// The number of rows.
    public let count: Int
    /// The number of columns.
    public let columns: Int
    let fill: @Sendable (Range<Int>, Rows) -> Void

    /// A table of a shape.
    public init(
      count: Int, columns: Int, _ fill: @escaping @Sendable (Range<Int>, Rows) -> Void
    ) {
      (self.count, self.columns, self.fill) = (count, columns, fill)
    }

    /// A table in memory.
    init(_ rows: [Float], columns: Int) {
      self.init(count: rows.count / columns, columns: columns) { range, target in
        let values = rows[range.lowerBound * columns..<range.upperBound * columns]
        _ = target.update(fromContentsOf: values)
      }
    }

    /// Runs `body` with consecutive rows, on all cores; the ranges depend on the number of rows alone.
    func forEachRun(_ body: @Sendable (_ run: Int, _ range: Range<Int>, _ rows: [Float]) -> Void) {
      forEachChunk(of: count, size: size) { run, range in
        let rows = [Float](unsafeUninitializedCapacity: range.count * columns) { buffer, filled in
          fill(range, buffer)
          filled = range.count * columns
        }
        body(run, range, rows)
      }
    }

    /// Runs `body` with some consecutive rows less an origin, in Double, `paddedColumns` a row; on all cores.
    fileprivate func forEachCentredPiece(
      about origin: [Double],
      _ body: @Sendable (_ run: Int, _ rows: Range<Int>, _ values: UnsafePointer<Double>) -> Void
    ) {
      let rowsOfPiece = 128
      forEachRun { run, range, rows in
        var centred = [Double](repeating: 0, count: rowsOfPiece * paddedColumns)
        for start in stride(from: 0, to: range.count, by: rowsOfPiece) {
          let count = min(rowsOfPiece, range.count - start)
          rows.withUnsafeBufferPointer {
            clustering_centre(
              $0.baseAddress! + start * columns, origin, count, columns, paddedColumns, &centred)
          }
          body(run, range.lowerBound + start..<range.lowerBound + start + count, centred)
        }
      }
    }

    /// The columns with zeros behind them, as the kernels take them.
    fileprivate var paddedColumns: Int { (columns + 23) / 24 * 24 }

    /// Enough rows a run that there are at most 128.
    fileprivate var size: Int { max(1024, (count + 127) / 128) }
    fileprivate var runs: Int { (count + size - 1) / size }
  }

  /// Finds the components of `rows` (row-major, `columns` values a row).
  ///
  /// - Throws: ``Failure``.
  /// - Complexity: O(rows columns^2 + columns^3). Sums are in Double, in an order that
  ///   depends on the shape alone.
  public init(rows: [Float], columns: Int) throws(Failure) {
    guard columns > 0, rows.count.isMultiple(of: columns) else {
      throw .shape(values: rows.count, columns: columns)
    }
    try self.init(of: RowSource(rows, columns: columns))
  }

  /// Finds the components of a table, which is made once.
  ///
  /// - Throws: ``Failure``.
  /// - Complexity: as above; memory for at most 128 matrices of columns x columns.
  public init(of table: RowSource) throws(Failure) {
    let (count, p) = (table.count, table.columns)
    guard p > 0, count >= 2 else { throw .shape(values: count * p, columns: p) }
    // About the first row, which is near the mean where rows are alike; what the mean differs from it comes off the
    // products afterwards.
    var origin = [Float](repeating: 0, count: p)
    origin.withUnsafeMutableBufferPointer { table.fill(0..<1, $0) }
    let (sums, products) = table.sums(about: origin.map { Double($0) })
    let offset = sums.map { $0 / Double(count) }
    var matrix = products
    for i in 0..<p {
      for j in i..<p {
        matrix[i * p + j] = (products[i * p + j] - sums[i] * offset[j]) / Double(count - 1)
        matrix[j * p + i] = matrix[i * p + j]
      }
    }
    let (values, vectors) = try symmetricEigenpairs(matrix, order: p)
    mean = zip(origin, offset).map { Double($0) + $1 }
    variances = values
    loadings = vectors
  }

  /// The coordinates of a table's rows along the first `count` components (row-major, `count` a row), and the noise of
  /// each row: the root mean square of what the first `rank` components do not explain, per remaining degree of
  /// freedom.
  ///
  /// Loadings are orthonormal, so this is also the noise of a score where a row's noise is
  /// equal in all columns.
  ///
  /// - Complexity: O(rows columns (count + rank)); the table is made once.
  public func scores(
    of table: RowSource, count: Int, noiseBeyond rank: Int
  ) -> (scores: [Float], noise: [Float]) {
    let p = columns
    precondition(count <= p && rank < p && table.columns == p)
    var noise = [Float](repeating: 0, count: table.count)
    let directions = max(count, rank)
    let padded = table.padded(loadings, rows: directions)
    let scores = [Float](unsafeUninitializedCapacity: table.count * count) { buffer, initialized in
      noise.withUnsafeMutableBufferPointer { noiseBuffer in
        // Each piece writes the scores and noise of its own rows.
        nonisolated(unsafe) let (scores, noise) = (buffer, noiseBuffer)
        table.forEachCentredPiece(about: mean) { _, rows, values in
          var along = [Double](repeating: 0, count: rows.count * directions)
          var squares = [Double](repeating: 0, count: rows.count)
          clustering_project(
            values, rows.count, table.paddedColumns, padded, directions, &along, &squares)
          for (place, row) in rows.enumerated() {
            let first = place * directions
            for k in 0..<count { scores[row * count + k] = Float(along[first + k]) }
            var rest = squares[place]
            for k in 0..<rank { rest -= along[first + k] * along[first + k] }
            noise[row] = Float((max(rest, 0) / Double(p - rank)).squareRoot())
          }
        }
      }
      initialized = table.count * count
    }
    return (scores, noise)
  }

  /// The coordinates of `rows` in memory.
  public func scores(of rows: [Float], count: Int) -> [Float] {
    scores(of: RowSource(rows, columns: columns), count: count, noiseBeyond: 0).scores
  }

  /// The noise of `rows` in memory.
  public func noise(of rows: [Float], beyond rank: Int) -> [Float] {
    scores(of: RowSource(rows, columns: columns), count: 0, noiseBeyond: rank).noise
  }

  /// The number of components that stand out of the noise: variances above twice the median of
  /// the smallest three quarters.
  public var significantCount: Int {
    let tail = Array(variances.suffix(max(1, variances.count * 3 / 4)))
    let threshold = 2 * quantile(tail, 0.5)
    return variances.count { $0 > threshold }
  }
}

extension PrincipalComponents.RowSource {
  /// The sums of the columns less an origin, and the upper triangle of the sums of their products.
  fileprivate func sums(about origin: [Double]) -> (sums: [Double], products: [Double]) {
    let (p, padded) = (columns, paddedColumns)
    let width = padded * padded + padded
    // The sums of each run, added up in order. They are few where columns are many: runs have 1024 rows or more.
    var partial = [Double](repeating: 0, count: runs * width)
    partial.withUnsafeMutableBufferPointer { buffer in
      // Each run writes the place with its own number.
      nonisolated(unsafe) let partial = buffer
      forEachCentredPiece(about: origin) { run, rows, values in
        let sums = partial.baseAddress! + run * width
        clustering_add_products(values, rows.count, padded, sums, sums + padded)
      }
    }
    var total = [Double](repeating: 0, count: width)
    for run in 0..<runs {
      for index in 0..<width { total[index] += partial[run * width + index] }
    }
    let products = (0..<p).flatMap { total[padded * ($0 + 1)..<padded * ($0 + 1) + p] }
    return (Array(total[..<p]), products)
  }

  /// The first rows of `columns` values, with zeros behind each as the kernels take them.
  fileprivate func padded(_ values: [Double], rows: Int) -> [Double] {
    let zeros = [Double](repeating: 0, count: paddedColumns - columns)
    return (0..<rows).flatMap { values[$0 * columns..<($0 + 1) * columns] + zeros }
  }
}

/// The eigenvalues of a symmetric matrix, largest first, and their vectors as rows.
private func symmetricEigenpairs(
  _ matrix: [Double], order: Int
) throws(PrincipalComponents.Failure) -> (values: [Double], vectors: [Double]) {
  guard matrix.allSatisfy(\.isFinite) else { throw .eigenvalues(info: 0) }
  var vectors = matrix
  var values = [Double](repeating: 0, count: order)
  var n = Int32(order)
  var info: Int32 = 0
  var workSize = Int32(max(1, 34 * order))
  var work = [Double](repeating: 0, count: Int(workSize))
  var leading = n
  dsyev_("V", "U", &n, &vectors, &leading, &values, &work, &workSize, &info, 1, 1)
  guard info == 0 else { throw .eigenvalues(info: Int(info)) }
  var sorted: [Double] = []
  sorted.reserveCapacity(order * order)
  for k in stride(from: order - 1, through: 0, by: -1) {
    let vector = vectors[k * order..<(k + 1) * order]
    let peak = vector.max { abs($0) < abs($1) } ?? 0
    sorted.append(contentsOf: peak < 0 ? vector.map { -$0 } : Array(vector))
  }
  return (values.reversed(), sorted)
}

extension PrincipalComponents {
  /// The version of LAPACK that finds the eigenvalues: "3.11.0".
  public static var libraryVersion: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    ilaver_(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }
}
