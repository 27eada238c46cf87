import Foundation
import StackIO
import Testing
import TestSupport

/// `ingest` on what lies in beamlines' folders, by the program itself.
@Suite struct ScanCommandTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Every file that is no grey frame, cannot be decoded, or was made to crash a decoder: refused with its
  /// name, page and reason before anything else, within bounded memory.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func brokenFilesAreRefusedByNameAndPage() throws {
    let rows = try SharedData.rows("tiff/manifest.csv")
    var refused = 0
    for row in rows where row.count > 1 {
      let (name, kind) = (row[0], row[1])
      guard ["not_gray", "undecodable", "hostile", "gray_oddbits"].contains(kind) else { continue }
      let path = SharedData.path("tiff/\(kind)/\(name)")
      // 500 MB of data at most: more would be no memory, which is another exit code.
      let outcome = try program.run(
        ["ingest", path, "--dry-run", "--signal", "od"], limits: "-d 500000")
      #expect(outcome.code == 65, "\(name): \(outcome.code) \(outcome.errors)")
      #expect(outcome.errors.hasPrefix("lodestone: \(path): "), "\(outcome.errors)")
      #expect(!outcome.errors.contains("energies"), "\(outcome.errors)")
      let isNoTIFF = outcome.errors.contains("not a TIFF")
      #expect(isNoTIFF || outcome.errors.contains(": page "), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.output.isEmpty)
      refused += 1
    }
    #expect(refused > 100)
  }

  @Test func aDryRunTellsWhatWouldBeReadAndStoresNothing() throws {
    let made = BeamlineFolder()
    try made.write(to: program.folder.file("scan"))
    let damaged = "scan/\(made.name(8340, 2)).tif"
    _ = try program.folder.write("lost", to: damaged)
    let arguments = [
      "ingest", "scan", "--exposure", "0.5", "--reference-exposure", "0.3", "--dry-run",
    ]
    let text = try program.run(arguments)
    #expect(text.code == 0 && text.errors.isEmpty)
    for words in [
      "folder of SSRL 6-2c, ABBA", "10, 8250.0 to 8440.0 eV (file name)", "0.5 s (given)",
      "0.3 s (given)",
      damaged, "references of the same energy",
    ] {
      #expect(text.output.contains(words), "\(words)")
    }
    let json = try program.run(arguments + ["--json"]).json
    #expect(json["status"] as? String == "dry-run")
    #expect(json["energies_ev"] as? [Double] == made.energies)
    let frames = try #require(json["frames"] as? [[String: Any]])
    #expect(frames.count == 29)
    #expect(frames[0]["exposure_s"] as? Double == 0.5)
    #expect((frames[0]["digest"] as? String)?.count == 64)
    #expect(frames[0]["references"] as? [Int] == [0, 1, 2, 3])
    #expect((json["references"] as? [[String: Any]])?.count == 40)
    #expect((json["warnings"] as? [String])?.contains { $0.hasPrefix(damaged) } == true)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: program.folder.path) == ["scan"])
    // The same frames make the same scan when it is stored.
    try program.run("init", "t.lode")
    let stored = try program.run(
      arguments.filter { $0 != "--dry-run" } + ["--sample", "M1", "--json"])
    #expect(stored.json["scan"] as? String == json["scan"] as? String, "\(stored.errors)")
  }

  @Test func severalPositionsAreSeveralScans() throws {
    var made = BeamlineFolder()
    for position in ["A_1", "A_2", "bad"] {
      made.position = position
      made.rate += 1000
      try made.write(to: program.folder.file("scan"))
    }
    for number in 1...3 {
      _ = try program.folder.write("lost", to: "scan/\(made.name(8324, number)).tif")
    }
    try program.run("init", "t.lode")
    let arguments = ["ingest", "scan", "--sample", "M1", "--json"]
    let outcome = try program.run(arguments + ["--exposure", "0.5", "--reference-exposure", "0.3"])
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 3 && outcome.code == 65)
    #expect(lines[0].contains("\"status\":\"stored\"") && lines[0].contains("rep01 A_1"))
    #expect(lines[1].contains("\"status\":\"stored\"") && lines[1].contains("rep01 A_2"))
    #expect(lines[2].contains("\"status\":\"failed\"") && lines[2].contains("08324.0_eV_001of003"))
    let one = try program.run(
      arguments + [
        "--part", "rep01 A_2", "--exposure", "0.5", "--reference-exposure", "0.3",
      ])
    #expect(one.code == 0 && one.json["status"] as? String == "unchanged")
    let none = try program.run(arguments + ["--part", "rep09"])
    #expect(none.code == 65 && none.errors.contains("\"rep01 A_1\""))
  }

  @Test func joinedStacks() throws {
    let small = try program.smallExample()
    #expect(try program.run("init", "t.lode").code == 0)
    let whole = try program.run(small + ["--json"])
    let energies = try EnergyList(path: program.folder.file("ex/energies.txt")).energies
    var arguments = ["ingest", "--join", "--sample", "M1", "--pixel-size", "0.028", "--json"]
    for (name, range) in [("fe", 7000.0..<8000), ("nd", 6000.0..<7000)] {
      let folder = program.folder.file(name)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for (file, marker) in [("scan", ""), ("references", "_ref")] {
        let stack = try TIFFFile(path: program.folder.file("ex/\(file).tif"))
        for (page, energy) in energies.enumerated() where range.contains(energy) {
          let frame = try stack.frame(page: page)
          let samples = frame.values.floats.map { UInt16($0) }
          let bytes = try TIFFWriter.encode([
            .init(height: frame.height, width: frame.width, samples: .uint16(samples))
          ])
          _ = try program.folder.write(bytes, to: "\(name)/a\(marker)_\(energy)_eV.tif")
        }
      }
      try FileManager.default.copyItem(
        atPath: program.folder.file("ex/dark.tif"), toPath: "\(folder)/dark.tif")
      arguments.append(name)
    }
    let joined = try program.run(arguments)
    #expect(joined.code == 0, "\(joined.errors)")
    func fractions(_ outcome: Program.Outcome) -> [Double] {
      let clusters = outcome.json["clusters"] as? [[String: Any]] ?? []
      return clusters.compactMap { $0["nd_fraction"] as? Double }
    }
    #expect(!fractions(whole).isEmpty && fractions(joined) == fractions(whole))
    #expect(try program.run("ingest", "fe", "--join", "--sample", "M1").code == 64)
  }

  /// Pipes would hang, or could not be read again.
  @Test func pipesAndDevicesAreRefused() throws {
    let small = try program.smallExample()
    try program.run("init", "t.lode")
    let pipe = program.folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero", "/dev/null"] {
      for option in ["--energies", "--reference", "--dark"] {
        var arguments = small
        let place = try #require(arguments.firstIndex(of: option))
        arguments[place + 1] = path
        let outcome = try program.run(arguments)
        #expect(outcome.code == 65, "\(option) \(path): \(outcome.errors)")
        #expect(outcome.errors.contains("not a regular file"))
      }
    }
  }

  @Test func otherFormatsAreNamed() throws {
    for (bytes, words) in [
      ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] as [UInt8], "XRM or TXRM"),
      ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "HDF5"),
    ] {
      let path = try program.folder.write(bytes, to: "scan.bin")
      let outcome = try program.run("ingest", path, "--dry-run")
      #expect(outcome.code == 65 && outcome.errors.contains(words))
      #expect(outcome.errors.contains("export its frames to TIFF"))
    }
  }
}

