import Foundation
import StackIO

/// One folder below the watched one, as it was seen so far.
struct WatchedFolder {
  /// A file, and since when it is as it is.
  struct Seen: Equatable {
    var stamp: FileStamp
    var since: Double
  }

  /// The path below the watched folder; empty for that itself.
  let place: String
  /// The path by which it is opened.
  let path: String
  private(set) var mark: FolderMark
  private(set) var files: [String: Seen] = [:]
  private(set) var folders: [String] = []
  private(set) var linkedFolders: [String] = []
  /// What the names tell; those of unfinished files left out.
  private(set) var names = FolderNames([])
  /// When it was last listed, and when that last showed anything new.
  private(set) var listed = -Double.infinity
  private(set) var changed: Double
  /// When a file that may be a part of frames last went away.
  private var removed = -Double.infinity
  /// Whether something of it is still to be done.
  var isOpen = true
  /// The frames that ScanInfo files list, by part, and of which state of the files that is.
  private var expected: (of: [Seen], stems: [String: Set<String>])?
  private var pageCounts: [String: (stamp: FileStamp, pages: Int?)] = [:]

  init(place: String, path: String, mark: FolderMark, now: Double) {
    (self.place, self.path, self.mark) = (place, path, mark)
    changed = now
  }

  /// Whether it is to be listed: while something is to be done, when a name came or went, and else, for files that are changed
  /// in their place, the more seldom the longer nothing has changed. A beamtime's thousand scans of a thousand files are not
  /// asked for every few seconds.
  func isDue(_ mark: FolderMark, now: Double, settle: Double) -> Bool {
    isOpen || mark != self.mark || now - changed <= 2 * settle
      || now - listed >= min(600, (now - changed) / 10)
  }

  /// Takes in what it holds now.
  mutating func update(_ listing: FolderListing, _ mark: FolderMark, now: Double) {
    self.mark = mark
    listed = now
    folders = listing.folders.filter { !$0.isTemporaryName }.sorted()
    linkedFolders = listing.linkedFolders.filter { !$0.isTemporaryName }.sorted()
    let before = files
    files = [:]
    for (name, stamp) in listing.files {
      let since = before[name].flatMap { $0.stamp == stamp ? $0.since : nil } ?? now
      files[name] = Seen(stamp: stamp, since: since)
    }
    let gone = before.keys.filter { files[$0] == nil }
    if gone.contains(where: matters) { removed = now }
    if files != before { changed = now }
    guard files.count != before.count || !gone.isEmpty else { return }
    names = FolderNames(
      files.keys.filter { !$0.isTemporaryName }.sorted(), known: names.frameNames)
  }

  /// Whether a file may be a part of a scan of frames, or become one.
  private func matters(_ name: String) -> Bool {
    name.isTemporaryName || name.hasTIFFEnding || names.scanInfo.contains(name)
      || names.energyLists.contains(name)
  }

  /// Since when nothing was written to its frames.
  var quietSince: Double {
    files.reduce(removed) { matters($1.key) ? max($0, $1.value.since) : $0 }
  }

  /// Since when no unfinished file that may become a reference, a dark, a list of energies or this stack was written to.
  func unfinishedSince(besides stack: String) -> Double {
    files.reduce(-.infinity) { latest, file in
      guard file.key.isTemporaryName else { return latest }
      let name = file.key.drop { $0 == "." || $0 == "~" }
      let concerns =
        FrameName(String(name)).role != .sample || name.lowercased().contains(/^energ(y|ies)/)
        || name.hasPrefix(stack)
      return concerns ? max(latest, file.value.since) : latest
    }
  }

  // MARK: Looking into files

  /// Whether a file is a stack of frames; nil where it cannot be read.
  mutating func isStack(_ name: String, _ disk: any WatchedDisk) -> Bool? {
    guard let seen = files[name] else { return nil }
    if pageCounts[name]?.stamp != seen.stamp {
      pageCounts[name] = (seen.stamp, disk.pageCount(ofTIFF: path + "/" + name))
    }
    return pageCounts[name]?.pages.map { $0 > 1 }
  }

  /// How many of the frames that ScanInfo lists for a part are not there; nil where it lists none.
  mutating func missingFrames(ofPart part: String, _ disk: any WatchedDisk) -> Int? {
    guard !names.scanInfo.isEmpty else { return nil }
    let state = names.scanInfo.compactMap { files[$0] }
    if expected?.of != state {
      let info = disk.scanInfo(names.scanInfo.map { path + "/" + $0 })
      let stems = info.order.keys.filter { FrameName($0).isSSRL }
      expected = (state, Dictionary(grouping: stems) { FrameName($0).rest }.mapValues { Set($0) })
    }
    guard let stems = expected?.stems[part] else { return nil }
    // An export may keep the ending of what it was made from: name.xrm.tif.
    let there = Set(names.tiffs.flatMap { [$0.withoutEnding, $0.withoutEnding.withoutEnding] })
    return stems.count { !there.contains($0) }
  }
}
