import Foundation
internal import GRDB

/// A catalog as lines of JSON, and back: all that it holds, in a form that needs no database to be read.
extension Catalog {
  /// Writes every record as a line of JSON, in an order that depends on nothing but the records: catalogs of equal records
  /// give equal lines.
  ///
  /// - Returns: how many records there are.
  /// - Throws: ``CatalogError``, and what `write` throws.
  package func exportAll(_ write: (String) throws -> Void) throws -> Int {
    let columns = try read { try RecordColumns($0) }
    let places = try read { database in
      try RecordKind.all.flatMap { try Self.places(of: $0, columns, in: database) }
    }
    if let problem = try read({ try Ledger.differences($0) }).first {
      throw CatalogError.notWhole(path: path, reason: problem)
    }
    let version = Self.migrations.count
    let digest = ContentDigest(domain: "lodestone/export/1")
    try write(#"{"schema":"lodestone.export/1","catalog_schema":\#(version)}"# + "\n")
    var count = 0
    for place in places {
      let (record, variants) = try recordAndVariants(at: place, columns)
      var lines = [(record.digest, record.line(columns))]
      for variant in variants {
        do {
          var other = try CatalogRecord(
            line: Data(variant.line.utf8), isDated: false, columns: columns)
          other.time = record.time
          lines.append((variant.digest, other.line(columns)))
        } catch let error as RecordError {
          throw CatalogError.damaged(path: path, reason: "a variant: \(error.reason)")
        }
      }
      // Which of them lies in the tables depends on which came first.
      for (recordDigest, line) in lines.sorted(by: { $0.0 < $1.0 }) {
        try write(line + "\n")
        Self.update(digest, record, recordDigest)
      }
      count += lines.count
    }
    try write(#"{"end":true,"records":\#(count),"digest":"\#(digest.finish())"}"# + "\n")
    return count
  }

  /// What the last line's digest covers of each record.
  private static func update(
    _ digest: borrowing ContentDigest, _ record: CatalogRecord, _ recordDigest: String
  ) {
    digest.update(record.kind.name)
    digest.update(record.id)
    digest.update(record.time)
    digest.update(recordDigest)
  }

  /// Stores the records of ``exportAll(_:)``'s lines, all or none. What they say is to be checked afterwards.
  ///
  /// - Parameter path: a file, or "-" for standard input.
  /// - Throws: ``CatalogError/badExport(path:line:reason:)`` and others.
  package func importAll(_ path: String, progress: (String) -> Void = { _ in }) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw CatalogError.question("\(path): a folder: name the file that export --all wrote")
    }
    guard let file = fopen(path == "-" ? "/dev/stdin" : path, "r") else {
      switch errno {
      case ENOENT: throw CatalogError.notFound("\(path): there is no such file")
      case EACCES, EPERM: throw CatalogError.denied(path: path, reason: "may not be read")
      default: throw CatalogError.io(path: path, reason: String(cString: strerror(errno)))
      }
    }
    defer { fclose(file) }
    let name = path == "-" ? "standard input" : path
    let columns = try read { try RecordColumns($0) }
    try write { database in
      let reader = LineReader(file)
      let digest = ContentDigest(domain: "lodestone/export/1")
      var number = 0
      func bad(_ reason: String) -> CatalogError {
        .badExport(path: name, line: number, reason: reason)
      }
      func next(mostBytes: Int = LineReader.mostBytes) throws -> Data? {
        number += 1
        guard let line = reader.next(mostBytes: mostBytes) else { return nil }
        if line.count >= mostBytes { throw bad("longer than any record: \(mostBytes) bytes") }
        return line
      }
      guard let head = try next(mostBytes: 1000), let version = Self.version(of: head) else {
        throw bad("not what lodestone export --all writes")
      }
      let known = Self.migrations.count
      if version > known {
        throw CatalogError.newer(path: name, version: version, known: known)
      }
      guard version == known else {
        throw bad("of a catalog of schema \(version): migrate that, and export it again")
      }
      while let line = try next() {
        if number % 100 == 0 { progress("reading line \(number) of \(name)") }
        if let end = Self.end(of: line) {
          guard end.count == number - 2 else {
            throw bad("\(number - 2) records before the end, which counts \(end.count)")
          }
          guard digest.finish() == end.digest else {
            throw bad("its digest was made of other records: some were changed, or their times")
          }
          if try next() != nil { throw bad("text behind the last line") }
          return
        }
        do {
          let record = try CatalogRecord(line: line, columns: columns)
          Self.update(digest, record, record.digest)
          for lack in try Self.lacks(record, [], columns, in: database) {
            try Self.add(lack, columns, to: database)
          }
        } catch let error as RecordError {
          throw bad(error.reason)
        } catch CatalogError.damaged(_, let reason) {
          throw bad(reason)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
          throw bad("the schema refuses it: \(error.message ?? "")")
        }
      }
      throw bad("it ends here, without its last line: it was cut off")
    }
  }

  private static func version(of head: Data) -> Int? {
    let object = try? JSONSerialization.jsonObject(with: head) as? [String: Any]
    guard object?["schema"] as? String == "lodestone.export/1" else { return nil }
    return object?["catalog_schema"] as? Int
  }

  private static func end(of line: Data) -> (count: Int, digest: String)? {
    // Only a short line can be the last: the others are parsed once.
    guard line.count < 200,
      let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
      object["end"] as? Bool == true, let count = object["records"] as? Int,
      let digest = object["digest"] as? String
    else { return nil }
    return (count, digest)
  }
}

/// The lines of a file, one at a time.
private final class LineReader {
  /// No record is longer: a map of 2^26 pixels as floats, for several references, does not reach it.
  static let mostBytes = 1 << 29

  private let file: UnsafeMutablePointer<FILE>
  private var buffer: [UInt8] = []
  /// Where in it the next line begins.
  private var start = 0
  private var isAtEnd = false

  init(_ file: UnsafeMutablePointer<FILE>) { self.file = file }

  /// The next line without its end, or as much of it as is allowed; nil at the end.
  func next(mostBytes: Int) -> Data? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return Data(buffer[start..<end])
      }
      searched = buffer.count
      if isAtEnd || searched - start >= mostBytes {
        defer { start = searched }
        return start == searched ? nil : Data(buffer[start...])
      }
      buffer.removeSubrange(..<start)
      searched -= start
      start = 0
      let size = 1 << 20
      buffer.append(contentsOf: repeatElement(0, count: size))
      let count = buffer.withUnsafeMutableBytes { fread($0.baseAddress! + searched, 1, size, file) }
      buffer.removeLast(size - count)
      isAtEnd = count < size
    }
  }
}
