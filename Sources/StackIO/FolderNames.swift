import Foundation

/// What the names in a folder tell of its scans, before any file is opened: which are frames, references and darks, what is
/// one scan, and what belongs to it.
package struct FolderNames {
  /// The TIFFs, in the order in which the names were given.
  package let tiffs: [String]
  /// What each TIFF's name tells.
  package let frameNames: [String: FrameName]
  /// The files that list frames in the order of time.
  package let scanInfo: [String]
  /// The text files that may list the energies of all scans.
  package let energyLists: [String]
  /// Whether there are files of formats that are not read.
  package let hasOtherFormats: Bool
  /// Whether every TIFF is marked as a reference or a dark.
  package let areAllMarked: Bool
  /// The TIFFs of each role. A word that every name has marks nothing.
  private let byRole: [FrameName.Role: [String]]
  private let samplePartNames: PartNames
  /// The part that each reference and dark is named after.
  private let markedParts: [String: String]

  package static let listEndings = ["txt", "csv", "tsv"]

  /// Reads the names of a folder's files; hidden ones do not count.
  ///
  /// - Parameter known: names that were read before.
  /// - Complexity: O(names).
  package init(_ names: [String], known: [String: FrameName] = [:]) {
    let names = names.filter { !$0.hasPrefix(".") }
    func named(_ endings: [String]) -> [String] {
      names.filter { endings.contains($0.stemAndEnding.ending) }
    }
    tiffs = named(["tif", "tiff", "btf", "tf8"])
    hasOtherFormats = !named(["xrm", "txrm", "h5", "hdf5", "nxs"]).isEmpty
    scanInfo = named(["txt"]).filter { $0.hasPrefix("ScanInfo") }
    energyLists = named(Self.listEndings)
      .filter { $0.lowercased().contains(/^energ(y|ies)/) }
    let pairs = tiffs.map { ($0, known[$0] ?? FrameName($0)) }
    frameNames = Dictionary(pairs) { first, _ in first }
    let grouped = Dictionary(grouping: pairs) { $0.1.role }.mapValues { $0.map(\.0) }
    let areAllMarked = !tiffs.isEmpty && grouped[.sample] == nil
    self.areAllMarked = areAllMarked
    byRole = areAllMarked ? [.sample: tiffs] : grouped
    samplePartNames = PartNames(
      pairs.filter { areAllMarked || $0.1.role == .sample }.map(\.1))
    var markedParts: [String: String] = [:]
    for role in [FrameName.Role.reference, .dark] {
      let marked = pairs.filter { $0.1.role == role }
      let keys = PartNames(marked.map(\.1))
      for (tiff, name) in marked { markedParts[tiff] = keys.part(of: name) }
    }
    self.markedParts = markedParts
  }

  /// The TIFFs of a role.
  package func tiffs(of role: FrameName.Role) -> [String] { byRole[role] ?? [] }

  /// What a TIFF's name tells.
  package func frameName(_ tiff: String) -> FrameName { frameNames[tiff] ?? FrameName(tiff) }

  /// The position and repetition that a frame of the sample belongs to.
  package func part(ofFrame tiff: String) -> String { samplePartNames.part(of: frameName(tiff)) }

  /// The references or darks that belong to a part: of its own name, or of a name with more or fewer words.
  package func own(_ role: FrameName.Role, of part: String) -> [String] {
    let marked = tiffs(of: role)
    let own = marked.filter { markedParts[$0] == part }
    if !own.isEmpty { return own }
    // Numbers that count references may be those of stacks: scan_001_ref is that of scan_001.
    let named = marked.filter { frameName($0).rest == part }
    let words = Set(part.split(separator: " "))
    if !named.isEmpty || words.isEmpty { return named }
    return marked.filter { tiff in
      let other = Set((markedParts[tiff] ?? "").split(separator: " "))
      return !frameName(tiff).isSSRL && !other.isEmpty
        && (other.isSubset(of: words) || words.isSubset(of: other))
    }
  }

  /// Those of some references or darks that serve a part which has none of its own: those of its repetition, or else all.
  package func shared(_ tiffs: [String], by part: String) -> [String] {
    let repetition = tiffs.filter { tiff in
      let name = frameName(tiff)
      return name.isSSRL && name.rest.prefix { $0 != " " } == part.prefix { $0 != " " }
    }
    return repetition.isEmpty ? tiffs : repetition
  }

  /// The place of each frame in time by the running numbers that all names of the folder begin or end with; nil where they
  /// do not.
  func runningNumbers() -> [String: Int]? {
    let numbered = tiffs.filter { frameName($0).role != .dark }
    for pattern in [/^(\d{1,9})[_-].*/, /.*[_-](\d{3,9})$/] {
      var numbers: [String: Int] = [:]
      for tiff in numbered {
        guard let match = (tiff as NSString).deletingPathExtension.wholeMatch(of: pattern),
          let number = Int(match.1)
        else { break }
        numbers[tiff] = number
      }
      if numbers.count == numbered.count && Set(numbers.values).count == numbers.count {
        return numbers
      }
    }
    return nil
  }
}
