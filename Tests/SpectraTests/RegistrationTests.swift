import Foundation
import Spectra
import StackIO
import Testing
import TestSupport

@Suite struct RegistrationTests {
  /// Blobs at places of their own, displaced exactly.
  private func scene(_ drift: Drift, contrast: Float = 1, noise: Float = 0) -> Image {
    var random = TestRandom(seed: UInt64(abs(drift.dy * 1000 + drift.dx)) + 1)
    let blobs: [(Double, Double, Double)] = [
      (30, 25, 6), (60, 40, 9), (20, 70, 5), (70, 75, 7), (45, 55, 4),
    ]
    let pixels = (0..<96 * 100).map { index -> Float in
      let (y, x) = (Double(index / 100) - drift.dy, Double(index % 100) - drift.dx)
      let value = blobs.reduce(0.0) { sum, blob in
        let squared = (y - blob.0) * (y - blob.0) + (x - blob.1) * (x - blob.1)
        return sum + exp(-squared / (2 * blob.2 * blob.2))
      }
      return contrast * Float(value) + noise * Float.random(in: -1...1, using: &random)
    }
    return Image(height: 96, width: 100, pixels: pixels)
  }

  @Test func movingBackUndoesADrift() {
    let drift = Drift(dy: 2.3, dx: -1.7)
    let moved = scene(drift).moved(back: drift)
    let still = scene(Drift(dy: 0, dx: 0))
    for y in 8..<88 {
      for x in 8..<92 { #expect(abs(moved[y, x] - still[y, x]) < 1e-3) }
    }
    #expect(still.moved(back: Drift(dy: 0, dx: 0)) == still)
  }

  /// Contrast grows across the edge, or reverses.
  @Test(arguments: [Float(1), -0.5]) func driftsOfANoisyStackWithAnEdge(contrast: Float) {
    let truth = (0..<24).map { Drift(dy: 0.21 * Double($0), dx: -0.13 * Double($0)) }
    let frames = truth.enumerated().map { index, drift in
      scene(drift, contrast: index < 12 ? 0.4 : contrast, noise: 0.02)
    }
    for (found, drift) in zip(Registration().drifts(of: frames), truth) {
      #expect(abs(found.dy - drift.dy) < 0.05 && abs(found.dx - drift.dx) < 0.05, "\(found)")
    }
  }

  /// A strip of 16 rows, which binning would leave nothing of.
  @Test func aNarrowStrip() {
    let truth = (0..<12).map { Drift(dy: 0.05 * Double($0), dx: -0.23 * Double($0)) }
    let frames = truth.map { drift -> Image in
      let whole = scene(drift)
      // Four strips side by side, as wide as 400 px.
      let pixels = (0..<16).flatMap { y in
        (0..<400).map { x in whole[20 + y + 18 * (x / 100), x % 100] }
      }
      return Image(height: 16, width: 400, pixels: pixels)
    }
    for (found, drift) in zip(Registration().drifts(of: frames), truth) {
      #expect(abs(found.dx - drift.dx) < 0.1, "\(found) for \(drift)")
    }
  }

  /// What one frame alone shows, and hot pixels that repair has left, do not pull it or its neighbours.
  @Test func aFeatureOfOneEnergy() {
    let truth = (0..<24).map { Drift(dy: 0.21 * Double($0), dx: -0.13 * Double($0)) }
    let frames = truth.enumerated().map { index, drift in
      var frame = scene(drift, contrast: index < 12 ? 0.4 : 1, noise: 0.02)
      if index == 7 {
        for y in 60..<72 { for x in 8..<20 { frame[y, x] += 1 } }
      }
      frame[(17 * index) % 96, (29 * index) % 100] += 1
      return frame
    }
    let outcome = Registration().run(on: frames)
    for (index, drift) in truth.enumerated() {
      let found = outcome.placements[index].drift
      let error = max(abs(found.dy - drift.dy), abs(found.dx - drift.dx))
      #expect(error < (index == 7 ? 0.3 : 0.1), "\(index): \(found)")
    }
  }

  /// Stripes show no displacement along themselves: none is made up.
  @Test func noDriftAlongStripes() {
    var random = TestRandom(seed: 9)
    let frames = (0..<10).map { _ in
      Image(
        height: 90, width: 90,
        pixels: (0..<8100).map { pixel in
          Float(pixel % 90 / 30) + Float.random(in: -0.02...0.02, using: &random)
        })
    }
    for drift in Registration().drifts(of: frames) {
      #expect(abs(drift.dy) < 0.3 && abs(drift.dx) < 0.05, "\(drift)")
    }
  }

  @Test func nothingToRegisterOnBlankFrames() {
    var random = TestRandom(seed: 3)
    let frames = (0..<6).map { _ in
      Image(
        height: 64, width: 64,
        pixels: (0..<4096).map { _ in Float.random(in: -0.02...0.02, using: &random) })
    }
    let drifts = Registration().drifts(of: frames)
    #expect(drifts.allSatisfy { $0 == Drift(dy: 0, dx: 0) }, "\(drifts)")
    let flat = [Image](repeating: Image(height: 64, width: 64, filledWith: 0.5), count: 4)
    #expect(Registration().drifts(of: flat).allSatisfy { $0 == Drift(dy: 0, dx: 0) })
  }

  /// Known displacements of real images; what is given is the shift that lays the moved image back.
  @Test(
    .enabled(if: SharedData.isThere, "no ../shared: real data is skipped"),
    arguments: [
      ("chip_fourier_subpixel", -1.37, 2.62, 0.02), ("camera_fourier_noise", 0.45, -0.81, 0.05),
      ("als_od_fourier", -5.25, -3.5, 0.05),
    ])
  func phaseCorrelation(name: String, dy: Double, dx: Double, tolerance: Double) throws {
    let reference = try SharedData.frame("shifts/\(name)_ref.tif").image
    let moved = try SharedData.frame("shifts/\(name)_mov.tif").image
    // These images were displaced around their borders: no taper.
    let correlation = PhaseCorrelation(height: reference.height, width: reference.width, taper: 0)
    let found = correlation.drift(
      of: correlation.spectrum(moved), against: correlation.spectrum(reference))
    #expect(abs(found.dy + dy) < tolerance && abs(found.dx + dx) < tolerance, "\(found)")
  }

  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func registrationOfRealPairs() throws {
    // The second pair's authors had aligned it, by means and to a precision that are not known.
    for (name, dy, dx, tolerance) in [
      ("chip_integer_crop", 5.0, -7.0, 0.02), ("chip_fourier_subpixel", -1.37, 2.62, 0.02),
      ("camera_fourier_noise", 0.45, -0.81, 0.05), ("als_od_fourier", -5.25, -3.5, 0.05),
      ("als_frames_40_60", 0, 0, 0.2),
    ] {
      let frames = try ["ref", "mov"].map { try SharedData.frame("shifts/\(name)_\($0).tif").image }
      let found = Registration().drifts(of: frames)[1]
      #expect(abs(found.dy + dy) < tolerance, "\(name): \(found)")
      #expect(abs(found.dx + dx) < tolerance, "\(name): \(found)")
    }
  }
}

@Suite struct ScaleTests {
  private let energies: [Double] =
    Array(stride(from: 6150.0, to: 6350, by: 10))
    + Array(stride(from: 7050.0, to: 7250, by: 10))

