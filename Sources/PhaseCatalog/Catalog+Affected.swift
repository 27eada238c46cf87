internal import GRDB

/// Something that went into runs, and may have been bad.
public enum RunInput: Sendable, Equatable {
  /// A file, or a folder for all files in it, as the user names it: a path, or the first digits of a content's SHA-256.
  /// - Parameters:
  ///   - absolutePath: where that is from here.
  ///   - sha256: of the file that lies there now; nil where there is none.
  case file(String, absolutePath: String, sha256: String?)
  /// The program's version, or the first digits of the SHA-256 of a build.
  case version(String)
  /// A version of a stage.
  case stage(String, version: Int)
  /// A parameter's value as asked. Numbers are compared as numbers.
  case parameter(String, value: String)
  /// A reference spectrum by the name it was fitted under, the first digits of its id, or the id that its file has.
  case reference(String, spectrumID: String?)
}

/// What a bad input touched.
public struct AffectedRuns: Sendable {
  /// The runs, failed and retracted ones too: run_id, sample, scan_id, result_id (that which queries use; null where
  /// the run failed), retracted, tags, why, recorded_at.
  public let runs: AnswerTable
  /// What people noted on these runs and their scans.
  public let notes: AnswerTable
  /// The phases that clusters of these runs belong to.
  public let phases: [String]
  /// What a user should know of how the input was understood.
  public let remarks: [String]
}

extension Catalog {
  /// The runs that all of some inputs went into.
  ///
  /// - Throws: ``CatalogError/notFound(_:)`` for an input that the catalog does not know at all,
  ///   ``CatalogError/ambiguous(_:)`` for digits that several contents, builds or spectra begin with.
  /// - Complexity: a look-up a run.
  public func affected(by inputs: [RunInput]) throws -> AffectedRuns {
    try read { database in
      var search = InputSearch(database: database, catalog: path)
      var reasons: [Int64: [String]]?
      for input in inputs {
        let touched = try search.runs(touchedBy: input)
        reasons =
          reasons?.reduce(into: [:]) { both, run in
            if let why = touched[run.key] { both[run.key] = run.value + why }
          } ?? touched
      }
      let runs = try Self.table(ofRuns: reasons ?? [:], in: database)
      return AffectedRuns(
        runs: runs, notes: try Self.notes(on: runs, in: database),
        phases: try Self.phases(ofRuns: runs, in: database),
        remarks: search.remarks)
    }
  }

