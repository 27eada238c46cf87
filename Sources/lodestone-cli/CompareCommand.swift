import ArgumentParser
import Lodestone
import PhaseCatalog

struct CompareCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare phases across samples, the surface against the bulk.",
    discussion: """
      SUBJECT is a sample; or a run by tag:NAME, @last or its id; without any, all samples are compared. Surface is what lies \
      at most --surface-depth below the nearest empty field: any depth can be asked for, and no run is computed again. In a \
      projection that is the distance to the rim.

      Each number is the median over the sample's scans, with what is not known of it within one scan: one standard error, \
      from how the parts of the scan differ (16 blocks of equal size), and the fit's own. Low and high are the smallest and \
      largest of any scan. Shares are of all analysed pixels of the zone, noise included. layer is the depth of a shell of the sample that has \
      the area of the phase's pieces touching the surface; empty where the phase makes no layer. distance is the share of \
      a spectrum's structure that the other sample's does not explain.

      Runs of different parameter sets are never mixed in one number: --parameters chooses.
      """)

  static let examples = [
    "lodestone compare",
    "lodestone compare M1 M2 --surface-depth 0.3 --phase Nd-rich",
    "lodestone compare M1 M2 --format csv",
    "lodestone compare tag:before tag:after --json",
  ]

  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var format: FormatOptions

  @Argument(
    help: ArgumentHelp("Samples, or runs.", valueName: "subject"),
    completion: Completions.subject)
  var subjects: [String] = []

  @Option(
    parsing: .unconditional, help: ArgumentHelp("What counts as surface, um.", valueName: "um"))
  var surfaceDepth = 0.5

  @Option(help: "Only this phase. May be repeated.", completion: Completions.phase)
  var phase: [String] = []

  @Option(
    help: ArgumentHelp("The parameter set whose runs are compared, by its id.", valueName: "id"))
  var parameters: String?

  func validate() throws {
    guard surfaceDepth > 0, surfaceDepth.isFinite else {
      throw ValidationError("--surface-depth takes a depth above 0, um")
    }
  }

  func run() throws {
    let catalog = try catalog.open(.read)
    let comparison = try SampleComparison(
      catalog, subjects: subjects, surfaceDepthUM: surfaceDepth, phases: phase,
      parameters: try parameters.map { try catalog.resolveParameters($0) })
    for remark in comparison.remarks { Output.remark(remark) }
    Output.retractedLeftOut(comparison.retractedLeftOut)
    switch format.chosen {
    case .json: Output.line(comparison.json.text)
    case .table: Output.write(comparison.text(on: .output, try PhaseColours(catalog)))
    default: Output.table(comparison.table, as: format.chosen, verb: "compare")
    }
  }
}

extension SampleComparison {
  fileprivate typealias Named = (quantity: String, unit: String, estimate: Estimate?)

  /// The numbers of a phase by the names that they have in JSON, but for its edges.
  private static func numbers(_ phase: Phase) -> [Named] {
    numbers(phase.shares) + [
      ("layer_thickness_um", "um", phase.layerThicknessUM),
      ("nd_fraction", "", phase.ndFraction),
    ]
  }

  private static func numbers(_ shares: Shares) -> [Named] {
    [
      ("surface_share", "", shares.surface), ("bulk_share", "", shares.bulk),
      ("enrichment", "", shares.enrichment),
    ]
  }

  private static func numbers(_ edge: Edge) -> [Named] {
    [
      ("e0_ev", "eV", edge.e0), ("white_line_ev", "eV", edge.whiteLine),
      ("white_line_height", "", edge.whiteLineHeight),
    ]
  }

  // MARK: JSON

