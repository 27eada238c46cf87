import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// A beamline that is made up: 30 scans (in the long form 240) arrive in every layout, in pieces, damaged and repaired, while the watch is killed again and
/// again. All good ones are stored once, all bad ones told. Nothing hangs on how long something takes: no piece of a good scan
/// can be taken for a whole one.
@Suite struct WatchUnderFireTests {
  private let program: Program
  private var folder: TemporaryFolder { program.folder }

  init() throws { program = try Program() }

  /// A scan that will arrive.
  private struct Arrival {
    let place: String
    let kind: Kind
    /// Each file's name and bytes, in the order in which they arrive.
    var files: [(name: String, bytes: Data)]

    enum Kind: CaseIterable {
      case stack, renamed, frames, ssrl, garbage, truncated, wrongEnergies, repaired
      var isGood: Bool { ![.garbage, .truncated, .wrongEnergies].contains(self) }
    }
  }

  private func example(_ seed: Int) throws -> [String: Data] {
    let made = try TemporaryFolder()
    var example = ExampleScan()
    (example.height, example.width, example.energyCount) = (48, 48, 24)
    example.seed = UInt64(seed)
    try example.write(to: made.path + "/ex")
    let names = ["scan.tif", "references.tif", "dark.tif", "energies.txt"]
    return try Dictionary(
      uniqueKeysWithValues: names.map { name in
        (name, try Data(contentsOf: URL(fileURLWithPath: made.path + "/ex/" + name)))
      })
  }

  private func arrival(_ number: Int, _ random: inout TestRandom) throws -> Arrival {
    let kind = Arrival.Kind.allCases[number % Arrival.Kind.allCases.count]
    let made = try example(number)
    let place = "M\(number % 5)/n\(number)"
    // The dark comes before what makes a scan, and the last of it is needed: no part is a scan.
    var files = ["dark.tif", "energies.txt"].map { ($0, made[$0] ?? Data()) }
    let scan = made["scan.tif"] ?? Data()
    switch kind {
    case .frames: files = [files[0]] + (try frames(scan, made["energies.txt"] ?? Data()))
    case .ssrl: return Arrival(place: place, kind: kind, files: try ssrl(number))
    case .garbage:
      files.append(("scan.tif", Data((0..<5000).map { _ in .random(in: 0...255, using: &random) })))
    case .truncated, .repaired:
      files.append(("scan.tif", scan.prefix(.random(in: 100..<scan.count - 100, using: &random))))
    case .wrongEnergies:
      files[1].1 = Data(
        String(decoding: files[1].1, as: UTF8.self).split(separator: "\n").dropLast().joined(
          separator: "\n"
        ).utf8)
      files.append(("scan.tif", scan))
    case .stack, .renamed: files.append(("scan.tif", scan))
    }
    let isFirst = kind != .frames && Bool.random(using: &random)
    files.insert(
      ("references.tif", made["references.tif"] ?? Data()), at: isFirst ? 1 : files.count)
    return Arrival(place: place, kind: kind, files: files)
  }

  /// A stack's pages as files with their energies in the names.
  private func frames(_ scan: Data, _ energies: Data) throws -> [(String, Data)] {
    let stack = try TIFFFile(bytes: Array(scan), name: "scan")
    return try String(decoding: energies, as: UTF8.self).split(separator: "\n").filter {
      !$0.hasPrefix("#")
    }
    .enumerated().map { page, energy in
      let frame = try stack.frame(page: page)
      let samples = frame.values.floats.map { UInt16($0) }
      let bytes = try TIFFWriter.encode([
        .init(height: frame.height, width: frame.width, samples: .uint16(samples))
      ])
      return ("fov_\(energy)_eV.tif", Data(bytes))
    }
  }

  private func ssrl(_ number: Int) throws -> [(String, Data)] {
    let made = try TemporaryFolder()
    var beamline = BeamlineFolder()
    (beamline.exposures, beamline.referenceExposures, beamline.rate) = (
      1, 1, 60_000 + Double(100 * number)
    )
    try beamline.write(to: made.path + "/s")
    let names = try FileManager.default.contentsOfDirectory(atPath: made.path + "/s").sorted()
    // The list of frames comes first: what it names is waited for.
    return try
      (names.filter { $0.hasPrefix("ScanInfo") } + names.filter { !$0.hasPrefix("ScanInfo") })
      .map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(made.path)/s/\($0)"))) }
  }

