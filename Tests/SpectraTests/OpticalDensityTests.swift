import Foundation
import Spectra
import StackIO
import Testing
import TestSupport

@Suite struct OpticalDensityTests {
  private let flat = Image(height: 5, width: 5, filledWith: 1100)

  private func density(
    _ counts: Image, reference: Float = 2100, saturation: Float? = nil, logRatio: Float = 0
  ) -> OpticalDensityFrame? {
    var correction = OpticalDensityCorrection()
    correction.saturation = saturation
    return correction.opticalDensity(
      counts: counts, dark: Image(height: 5, width: 5, filledWith: 100),
      reference: .frame(Image(height: 5, width: 5, filledWith: reference)),
      logExposureRatio: logRatio)
  }

  @Test func isTheLogarithmOfTheRatio() throws {
    let frame = try #require(density(flat))
    #expect(frame.image.pixels.allSatisfy { abs($0 - logf(2)) < 1e-6 })
    #expect(frame.altered.isEmpty)
    let longer = try #require(density(flat, logRatio: logf(0.5 / 0.3)))
    #expect(abs(longer.image[2, 2] - logf(2) - logf(0.5 / 0.3)) < 1e-6)
  }

  /// A count at the dark's level, one at saturation, one that is no number, and one outlier: each
  /// takes its neighbours' median and is counted.
  @Test(arguments: [Float(100), 65535, .nan, 105, -3])
  func badPixelsTakeTheirNeighboursMedian(count: Float) throws {
    var counts = flat
    counts[2, 3] = count
    let frame = try #require(density(counts, saturation: 65535))
    #expect(frame.altered == [13])
    #expect(abs(frame.image[2, 3] - logf(2)) < 1e-6)
  }

  @Test func aReferenceWithoutLightLeavesNothing() {
    #expect(density(flat, reference: 105) == nil)
    #expect(density(flat, reference: 106) != nil)
  }

  @Test func median3x3() {
    let image = Image(height: 3, width: 3, pixels: [9, 1, 2, 3, 100, 4, 5, 6, 7])
    #expect(image.median3x3()[1, 1] == 5)
    // At the corner the rim is repeated: 9 9 1, 9 9 1, 3 3 100.
    #expect(image.median3x3()[0, 0] == 9)
  }

  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func agreesOnTheRealStack() throws {
    var request = ScanRequest(
      path: SharedData.path("stacks/als_fe2p_71214078/stack_f32_deflate.tif"))
    request.energiesPaths = [SharedData.path("stacks/als_fe2p_71214078/energies.txt")]
    request.references = [SharedData.path("stacks/als_fe2p_71214078/i0.xsp")]
    let scan = try request.open()
    #expect(scan.energies.count == 123)
    #expect(scan.energies.first == 700 && scan.energies.last == 730.353)
    #expect(scan.reference.kind == "spectrum")
    let levels = scan.steps.compactMap(\.referenceLevel)
    let rows = try SharedData.rows("od/als4078_od_i0_20px.csv")
    let pixels = rows[0].dropFirst(3).map { name in
      let parts = name.split(separator: "_")
      return (Int(parts[1].dropFirst()) ?? 0, Int(parts[2].dropFirst()) ?? 0)
    }
    let reader = FrameReader()
    for (index, row) in rows.dropFirst().enumerated() {
      let frame = try #require(
        OpticalDensityCorrection().opticalDensity(
          counts: try reader.frame(at: scan.steps[index].frames[0].location).image, dark: nil,
          reference: .level(Float(levels[index]))))
      for (column, (y, x)) in pixels.enumerated() {
        let expected = try #require(Float(row[column + 3]))
        #expect(abs(frame.image[y, x] - expected) < 1e-5, "energy \(index), pixel \(y), \(x)")
      }
    }
  }
}

@Suite struct EmptyFieldTests {
  /// A sample with an edge, in a field whose beam flickers: the flicker is found, and thin sample
  /// does not pass for empty field.
  private func stack(emptyOD: (Int) -> Float) -> [Image] {
    (0..<20).map { energy in
      let sample: Float = energy < 10 ? 0.3 : 0.8
      return Image(
        height: 40, width: 40,
        pixels: (0..<1600).map { $0 % 40 < 20 ? emptyOD(energy) : sample + emptyOD(energy) })
    }
  }

  @Test func isFoundWhereTheBeamFlickers() throws {
    let flicker: (Int) -> Float = { 0.05 * sinf(Float(5 * $0)) }
    let frames = FrameStore(stack(emptyOD: flicker))
    let empty = try #require(try EmptyField(of: frames))
    #expect(empty.pixels.count > 400)
    for index in 0..<frames.count {
      #expect(abs(try empty.level(of: frames, index) - flicker(index)) < 1e-6)
    }
  }

  @Test func thinSampleIsNoEmptyField() throws {
    let frames = stack { $0 < 10 ? 0.2 : 0.5 }
    #expect(try EmptyField(of: FrameStore(frames)) == nil)
  }
}