  fileprivate var json: JSONText {
    func members(_ numbers: [Named]) -> [(String, JSONText)] {
      numbers.map { ($0.quantity, $0.estimate.map(Self.json) ?? .null) }
    }
    return .object([
      ("schema", .string("lodestone.compare/1")), ("surface_depth_um", .number(surfaceDepthUM)),
      ("parameters", .string(parameters)), ("geometry", .string(geometry)),
      (
        "samples",
        .array(
          samples.map { sample in
            .object([
              ("sample", .string(sample.name)), ("scans", .integer(sample.runs.count)),
              ("runs", .array(sample.runs.map { .string($0) })),
              (
                "phases",
                .array(
                  sample.phases.map { phase in
                    .object(
                      [
                        ("phase", .string(phase.name)), ("scans", .integer(phase.scans)),
                        ("clusters", .array(phase.clusters.map { .string($0) })),
                      ] + members(Self.numbers(phase)) + [
                        (
                          "edges",
                          .array(
                            phase.edges.map { edge in
                              .object([("edge", .string(edge.name))] + members(Self.numbers(edge)))
                            })
                        )
                      ])
                  })
              ), ("ambiguous", .object(members(Self.numbers(sample.ambiguous)))),
              ("unassigned", .object(members(Self.numbers(sample.unassigned)))),
              ("noise", .object(members(Self.numbers(sample.noise)))),
            ])
          })
      ),
      (
        "spectrum_distances",
        .array(
          distances.map {
            .object([
              ("phase", .string($0.phase)), ("samples", .array($0.samples.map { .string($0) })),
              ("distance", .number($0.distance)),
            ])
          })
      ), ("remarks", .array(remarks.map { .string($0) })),
      ("retracted_left_out", .integer(retractedLeftOut)),
    ])
  }

  private static func json(_ estimate: Estimate) -> JSONText {
    .object([
      ("median", .number(estimate.median)), ("low", .number(estimate.low)),
      ("high", .number(estimate.high)),
      ("uncertainty", estimate.uncertainty.map { .number($0) } ?? .null),
      ("scans", .integer(estimate.scans)), ("from", .array(estimate.sources.map { .string($0) })),
    ])
  }

  // MARK: Tables

  /// A row a number.
  fileprivate var table: AnswerTable {
    func rows(_ sample: Sample, _ phase: String, _ edge: String, _ numbers: [Named])
      -> [[AnswerTable.Value]]
    {
      numbers.compactMap { number in
        number.estimate.map { estimate in
          [
            .text(sample.name), .text(phase), .text(edge), .text(number.quantity),
            .text(number.unit), .integer(Int64(estimate.scans)), .real(estimate.median),
            .real(estimate.low), .real(estimate.high),
            estimate.uncertainty.map { .real($0) } ?? .null, .real(surfaceDepthUM),
            .text(geometry), .text(parameters),
          ]
        }
      }
    }
    return AnswerTable(
      columns: [
        "sample", "phase", "edge", "quantity", "unit", "scans", "median", "low", "high",
        "uncertainty", "surface_depth_um", "geometry", "parameters_id",
      ],
      rows: samples.flatMap { sample -> [[AnswerTable.Value]] in
        sample.phases.flatMap { phase in
          rows(sample, phase.name, "", Self.numbers(phase))
            + phase.edges.flatMap { rows(sample, phase.name, $0.name, Self.numbers($0)) }
        } + rows(sample, "(ambiguous)", "", Self.numbers(sample.ambiguous))
          + rows(sample, "(unassigned)", "", Self.numbers(sample.unassigned))
          + rows(sample, "(noise)", "", Self.numbers(sample.noise))
      })
  }

