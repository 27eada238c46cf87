import Foundation
public import PhaseCatalog

/// Phases across samples: what of each lies at the surface and in the bulk, and what it is made of.
///
/// Everything is computed from what the catalog holds: which depth counts as surface is part of the question.
public struct SampleComparison: Sendable {
  /// A number over the scans of a sample.
  public struct Estimate: Sendable, Equatable {
    /// Over the scans; of an even number of scans the mean of the middle two.
    public let median: Double
    /// The smallest of any scan.
    public let low: Double
    /// The largest of any scan.
    public let high: Double
    /// What is not known of it within one scan, one standard error: the root mean square over the scans of what the parts
    /// of each tell, with the error of the fit where there is one. nil where no scan tells.
    public let uncertainty: Double?
    /// In how many scans it is known.
    public let scans: Int
    /// Of each of them, in the order of the sample's runs.
    public let values: [Double]
    /// The addresses of the stored numbers that it was made from: of clusters where it was made of their pixels.
    public let sources: [String]
  }

  /// The edge of an element in a phase.
  public struct Edge: Sendable, Equatable {
    /// "Fe-K".
    public let name: String
    /// Where the spectrum rises most, eV.
    public let e0: Estimate?
    /// The peak behind the edge, eV.
    public let whiteLine: Estimate?
    /// Its height, edge steps.
    public let whiteLineHeight: Estimate?
  }

  /// How much there is of a phase, or of what is of none.
  public struct Shares: Sendable, Equatable {
    /// Of the analysed pixels that lie at most so deep, noise included.
    public let surface: Estimate?
    /// Of those that lie deeper.
    public let bulk: Estimate?
    /// The one over the other.
    public let enrichment: Estimate?
  }

  /// A phase in a sample.
  public struct Phase: Sendable {
    /// Its name.
    public let name: String
    /// In how many scans it was found.
    public let scans: Int
    /// The clusters of it, RUN:CLUSTER.
    public let clusters: [String]
    /// How much of it there is.
    public let shares: Shares
    /// The mean thickness of the layer that it makes along the surface, um; nil where it makes none.
    public let layerThicknessUM: Estimate?
    /// Nd / (Nd + Fe) by atoms.
    public let ndFraction: Estimate?
    /// By name.
    public let edges: [Edge]
    let spectrum: Spectrum?
  }

  /// A sample, or a run that was named.
  public struct Sample: Sendable {
    /// Its name, or the run as it was named.
    public let name: String
    /// Its runs, a scan each.
    public let runs: [String]
    /// Those of which there is something, by name.
    public let phases: [Phase]
    /// Clusters that fit two phases alike, or nearly fit one.
    public let ambiguous: Shares
    /// Clusters of no phase.
    public let unassigned: Shares
    /// What is in no cluster.
    public let noise: Shares
  }

  /// How far the mean spectra of a phase in two samples are apart: see ``spectrumDistance(_:_:)``.
  public struct Distance: Sendable, Equatable {
    /// The phase.
    public let phase: String
    /// Two samples.
    public let samples: [String]
    /// 0 to 1.
    public let distance: Double
  }

  /// What counts as surface, um.
  public let surfaceDepthUM: Double
  /// The parameter set of all runs.
  public let parameters: String
  /// "section" or "projection".
  public let geometry: String
  /// In the order in which they were named.
  public let samples: [Sample]
  /// Of each phase, between each two samples that have it.
  public let distances: [Distance]
  /// What was left out, a line each, but for retracted runs.
  public let remarks: [String]
  /// Retracted runs of these samples: none of them counts.
  public let retractedLeftOut: Int
}

