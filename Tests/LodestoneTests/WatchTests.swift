import Foundation
import Lodestone
import StackIO
import Testing
import TestSupport

/// A disk that is made up: folders and files by their paths, each file with a size and a time.
final class MadeUpDisk: WatchedDisk {
  struct File {
    var stamp: FileStamp
    var pages: Int?
    var text = ""
  }

  var files: [String: File] = [:]
  /// Names of folders that are there without a file, and of those that cannot be read.
  var folders: Set<String> = ["data"]
  var unreadable: Set<String> = []
  private var times: [String: Int] = [:]
  private var names: [String: Set<String>] = [:]
  /// What was asked for.
  private(set) var listings: [String] = []
  private(set) var opened: [String] = []

  /// Writes a file; a stack of 30 pages where nothing is said.
  func write(
    _ path: String, bytes: Int = 1000, modified: Int = 5, pages: Int? = 30, text: String = ""
  ) {
    files[path] = File(
      stamp: FileStamp(bytes: bytes, modified: modified), pages: pages, text: text)
  }

  func forget() { (listings, opened) = ([], []) }

  private func isFolder(_ path: String) -> Bool {
    folders.contains(path) || files.keys.contains { $0.hasPrefix(path + "/") }
  }

  private func below(_ path: String) -> Set<String> {
    Set(
      (Array(files.keys) + folders).filter { $0.hasPrefix(path + "/") }.map {
        String($0.dropFirst(path.count + 1).prefix { $0 != "/" })
      })
  }

  func mark(ofFolder path: String) -> FolderMark? {
    guard isFolder(path) else { return nil }
    // As a file system does it: the time changes where a name comes or goes.
    let now = below(path)
    if names[path] != now {
      names[path] = now
      times[path, default: 0] += 1
    }
    return FolderMark(
      identity: [1, UInt64(bitPattern: Int64(path.hashValue))], modified: times[path] ?? 0)
  }

  func listing(of path: String) -> FolderListing? {
    listings.append(path)
    if unreadable.contains(path) { return nil }
    var listing = FolderListing()
    for name in below(path) {
      if let file = files[path + "/" + name] {
        listing.files[name] = file.stamp
      } else {
        listing.folders.append(name)
      }
    }
    return listing
  }

  func stamp(ofFile path: String) -> FileStamp? { files[plain(path)]?.stamp }

  /// A path without the steps up in it.
  private func plain(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") {
      if part == ".." { parts.removeLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }

  func files(at path: String) -> [String] {
    isFolder(path) && files[path] == nil ? below(path).sorted().map { path + "/" + $0 } : [path]
  }

  func pageCount(ofTIFF path: String) -> Int? {
    opened.append(path)
    return files[path]?.pages
  }

  func scanInfo(_ paths: [String]) -> ScanInfo {
    let folder = try? TemporaryFolder()
    let texts = paths.compactMap { try? folder?.write(files[$0]?.text ?? "", to: "\(UUID()).txt") }
    return ScanInfo(files: texts)
  }
}

/// When a scan has arrived, and what is a scan, on a disk and by a clock that are made up.
@Suite struct WatchTests {
  private let disk = MadeUpDisk()

  private func options(
    reference: String? = nil, dark: String? = nil, signal: SignalKind? = nil,
    sample: String? = nil
  ) throws -> WatchOptions {
    var request = ScanRequest(path: "data")
    request.signal = signal
    let pattern = try sample.map { try SamplePattern($0) }
    return WatchOptions(
      settle: 30, request: request,
      reference: try reference.map { try PlacePattern($0, option: "--reference") },
      dark: try dark.map { try PlacePattern($0, option: "--dark") }
    ) { place in pattern.map { $0.sample(of: place) } ?? "M1" }
  }

  private func watch(_ record: WatchRecord = WatchRecord(), _ options: WatchOptions? = nil) throws
    -> Watch
  {
    Watch(root: "data", options: try options ?? self.options(), disk: disk, record: record)
  }

  /// What can be ingested now, all of it.
  private func ready(_ watch: inout Watch, at now: Double) -> [String] {
    _ = watch.look(at: now)
    return watch.scans.filter { $0.state == "ready" }.map(\.scan.place)
  }

  /// What a look says.
  private func said(_ watch: inout Watch, at now: Double) -> [Watch.Notice] {
    watch.look(at: now) ?? []
  }

