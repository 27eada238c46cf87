import Foundation
import PhaseCatalog
import StackIO

extension Catalog {
  /// Writes a file of what is in the catalog, whole or not at all. What a scan was read from is never replaced: neither where it
  /// was seen, nor a copy elsewhere.
  ///
  /// - Throws: ``CatalogError``, ``InputError``.
  package func write(_ bytes: [UInt8], to path: String) throws {
    if try holdsSource(path) {
      throw InputError(
        "is an input: a scan in the catalog was read from it: name another file to write to",
        path: path)
    }
    try OutputFile.write(bytes, to: path)
  }

  /// Whether a file is one that a scan was read from, by its place or by what it holds.
  private func holdsSource(_ path: String) throws -> Bool {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      return false
    }
    let places = Set([
      absolutePath(path), URL(fileURLWithPath: path).resolvingSymlinksInPath().path,
    ])
    if try isSighted(at: places) { return true }
    guard try isSighted(ofSize: Int(status.st_size)) else { return false }
    return try ContentDigest.ofFile(path).map { try isSighted(sha256: $0.sha256) } ?? false
  }
}