extension SampleComparison {
  /// Compares samples, or runs.
  ///
  /// - Parameters:
  ///   - subjects: samples by their names, runs by `tag:NAME`, `@last` or an id; none for all samples.
  ///   - phases: only these; all where it is empty.
  ///   - parameters: the full id of the parameter set whose runs count; nil where there is only one.
  /// - Throws: ``CatalogError``: ``CatalogError/question(_:)`` where runs of several parameter sets, or of both geometries, would be
  ///   mixed in one number.
  public init(
    _ catalog: Catalog, subjects: [String] = [], surfaceDepthUM: Double = 0.5,
    phases: [String] = [], parameters: String? = nil
  ) throws {
    var remarks: [String] = []
    let found = try Self.runs(catalog, subjects)
    let chosen = try ChosenRuns(catalog, found, parameters: parameters, remarks: &remarks)
    let all = chosen.groups.flatMap(\.runs)
    let results = try catalog.comparedResults(all, surfaceDepthUM: surfaceDepthUM)
    guard results.contains(where: { $0.clusters.contains { $0.phase != nil || $0.isAmbiguous } })
    else {
      throw CatalogError.notFound(
        "\(catalog.path): no cluster of these runs belongs to a phase: define phases (lodestone phase suggest proposes "
          + "some)")
    }
    let outdated = results.reduce(0) { $0 + $1.clusters.count(where: \.isOutdated) }
    if outdated > 0 {
      remarks.append(
        "\(counted(outdated, "cluster")) assigned by a rule that no longer counts: lodestone phase assign"
      )
    }
    let warned = all.filter(\.hasClusterWarning)
    if let first = warned.first {
      remarks.append(
        "\(warned.count) of \(counted(all.count, "run")) with warnings of clusters (narrow, graded, ...): lodestone query "
          + "run-warnings --param run=\(first.run.prefix(12))")
    }
    let bare = results.count { $0.clusters.allSatisfy { $0.zone.blocks.isEmpty } }
    if bare > 0 {
      remarks.append(
        "\(counted(bare, "run")) of before schema 5: no uncertainty by the parts of the scan (of Nd fractions that of the "
          + "fit alone), E0, white line or layer: ingest the scans again")
    }
    let wanted = Set(phases.map(GivenName.stored))
    if let unknown = wanted.subtracting(results.flatMap { $0.clusters.compactMap(\.phase) })
      .sorted().first
    {
      throw CatalogError.notFound(
        "\(catalog.path): no cluster of these runs is of a phase \"\(unknown)\": see lodestone phase list"
      )
    }
    var rest = zip(all, results).map { ScanShares(run: $0, result: $1) }[...]
    var samples: [Sample] = []
    for group in chosen.groups {
      let own = Array(rest.prefix(group.runs.count))
      rest = rest.dropFirst(group.runs.count)
      samples.append(try Self.sample(group.name, own, wanted, catalog))
    }
    self.surfaceDepthUM = surfaceDepthUM
    self.parameters = chosen.parameters
    geometry = chosen.geometry
    self.samples = samples
    distances = Self.distances(samples)
    self.remarks = remarks
    retractedLeftOut = try catalog.retractedRuns(ofSamples: subjects.isEmpty ? nil : subjects)
  }

