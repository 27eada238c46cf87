import ArgumentParser
import Foundation
import PhaseCatalog

/// Which catalog a command works on.
struct CatalogOptions: ParsableArguments {
  @Option(
    name: .long,
    help: "The catalog (default: $LODESTONE_CATALOG, else the *.lode file here or above).",
    completion: .file(extensions: ["lode"]))
  var catalog: String?

  @Flag(
    name: [.customLong("allow-network-fs"), .customLong("allow-network-filesystem")],
    help: "Write to a catalog on a network file system, where only one program at a time may.")
  var allowsNetwork = false

  /// The same options with the catalog named by an argument, where there is one.
  func naming(_ file: String?) -> CatalogOptions {
    var options = self
    if let file { options.catalog = file }
    return options
  }

  /// Opens it; says on stderr what opening it had to put right.
  ///
  /// - Parameter isAgain: whether what is to be said of its place was said before.
  func open(_ access: Catalog.Access, isAgain: Bool = false) throws -> Catalog {
    let path = try path()
    let catalog = try Catalog(
      path: path, access: access, allowsNetwork: allowsNetwork,
      whenWaiting: {
        Output.progress("")
        Output.remark("\(path): waiting for another program that reads or writes it")
      })
    if let caution = catalog.caution, !isAgain { Output.remark("\(path): \(caution)") }
    if catalog.isRecovered { Self.sayRecovered(path) }
    return catalog
  }

  static func sayRecovered(_ path: String) {
    Output.remark("\(path): rolled back what a program that crashed had left half written")
  }

  func path() throws -> String { try Self.path(named: catalog) }

  /// The catalog that is meant where it is named so, or not named.
  static func path(named catalog: String?) throws -> String {
    if let catalog { return catalog }
    if let named = ProcessInfo.processInfo.environment["LODESTONE_CATALOG"], !named.isEmpty {
      return named
    }
    let start = FileManager.default.currentDirectoryPath
    guard start.hasPrefix("/") else {
      throw Failure(
        "the current folder is gone: go to another, or name the catalog with --catalog",
        exitCode: 66)
    }
    var folder = URL(fileURLWithPath: start).standardizedFileURL
    while true {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      let found = names.filter { $0.hasSuffix(".lode") }.sorted()
      if found.count > 1 {
        throw Failure(
          "\(folder.path): holds \(found.count) catalogs (\(found.joined(separator: ", "))): "
            + "name one with --catalog", exitCode: 64)
      }
      if let name = found.first { return folder.appendingPathComponent(name).path }
      if folder.path == "/" { break }
      folder.deleteLastPathComponent()
    }
    throw Failure(
      "no catalog (*.lode) in this folder or above: make one with: lodestone init results.lode",
      exitCode: 66)
  }
}
