import Foundation
import Spectra
import Testing
import TestSupport

@Suite struct FrameStoreTests {
  private let images = (0..<5).map { frame in
    Image(height: 6, width: 7, pixels: (0..<42).map { Float(100 * frame + $0) })
  }

  /// In memory and in a file the same values come back, whole and in bands.
  @Test(arguments: [false, true]) func givesWhatItWasGiven(inFile: Bool) throws {
    let folder = try TemporaryFolder()
    let scratch = inFile ? ScratchSpace(directory: folder.path) : nil
    let store = try FrameStore(count: 5, height: 6, width: 7, scratch: scratch)
    for index in [3, 0, 4, 1, 2] { try store.set(index, to: images[index]) }
    #expect(try store.images() == images)
    let band = try store.withBand(7..<21, step: 2) { band in
      (0..<band.frames).map { frame in
        (0..<14).map { band.base[frame * band.stride + $0] }
      }
    }
    #expect(band == [0, 2, 4].map { frame in (7..<21).map { Float(100 * frame + $0) } })
    // The file has no name: nothing is left behind, however the program ends.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func aScratchFileThatCannotBeMadeSaysWhere() throws {
    let error = #expect(throws: ScratchFailure.self) {
      try FrameStore(
        count: 1, height: 2, width: 2, scratch: ScratchSpace(directory: "/nowhere/at/all"))
    }
    #expect(error?.description.hasPrefix("/nowhere/at/all: no scratch file can be made") == true)
    let folder = try TemporaryFolder()
    let full = #expect(throws: ScratchFailure.self) {
      try FrameStore(
        count: 1 << 20, height: 1 << 15, width: 1 << 15,
        scratch: ScratchSpace(directory: folder.path))
    }
    #expect(full?.description.contains("a scratch file takes 4504 TB, and") == true)
  }
}

@Suite struct SampleMaskTests {
  /// A step from absorbing nothing to absorbing 0.6, blurred: the rim pixel that absorbs less than half is no sample, and
  /// one that absorbs exactly half is. A rim that thins out slowly stays.
  @Test func aRimPixelIsSampleFromHalfOn() {
    func od(_ absorbed: [Float]) -> Image {
      let row = absorbed.map { -log(1 - $0) }
      return Image(height: 6, width: row.count, pixels: (0..<6).flatMap { _ in row })
    }
    func kept(_ absorbed: [Float], fraction: Double = 0.5) -> [Bool] {
      let image = od(absorbed)
      var mask = SampleMask(isInside: [Bool](repeating: true, count: image.pixels.count))
      mask.rimFraction = fraction
      let all = image.pixels.map { $0 > 0.05 }
      return Array(mask.withoutMixedRim(all, meanOpticalDensity: image)[12..<18])
    }
    #expect(kept([0, 0.25, 0.6, 0.6, 0.6, 0.6]) == [false, false, true, true, true, true])
    #expect(kept([0, 0.25, 0.5, 0.5, 0.5, 0.5]) == [false, true, true, true, true, true])
    #expect(kept([0, 0.25, 0.6, 0.6, 0.6, 0.6], fraction: 0)[1])
    #expect(kept([0, 0.1, 0.15, 0.2, 0.25, 0.3])[1])
    // A strip of one pixel has nothing behind it.
    #expect(kept([0, 0.2, 0, 0, 0, 0])[1])
  }

  /// Thick sample on the left, blurred over three pixels; a thin piece with an edge on the right; one noisy pixel.
  @Test func aStepShowsThinPiecesButNoRims() {
    let width = 24
    var (found, more) = ([Bool](repeating: false, count: 240), [Bool](repeating: false, count: 240))
    for y in 0..<10 {
      for x in 0..<width {
        found[y * width + x] = x < 6
        more[y * width + x] = x < 8 || (14..<20).contains(x) && (2..<8).contains(y)
      }
    }
    more[9 * width + 11] = true
    let mask = SampleMask(isInside: [Bool](repeating: true, count: 240))
    let joined = mask.joined(found, more, width: width)
    for y in 0..<10 {
      #expect((0..<6).allSatisfy { joined[y * width + $0] })
      // The rim, and the pixel by itself.
      #expect((6..<14).allSatisfy { !joined[y * width + $0] })
    }
    #expect((3..<7).allSatisfy { y in (15..<19).allSatisfy { joined[y * width + $0] } })
  }

  /// A step of 0.5 OD at Fe K in the left half; mean OD is the same all over.
  @Test func stepsAreMeasuredAboutThePreEdgeLine() throws {
    let iron = try #require(Element("Fe"))
    let energies = (0..<40).map { 7052 + 5 * Double($0) }
    var random = TestRandom(seed: 4)
    let frames = energies.map { energy in
      Image(
        height: 12, width: 20,
        pixels: (0..<240).map { pixel in
          let step: Float = pixel % 20 < 10 && energy > 7112 ? 0.5 : 0
          // A slope is no noise.
          return step + Float(energy - 7052) * 1e-3 + Float.random(in: -0.02...0.02, using: &random)
        })
    }
    let windows = EdgeWindows()
    let edges = windows.measuredEdges(of: [iron], energies: energies)
    #expect(edges.map(\.shell) == [.k])
    let maps = try AbsorptionMaps(
      of: FrameStore(frames), energies: energies, edges: edges, windows: windows)
    let step = try #require(maps.steps.first)
    for pixel in 0..<240 {
      let spectrum = frames.map { Double($0.pixels[pixel]) }
      let expected = try windows.step(of: spectrum, energies: energies, at: edges[0])
      #expect(abs(Double(step.step.pixels[pixel]) - expected.value) < 1e-5)
      #expect((0.003...0.03).contains(step.deviation.pixels[pixel]))
      let mean = spectrum.reduce(0, +) / 40
      #expect(abs(Double(maps.mean.pixels[pixel]) - mean) < 1e-6)
    }
    let isSample = SampleMask(isInside: [Bool](repeating: true, count: 240)).pixels(
      anyOf: maps.steps)
    for pixel in 0..<240 { #expect(isSample[pixel] == (pixel % 20 < 10)) }
  }
}