  private func end(_ watch: inout Watch, at now: Double, _ outcome: Watch.Outcome = .done(runs: []))
  {
    _ = watch.look(at: now)
    while let scan = watch.next() {
      watch.begin(scan)
      watch.end(scan, outcome)
    }
  }

  // MARK: Settling

  @Test func aFileThatGrowsIsWaitedFor() throws {
    var watch = try watch()
    for (now, bytes) in [(0.0, 10), (20, 20), (40, 30), (60, 30), (69, 30)] {
      disk.write("data/a/scan.tif", bytes: bytes)
      #expect(ready(&watch, at: now) == [], "\(now)")
      #expect(watch.counts.arriving == 1)
    }
    #expect(ready(&watch, at: 70) == ["a/scan.tif"])
    // Written anew in its place, of the same size.
    disk.write("data/a/scan.tif", bytes: 30, modified: 6)
    #expect(ready(&watch, at: 71) == [])
    #expect(ready(&watch, at: 101) == ["a/scan.tif"])
  }

  /// Times of files are of another clock, or of years ago: they are compared with themselves only.
  @Test(arguments: [0, -7_000_000_000, Int.max]) func theTimeOfAFileTellsNothing(time: Int) throws {
    var watch = try watch()
    disk.write("data/scan.tif", modified: time)
    #expect(ready(&watch, at: 1000) == [])
    #expect(ready(&watch, at: 1029) == [])
    #expect(ready(&watch, at: 1030) == ["scan.tif"])
  }

  @Test func whatBelongsToAScanMustBeStillToo() throws {
    var watch = try watch()
    disk.write("data/scan.tif")
    #expect(ready(&watch, at: 0) == [])
    disk.write("data/references.tif")
    disk.write("data/energies.txt")
    #expect(ready(&watch, at: 20) == [])
    #expect(ready(&watch, at: 40) == [])
    disk.write("data/energies.txt", bytes: 1001)
    #expect(ready(&watch, at: 50) == [])
    // Unfinished, but by its name a dark.
    disk.write("data/.dark.tif.x7Gh2k")
    #expect(ready(&watch, at: 70) == [])
    disk.files["data/dark.tif"] = disk.files.removeValue(forKey: "data/.dark.tif.x7Gh2k")
    #expect(ready(&watch, at: 90) == [])
    #expect(ready(&watch, at: 119) == [])
    #expect(ready(&watch, at: 120) == ["scan.tif"])
    let scan = try #require(watch.next())
    #expect(scan.tiffs == ["scan.tif", "references.tif", "dark.tif"])
    #expect(scan.companions == ["dark.tif", "energies.txt", "references.tif"])
    #expect(scan.request(try options()).files == scan.tiffs)
    #expect(watch.isUnchanged(scan))
    disk.write("data/dark.tif", bytes: 1)
    #expect(!watch.isUnchanged(scan))
    disk.files["data/dark.tif"] = nil
    #expect(!watch.isUnchanged(scan))
  }

  @Test func unfinishedAndHiddenFilesAreNoScans() throws {
    var watch = try watch()
    for name in [
      ".scan.tif.Ab12", "scan.tif.part", "scan.tmp.tif", "~scan.tif", "scan.tif~",
      ".snapshot/scan.tif",
      "b.partial/scan.tif", "notes.pdf",
    ] {
      disk.write("data/" + name)
    }
    #expect(ready(&watch, at: 0) == [] && ready(&watch, at: 100) == [])
    #expect(watch.scans.isEmpty && watch.counts.arriving == 0)
    disk.files["data/scan.tif"] = disk.files.removeValue(forKey: "data/scan.tif.part")
    #expect(ready(&watch, at: 200) == [])
    #expect(ready(&watch, at: 230) == ["scan.tif"])
  }

  /// Frames of two positions in turns, minutes apart: none is complete before the folder is quiet.
  @Test func framesAreTakenWhenTheirFolderIsQuiet() throws {
    var watch = try watch()
    var now = 0.0
    for energy in 7100..<7110 {
      for position in ["A", "B"] {
        disk.write("data/n/pos\(position)_\(energy).0_eV.tif", pages: 1)
        disk.write("data/n/pos\(position)_ref_\(energy).0_eV.tif", pages: 1)
        #expect(ready(&watch, at: now) == [])
        now += 25
      }
    }
    now -= 25
    // A file that is copied under another name for long keeps the folder waiting.
    disk.write("data/n/.posA_7110.0_eV.tif.Zu7", bytes: 1)
    #expect(ready(&watch, at: now + 29) == [])
    disk.files["data/n/posA_7110.0_eV.tif"] = disk.files.removeValue(
      forKey: "data/n/.posA_7110.0_eV.tif.Zu7")
    #expect(ready(&watch, at: now + 40) == [])
    #expect(ready(&watch, at: now + 70) == ["n/posA", "n/posB"])
    let scan = try #require(watch.scans.first?.scan)
    #expect(scan.part == "posA" && scan.path == "data/n, part \"posA\"")
    #expect(scan.frames.count == 11 && scan.tiffs.count == 21)
    // Something that is no frame may go on.
    disk.write("data/n/log.csv")
    #expect(ready(&watch, at: now + 71).count == 2)
  }