  /// For the eye.
  fileprivate func text(on terminal: Terminal, _ colours: PhaseColours) -> String {
    let what =
      geometry == "section"
      ? "up to \(TextTable.short(surfaceDepthUM)) um below the surface of a section"
      : "up to \(TextTable.short(surfaceDepthUM)) um from the rim of a projection, which holds what lies behind too"
    let heading = [
      "surface: \(what); parameters \(parameters.prefix(12))",
      "median over scans +- one standard error within a scan; below, the range over scans",
    ].map { $0.wrapped(on: terminal) }
    func shown(_ table: AnswerTable, _ order: [String]) -> String {
      let place = table.columns.firstIndex(of: "phase") ?? 0
      let phases = table.rows.map { row in
        row[place] == .text("(noise)") ? Palette.noise : colours[row[place].text]
      }
      return TextTable(table, order: order).withSwatches(phases, in: "phase").text(on: terminal)
    }
    let shares = [
      "sample", "phase", "surface share", "bulk share", "layer um", "Nd fraction", "enrichment",
    ]
    var text = heading.map { $0 + "\n" }.joined() + "\n" + shown(shareTable, shares)
    for (table, order) in [
      (edgeTable, ["sample", "phase", "edge", "E0 eV", "white line eV"]), (distanceTable, []),
    ] where !table.rows.isEmpty {
      text += "\n" + shown(table, order)
    }
    return text
  }

  private var distanceTable: AnswerTable {
    AnswerTable(
      columns: ["phase", "sample", "other sample", "distance of mean spectra"],
      rows: distances.map {
        [.text($0.phase), .text($0.samples[0]), .text($0.samples[1]), .real($0.distance)]
      })
  }

  private var shareTable: AnswerTable {
    let columns = [
      "sample", "phase", "scans", "surface share", "bulk share", "enrichment", "layer um",
      "Nd fraction",
    ]
    let rows = samples.flatMap { sample -> [[AnswerTable.Value]] in
      sample.phases.flatMap { phase in
        Self.lines(
          [.text(sample.name), .text(phase.name), .integer(Int64(phase.scans))],
          Self.numbers(phase).map(\.estimate))
      }
        + [
          ("(ambiguous)", sample.ambiguous), ("(unassigned)", sample.unassigned),
          ("(noise)", sample.noise),
        ].flatMap { name, shares -> [[AnswerTable.Value]] in
          // What there is none of need not be said.
          guard shares.surface?.high ?? 0 > 0 || shares.bulk?.high ?? 0 > 0 else { return [] }
          return Self.lines(
            [.text(sample.name), .text(name), .integer(Int64(sample.runs.count))],
            Self.numbers(shares).map(\.estimate) + [nil, nil])
        }
    }
    return AnswerTable(columns: columns, rows: rows)
  }

  private var edgeTable: AnswerTable {
    AnswerTable(
      columns: ["sample", "phase", "edge", "E0 eV", "white line eV", "white line height"],
      rows: samples.flatMap { sample in
        sample.phases.flatMap { phase in
          phase.edges.flatMap { edge in
            Self.lines(
              [.text(sample.name), .text(phase.name), .text(edge.name)],
              Self.numbers(edge).map(\.estimate))
          }
        }
      })
  }

  /// The uncertainty, where it is more than rounding: E0 is one of the energies, the same in all parts.
  private static func error(_ estimate: Estimate) -> Double? {
    estimate.uncertainty.flatMap { $0 > 1e-12 * abs(estimate.median) ? $0 : nil }
  }

  /// A line of values, and one of their ranges where there are several scans.
  private static func lines(
    _ head: [AnswerTable.Value], _ estimates: [Estimate?]
  ) -> [[AnswerTable.Value]] {
    let values = estimates.map { estimate -> AnswerTable.Value in
      guard let estimate else { return .text("-") }
      let error = Self.error(estimate)
      return .text(
        TextTable.short(estimate.median, to: error)
          + (error.map { " +- \(TextTable.significant($0))" } ?? ""))
    }
    guard estimates.contains(where: { ($0?.scans ?? 0) > 1 }) else { return [head + values] }
    let ranges = estimates.map { estimate -> AnswerTable.Value in
      guard let estimate, estimate.scans > 1 else { return .text("") }
      func short(_ value: Double) -> String { TextTable.short(value, to: Self.error(estimate)) }
      return .text("(\(short(estimate.low)) to \(short(estimate.high)))")
    }
    return [head + values, head.map { _ in .text("") } + ranges]
  }
}
