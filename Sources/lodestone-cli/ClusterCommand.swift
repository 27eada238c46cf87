import ArgumentParser
import Clustering
import StackIO

struct ClusterCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Exact DBSCAN of any points.",
    discussion: """
      POINTS is a .npy of float32 or float64, or a text file with a point a line. Labels are written \
      one a line, in the order and with the numbers of scikit-learn: -1 is noise.
      """)

  static let examples = [
    "lodestone cluster points.npy --radius 0.5 --min-points 10 --labels labels.csv",
    "lodestone cluster points.csv --radius 0.5 --min-points 10 --labels /dev/stdout",
    "lodestone cluster points.npy --radius 0.5 --min-points 10 --labels labels.csv --json",
  ]

  @Argument(help: "The points: .npy or text.", completion: .file(extensions: ["npy", "csv"]))
  var points: String

  @Option(help: "Two points are neighbours at this distance or less, in the points' unit.")
  var radius: Double

  @Option(help: "Neighbours, the point itself included, that make a core point.")
  var minPoints: Int

  @Option(help: "Where the labels go, one a line.", completion: .file(extensions: ["csv"]))
  var labels: String

  @Flag(help: "Counts and times as JSON.")
  var json = false

  func validate() throws {
    if json && OutputFile.isStandardOutput(labels) {
      throw ValidationError("--labels \(labels) and --json would share standard output")
    }
  }

  func run() throws {
    let clock = ContinuousClock()
    let dbscan = try DBSCAN(radius: radius, minimumPoints: minPoints)
    let start = clock.now
    let file = try PointsFile(path: points)
    let read = clock.now
    let result: DBSCAN.Result
    do throws(DBSCAN.Failure) {
      result = try dbscan.cluster(file.values, dimensions: file.dimensions)
    } catch {
      throw InputError(error.description, path: points)
    }
    let clustered = clock.now
    var text: [UInt8] = []
    text.reserveCapacity(3 * file.count)
    for label in result.labels {
      text.append(contentsOf: String(label).utf8)
      text.append(UInt8(ascii: "\n"))
    }
    try OutputFile.write(text, to: labels, protecting: [points])
    report(result, file, [read - start, clustered - read, clock.now - clustered])
  }

  private func report(_ result: DBSCAN.Result, _ file: PointsFile, _ times: [Duration]) {
    let core = result.isCore.count { $0 }
    let noise = result.noiseCount
    guard json else {
      Output.remark(
        "\(file.count) points in \(file.dimensions) dimensions: \(result.clusterCount) clusters, "
          + "\(core) core, \(file.count - core - noise) border, \(noise) noise")
      return
    }
    let seconds = zip(["read", "cluster", "write"], times).map { name, time in
      (name, JSONText.number(time / .seconds(1)))
    }
    Output.line(
      JSONText.object([
        ("schema", .string("lodestone.cluster/1")), ("points", .integer(file.count)),
        ("dimensions", .integer(file.dimensions)), ("radius", .number(radius)),
        ("minimum_points", .integer(minPoints)), ("clusters", .integer(result.clusterCount)),
        ("core", .integer(core)), ("border", .integer(file.count - core - noise)),
        ("noise", .integer(noise)), ("seconds", .object(seconds)),
      ]).text)
  }
}
