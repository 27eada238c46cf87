import PhaseCatalog
import Testing
import TestSupport

/// docs/reference/queries.md says what each stored query answers: it is made of their headers.
@Suite struct QueryDocumentTests {
  @Test func theDocumentIsTheHeaders() throws {
    let ofRun = StoredQuery.all.filter { $0.parameters.contains { $0.name == "run" } }
    let others = StoredQuery.all.filter { query in !ofRun.contains(query) }
    var text = """
      # Stored queries

      The questions that come with the program, each a file of [queries/](../../queries): `lodestone query NAME --param NAME=VALUE`. With
      `--format csv`, `json` or another every number is exact; tables round. `lodestone query NAME --help` says the same, `--explain`
      shows the SQL. Your own are files of the same form: [questions.md](../questions.md#stored-questions).

      Units stand in brackets. Null is an empty cell in CSV, and - in a table.
      This page is made of the queries' headers; a test compares them.

      ## Of all runs

      \(contents(others))
      ## Of one run

      These take `run`: an id, `@last`, or `tag:NAME`. `lodestone audit` uses them to tell what a number is.

      \(contents(ofRun))
      """
    for query in others + ofRun { text += section(query) }
    #expect(try ReferencePage.difference(of: "reference/queries.md", from: text) == nil)
    #expect(others.count > 15 && ofRun.count > 15)
  }

  private func contents(_ queries: [StoredQuery]) -> String {
    ReferencePage.table(
      ["query", "answers"],
      queries.map { ["[`\($0.name)`](#\($0.name))", ReferencePage.plain($0.title)] })
  }

  private func section(_ query: StoredQuery) -> String {
    func type(_ field: StoredQuery.Field) -> String {
      field.unit.isEmpty ? field.type : "\(field.type) (\(field.unit))"
    }
    var text = "\n### \(query.name)\n\n\(ReferencePage.plain(query.title))\n"
    if !query.description.isEmpty { text += "\n\(ReferencePage.plain(query.description))\n" }
    let parameters = query.parameters
    if !parameters.isEmpty {
      text +=
        "\n"
        + ReferencePage.table(
          ["parameter", "type", "default", "meaning"],
          parameters.map { field in
            let standard = field.defaultText.map { "`\($0)`" } ?? "must be given"
            return ["`\(field.name)`", type(field), standard, ReferencePage.plain(field.meaning)]
          })
    }
    return text + "\n"
      + ReferencePage.table(
        ["column", "type", "meaning"],
        query.columns.map { ["`\($0.name)`", type($0), ReferencePage.plain($0.meaning)] })
  }
}