  /// Lets a scan arrive: in pieces, under other names first, or all at once with times of years ago.
  private func drop(_ arrival: Arrival, _ random: inout TestRandom) throws {
    let files = FileManager.default
    let place = folder.file("data/" + arrival.place)
    let target = arrival.kind == .renamed ? folder.file("staged") : place
    try files.createDirectory(atPath: target, withIntermediateDirectories: true)
    for (name, bytes) in arrival.files {
      let path = target + "/" + name
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        #expect(files.createFile(atPath: path, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: path))
        var rest = bytes[...]
        while !rest.isEmpty {
          let piece = rest.prefix(max(1, bytes.count / Int.random(in: 1...4, using: &random)))
          try handle.write(contentsOf: piece)
          rest = rest.dropFirst(piece.count)
          usleep(.random(in: 0...20_000, using: &random))
        }
        try handle.close()
      case 1:
        let hidden = target + "/." + name + ".Xy12"
        try bytes.write(to: URL(fileURLWithPath: hidden))
        usleep(.random(in: 0...20_000, using: &random))
        try files.moveItem(atPath: hidden, toPath: path)
      default: try bytes.write(to: URL(fileURLWithPath: path))
      }
      if Bool.random(using: &random) {
        try files.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: .random(in: 0...4e9, using: &random))],
          ofItemAtPath: path)
      }
    }
    if target != place {
      try files.createDirectory(
        atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try files.moveItem(atPath: target, toPath: place)
    }
  }

  private func log() throws -> [[String: Any]] {
    guard let text = try? String(contentsOfFile: folder.file("log.ndjson"), encoding: .utf8) else {
      return []
    }
    return text.split(separator: "\n").compactMap {
      try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
  }

  @Test(.timeLimit(.minutes(10))) func thirtyScansAndKills() throws {
    var random = TestRandom(seed: 10)
    #expect(try program.run("init", "t.lode").code == 0)
    try FileManager.default.createDirectory(
      atPath: folder.file("data"), withIntermediateDirectories: true)
    let arguments = [
      "watch", "data", "--sample-from", "{sample}/*", "--pixel-size", "0.028", "--settle", "0.3",
      "--poll", "0.05", "--json",
      "--log", "log.ndjson",
    ]
    let arrivals = try (0..<(UnderFire.isLong ? 240 : 30)).map { try arrival($0, &random) }
    var watch = try RunningProgram(program, arguments)
    var kills = 0
    for (number, arrival) in arrivals.enumerated() {
      try drop(arrival, &random)
      usleep(.random(in: 0...150_000, using: &random))
      #expect(watch.isRunning, "\(watch.errorText)")
      guard number % 3 == 1 else { continue }
      watch.signal(SIGKILL)
      #expect(try watch.end() == -SIGKILL)
      kills += 1
      watch = try RunningProgram(program, arguments)
    }
    // Deleted while nobody knows what it is, and a link to what is there.
    try FileManager.default.removeItem(atPath: folder.file("data/" + arrivals[24].place))
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("data/latest"), withDestinationPath: folder.file("data/M1"))
    let left = arrivals.enumerated().filter { $0.offset != 24 }.map(\.element)
    try watch.wait("all scans to be told") {
      let told = Set(
        try log().compactMap { $0["path"] as? String }.map { $0.replacing("/scan.tif", with: "") })
      return left.allSatisfy { told.contains("data/" + $0.place) }
    }
    watch.signal(SIGTERM)
    #expect(try watch.end() == 0)

    // What was cut off comes whole; a scan comes again, and under another sample.
    for arrival in left where arrival.kind == .repaired {
      let number = Int(arrival.place.split(separator: "n")[1]) ?? 0
      try example(number)["scan.tif"]?.write(
        to: URL(fileURLWithPath: folder.file("data/\(arrival.place)/scan.tif")))
    }
    for place in ["M0/again", "M7/other"] {
      try FileManager.default.createDirectory(
        atPath: folder.file("data/M7"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: folder.file("data/" + arrivals[0].place), toPath: folder.file("data/" + place))
    }
    let last = try program.run(arguments + ["--once"])
    #expect(last.code == 65, "\(last.errors)")

    let events = try log()
    let failed = Set(
      events.filter { $0["status"] as? String == "failed" }.compactMap { $0["path"] as? String })
    for arrival in left where !arrival.kind.isGood {
      #expect(failed.contains("data/\(arrival.place)/scan.tif"), "\(arrival.place)")
    }
    let dry = try program.run(
      arguments.filter { $0 != "--log" && $0 != "log.ndjson" } + ["--dry-run"])
    var states: [String: String] = [:]
    for line in dry.output.split(separator: "\n") {
      let scan = try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      states[scan["path"] as? String ?? ""] = scan["state"] as? String
    }
    for arrival in left {
      let path =
        "data/" + arrival.place + ([.frames, .ssrl].contains(arrival.kind) ? "" : "/scan.tif")
      #expect(states[path] == (arrival.kind.isGood ? "known" : "failed"), "\(path)")
    }
    #expect(states.count == left.count + 2)
    let conflict = try #require(events.last { $0["path"] as? String == "data/M7/other/scan.tif" })
    #expect(conflict["exit_code"] as? Int == 1)
    #expect(
      events.contains {
        $0["path"] as? String == "data/M0/again/scan.tif" && $0["status"] as? String == "sighted"
      })

    // Each good one has a run of its own, under its sample, once; the catalog is whole.
    let runs = try UserSQL(path: folder.file("t.lode")).answer(
      "SELECT sample, run_id FROM run_overview"
    ).rows
    let isStored = { (arrival: Arrival) in arrival.kind.isGood }
    // The deleted one may have been stored before.
    let place = arrivals[24].place
    let seen = try UserSQL(path: folder.file("t.lode"))
      .answer("SELECT path FROM file_overview WHERE path LIKE '%/\(place)/scan.tif'").rows
    let deleted = !seen.isEmpty
    #expect(runs.count == left.count(where: isStored) + (deleted ? 1 : 0))
    for sample in 0..<5 {
      let own = left.count { $0.kind.isGood && $0.place.hasPrefix("M\(sample)/") }
      let found = runs.count { $0[0] == .text("M\(sample)") }
      #expect(found == own + (deleted && arrivals[24].place.hasPrefix("M\(sample)/") ? 1 : 0))
    }
    #expect(try program.run("check", "--deep").code == 0)
    #expect(kills == arrivals.count / 3)
    print("watch: \(events.count) events, \(kills) kills, \(runs.count) runs")
  }
}
