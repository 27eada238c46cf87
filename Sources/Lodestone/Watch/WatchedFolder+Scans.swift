import Foundation
import StackIO

/// Files that scans hang on and that may lie outside their folders, and since when they are as they are.
struct OutsideFiles {
  private struct Known {
    var seen: WatchedFolder.Seen?
    /// Several scans may ask for one file in a moment.
    var asked: Double
  }

  private var known: [String: Known] = [:]
  private var places: [String: (files: [String], asked: Double)] = [:]

  /// A file as it is now; nil where it is not there.
  mutating func look(
    at path: String, _ disk: any WatchedDisk, now: Double
  ) -> WatchedFolder.Seen? {
    let before = known[path]
    if let before, before.asked == now { return before.seen }
    var seen = disk.stamp(ofFile: path).map { WatchedFolder.Seen(stamp: $0, since: now) }
    if let stamp = seen?.stamp, before?.seen?.stamp == stamp { seen = before?.seen }
    known[path] = Known(seen: seen, asked: now)
    return seen
  }

  /// The file of a path, or those of a folder.
  mutating func files(at path: String, _ disk: any WatchedDisk, now: Double) -> [String] {
    if let known = places[path], known.asked == now { return known.files }
    let files = disk.files(at: path)
    places[path] = (files, now)
    return files
  }
}

/// A scan as its folder shows it at some time.
struct SeenScan {
  var scan: WatchedScan
  /// Since when its files are as they are.
  var since: Double
  /// Whether that is long enough, and nothing is missing that a ScanInfo file lists.
  var isStill: Bool
}

extension WatchedFolder {
  /// The scans that its files make by now, as an ingest of the folder would take them; and what is no part of one, in words.
  ///
  /// - Parameters:
  ///   - isServed: whether a file was named as the reference, dark or list of a scan.
  ///   - isDone: whether a scan was done: its files need not be opened then.
  mutating func scans(
    _ options: WatchOptions, _ disk: any WatchedDisk, _ outside: inout OutsideFiles, now: Double,
    isServed: (String) -> Bool, isDone: (WatchedScan) -> Bool
  ) -> (scans: [SeenScan], asides: [String]) {
    let isQuiet = quietSince <= now - options.settle
    let context = Context(options: options, disk: disk, now: now)
    if names.tiffs.isEmpty {
      let words = "no TIFF in it: XRM, TXRM and HDF5 are not read yet: export the frames to TIFF"
      let isStill = changed <= now - options.settle
      return ([], names.hasOtherFormats && isStill ? [words] : [])
    }
    let samples = names.tiffs(of: .sample).filter { !isServed($0) }
    if names.areAllMarked {
      let words = "only references or darks, by their names: no scan"
      return ([], isQuiet && !samples.isEmpty ? [words] : [])
    }
    let stackable = samples.filter { names.frameName($0).energy == nil }
    let parts = Set(stackable.map { names.frameName($0).rest })
    let free = parts.reduce(Set(names.tiffs(of: .reference) + names.tiffs(of: .dark))) {
      free, part in
      free.subtracting(names.own(.reference, of: part) + names.own(.dark, of: part))
    }
    var stacks: [SeenScan] = []
    // One file without an energy in its name is no folder of frames, whatever it holds.
    var hasStacks = samples.count == 1 && stackable.count == 1
    for name in stackable {
      let seen = stack(name, free, context, &outside)
      stacks.append(seen)
      guard !hasStacks, let file = files[name] else { continue }
      hasStacks =
        isDone(seen.scan)
        || file.since <= now - options.settle && isStack(name, disk) == true
    }
    if hasStacks {
      let others = samples.filter { names.frameName($0).energy != nil }
      let words = others.first.map {
        "\($0)\(others.count > 1 ? " and \(others.count - 1) more" : ""): beside stacks, and not marked as reference or "
          + "dark: left out"
      }
      return (stacks, isQuiet ? [words].compactMap(\.self) : [])
    }
    var byPart: [String: [String]] = [:]
    for name in samples { byPart[names.part(ofFrame: name), default: []].append(name) }
    let scans = byPart.sorted { $0.key < $1.key }.map { part, members in
      frames(members, part, isOnly: byPart.count == 1, context, &outside)
    }
    return (scans, [])
  }

  /// What is asked, of what, and when.
  private struct Context {
    let options: WatchOptions
    let disk: any WatchedDisk
    let now: Double
  }