/// What `ingest` may use, and what it may be told of drift, by the program itself.
@Suite struct ResourceCommandTests {
  private let program: Program
  private let ingest: [String]

  init() throws {
    program = try Program()
    ingest = try program.smallExample()
    #expect(try program.run("init", "m.lode").code == 0)
  }

  @Test func aScratchFileChangesNothingAndIsGone() throws {
    #expect(try program.run(ingest).code == 0)
    try FileManager.default.createDirectory(
      atPath: program.folder.file("scratch"), withIntermediateDirectories: true)
    let small = ["--memory", "58MB", "--scratch", "scratch"]
    let outcome = try program.run(["verify", "@last"] + small)
    #expect(outcome.code == 0 && outcome.output.hasPrefix("identical: "), "\(outcome)")
    #expect(outcome.errors == "a scratch file of 1.7 MB in scratch\n")
    let left = try FileManager.default.contentsOfDirectory(atPath: program.folder.file("scratch"))
    #expect(left.isEmpty)
    for (options, code, words) in [
      (["--memory", "1MB"], 74, "needs at least"), (["--memory", "lots"], 64, "--memory"),
      (["--memory", "0"], 64, "--memory"), (["--scratch", "scratch"], 64, "--memory SIZE"),
      (["--memory", "58MB", "--scratch", "nowhere"], 64, "there is no such folder"),
    ] as [([String], Int32, String)] {
      let outcome = try program.run(["verify", "@last"] + options)
      #expect(outcome.code == code && outcome.errors.contains(words), "\(options): \(outcome)")
    }
  }

  /// What a run found can be given to another, and the run that was given it needs no file to be verified.
  @Test func driftFromARunToAnother() throws {
    #expect(try program.run(ingest).code == 0)
    #expect(try program.run("export", "@last", "--drift", "d.csv", "--mask", "m.tif").code == 0)
    let given = try program.run(ingest + ["--drift", "d.csv", "--json"])
    #expect(given.code == 0 && given.json["status"] as? String == "stored", "\(given.errors)")
    #expect(try program.run("export", "@last", "--drift", "e.csv").code == 0)
    #expect(try program.bytes("d.csv") == program.bytes("e.csv"))
    try FileManager.default.removeItem(atPath: program.folder.file("d.csv"))
    #expect(try program.run("verify", "@last").output.hasPrefix("identical: "))
    let missing = try program.run(ingest + ["--drift", "d.csv"])
    #expect(missing.code == 66 && missing.errors.contains("d.csv"))
    _ = try program.folder.write("dy_px,dx_px\n1,2\n", to: "short.csv")
    let short = try program.run(ingest + ["--drift", "short.csv"])
    #expect(short.code == 65 && short.errors.contains("drift is given for 1 frames"))
  }

  @Test func sizesOfPixels() throws {
    let oblong = try program.run(ingest + ["--pixel-size", "0.056x0.028", "--json"])
    let clusters = try #require(oblong.json["clusters"] as? [[String: Any]])
    for cluster in clusters {
      let (pixels, area) = (cluster["pixels"] as? Double ?? 0, cluster["area_um2"] as? Double ?? 0)
      #expect(abs(area - 0.056 * 0.028 * pixels) < 1e-9)
    }
    #expect(try program.run(ingest + ["--pixel-size", "0.1y0.2"]).code == 64)
  }
}