  private func law(_ scales: [Double], noise: Double = 0, seed: UInt64 = 1) -> ScaleLaw {
    var random = TestRandom(seed: seed)
    let measured = scales.map { $0 + noise * Double.random(in: -1...1, using: &random) }
    return ScaleLaw(energies: energies, scales: measured, halfSide: 128)
  }

  private func expect(_ law: ScaleLaw, _ scales: [Double], within error: Double) {
    for (found, expected) in zip(law.scales, scales) {
      #expect(abs(found - expected) < error, "\(found) for \(expected)")
    }
  }

  /// In proportion to the energy, or to one over it; of either sign; through noise.
  @Test func lawsAreFound() {
    for change in [0.03, -0.024, 0.146, -0.13] {
      let scales = energies.map { scale(change, $0) }
      let found = law(scales, noise: 0.0005)
      #expect(found.isFound)
      expect(found, scales, within: 0.0005)
    }
    // A curve of two pixels and more at the edge.
    let curved = energies.map { 1 + 0.2 * pow(($0 - 6150) / 1090, 2) }
    expect(law(curved, noise: 0.0005), curved, within: 0.0005)
    let zonePlate = energies.map { 6150 / $0 }
    expect(law(zonePlate, noise: 0.0005), zonePlate, within: 0.0005)
  }