  /// - Parameter free: the references and darks that no stack is named like. A stack that comes before its references must
  ///   not take another's.
  private func stack(
    _ name: String, _ free: Set<String>, _ context: Context, _ outside: inout OutsideFiles
  ) -> SeenScan {
    let part = names.frameName(name).rest
    var scan = WatchedScan(
      folder: path, folderPlace: place, place: below(name), path: path + "/" + name,
      tiffs: Set([name] + marked(of: part, free, context.options)), frames: [name], isStack: true,
      part: part)
    let lists = FolderNames.listEndings.map { name.withoutEnding + "." + $0 } + names.energyLists
    let since = add(lists, to: &scan, context, &outside)
    let still = context.now - context.options.settle
    return SeenScan(
      scan: scan, since: since,
      isStill: since <= still && unfinishedSince(besides: name) <= still)
  }

  private mutating func frames(
    _ members: [String], _ part: String, isOnly: Bool, _ context: Context,
    _ outside: inout OutsideFiles
  ) -> SeenScan {
    var scan = WatchedScan(
      folder: path, folderPlace: place, place: part.isEmpty ? place : below(part),
      path: isOnly ? path : "\(path), part \"\(part)\"",
      tiffs: Set(members + marked(of: part, nil, context.options)), frames: members,
      isStack: false, part: part)
    let areNamed = members.allSatisfy { names.frameName($0).energy != nil }
    let since = add(areNamed ? [] : names.energyLists, to: &scan, context, &outside)
    let missing = missingFrames(ofPart: part, context.disk)
    // Frames of several positions may come in turns, and between two of one may lie minutes: the whole folder has to be
    // quiet, and that for longer while a list says that more is to come. Where it says that all is there, nothing else counts.
    let pause = missing ?? 0 > 0 ? 10 * context.options.settle : context.options.settle
    let still = context.now - pause
    return SeenScan(
      scan: scan, since: since,
      isStill: since <= still && (missing == 0 || quietSince <= still))
  }

  private func below(_ name: String) -> String { place.isEmpty ? name : place + "/" + name }

  /// The references and darks in the folder that belong to a part.
  ///
  /// - Parameter free: those that a part without any of its own may have; nil for all, where one position has them for others.
  private func marked(
    of part: String, _ free: Set<String>?, _ options: WatchOptions
  ) -> [String] {
    guard options.takesReferences else { return [] }
    var marked: [String] = []
    for (role, named) in [(FrameName.Role.reference, options.reference), (.dark, options.dark)]
    where named == nil {
      let own = names.own(role, of: part)
      let shared = names.tiffs(of: role).filter { free?.contains($0) ?? true }
      marked += own.isEmpty ? names.shared(shared, by: part) : own
    }
    return marked
  }

  /// Adds the files that belong to a scan.
  ///
  /// - Parameter lists: the names of lists of energies that may lie in the folder.
  /// - Returns: since when all of them are as they are.
  private func add(
    _ lists: [String], to scan: inout WatchedScan, _ context: Context,
    _ outside: inout OutsideFiles
  ) -> Double {
    let options = context.options
    var since = -Double.infinity
    func look(_ file: String) -> Seen? {
      let (above, name) = (
        (file as NSString).deletingLastPathComponent, (file as NSString).lastPathComponent
      )
      return above == path
        ? files[name] : outside.look(at: file, context.disk, now: context.now)
    }
    func take(_ file: String) -> Bool {
      guard let seen = look(file) else { return false }
      scan.files[file] = seen.stamp
      since = max(since, seen.since)
      return true
    }
    let listed = options.energies == nil ? lists : []
    for name in scan.tiffs.union(names.scanInfo).union(listed) { _ = take(path + "/" + name) }
    if !listed.isEmpty {
      // A list may also be named like the folder.
      for ending in FolderNames.listEndings { _ = take("\(path).\(ending)") }
    }
    for (named, isPattern) in options.named(folder: path, name: scan.name) {
      for file in outside.files(at: named, context.disk, now: context.now) {
        if isPattern {
          if !take(file) { scan.missing.append(file) }
        } else {
          let seen = look(file)
          since = max(since, seen?.since ?? since)
          scan.common.updateValue(seen?.stamp, forKey: file)
          if seen == nil { scan.missing.append(file) }
        }
      }
    }
    return since
  }
}
