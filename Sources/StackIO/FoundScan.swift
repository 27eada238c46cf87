import Foundation

/// The frames of one scan as they were found, before energies, references and darks are made to fit.
struct FoundScan {
  /// Which of the scans in its folder it is; nil for a file.
  var part: String?
  /// The layout, in words.
  var layout: String
  /// The frames of the sample, in the order of their files.
  var samples: [FoundFrame]
  var references: [FoundFrame] = []
  var darks: [FoundFrame] = []
  var pixelSize = StackDescription.KnownPixelSize.unknown
  /// The axes that a stack's images are counted along.
  var axes: [(name: String, count: Int)] = []
  /// Where a list of its energies would be.
  var energyListCandidates: [String] = []
  /// Further files that were read to understand it.
  var scanInfo: [String] = []
  var remarks: [String] = []
}

extension FoundScan {
  /// The scans at a path: one in a file, one or several in a folder. A reader of another format than TIFF
  /// (XRM, TXRM, HDF5) would make its scans here too.
  ///
  /// - Parameter only: the names of the folder's TIFFs that count; nil for all.
  /// - Throws: ``InputError`` where there is none.
  static func find(
    at path: String, only: Set<String>? = nil, _ reader: FrameReader
  ) throws(InputError) -> [FoundScan] {
    if try isFolder(path) { return try Folder(path, reader, only: only).scans() }
    let file = try FoundFile(path: path, reader)
    var scan = FoundScan(stack: file, part: nil)
    let stem = (path as NSString).deletingPathExtension
    // A text file named like the stack, as MANTiS and MIDAS have it.
    scan.energyListCandidates = ["txt", "csv", "tsv"].flatMap { ending in
      stem.hasSuffix(".ome")
        ? ["\(stem).\(ending)", "\(stem.dropLast(4)).\(ending)"] : ["\(stem).\(ending)"]
    }
    return [scan]
  }

  /// A scan in one file.
  fileprivate init(stack file: FoundFile, part: String?) {
    self.part = part
    let pages = file.frames.count
    layout = "\(file.kind), \(pages) page\(pages == 1 ? "" : "s")"
    samples = file.frames
    pixelSize = file.pixelSize
    axes = file.axes
    remarks = file.remarks
  }

  /// Every frame at a path, whatever its name says: for references and darks that are named.
  static func frames(
    at path: String, _ reader: FrameReader
  ) throws(InputError) -> (frames: [FoundFrame], remarks: [String]) {
    guard try isFolder(path) else {
      let file = try FoundFile(path: path, reader)
      return (file.frames, file.remarks)
    }
    let folder = try Folder(path, reader)
    return (folder.files.flatMap(\.frames), folder.files.flatMap(\.remarks))
  }

  static func isFolder(_ path: String) throws(InputError) -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      // stat tells a file that is not there from one that may not be seen.
      _ = try sizeOfReadableFile(path)
      throw InputError("no such file or folder", path: path, kind: .missing)
    }
    return isFolder.boolValue
  }
}

/// A folder of TIFFs, sorted into scans by what their names say.
private struct Folder {
  let path: String
  /// In the order of their names, numbers by value.
  let files: [FoundFile]
  /// All names, also of the files that were not opened.
  private let names: FolderNames
  private let scanInfo: ScanInfo
  /// The folder's text files that may list energies.
  private let energyLists: [String]

  /// Opens a folder's TIFFs.
  ///
  /// - Parameter only: the names of those that are asked for; nil for all.
  init(_ path: String, _ reader: FrameReader, only: Set<String>? = nil) throws(InputError) {
    self.path = path
    do {
      names = FolderNames(
        try FileManager.default.contentsOfDirectory(atPath: path)
          .sorted { $0.compare($1, options: .numeric) == .orderedAscending })
    } catch {
      throw InputError("the folder cannot be read", path: path, kind: .denied)
    }
    func full(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }
    let tiffs = names.tiffs.filter { only?.contains($0) ?? true }
    guard !tiffs.isEmpty else {
      throw InputError(
        "no .tif or .tiff file in the folder"
          + (names.hasOtherFormats
            ? ": export the frames to TIFF (XRM, TXRM and HDF5 are not read yet)" : ""),
        path: path, kind: .missing)
    }
    var files: [FoundFile] = []
    for name in tiffs { files.append(try FoundFile(inFolder: full(name), reader)) }
    self.files = files
    scanInfo = ScanInfo(files: names.scanInfo.map(full))
    energyLists =
      names.energyLists.map(full)
      + FolderNames.listEndings.map {
        "\(path.hasSuffix("/") ? String(path.dropLast()) : path).\($0)"
      }
  }

