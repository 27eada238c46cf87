import ArgumentParser
import Clustering
import StackIO

struct ClusterCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Exact DBSCAN of any points.",
    discussion: """
      POINTS is a .npy of float32 or float64, or a text file with a point a line: 1 to 64 columns \
      separated by commas, semicolons, tabs or spaces, with or without a header. Labels are written \
      one a line, in the order and with the numbers of scikit-learn: -1 is noise, -2 a row that \
      was left out.

      --radius auto tries 16 radii and takes the middle of the widest range that finds the same \
      number of clusters; --json has the whole curve.
      """)

  static let examples = [
    "lodestone cluster points.npy --radius 0.5 --min-points 10 --labels labels.csv",
    "lodestone cluster points.csv --radius 0.5 --min-points 10 --labels /dev/stdout",
    "lodestone cluster points.npy --radius auto --labels labels.csv --json",
  ]

  @Argument(help: "The points: .npy or text.", completion: .file(extensions: ["npy", "csv"]))
  var points: String

  @Option(help: "Two points are neighbours at this distance or less, in the points' unit; or auto.")
  var radius: RadiusOption

  @Option(
    help: """
      Neighbours, the point itself included, that make a core point: max(2 d, n / 1000) for n points \
      in d dimensions where not given.
      """)
  var minPoints: Int?

  @Option(help: "Where the labels go, one a line.", completion: .file(extensions: ["csv"]))
  var labels: String

  @Option(
    help: "Threads; as many as there are cores where not given. They do not touch the result.")
  var threads: Int?

  @Flag(help: "Leave out rows with NaN or infinity: their label is -2.")
  var skipNotFinite = false

  @Flag(help: "Counts, times and what was chosen as JSON.")
  var json = false

  func validate() throws {
    if json && OutputFile.isStandardOutput(labels) {
      throw ValidationError("--labels \(labels) and --json would share standard output")
    }
    if let threads, threads < 1 { throw ValidationError("--threads \(threads): at least 1") }
    if let minPoints, minPoints < 1 {
      throw ValidationError("--min-points \(minPoints): at least 1")
    }
    if case .fixed(let radius) = radius, !(radius > 0 && radius.isFinite) {
      throw ValidationError("--radius \(radius): a finite number above 0, or auto")
    }
  }

  func run() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let file = try PointsFile(path: points)
    let read = clock.now
    let phases = PhaseClock()
    let outcome: ClusterOutcome
    do throws(ClusteringFailure) {
      outcome = try cluster(file, phases)
    } catch .notFinite(let row) {
      throw InputError(
        ClusteringFailure.notFinite(row: row).description
          + ": --skip-not-finite leaves such rows out", path: points)
    } catch {
      throw InputError(error.description, path: points)
    }
    let clustered = clock.now
    phases.stop()
    try OutputFile.write(
      labelLines(outcome.result.labels), to: labels, protecting: [points])
    let written = clock.now
    let seconds: [(String, JSONText)] = [
      ("read", .number((read - start) / .seconds(1))),
      ("cluster", .number((clustered - read) / .seconds(1))),
      ("cluster_phases", .object(phases.seconds.map { ($0, .number($1)) })),
      ("write", .number((written - clustered) / .seconds(1))),
    ]
    if json {
      Output.line(outcome.json(seconds: seconds).text)
    } else {
      Output.remark(outcome.remark)
    }
  }

  private func cluster(
    _ file: PointsFile, _ phases: PhaseClock
  ) throws(ClusteringFailure) -> ClusterOutcome {
    let notFinite: Points.NotFinite = skipNotFinite ? .leaveOut : .refuse
    let points =
      switch file.values {
      case .float(let values):
        try Points(values, dimensions: file.dimensions, notFinite: notFinite)
      case .double(let values):
        try Points(values, dimensions: file.dimensions, notFinite: notFinite)
      }
    let workers = Workers(threads: threads) { progress in
      phases.note(progress)
      return true
    }
    switch radius {
    case .fixed(let radius):
      let needed =
        minPoints
        ?? RadiusScan.defaultMinimumPoints(
          weight: points.includedCount, dimensions: points.dimensions)
      let result = try DBSCAN(radius: radius, minimumPoints: needed)
        .cluster(points, workers: workers)
      return ClusterOutcome(
        points: points, radius: radius, minimumPoints: needed, choice: nil, result: result)
    case .auto:
      let (choice, result) = try RadiusScan(minimumPoints: minPoints)
        .cluster(points, workers: workers)
      return ClusterOutcome(
        points: points, radius: choice.radius, minimumPoints: choice.minimumPoints,
        choice: choice, result: result)
    }
  }

  /// A label a line.
  private func labelLines(_ labels: [Int32]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(3 * labels.count)
    for label in labels {
      if 0..<10 ~= label {
        text.append(UInt8(ascii: "0") + UInt8(label))
      } else {
        text.append(contentsOf: String(label).utf8)
      }
      text.append(UInt8(ascii: "\n"))
    }
    return text
  }
}

/// A radius, or that it is to be chosen.
enum RadiusOption: ExpressibleByArgument {
  case fixed(Double)
  case auto

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let radius = Double(argument) {
      self = .fixed(radius)
    } else {
      return nil
    }
  }
}
