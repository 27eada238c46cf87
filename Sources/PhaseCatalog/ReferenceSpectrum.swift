/// A spectrum of a known species, for fits.
public struct ReferenceSpectrum: Sendable, Equatable {
  /// eV, ascending.
  public let energies: [Double]
  /// Absorption, one an energy.
  public let values: [Double]

  /// A spectrum; -0 is 0.
  public init(energies: [Double], values: [Double]) {
    precondition(energies.count == values.count, "one value an energy")
    self.energies = energies.map { $0 + 0 }
    self.values = values.map { $0 + 0 }
  }

  /// The identity: SHA-256 over energies and values, never over a path.
  public var id: String {
    let digest = ContentDigest(domain: "lodestone/spectrum/1")
    digest.update(energies)
    digest.update(values)
    return digest.finish()
  }
}
