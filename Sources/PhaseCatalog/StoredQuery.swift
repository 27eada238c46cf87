import Foundation

/// A question kept in `queries/`, or in a folder of the user's own: SQL with named parameters, and a header that
/// documents both.
///
/// The header is the comment at the file's start. Its first line is the title. A line
/// `:name type (unit) = default  meaning` documents a parameter (without `= default` it must be given), a line
/// `@name type (unit)  meaning` a column of the answer; the unit is left out where there is none. The rest is the
/// description.
public struct StoredQuery: Sendable, Equatable {
  /// A named parameter, or a column of the answer.
  public struct Field: Sendable, Equatable {
    /// The name, without the mark.
    public let name: String
    /// "number", "integer" or "text".
    public let type: String
    /// Empty where there is none.
    public let unit: String
    /// Of a parameter; nil where it must be given.
    public let defaultText: String?
    /// What it means.
    public let meaning: String

    /// A line of the header behind its mark; nil where it is no such line.
    fileprivate init?(_ line: Substring) {
      var words = line.split(separator: " ")[...]
      guard let name = words.popFirst(), let type = words.popFirst(),
        ["number", "integer", "text"].contains(type)
      else { return nil }
      self.name = String(name)
      self.type = String(type)
      if let first = words.first, first.hasPrefix("("), first.hasSuffix(")") {
        unit = String(words.removeFirst().dropFirst().dropLast())
      } else {
        unit = ""
      }
      if words.first == "=", words.count >= 2 {
        words.removeFirst()
        defaultText = String(words.removeFirst())
      } else {
        defaultText = nil
      }
      meaning = words.joined(separator: " ")
    }
  }

  /// The file's name without `.sql`.
  public let name: String
  /// The file, where it is the user's own.
  public let file: String?
  /// The whole file.
  public let sql: String

  /// A query from its file's text.
  package init(name: String, file: String? = nil, sql: String) {
    self.name = name
    self.file = file
    self.sql = sql
  }

  /// One line.
  public var title: String { header.first.map(String.init) ?? "" }

  /// Further lines; empty for none.
  public var description: String {
    header.dropFirst().filter { !$0.hasPrefix(":") && !$0.hasPrefix("@") }
      .joined(separator: "\n").replacing(/^\n+|\n+$/, with: "")
  }

  /// The parameters, in the order of the header.
  public var parameters: [Field] { fields(":") }

  /// The columns of the answer, in their order; the user's own may document none.
  public var columns: [Field] { fields("@") }

  /// The statement without the header.
  public var statement: String { String(sql[headerEnd...]).replacing(/^\n+|\n+$/, with: "") }

  // Read where they are asked for: those of all queries take longer than an answer.
  private var header: [Substring] {
    sql[..<headerEnd].split(separator: "\n").map { $0.dropFirst(2).drop { $0 == " " } }
  }

  private var headerEnd: String.Index {
    var end = sql.startIndex
    while sql[end...].hasPrefix("--") {
      end = sql[end...].firstIndex(of: "\n").map { sql.index(after: $0) } ?? sql.endIndex
    }
    return end
  }

  private func fields(_ mark: Character) -> [Field] {
    header.compactMap { $0.first == mark ? Field($0.dropFirst()) : nil }
  }

  /// The same question of the retracted runs alone; nil where it is of all runs already.
  var ofRetractedRuns: StoredQuery? {
    if sql.contains("run_overview_all") { return nil }
    let retracted = sql.replacingOccurrences(
      of: "FROM run_overview", with: "FROM (\(Self.retractedRuns))")
    return retracted == sql ? nil : StoredQuery(name: name, sql: retracted)
  }

  /// The lines of run_overview_all that are retracted, found from what was said: in most catalogs these are few. With the
  /// schema's name, for a query may have a table "run" of its own.
  static let retractedRuns = """
    SELECT * FROM main.run_overview_all WHERE run_key IN (
      SELECT run.run_key FROM main.retraction CROSS JOIN main.run ON run.run_id = retraction.subject
      UNION ALL
      SELECT run.run_key FROM main.retraction CROSS JOIN main.scan ON scan.scan_id = retraction.subject
      CROSS JOIN main.run ON run.scan_key = scan.scan_key)
    """

