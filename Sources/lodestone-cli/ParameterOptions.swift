import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

/// The parameters of an analysis as a command line asks for them.
struct ParameterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A recipe: ndfeb (the default), edge, battery, stxm, or a TOML file (lodestone recipe list).",
      valueName: "recipe"), completion: Completions.recipe)
  var recipe: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A parameter. May be repeated.", valueName: "name=value"),
    completion: Completions.parameter)
  var settings: [String] = []

  @Option(
    help: ArgumentHelp(
      "A reference spectrum that clusters and pixels are fitted with: XDI, .nor or columns of text; the column by its "
        + "name or number where there are several. May be repeated.",
      valueName: "name=file[:column]"))
  var spectrum: [String] = []

  @Option(
    help: ArgumentHelp(
      "Drift and magnification that are known: a CSV with columns dy_px, dx_px, and if wanted energy_ev and scale, a "
        + "row an energy. They are not measured then, and become a parameter.", valueName: "file"),
    completion: .file())
  var drift: String?

  /// What these options ask for, files read.
  func asked() throws -> AskedParameters {
    var given: [String] = []
    var sources: [String: String] = [:]
    if drift != nil, settings.contains(where: { $0.hasPrefix("register.drift=") }) {
      throw ValidationError("--drift and --set register.drift are two drifts: give one")
    }
    if let drift {
      given.append("register.drift=\(try DriftFile(path: drift).text)")
      sources["register.drift"] = "--drift \(drift)"
    }
    let references = try spectrum.map { try NamedReference(argument: $0) }
    if !references.isEmpty {
      if settings.contains(where: { $0.hasPrefix("fit.references=") }) {
        throw ValidationError("--spectrum and --set fit.references name references: give one")
      }
      given.append("fit.references=" + NamedReference.parameter(references))
      sources["fit.references"] = spectrum.map { "--spectrum \($0)" }.joined(separator: " ")
    }
    return AskedParameters(
      recipe: try recipe.map { try Recipe($0) }, settings: given + settings, sources: sources,
      references: references)
  }

  /// The block of a command's help that explains every parameter.
  static var appendix: String {
    "PARAMETERS (--set NAME=VALUE):\n"
      + ParameterDefinition.all.map(\.helpLine).joined(separator: "\n")
  }
}

/// Parameters that were asked for, and the spectra that they name.
struct AskedParameters {
  let recipe: Recipe?
  let settings: [String]
  let sources: [String: String]
  let references: [NamedReference]

  /// The whole set.
  ///
  /// - Parameter swept: further settings, of `--sweep`.
  /// - Throws: `ParameterError`.
  func set(swept: [String] = []) throws -> ParameterSet {
    let names = swept.map { String($0.prefix { $0 != "=" }) }
    return try ParameterSet(
      recipe: recipe, settings: settings + swept,
      sources: names.reduce(into: sources) { $0[$1] = "--sweep" })
  }
}

extension ParameterDefinition {
  /// A line for the help.
  fileprivate var helpLine: String {
    let unit = unit.isEmpty ? "" : " \(unit)"
    return "  \(name) = \(defaultText)\(defaultText == "auto" ? "" : unit)\n      \(meaning)"
  }
}
