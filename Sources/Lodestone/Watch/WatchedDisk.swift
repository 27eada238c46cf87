import Foundation
package import StackIO

/// A file's size and modification time, as its folder tells them. They are compared with what was seen before, never with this
/// machine's clock: the clock of the server that holds the file may be another.
package struct FileStamp: Hashable, Sendable {
  package var bytes: Int
  /// ns.
  package var modified: Int

  package init(bytes: Int, modified: Int) {
    self.bytes = bytes
    self.modified = modified
  }

  init(_ status: stat) {
    bytes = Int(status.st_size)
    modified = Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec)
  }
}

/// What a folder holds.
package struct FolderListing: Sendable, Equatable {
  /// Regular files, by their names.
  package var files: [String: FileStamp] = [:]
  /// The names of folders.
  package var folders: [String] = []
  /// The names of symbolic links to folders.
  package var linkedFolders: [String] = []

  package init() {}
}

/// Which folder it is, wherever it is reached from, and when a name in it last came or went.
package struct FolderMark: Hashable, Sendable {
  /// Its device and its number there.
  package var identity: [UInt64]
  /// ns.
  package var modified: Int

  package init(identity: [UInt64], modified: Int) {
    self.identity = identity
    self.modified = modified
  }
}

/// What a watch sees of the disk.
package protocol WatchedDisk {
  /// A folder; nil where there is none.
  func mark(ofFolder path: String) -> FolderMark?
  /// What a folder holds; nil where it cannot be read.
  func listing(of path: String) -> FolderListing?
  /// A file as it is at this moment; nil where there is none.
  func stamp(ofFile path: String) -> FileStamp?
  /// The file of a path, or those of a folder.
  func files(at path: String) -> [String]
  /// The pages of a TIFF; nil where it cannot be read.
  func pageCount(ofTIFF path: String) -> Int?
  /// The frames that ScanInfo files list.
  func scanInfo(_ paths: [String]) -> ScanInfo
}

/// The disk itself. It is looked at again and again: a kernel tells of changes (inotify) that its own programs make, not of
/// those that other machines make on NFS, GPFS or SMB, where beamlines keep their data.
package struct LocalDisk: WatchedDisk {
  /// The watched folder, with all links followed.
  private let root: String

  package init(root: String) { self.root = absolutePath(root) }

  package func mark(ofFolder path: String) -> FolderMark? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return FolderMark(
      identity: [UInt64(status.st_dev), UInt64(status.st_ino)],
      modified: FileStamp(status).modified)
  }

  package func listing(of path: String) -> FolderListing? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return nil }
    var listing = FolderListing()
    for name in names {
      let file = path + "/" + name
      var status = stat()
      guard lstat(file, &status) == 0 else { continue }
      let isLink = status.st_mode & S_IFMT == S_IFLNK
      // A link to nothing, yet.
      if isLink, stat(file, &status) != 0 { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR where isLink: listing.linkedFolders.append(name)
      case S_IFDIR: listing.folders.append(name)
      // What a link such as "latest.tif" points to is seen where it lies.
      case S_IFREG where !(isLink && absolutePath(file).hasPrefix(root + "/")):
        listing.files[name] = FileStamp(status)
      default: continue
      }
    }
    return listing
  }

  package func stamp(ofFile path: String) -> FileStamp? {
    // NFS tells from memory how large a file was up to a minute ago; opening it makes it ask.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    var status = stat()
    let isKnown = file >= 0 ? fstat(file, &status) == 0 : stat(path, &status) == 0
    if file >= 0 { close(file) }
    return isKnown && status.st_mode & S_IFMT == S_IFREG ? FileStamp(status) : nil
  }

  package func files(at path: String) -> [String] {
    guard mark(ofFolder: path) != nil else { return [path] }
    let names = FolderNames((listing(of: path)?.files.keys).map(Array.init) ?? [])
    return names.tiffs.sorted().map { path + "/" + $0 }
  }

  package func pageCount(ofTIFF path: String) -> Int? { try? TIFFFile(path: path).pageCount }

  package func scanInfo(_ paths: [String]) -> ScanInfo { ScanInfo(files: paths) }
}
