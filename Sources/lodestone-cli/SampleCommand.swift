import ArgumentParser
import PhaseCatalog

struct SampleCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Put right, or add to, what was said of a sample.",
    subcommands: [Assign.self, Set.self])

  static let examples = [
    "lodestone sample set M1 annealed_c=900",
    "lodestone sample assign 3f2a M2",
  ]

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

    @Argument(
      help: "A scan's id: any unique prefix of 4 digits or more.", completion: Completions.scan)
    var scan: String

    @Argument(help: "The sample's name.", completion: Completions.sample)
    var name: String

    func validate() throws {
      try SampleName.validate(name)
    }

    func run() throws {
      let catalog = try catalog.open(.write)
      let id = try catalog.resolveScan(scan)
      let isNew = try catalog.assign(sample: name, toScan: id)
      Output.remark("scan \(id.prefix(12)) shows sample \(name)\(isNew ? "" : " already")")
    }
  }

  struct Set: DocumentedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is known of a sample.",
      discussion: """
        Attributes are NAME=VALUE; NAME= takes one away. What was said before is kept; the last word \
        counts.
        """)

    static let examples = [
      "lodestone sample set M1 composition=Nd2Fe14B annealed_c=900",
      "lodestone sample set M1 annealed_c=",
    ]

    @OptionGroup var catalog: CatalogOptions

    @Argument(help: "The sample's name.", completion: Completions.sample)
    var name: String

    @Argument(help: "Attributes: NAME=VALUE.")
    var attributes: [String]

    private var pairs: [(name: String, value: String?)] {
      attributes.compactMap { text in
        guard let mark = text.firstIndex(of: "="), mark != text.startIndex else { return nil }
        let value = String(text[text.index(after: mark)...])
        return (String(text[..<mark]), value.isEmpty ? nil : value)
      }
    }

    func validate() throws {
      guard pairs.count == attributes.count else {
        throw ValidationError("write attributes as NAME=VALUE")
      }
      for (attribute, value) in pairs
      where !GivenName.isUsable(attribute) || value.map(GivenName.isUsable) == false {
        throw ValidationError(
          "an attribute's name and value have 1 to 200 visible characters")
      }
    }

    func run() throws {
      let catalog = try catalog.open(.write)
      for (attribute, value) in pairs {
        try catalog.set(attribute, to: value, ofSample: name)
        Output.remark("sample \(name): \(attribute) \(value.map { "is \($0)" } ?? "is not known")")
      }
    }
  }
}

/// What a sample may be called.
enum SampleName {
  static func validate(_ name: String) throws {
    guard GivenName.isUsable(name) else {
      throw ValidationError("a sample's name has 1 to 200 visible characters")
    }
  }
}
