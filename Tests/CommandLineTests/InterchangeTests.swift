import Foundation
import StackIO
import Testing
import TestSupport

/// What `export` writes for other programs: XDI, ImageJ's TIFF, CSV.
@Suite struct InterchangeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appendingPathComponent(".build/python/bin/python").path
  private static let isThere = FileManager.default.fileExists(
    atPath: root.appendingPathComponent(".build/python/requirements.txt").path)

  private let program: Program
  private let ingest: [String]

  init() throws {
    program = try Program()
    #expect(try program.run("init", "magnets.lode").code == 0)
    // Larch's E0 needs more energies than the small example has.
    ingest = try program.smallExample(energies: 60)
  }

  private func run(_ arguments: String...) throws -> Program.Outcome {
    let outcome = try program.run(arguments)
    #expect(outcome.code == 0, "\(arguments): \(outcome.errors)")
    return outcome
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: program.folder.file(folder)).sorted()
  }

  /// xraylarch, tifffile and pandas read each convention's files, and Larch's own edge steps are the stored ones.
  @Test(.enabled(if: isThere, "SKIPPED: no .build/python: make it with Scripts/python-tools.sh"))
  func theFieldsOwnProgramsReadIt() throws {
    let settings = [
      ("larch", ["edges.convention=larch", "edges.e0=derivative"]), ("textbook", []),
      ("area", ["edges.convention=area"]), ("two_means", ["edges.convention=two_means"]),
      ("none", ["edges.convention=none"]), ("no-edge", ["elements.symbols=Mn"]),
    ]
    for (tag, settings) in settings {
      let ingested = try program.run(ingest + settings.flatMap { ["--set", $0] })
      #expect(ingested.code == 0, "\(ingested.errors)")
      _ = try run("tag", "@last", tag)
      if tag == "larch" {
        _ = try run("phase", "define", "matrix", "--where", "nd_fraction=0.05..0.2")
        _ = try run("phase", "define", "altered", "--where", "nd_fraction>=0.65")
      }
    }
    try FileManager.default.createDirectory(
      atPath: program.folder.file("out"), withIntermediateDirectories: false)
    for (tag, _) in settings {
      _ = try run(
        "export", "tag:\(tag)", "--xdi", "out/\(tag)", "--map", "label", "out/\(tag).tif",
        "--spectra", "out/\(tag).csv")
      if tag != "no-edge" {
        _ = try run("export", "tag:\(tag)", "--map", "edge-step", "out/\(tag)-steps.tif")
      }
      let clusters = try run(
        "query", "run-clusters", "--param", "run=tag:\(tag)", "--format", "csv")
      _ = try program.folder.write(clusters.output, to: "out/clusters-\(tag).csv")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.python)
    process.arguments = [
      Self.root.appendingPathComponent("Tests/Python/read_exports.py").path,
      program.folder.file("magnets.lode"), program.folder.file("out"),
      Self.root.appendingPathComponent("docs/interchange.md").path,
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(said == "33 files, 6 normalised by Larch, 11 maps, 12 tables, 3 blocks\n")
  }

  @Test func xdiFilesReplaceNoneOfOthers() throws {
    #expect(try program.run(ingest).code == 0)
    _ = try run("phase", "define", "a/b phase", "--where", "nd_fraction=0.05..0.2")
    _ = try run("sample", "set", "M1", "Facility.name=SSRL", "annealed_c=900", "odd name=x")
    _ = try run("note", "@last", "the best: use it")
    let first = try run("export", "@last", "--xdi", "x")
    #expect(first.output.isEmpty && first.errors == "x: 6 files\n")
    let made = try names("x")
    #expect(made.count == 6 && made.contains("M1_0_a-b-phase_Nd-L3.xdi"), "\(made)")
    let text = String(decoding: try program.bytes("x/M1_0_a-b-phase_Nd-L3.xdi"), as: UTF8.self)
    for line in [
      "# XDI/1.0 Lodestone/", "# Element.symbol: Nd", "# Element.edge: L3", "# Sample.name: M1",
      "# Facility.name: SSRL", "# Sample.annealed_c: 900", "# Lodestone.phase: a/b phase",
      "# Lodestone.e0_method: tabulated", "# ///\n# the best: use it (",
      "# ---\n# energy mutrans mutrans_sd normtrans flattrans\n",
    ] {
      #expect(text.contains(line), "\(line)")
    }
    #expect(!text.contains("odd name") && !text.contains("Beamline"))
    // One is a reference spectrum for what comes after: the cluster that it was fits it as well as the phase that it is.
    let near = try run(
      "phase", "define", "like it", "--near", "x/M1_0_a-b-phase_Fe-K.xdi", "--within", "0.01")
    #expect(
      near.errors.contains("1 more is ambiguous (1 run changed); a/b phase loses 1"), "\(near)")
    _ = try run("phase", "remove", "like it")
    // The same run may write them again; another one may not, and then changes nothing.
    let before = try program.bytes("x/M1_0_a-b-phase_Nd-L3.xdi")
    _ = try run("export", "@last", "--xdi", "x")
    #expect(try program.bytes("x/M1_0_a-b-phase_Nd-L3.xdi") == before)
    let old = try #require(text.firstMatch(of: /Lodestone.run_id: ([0-9a-f]{64})/)).1
    #expect(try program.run(ingest + ["--set", "dbscan.radius=1.5"]).code == 0)
    let other = try program.run("export", "@last", "--xdi", "x")
    #expect(other.code == 65 && other.errors.contains("not of this run"), "\(other)")
    #expect(try names("x") == made && program.bytes("x/M1_0_a-b-phase_Nd-L3.xdi") == before)
    _ = try run("retract", String(old), "--reason", "wrong")
    _ = try run("export", String(old), "--xdi", "x")
    let again = String(decoding: try program.bytes("x/M1_0_a-b-phase_Nd-L3.xdi"), as: UTF8.self)
    #expect(again.contains("# Lodestone.retracted: yes\n"))
    #expect(try program.run("export", "@last", "--xdi", "no/x").code == 66)
    #expect(try program.run("export", "@last", "--xdi", "magnets.lode").code == 65)
  }

  /// The words behind --map and --plot, and the run's name among them.
  @Test func picturesAreNamedByTwoWords() throws {
    #expect(try program.run(ingest).code == 0)
    let whole = try run("export", "@last", "--map", "label", "a.tif")
    #expect(whole.output.isEmpty && whole.errors.isEmpty)
    _ = try run("export", "--map", "label", "b.tif", "@last")
    _ = try run(
      "export", "--map", "label", "c.TIFF", "label", "d.tif", "--labels", "e.tif", "@last")
    for name in ["b.tif", "c.TIFF", "d.tif"] {
      #expect(try program.bytes(name) == program.bytes("a.tif"))
    }
    for (words, reason) in [
      (["--map"], "Missing value"), (["--map", "label"], "needs a file"),
      (["--map", "labels", "x.tif"], "write --map label|od|edge-step|depth FILE.png|svg|tif"),
      (["--map", "label", "x.gif"], "must end in .png, .svg or .tif"),
      (["--plot", "spectra", "x.tif"], "must end in .svg or .png"),
      (["--map", "label", "x.tif", "other"], "name one run"),
      (["--map", "label", "x.tif", "label", "x.tif"], "the same name"),
      (["--map", "label", "x.tif", "--labels", "x.tif"], "the same name"),
    ] {
      let refused = try program.run(["export", "@last"] + words)
      #expect(refused.code == 64 && refused.errors.contains(reason), "\(words): \(refused)")
      #expect(!FileManager.default.fileExists(atPath: program.folder.file("x.tif")))
    }
  }
}
