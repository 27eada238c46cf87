package import Foundation
package import FoundationXML

/// The first image of an OME-XML description: pixel size, axes and exposures.
///
/// Source: the OME schema, https://docs.openmicroscopy.org/ome-model/.
package final class OMEDescription: NSObject, XMLParserDelegate {
  /// um; nil where not told.
  package private(set) var pixelSizeX: Double?
  private(set) var pixelSizeY: Double?
  /// The exposure of each page, s, by the order of its dimensions; nil where not told.
  package private(set) var exposures: [Double?] = []
  /// The axes with more than one step.
  private(set) var axes: [(name: String, count: Int)] = []

  private var hasPixels = false
  private var isInPixels = false
  /// The axes from the fastest, after x and y: "CZT".
  private var order = "ZCT"
  private var sizes: [Character: Int] = [:]

  /// nil where the text is no OME-XML with an image in it.
  package init?(_ text: String) {
    super.init()
    // What refers to something outside is no description of a scan; of instructions to other programs,
    // which Foundation's parser does not survive, there is the declaration alone.
    let body = text.replacing(/^\s*<\?xml[^>]*\?>/, with: "", maxReplacements: 1)
    guard !body.contains("<!DOCTYPE"), !body.contains("<?") else { return nil }
    let parser = XMLParser(data: Data(body.utf8))
    parser.delegate = self
    parser.shouldResolveExternalEntities = false
    guard parser.parse(), hasPixels else { return nil }
  }

  package func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    switch elementName.split(separator: ":").last {
    case "Pixels" where !hasPixels: readPixels(attributes)
    case "Plane" where isInPixels: readPlane(attributes)
    default: break
    }
  }

  package func parser(
    _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?,
    qualifiedName: String?
  ) {
    if elementName.split(separator: ":").last == "Pixels" { isInPixels = false }
  }

  private func readPixels(_ attributes: [String: String]) {
    (hasPixels, isInPixels) = (true, true)
    func length(_ axis: String) -> Double? {
      let unit = ["nm": 1e-3, "mm": 1e3, "pm": 1e-6, "m": 1e6, "cm": 1e4]
      let name = attributes["PhysicalSize\(axis)Unit"] ?? "um"
      let isMicrometre = ["um", "\u{B5}m", "\u{3BC}m"].contains(name)
      guard let scale = isMicrometre ? 1 : unit[name] else { return nil }
      return attributes["PhysicalSize\(axis)"].flatMap(Double.init).map { $0 * scale }
    }
    (pixelSizeX, pixelSizeY) = (length("X"), length("Y"))
    if let text = attributes["DimensionOrder"], text.hasPrefix("XY") {
      order = String(text.dropFirst(2))
    }
    for axis in order {
      sizes[axis] = attributes["Size\(axis)"].flatMap { Int($0) }.map { min(max($0, 1), 1_000_000) }
      let names: [Character: String] = ["C": "channels", "Z": "slices", "T": "times"]
      if let count = sizes[axis], count > 1, let name = names[axis] { axes.append((name, count)) }
    }
  }

  private func readPlane(_ attributes: [String: String]) {
    let units = ["s": 1, "ms": 1e-3, "\u{B5}s": 1e-6, "us": 1e-6, "min": 60]
    guard let scale = units[attributes["ExposureTimeUnit"] ?? "s"],
      let time = attributes["ExposureTime"].flatMap(Double.init), time > 0, time.isFinite
    else { return }
    var page = 0
    for axis in order.reversed() {
      let step = attributes["The\(axis)"].flatMap { Int($0) } ?? 0
      guard step >= 0, step < sizes[axis] ?? 1 else { return }
      page = page * (sizes[axis] ?? 1) + step
      guard page < 1_000_000 else { return }
    }
    if exposures.count <= page {
      exposures += [Double?](repeating: nil, count: page + 1 - exposures.count)
    }
    exposures[page] = time * scale
  }
}
