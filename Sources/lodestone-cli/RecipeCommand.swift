import ArgumentParser
import Lodestone
import PhaseCatalog

struct RecipeCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe", abstract: "The parameters of an analysis: list, show and check recipes.",
    discussion: """
      A recipe is a TOML file of parameters that are not the defaults. ingest --recipe takes the name of one of the \
      program's own, or a file; --set NAME=VALUE counts before it.
      """,
    subcommands: [RecipeListCommand.self, RecipeShowCommand.self, RecipeCheckCommand.self])

  static let examples = [
    "lodestone recipe show ndfeb > mine.toml",
    "lodestone recipe check mine.toml",
    "lodestone ingest scan.tif --reference flat.tif --sample M1 --recipe mine.toml",
  ]
}

struct RecipeListCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The program's own recipes.")
  static let examples = ["lodestone recipe list"]

  @OptionGroup var format: FormatOptions

  func run() throws {
    let table = AnswerTable(
      columns: ["recipe", "what_it_is_for"],
      rows: try Recipe.builtIn.map { [.text($0.name), .text($0.summary)] })
    Output.table(
      table, as: format.chosen, verb: "recipe", order: ["recipe", "what_it_is_for"])
  }
}

struct RecipeShowCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Every parameter of a recipe: value, range, unit, default, meaning.",
    discussion: """
      As TOML it is a whole recipe itself: keep it in a file, change it, and give it to ingest --recipe.
      """)
  static let examples = [
    "lodestone recipe show edge", "lodestone recipe show ndfeb > mine.toml",
    "lodestone recipe show mine.toml --format table",
  ]

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case toml, table, csv, tsv, json, ndjson, markdown
  }

  @Argument(
    help: "ndfeb (the default), edge, battery, stxm, or a TOML file.",
    completion: Completions.recipe)
  var recipe: String = "ndfeb"

  @Option(help: "toml, or a table's format.")
  var format: Format = .toml

  @Flag(help: "The same as --format json.")
  var json = false

  func run() throws {
    let recipe = try Recipe(recipe)
    let parameters = try ParameterSet(recipe: recipe)
    guard !json, format == .toml else {
      let rows = zip(ParameterDefinition.all, parameters.parameters).map { definition, parameter in
        [
          AnswerTable.Value.text(definition.name), .text(parameter.text), .text(definition.unit),
          .text(definition.typeName), .text(definition.range), .text(definition.defaultText),
          .integer(parameter.isDefault ? 1 : 0), .text(definition.meaning),
        ]
      }
      Output.table(
        AnswerTable(
          columns: [
            "parameter", "value", "unit", "type", "takes", "default", "is_default", "meaning",
          ], rows: rows), as: json ? .json : TableFormat(rawValue: format.rawValue) ?? .table,
        verb: "recipe",
        fields: [("recipe", .string(recipe.name)), ("description", .string(recipe.summary))],
        order: ["parameter", "value", "unit", "meaning"])
      return
    }
    Output.write(
      parameters.toml(title: "lodestone recipe show \(recipe.name)", description: recipe.summary))
  }
}

struct RecipeCheckCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Whether a recipe can be used, and what in it is not the default.")
  static let examples = ["lodestone recipe check mine.toml"]

  @Argument(
    help: "A TOML file, or one of the program's own.", completion: Completions.recipe)
  var recipe: String

  @OptionGroup var format: FormatOptions

  func run() throws {
    let recipe = try Recipe(recipe)
    let parameters = try ParameterSet(recipe: recipe)
    let changed = parameters.parameters.filter { !$0.isDefault }
    if format.chosen == .table {
      let count = changed.count == 1 ? "1 parameter is" : "\(changed.count) parameters are"
      Output.line("\(recipe.name): a valid recipe; \(count) not the default")
      if changed.isEmpty { return }
    }
    let table = AnswerTable(
      columns: ["parameter", "value", "default"],
      rows: changed.map { parameter in
        let standard = ParameterDefinition.all.first { $0.name == parameter.name }
        return [
          .text(parameter.name), .text(parameter.text), .text(standard?.defaultText ?? ""),
        ]
      })
    Output.table(
      table, as: format.chosen, verb: "recipe", fields: [("recipe", .string(recipe.name))])
  }
}
