import Foundation
import PhaseCatalog
package import StackIO

/// What is asked of every scan below a watched folder.
package struct WatchOptions: Sendable {
  /// How long a scan's files must stay as they are, s.
  package var settle: Double
  /// What is said of all scans; its paths do not count.
  package var request: ScanRequest
  /// The files that belong to each scan; nil where they are found beside it.
  package var energies: PlacePattern?
  package var reference: PlacePattern?
  package var dark: PlacePattern?
  /// The sample of a scan at a path below the folder; nil where the path tells none.
  package var sample: @Sendable (String) -> String?
  /// A digest of all that is asked: what was done when something else was asked is not done.
  package var asked: String

  package init(
    settle: Double, request: ScanRequest, energies: PlacePattern? = nil,
    reference: PlacePattern? = nil, dark: PlacePattern? = nil, asked: String = "",
    sample: @escaping @Sendable (String) -> String?
  ) {
    self.settle = settle
    self.request = request
    self.energies = energies
    self.reference = reference
    self.dark = dark
    self.asked = asked
    self.sample = sample
  }

  /// A digest of what is asked: of a scan's description, and of the parameters that are not the program's defaults, so that
  /// a version with one more parameter asks for nothing new.
  package static func digest(
    _ request: ScanRequest, _ patterns: [PlacePattern?], _ parameters: ParameterSet
  ) -> String {
    let digest = ContentDigest(domain: "lodestone/watched-question/1")
    var request = request
    request.path = "/"
    digest.update(request.canonicalJSON.text)
    for pattern in patterns { digest.update(pattern?.text) }
    for parameter in parameters.parameters where !parameter.isDefault {
      digest.update(parameter.name)
      digest.update(parameter.text)
    }
    return digest.finish()
  }

  /// The paths that options name for a scan: whether each is another for every scan.
  func named(folder: String, name: String) -> [(path: String, isPattern: Bool)] {
    [energies, reference, dark].compactMap { pattern in
      guard let pattern, pattern.text != "empty-field" else { return nil }
      return (pattern.path(folder: folder, name: name), pattern.isPattern)
    }
  }

  /// Whether options name files, which may lie outside a scan's folder.
  var namesFiles: Bool {
    [energies, reference, dark].contains { $0 != nil && $0?.text != "empty-field" }
  }

  var takesReferences: Bool { request.signal ?? .counts == .counts }
}

/// One scan below a watched folder, as the names of the files tell: a stack, or the frames of a position and repetition in a
/// folder, with what belongs to it.
package struct WatchedScan: Sendable, Equatable {
  /// The folder that its files lie in.
  package let folder: String
  /// The same below the watched folder.
  let folderPlace: String
  /// The path below the watched folder that the sample's name is taken from: a stack's file, or the frames' folder and part.
  package let place: String
  /// The same from where the watched folder was named: what people call it.
  package let path: String
  /// The names of the TIFFs that are opened: its frames, references and darks.
  package var tiffs: Set<String>
  /// The frames alone.
  package var frames: [String]
  /// Whether it is one file.
  package let isStack: Bool
  /// The position and repetition of frames; of a stack what its name says.
  package let part: String
  /// The files in its folder and outside that belong to it, where they are there.
  var files: [String: FileStamp] = [:]
  /// The files that options name for it, or for all.
  var missing: [String] = []
  var common: [String: FileStamp?] = [:]

  /// What is asked when it is ingested.
  package func request(_ options: WatchOptions) -> ScanRequest {
    var request = options.request
    request.path = folder
    request.files = tiffs
    func paths(_ pattern: PlacePattern?) -> [String] {
      (pattern?.path(folder: folder, name: name)).map { [$0] } ?? []
    }
    request.energiesPaths = paths(options.energies)
    request.references = paths(options.reference)
    request.darkPaths = paths(options.dark)
    return request
  }

  /// What belongs to it besides its frames, as far as it is there: names of its folder, and paths from elsewhere.
  package var companions: [String] {
    let frames = Set(frames.map { folder + "/" + $0 })
    let common = common.compactMap { $1 == nil ? nil : $0 }
    return (files.keys.filter { !frames.contains($0) } + common).map { path in
      path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
    }.sorted()
  }

  /// What `{name}` stands for.
  var name: String {
    isStack
      ? (place as NSString).lastPathComponent.withoutEnding : (folder as NSString).lastPathComponent
  }

  /// The files that make it what it is. Those that all scans share may be replaced without making the others new.
  func ownFiles(below root: String) -> FileSet {
    var set = FileSet()
    for (path, stamp) in files { set.add(Self.place(of: path, below: root), stamp) }
    return set
  }

  /// All that may be the reason for its failure.
  func allFiles(below root: String) -> FileSet {
    var set = ownFiles(below: root)
    for path in missing { set.add(Self.place(of: path, below: root), nil) }
    for (path, stamp) in common { set.add(Self.place(of: path, below: root), stamp) }
    return set
  }

  private static func place(of path: String, below root: String) -> String {
    path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
  }
}
