import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import Spectra

struct CacheCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "See, or clear, what ingests keep for the next ones.",
    discussion: """
      An ingest keeps a scan's registered frames and its features, so that the same scan with another \
      radius or recipe begins where that makes a difference; the result is the same to the last bit. What was \
      not used for longest makes room for what is new. Nothing in the cache is needed: it may be cleared \
      at any time, also while others ingest.

      The folder is $LODESTONE_CACHE, else $XDG_CACHE_HOME/lodestone, else ~/.cache/lodestone. It grows to \
      $LODESTONE_CACHE_SIZE (2GB; 0 for no cache), else to 4 GB or a tenth of the free space, whichever is less.
      """)

  static let examples = [
    "lodestone cache", "lodestone cache --clear",
    "LODESTONE_CACHE_SIZE=20GB lodestone ingest scan.tif --reference flat.tif --sample M1",
  ]

  @Flag(help: "Remove all that is kept.")
  var clear = false

  @OptionGroup var format: FormatOptions

  func run() throws {
    // What was kept can be seen and cleared where nothing more is kept, too.
    let size = try StageCache.givenSize()
    let cache = StageCache(folder: StageCache.standardFolder(), limit: size)
    if clear {
      let bytes = cache.clear()
      Output.remark("\(cache.folder): cleared, \(sizeInWords(bytes))")
      return
    }
    let entries = cache.entries()
    let bytes = entries.reduce(0) { $0 + $1.bytes }
    let table = AnswerTable(
      columns: ["entry", "holds", "bytes", "last_used"],
      rows: entries.map { entry in
        [
          .text(String(entry.name.prefix { $0 != "." })), .text(entry.holds),
          .integer(Int64(entry.bytes)), .text(timestamp(entry.lastUsed)),
        ]
      })
    if format.chosen == .table {
      Output.line(
        "\(cache.folder): \(entries.count) \(entries.count == 1 ? "entry" : "entries"), \(sizeInWords(bytes)) of at most "
          + sizeInWords(cache.limit))
      if entries.isEmpty { return }
    }
    Output.table(
      table, as: format.chosen, verb: "cache",
      fields: [
        ("folder", .string(cache.folder)), ("bytes", .integer(bytes)),
        ("limit_bytes", .integer(cache.limit)),
      ])
  }
}

extension StageCache {
  /// The user's cache; nil where its size is set to 0.
  static func ofUser() throws -> StageCache? {
    let size = try givenSize()
    return size == 0 ? nil : StageCache(folder: standardFolder(), limit: size)
  }

  /// Waits for what is being written, and says what went wrong.
  func end() {
    finish()
    if let remark { Output.remark(remark) }
  }

  /// What the environment says of its size, bytes; nil where it says nothing.
  fileprivate static func givenSize() throws -> Int? {
    guard let text = ProcessInfo.processInfo.environment["LODESTONE_CACHE_SIZE"], !text.isEmpty
    else {
      return nil
    }
    if text == "0" { return 0 }
    guard let size = ByteCount(argument: text) else {
      throw Failure(
        "LODESTONE_CACHE_SIZE=\(text): write a size as 800MB or 4GB, or 0 for no cache",
        exitCode: 78)
    }
    return size.bytes
  }
}
