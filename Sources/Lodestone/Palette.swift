public import PhaseCatalog

/// A colour of a picture, sRGB.
public struct Colour: Sendable, Hashable {
  /// Red, 0 to 255.
  public let red: UInt8
  /// Green.
  public let green: UInt8
  /// Blue.
  public let blue: UInt8

  /// A colour by its parts.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  /// A colour such as 0xE69F00.
  public init(_ code: UInt32) {
    self.init(
      red: UInt8(code >> 16 & 0xFF), green: UInt8(code >> 8 & 0xFF), blue: UInt8(code & 0xFF))
  }

  /// As CSS and SVG write it: `#e69f00`.
  public var hex: String {
    "#"
      + [red, green, blue].map { part in
        (part < 16 ? "0" : "") + String(part, radix: 16)
      }.joined()
  }
}

/// The colours of clusters and phases: in the terminal, in pictures and on pages the same.
public enum Palette {
  /// Colours that people with any of the usual colour deficiencies tell apart: seven of Okabe and Ito's eight (Color
  /// Universal Design, 2008), which Wong took up (Nat. Methods 8, 441, 2011, doi 10.1038/nmeth.1618), then darker and
  /// lighter ones.
  public static let colours: [Colour] = [
    0x0072B2, 0xE69F00, 0x009E73, 0xCC79A7, 0x56B4E9, 0xD55E00, 0xF0E442, 0x004266, 0x8A5F00,
    0x00664A, 0x8F4A72, 0x9BD3F3, 0x8F3F00, 0xA89F1A,
  ].map { Colour($0) }

  /// Pixels that belong to no cluster.
  public static let noise = Colour(0x505050)
  /// What was not analysed, on a light ground. It is no colour of a cluster, and close to none.
  public static let notAnalysed = Colour(0xEDEDED)

  /// The colour of a place in an order; past the last it begins anew.
  public static func colour(_ place: Int) -> Colour { colours[place % colours.count] }
}

/// Which colour each phase of a catalog has: by the order in which phases were first defined, so that one that is added, or
/// removed, leaves all others as they are.
public struct PhaseColours: Sendable {
  private let places: [String: Int]

  /// The colours of a catalog's phases.
  ///
  /// - Throws: ``CatalogError``.
  public init(_ catalog: Catalog) throws {
    let phases = try catalog.phasesByFirstDefinition()
    places = Dictionary(uniqueKeysWithValues: phases.enumerated().map { ($1, $0) })
  }

  /// The colour of a phase; nil where the catalog never had it.
  public subscript(phase: String) -> Colour? { places[phase].map(Palette.colour) }

  /// The colours of a run's clusters, largest first: their phases', and for those of no phase the ones that are left, in order.
  ///
  /// - Parameter phases: the phase of each cluster.
  public func ofClusters(_ phases: [String?]) -> [Colour] {
    // Also no colour of a phase that the run does not have: in another map it may be there.
    func left(by used: some Sequence<Int>) -> [Int] {
      let used = Set(used.map { $0 % Palette.colours.count })
      return Palette.colours.indices.filter { !used.contains($0) }
    }
    let ofNoPhase = left(by: places.values)
    let left =
      ofNoPhase.isEmpty ? left(by: phases.compactMap { $0.flatMap { places[$0] } }) : ofNoPhase
    var next = 0
    return phases.map { phase in
      if let phase, let colour = self[phase] { return colour }
      defer { next += 1 }
      return Palette.colour(left.isEmpty ? next : left[next % left.count])
    }
  }

  /// The colours of a run's clusters by its answer to the query `run-clusters`.
  public func ofClusters(_ clusters: AnswerTable) -> [Colour] {
    ofClusters(
      clusters.rows.indices.map { row in
        let phase = clusters.value("phase", row: row)
        return phase == .null ? nil : phase.text
      })
  }
}
