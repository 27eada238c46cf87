import ArgumentParser
import PhaseCatalog

extension PhaseCommand {
  struct Suggest: DocumentedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Group the clusters of many results by their mean spectra, and propose phases.",
      discussion: """
        Two clusters are alike where little of one's structure is left when it is fitted by the other, a factor and a straight \
        line aside. Groups are joined while the mean distance of their clusters is at most --within. Nothing is stored: the \
        command that defines each group is shown.
        """)
    static let examples = [
      "lodestone phase suggest", "lodestone phase suggest M1 M2 --within 0.05 --json",
    ]

    /// More would take minutes.
    private static let most = 2000

    @OptionGroup var catalog: CatalogOptions

    @Argument(
      help: "Only the clusters of these samples; all without.", completion: Completions.sample)
    var samples: [String] = []

    @Option(help: "The largest mean distance of two groups that are one, above 0 and below 1.")
    var within = 0.1

    @Flag(help: "As JSON.")
    var json = false

    func validate() throws {
      guard within > 0 && within < 1 else {
        throw ValidationError("--within takes a distance above 0 and below 1")
      }
    }

    func run() throws {
      let catalog = try catalog.open(.read)
      for sample in samples { try catalog.requireSample(GivenName.stored(sample)) }
      let clusters = try catalog.clusterSpectra(samples: samples.map(GivenName.stored))
      guard clusters.count <= Self.most else {
        throw Failure(
          "\(clusters.count) clusters are more than can be grouped (\(Self.most)): name some samples",
          exitCode: 64)
      }
      let groups = PhaseSuggestion.groups(clusters.map(\.spectrum), within: within)
      if json {
        Output.line(
          JSONText.object([
            ("schema", .string("lodestone.phase/1")), ("of", .string("suggest")),
            ("within", .number(within)),
            ("groups", .array(groups.map { self.json($0, clusters) })),
          ]).text)
        return
      }
      if groups.isEmpty {
        Output.remark("no run that counts has a cluster")
        return
      }
      for (number, group) in groups.enumerated() {
        Output.write(text(group, number + 1, clusters) + "\n")
      }
    }

    private func address(_ cluster: Catalog.SpectrumOfCluster) -> String {
      "\(cluster.run.prefix(12)):\(cluster.label)"
    }

    private func fractions(
      _ group: PhaseSuggestion, _ clusters: [Catalog.SpectrumOfCluster]
    ) -> ClosedRange<Double>? {
      let fractions = group.members.compactMap { clusters[$0].ndFraction }
      guard let low = fractions.min(), let high = fractions.max() else { return nil }
      return low...high
    }

    /// Rounded up: what lies within stays within.
    private func limit(_ group: PhaseSuggestion) -> Double {
      min(0.99, (group.limit * 1000).rounded(.up) / 1000)
    }

    private func text(
      _ group: PhaseSuggestion, _ number: Int, _ clusters: [Catalog.SpectrumOfCluster]
    ) -> String {
      let samples = Set(group.members.map { clusters[$0].sample ?? "" })
      let runs = Set(group.members.map { clusters[$0].run })
      let shares = group.members.map { clusters[$0].share }
      func short(_ value: Double) -> String { TextTable.short((value * 1000).rounded() / 1000) }
      let nd = fractions(group, clusters).map {
        ", Nd fraction \(short($0.lowerBound)) to \(short($0.upperBound))"
      }
      let others = group.separation.map { ", the nearest other cluster \(short($0))" } ?? ""
      return """
        group \(number): \(counted(group.members.count, "cluster")) of \(counted(runs.count, "run")) of \(counted(samples.count, "sample"))\(nd ?? ""), \
        \(short(100 * (shares.min() ?? 0))) to \(short(100 * (shares.max() ?? 0))) % of their scans
          within \(short(group.radius)) of its centre, \(address(clusters[group.centre]))\(others)
          lodestone phase define NAME --near \(address(clusters[group.centre])) --within \(limit(group))

        """
    }

    private func counted(_ count: Int, _ what: String) -> String {
      "\(count) \(what)\(count == 1 ? "" : "s")"
    }

    private func json(
      _ group: PhaseSuggestion, _ clusters: [Catalog.SpectrumOfCluster]
    ) -> JSONText {
      let range = fractions(group, clusters)
      return .object([
        ("centre", .string("\(clusters[group.centre].run):\(clusters[group.centre].label)")),
        ("radius", .number(group.radius)),
        ("separation", group.separation.map { .number($0) } ?? .null),
        ("within", .number(limit(group))),
        ("nd_fraction_low", (range?.lowerBound).map { .number($0) } ?? .null),
        ("nd_fraction_high", (range?.upperBound).map { .number($0) } ?? .null),
        (
          "clusters",
          .array(
            group.members.map { place in
              .object([
                ("run_id", .string(clusters[place].run)),
                ("cluster", .integer(clusters[place].label)),
                ("sample", clusters[place].sample.map { .string($0) } ?? .null),
              ])
            })
        ),
      ])
    }
  }
}