  /// The runs of each subject.
  private static func runs(
    _ catalog: Catalog, _ subjects: [String]
  ) throws -> [(name: String, runs: [Catalog.ComparedRun])] {
    if subjects.isEmpty {
      let all = try catalog.comparedRuns(ofSample: nil)
      let named = Dictionary(grouping: all.filter { $0.sample != nil }) { $0.sample ?? "" }
      return named.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    var seen: Set<String> = []
    return try subjects.filter { seen.insert($0).inserted }.map { subject in
      let name = GivenName.stored(subject)
      do {
        let runs = try catalog.comparedRuns(ofSample: name)
        return (name, runs)
      } catch CatalogError.notFound(let reason) {
        // No sample of this name: a run perhaps.
        guard
          subject.hasPrefix("tag:") || subject == "@last"
            || (subject.count >= 4 && subject.allSatisfy(\.isHexDigit))
        else { throw CatalogError.notFound(reason) }
        let id = try catalog.resolveRun(subject)
        try catalog.requireResult(of: id)
        guard let run = try catalog.comparedRun(id) else {
          throw CatalogError.question(
            "run \(id.prefix(12)) is retracted: see lodestone list retracted")
        }
        return (subject.hasPrefix("tag:") ? subject : String(id.prefix(12)), [run])
      }
    }
  }

  // MARK: One sample

  private static func sample(
    _ name: String, _ scans: [ScanShares], _ wanted: Set<String>, _ catalog: Catalog
  ) throws -> Sample {
    let names = Set(scans.flatMap { $0.result.clusters.compactMap(\.phase) }).sorted()
      .filter { wanted.isEmpty || wanted.contains($0) }
    func shares(_ belongs: (Catalog.ComparedCluster) -> Bool) -> Shares {
      Self.shares(scans.map { scan in (scan, scan.result.clusters.filter(belongs)) })
    }
    return Sample(
      name: name, runs: scans.map(\.run.run),
      phases: try names.map { phase in try Self.phase(phase, scans, catalog) },
      ambiguous: shares(\.isAmbiguous),
      unassigned: shares { $0.phase == nil && !$0.isAmbiguous },
      noise: Shares(
        surface: estimate(scans.map { ($0.surfaceShare([$0.result.noise]), []) }),
        bulk: estimate(scans.map { ($0.bulkShare([$0.result.noise]), []) }),
        enrichment: estimate(scans.map { ($0.enrichment([$0.result.noise]), []) })))
  }

  private static func shares(
    _ parts: [(scan: ScanShares, clusters: [Catalog.ComparedCluster])]
  ) -> Shares {
    func over(_ value: (ScanShares, [Catalog.ComparedZone]) -> Measured?) -> Estimate? {
      estimate(
        parts.map { scan, clusters in
          (value(scan, clusters.map(\.zone)), clusters.map(scan.address))
        })
    }
    return Shares(
      surface: over { $0.surfaceShare($1) }, bulk: over { $0.bulkShare($1) },
      enrichment: over { $0.enrichment($1) })
  }

  private static func phase(
    _ name: String, _ scans: [ScanShares], _ catalog: Catalog
  ) throws -> Phase {
    let parts = scans.map { scan in (scan, scan.result.clusters.filter { $0.phase == name }) }
    let present = parts.filter { !$0.1.isEmpty }
    func over(
      _ quantity: String, of contributes: (Catalog.ComparedCluster) -> Bool,
      _ value: (ScanShares, [Catalog.ComparedCluster]) throws -> Measured?
    ) rethrows -> Estimate? {
      estimate(
        try present.map { scan, clusters in
          (
            try value(scan, clusters),
            clusters.filter(contributes).map { "\(scan.address($0)):\(quantity)" }
          )
        })
    }
    func averaged(_ quantity: String) -> Estimate? {
      over(quantity, of: { $0.estimates[quantity] != nil }) { _, clusters in
        ScanShares.mean(of: quantity, clusters)
      }
    }
    var edges: Set<String> = []
    for cluster in present.flatMap(\.1) {
      for quantity in cluster.estimates.keys where quantity.hasSuffix(".derivative_ev") {
        edges.insert(String(quantity.dropLast(".derivative_ev".count)))
      }
    }
    return Phase(
      name: name, scans: present.count,
      clusters: present.flatMap { scan, clusters in clusters.map(scan.address) },
      shares: shares(parts),
      layerThicknessUM: try over(
        "layer_thickness_um", of: { $0.surfacePiecePixels ?? 0 > 0 }
      ) { scan, clusters in try scan.layerThicknessUM(clusters, catalog) },
      ndFraction: over("nd_fraction", of: { $0.ndFraction != nil }) { ScanShares.ndFraction($1) },
      edges: edges.sorted().map { edge in
        Edge(
          name: edge, e0: averaged("\(edge).derivative_ev"),
          whiteLine: averaged("\(edge).white_line_ev"),
          whiteLineHeight: averaged("\(edge).white_line_height"))
      }, spectrum: ScanShares.meanSpectrum(present))
  }

  /// Over scans; nil where no scan has a value.
  private static func estimate(_ scans: [(value: Measured?, sources: [String])]) -> Estimate? {
    let known = scans.compactMap { scan in scan.value.map { ($0, scan.sources) } }
    let values = known.map(\.0.value).sorted()
    guard let low = values.first, let high = values.last else { return nil }
    let (lower, upper) = (values[(values.count - 1) / 2], values[values.count / 2])
    let errors = known.compactMap(\.0.error)
    let squares = errors.reduce(0) { $0 + $1 * $1 }
    return Estimate(
      median: (lower + upper) / 2, low: low, high: high,
      uncertainty: errors.isEmpty ? nil : (squares / Double(errors.count)).squareRoot(),
      scans: values.count, values: known.map(\.0.value), sources: known.flatMap(\.1))
  }

  private static func distances(_ samples: [Sample]) -> [Distance] {
    var distances: [Distance] = []
    for name in Set(samples.flatMap { $0.phases.map(\.name) }).sorted() {
      var known: [(sample: String, spectrum: Spectrum)] = []
      for sample in samples {
        guard let spectrum = sample.phases.first(where: { $0.name == name })?.spectrum else {
          continue
        }
        for other in known {
          if let distance = spectrumDistance(other.spectrum, spectrum) {
            distances.append(
              Distance(phase: name, samples: [other.sample, sample.name], distance: distance))
          }
        }
        known.append((sample.name, spectrum))
      }
    }
    return distances
  }
}

/// "1 run", "2 runs".
private func counted(_ count: Int, _ what: String) -> String {
  "\(count) \(what)\(count == 1 ? "" : "s")"
}

/// The runs of a comparison: of one parameter set, one pipeline and one geometry, one of each scan.
private struct ChosenRuns {
  var groups: [(name: String, runs: [Catalog.ComparedRun])] = []
  let parameters: String
  let geometry: String

