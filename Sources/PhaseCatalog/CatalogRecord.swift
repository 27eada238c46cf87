import Foundation
internal import GRDB

/// A record as catalogs exchange it: ids in the place of a file's own numbers.
struct CatalogRecord {
  let kind: RecordKind
  /// Its id, or a digest of what tells it from others.
  let id: String
  /// When it was first stored; nil of what is dated in itself.
  var time: String?
  /// The values of its row.
  let row: [DatabaseValue]
  /// The rows of its parts, in the order of the kind's.
  let parts: [[[DatabaseValue]]]

  /// A record; its id is made of the row.
  init(
    kind: RecordKind, time: String?, row: [DatabaseValue], parts: [[[DatabaseValue]]],
    columns: RecordColumns
  ) {
    self.kind = kind
    self.time = time
    self.row = row
    self.parts = parts
    let identity = kind.identity.map { name in
      columns[kind.table].firstIndex { $0.name == name }.flatMap { row[$0].text } ?? ""
    }
    if identity.count == 1 {
      id = identity[0]
    } else {
      let digest = ContentDigest(domain: "lodestone/\(kind.name)/1")
      for text in identity { digest.update(text) }
      id = digest.finish()
    }
  }

  /// SHA-256 over all that it says, but for the time.
  var digest: String {
    let digest = ContentDigest(domain: "lodestone/record/1")
    digest.update(kind.name)
    func update(_ rows: [[DatabaseValue]]) {
      digest.update(rows.count)
      for row in rows { for value in row { digest.update(value) } }
    }
    update([row])
    for rows in parts { update(rows) }
    return digest.finish()
  }

  // MARK: As a line of text

  /// A JSON object on a line.
  func line(_ columns: RecordColumns) -> String {
    var text = #"{"kind":"# + CanonicalJSON.string(kind.name).text
    text += #","id":"# + CanonicalJSON.string(id).text
    if let time { text += #","recorded_at":"# + CanonicalJSON.string(time).text }
    text += #","digest":""# + digest + "\""
    text += #","row":{"#
    text += zip(columns[kind.table], row).map { column, value in
      CanonicalJSON.string(column.name).text + ":" + value.json(column)
    }.joined(separator: ",")
    text += "}"
    for (part, rows) in zip(kind.parts, parts) where !rows.isEmpty {
      let own = columns[part.table]
      text += "," + CanonicalJSON.string(part.table).text + #":{"columns":["#
      text += own.map { CanonicalJSON.string($0.name).text }.joined(separator: ",") + #"],"rows":["#
      text += rows.map { row in
        "[" + zip(own, row).map { $1.json($0) }.joined(separator: ",") + "]"
      }.joined(separator: ",")
      text += "]}"
    }
    return text + "}"
  }

  /// A record from its line.
  ///
  /// - Parameter isDated: whether the line says when what has a time was stored: that of a variant does not.
  /// - Throws: ``RecordError``.
  init(line: Data, isDated: Bool = true, columns: RecordColumns) throws {
    let object: RecordLine
    do {
      object = try JSONDecoder().decode(RecordLine.self, from: line)
    } catch DecodingError.dataCorrupted {
      throw RecordError("no JSON object")
    } catch {
      throw RecordError(
        "no record: an object with kind, id, digest, row, and columns and rows of each part")
    }
    let name = object.kind
    guard let kind = RecordKind.named(name) else {
      throw RecordError("no kind of record \"\(name)\"")
    }
    let expected = Set(kind.parts.map(\.table))
    if let strange = object.parts.keys.sorted().first(where: { !expected.contains($0) }) {
      throw RecordError("there is no \"\(strange)\" in records of kind \(name)")
    }
    let own = columns[kind.table]
    let row = object.row
    guard Set(row.keys) == Set(own.map(\.name)) else {
      throw RecordError(
        "records of kind \(name) have a row of the columns \(own.map(\.name).joined(separator: ", "))"
      )
    }
    let time = object.time
    let needsTime = isDated && kind.time != nil
    if (time != nil) != needsTime {
      throw RecordError("records of kind \(name) have \(needsTime ? "a" : "no") recorded_at")
    }
    let parts = try kind.parts.map { part -> [[DatabaseValue]] in
      guard let table = object.parts[part.table] else { return [] }
      let own = columns[part.table]
      guard table.columns == own.map(\.name) else {
        throw RecordError(
          "\(part.table) has columns (\(own.map(\.name).joined(separator: ", "))) and rows")
      }
      return try table.rows.map { row in
        guard row.count == own.count else {
          throw RecordError("a row of \(part.table) has \(row.count) of \(own.count) values")
        }
        return try zip(own, row).map { try DatabaseValue(json: $1, $0) }
      }
    }
    self.init(
      kind: kind, time: time,
      row: try own.map { try DatabaseValue(json: row[$0.name] ?? .null, $0) },
      parts: parts, columns: columns)
    guard object.id == id else {
      throw RecordError("this \(name)'s id would be \(id)")
    }
    guard object.digest == digest else {
      throw RecordError("what this \(name) says is not what its digest was made of: it was changed")
    }
  }
}

/// What is wrong with a line that should be a record.
struct RecordError: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

extension DatabaseValue {
  fileprivate var text: String? { String.fromDatabaseValue(self) }

  /// Integers that a double does not hold, and reals that JSON does not have, as text; bytes in base 64.
  fileprivate func json(_ column: RecordColumn) -> String {
    switch storage {
    case .null: return "null"
    case .int64(let integer):
      return integer.magnitude <= 1 << 53 ? String(integer) : "\"\(integer)\""
    case .double(let real):
      return real.isFinite ? CanonicalJSON.text(of: real) : "\"\(real)\""
    case .string(let text): return CanonicalJSON.string(text).text
    case .blob(let data): return "\"\(data.base64EncodedString())\""
    }
  }

  fileprivate init(json: RecordLine.Value, _ column: RecordColumn) throws {
    let value: (any DatabaseValueConvertible)? =
      switch (column.type, json) {
      case ("TEXT", .text(let text)) where !text.utf8.contains(0): text
      case ("INTEGER", .number(let number)): Int64(exactly: number)
      case ("INTEGER", .text(let text)): Int64(text)
      case ("REAL", .number(let number)): number
      case ("REAL", .text(let text)): Double(text)
      case ("BLOB", .text(let text)): Data(base64Encoded: text)
      default: nil
      }
    if case .null = json {
      self = .null
    } else if let value {
      self = value.databaseValue
    } else {
      throw RecordError("\(column.name) is not of its type")
    }
  }
}

/// The shape of a line. JSONDecoder reads numbers to the last bit, which JSONSerialization does not.
private struct RecordLine: Decodable {
  enum Value: Decodable {
    case null
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }

  struct Part: Decodable {
    let columns: [String]
    let rows: [[Value]]
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  let kind: String
  let id: String
  let time: String?
  let digest: String
  let row: [String: Value]
  let parts: [String: Part]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func key(_ name: String) -> Key { Key(stringValue: name) }
    kind = try container.decode(String.self, forKey: key("kind"))
    id = try container.decode(String.self, forKey: key("id"))
    time = try container.decodeIfPresent(String.self, forKey: key("recorded_at"))
    digest = try container.decode(String.self, forKey: key("digest"))
    row = try container.decode([String: Value].self, forKey: key("row"))
    var parts: [String: Part] = [:]
    for key in container.allKeys
    where !["kind", "id", "recorded_at", "digest", "row"].contains(key.stringValue) {
      parts[key.stringValue] = try container.decode(Part.self, forKey: key)
    }
    self.parts = parts
  }
}
