import Foundation
import PhaseCatalog
import StackIO

/// A watched folder: which scans lie below it, which of them have stopped growing, and what became of each.
///
/// It computes nothing and waits for nothing: it is told the time, looks at the disk, and says what to do next. Times are seconds
/// of any clock that only goes forward.
package struct Watch {
  /// What became of a scan that was tried.
  package enum Outcome: Sendable {
    /// It is stored, under these runs.
    case done(runs: [String])
    /// It cannot be used as it is. What is wrong with its data stays so, and is remembered over a restart.
    case failed(WatchFailure, isOfData: Bool)
    /// It is tried again at some time.
    case later(WatchFailure, at: Double)
    /// Nothing: it changed while it was read, or it is not its fault.
    case left
  }

  /// Something to be said of a path, once.
  package struct Notice: Sendable, Equatable {
    package let path: String
    package let words: String
    /// Whether a scan waits for it.
    package let isWaiting: Bool
  }

  /// How many scans are in which state.
  package struct Counts: Sendable, Equatable {
    /// Still growing, or waited for.
    package var arriving = 0
    package var ready = 0
    package var done = 0
    package var failed = 0
    /// Set aside: of no sample.
    package var aside = 0
  }

  private enum State {
    case arriving, ready, aside
    case done(FileSet)
    case failed(WatchFailure, FileSet)
    case later(WatchFailure, FileSet, at: Double)
  }

  private struct Entry {
    var scan: WatchedScan
    var id: String
    var since: Double
    var state: State
  }

  /// The folder, as it was named.
  package let root: String
  private let absoluteRoot: String
  private let options: WatchOptions
  private let disk: any WatchedDisk
  package private(set) var record: WatchRecord
  private var folders: [String: WatchedFolder] = [:]
  /// By folder, and by place.
  private var entries: [String: [String: Entry]] = [:]
  private var outside = OutsideFiles()
  /// What options name for scans, by its place from the root of the disk.
  private var served: Set<String> = []
  /// The same as it was written.
  private var noted: Set<String> = []
  private var said: Set<String> = []

  package init(
    root: String, options: WatchOptions, disk: any WatchedDisk, record: WatchRecord = WatchRecord()
  ) {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    absoluteRoot = absolutePath(root)
    (self.options, self.disk, self.record) = (options, disk, record)
  }

  // MARK: Looking

  /// Looks at the disk.
  ///
  /// - Returns: what is new and worth a word; nil where the folder itself is not there.
  package mutating func look(at now: Double) -> [Notice]? {
    guard disk.mark(ofFolder: root) != nil else { return nil }
    var notices: [Notice] = []
    let present = walk(at: now, &notices)
    for place in folders.keys where !present.contains(place) {
      folders[place] = nil
      entries[place] = nil
    }
    for place in present where folders[place]?.isOpen == true { noteServed(place) }
    for place in present.sorted() { judge(place, at: now, &notices) }
    return notices
  }

  /// Lists the folders that are due, each once.
  private mutating func walk(at now: Double, _ notices: inout [Notice]) -> Set<String> {
    var present: Set<String> = []
    var visited: Set<[UInt64]> = []
    // Links last: a folder counts where it lies.
    var (places, links) = ([""], [String]())
    while let place = places.popLast() ?? links.popLast() {
      let path = place.isEmpty ? root : root + "/" + place
      guard let mark = disk.mark(ofFolder: path), visited.insert(mark.identity).inserted else {
        continue
      }
      present.insert(place)
      var folder =
        folders[place] ?? WatchedFolder(place: place, path: path, mark: mark, now: now)
      if folder.isDue(mark, now: now, settle: options.settle) {
        if let listing = disk.listing(of: path) {
          folder.update(listing, mark, now: now)
          folder.isOpen = true
        } else {
          say(path, "the folder cannot be read: it is left out", &notices)
        }
      }
      func below(_ name: String) -> String { place.isEmpty ? name : place + "/" + name }
      places += folder.folders.reversed().map(below)
      links += folder.linkedFolders.reversed().map(below)
      folders[place] = folder
    }
    return present
  }

  /// Notes what options name for the scans of a folder: it may lie in another one.
  private mutating func noteServed(_ place: String) {
    guard let folder = folders[place] else { return }
    let names = folder.names.tiffs.filter { folder.names.frameName($0).energy == nil }
    for name in names.map(\.withoutEnding) + [(folder.path as NSString).lastPathComponent] {
      for (path, _) in options.named(folder: folder.path, name: name)
      where noted.insert(path).inserted { served.insert(fromDiskRoot(path)) }
    }
  }

  /// A path below the watched folder, from the root of the disk; another as it is.
  private func fromDiskRoot(_ path: String) -> String {
    if path == root || path.hasPrefix(root + "/") {
      return URL(fileURLWithPath: absoluteRoot + path.dropFirst(root.count)).standardizedFileURL
        .path
    }
    return absolutePath(path)
  }

  /// Which files of a folder are named by an option, each itself or by a folder above it.
  private func served(in folder: WatchedFolder) -> (String) -> Bool {
    guard !served.isEmpty else { return { _ in false } }
    let base = fromDiskRoot(folder.path)
    var above = base
    while above.count >= absoluteRoot.count {
      if served.contains(above) { return { _ in true } }
      above = (above as NSString).deletingLastPathComponent
    }
    return { served.contains(base + "/" + $0) }
  }

  // MARK: Judging

  /// Finds the scans of a folder, and what is to be done with each.
  private mutating func judge(_ place: String, at now: Double, _ notices: inout [Notice]) {
    guard var folder = folders[place], folder.isOpen else { return }
    let (record, before) = (record, entries[place] ?? [:])
    var outside = OutsideFiles()
    swap(&outside, &self.outside)
    let (scans, asides) = folder.scans(
      options, disk, &outside, now: now, isServed: served(in: folder),
      isDone: { record.isDone(id($0), ownFiles(of: $0)) })
    swap(&outside, &self.outside)
    var after: [String: Entry] = [:]
    for seen in scans {
      var entry = Entry(
        scan: seen.scan, id: id(seen.scan), since: seen.since, state: .arriving)
      entry.state = state(of: entry, before[seen.scan.place], seen.isStill, at: now, &notices)
      after[seen.scan.place] = entry
    }
    for words in asides { say(folder.path, words, &notices) }
    entries[place] = after
    folder.isOpen =
      now - folder.changed <= options.settle
      || after.values.contains { entry in
        switch entry.state {
        case .arriving, .ready, .later: true
        // What it fails for may lie elsewhere.
        case .failed: options.namesFiles
        case .aside, .done: false
        }
      }
    folders[place] = folder
  }

  private mutating func state(
    of entry: Entry, _ before: Entry?, _ isStill: Bool, at now: Double, _ notices: inout [Notice]
  ) -> State {
    let (own, all) = (ownFiles(of: entry.scan), allFiles(of: entry.scan))
    if case .done(let files) = before?.state, own.isSubset(of: files) { return .done(files) }
    if record.isDone(entry.id, own) { return .done(own) }
    switch before?.state {
    case .failed(let failure, all): return .failed(failure, all)
    case .later(let failure, all, let time) where now < time:
      return .later(failure, all, at: time)
    default: break
    }
    guard isStill else { return .arriving }
    let scan = entry.scan
    guard options.sample(scan.place) != nil else {
      let place = scan.place.isEmpty ? "what lies in the watched folder itself" : scan.place
      say(scan.path, "of no sample: \(place) does not match --sample-from", &notices)
      return .aside
    }
    if let failure = record.failure(of: entry.id, all) { return .failed(failure, all) }
    if let missing = scan.missing.first {
      say(scan.path, "waits for \(missing), which is not there", isWaiting: true, &notices)
      return .failed(
        WatchFailure(message: "\(missing): no such file or folder", exitCode: 66), all)
    }
    return .ready
  }

  private mutating func say(
    _ path: String, _ words: String, isWaiting: Bool = false, _ notices: inout [Notice]
  ) {
    guard said.insert(path + "\n" + words).inserted else { return }
    notices.append(Notice(path: path, words: words, isWaiting: isWaiting))
  }

  /// What a record calls a scan: what was asked, and where it lies.
  private func id(_ scan: WatchedScan) -> String {
    let digest = ContentDigest(domain: "lodestone/watched-scan/1")
    digest.update(options.asked)
    digest.update(absoluteRoot)
    digest.update(scan.place)
    digest.update(scan.isStack ? 1 : 0)
    return String(digest.finish().prefix(32))
  }

  private func ownFiles(of scan: WatchedScan) -> FileSet { scan.ownFiles(below: root) }

  private func allFiles(of scan: WatchedScan) -> FileSet { scan.allFiles(below: root) }

  // MARK: Doing

  /// The scan to ingest now; nil where there is none. What ended the program before comes last, so that a scan that no
  /// memory holds keeps no other waiting; else what has been complete for longest comes first.
  package func next() -> WatchedScan? {
    let ready = entries.values.joined().map(\.value).filter { entry in
      if case .ready = entry.state { true } else { false }
    }
    return ready.min { one, other in
      let (first, second) = (record.unfinished(one.id), record.unfinished(other.id))
      return (first, one.since, one.scan.place) < (second, other.since, other.scan.place)
    }?.scan
  }

  /// Whether a scan's files are at this moment what they were when it was found complete.
  package func isUnchanged(_ scan: WatchedScan) -> Bool {
    (scan.files.map { ($0, Optional($1)) } + scan.common.map { ($0, $1) })
      .allSatisfy { disk.stamp(ofFile: $0) == $1 }
  }

  /// How often a scan was begun and not ended before.
  package func unfinished(_ scan: WatchedScan) -> Int { record.unfinished(id(scan)) }

  /// The sample that a scan shows.
  package func sample(of scan: WatchedScan) -> String? { options.sample(scan.place) }

  /// Says that a scan is begun.
  package mutating func begin(_ scan: WatchedScan) { record.begin(id(scan), path: scan.path) }

  /// Says what became of it.
  package mutating func end(_ scan: WatchedScan, _ outcome: Outcome) {
    let (id, own, all) = (id(scan), ownFiles(of: scan), allFiles(of: scan))
    let state: State
    switch outcome {
    case .done(let runs):
      record.finish(id, path: scan.path, own, runs: runs)
      state = .done(own)
    case .failed(let failure, let isOfData):
      if isOfData {
        record.fail(id, path: scan.path, all, failure)
      } else {
        record.leave(id, path: scan.path)
      }
      state = .failed(failure, all)
    case .later(let failure, let time):
      record.leave(id, path: scan.path)
      state = .later(failure, all, at: time)
    case .left:
      record.leave(id, path: scan.path)
      state = .arriving
    }
    entries[scan.folderPlace]?[scan.place]?.state = state
  }

  // MARK: Telling

  /// How many scans are in which state.
  package var counts: Counts {
    var counts = Counts()
    for entry in entries.values.joined().map(\.value) {
      switch entry.state {
      case .arriving, .later: counts.arriving += 1
      case .ready: counts.ready += 1
      case .done: counts.done += 1
      case .failed: counts.failed += 1
      case .aside: counts.aside += 1
      }
    }
    return counts
  }

  /// The scans that lie there, by path, and the state of each in a word.
  package var scans: [(scan: WatchedScan, state: String, failure: WatchFailure?)] {
    entries.values.joined().map(\.value).map { entry in
      switch entry.state {
      case .arriving: (entry.scan, "arriving", nil)
      case .ready: (entry.scan, "ready", nil)
      case .done: (entry.scan, "known", nil)
      case .aside: (entry.scan, "aside", nil)
      case .later(let failure, _, _): (entry.scan, "waiting", failure)
      case .failed(let failure, _): (entry.scan, "failed", failure)
      }
    }.sorted { $0.0.path < $1.0.path }
  }
}
