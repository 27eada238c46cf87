public import PhaseCatalog
import Spectra

/// A reference spectrum with the name that a parameter set gives it.
public struct NamedReference: Sendable, Equatable {
  /// The name.
  public let name: String
  /// The spectrum.
  public let spectrum: ReferenceSpectrum

  /// A spectrum with a name.
  public init(name: String, spectrum: ReferenceSpectrum) {
    self.name = name
    self.spectrum = spectrum
  }

  /// The value of `fit.references` for some references.
  public static func parameter(_ references: [NamedReference]) -> String {
    references.isEmpty
      ? "none" : references.map { "\($0.name)@\($0.spectrum.id)" }.joined(separator: ",")
  }
}

/// Linear combination fits with reference spectra, by the parameters `fit.…`.
struct ReferenceFit: Sendable {
  let references: [NamedReference]
  let combination: LinearCombination
  /// The scan's energies that are used, by their number.
  let places: [Int]
  /// The edge at which spectra are normalised first; nil where they are fitted as they are.
  private let edge: AbsorptionEdge?
  private let windows: EdgeWindows

  /// The fit that the parameters ask for; nil where they name no references.
  ///
  /// - Parameters:
  ///   - known: the spectra that may be named.
  ///   - plan: nil before the edges are known: then only whether the references can be fitted is found.
  /// - Throws: ``AnalysisError`` where a reference is missing, has too few energies, or is like the others.
  init?(
    _ parameters: ParameterSet, known: [NamedReference], energies: [Double], _ plan: EdgePlan?
  ) throws {
    let asked = try parameters.references()
    guard !asked.isEmpty else { return nil }
    let references = try asked.map { name, digest throws(AnalysisError) in
      guard let found = known.first(where: { $0.spectrum.id == digest }) else {
        throw AnalysisError(
          "fit.references: no spectrum \(digest.prefix(12)) is at hand for \(name): give it by "
            + "--spectrum \(name)=FILE")
      }
      return NamedReference(name: name, spectrum: found.spectrum)
    }
    let isNormalised = parameters.text("fit.sum") == "one"
    let edge = isNormalised ? plan?.edges.first : nil
    if isNormalised, edge == nil, let plan {
      throw AnalysisError("fit.sum=one: " + plan.whyNone)
    }
    let windows = plan?.windows ?? EdgeWindows()
    let low = references.map { $0.spectrum.energies.first ?? .infinity }.max() ?? 0
    let high = references.map { $0.spectrum.energies.last ?? 0 }.min() ?? 0
    let range = (
      max(low, parameters.number("fit.start") ?? low),
      min(high, parameters.number("fit.end") ?? high)
    )
    let places = energies.indices.filter { energies[$0] >= range.0 && energies[$0] <= range.1 }
    let used = places.map { energies[$0] }
    do {
      let values = try references.map { reference in
        let values = try edge.map {
          try Self.normalised(
            reference.spectrum.values, reference.spectrum.energies, at: $0, windows,
            of: "reference \(reference.name)")
        }
        return interpolated(
          reference.spectrum.energies, values ?? reference.spectrum.values, at: used)
      }
      combination = try LinearCombination(
        of: values, energies: used,
        background: .init(rawValue: parameters.text("fit.background")) ?? .line,
        sumsToOne: isNormalised)
    } catch let failure as LinearCombination.Failure {
      let words = failure.words(references.map(\.name))
      guard case .tooFewEnergies = failure else { throw AnalysisError("fit.references: \(words)") }
      let (first, last) = (energies.first ?? 0, energies.last ?? 0)
      throw AnalysisError(
        "fit.references: \(words): the scan has \(first) to \(last) eV, the references have "
          + "\(low) to \(high) eV in common"
          + (range == (low, high)
            ? "" : ", and fit.start and fit.end leave \(range.0) to \(range.1)"))
    }
    self.references = references
    self.places = places
    self.edge = edge
    self.windows = windows
  }

  private static func normalised(
    _ values: [Double], _ energies: [Double], at edge: AbsorptionEdge, _ windows: EdgeWindows,
    of what: String
  ) throws(AnalysisError) -> [Double] {
    do {
      let background = try windows.background(of: values, energies: energies, at: edge)
      return try EdgeNormalisation(of: values, energies: energies, by: background).normalised
    } catch {
      throw AnalysisError("\(what) is not normalised at \(edge.name): \(error)")
    }
  }

  /// What is found in a cluster's mean spectrum, all energies of the scan; nil where it cannot be normalised.
  func fit(
    _ od: [Double], energies: [Double]
  ) -> (fit: ClusterChemistry.Fit, unexplained: Double)? {
    var spectrum = od
    if let edge {
      guard
        let normalised = try? Self.normalised(od, energies, at: edge, windows, of: "the cluster")
      else { return nil }
      spectrum = normalised
    }
    let found = combination.fit(places.map { spectrum[$0] })
    let fit = ClusterChemistry.Fit(
      energies: places.count, range: energies[places[0]]...energies[places[places.count - 1]],
      residual: found.residual, rFactor: found.rFactor,
      parts: references.indices.map { index in
        .init(
          name: references[index].name, referenceID: references[index].spectrum.id,
          amount: found.amounts[index], amountError: found.errors[index],
          fraction: found.fractions?[index], fractionError: found.fractionErrors?[index])
      })
    return (fit, found.unexplained)
  }

  /// Maps of the amounts and of what they leave; nil where fractions of normalised spectra are asked for, for which
  /// single pixels are too noisy.
  func maps(_ frames: FrameStore) throws -> CombinationMaps? {
    edge == nil ? try CombinationMaps(of: frames, combination, places: places) : nil
  }
}

extension LinearCombination.Failure {
  fileprivate func words(_ names: [String]) -> String {
    guard case .alike(let reference) = self else { return description }
    return reference == 0
      ? "\(names[0]) is nothing but background at these energies (fit.background)"
      : "\(names[reference]) is no other than the ones before it, or than background, at these energies"
  }
}

/// The values of a spectrum at some energies within its own, by straight lines.
private func interpolated(
  _ energies: [Double], _ values: [Double], at places: [Double]
) -> [Double] {
  var next = 0
  return places.map { energy in
    while next + 1 < energies.count, energies[next + 1] < energy { next += 1 }
    guard next + 1 < energies.count, energy > energies[next] else { return values[next] }
    let part = (energy - energies[next]) / (energies[next + 1] - energies[next])
    return values[next] + part * (values[next + 1] - values[next])
  }
}