  private static func table(
    ofRuns reasons: [Int64: [String]], in database: Database
  ) throws -> AnswerTable {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT run.run_key, run.run_id, scan_sample.sample, scan.scan_id, result.result_id,
          EXISTS (SELECT 1 FROM retraction WHERE subject IN (run.run_id, scan.scan_id)) AS retracted,
          -- Without the + the order would choose the index: that of all tags.
          (SELECT group_concat(name, ' ') FROM (
             SELECT name FROM tag WHERE tag.run_id = run.run_id ORDER BY +name)) AS tags,
          run.recorded_at
        FROM json_each(?) AS given
        CROSS JOIN run ON run.run_key = given.value
        JOIN scan ON scan.scan_key = run.scan_key
        LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id
        LEFT JOIN current_result AS result ON result.run_key = run.run_key
        ORDER BY run.recorded_at, run.run_id
        """,
      arguments: [CanonicalJSON.array(reasons.keys.map { .number(Double($0)) }).text])
    return AnswerTable(
      columns: [
        "run_id", "sample", "scan_id", "result_id", "retracted", "tags", "why", "recorded_at",
      ],
      rows: rows.map { row in
        var values: [AnswerTable.Value] = row.databaseValues.dropFirst().map(answer)
        let why = reasons[row["run_key"]] ?? []
        values.insert(.text(why.joined(separator: "; ")), at: values.count - 1)
        return values
      })
  }

  private static func notes(on runs: AnswerTable, in database: Database) throws -> AnswerTable {
    let subjects = Set(runs.rows.flatMap { [$0[0].text, $0[2].text] }).sorted()
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT note.subject_kind, note.subject, note.text, note.author, note.recorded_at
        FROM json_each(?) AS given CROSS JOIN note ON note.subject = given.value
        ORDER BY note.recorded_at, note.subject
        """, arguments: [CanonicalJSON.array(subjects.map { .string($0) }).text])
    return AnswerTable(
      columns: ["subject_kind", "subject", "text", "author", "recorded_at"],
      rows: rows.map { $0.databaseValues.map(answer) })
  }

  /// The phases that clusters of some runs belong to.
  private static func phases(ofRuns runs: AnswerTable, in database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT assignment.phase
        FROM json_each(?) AS given
        CROSS JOIN phase_assignment AS assignment ON assignment.run_id = given.value
        WHERE assignment.outcome = 'assigned' ORDER BY 1
        """, arguments: [CanonicalJSON.array(runs.rows.map { .string($0[0].text) }).text])
  }
}

/// Finds the runs that an input went into: their keys, and why each.
private struct InputSearch {
  let database: Database
  let catalog: String
  private(set) var remarks: [String] = []

  init(database: Database, catalog: String) {
    self.database = database
    self.catalog = catalog
  }

  mutating func runs(touchedBy input: RunInput) throws -> [Int64: [String]] {
    switch input {
    case .file(let name, let absolutePath, let sha256):
      try runs(ofFile: name, absolutePath, sha256)
    case .version(let version): try runs(ofVersion: version)
    case .stage(let stage, let version): try runs(ofStage: stage, version)
    case .parameter(let name, let value): try runs(ofParameter: name, value)
    case .reference(let name, let id): try runs(ofReference: name, id)
    }
  }

  private func notFound(_ reason: String) -> CatalogError { .notFound("\(catalog): \(reason)") }

  /// The first digits of an id that a text may be; nil where it cannot.
  private func digits(_ text: String) -> String? {
    let isPrefix =
      (4...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        Character(Unicode.Scalar($0)).isHexDigit
      }
    return isPrefix ? text.lowercased() : nil
  }

  private func requireOne(_ ids: Set<String>, _ text: String, _ what: String) throws {
    guard ids.count > 1 else { return }
    let some = ids.sorted().prefix(3).map { $0.prefix(12) }.joined(separator: ", ")
    throw CatalogError.ambiguous(
      "\(catalog): \(text) begins several \(what) (\(some)): give more digits")
  }

  // MARK: Files

  private mutating func runs(
    ofFile name: String, _ absolutePath: String, _ sha256: String?
  ) throws -> [Int64: [String]] {
    let content = sha256 ?? digits(name) ?? ""
    // "/" is followed by "0", and the last hexadecimal digit by "g": what begins so lies between. An empty content is
    // begun by none.
    let seen = try database.rows(
      """
      SELECT scan_key, role, path, sha256 FROM source_file
      WHERE path = :name OR path = :path
        OR path > rtrim(:path, '/') || '/' AND path < rtrim(:path, '/') || '0'
        OR :content <> '' AND sha256 >= :content AND sha256 < :content || 'g'
      ORDER BY seen_at, path
      """, ["name": name, "path": absolutePath, "content": content])
    guard !seen.isEmpty else {
      throw notFound(
        "no scan was seen in \(name): give a path that lodestone query run-files shows, or the first digits of the "
          + "file's SHA-256")
    }
    var contents: [String: Set<String>] = [:]
    var begun: Set<String> = []
    var found: [Int64: [(role: String, path: String, sha256: String)]] = [:]
    for row in seen {
      let (path, sha256) = (try row.text("path"), try row.text("sha256"))
      contents[path, default: []].insert(sha256)
      if !content.isEmpty, sha256.hasPrefix(content) { begun.insert(sha256) }
      found[try row.key("scan_key"), default: []].append((try row.text("role"), path, sha256))
    }
    try requireOne(begun, name, "files")
    let named = contents[name] == nil ? absolutePath : name
    sayContents(contents[named] ?? [], of: named, now: sha256)
    var reasons: [Int64: [String]] = [:]
    for (scan, files) in found {
      // A folder of frames is a thousand files.
      let texts = files.prefix(3).map { file in
        let isOneOfSeveral = contents[file.path, default: []].count > 1
        return "\(file.role) \(file.path)" + (isOneOfSeveral ? " (\(file.sha256.prefix(12)))" : "")
      }
      let more = files.count > 3 ? ["and \(files.count - 3) more"] : []
      for row in try database.rows("SELECT run_key FROM run WHERE scan_key = ?", [scan]) {
        reasons[try row.key("run_key")] = texts + more
      }
    }
    return reasons
  }

  private mutating func sayContents(_ contents: Set<String>, of path: String, now: String?) {
    let texts = contents.sorted().map { String($0.prefix(12)) }
    if contents.count > 1 {
      remarks.append(
        "\(path) was seen with \(contents.count) contents (\(texts.joined(separator: ", "))): runs of each are here; "
          + "--file DIGITS takes one")
    }
    if let now, !contents.isEmpty, !contents.contains(now) {
      remarks.append(
        "\(path) holds another content now (\(now.prefix(12))) than when it was seen "
          + "(\(texts.joined(separator: ", ")))")
    }
  }

  // MARK: Software

  private func runs(ofVersion version: String) throws -> [Int64: [String]] {
    let items = try database.rows(
      """
      SELECT item.environment_key, item.name, item.text FROM environment
      CROSS JOIN environment_item AS item
        ON item.environment_key = environment.environment_key AND item.name IN ('lodestone', 'build_sha256')
      """)
    let prefix = digits(version)
    var environments: [Int64: String] = [:]
    var builds: Set<String> = []
    var known: Set<String> = []
    for item in items {
      let (name, text) = (try item.text("name"), try item.text("text"))
      if name == "lodestone" { known.insert(text) }
      if name == "lodestone", text == version {
        environments[try item.key("environment_key")] = "lodestone \(text)"
      } else if name == "build_sha256", let prefix, text.hasPrefix(prefix) {
        environments[try item.key("environment_key")] = "build \(text.prefix(12))"
        builds.insert(text)
      }
    }
    try requireOne(builds, version, "builds")
    guard !environments.isEmpty else {
      throw notFound(
        "no version or build \"\(version)\" computed anything here: there are "
          + "\(known.sorted().joined(separator: ", ")), and the builds that lodestone audit shows")
    }
    // The execution that came to the result first; where none did, each one that failed.
    var reasons: [Int64: [String]] = [:]
    for row in try database.rows(
      """
      SELECT execution.run_key, execution.environment_key FROM run
      LEFT JOIN current_result AS result ON result.run_key = run.run_key
      CROSS JOIN execution
        ON execution.run_key = run.run_key AND execution.result_key IS result.result_key
      WHERE NOT EXISTS (
        SELECT 1 FROM execution AS earlier
        WHERE earlier.run_key = run.run_key AND earlier.result_key = execution.result_key
          AND (earlier.started_at, earlier.execution_id) < (execution.started_at, execution.execution_id))
      """)
    {
      if let text = environments[try row.key("environment_key")] {
        reasons[try row.key("run_key")] = [text]
      }
    }
    return reasons
  }

  private func runs(ofStage stage: String, _ version: Int) throws -> [Int64: [String]] {
    var known: Set<Int> = []
    var reasons: [Int64: [String]] = [:]
    for row in try database.rows(
      """
      SELECT run.run_key, run_stage.version FROM run
      CROSS JOIN run_stage ON run_stage.run_key = run.run_key AND run_stage.stage = ?
      """, [stage])
    {
      known.insert(try row.integer("version"))
      if try row.integer("version") == version {
        reasons[try row.key("run_key")] = ["stage \(stage) \(version)"]
      }
    }
    guard !known.isEmpty else {
      let stages = try String.fetchAll(
        database, sql: "SELECT DISTINCT stage FROM run_stage ORDER BY 1")
      throw notFound(
        "no run has a stage \"\(stage)\": there are \(stages.joined(separator: ", "))")
    }
    guard known.contains(version) else {
      throw notFound(
        "no run has version \(version) of the stage \(stage): there are "
          + known.sorted().map(String.init).joined(separator: ", "))
    }
    return reasons
  }

  // MARK: Parameters

  private mutating func runs(ofParameter name: String, _ value: String) throws -> [Int64: [String]]
  {
    let number = Double(value)
    var known: Set<String> = []
    var reasons: [Int64: [String]] = [:]
    for row in try parameters(name) {
      let text = try row.text("text")
      known.insert(text)
      let ownNumber = try row.optionalFinite("number")
      if text == value || number != nil && ownNumber == number {
        reasons[try row.key("run_key")] = ["\(name)=\(text)"]
      }
    }
    guard !known.isEmpty else {
      throw notFound(
        "no run has a parameter \"\(name)\": see lodestone query run-parameters --param run=@last")
    }
    if reasons.isEmpty {
      let some = known.sorted().prefix(5).joined(separator: ", ")
      remarks.append(
        "no run has \(name)=\(value): there \(known.count == 1 ? "is" : "are") \(some)"
          + (known.count > 5 ? ", ..." : ""))
    }
    return reasons
  }

  private func parameters(_ name: String) throws -> [CheckedRow] {
    try database.rows(
      """
      SELECT run.run_key, parameter.text, parameter.number FROM run
      CROSS JOIN parameter
        ON parameter.parameters_key = run.parameters_key AND parameter.name = ?
      """, [name])
  }

  private mutating func runs(ofReference name: String, _ id: String?) throws -> [Int64: [String]] {
    let prefix = id ?? digits(name)
    var reasons: [Int64: [String]] = [:]
    var named: Set<String> = []
    var begun: Set<String> = []
    for row in try parameters("fit.references") {
      for reference in try row.text("text").split(separator: ",") {
        // NAME@ID; or "none".
        let parts = reference.split(separator: "@").map(String.init)
        guard parts.count == 2 else { continue }
        let isBegun = prefix.map { parts[1].hasPrefix($0) } ?? false
        if parts[0] == name { named.insert(parts[1]) }
        if isBegun { begun.insert(parts[1]) }
        if parts[0] == name || isBegun {
          reasons[try row.key("run_key"), default: []].append(
            "reference spectrum \(parts[0]) (\(parts[1].prefix(12)))")
        }
      }
    }
    // Phases are defined by spectra too, and clusters assigned by their distance.
    for row in try database.rows(
      """
      SELECT DISTINCT rule.phase, rule.name, rule.spectrum_id, run.run_key
      FROM phase_rule AS rule
      LEFT JOIN phase_assignment AS assignment
        ON assignment.phase = rule.phase AND assignment.outcome <> 'none'
      LEFT JOIN run ON run.run_id = assignment.run_id
      WHERE rule.spectrum_id IS NOT NULL ORDER BY rule.phase, run.run_key
      """)
    {
      let (spectrum, called) = (try row.text("spectrum_id"), try row.text("name"))
      let isBegun = prefix.map(spectrum.hasPrefix) ?? false
      guard called == name || isBegun else { continue }
      if called == name { named.insert(spectrum) }
      if isBegun { begun.insert(spectrum) }
      let why =
        "phase \(try row.text("phase")), by the distance to \(called) (\(spectrum.prefix(12)))"
      if let run = try row.optionalInteger("run_key") {
        reasons[Int64(run), default: []].append(why)
      } else {
        remarks.append("\(why), which no cluster is near")
      }
    }
    if id == nil { try requireOne(begun, name, "reference spectra") }
    if named.count > 1 {
      let texts = named.sorted().map { $0.prefix(12) }.joined(separator: ", ")
      remarks.append(
        "\(name) names \(named.count) spectra (\(texts)): runs of each are here; --reference DIGITS takes one"
      )
    }
    let isKnown =
      try !reasons.isEmpty || !named.isEmpty || !begun.isEmpty
      || prefix.map {
        try database.exists(
          "SELECT 1 FROM reference_spectrum WHERE reference_spectrum_id GLOB ?", [$0 + "*"])
      } ?? false
    guard isKnown else {
      throw notFound(
        "no run was fitted with, and no phase defined by, the spectrum \(name): give its file, the first digits of its id, or the name that "
          + "lodestone query run-fit shows")
    }
    return reasons
  }
}
