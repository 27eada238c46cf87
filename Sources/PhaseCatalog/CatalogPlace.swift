import CFileSystem
import Foundation

/// Whether a catalog may be written to where it lies.
///
/// SQLite keeps two writers apart by locks, which network file systems do not keep reliably: see
/// https://sqlite.org/useovernet.html and https://sqlite.org/howtocorrupt.html, 2.1.
enum CatalogPlace {
  /// File systems by their type in statfs(2).
  private static let network: [UInt: String] = [
    0x6969: "NFS", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB", 0x517B: "SMB", 0x0BD0_0BD0: "Lustre",
    0x4750_4653: "GPFS", 0x1983_0326: "BeeGFS", 0x00C3_6400: "CephFS", 0x5346_414F: "AFS",
    0x6B41_4653: "AFS", 0xAAD7_AAEA: "PanFS", 0x0161_1970: "GFS2", 0x7461_636F: "OCFS2",
  ]
  private static let uncertain: [UInt: String] = [0x6573_5546: "FUSE", 0x0102_1997: "9p"]

  /// Refuses a place where two writers could damage the file.
  ///
  /// - Parameters:
  ///   - path: the catalog, or the folder that it will lie in.
  ///   - allowsNetwork: whether network file systems were asked for.
  /// - Returns: what is to be said of a place that is used all the same.
  /// - Throws: ``CatalogError/unsafePlace(path:reason:)``.
  static func check(_ path: String, in place: String, allowsNetwork: Bool) throws -> String? {
    let type = UInt(lodestone_filesystem_type(place))
    if let name = network[type] {
      guard allowsNetwork else {
        throw CatalogError.unsafePlace(
          path: path,
          reason:
            "it lies on \(name), whose locks SQLite cannot rely on: two writers could damage it: keep "
            + "it on a local disk and bring it here with lodestone backup or merge, or, where only "
            + "one program at a time writes to it, add --allow-network-fs")
      }
      return "it lies on \(name): only one program at a time may write to it"
    }
    return uncertain[type].map { "it lies on \($0): is that a local disk? Locks may not be kept" }
  }

  /// Refuses a file of several names: its journal would be looked for beside one of them only.
  static func refuseSecondNames(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0, status.st_nlink > 1 else { return }
    throw CatalogError.unsafePlace(
      path: path,
      reason:
        "the file has \(status.st_nlink) names (hard links): a crash could damage it: copy it with "
        + "lodestone backup, and remove the others")
  }

  /// Gives a finished draft its name, where there is no file of that name, and makes that durable.
  ///
  /// - Returns: whether there was none.
  static func publish(_ draft: String, as path: String) throws -> Bool {
    if lodestone_rename_new(draft, path) != 0 {
      if errno == EEXIST { return false }
      // A file system without it: a link does not replace either.
      guard link(draft, path) == 0 else {
        if errno == EEXIST { return false }
        throw CatalogError.io(path: path, reason: String(cString: strerror(errno)))
      }
      unlink(draft)
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
    return true
  }
}
