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

  /// Finds the components of `rows` (row-major, `columns` values a row).
  ///
  /// - Throws: ``Failure``.
  /// - Complexity: O(rows columns^2 + columns^3). Sums are in Double, in an order that
  ///   depends on the shape alone.
  public init(rows: [Float], columns: Int) throws(Failure) {
    guard columns > 0, rows.count >= 2 * columns, rows.count.isMultiple(of: columns) else {
      throw .shape(values: rows.count, columns: columns)
    }
    let count = rows.count / columns
    let mean = columnSums(rows, columns: columns).map { $0 / Double(count) }
    var matrix = scatter(rows, mean: mean)
    for index in matrix.indices { matrix[index] /= Double(count - 1) }
    let (values, vectors) = try symmetricEigenpairs(matrix, order: columns)
    self.mean = mean
    variances = values
    loadings = vectors
  }

  /// The coordinates of `rows` along the first `count` components: row-major, `count` a row.
  ///
  /// - Complexity: O(rows columns count).
  public func scores(of rows: [Float], count: Int) -> [Float] {
    let p = columns
    precondition(count <= p && rows.count.isMultiple(of: p))
    let n = rows.count / p
    return [Float](unsafeUninitializedCapacity: n * count) { buffer, initialized in
      // Each chunk writes the scores of its own rows.
      nonisolated(unsafe) let scores = buffer
      rows.withUnsafeBufferPointer { rowBuffer in
        nonisolated(unsafe) let rows = rowBuffer
        forEachChunk(of: n, size: 4096) { _, range in
          for row in range {
            for k in 0..<count {
              var sum = 0.0
              for column in 0..<p {
                sum += (Double(rows[row * p + column]) - mean[column]) * loadings[k * p + column]
              }
              scores[row * count + k] = Float(sum)
            }
          }
        }
      }
      initialized = n * count
    }
  }

  /// The noise of each row: the root mean square of what the first `rank` components do not
  /// explain, per remaining degree of freedom.
  ///
  /// Loadings are orthonormal, so this is also the noise of a score where a row's noise is
  /// equal in all columns.
  ///
  /// - Complexity: O(rows columns rank).
  public func noise(of rows: [Float], beyond rank: Int) -> [Float] {
    let p = columns
    precondition(rank < p && rows.count.isMultiple(of: p))
    let scores = scores(of: rows, count: rank)
    let n = rows.count / p
    return [Float](unsafeUninitializedCapacity: n) { buffer, initialized in
      nonisolated(unsafe) let noise = buffer
      forEachChunk(of: n, size: 4096) { _, range in
        for row in range {
          var rest = 0.0
          for column in 0..<p {
            let value = Double(rows[row * p + column]) - mean[column]
            rest += value * value
          }
          for k in 0..<rank {
            let score = Double(scores[row * rank + k])
            rest -= score * score
          }
          noise[row] = Float((max(rest, 0) / Double(p - rank)).squareRoot())
        }
      }
      initialized = n
    }
  }

  /// The number of components that stand out of the noise: variances above twice the median of
  /// the smallest three quarters.
  public var significantCount: Int {
    let tail = Array(variances.suffix(max(1, variances.count * 3 / 4)))
    let threshold = 2 * quantile(tail, 0.5)
    return variances.count { $0 > threshold }
  }
}

/// The sum of each column, by chunks of rows in order.
private func columnSums(_ rows: [Float], columns p: Int) -> [Double] {
  sumOverChunks(rows.count / p, width: p) { range, sums in
    for row in range {
      for column in 0..<p { sums[column] += Double(rows[row * p + column]) }
    }
  }
}

/// The sums of products of the centred columns: a symmetric matrix, both halves filled.
private func scatter(_ rows: [Float], mean: [Double]) -> [Double] {
  let p = mean.count
  var matrix = rows.withUnsafeBufferPointer { rowBuffer in
    nonisolated(unsafe) let rows = rowBuffer
    return sumOverChunks(rows.count / p, width: p * p) { range, sums in
      // Four rows at a time: the matrix is read and written a quarter as often.
      var centred = [Double](repeating: 0, count: 4 * p)
      for first in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
        for offset in 0..<4 {
          for column in 0..<p {
            let row = first + offset
            centred[offset * p + column] =
              row < range.upperBound ? Double(rows[row * p + column]) - mean[column] : 0
          }
        }
        centred.withUnsafeBufferPointer { addProducts($0, p, to: sums) }
      }
    }
  }
  for i in 0..<p {
    for j in 0..<i { matrix[i * p + j] = matrix[j * p + i] }
  }
  return matrix
}

/// Adds the upper triangle of the products of four rows of `p` values to `sums` (p x p).
private func addProducts(
  _ rows: UnsafeBufferPointer<Double>, _ p: Int, to sums: UnsafeMutableBufferPointer<Double>
) {
  guard let a = rows.baseAddress, let sums = sums.baseAddress else { return }
  let (b, c, d) = (a + p, a + 2 * p, a + 3 * p)
  for i in 0..<p {
    let (ai, bi, ci, di) = (a[i], b[i], c[i], d[i])
    let target = sums + i * p
    for j in i..<p {
      target[j] += (ai * a[j] + bi * b[j]) + (ci * c[j] + di * d[j])
    }
  }
}

/// Sums `width` values over chunks of `count` rows; the chunks' sums are added in order.
private func sumOverChunks(
  _ count: Int, width: Int,
  _ body: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Double>) -> Void
) -> [Double] {
  // Enough rows a chunk that at most 128 partial sums are held.
  let size = max(1024, (count + 127) / 128)
  let chunks = (count + size - 1) / size
  var partial = [Double](repeating: 0, count: chunks * width)
  partial.withUnsafeMutableBufferPointer { buffer in
    // Each chunk writes the slot with its own number.
    nonisolated(unsafe) let partial = buffer
    forEachChunk(of: count, size: size) { chunk, range in
      body(
        range, UnsafeMutableBufferPointer(rebasing: partial[chunk * width..<(chunk + 1) * width]))
    }
  }
  var total = [Double](repeating: 0, count: width)
  for chunk in 0..<chunks {
    for index in 0..<width { total[index] += partial[chunk * width + index] }
  }
  return total
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
