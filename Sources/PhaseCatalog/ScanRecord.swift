/// A scan as the catalog knows it.
package struct ScanRecord: Sendable {
  /// One frame's digest.
  package struct FrameDigest: Sendable {
    /// What a frame shows.
    package enum Kind: String, Sendable, CaseIterable {
      case sample, reference, spectrum, dark
    }

    /// What it shows.
    package var kind: Kind
    /// The energy, eV; nil where the frame serves all.
    package var energyEV: Double?
    /// SHA-256 of its values.
    package var digest: String

    /// A frame's digest.
    package init(kind: Kind, energyEV: Double?, digest: String) {
      self.kind = kind
      self.energyEV = energyEV
      self.digest = digest
    }
  }

  /// Rows and columns of a frame.
  package var height: Int
  package var width: Int
  /// eV, ascending.
  package var energies: [Double]
  /// What the values are, and where I0 came from, as the schema names them.
  package var signal: String
  package var reference: String
  /// At the lowest energy; nil where it is not known.
  package var pixelSizeUM: Double?
  package var geometry: String
  /// s; nil where it is not known.
  package var exposure: Double?
  package var referenceExposure: Double?
  /// Sample frames by energy, then references, then darks.
  package var frames: [FrameDigest]

  /// A scan.
  package init(
    height: Int, width: Int, energies: [Double], signal: String, reference: String,
    pixelSizeUM: Double?, geometry: String, exposure: Double?, referenceExposure: Double?,
    frames: [FrameDigest]
  ) {
    self.height = height
    self.width = width
    self.energies = energies
    self.signal = signal
    self.reference = reference
    self.pixelSizeUM = pixelSizeUM
    self.geometry = geometry
    self.exposure = exposure
    self.referenceExposure = referenceExposure
    self.frames = frames
  }

  /// The identity: what was measured and how, not where it lies or what it shows.
  package var id: String {
    let digest = ContentDigest(domain: "lodestone/scan/1")
    digest.update(height)
    digest.update(width)
    digest.update(energies)
    digest.update(signal)
    digest.update(reference)
    digest.update(pixelSizeUM)
    digest.update(geometry)
    digest.update(exposure)
    digest.update(referenceExposure)
    for kind in FrameDigest.Kind.allCases {
      let ofKind = frames.filter { $0.kind == kind }
      digest.update(kind.rawValue)
      digest.update(ofKind.count)
      for frame in ofKind { digest.update(frame.digest) }
    }
    return digest.finish()
  }
}

/// A file in which a scan was seen.
package struct SourceFile: Sendable {
  package var path: String
  package var sha256: String
  package var bytes: Int
  package var role: String

  /// A sighting.
  package init(path: String, sha256: String, bytes: Int, role: String) {
    self.path = path
    self.sha256 = sha256
    self.bytes = bytes
    self.role = role
  }
}
