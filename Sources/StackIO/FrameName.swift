import Foundation

/// What the name of a frame's file tells, or the label of a slice, which often was one.
///
/// SSRL 6-2c: `rep01_20161456_NAT1_08324.0_eV_001of003`, a reference
/// `rep01_000051_ref_20161456_NAT1_08324.0_eV_001of010`. Elsewhere an energy with its unit anywhere in the
/// name (`fov03_xanes_8250_0eV`, `a_7.1120keV`, `s_E7112.50`), and words that mark references and darks.
package struct FrameName: Equatable, Sendable {
  /// What a frame shows.
  package enum Role: String, Sendable {
    case sample, reference, dark
  }

  /// What it shows.
  package var role = Role.sample
  /// The photon energy, eV; nil where the name tells none.
  package var energy: Double?
  /// Whether the energy was written in keV.
  package var isKEV = false
  /// Which of several exposures at one energy, from 1, where the name says "001of003".
  package var exposureNumber: Int?
  /// What is left: the position and the repetition, for 6-2c; else everything but the above.
  package var rest: String
  /// Whether it is a name of SSRL 6-2c.
  package var isSSRL = false

  /// Reads a file's name, without its folder, or a label.
  package init(_ text: String) {
    let name = Self.withoutExtension(text)
    let ssrl = /rep(\d+)_(?:(\d{6})_ref_)?(.+?)_(\d{4,5}(?:\.\d+)?)_eV_(\d+)of(\d+)/.ignoresCase()
    if let match = name.wholeMatch(of: ssrl) {
      isSSRL = true
      role = match.2 == nil ? .sample : .reference
      energy = Double(match.4)
      exposureNumber = Int(match.5)
      // The number of the proposal or run, where there is one, is no part of the position.
      let position = match.3.replacing(/^\d{6,}_/, with: "")
      rest = "rep\(match.1) \(position)"
      return
    }
    var left = name
    if let match = left.firstMatch(of: /[_-]?(\d{1,6})of(\d{1,6})/) {
      exposureNumber = Int(match.1)
      left.removeSubrange(match.range)
    }
    if let found = Self.energy(in: left) {
      energy = found.eV
      isKEV = found.isKEV
      // A mark, so that what stood on either side does not run together.
      left.replaceSubrange(found.range, with: "_")
    }
    role = Self.role(of: left)
    let words = left.split { !$0.isLetter && !$0.isNumber && $0 != "." }
    rest = words.filter { Self.marker($0) == nil }.joined(separator: " ")
  }

  /// A name without the endings that say how it is stored.
  private static func withoutExtension(_ text: String) -> String {
    let endings = ["tif", "tiff", "ome", "xrm", "txrm", "btf", "tf8"]
    var name = text.lastPathPart
    while endings.contains(name.stemAndEnding.ending) { name = name.stemAndEnding.stem }
    return name
  }

  /// The energy in a name and where it stands.
  private static func energy(
    in name: String
  ) -> (eV: Double, isKEV: Bool, range: Range<String.Index>)? {
    func found(
      _ digits: Substring, _ range: Range<String.Index>, unit: Substring = ""
    ) -> (eV: Double, isKEV: Bool, range: Range<String.Index>)? {
      let text = digits.replacing("_", with: ".").replacing("p", with: ".")
      guard let value = Double(text), value > 0 else { return nil }
      // What says eV and is below 70 is keV all the same; what says keV and is not, is eV.
      let isKEV = value < EnergyUnit.firstEV
      return (isKEV ? EnergyUnit.eV(fromKEV: value) : value, isKEV, range)
    }
    let withUnit =
      /[_-]?(\d{1,2}[.p]\d+|\d{1,2}_\d{3,6}(?=[ _]?keV)|\d{3,6}[.p]\d+|\d{3,5}_\d{1,2}|\d{3,6})[ _-]?k?eV(?![A-Za-z])/
      .ignoresCase()
    if let match = name.matches(of: withUnit).last { return found(match.1, match.range) }
    let withPrefix = /(?:^|[_-])E(\d{3,5}(?:\.\d+)?|\d{1,2}\.\d+)(?=[_.-]|$)/
    if let match = name.matches(of: withPrefix).last,
      match.1.contains(".") || (Double(match.1) ?? 0) >= EnergyUnit.firstEV
    {
      return found(match.1, match.range)
    }
    // Older names of APS 8-BM end in the energy; a decimal point tells it from a running number.
    if let match = name.firstMatch(of: /(?:^|[ _-])(\d{3,5}\.\d+|\d{1,2}\.\d{3,})$/) {
      return found(match.1, match.range)
    }
    // Older still: the word XANES, a position, and a whole energy.
    if name.contains(/XANES/.ignoresCase()), let match = name.firstMatch(of: /_(\d{4,5})$/) {
      return found(match.1, match.range)
    }
    return nil
  }

  private static func role(of name: String) -> Role {
    let roles = name.split { !$0.isLetter && !$0.isNumber }.compactMap(marker)
    return roles.contains(.dark) ? .dark : roles.first ?? .sample
  }

  /// The role that a word of a name marks, with or without a number behind it.
  private static func marker(_ word: Substring) -> Role? {
    if word.lowercased() == "i0" { return .reference }
    return switch word.lowercased().replacing(/\d+$/, with: "") {
    case "ref", "refs", "reference", "references", "bkg", "bkgd", "bg", "background", "flat",
      "flats", "flatfield", "white", "whitefield", "openbeam":
      .reference
    case "dark", "darks", "darkfield": .dark
    default: nil
    }
  }
}
