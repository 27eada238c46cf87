import Foundation
import PhaseCatalog
import StackIO
import TOMLKit

/// A recipe that cannot be used: where, and why.
public struct RecipeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One line.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Parameters that are not the defaults, from a TOML file or one of the program's own.
///
///     base = "edge"                 # another recipe, whose parameters hold where this one says nothing
///     description = "one line"
///     [dbscan]
///     radius = 1.5                  # dbscan.radius
public struct Recipe: Sendable, Equatable {
  /// Its name, or its file.
  public let name: String
  /// What it is for, in one line; empty where it does not say.
  public let summary: String
  /// Parameters by their dotted name, as they would be typed after `--set`.
  public let settings: [String: String]

  /// The names of the program's own recipes, the default first.
  public static let builtInNames = ["ndfeb", "edge", "battery", "stxm"]

  /// The program's own recipes.
  public static var builtIn: [Recipe] {
    get throws(RecipeError) {
      var recipes: [Recipe] = []
      for name in builtInNames { recipes.append(try Recipe(named: name)) }
      return recipes
    }
  }

  /// One of the program's own recipes, or the recipe in a file.
  ///
  /// - Throws: ``RecipeError`` naming the line; ``InputError`` where the file cannot be read.
  public init(_ nameOrFile: String) throws {
    if Self.builtInNames.contains(nameOrFile) {
      try self.init(named: nameOrFile)
      return
    }
    let looksLikeFile = nameOrFile.contains("/") || nameOrFile.contains(".")
    if !looksLikeFile, !FileManager.default.fileExists(atPath: nameOrFile) {
      throw RecipeError(
        "no recipe \"\(nameOrFile)\": there are \(Self.builtInNames.joined(separator: ", ")), or give a "
          + "file")
    }
    let text = try Self.text(of: nameOrFile)
    try self.init(text: text, name: nameOrFile)
  }

  private init(named name: String) throws(RecipeError) {
    let bytes =
      switch name {
      case "edge": PackageResources.edge_toml
      case "battery": PackageResources.battery_toml
      case "stxm": PackageResources.stxm_toml
      default: PackageResources.ndfeb_toml
      }
    try self.init(text: String(decoding: bytes, as: UTF8.self), name: name)
  }

