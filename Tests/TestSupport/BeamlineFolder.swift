import Foundation
import StackIO

/// A folder as SSRL 6-2c leaves it: several exposures and references at each energy, in ABBA order, with a
/// ScanInfo file. A square of sample in an uneven, drifting beam.
package struct BeamlineFolder {
  package var energies: [Double] = [8250, 8300, 8324, 8328, 8332, 8336, 8340, 8360, 8400, 8440]
  package var position = "NAT1_XANES"
  package var repetition = 1
  package var exposures = 3
  package var referenceExposures = 4
  /// s.
  package var exposure = 0.5
  package var referenceExposure = 0.3
  /// Counts a second of beam at the middle.
  package var rate = 60_000.0
  /// Counts that the detector adds to each exposure.
  package var dark = 0.0
  /// Energies (by number) at which references are taken; nil for all.
  package var referencesAt: Set<Int>?
  package var height = 40
  package var width = 48

  package init() {}

  /// 1 gives an OD of 0.2 below an edge at 8333 eV and of 0.8 above.
  package var thickness = 1.0

  /// The sample's OD.
  package func density(_ energy: Double) -> Double { thickness * (energy > 8333 ? 0.8 : 0.2) }

  /// Whether a pixel shows the sample.
  package func isSample(_ y: Int, _ x: Int) -> Bool {
    (8..<height - 8).contains(y) && (10..<width - 10).contains(x)
  }

  /// The name of a frame's file, without its ending.
  package func name(_ energy: Double, _ number: Int, reference: Int? = nil) -> String {
    func padded(_ value: Int, _ digits: Int) -> String {
      String(repeating: "0", count: max(0, digits - String(value).count)) + String(value)
    }
    let marker = reference.map { "\(padded($0, 6))_ref_" } ?? ""
    let total = reference == nil ? exposures : referenceExposures
    let tenths = padded(Int(energy), 5) + ".\(Int(energy * 10) % 10)"
    return "rep\(padded(repetition, 2))_\(marker)20161456_\(position)_\(tenths)_eV_"
      + "\(padded(number, 3))of\(padded(total, 3))"
  }

  /// Writes the frames and the ScanInfo file. Noise-free: counts are rounded.
  ///
  /// - Returns: the names in the order in which they were taken.
  @discardableResult
  package func write(to folder: String) throws -> [String] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var taken: [String] = []
    var references = 0
    for (index, energy) in energies.enumerated() {
      // The beam drifts by a hundredth from one energy to the next.
      let beam = rate * (1 + 0.01 * Double(index))
      func takeReferences() throws {
        guard referencesAt?.contains(index) ?? true else { return }
        for number in 1...referenceExposures {
          references += 1
          let name = name(energy, number, reference: references)
          try write(beam * referenceExposure, density: 0, to: "\(folder)/\(name).tif")
          taken.append(name)
        }
      }
      func takeFrames() throws {
        for number in 1...exposures {
          let name = name(energy, number)
          try write(beam * exposure, density: density(energy), to: "\(folder)/\(name).tif")
          taken.append(name)
        }
      }
      if index.isMultiple(of: 2) {
        try takeReferences()
        try takeFrames()
      } else {
        try takeFrames()
        try takeReferences()
      }
    }
    let info = """
      VERSION 1
      ENERGY 1
      MULTIEXPOSURE 1
      NEXPOSURES \(exposures)
      REFNEXPOSURES \(referenceExposures)
      REFABBA 1
      FILES
      \(taken.map { $0 + ".xrm" }.joined(separator: "\r\n"))
      """
    try Data(info.utf8).write(
      to: URL(fileURLWithPath: "\(folder)/ScanInfo_\(position)_r\(repetition)_161112_1530.txt"))
    return taken
  }

  private func write(_ counts: Double, density: Double, to path: String) throws {
    var samples: [UInt16] = []
    for y in 0..<height {
      for x in 0..<width {
        let (dy, dx) = (Double(y) / Double(height) - 0.5, Double(x) / Double(width) - 0.5)
        let vignetted = counts * (1 - dy * dy - dx * dx)
        let transmitted = vignetted * (isSample(y, x) ? exp(-density) : 1)
        samples.append(UInt16((transmitted + dark).rounded()))
      }
    }
    let page = TIFFWriter.Page(height: height, width: width, samples: .uint16(samples))
    try Data(TIFFWriter.encode([page])).write(to: URL(fileURLWithPath: path))
  }
}
