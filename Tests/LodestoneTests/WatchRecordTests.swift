import Foundation
import Lodestone
import StackIO
import Testing
import TestSupport

/// What a watch remembers, and what it does not do twice.
@Suite struct WatchRecordTests {
  private let disk = MadeUpDisk()
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: String { folder.file("t.lode.watched") }

  /// A watch as a program makes it that begins: with what the file says, of runs that a catalog has.
  private func watch(runs: Set<String> = ["r"], asked: String = "") throws -> Watch {
    Watch(
      root: "data",
      options: WatchOptions(settle: 30, request: ScanRequest(path: "data"), asked: asked) { _ in
        "M1"
      }, disk: disk, record: WatchRecord(path: path) { runs.contains($0) })
  }

  private func ready(_ watch: inout Watch, at now: Double) -> [String] {
    _ = watch.look(at: now)
    return watch.scans.filter { $0.state == "ready" }.map(\.scan.place)
  }

  private func end(_ watch: inout Watch, _ outcome: Watch.Outcome) throws {
    let scan = try #require(watch.next())
    watch.begin(scan)
    watch.end(scan, outcome)
  }

  /// A thousand known scans: no file of theirs is opened after a restart, and no folder listed again at each look.
  @Test func whatIsDoneIsNotReadAgain() throws {
    for number in 0..<40 { disk.write("data/m\(number)/scan.tif") }
    var first = try watch()
    #expect(ready(&first, at: 0) == [] && ready(&first, at: 30).count == 40)
    for _ in 0..<40 { try end(&first, .done(runs: ["r"])) }
    #expect(first.next() == nil && first.counts.done == 40)
    disk.forget()
    var second = try watch()
    #expect(ready(&second, at: 0) == [] && second.counts.done == 40)
    for now in stride(from: 5.0, to: 2000, by: 5) { #expect(ready(&second, at: now) == []) }
    #expect(disk.opened.isEmpty)
    let quiet = disk.listings.count
    #expect(quiet < 41 * 60, "\(quiet)")
    // What changes in its place is seen all the same.
    disk.write("data/m7/scan.tif", bytes: 1001)
    for now in stride(from: 2000.0, to: 2300, by: 5) { _ = ready(&second, at: now) }
    #expect(ready(&second, at: 2300) == ["m7/scan.tif"])
    // And a new name at the next look.
    disk.write("data/m8/late.tif")
    #expect(ready(&second, at: 2305).count == 1 && second.counts.arriving == 1)
    // What another catalog has, or another question was, is to be done.
    var third = try watch(runs: [])
    _ = ready(&third, at: 0)
    #expect(ready(&third, at: 30).count == 41)
    var fourth = try watch(asked: "other")
    _ = ready(&fourth, at: 0)
    #expect(ready(&fourth, at: 30).count == 41)
  }

  /// Data is tidied away when it was analysed: fewer frames, or no dark any more, are no new scan.
  @Test func whatGoesAwayMakesNothingNew() throws {
    for energy in 7100..<7110 { disk.write("data/f/a_\(energy).0_eV.tif", pages: 1) }
    for name in ["scan", "references", "dark"] { disk.write("data/s/\(name).tif") }
    var first = try watch()
    #expect(ready(&first, at: 0) == [] && ready(&first, at: 30).count == 2)
    for _ in 0..<2 { try end(&first, .done(runs: ["r"])) }
    var second = try watch()
    for energy in 7100..<7105 { disk.files["data/f/a_\(energy).0_eV.tif"] = nil }
    disk.files["data/s/dark.tif"] = nil
    for number in 0..<2 {
      var watch = number == 0 ? first : second
      #expect(ready(&watch, at: 100) == [] && ready(&watch, at: 200) == [])
      #expect(watch.counts.done == 2)
    }
    disk.write("data/f/a_7200.0_eV.tif", pages: 1)
    #expect(ready(&second, at: 300) == [] && ready(&second, at: 330) == ["f/a"])
    disk.files = [:]
    #expect(ready(&second, at: 400) == [] && second.scans.isEmpty)
    disk.folders = []
    #expect(second.look(at: 500) == nil)
  }

  @Test func aFailureIsTriedAgainWhenFilesChange() throws {
    disk.write("data/scan.tif")
    var first = try watch()
    #expect(ready(&first, at: 0) == [] && ready(&first, at: 30) == ["scan.tif"])
    let failure = WatchFailure(message: "no TIFF", exitCode: 65)
    try end(&first, .failed(failure, isOfData: true))
    #expect(ready(&first, at: 60) == [] && first.counts.failed == 1)
    var second = try watch()
    #expect(ready(&second, at: 0) == [] && ready(&second, at: 30) == [])
    #expect(second.scans.map(\.failure) == [failure])
    disk.write("data/energies.txt")
    #expect(ready(&second, at: 40) == [] && ready(&second, at: 70) == ["scan.tif"])
    // What is not of the data is tried again by the next program.
    try end(&second, .failed(WatchFailure(message: "sample", exitCode: 1), isOfData: false))
    #expect(ready(&second, at: 100) == [])
    var third = try watch()
    #expect(ready(&third, at: 0) == [] && ready(&third, at: 30) == ["scan.tif"])
    try end(&third, .later(failure, at: 90))
    #expect(ready(&third, at: 89) == [] && third.counts.arriving == 1)
    #expect(ready(&third, at: 90) == ["scan.tif"])
    try end(&third, .left)
    #expect(ready(&third, at: 95) == ["scan.tif"])
    try end(&third, .done(runs: ["r"]))
    #expect(ready(&third, at: 100) == [] && third.counts.done == 1)
  }

  /// What ended the program comes last; a kill in the middle of a line costs that line.
  @Test func whatEndedTheProgramComesLast() throws {
    for name in ["a", "b"] { disk.write("data/\(name)/scan.tif") }
    for number in 0..<3 {
      var watch = try watch()
      #expect(ready(&watch, at: 0) == [] && ready(&watch, at: 30).count == 2)
      let scan = try #require(watch.next())
      #expect(scan.place == ["a/scan.tif", "b/scan.tif", "a/scan.tif"][number])
      #expect(watch.unfinished(scan) == number / 2)
      watch.begin(scan)
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(whole.split(separator: 10).count == 3)
    try whole.dropLast(20).write(to: URL(fileURLWithPath: path))
    var watch = try watch()
    _ = ready(&watch, at: 0)
    _ = ready(&watch, at: 30)
    for _ in 0..<2 { try end(&watch, .done(runs: ["r"])) }
    var again = try self.watch()
    #expect(ready(&again, at: 0) == [] && again.counts.done == 2)
    #expect(watch.record.remark == nil)
  }

  @Test func aRecordThatCannotBeWrittenIsSaid() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    disk.write("data/scan.tif")
    var watch = try watch()
    #expect(ready(&watch, at: 0) == [] && ready(&watch, at: 30) == ["scan.tif"])
    try end(&watch, .done(runs: ["r"]))
    #expect(watch.record.remark?.contains("t.lode.watched") == true)
    #expect(ready(&watch, at: 60) == [])
  }

  // MARK: The real disk

  @Test func linksAndOddFiles() throws {
    let (data, outside) = (folder.file("data"), folder.file("outside"))
    let files = FileManager.default
    for path in [data + "/m1", outside] {
      try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    for path in [data + "/m1/scan.tif", outside + "/far.tif"] {
      #expect(files.createFile(atPath: path, contents: Data("II*".utf8)))
    }
    for (link, target) in [
      ("latest.tif", data + "/m1/scan.tif"), ("far.tif", outside + "/far.tif"),
      ("nowhere.tif", data + "/none.tif"), ("m1/up", data), ("other", outside),
    ] {
      try files.createSymbolicLink(atPath: data + "/" + link, withDestinationPath: target)
    }
    #expect(mkfifo(data + "/pipe.tif", 0o600) == 0)
    var watch = Watch(
      root: data + "/",
      options: WatchOptions(settle: 30, request: ScanRequest(path: data)) { _ in "M1" },
      disk: LocalDisk(root: data))
    _ = watch.look(at: 0)
    #expect(ready(&watch, at: 30) == ["far.tif", "m1/scan.tif", "other/far.tif"])
    #expect(watch.next()?.path == data + "/far.tif")
    #expect(watch.next().map { watch.isUnchanged($0) } == true)
    try Data("II*.".utf8).write(to: URL(fileURLWithPath: outside + "/far.tif"))
    #expect(watch.next().map { watch.isUnchanged($0) } == false)
    #expect(LocalDisk(root: data).listing(of: data + "/m1")?.linkedFolders == ["up"])
    #expect(LocalDisk(root: data).listing(of: data + "/none") == nil)
    #expect(LocalDisk(root: data).stamp(ofFile: data + "/pipe.tif") == nil)
  }
}
