import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

@Suite struct RecipeTests {
  @Test func theProgramsOwn() throws {
    let recipes = try Recipe.builtIn
    #expect(recipes.map(\.name) == ["ndfeb", "edge", "battery", "stxm"])
    #expect(recipes.allSatisfy { !$0.summary.isEmpty })
    // No recipe and the default one are the same question.
    #expect(try ParameterSet(recipe: recipes[0]) == ParameterSet())
    for recipe in recipes.dropFirst() {
      #expect(try ParameterSet(recipe: recipe).parameters.contains { !$0.isDefault })
    }
  }

  /// Shown as TOML, a recipe is itself a recipe that says the same.
  @Test(arguments: Recipe.builtInNames) func whatIsShownReadsBack(name: String) throws {
    let recipe = try Recipe(name)
    let set = try ParameterSet(recipe: recipe)
    let text = set.toml(title: "a \"title\"", description: recipe.summary)
    let again = try Recipe(text: text, name: "again")
    #expect(again.summary == recipe.summary)
    #expect(try ParameterSet(recipe: again) == set)
    for definition in ParameterDefinition.all {
      #expect(text.contains(definition.meaning) && text.contains(definition.range))
    }
  }

  @Test func aDescriptionStaysOnItsLine() throws {
    let recipe = try Recipe(text: #"description = "a\u001b[31m\n\"b\\c""#, name: "mine")
    let text = try ParameterSet(recipe: recipe).toml(title: "t", description: recipe.summary)
    #expect(text.contains(#"description = "a\u001B[31m\u000A\"b\\c""#))
    #expect(try Recipe(text: text, name: "again").summary == recipe.summary)
  }

  @Test func valuesOfEveryType() throws {
    let recipe = try Recipe(
      text: """
        # a comment
        base = "edge"
        dbscan.minimum_points = 40
        [elements]
        symbols = ["Ni", "Co"]   # an array is a list
        [mask]
        fraction = 2e-1
        """, name: "mine")
    let set = try ParameterSet(recipe: recipe, settings: ["mask.fraction=0.3"])
    let values = Dictionary(uniqueKeysWithValues: set.parameters.map { ($0.name, $0.text) })
    #expect(values["elements.symbols"] == "Ni,Co")
    #expect(values["edges.pre_start"] == "auto")
    #expect(values["dbscan.minimum_points"] == "40")
    // What is set on the command line counts before the recipe.
    #expect(values["mask.fraction"] == "0.3")
    #expect(recipe.settings["mask.fraction"] == "0.2")
  }

  @Test(arguments: [
    ("[dbscan]\nradios = 1", "dbscan.radios: no such parameter: did you mean dbscan.radius?"),
    ("[dbscan]\nradius = -1", "from"), ("[dbscan]\nradius = true", "it takes a number from"),
    ("radius = 1", "a parameter stands in its table: [dbscan] radius"),
    ("[dbscan]\nradius = 2\0\nx = 3", "a zero byte"),
    ("dbscan = 3", "a table of parameters: write [dbscan]"),
    ("\"dbscan.radius\" = 1", "without quotes"),
    ("zebra = 1", "no such parameter: see lodestone recipe show"), ("base = \"none\"", "there are"),
    ("base = 3", "base takes a text"), ("[mask\nfraction = 1", "line 1"),
    ("[mask]\nfraction = 0.1\nfraction = 0.2", "line 3"),
    ("[edges]\npre_start = -5", "is not below"),
    ("[elements]\nsymbols = []", "takes"),
    ("[elements]\nsymbols = [\"Xx\"]", "\"Xx\" is no element"),
    ("[elements]\nsymbols = [1]", "takes a text"), ("[dbscan]\nminimum_points = 1.5", "whole"),
    ("mask = { fraction = 7 }", "from 0 to 0.99"),
  ])
  func refusals(text: String, words: String) {
    let error = #expect(throws: RecipeError.self) { try Recipe(text: text, name: "r.toml") }
    let description = error?.description ?? ""
    #expect(description.contains(words), "\(description)")
    #expect(description.hasPrefix("r.toml: ") && !description.contains("\n"), "\(description)")
  }

  @Test func filesAndNames() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("[dbscan]\nradius = 2\n", to: "mine.toml")
    #expect(try Recipe(path).settings == ["dbscan.radius": "2"])
    #expect(throws: RecipeError.self) { try Recipe("ndfe") }
    #expect(throws: InputError.self) { try Recipe(folder.file("no.toml")) }
    #expect(throws: InputError.self) { try Recipe(folder.path + "/") }
    // An empty file is a recipe of defaults.
    #expect(try ParameterSet(recipe: Recipe(try folder.write("", to: "e.toml"))) == ParameterSet())
  }
}
