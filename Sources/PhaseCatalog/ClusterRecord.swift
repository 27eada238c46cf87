/// One cluster of a result.
package struct ClusterRecord: Sendable, Equatable {
  /// An element's edge and amount.
  package struct Element: Sendable, Equatable {
    package var symbol: String
    package var edge: String
    package var edgeEV: Double
    /// OD.
    package var step: Double
    package var stepError: Double
    /// g/cm2.
    package var arealDensity: Double
    package var arealDensityError: Double
    /// mol/cm2.
    package var arealMoles: Double
    package var atomicFraction: Double?
    package var atomicFractionError: Double?
    package var method: String

    /// An element of a cluster.
    package init(
      symbol: String, edge: String, edgeEV: Double, step: Double, stepError: Double,
      arealDensity: Double, arealDensityError: Double, arealMoles: Double,
      atomicFraction: Double?, atomicFractionError: Double?, method: String
    ) {
      self.symbol = symbol
      self.edge = edge
      self.edgeEV = edgeEV
      self.step = step
      self.stepError = stepError
      self.arealDensity = arealDensity
      self.arealDensityError = arealDensityError
      self.arealMoles = arealMoles
      self.atomicFraction = atomicFraction
      self.atomicFractionError = atomicFractionError
      self.method = method
    }
  }

  /// The pieces of a cluster that touch the surface.
  package struct Surface: Sendable, Equatable {
    /// Pieces connected by sides.
    package var pieces: Int
    /// Those beside the empty field, and their pixels.
    package var surfacePieces: Int
    package var surfacePixels: Int
    package var surfaceAreaUM2: Double?

    /// What of a cluster touches the surface.
    package init(pieces: Int, surfacePieces: Int, surfacePixels: Int, surfaceAreaUM2: Double?) {
      self.pieces = pieces
      self.surfacePieces = surfacePieces
      self.surfacePixels = surfacePixels
      self.surfaceAreaUM2 = surfaceAreaUM2
    }
  }

  package var label: Int
  /// Pixels with those that the flood added.
  package var pixels: Int
  /// Pixels that DBSCAN itself labelled.
  package var dbscanPixels: Int
  package var areaUM2: Double?
  /// OD, one an energy.
  package var meanSpectrum: [Double]
  package var deviationSpectrum: [Double]
  package var elements: [Element]
  /// nil where there is no empty field.
  package var surface: Surface?
  /// What is measured of its spectrum; nil in results of before schema 3.
  package var chemistry: ClusterChemistry?
  /// Numbers with their errors over the parts of the sample; none in results of before schema 5.
  package var estimates: [ClusterEstimate]

  /// A cluster.
  package init(
    label: Int, pixels: Int, dbscanPixels: Int, areaUM2: Double?, meanSpectrum: [Double],
    deviationSpectrum: [Double], elements: [Element], surface: Surface? = nil,
    chemistry: ClusterChemistry? = nil, estimates: [ClusterEstimate] = []
  ) {
    self.label = label
    self.pixels = pixels
    self.dbscanPixels = dbscanPixels
    self.areaUM2 = areaUM2
    self.meanSpectrum = meanSpectrum
    self.deviationSpectrum = deviationSpectrum
    self.elements = elements
    self.surface = surface
    self.chemistry = chemistry
    // As they are stored.
    self.estimates = estimates.sorted {
      $0.quantity.utf8.lexicographicallyPrecedes($1.quantity.utf8)
    }
  }
}
