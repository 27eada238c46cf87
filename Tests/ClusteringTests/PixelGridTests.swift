import Clustering
import Testing

@Suite struct PixelGridTests {
  private func grid(_ height: Int, _ width: Int) -> PixelGrid {
    PixelGrid(height: height, width: width, pixels: (0..<Int32(height * width)).map { $0 })
  }

  /// A ramp of 2 a pixel across has a Sobel gradient of 2, also at the rim's rows; at the end
  /// columns the outside repeats the rim, which halves it.
  @Test func gradientOfARamp() {
    let ramp = (0..<20).map { Float(2 * ($0 % 5)) }
    let gradient = grid(4, 5).gradientMagnitude(ramp, dimensions: 1)
    for row in 0..<4 {
      #expect(Array(gradient[row * 5..<row * 5 + 5]) == [1, 2, 2, 2, 1])
    }
  }

  /// The rim of the sample is no edge: what lies outside takes the value next to it.
  @Test func outsideIsFilled() {
    let inside = PixelGrid(height: 5, width: 5, pixels: [6, 7, 8, 11, 12, 13, 16, 17, 18])
    let gradient = inside.gradientMagnitude([Float](repeating: 100, count: 9), dimensions: 1)
    #expect(gradient == [Float](repeating: 0, count: 9))
  }

  /// Two markers flood towards a ridge between them; the ridge goes to the first to reach it.
  @Test func floodMeetsAtTheRidge() {
    let labels: [Int32] = [0, -1, -1, -3, -1, 1]
    let flooded = grid(1, 6).flood(labels, gradient: [0, 1, 2, 9, 1, 0])
    #expect(flooded == [0, 0, 0, 1, 1, 1])
  }

  @Test func whatNoMarkerReachesStays() {
    let apart = PixelGrid(height: 1, width: 5, pixels: [0, 1, 3, 4])
    #expect(apart.flood([0, -1, -1, -1], gradient: [0, 0, 0, 0]) == [0, 0, -1, -1])
  }
}

@Suite struct PrincipalComponentsTests {
  /// Points on the line y = 2 x: one component along (1, 2)/sqrt(5), the other without variance.
  @Test func pointsOnALine() throws {
    let rows: [Float] = [-1, -2, 0, 0, 1, 2]
    let components = try PrincipalComponents(rows: rows, columns: 2)
    #expect(abs(components.variances[0] - 5) < 1e-12)
    #expect(abs(components.variances[1]) < 1e-12)
    #expect(abs(components.loadings[0] - 1 / 5.0.squareRoot()) < 1e-12)
    #expect(abs(components.loadings[1] - 2 / 5.0.squareRoot()) < 1e-12)
    let scores = components.scores(of: rows, count: 1)
    #expect(abs(Double(scores[2]) - 5.0.squareRoot()) < 1e-6)
    #expect(components.noise(of: rows, beyond: 1).allSatisfy { $0 < 1e-6 })
  }

  /// Unit noise about a plane comes out as unit noise, whatever the plane's spread.
  @Test func noiseIsThatBeyondTheRank() throws {
    var rows: [Float] = []
    for row in 0..<4000 {
      let sign: Float = row.isMultiple(of: 2) ? 1 : -1
      let other: Float = (row / 2).isMultiple(of: 2) ? 1 : -1
      let third: Float = (row / 4).isMultiple(of: 2) ? 1 : -1
      rows += [100 * sign, other, third]
    }
    let components = try PrincipalComponents(rows: rows, columns: 3)
    #expect(components.noise(of: rows, beyond: 1).allSatisfy { abs($0 - 1) < 1e-3 })
  }

  @Test func refusesRaggedRows() {
    #expect(throws: PrincipalComponents.Failure.shape(values: 5, columns: 2)) {
      try PrincipalComponents(rows: [1, 2, 3, 4, 5], columns: 2)
    }
  }
}
