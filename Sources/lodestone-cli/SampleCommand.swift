import ArgumentParser
import PhaseCatalog

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Put right what was said of a sample.",
    subcommands: [Assign.self])

  struct Assign: DocumentedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say which sample a scan shows.",
      discussion: """
        What was said before is kept; the last word counts.
        """)

    static let examples = [
      "lodestone sample assign 3f2a M2"
    ]

    @OptionGroup var catalog: CatalogOptions

    @Argument(help: "A scan's id: any unique prefix of 4 digits or more.")
    var scan: String

    @Argument(help: "The sample's name.")
    var name: String

    func validate() throws {
      try SampleName.validate(name)
    }

    func run() throws {
      let catalog = try catalog.open(.write)
      let id = try catalog.resolveScan(scan)
      try catalog.assign(sample: name, toScan: id)
      Output.remark("scan \(id.prefix(12)) shows sample \(name)")
    }
  }
}

/// What a sample may be called.
enum SampleName {
  static func validate(_ name: String) throws {
    let isPlain = name.unicodeScalars.allSatisfy { scalar in
      ![.control, .format, .lineSeparator, .paragraphSeparator].contains(
        scalar.properties.generalCategory)
    }
    guard (1...200).contains(name.count), isPlain, name.contains(where: { !$0.isWhitespace }) else {
      throw ValidationError("a sample's name has 1 to 200 visible characters")
    }
  }
}
