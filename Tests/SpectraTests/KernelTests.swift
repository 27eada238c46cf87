import CSpectraKernels
import Foundation
import Spectra
import Testing
import TestSupport

/// The row kernels against the plain way, at lengths about a vector's.
@Suite struct KernelTests {
  private static let lengths = [1, 2, 3, 15, 16, 17, 31, 32, 33, 100, 257, 300]

  private func random(_ count: Int, _ seed: Int) -> [Float] {
    var random = TestRandom(seed: UInt64(seed) + 1)
    return (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
  }

  @Test func logarithmIsWithinTwoUnitsInTheLastPlace() {
    var (net, level): ([Float], [Float]) = ([], [])
    var x: Float = 1e-20
    while x < 1e20 {
      net.append(1)
      level.append(x)
      x *= 1.0137
    }
    level += [1, 0.99999, 1.00001]
    net += [1, 1, 1]
    var od = [Float](repeating: 0, count: net.count)
    spectra_optical_density(net, level, 0, 0, &od, od.count)
    for (value, found) in zip(level, od) {
      let expected = Float(log(Double(value)))
      #expect(abs(found - expected) <= 2 * max(expected.ulp, 1.2e-7), "ln \(value)")
    }
  }

  @Test func whatCannotBeMeasuredIsNoNumber() {
    let net: [Float] = [1, 0, -1, .nan, 1, 1, 1e-30, 1, .infinity]
    let level: [Float] = [2, 2, 2, 2, .nan, 0.5, 1e30, .infinity, 1]
    var od = [Float](repeating: 0, count: net.count)
    spectra_optical_density(net, level, 0.5, 1, &od, od.count)
    #expect(abs(od[0] - 1.693_147_2) < 1e-6)
    for value in od.dropFirst() { #expect(value.isNaN) }
  }

  @Test func medianOf9() {
    for n in Self.lengths {
      let rows = (0..<3).map { random(n + 2, 3 * n + $0) }
      var median = [Float](repeating: 0, count: n)
      spectra_median_of_9(rows[0], rows[1], rows[2], &median, n)
      for i in 0..<n {
        let values = rows.flatMap { $0[i...i + 2] }.sorted()
        #expect(median[i] == values[4])
      }
    }
  }

  @Test func medianOfFrames() {
    for count in Array(1...20) + [31, 32, 33, 40, 63, 64] {
      for n in [1, 31, 32, 33, 50] {
        let values = random(count * (n + 3), count * n)
        var median = [Float](repeating: 0, count: n)
        spectra_median_of_frames(values, n + 3, count, &median, n)
        for i in 0..<n {
          let sorted = (0..<count).map { values[$0 * (n + 3) + i] }.sorted()
          #expect(median[i] == sorted[count / 2], "\(count) frames")
        }
      }
    }
  }

  @Test func convolutionsAndInterpolations() {
    for n in Self.lengths {
      let kernel: [Float] = [0.5, 0.25, -0.125, 0.0625]
      let rows = (0..<7).map { random(n + 6, 7 * n + $0) }
      var (along, across, four) = (
        [Float](repeating: 0, count: n), [Float](repeating: 0, count: n),
        [Float](repeating: 0, count: n)
      )
      spectra_convolve(rows[0], kernel, 3, &along, n)
      spectra_interpolate(rows[0], kernel, &four, n)
      withPointers(rows) { spectra_convolve_rows($0, kernel, 3, &across, n) }
      for i in 0..<n {
        func sum(_ value: (Int) -> Float) -> Float {
          var sum = kernel[0] * value(0)
          for k in 1...3 { sum += kernel[k] * (value(k) + value(-k)) }
          return sum
        }
        #expect(abs(along[i] - sum { rows[0][i + 3 + $0] }) < 1e-5)
        #expect(abs(across[i] - sum { rows[3 + $0][i] }) < 1e-5)
        var expected: Float = 0
        for k in 0..<4 { expected += kernel[k] * rows[0][i + k] }
        #expect(abs(four[i] - expected) < 1e-5)
      }
    }
  }

  @Test func combinationsAndSums() {
    for n in Self.lengths {
      let rows = (0..<4).map { random(n, 5 * n + $0) }
      let weights: [Float] = [0.5, -0.25, 2, 0.75]
      var (four, scaled, clipped) = (random(n, 1), random(n, 2), [Float](repeating: 1, count: n))
      spectra_combine_four(rows[0], rows[1], rows[2], rows[3], weights, &four, n)
      spectra_scale(rows[0], -2, &scaled, n)
      spectra_add_clipped(rows[0], -0.25, 0.5, &clipped, n)
      let products = spectra_sum_of_products(rows[0], rows[1], n)
      for i in 0..<n {
        let expected = (0..<4).reduce(Float(0)) { $0 + weights[$1] * rows[$1][i] }
        #expect(abs(four[i] - expected) < 1e-5)
        #expect(scaled[i] == -2 * rows[0][i])
        #expect(clipped[i] == 1 + min(max(rows[0][i], -0.25), 0.5))
      }
      let expected = zip(rows[0], rows[1]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(products - expected) < 1e-5)
      for factor in 1...4 where n >= factor {
        var bins = [Float](repeating: 0, count: n / factor)
        spectra_bin(rows[0], factor, 0.5, &bins, n / factor)
        for (place, bin) in bins.enumerated() {
          let sum = rows[0][place * factor..<(place + 1) * factor].reduce(0, +)
          #expect(abs(bin - 0.5 * sum) < 1e-5)
        }
      }
      let limit = rows[0].sorted()[n / 2]
      #expect(spectra_count_at_least(rows[0], limit, n) == rows[0].count { $0 >= limit })
      for value in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude] {
        var values = rows[0]
        values[n / 2] = value
        #expect(spectra_count_finite(values, n) == values.count { $0.isFinite })
      }
    }
  }

  /// Columns whose places follow each other in runs, and each by itself: the same to the last bit.
  @Test func interpolationInRuns() {
    for n in Self.lengths {
      let (row, weights) = (random(n + 4, n), (0..<4).map { random(n, 9 * n + $0) })
      let places = (0..<n).map { Int32($0 + ($0 >= n / 2 ? 1 : 0)) }
      var (each, runs) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
      withPointers(weights) { weights in
        spectra_interpolate_each(row, places, weights, &each, n)
        for run in [0..<n / 2, n / 2..<n] where !run.isEmpty {
          row.withUnsafeBufferPointer { row in
            runs.withUnsafeMutableBufferPointer {
              spectra_interpolate_run(
                row.baseAddress! + Int(places[run.lowerBound]), weights, run.lowerBound,
                $0.baseAddress! + run.lowerBound, run.count)
            }
          }
        }
      }
      #expect(each == runs)
    }
  }

  @Test func sumsOfTheNormalEquations() {
    for n in Self.lengths {
      let (above, below, m) = (random(n, n), random(n, n + 1), random(n, n + 2))
      // The template's row, with a value more at either end.
      let row = random(n + 2, n + 3)
      let t = Array(row[1...n])
      let a = (0..<n).map { 0.5 * (below[$0] - above[$0]) }
      let b = (0..<n).map { 0.5 * (row[$0 + 2] - row[$0]) }
      var sums = [Double](repeating: 0, count: 15)
      var scale = [Double](repeating: 0, count: 6)
      row.withUnsafeBufferPointer {
        let place = $0.baseAddress! + 1
        spectra_normal_sums(above, place, below, m, n, &sums)
        spectra_scale_sums(above, place, below, m, 0.25, -0.5, 0.01, n, &scale)
      }
      let one = [Float](repeating: 1, count: n)
      let s = (0..<n).map { (i: Int) -> Float in
        let x = -0.5 + 0.01 * Float(i)
        return 0.25 * a[i] + x * b[i]
      }
      func product(_ x: [Float], _ y: [Float]) -> Double {
        var sum = 0.0
        for i in x.indices { sum += Double(x[i]) * Double(y[i]) }
        return sum
      }
      let expected = [
        product(a, a), product(a, b), product(a, m), product(a, one), product(b, b), product(b, m),
        product(b, one), product(m, m), product(m, one), Double(n), product(a, t), product(b, t),
        product(m, t), product(one, t), product(t, t),
      ]
      for (x, y) in zip(sums, expected) { #expect(abs(x - y) < 1e-4 * (1 + abs(y))) }
      for (x, y) in zip(scale, [a, b, m, one, s, t].map { product(s, $0) }) {
        #expect(abs(x - y) < 1e-4 * (1 + abs(y)))
      }
    }
  }

  private func withPointers(
    _ rows: [[Float]], _ found: [UnsafePointer<Float>?] = [],
    _ body: ([UnsafePointer<Float>?]) -> Void
  ) {
    guard found.count < rows.count else { return body(found) }
    rows[found.count].withUnsafeBufferPointer {
      withPointers(rows, found + [$0.baseAddress], body)
    }
  }
}
