/// The displacement of the sample's image in a frame against that in the frame of the lowest
/// energy, in px: + is down and right. The correction is the inverse.
public struct Drift: Sendable, Equatable {
  /// Down, in rows.
  public var dy: Double
  /// To the right, in columns.
  public var dx: Double

  /// A displacement by `dy` rows and `dx` columns.
  public init(dy: Double, dx: Double) {
    self.dy = dy
    self.dx = dx
  }
}

/// How the sample's image in a frame lies against that in the frame of the lowest energy: scaled about
/// the optical centre, then displaced.
public struct Placement: Sendable, Equatable {
  /// The displacement of the optical centre's image.
  public var drift: Drift
  /// The magnification: below 1 the image is smaller.
  public var scale: Double

  /// A placement; without a scale, a displacement alone.
  public init(drift: Drift = Drift(dy: 0, dx: 0), scale: Double = 1) {
    self.drift = drift
    self.scale = scale
  }

  /// The same where the pixels are smaller by a factor.
  func magnified(by factor: Double) -> Placement {
    Placement(drift: Drift(dy: drift.dy * factor, dx: drift.dx * factor), scale: scale)
  }

  /// The place in the frame of the sample that is at a row in the frame of the lowest energy, the
  /// optical centre being in row `centre`.
  package func row(_ y: Double, centre: Double) -> Double {
    centre + scale * (y - centre) + drift.dy
  }

  /// The same for a column.
  package func column(_ x: Double, centre: Double) -> Double {
    centre + scale * (x - centre) + drift.dx
  }

  /// The place in the frame of the lowest energy of what is at a place in the frame.
  package func inverse(y: Double, x: Double, _ centre: OpticalCentre) -> (y: Double, x: Double) {
    (
      centre.y + (y - centre.y - drift.dy) / scale, centre.x + (x - centre.x - drift.dx) / scale
    )
  }
}

/// The optical centre: the place in a frame that scaling leaves where it is, px from the top left pixel's
/// centre.
public struct OpticalCentre: Sendable, Equatable {
  /// The row.
  public var y: Double
  /// The column.
  public var x: Double

  /// A centre at a place.
  public init(y: Double, x: Double) {
    self.y = y
    self.x = x
  }

  /// The middle of frames of a shape.
  public init(ofHeight height: Int, width: Int) {
    self.init(y: Double(height - 1) / 2, x: Double(width - 1) / 2)
  }
  /// The same place among pixels binned by a factor: a binned pixel's centre lies between those of the pixels in
  /// it.
  func binned(by factor: Int) -> OpticalCentre {
    let shift = Double(factor - 1) / 2
    return OpticalCentre(y: (y - shift) / Double(factor), x: (x - shift) / Double(factor))
  }
}
