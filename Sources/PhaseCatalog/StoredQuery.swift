/// A question kept in `queries/`: SQL with named parameters, and a header that documents both.
///
/// The header is the comment at the file's start. Its first line is the title; a line
/// `:name type = default  text` documents a parameter (without `= default` it must be given); the rest
/// is the description.
public struct StoredQuery: Sendable, Equatable {
  /// A named parameter.
  public struct Parameter: Sendable, Equatable {
    /// The name, without the colon.
    public let name: String
    /// "number", "integer" or "text".
    public let type: String
    /// The default value; nil where the parameter must be given.
    public let defaultText: String?
    /// What it means, with its unit.
    public let meaning: String
  }

  /// The file's name without `.sql`.
  public let name: String
  /// One line.
  public let title: String
  /// Further lines.
  public let description: String
  /// The parameters, in the order of the header.
  public let parameters: [Parameter]
  /// The whole file.
  public let sql: String

  /// The same question of all runs, retracted ones too; nil where it is that already.
  var ofAllRuns: StoredQuery? {
    let all = sql.replacing(/\b(run|cluster)_overview\b/) { "\($0.0)_all" }
    return all == sql ? nil : StoredQuery(name: name, sql: all)
  }

  /// Reads a query from its file's text.
  init(name: String, sql: String) {
    var header: [Substring] = []
    var rest = sql[...]
    while rest.hasPrefix("--") {
      let line = rest.prefix { $0 != "\n" }
      header.append(line.dropFirst(2).drop { $0 == " " })
      rest = rest.dropFirst(line.count + 1)
    }
    self.name = name
    self.sql = sql
    title = header.first.map(String.init) ?? ""
    parameters = header.compactMap(StoredQuery.parameter)
    description = header.dropFirst().filter { !$0.hasPrefix(":") && !$0.isEmpty }
      .joined(separator: "\n")
  }

  private static func parameter(_ line: Substring) -> Parameter? {
    guard line.hasPrefix(":") else { return nil }
    // By words: a regular expression for each line of all queries takes longer than an answer.
    let words = line.dropFirst().split(separator: " ")
    guard words.count >= 2, ["number", "integer", "text"].contains(words[1]) else { return nil }
    let hasDefault = words.count >= 4 && words[2] == "="
    return Parameter(
      name: String(words[0]), type: String(words[1]),
      defaultText: hasDefault ? String(words[3]) : nil,
      meaning: words.dropFirst(hasDefault ? 4 : 2).joined(separator: " "))
  }

  /// All stored queries by name. A test compares them with the folder.
  public static let all: [StoredQuery] = [
    ("failed", PackageResources.failed_sql),
    ("notes", PackageResources.notes_sql),
    ("phase-stats", PackageResources.phase_stats_sql),
    ("reproducibility", PackageResources.reproducibility_sql),
    ("retracted", PackageResources.retracted_sql),
    ("run-clusters", PackageResources.run_clusters_sql),
    ("run-edges", PackageResources.run_edges_sql),
    ("run-elements", PackageResources.run_elements_sql),
    ("run-environment", PackageResources.run_environment_sql),
    ("run-executions", PackageResources.run_executions_sql),
    ("run-files", PackageResources.run_files_sql),
    ("run-fit", PackageResources.run_fit_sql),
    ("run-found", PackageResources.run_found_sql),
    ("run-frames", PackageResources.run_frames_sql),
    ("run-parameters", PackageResources.run_parameters_sql),
    ("run-radii", PackageResources.run_radii_sql),
    ("run-ratios", PackageResources.run_ratios_sql),
    ("run-remarks", PackageResources.run_remarks_sql),
    ("run-spectra", PackageResources.run_spectra_sql),
    ("run-stages", PackageResources.run_stages_sql),
    ("run-summary", PackageResources.run_summary_sql),
    ("run-surface", PackageResources.run_surface_sql),
    ("run-warnings", PackageResources.run_warnings_sql),
    ("runs", PackageResources.runs_sql),
    ("sample-attributes", PackageResources.sample_attributes_sql),
    ("samples", PackageResources.samples_sql),
    ("scans", PackageResources.scans_sql),
    ("surface-vs-bulk", PackageResources.surface_vs_bulk_sql),
    ("tags", PackageResources.tags_sql),
    ("variants", PackageResources.variants_sql),
  ].map { StoredQuery(name: $0.0, sql: String(decoding: $0.1, as: UTF8.self)) }

  /// The query of a name.
  ///
  /// - Throws: ``CatalogError/question(_:)`` naming those that there are.
  public static func named(_ name: String) throws -> StoredQuery {
    guard let query = all.first(where: { $0.name == name }) else {
      throw CatalogError.question(
        "no query \"\(name)\": there are " + all.map(\.name).joined(separator: ", "))
    }
    return query
  }
}