  /// A recipe's text.
  ///
  /// - Throws: ``RecipeError``: what is no TOML, an unknown parameter with the nearest known one, a value that a
  ///   parameter does not take.
  public init(text: String, name: String) throws(RecipeError) {
    // The library would stop reading there, and say nothing.
    guard !text.unicodeScalars.contains("\0") else {
      throw RecipeError("\(name): a zero byte stands in it: it is no text")
    }
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw RecipeError(
        "\(name): line \(place.line), column \(place.column): \(error.description)")
    } catch {
      throw RecipeError("\(name): \(error)")
    }
    var (base, summary): (Recipe?, String) = (nil, "")
    var settings: [String: String] = [:]
    for key in table.keys.sorted() {
      let value = table[key]
      if key == "base" || key == "description" {
        guard let text = value?.string else {
          throw RecipeError("\(name): \(key) takes a text")
        }
        if key == "description" { summary = text }
        if key == "base" {
          guard Self.builtInNames.contains(text) else {
            throw RecipeError(
              "\(name): base = \"\(text)\": there are \(Self.builtInNames.joined(separator: ", "))")
          }
          base = try Recipe(named: text)
        }
        continue
      }
      guard let group = value?.table else {
        throw RecipeError(
          "\(name): \(key): " + (try Self.advice(key, isGroup: true)))
      }
      for inner in group.keys {
        let parameter = "\(key).\(inner)"
        settings[parameter] = try Self.setting(parameter, group[inner], name)
      }
    }
    self.name = name
    self.summary = summary
    self.settings = (base?.settings ?? [:]).merging(settings) { $1 }
    do {
      _ = try ParameterSet(recipe: self)
    } catch {
      throw RecipeError("\(name): \(error)")
    }
  }

  /// A parameter's value as it would be typed.
  private static func setting(
    _ parameter: String, _ value: (any TOMLValueConvertible)?, _ recipe: String
  ) throws(RecipeError) -> String {
    guard let definition = ParameterDefinition.named(parameter) else {
      throw RecipeError("\(recipe): \(parameter): " + (try advice(parameter, isGroup: false)))
    }
    guard let text = text(of: value) else {
      throw RecipeError("\(recipe): \(parameter): it takes \(definition.range)")
    }
    do {
      _ = try definition.value(of: text)
    } catch {
      throw RecipeError("\(recipe): \(error)")
    }
    return text
  }

  private static func advice(_ name: String, isGroup: Bool) throws(RecipeError) -> String {
    if isGroup, let inner = ParameterDefinition.all.first(where: { $0.name.hasSuffix(".\(name)") })
    {
      return "a parameter stands in its table: [\(inner.name.prefix { $0 != "." })] \(name) = ..."
    }
    if isGroup, let inner = ParameterDefinition.all.first(where: { $0.name.hasPrefix("\(name).") })
    {
      return "a table of parameters: write [\(name)], and in it "
        + "\(inner.name.dropFirst(name.count + 1)) = ..."
    }
    if isGroup, ParameterDefinition.named(name) != nil {
      return "write it without quotes: \(name) = ..."
    }
    return "no such parameter"
      + ParameterDefinition.suggestion(for: name, else: "lodestone recipe show")
  }

  /// A value as it would be typed; nil for what is no value of a parameter.
  private static func text(of value: (any TOMLValueConvertible)?) -> String? {
    guard let value else { return nil }
    if let text = value.string { return text }
    if let number = value.int { return "\(number)" }
    if let number = value.double { return "\(number)" }
    guard let array = value.array else { return nil }
    let words = array.map { $0.string }
    return words.contains(nil) || words.isEmpty
      ? nil : words.compactMap(\.self).joined(separator: ",")
  }

  private static func text(of file: String) throws(InputError) -> String {
    var status = stat()
    guard stat(file, &status) == 0 else {
      throw InputError("no such recipe file", path: file, kind: .missing)
    }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size < 1 << 20,
      let bytes = FileManager.default.contents(atPath: file),
      let text = String(bytes: bytes, encoding: .utf8)
    else { throw InputError("no recipe: a TOML file of less than 1 MB in UTF-8", path: file) }
    return text
  }
}

extension ParameterSet {
  /// The set as a recipe that says everything, with what each parameter is.
  ///
  /// - Parameter title: is put on top, a comment.
  public func toml(title: String, description: String) -> String {
    var lines = ["# \(title)", "description = \(Self.quoted(description))"]
    var group = ""
    for (definition, parameter) in zip(ParameterDefinition.all, parameters) {
      let parts = definition.name.split(separator: ".", maxSplits: 1)
      if parts[0] != group {
        group = String(parts[0])
        lines += ["", "[\(group)]"]
      }
      let unit = definition.unit.isEmpty ? "" : ", \(definition.unit)"
      lines.append("# \(definition.meaning)")
      lines.append("# \(definition.range)\(unit); default \(definition.defaultText)")
      lines.append("\(parts[1]) = \(Self.value(parameter))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func value(_ parameter: ParameterRecord) -> String {
    if case .text(let text) = parameter.value { return quoted(text) }
    return parameter.text
  }

  private static func quoted(_ text: String) -> String {
    "\""
      + text.unicodeScalars.map { scalar in
        switch scalar {
        case "\\", "\"": "\\\(scalar)"
        // What would act on a terminal, or end the line.
        case _ where scalar.properties.generalCategory == .control:
          String(format: "\\u%04X", scalar.value)
        default: String(scalar)
        }
      }.joined() + "\""
  }
}
