import Foundation

/// Writes files that are whole or not there.
public enum OutputFile {
  /// Writes bytes to a file by way of a draft beside it; straight into a pipe, a device or what a
  /// symbolic link leads to. `-` and /dev/stdout are the program's own output.
  ///
  /// - Parameter inputs: files that must not be replaced. Neither is an SQLite file.
  /// - Throws: ``InputError`` of kind `io` or `denied`, or `invalid` where the file is an input.
  public static func write(
    _ bytes: [UInt8], to path: String, protecting inputs: [String] = []
  ) throws(InputError) {
    if isStandardOutput(path) {
      do {
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        return
      } catch {
        throw InputError("cannot be written", path: path, kind: .io)
      }
    }
    do {
      try throughDraft(path, inputs) { try writeDirectly(bytes, to: $0, named: path) }
    } catch {
      throw error as? InputError ?? InputError("\(error)", path: path, kind: .io)
    }
  }

  /// Writes pieces of text to a file as they come, in the same way.
  ///
  /// - Parameter body: is given what writes a piece.
  /// - Throws: ``InputError`` as ``write(_:to:protecting:)``, and what `body` throws.
  public static func stream<Result>(
    to path: String, protecting inputs: [String] = [],
    _ body: (_ write: (String) throws -> Void) throws -> Result
  ) throws -> Result {
    if isStandardOutput(path) {
      return try body { try write(Array($0.utf8), to: path) }
    }
    return try throughDraft(path, inputs) { target in
      guard let file = fopen(target, "wb") else { throw failure(path) }
      var isOpen = true
      defer { if isOpen { fclose(file) } }
      let result = try body { text in
        var text = text
        let isWritten = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
        guard isWritten else { throw failure(path) }
      }
      isOpen = false
      guard fclose(file) == 0 else { throw failure(path) }
      return result
    }
  }

  /// Writes several files into a folder, all of them or none: first a draft of each, then each takes its place. The folder is
  /// made where it is not there.
  ///
  /// - Throws: ``InputError`` as ``write(_:to:protecting:)``, of kind `missing` where the folder would lie in none.
  public static func write(
    _ files: [(path: String, bytes: [UInt8])], inFolder folder: String
  ) throws(InputError) {
    let isNew = mkdir(folder, 0o777) == 0
    if !isNew, errno == ENOENT {
      throw InputError("lies in no folder: make that first", path: folder, kind: .missing)
    }
    if !isNew, errno != EEXIST { throw failure(folder) }
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw InputError("is no folder", path: folder)
    }
    var drafts: [String] = []
    do throws(InputError) {
      for (path, bytes) in files {
        try refuseToReplace([], at: path)
        let isThere = lstat(path, &status) == 0
        if isThere, status.st_mode & S_IFMT != S_IFREG {
          throw InputError("is no regular file: name another folder", path: path)
        }
        let draft = path + ".new-\(getpid())"
        drafts.append(draft)
        try writeDirectly(bytes, to: draft, named: path)
        if isThere, chmod(draft, status.st_mode & 0o7777) != 0 { throw failure(path) }
      }
      for (draft, file) in zip(drafts, files) where rename(draft, file.path) != 0 {
        throw failure(file.path)
      }
    } catch {
      for draft in drafts { unlink(draft) }
      if isNew { rmdir(folder) }
      throw error
    }
  }

  /// Writes a file by way of a draft beside it; straight into what is no regular file.
  private static func throughDraft<Result>(
    _ path: String, _ inputs: [String], _ write: (String) throws -> Result
  ) throws -> Result {
    try refuseToReplace(inputs, at: path)
    var status = stat()
    let isThere = lstat(path, &status) == 0
    let isSpecial = isThere && status.st_mode & S_IFMT != S_IFREG
    let target = isSpecial ? path : path + ".new-\(getpid())"
    do {
      let result = try write(target)
      // What replaces a file may be read by those who could read it before, and by no others.
      if isThere && !isSpecial && chmod(target, status.st_mode & 0o7777) != 0 {
        throw failure(path)
      }
      if !isSpecial && rename(target, path) != 0 { throw failure(path) }
      return result
    } catch {
      if !isSpecial { unlink(target) }
      throw error
    }
  }

  /// Whether a path names the program's own output.
  public static func isStandardOutput(_ path: String) -> Bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(path)
  }

  private static func refuseToReplace(_ inputs: [String], at path: String) throws(InputError) {
    // SQLite would take it for the journal of the catalog beside it.
    for ending in ["-journal", "-wal", "-shm"] where path.hasSuffix(ending) {
      if FileManager.default.fileExists(atPath: String(path.dropLast(ending.count))) {
        throw InputError("would be taken for a database's journal: name another file", path: path)
      }
    }
    var target = stat()
    guard stat(path, &target) == 0, target.st_mode & S_IFMT == S_IFREG else { return }
    for input in inputs {
      var status = stat()
      if stat(input, &status) == 0, status.st_ino == target.st_ino, status.st_dev == target.st_dev {
        throw InputError("is an input: name another file to write to", path: path)
      }
    }
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    defer { try? file.close() }
    let start = (try? file.read(upToCount: 15)) ?? Data()
    if start.elementsEqual("SQLite format 3".utf8) {
      throw InputError("is a catalog or database: name another file to write to", path: path)
    }
  }

  private static func writeDirectly(
    _ bytes: [UInt8], to target: String, named path: String
  ) throws(InputError) {
    guard let file = fopen(target, "wb") else { throw failure(path) }
    let written = fwrite(bytes, 1, bytes.count, file)
    let isFlushed = fflush(file) == 0
    let isClosed = fclose(file) == 0
    guard written == bytes.count, isFlushed, isClosed else { throw failure(path) }
  }

  private static func failure(_ path: String) -> InputError {
    let code = errno
    return InputError(
      "cannot be written: " + String(cString: strerror(code)), path: path,
      kind: [EACCES, EPERM, EROFS].contains(code) ? .denied : .io)
  }
}