  /// Where the outline seems to move as contrast jumps, the law is that of the energy alone.
  @Test func contrastIsNoMagnification() {
    let contrast = energies.map { $0 < 6208 ? 1.0 : $0 < 7112 ? -2 : 0.5 }
    let scales = energies.map { scale(-0.024, $0) }
    let seen = zip(scales, contrast).map { $0 + 0.002 * ($1 - 1) }
    let found = ScaleLaw(energies: energies, scales: seen, contrast: [contrast], halfSide: 128)
    expect(found, scales, within: 1e-6)
    let alone = ScaleLaw(energies: energies, scales: seen, halfSide: 128)
    #expect(zip(alone.scales, scales).contains { abs($0 - $1) > 1e-3 })
  }

  /// What stays within half a pixel at the edge, or within its own error, is no change.
  @Test func noLawIsMadeUp() {
    #expect(!law(energies.map { _ in 1 }, noise: 0.002).isFound)
    let small = law(energies.map { scale(0.003, $0) })
    #expect(!small.isFound && small.scales.allSatisfy { $0 == 1 })
  }

  /// Changing evenly over the energies.
  private func scale(_ change: Double, _ energy: Double) -> Double {
    1 + change * (energy - 6150) / 1090
  }

  /// Blobs whose image is scaled about a centre and displaced.
  private func scene(_ placement: Placement, _ centre: OpticalCentre, contrast: Float) -> Image {
    let blobs: [(Double, Double, Double)] = [
      (30, 25, 6), (60, 40, 9), (20, 70, 5), (70, 75, 7), (45, 55, 4), (80, 20, 5), (25, 45, 4),
    ]
    let pixels = (0..<96 * 100).map { index -> Float in
      let place = placement.inverse(y: Double(index / 100), x: Double(index % 100), centre)
      let value = blobs.reduce(0.0) { sum, blob in
        let (dy, dx) = (place.y - blob.0, place.x - blob.1)
        return sum + exp(-(dy * dy + dx * dx) / (2 * blob.2 * blob.2))
      }
      return contrast * Float(value)
    }
    return Image(height: 96, width: 100, pixels: pixels)
  }

  @Test func movingBackUndoesAPlacement() {
    let centre = OpticalCentre(y: 40, x: 55)
    let placement = Placement(drift: Drift(dy: 1.3, dx: -2.2), scale: 0.93)
    let still = scene(Placement(), centre, contrast: 1)
    let moved = scene(placement, centre, contrast: 1).moved(back: placement, about: centre)
    for y in 10..<86 {
      for x in 10..<90 { #expect(abs(moved[y, x] - still[y, x]) < 2e-3) }
    }
    let place = placement.inverse(
      y: placement.row(12, centre: centre.y), x: placement.column(77, centre: centre.x), centre)
    #expect(abs(place.y - 12) < 1e-9 && abs(place.x - 77) < 1e-9)
  }

  @Test(arguments: [0.03, -0.024, -0.13]) func scaleAndDriftAreMeasured(change: Double) {
    let centre = OpticalCentre(ofHeight: 96, width: 100)
    let truth = energies.enumerated().map { index, energy in
      Placement(
        drift: Drift(dy: 0.05 * Double(index), dx: -0.03 * Double(index)),
        scale: scale(change, energy))
    }
    let frames = truth.enumerated().map {
      scene($1, centre, contrast: $0 % 20 < 10 ? 0.4 : 1)
    }
    var registration = Registration()
    registration.scale = .measured(energies: energies)
    let found = registration.run(on: frames)
    #expect(found.residuals.count == 40 && (found.chainError ?? 1) < 0.5)
    for (placement, expected) in zip(found.placements, truth) {
      // 0.05 px at the edge.
      #expect(abs(placement.scale - expected.scale) < 1e-3, "\(placement.scale)")
      #expect(abs(placement.drift.dy - expected.drift.dy) < 0.03)
      #expect(abs(placement.drift.dx - expected.drift.dx) < 0.03)
    }
    // Given, it is taken as it is.
    registration.scale = .known(truth.map(\.scale))
    for (placement, expected) in zip(registration.run(on: frames).placements, truth) {
      #expect(placement.scale == expected.scale)
      #expect(abs(placement.drift.dy - expected.drift.dy) < 0.03)
    }
  }
}
