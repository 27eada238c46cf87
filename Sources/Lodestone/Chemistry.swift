import Clustering
import PhaseCatalog
import Spectra

/// What a cluster's mean spectrum says of its edges and elements.
struct Chemistry {
  let parameters: ParameterSet
  let plan: EdgePlan
  let energies: [Double]
  let fit: ReferenceFit?

  /// Elements, and what else is measured.
  struct Findings {
    var elements: [ClusterRecord.Element]
    var chemistry: ClusterChemistry
    /// What tabulated attenuation does not explain.
    var unexplainedStep: ElementFit.UnexplainedStep?
    /// The share of the spectrum, background aside, that the reference spectra do not explain.
    var unexplainedByReferences: Double?
  }

  /// Measures a mean spectrum, all energies of the scan.
  ///
  /// - Parameters:
  ///   - spread: the cluster's, in noise units.
  ///   - width: the cluster's, px.
  func findings(_ od: [Double], spread: Double, width: Double) -> Findings {
    let found = plan.windows.elementFit(
      of: od, energies: energies, elements: plan.elements, light: plan.light)
    let edges = plan.edges.compactMap { edge(od, $0) }
    let fitted = fit?.fit(od, energies: energies)
    return Findings(
      elements: elements(od, found),
      chemistry: ClusterChemistry(
        spread: spread, width: width, thicknessUM: found.flatMap(thickness),
        fitResidual: found?.residual, edges: edges,
        ratios: (found?.ratios ?? []).map {
          .init(
            numerator: $0.numerator.symbol, denominator: $0.denominator.symbol, ratio: $0.value,
            error: $0.standardError)
        }, fit: fitted?.fit),
      unexplainedStep: found?.unexplainedStep, unexplainedByReferences: fitted?.unexplained)
  }

  /// Where an edge is taken to be, and where the spectrum rises most about it.
  private func place(_ od: [Double], _ edge: AbsorptionEdge) -> (e0: Double, found: Double?) {
    let windows = plan.windows.windows(at: edge, energies: energies)
    let near =
      edge.energyEV + windows.pre.lowerBound...edge.energyEV + plan.windows.near.upperBound
    let found = steepest(od, energies, within: near)
    let isByDerivative = parameters.text("edges.e0") == "derivative"
    let e0 = isByDerivative ? found : plan.fixed[edge.name]
    return (e0 ?? edge.energyEV, found)
  }

  private func edge(_ od: [Double], _ edge: AbsorptionEdge) -> ClusterChemistry.Edge? {
    let (e0, found) = place(od, edge)
    guard
      let background = try? plan.windows.background(of: od, energies: energies, at: edge, e0: e0)
    else { return nil }
    let normalised = try? EdgeNormalisation(of: od, energies: energies, by: background)
    let isScaled = background.method != .none && background.method != .area
    // Nd L1 lies 14 eV above Fe K: what peaks from there on is not this edge's.
    let next = plan.windows.bounds.map { $0.energyEV - edge.energyEV }.filter { $0 > 0 }.min()
    let whiteLineEnd = min(parameters.fixed("edges.white_line_end"), next ?? .infinity)
    let whiteLine = normalised.flatMap { normalised in
      isScaled
        ? WhiteLine(
          of: normalised.normalised, energies: energies, e0: e0,
          within: 0...whiteLineEnd) : nil
    }
    let (pre, post) = (background.windows.pre, background.windows.post)
    return .init(
      symbol: edge.element.symbol, edge: edge.shell.rawValue, e0: e0,
      // What rises most where there is no edge is noise.
      derivativeEnergy: normalised == nil ? nil : found,
      convention: background.method.rawValue, pre: e0 + pre.lowerBound...e0 + pre.upperBound,
      post: e0 + post.lowerBound...e0 + post.upperBound, preEnergies: background.preCount,
      postEnergies: background.postCount, preOffset: background.preOffset,
      preSlope: background.preSlope, postCoefficients: background.postCoefficients,
      divisor: background.divisor, divisorError: background.divisorError,
      isNormalised: normalised != nil, whiteLineEnergy: whiteLine?.energyEV,
      whiteLineHeight: whiteLine?.height)
  }

  private func elements(_ od: [Double], _ fit: ElementFit?) -> [ClusterRecord.Element] {
    (fit?.amounts ?? []).compactMap { amount in
      guard let fit, let edge = plan.edges.first(where: { $0.element == amount.element }),
        let step = try? plan.windows.step(
          of: od, energies: energies, at: edge, e0: place(od, edge).e0)
      else { return nil }
      return ClusterRecord.Element(
        symbol: amount.element.symbol, edge: edge.shell.rawValue, edgeEV: edge.energyEV,
        step: step.value, stepError: step.standardError, arealDensity: amount.arealDensity,
        arealDensityError: amount.arealDensityError,
        arealMoles: amount.arealDensity / amount.element.atomicWeight,
        atomicFraction: amount.atomicFraction, atomicFractionError: amount.atomicFractionError,
        method: fit.method.rawValue)
    }
  }

  /// The thickness of the elements together, um; nil where their density is not known.
  private func thickness(_ fit: ElementFit) -> Double? {
    parameters.number("elements.density").map { density in
      1e4 * fit.amounts.reduce(0) { $0 + $1.arealDensity } / density
    }
  }
}

/// How far some points' scores scatter along the direction of most, in noise units: a standard deviation by the 5th and
/// the 95th percentile, which a few strays do not touch. Where the noise differs from point to point, a spread that
/// this explains is none: the scores in units of each point's own noise count where they scatter less.
///
/// Noise alone leaves about 0.3 once neighbours are averaged.
func spread(of points: [Int], _ features: Features) -> Double {
  let d = features.dimensions
  guard points.count >= 20,
    let components = try? PrincipalComponents(rows: features.points(points), columns: d)
  else { return 0 }
  let along = components.scores(of: features.points(points), count: 1)
  func deviation(_ values: [Float]) -> Double {
    func quantile(_ share: Double) -> Double {
      let rank = Int((share * Double(values.count - 1)).rounded())
      return Double(value(ofRank: rank, among: values))
    }
    return (quantile(0.95) - quantile(0.05)) / 3.29
  }
  let median = value(ofRank: along.count / 2, among: along)
  let relative = zip(along, points).map { ($0 - median) / max(features.relativeNoise[$1], 0.01) }
  return min(deviation(along), deviation(relative))
}
