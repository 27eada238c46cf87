/// A scan as the catalog knows it.
package struct ScanRecord: Sendable, Equatable {
  /// One frame's digest, and what is known of how it was taken.
  package struct FrameDigest: Sendable, Equatable {
    /// What a frame shows.
    package enum Kind: String, Sendable, CaseIterable {
      case sample, reference, spectrum, dark
    }

    /// What it shows.
    package var kind: Kind
    /// The energy, eV; nil where the frame serves all.
    package var energyEV: Double?
    /// The exposure, s; nil where it is not known.
    package var exposureS: Double?
    /// The ring current, mA; nil where it is not known.
    package var ringCurrentMA: Double?
    /// The place in time, where the pairing of frames and references uses it.
    package var acquisition: Int?
    /// SHA-256 of its values.
    package var digest: String

    /// A frame's digest.
    package init(
      kind: Kind, energyEV: Double?, exposureS: Double? = nil, ringCurrentMA: Double? = nil,
      acquisition: Int? = nil, digest: String
    ) {
      self.kind = kind
      self.energyEV = energyEV
      self.exposureS = exposureS
      self.ringCurrentMA = ringCurrentMA
      self.acquisition = acquisition
      self.digest = digest
    }
  }

  /// The sides of a pixel that is no square, um.
  package struct OblongPixel: Sendable, Equatable {
    package var height: Double
    package var width: Double

    /// A pixel of two sides.
    package init(height: Double, width: Double) {
      self.height = height
      self.width = width
    }
  }

  /// Rows and columns of a frame.
  package var height: Int
  package var width: Int
  /// What the values are, and where I0 came from, as the schema names them.
  package var signal: String
  package var reference: String
  /// The smaller side at the lowest energy; nil where it is not known.
  package var pixelSizeUM: Double?
  /// Both sides where they differ.
  package var oblongPixelUM: OblongPixel?
  package var geometry: String
  /// Sample frames by energy, then references, then darks.
  package var frames: [FrameDigest]

  /// A scan.
  package init(
    height: Int, width: Int, signal: String, reference: String, pixelSizeUM: Double?,
    oblongPixelUM: OblongPixel? = nil, geometry: String, frames: [FrameDigest]
  ) {
    self.height = height
    self.width = width
    self.signal = signal
    self.reference = reference
    self.pixelSizeUM = pixelSizeUM
    self.oblongPixelUM = oblongPixelUM
    self.geometry = geometry
    self.frames = frames
  }

  /// The frames of a kind, in their order.
  package func frames(of kind: FrameDigest.Kind) -> [FrameDigest] {
    frames.filter { $0.kind == kind }
  }

  /// eV, ascending, each once: an energy may have several exposures.
  package var energies: [Double] {
    frames(of: .sample).compactMap(\.energyEV).reduce(into: []) { energies, energy in
      if energies.last != energy { energies.append(energy) }
    }
  }

  /// The identity: what was measured and how, not where it lies or what it shows.
  package var id: String {
    let digest = ContentDigest(domain: "lodestone/scan/1")
    digest.update(height)
    digest.update(width)
    digest.update(signal)
    digest.update(reference)
    digest.update(pixelSizeUM)
    digest.update(geometry)
    if let oblongPixelUM {
      digest.update("oblong pixel")
      digest.update(oblongPixelUM.height)
      digest.update(oblongPixelUM.width)
    }
    for kind in FrameDigest.Kind.allCases {
      let ofKind = frames(of: kind)
      digest.update(kind.rawValue)
      digest.update(ofKind.count)
      for frame in ofKind {
        digest.update(frame.energyEV)
        digest.update(frame.exposureS)
        digest.update(frame.ringCurrentMA)
        digest.update(frame.acquisition.map { Double($0) })
        digest.update(frame.digest)
      }
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

/// The files in which a scan was seen, and how it was read from them.
package struct Sighting: Sendable {
  package var files: [SourceFile]
  /// What was asked to be read, so that it can be read again, as canonical JSON.
  package var request: CanonicalJSON

  /// A sighting.
  package init(files: [SourceFile], request: CanonicalJSON) {
    self.files = files
    self.request = request
  }
}
