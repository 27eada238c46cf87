import Spectra
import Testing
import TestSupport

@Suite struct EdgeWindowTests {
  private func edge(_ symbol: String, _ shell: AbsorptionEdge.Shell) throws -> AbsorptionEdge {
    try #require(Element(symbol)?.edge(shell))
  }

  /// Pr L2 (6440 eV) ends the window behind Nd L3, 10 eV before it.
  @Test func anotherEdgeEndsAWindow() throws {
    let nd = try edge("Nd", .l3)
    let energies = stride(from: 6100.0, through: 6700, by: 5).map { $0 }
    var windows = EdgeWindows()
    windows.postEnd = 400
    #expect(windows.windows(at: nd, energies: energies).post.upperBound == 400)
    windows.bounds = try #require(Element("Pr")).edges
    let post = windows.windows(at: nd, energies: energies).post
    #expect(abs(post.upperBound - (try edge("Pr", .l2).energyEV - 10 - nd.energyEV)) < 1e-9)
    // Nd L1 lies 14 eV above Fe K: it cannot end a window that begins behind it.
    windows.bounds = try #require(Element("Nd")).edges
    let fe = windows.windows(at: try edge("Fe", .k), energies: energies)
    #expect(fe.post == 45...400)
  }

  /// The window before an edge begins 45 eV behind the edge before it.
  @Test func anEdgeBeforeBeginsAWindow() throws {
    var windows = EdgeWindows()
    windows.preStart = -900
    windows.bounds = try #require(Element("Mn")).edges
    let fe = try edge("Fe", .k)
    let pre = windows.windows(at: fe, energies: [6400, 7200]).pre
    #expect(abs(pre.lowerBound - (try edge("Mn", .k).energyEV + 45 - fe.energyEV)) < 1e-9)
  }

  /// Soft X-rays: L2 lies 13 eV above L3, and the window behind begins behind both.
  @Test func automaticWindowsBeginBehindL2() throws {
    let fe = try edge("Fe", .l3)
    let energies = (0..<123).map { 700 + 0.25 * Double($0) }
    var windows = EdgeWindows()
    (windows.preStart, windows.preEnd, windows.postStart, windows.postEnd) = (nil, nil, nil, nil)
    windows.bounds = try #require(Element("Fe")).edges
    let found = windows.windows(at: fe, energies: energies)
    let l2 = try edge("Fe", .l2).energyEV
    #expect(found.post.lowerBound + fe.energyEV >= l2 + 5)
    #expect(found.post.upperBound + fe.energyEV <= 730.5)
    #expect(found.pre.upperBound < 0 && found.pre.lowerBound + fe.energyEV >= 700)
    #expect(windows.failure(at: fe, energies: energies) == nil)
  }

  /// Mn, Co and Ni of a battery, some tens of eV about each: all are measured, each in windows of its own.
  @Test func severalEdgesWithAutomaticWindows() throws {
    let elements = try ["Mn", "Co", "Ni"].map { try #require(Element($0)) }
    let energies = try elements.flatMap { element in
      let e0 = try #require(element.edge(.k)).energyEV
      return stride(from: -50.0, through: 110, by: 4).map { e0 + $0 }
    }
    var windows = EdgeWindows()
    (windows.preStart, windows.preEnd, windows.postStart, windows.postEnd) = (nil, nil, nil, nil)
    windows.bounds = elements.flatMap(\.edges)
    let edges = windows.measuredEdges(of: elements, energies: energies)
    #expect(edges.map(\.name) == ["Mn K", "Co K", "Ni K"])
    for edge in edges {
      let found = windows.windows(at: edge, energies: energies)
      #expect((-600...(-20)).contains(found.pre.lowerBound) && found.pre.upperBound <= -10)
      #expect((5...40).contains(found.post.lowerBound))
    }
  }

  @Test func tooFewEnergiesAreSaidWithBothNumbers() throws {
    let fe = try edge("Fe", .k)
    let failure = EdgeWindows().failure(at: fe, energies: [7060, 7090, 7160, 7180, 7200])
    #expect(
      failure?.description
        == "the pre-edge window 7052 to 7100 eV holds 2 energies, 3 are needed")
  }

  /// A background that falls as E^-3 and an edge on it: both are measured, and the error is that of the noise.
  @Test func edgeMeasureOfManyPixels() throws {
    var random = TestRandom(seed: 3)
    let energies = (0..<60).map { 700 + 0.5 * Double($0) }
    let (isBefore, isBehind) = (energies.map { $0 < 706 }, energies.map { $0 >= 706 })
    let (rows, columns) = (40, 50)
    func height(_ pixel: Int) -> Double { pixel.isMultiple(of: 2) ? 0.2 : 0 }
    let frames = zip(energies, isBehind).map { energy, isBehind in
      Image(
        height: rows, width: columns,
        pixels: (0..<rows * columns).map { pixel in
          let noise = (0..<12).reduce(-6.0) { sum, _ in sum + .random(in: 0...1, using: &random) }
          let base = 0.8 * 700 * 700 * 700 / (energy * energy * energy)
          return Float(base + (isBehind ? height(pixel) : 0) + 0.01 * noise)
        })
    }
    let measure = try EdgeMeasure(
      of: FrameStore(frames), energies: energies, isBefore: isBefore, isBehind: isBehind)
    let errors = (0..<rows * columns).map { Double(measure.height.pixels[$0]) - height($0) }
    let scatter = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    let stated = measure.standardError.pixels.sorted()[errors.count / 2]
    #expect(abs(scatter / Double(stated) - 1) < 0.15)
    #expect(abs(errors.reduce(0, +) / Double(errors.count)) < 3e-4)
  }
}