  func scans() throws(InputError) -> [FoundScan] {
    let samples = files(of: .sample)
    let isOfStacks = samples.contains { $0.frames.count > 1 && $0.name.energy == nil }
    var scans = isOfStacks ? stacks(samples) : framesByPart(samples)
    // Also where only one of them was asked for.
    let hasSeveral =
      isOfStacks
      ? names.tiffs(of: .sample).count { names.frameName($0).energy == nil } > 1
      : Set(names.tiffs(of: .sample).map(names.part(ofFrame:))).count > 1
    for index in scans.indices {
      let part = scans[index].part ?? ""
      let matched = matching(.reference, part)
      scans[index].references = ordered(matched.files.flatMap(\.frames))
      if !matched.areOwn, hasSeveral, let first = matched.files.first {
        scans[index].remarks.append(
          "it has no references of its own: others of the folder serve, such as \(first.path)")
      }
      scans[index].darks = matching(.dark, part).files.flatMap(\.frames)
      scans[index].samples = ordered(scans[index].samples)
      scans[index].scanInfo = scanInfo.paths
      scans[index].remarks += remarks(of: scans[index])
    }
    return scans
  }

  private func files(of role: FrameName.Role) -> [FoundFile] {
    let named = Set(names.tiffs(of: role))
    return files.filter { named.contains(name(of: $0.path)) }
  }

  private func name(of path: String) -> String { (path as NSString).lastPathComponent }

  // MARK: Stacks

  private func stacks(_ samples: [FoundFile]) -> [FoundScan] {
    let stacks = samples.filter { $0.frames.count > 1 }
    let single = samples.filter { $0.frames.count == 1 }
    return stacks.map { file in
      var scan = FoundScan(stack: file, part: file.name.rest)
      let stem = (file.path as NSString).deletingPathExtension
      scan.energyListCandidates = FolderNames.listEndings.map { "\(stem).\($0)" } + energyLists
      if let first = single.first {
        scan.remarks.append(
          "\(first.path)\(single.count > 1 ? " and \(single.count - 1) more" : ""): one page beside a "
            + "stack, and not marked as reference or dark: left out")
      }
      return scan
    }
  }

  // MARK: Frames

  private func framesByPart(_ samples: [FoundFile]) -> [FoundScan] {
    var order: [String] = []
    var files: [String: [FoundFile]] = [:]
    for file in samples {
      let key = names.part(ofFrame: name(of: file.path))
      if files[key] == nil { order.append(key) }
      files[key, default: []].append(file)
    }
    return order.map { key in
      let members = files[key] ?? []
      let isSSRL = members.contains { $0.name.isSSRL }
      var scan = FoundScan(
        part: key,
        layout: isSSRL
          ? "folder of SSRL 6-2c" + (scanInfo.isABBA ? ", ABBA" : "") : "folder of frames",
        samples: members.flatMap(\.frames))
      scan.pixelSize = members[0].pixelSize
      scan.energyListCandidates = energyLists
      scan.remarks = members.flatMap(\.remarks)
      return scan
    }
  }

  /// The references or darks that belong to a part, or that serve it where it has none of its own.
  private func matching(
    _ role: FrameName.Role, _ part: String
  ) -> (files: [FoundFile], areOwn: Bool) {
    let files = files(of: role)
    let own = Set(names.own(role, of: part))
    let owned = files.filter { own.contains(name(of: $0.path)) }
    if !owned.isEmpty { return (owned, true) }
    let shared = Set(names.shared(files.map { name(of: $0.path) }, by: part))
    return (files.filter { shared.contains(name(of: $0.path)) }, false)
  }

  // MARK: Order

  /// Frames with their places in time: by ScanInfo, else by the running numbers that all names of the
  /// folder begin or end with.
  private func ordered(_ frames: [FoundFrame]) -> [FoundFrame] {
    let places: (FoundFrame) -> Int?
    if !scanInfo.order.isEmpty {
      places = { scanInfo.place(ofFile: $0.location.path) }
    } else if let running = names.runningNumbers() {
      places = { running[name(of: $0.location.path)] }
    } else {
      return frames
    }
    return frames.map { frame in
      var frame = frame
      frame.order = places(frame)
      return frame
    }
  }

  private func remarks(of scan: FoundScan) -> [String] {
    guard !scanInfo.order.isEmpty else { return [] }
    var remarks: [String] = []
    let unlisted = (scan.samples + scan.references).count { $0.order == nil }
    if unlisted > 0 {
      remarks.append("\(unlisted) of its frames are not listed in \(scanInfo.paths[0])")
    }
    let there = Set(names.tiffs.compactMap { scanInfo.place(ofFile: $0) })
    if there.count < scanInfo.order.count {
      remarks.append(
        "\(scanInfo.order.count - there.count) of the \(scanInfo.order.count) frames that "
          + "\(scanInfo.paths[0]) lists are not in the folder")
    }
    return remarks
  }
}