  /// All stored queries by name. A test compares them with the folder.
  public static let all: [StoredQuery] = [
    ("coverage", PackageResources.coverage_sql),
    ("depth-profile", PackageResources.depth_profile_sql),
    ("failed", PackageResources.failed_sql),
    ("mean-spectrum", PackageResources.mean_spectrum_sql),
    ("notes", PackageResources.notes_sql),
    ("parameter-sensitivity", PackageResources.parameter_sensitivity_sql),
    ("phase-clusters", PackageResources.phase_clusters_sql),
    ("phase-rules", PackageResources.phase_rules_sql),
    ("phase-stats", PackageResources.phase_stats_sql),
    ("phase-trend", PackageResources.phase_trend_sql),
    ("phases", PackageResources.phases_sql),
    ("quality", PackageResources.quality_sql),
    ("reproducibility", PackageResources.reproducibility_sql),
    ("retracted", PackageResources.retracted_sql),
    ("run-blocks", PackageResources.run_blocks_sql),
    ("run-clusters", PackageResources.run_clusters_sql),
    ("run-components", PackageResources.run_components_sql),
    ("run-depth", PackageResources.run_depth_sql),
    ("run-edges", PackageResources.run_edges_sql),
    ("run-elements", PackageResources.run_elements_sql),
    ("run-environment", PackageResources.run_environment_sql),
    ("run-estimates", PackageResources.run_estimates_sql),
    ("run-executions", PackageResources.run_executions_sql),
    ("run-files", PackageResources.run_files_sql),
    ("run-fit", PackageResources.run_fit_sql),
    ("run-found", PackageResources.run_found_sql),
    ("run-frames", PackageResources.run_frames_sql),
    ("run-parameters", PackageResources.run_parameters_sql),
    ("run-phases", PackageResources.run_phases_sql),
    ("run-radii", PackageResources.run_radii_sql),
    ("run-ratios", PackageResources.run_ratios_sql),
    ("run-remarks", PackageResources.run_remarks_sql),
    ("run-spectra", PackageResources.run_spectra_sql),
    ("run-stages", PackageResources.run_stages_sql),
    ("run-summary", PackageResources.run_summary_sql),
    ("run-surface", PackageResources.run_surface_sql),
    ("run-times", PackageResources.run_times_sql),
    ("run-warnings", PackageResources.run_warnings_sql),
    ("runs", PackageResources.runs_sql),
    ("sample-attributes", PackageResources.sample_attributes_sql),
    ("samples", PackageResources.samples_sql),
    ("scans", PackageResources.scans_sql),
    ("surface-vs-bulk", PackageResources.surface_vs_bulk_sql),
    ("tags", PackageResources.tags_sql),
    ("variants", PackageResources.variants_sql),
  ].map { StoredQuery(name: $0.0, sql: String(decoding: $0.1, as: UTF8.self)) }

  /// The shipped query of a name, or the user's own.
  ///
  /// - Parameter own: the user's own.
  /// - Throws: ``CatalogError/question(_:)`` naming those that there are.
  public static func named(_ name: String, own: [StoredQuery] = []) throws -> StoredQuery {
    guard let query = (all + own).first(where: { $0.name == name }) else {
      throw CatalogError.question(
        "no query \"\(name)\": there are " + (all + own).map(\.name).joined(separator: ", "))
    }
    return query
  }

  /// The queries in a folder: its files that end in `.sql`, by name.
  ///
  /// - Throws: ``CatalogError/io(path:reason:)`` for a file that cannot be read, or is no text.
  public static func inFolder(_ folder: String) throws -> [StoredQuery] {
    try files(inFolder: folder).map(StoredQuery.init(file:))
  }

  /// The files of queries in a folder.
  public static func files(inFolder folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".sql") }.sorted().map { folder + "/" + $0 }
  }

  /// A query from its file.
  ///
  /// - Throws: ``CatalogError/io(path:reason:)`` for a file that cannot be read, or is no text.
  public init(file: String) throws {
    guard let bytes = FileManager.default.contents(atPath: file), bytes.count < 1 << 20,
      let text = String(bytes: bytes, encoding: .utf8)
    else {
      throw CatalogError.io(path: file, reason: "no query: SQL of less than 1 MB in UTF-8")
    }
    let name = (file as NSString).lastPathComponent.dropLast(4)
    self.init(name: String(name), file: file, sql: text)
  }
}
