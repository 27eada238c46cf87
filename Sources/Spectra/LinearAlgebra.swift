/// The scalar product of two vectors of one length.
func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}

/// The solution of a small symmetric positive definite system by Cholesky's method; nil where
/// it is singular.
func solveSymmetric(_ matrix: [Double], _ right: [Double]) -> [Double]? {
  let n = right.count
  var l = [Double](repeating: 0, count: n * n)
  for i in 0..<n {
    for j in 0...i {
      var sum = matrix[i * n + j]
      for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
      if i == j {
        guard sum > 1e-12 * abs(matrix[i * n + i]) else { return nil }
        l[i * n + i] = sum.squareRoot()
      } else {
        l[i * n + j] = sum / l[j * n + j]
      }
    }
  }
  var solution = right
  for i in 0..<n {
    for k in 0..<i { solution[i] -= l[i * n + k] * solution[k] }
    solution[i] /= l[i * n + i]
  }
  for i in stride(from: n - 1, through: 0, by: -1) {
    for k in i + 1..<n { solution[i] -= l[k * n + i] * solution[k] }
    solution[i] /= l[i * n + i]
  }
  return solution
}
