import Foundation
import Lodestone
import PhaseCatalog
import Testing
import TestSupport

/// What the tests have in common that prove the catalog by doing it harm.
///
/// They have a short form, which continuous integration runs, and a long one, which takes about half an hour:
/// `LODESTONE_LONG=1 Scripts/test.sh --filter UnderFire`. Both print what they counted.
enum UnderFire {
  static let isLong = ProcessInfo.processInfo.environment["LODESTONE_LONG"] != nil

  /// strace, which makes a system call fail, or kills the program at it; nil where it cannot run, and that is said.
  static let strace: String? = {
    let path = "/usr/bin/strace"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["-f", "-o", "/dev/null", "/bin/true"]
    process.standardError = FileHandle.nullDevice
    let works = (try? process.run()) != nil
    if works { process.waitUntilExit() }
    if works && process.terminationStatus == 0 { return path }
    print(
      "SKIPPED, LOUDLY: strace cannot run here: NOTHING of the crash suite that needs it was tested"
    )
    return nil
  }()

  /// What a check of everything finds in a catalog; what cannot even be read is a finding too.
  static func findings(_ path: String) -> [String] {
    do {
      let catalog = try Catalog(path: path, access: .read)
      return try CatalogCheck(catalog: catalog).run(.deep).findings
    } catch {
      return ["\(error)"]
    }
  }

  static func runs(_ path: String) throws -> Set<String> {
    Set(try UserSQL(path: path).answer("SELECT run_id FROM run").rows.map { $0[0].text })
  }

  /// Every file of a folder with the SHA-256 of its content, its size and when it was changed.
  static func listing(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
      let path = folder + "/" + name
      var status = stat()
      lstat(path, &status)
      let digest = ContentDigest.ofFile(path)?.sha256 ?? "no file"
      return "\(name) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
        + "\(status.st_ino) \(status.st_mode) \(digest)"
    }
  }
}
