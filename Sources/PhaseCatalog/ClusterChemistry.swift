/// What is measured of a cluster's mean spectrum, and how uniform the cluster is.
package struct ClusterChemistry: Sendable, Equatable {
  /// How the spectrum is normalised at one edge.
  package struct Edge: Sendable, Equatable {
    package var symbol: String
    package var edge: String
    /// E0 that was used, eV.
    package var e0: Double
    /// Where the spectrum rises most, eV.
    package var derivativeEnergy: Double?
    package var convention: String
    /// The windows, eV.
    package var pre: ClosedRange<Double>
    package var post: ClosedRange<Double>
    package var preEnergies: Int
    package var postEnergies: Int
    /// The pre-edge line: OD at 0 eV, OD/eV.
    package var preOffset: Double
    package var preSlope: Double
    /// The post-edge polynomial, of what lies above the line, in ascending powers of E in eV.
    package var postCoefficients: [Double]
    /// The edge step, OD; for area OD eV.
    package var divisor: Double
    package var divisorError: Double
    /// Whether the divisor is 3 standard errors or more.
    package var isNormalised: Bool
    /// eV, and edge steps.
    package var whiteLineEnergy: Double?
    package var whiteLineHeight: Double?

    /// An edge of a cluster.
    package init(
      symbol: String, edge: String, e0: Double, derivativeEnergy: Double?, convention: String,
      pre: ClosedRange<Double>, post: ClosedRange<Double>, preEnergies: Int, postEnergies: Int,
      preOffset: Double, preSlope: Double, postCoefficients: [Double], divisor: Double,
      divisorError: Double, isNormalised: Bool, whiteLineEnergy: Double?, whiteLineHeight: Double?
    ) {
      self.symbol = symbol
      self.edge = edge
      self.e0 = e0
      self.derivativeEnergy = derivativeEnergy
      self.convention = convention
      self.pre = pre
      self.post = post
      self.preEnergies = preEnergies
      self.postEnergies = postEnergies
      self.preOffset = preOffset
      self.preSlope = preSlope
      self.postCoefficients = postCoefficients
      self.divisor = divisor
      self.divisorError = divisorError
      self.isNormalised = isNormalised
      self.whiteLineEnergy = whiteLineEnergy
      self.whiteLineHeight = whiteLineHeight
    }
  }

  /// Atoms of one element to atoms of another.
  package struct Ratio: Sendable, Equatable {
    package var numerator: String
    package var denominator: String
    package var ratio: Double
    /// nil where the ratio is a lower bound.
    package var error: Double?

    /// A ratio.
    package init(numerator: String, denominator: String, ratio: Double, error: Double?) {
      self.numerator = numerator
      self.denominator = denominator
      self.ratio = ratio
      self.error = error
    }
  }

  /// A fit with reference spectra.
  package struct Fit: Sendable, Equatable {
    /// How much of one reference there is.
    package struct Part: Sendable, Equatable {
      package var name: String
      package var referenceID: String
      package var amount: Double
      package var amountError: Double
      package var fraction: Double?
      package var fractionError: Double?

      /// A part.
      package init(
        name: String, referenceID: String, amount: Double, amountError: Double, fraction: Double?,
        fractionError: Double?
      ) {
        self.name = name
        self.referenceID = referenceID
        self.amount = amount
        self.amountError = amountError
        self.fraction = fraction
        self.fractionError = fractionError
      }
    }

    package var energies: Int
    /// The first and the last of them, eV.
    package var range: ClosedRange<Double>
    /// OD, or edge steps.
    package var residual: Double
    package var rFactor: Double
    package var parts: [Part]

    /// A fit.
    package init(
      energies: Int, range: ClosedRange<Double>, residual: Double, rFactor: Double, parts: [Part]
    ) {
      self.energies = energies
      self.range = range
      self.residual = residual
      self.rFactor = rFactor
      self.parts = parts
    }
  }

  /// The scatter of its scores along the direction of most, noise units.
  package var spread: Double
  /// px.
  package var width: Double
  package var thicknessUM: Double?
  /// OD.
  package var fitResidual: Double?
  package var edges: [Edge]
  package var ratios: [Ratio]
  package var fit: Fit?

  /// What is measured of a cluster.
  package init(
    spread: Double, width: Double, thicknessUM: Double?, fitResidual: Double?, edges: [Edge],
    ratios: [Ratio], fit: Fit?
  ) {
    self.spread = spread
    self.width = width
    self.thicknessUM = thicknessUM
    self.fitResidual = fitResidual
    self.edges = edges
    self.ratios = ratios
    self.fit = fit
  }
}
