import Foundation

/// The `ScanInfo_*.txt` files of an SSRL 6-2c folder: settings, and the names of all frames in the order
/// in which they were taken.
package struct ScanInfo {
  /// Whether references and samples took turns in going first (REFABBA 1).
  private(set) var isABBA = false
  /// The place of each frame in time, by its name without the ending.
  package private(set) var order: [String: Int] = [:]
  /// The files it was read from.
  private(set) var paths: [String] = []

  init() {}

  /// Reads files. Names are ASCII; a unit in the old code page of the control computer is no reason to stop.
  package init(files: [String]) {
    for path in files {
      let bytes = FileManager.default.contents(atPath: path) ?? Data()
      add(String(decoding: bytes, as: UTF8.self), path: path)
    }
  }

  /// Adds a file's content: keys and values, then a line `FILES` and one name a line.
  ///
  /// - Complexity: O(lines).
  mutating func add(_ text: String, path: String) {
    paths.append(path)
    var isInFiles = false
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.trimmingCharacters(in: .whitespaces)
      if isInFiles {
        // Written on Windows, with a folder or without.
        let stem = line.lastPathPart.stemAndEnding.stem
        if !stem.isEmpty, order[stem] == nil { order[stem] = order.count }
      } else if line.uppercased().hasPrefix("FILES") {
        isInFiles = true
      } else if line.contains(/^REFABBA\s*[=:]?\s*1\b/.ignoresCase()) {
        isABBA = true
      }
    }
  }

  /// The place in time of the frame in a file.
  package func place(ofFile path: String) -> Int? {
    let stem = path.lastPathPart.stemAndEnding.stem
    // An export may keep the ending of what it was made from: `name.xrm.tif`.
    return order[stem] ?? order[stem.stemAndEnding.stem]
  }
}
