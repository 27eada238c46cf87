import ArgumentParser
import PhaseCatalog

struct InitCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Create an empty catalog.",
    discussion: """
      An existing catalog is left as it is. No other command creates one.
      """)

  static let examples = [
    "lodestone init",
    "lodestone init /data/beamtime/magnets.lode",
  ]

  @Argument(help: "The catalog's file.", completion: .file(extensions: ["lode"]))
  var file = "results.lode"

  @Flag(
    name: [.customLong("allow-network-fs"), .customLong("allow-network-filesystem")],
    help: "Create it on a network file system, where only one program at a time may write to it.")
  var allowsNetwork = false

  func run() throws {
    guard file.hasSuffix(".lode") else {
      throw Failure("\(file): a catalog's name ends in .lode", exitCode: 64)
    }
    let isNew = try Catalog.create(at: file, allowsNetwork: allowsNetwork)
    Output.remark(isNew ? "created \(file)" : "\(file) is a catalog already: left as it is")
  }
}
