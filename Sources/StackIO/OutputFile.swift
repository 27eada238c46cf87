import Foundation

/// Writes files that are whole or not there.
public enum OutputFile {
  /// Writes bytes to a file by way of a draft beside it; straight into a pipe, a device or what a
  /// symbolic link such as /dev/stdout leads to.
  ///
  /// - Throws: ``InputError`` of kind `io` or `denied`.
  public static func write(_ bytes: [UInt8], to path: String) throws(InputError) {
    var status = stat()
    let isSpecial = lstat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    let target = isSpecial ? path : path + ".new-\(getpid())"
    do throws(InputError) {
      try writeDirectly(bytes, to: target, named: path)
      if !isSpecial && rename(target, path) != 0 { throw failure(path) }
    } catch {
      if !isSpecial { unlink(target) }
      throw error
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
