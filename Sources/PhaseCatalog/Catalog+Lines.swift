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
    let version = Self.migrations.count
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
      for (_, line) in lines.sorted(by: { $0.0 < $1.0 }) { try write(line + "\n") }
      count += lines.count
    }
    try write(#"{"end":true,"records":\#(count)}"# + "\n")
    return count
  }

  /// Stores the records of ``exportAll(_:)``'s lines, all or none. What they say is to be checked afterwards.
  ///
  /// - Parameter path: a file, or "-" for standard input.
  /// - Throws: ``CatalogError/badExport(path:line:reason:)`` and others.
  package func importAll(_ path: String, progress: (String) -> Void = { _ in }) throws {
    guard let file = fopen(path == "-" ? "/dev/stdin" : path, "r") else {
      throw errno == ENOENT
        ? CatalogError.notFound("\(path): there is no such file")
        : CatalogError.io(path: path, reason: String(cString: strerror(errno)))
    }
    defer { fclose(file) }
    let name = path == "-" ? "standard input" : path
    let columns = try read { try RecordColumns($0) }
    try write { database in
      var reader = LineReader(file)
      var number = 0
      func bad(_ reason: String) -> CatalogError {
        .badExport(path: name, line: number, reason: reason)
      }
      func next() -> Data? {
        number += 1
        return reader.next()
      }
      guard let head = next(), let version = Self.version(of: head) else {
        throw bad("not what lodestone export --all writes")
      }
      guard version == Self.migrations.count else {
        throw bad(
          "written from a catalog of schema \(version), this program knows \(Self.migrations.count)"
        )
      }
      while let line = next() {
        if number % 100 == 0 { progress("reading line \(number) of \(name)") }
        if let count = Self.end(of: line) {
          guard count == number - 2, next() == nil else {
            throw bad("\(number - 2) records before the end, which counts \(count)")
          }
          return
        }
        do {
          let record = try CatalogRecord(line: line, columns: columns)
          for lack in try Self.lacks(record, [], columns, in: database) {
            try Self.add(lack, columns, to: database)
          }
        } catch let error as RecordError {
          throw bad(error.reason)
        } catch CatalogError.damaged(_, let reason) {
          throw bad(reason)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
          throw bad(error.message ?? "refused by the schema")
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

  private static func end(of line: Data) -> Int? {
    // Only a short line can be the last: the others are parsed once.
    guard line.count < 100,
      let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any]
    else { return nil }
    return object["end"] as? Bool == true ? object["records"] as? Int : nil
  }
}

/// The lines of a file, one at a time.
private struct LineReader {
  private let file: UnsafeMutablePointer<FILE>

  init(_ file: UnsafeMutablePointer<FILE>) { self.file = file }

  /// The next line; nil at the end.
  mutating func next() -> Data? {
    var buffer: UnsafeMutablePointer<CChar>?
    var size = 0
    let count = getline(&buffer, &size, file)
    defer { free(buffer) }
    guard count > 0, let buffer else { return nil }
    return Data(bytes: buffer, count: count)
  }
}
