/// What people say: which sample a scan shows, a sample's attributes, tags, notes, retractions.
struct EventRecord: Sendable, Equatable {
  /// One of the schema's event kinds.
  var kind: String
  var subject: EventSubject
  /// Of a tag or an attribute.
  var name: String?
  /// The sample, the attribute's value, the remark, or the reason.
  var value: String?
  var author: String
  /// UTC, RFC 3339; later than the events before it.
  var recordedAt: String
  /// The ids of the events before it, ascending.
  var predecessors: [String]

  /// The identity: what it says, and the events before it.
  var id: String {
    let digest = ContentDigest(domain: "lodestone/event/1")
    for text in [kind, subject.kind, subject.text] { digest.update(text) }
    digest.update(name)
    digest.update(value)
    for text in [author, recordedAt] { digest.update(text) }
    digest.update(predecessors.count)
    for predecessor in predecessors { digest.update(predecessor) }
    return digest.finish()
  }
}

/// What an event is about.
public struct EventSubject: Sendable, Equatable, CustomStringConvertible {
  /// "run", "scan", "sample" or "phase".
  public let kind: String
  /// The full id of the run or scan, or the sample's or phase's name.
  public let text: String

  /// A subject.
  init(kind: String, text: String) {
    self.kind = kind
    self.text = text
  }

  /// A run, by its full id.
  public static func run(_ id: String) -> EventSubject { .init(kind: "run", text: id) }
  /// A scan, by its full id.
  public static func scan(_ id: String) -> EventSubject { .init(kind: "scan", text: id) }
  /// A sample, by its name.
  public static func sample(_ name: String) -> EventSubject { .init(kind: "sample", text: name) }

  /// A phase, by its name.
  static func phase(_ name: String) -> EventSubject { .init(kind: "phase", text: name) }

  /// "run 3f2a91b0c4d7", "sample M1".
  public var description: String {
    "\(kind) \(kind == "run" || kind == "scan" ? String(text.prefix(12)) : text)"
  }
}