  /// SSRL 6-2c lists all frames first: what is complete is not waited with, what is not is waited for ten times as long.
  @Test func aListOfFramesTellsWhatIsToCome() throws {
    func names(_ position: String) -> [String] {
      (0..<4).flatMap { energy in
        [
          "rep01_\(100000 + energy)_ref_20161456_\(position)_0830\(energy).0_eV_001of001",
          "rep01_20161456_\(position)_0830\(energy).0_eV_001of001",
        ]
      }
    }
    for position in ["A", "B"] {
      disk.write(
        "data/s/ScanInfo_\(position).txt",
        text: "REFABBA 1\nFILES\n" + names(position).map { $0 + ".xrm" }.joined(separator: "\n"))
    }
    var watch = try watch()
    for name in names("A") { disk.write("data/s/\(name).xrm.tif", pages: 1) }
    #expect(ready(&watch, at: 0) == [])
    disk.write("data/s/\(names("B")[0]).tif", pages: 1)
    #expect(ready(&watch, at: 25) == [])
    disk.write("data/s/\(names("B")[1]).tif", pages: 1)
    #expect(ready(&watch, at: 50) == ["s/rep01 A"])
    #expect(watch.next()?.tiffs == Set(names("A").map { $0 + ".xrm.tif" }))
    end(&watch, at: 50)
    #expect(ready(&watch, at: 349) == [])
    #expect(ready(&watch, at: 350) == ["s/rep01 B"])
    for name in names("B") { disk.write("data/s/\(name).tif", pages: 1) }
    #expect(ready(&watch, at: 360) == [])
    #expect(ready(&watch, at: 390) == ["s/rep01 B"])
    #expect(watch.counts.done == 1)
  }

  // MARK: What is a scan

  @Test func stacksInOneFolderDoNotWaitForEachOther() throws {
    var watch = try watch()
    disk.write("data/flat_1.tif")
    disk.write("data/m_1.tif")
    disk.write("data/m_1_ref.tif")
    #expect(ready(&watch, at: 0) == [])
    disk.write("data/m_2.tif")
    disk.write("data/overview.tif", pages: 1)
    disk.write("data/at_7112.0_eV.tif", pages: 1)
    #expect(ready(&watch, at: 30) == ["m_1.tif"])
    #expect(watch.next()?.tiffs == ["m_1.tif", "m_1_ref.tif"])
    // m_2 does not take the references of m_1: the flat is nobody's.
    let notices = watch.look(at: 60)
    #expect(notices?.map(\.path) == ["data"])
    #expect(notices?.first?.words.contains("at_7112.0_eV.tif: beside stacks") == true)
    let scans = watch.scans.filter { $0.state == "ready" }.map(\.scan)
    #expect(scans.map(\.place) == ["m_1.tif", "m_2.tif", "overview.tif"])
    #expect(scans[1].tiffs == ["m_2.tif", "flat_1.tif"])
    // Its own come later than it: it is another scan with them.
    end(&watch, at: 60)
    disk.write("data/m_2_ref.tif")
    #expect(ready(&watch, at: 61) == [])
    #expect(ready(&watch, at: 91) == ["m_2.tif"])
    #expect(watch.next()?.tiffs == ["m_2.tif", "m_2_ref.tif"])
  }

  @Test func framesWithoutEnergiesInTheirNames() throws {
    var watch = try watch()
    for number in 1...3 { disk.write("data/f/img_00\(number).tif", pages: 1) }
    disk.write("data/f/energies.txt")
    #expect(ready(&watch, at: 0) == [])
    #expect(ready(&watch, at: 30) == ["f/img"])
    #expect(watch.next()?.frames.count == 3)
    #expect(watch.next()?.companions == ["energies.txt"])
  }

