import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog

struct MergeCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Add all that another catalog holds.",
    discussion: """
      The other catalog is checked first, and stays as it is. What both hold is known by its content: merging \
      twice, or in another order, makes no difference. Two things under one name (a tag, a scan's sample) are both kept, and \
      said. Others may read and write meanwhile; killed at any point, the command can be repeated.
      """)

  static let examples = [
    "lodestone merge /mnt/laptop/magnets.lode",
    "lodestone merge beamline-a.lode beamline-b.lode --catalog all.lode",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: ArgumentHelp("The catalogs to add.", valueName: "file"),
    completion: .file(extensions: ["lode"]))
  var others: [String]

  @Flag(help: "One JSON object a catalog, a line each.")
  var json = false

  func run() throws {
    let catalog = try catalog.open(.write)
    for path in others {
      let other: Catalog
      do {
        other = try Catalog(path: path, access: .read)
      } catch CatalogError.missing {
        throw CatalogError.notFound("\(path): there is no such catalog")
      }
      let outcome = try CatalogExchange(catalog: catalog, progress: Output.progress).merge(other)
      Output.progress("")
      outcome.report(verb: "merge", from: path, catalog: catalog, json: json)
      try outcome.remarkOnPhases(catalog)
    }
  }
}

struct ImportCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Add all that lodestone export --all wrote.",
    discussion: """
      Every record is checked before the first is stored: its identity is computed again from what it says. \
      Into an empty catalog this makes again the one that was exported. A catalog is made by lodestone init.
      """)

  static let examples = [
    "lodestone export --all -o magnets.ndjson",
    "lodestone import magnets.ndjson --catalog again.lode",
    "zcat magnets.ndjson.gz | lodestone import -",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(
    help: "The file; - for standard input.", completion: .file(extensions: ["ndjson"]))
  var file: String

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let catalog = try catalog.open(.write)
    let outcome = try CatalogExchange(catalog: catalog, progress: Output.progress).importAll(file)
    Output.progress("")
    outcome.report(verb: "import", from: file, catalog: catalog, json: json)
    try outcome.remarkOnPhases(catalog)
  }
}

struct BackupCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy a catalog while it is in use.",
    discussion: """
      The copy is of one moment, whatever others write meanwhile, is checked after it was written, and appears complete \
      or not at all. An existing file is never replaced. A plain cp of a catalog that is in use may be damaged.
      """)

  static let examples = [
    "lodestone backup /backup/magnets-2026-11-26.lode",
    "lodestone backup \"/backup/magnets-$(date +%F).lode\" --catalog magnets.lode",
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(help: "The copy to make.", completion: .file(extensions: ["lode"]))
  var file: String

  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    if file.isEmpty { throw ValidationError("the copy needs a name") }
    if ["-journal", "-wal", "-shm"].contains(where: file.hasSuffix) {
      throw ValidationError("\(file): SQLite would take it for the journal of another file")
    }
  }

  func run() throws {
    let path = try catalog.path()
    if try Catalog.backUp(path, to: file) { CatalogOptions.sayRecovered(path) }
    let bytes = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    if json {
      Output.line(
        JSONText.object([
          ("schema", .string("lodestone.backup/1")), ("catalog", .string(path)),
          ("backup", .string(file)), ("bytes", .integer(bytes)),
        ]).text)
    } else {
      Output.line("backup: \(file), \(bytes) bytes, checked")
    }
  }
}

extension Catalog.MergeOutcome {
  fileprivate func report(verb: String, from path: String, catalog: Catalog, json: Bool) {
    let status = isUnchanged ? "unchanged" : verb == "merge" ? "merged" : "imported"
    if json {
      Output.line(
        JSONText.object([
          ("schema", .string("lodestone.\(verb)/1")), ("status", .string(status)),
          ("catalog", .string(catalog.path)), ("from", .string(path)),
          ("added", .object(added.map { ($0.kind, .integer($0.count)) })),
          ("variants", .integer(variants)), ("earlier_times", .integer(earlierTimes)),
          ("differences", .array(differences.map { .string($0) })),
        ]).text)
      return
    }
    var parts = added.map { kind, count in
      let names = ["parameters": "parameter set", "reference_spectrum": "reference spectrum"]
      let name = names[kind] ?? kind
      let plural = name.hasSuffix("spectrum") ? "reference spectra" : name + "s"
      return "\(count) \(count == 1 ? name : plural)"
    }
    if variants > 0 { parts.append("\(variants) with other numbers") }
    if earlierTimes > 0 { parts.append("\(earlierTimes) earlier times") }
    Output.line("\(status): \(path)" + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")))
    for difference in differences { Output.remark("note: \(difference)") }
  }
}

extension Catalog.MergeOutcome {
  /// Rules of one catalog have not seen the clusters of the other.
  fileprivate func remarkOnPhases(_ catalog: Catalog) throws {
    guard added.contains(where: { ["result", "event"].contains($0.kind) }),
      try !catalog.ask(StoredQuery.named("phases")).rows.isEmpty
    else { return }
    Output.remark("to assign all clusters to all phases: lodestone phase assign")
  }
}
