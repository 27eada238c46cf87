import ArgumentParser
import PhaseCatalog

struct TagCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Give a run a name: tag:NAME then stands for it.",
    discussion: """
      A tag names one run: given to another, it moves. What was said before is kept.
      """)

  static let examples = [
    "lodestone tag @last paper-fig-3",
    "lodestone show tag:paper-fig-3",
    "lodestone tag 3f2a paper-fig-3 --remove",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("A run's id, @last (the newest run), or tag:NAME.", valueName: "run"),
    completion: Completions.run)
  var subject: String

  @Argument(help: "The name.", completion: Completions.tag)
  var name: String

  @Flag(help: "Take the name away.")
  var remove = false

  func validate() throws {
    guard GivenName.isUsable(name), !name.contains(where: { $0.isWhitespace || $0 == ":" }) else {
      throw ValidationError("a tag has 1 to 200 visible characters, no spaces and no colons")
    }
  }

  func run() throws {
    let catalog = try catalog.open(.write)
    let id = try catalog.resolveRun(subject)
    if remove {
      let isNew = try catalog.removeTag(name, run: id)
      Output.remark("run \(id.prefix(12)) is \(isNew ? "no longer" : "not") tagged \(name)")
      return
    }
    let (isNew, others) = try catalog.tag(name, run: id)
    let from = others.map { ", and \($0.prefix(12)) no longer is" }.joined()
    Output.remark("run \(id.prefix(12)) is tagged \(name)\(isNew ? "" : " already")\(from)")
  }
}

struct NoteCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "note", abstract: "Add a remark on a run, a scan or a sample.",
    discussion: """
      SUBJECT is a run (id, @last, tag:NAME), scan:ID, or sample:NAME.
      """)

  static let examples = [
    #"lodestone note @last "beam dump at 7115 eV, repeated""#,
    #"lodestone note sample:M1 "cut with the wire saw""#,
    "lodestone list notes",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(help: "A run, scan:ID, or sample:NAME.", completion: Completions.run)
  var subject: String

  @Argument(help: "The remark.")
  var text: String

  func validate() throws {
    if text.allSatisfy(\.isWhitespace) { throw ValidationError("an empty remark") }
  }

  func run() throws {
    let catalog = try catalog.open(.write)
    let subject = try catalog.resolveSubject(subject)
    try catalog.note(text, on: subject)
    Output.remark("noted on \(subject)")
  }
}

struct RetractCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "retract", abstract: "Say that runs, or all runs of a scan, do not count.",
    discussion: """
      Queries leave retracted runs out and say how many. Nothing is deleted: show and audit still \
      find them, and --undo makes them count again. Where one of several subjects is not found, none is retracted.
      """)

  static let examples = [
    #"lodestone retract 3f2a --reason "wrong references""#,
    #"lodestone retract scan:9b1c --reason "sample moved during the scan""#,
    #"lodestone affected --file flat.tif --ids | lodestone retract - --reason "bad flat""#,
    "lodestone retract 3f2a --undo",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp(
      "Runs (id, @last, tag:NAME), or scan:ID for all its runs; - reads them from standard input.",
      valueName: "subject"), completion: Completions.run)
  var names: [String]

  @Option(parsing: .unconditional, help: "Why.")
  var reason: String?

  @Flag(help: "Let it count again.")
  var undo = false

  func validate() throws {
    try names.forEach(Self.validate)
  }

  private static func validate(_ name: String) throws {
    if name.hasPrefix("sample:") {
      throw ValidationError("runs and scans are retracted, not samples")
    }
  }

  func run() throws {
    // All of standard input first: what writes it may be reading the catalog.
    let names = names.flatMap { $0 == "-" ? Self.standardInput() : [$0] }
    try names.forEach(Self.validate)
    let catalog = try catalog.open(.write)
    let subjects = try names.map { ($0, try catalog.resolveSubject($0)) }
    if subjects.isEmpty { Output.remark("nothing to retract: no run was named") }
    for (name, subject) in subjects {
      if undo { try undo(subject, catalog) } else { try retract(subject, name, catalog) }
    }
  }

  private static func standardInput() -> [String] {
    var words: [String] = []
    while let line = readLine() {
      words += line.split(whereSeparator: \.isWhitespace).map(String.init)
    }
    return words
  }

  private func retract(_ subject: EventSubject, _ name: String, _ catalog: Catalog) throws {
    let isNew = try catalog.retract(subject, reason: reason ?? "")
    Output.remark("\(subject) is retracted\(isNew ? "" : " already")")
    if isNew && reason == nil {
      Output.remark("nobody will know why: say it with lodestone retract \(name) --reason TEXT")
    }
  }

  private func undo(_ subject: EventSubject, _ catalog: Catalog) throws {
    let isNew = try catalog.undoRetraction(of: subject, reason: reason)
    Output.remark("\(subject) \(isNew ? "is no longer retracted" : "is not retracted itself")")
    if subject.kind == "run", try catalog.isRetracted(run: subject.text) {
      Output.remark("its scan is: undo that for all its runs: lodestone list retracted")
    }
  }
}