  @Test func foldersWithoutAScanAreSaidOnce() throws {
    disk.write("data/flats/ref_7112.0_eV.tif", pages: 1)
    disk.write("data/xrm/scan.xrm")
    disk.write("data/closed/scan.tif")
    disk.unreadable = ["data/closed"]
    var watch = try watch()
    #expect(watch.look(at: 0)?.map(\.path) == ["data/closed"])
    let notices = said(&watch, at: 30)
    #expect(notices.map(\.path) == ["data/flats", "data/xrm"])
    #expect(notices[0].words.contains("only references or darks"))
    #expect(notices[1].words.contains("XRM"))
    disk.write("data/flats/ref_7113.0_eV.tif", pages: 1)
    #expect(watch.look(at: 100) == [] && watch.look(at: 200) == [])
    // It was only made before the scan.
    disk.write("data/flats/a_7112.0_eV.tif", pages: 1)
    #expect(ready(&watch, at: 300) == [] && ready(&watch, at: 330) == ["flats/a"])
  }

  @Test func theSampleIsInThePath() throws {
    var watch = try watch(WatchRecord(), options(sample: "{sample}/*/scan.tif"))
    for path in ["M1/night/scan.tif", "M2/night/other.tif", "M3/scan.tif"] {
      disk.write("data/" + path)
    }
    #expect(watch.look(at: 0) == [])
    let notices = said(&watch, at: 30)
    #expect(notices.map(\.path) == ["data/M2/night/other.tif", "data/M3/scan.tif"])
    #expect(notices[0].words.contains("M2/night/other.tif does not match"))
    #expect(watch.counts.aside == 2)
    #expect(watch.next().map { watch.sample(of: $0) } == "M1")
    #expect(watch.look(at: 60) == [])
  }

  // MARK: What options name

  @Test func filesThatOptionsNameAreNoScansAndWaitedFor() throws {
    let options = try options(reference: "{name}_open.tif", dark: "../dark/{name}.tif")
    disk.write("data/m/a.tif")
    disk.write("data/m/a_open.tif")
    disk.write("data/dark/a.tif")
    disk.write("data/dark/b.tif")
    disk.write("data/m/b.tif")
    var watch = try watch(WatchRecord(), options)
    #expect(watch.look(at: 0) == [])
    let notices = said(&watch, at: 30)
    #expect(notices.count == 1 && notices[0].isWaiting && notices[0].path == "data/m/b.tif")
    #expect(notices[0].words.contains("data/m/b_open.tif"))
    #expect(watch.scans.map(\.scan.place) == ["m/a.tif", "m/b.tif"])
    let scan = try #require(watch.next())
    #expect(scan.place == "m/a.tif" && scan.tiffs == ["a.tif"])
    #expect(scan.request(options).references == ["data/m/a_open.tif"])
    #expect(scan.request(options).darkPaths == ["data/m/../dark/a.tif"])
    end(&watch, at: 30)
    #expect(watch.counts.done == 1 && watch.counts.failed == 1)
    disk.write("data/m/b_open.tif")
    #expect(ready(&watch, at: 40) == [])
    #expect(ready(&watch, at: 70) == ["m/b.tif"])
  }

  /// One reference for all may be taken anew every morning: what was done with the old one stays done, what failed is tried again.
  @Test func aReferenceForAllMayChange() throws {
    let options = try self.options(reference: "data/flats/flat.tif")
    disk.write("data/flats/flat.tif")
    disk.write("data/a.tif")
    var watch = try watch(WatchRecord(), options)
    #expect(ready(&watch, at: 0) == [] && ready(&watch, at: 30) == ["a.tif"])
    end(&watch, at: 30)
    disk.write("data/b.tif")
    _ = watch.look(at: 40)
    end(&watch, at: 70, .failed(.init(message: "bad", exitCode: 65), isOfData: true))
    #expect(watch.counts.done == 1 && watch.counts.failed == 1)
    disk.write("data/flats/flat.tif", modified: 9)
    #expect(ready(&watch, at: 100) == [])
    #expect(ready(&watch, at: 130) == ["b.tif"])
  }

  @Test func opticalDensityHasNoReferences() throws {
    disk.write("data/scan.tif")
    disk.write("data/ref.tif")
    var watch = try watch(WatchRecord(), options(signal: .od))
    _ = watch.look(at: 0)
    #expect(ready(&watch, at: 30) == ["scan.tif"] && watch.next()?.tiffs == ["scan.tif"])
  }
}
