import Lodestone
import Testing
import TestSupport

/// docs/reference/parameters.md says what each parameter is: it is made of their definitions.
@Suite struct ParameterDocumentTests {
  @Test func theDocumentIsTheDefinitions() throws {
    let groups = ParameterDefinition.all.reduce(into: [String]()) { groups, definition in
      let group = Self.group(definition)
      if !groups.contains(group) { groups.append(group) }
    }
    var text = """
      # Parameters

      What an analysis may be told, in the order in which the data meets it: `lodestone ingest --set NAME=VALUE`, or a recipe
      (`--recipe`, `lodestone recipe show`). All of them are kept with every result, given or not. `auto` is found from the data, and
      what was found is kept too (`lodestone query run-found`). A parameter that differs makes another run; what is computed before
      the stage that first reads it is used again ([reuse.md](../reuse.md)). [chemistry.md](../chemistry.md) tells how they came to be.

      \(groups.map { "[\($0)](#\($0))" }.joined(separator: " · ")) · [recipes](#recipes)

      This page is made from the program; a test compares them.

      """
    for group in groups {
      text += "\n## \(group)\n\n"
      let rows = ParameterDefinition.all.filter { Self.group($0) == group }.map { definition in
        let stage = PipelineStage.reading(definition.name)
        // What no table has would be part of no key.
        #expect(stage != nil, "\(definition.name)")
        return [
          "`\(definition.name)`", ReferencePage.plain(definition.meaning), definition.range,
          definition.unit, "`\(definition.defaultText)`", stage?.rawValue ?? "",
        ]
      }
      text += ReferencePage.table(["parameter", "is", "takes", "unit", "default", "stage"], rows)
    }
    text +=
      "\n## recipes\n\nWhat each of the program's own recipes says; all else is the default.\n"
    for recipe in try Recipe.builtIn {
      text += "\n### \(recipe.name)\n\n\(ReferencePage.plain(recipe.summary)).\n"
      let order = ParameterDefinition.all.map(\.name)
      let settings = order.compactMap { name in
        recipe.settings[name].map { ["`\(name)`", "`\($0)`"] }
      }
      #expect(settings.count == recipe.settings.count)
      text +=
        settings.isEmpty
        ? "\nIt is the default: it sets nothing.\n"
        : "\n" + ReferencePage.table(["parameter", "value"], settings)
    }
    #expect(try ReferencePage.difference(of: "reference/parameters.md", from: text) == nil)
    #expect(groups.count > 10)
  }

  private static func group(_ definition: ParameterDefinition) -> String {
    String(definition.name.prefix { $0 != "." })
  }
}