  init(
    _ catalog: Catalog, _ found: [(name: String, runs: [Catalog.ComparedRun])],
    parameters asked: String?, remarks: inout [String]
  ) throws {
    let all = found.flatMap(\.runs)
    guard !all.isEmpty else {
      throw CatalogError.notFound("\(catalog.path): no run that counts: see lodestone list runs")
    }
    let sets = Dictionary(grouping: all, by: \.parameters)
    if asked == nil, sets.count > 1 { throw try Self.refusal(catalog, sets) }
    parameters = asked ?? all[0].parameters
    guard let own = sets[parameters] else {
      throw CatalogError.notFound(
        "\(catalog.path): none of these runs has parameter set \(parameters.prefix(12))")
    }
    // Newest last: several versions of the pipeline are several questions too.
    let newest = own.max { ($0.recordedAt, $0.run) < ($1.recordedAt, $1.run) }
    let pipeline = newest?.pipeline
    let earlier = own.count { $0.pipeline != pipeline }
    if earlier > 0 {
      remarks.append(
        "\(counted(earlier, "run")) of other pipeline versions left out: ingest the scans again")
    }
    let sized = own.filter { $0.pipeline == pipeline }
    let usable = sized.filter { $0.pixelSizeUM != nil && $0.hasDepth }
    if usable.count < sized.count {
      remarks.append(
        "\(counted(sized.count - usable.count, "run")) without a pixel size or without empty field left out: no depth"
      )
    }
    guard let first = usable.first else {
      throw CatalogError.notFound(
        "\(catalog.path): none of these runs has a depth: it takes a pixel size, and empty field")
    }
    geometry = first.geometry
    guard usable.allSatisfy({ $0.geometry == first.geometry }) else {
      throw CatalogError.question(
        "some of these scans are sections and some projections: depth means something else in each: name those of one kind"
      )
    }
    let runs = Set(usable.map(\.run))
    for (name, own) in found {
      let kept = own.filter { runs.contains($0.run) }
      if kept.isEmpty {
        remarks.append("\(name) has no run of these parameters that can be compared")
      } else {
        groups.append((name, kept))
      }
    }
  }

  private static func refusal(
    _ catalog: Catalog, _ sets: [String: [Catalog.ComparedRun]]
  ) throws -> CatalogError {
    let ids = sets.keys.sorted {
      (sets[$1]?.count ?? 0, $0) < (sets[$0]?.count ?? 0, $1)
    }
    let differences = try catalog.parameterDifferences(ids)
    let texts = ids.enumerated().map { place, id in
      let values = differences.prefix(4).map { "\($0.name)=\($0.values[place].prefix(40))" }
      let more = differences.count > 4 ? ", ..." : ""
      return
        "\(id.prefix(12)) (\(counted(sets[id]?.count ?? 0, "run")): \(values.joined(separator: ", "))\(more))"
    }
    return .question(
      "these runs were made with \(ids.count) parameter sets, which are not mixed in one number: "
        + texts.joined(separator: "; ") + ": choose with --parameters ID")
  }
}
