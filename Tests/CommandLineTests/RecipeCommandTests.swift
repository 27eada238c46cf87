import Foundation
import Testing
import TestSupport

/// Recipes and reference spectra, as they are typed.
@Suite struct RecipeCommandTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test func listShowAndCheck() throws {
    let list = try program.run("recipe", "list", "--json")
    let rows = try #require(list.json["rows"] as? [[String: Any]])
    #expect(rows.compactMap { $0["recipe"] as? String } == ["ndfeb", "edge", "battery", "stxm"])
    let shown = try program.run("recipe", "show", "stxm")
    #expect(shown.code == 0 && shown.output.contains("[dbscan]\n"))
    _ = try program.folder.write(shown.output, to: "mine.toml")
    let check = try program.run("recipe", "check", "mine.toml", "--json")
    let changed = try #require(check.json["rows"] as? [[String: Any]])
    #expect(changed.contains { $0["parameter"] as? String == "flood.method" })
    #expect(
      try program.run("recipe", "check", "ndfeb").output.contains(
        "0 parameters are not the default"))
    let table = try program.run("recipe", "show", "--format", "csv")
    #expect(table.output.hasPrefix("parameter,value,unit,type,takes,default,is_default,meaning\n"))

    _ = try program.folder.write("[dbscan]\nradios = 1\n", to: "bad.toml")
    for arguments in [["recipe", "check", "bad.toml"], ["recipe", "show", "bad.toml"]] {
      let bad = try program.run(arguments)
      #expect(bad.code == 78 && bad.output.isEmpty)
      #expect(
        bad.errors
          == "lodestone: bad.toml: dbscan.radios: no such parameter: did you mean dbscan.radius?\n")
    }
    #expect(try program.run("recipe", "show", "no.toml").code == 66)
    #expect(try program.run("recipe", "show", "ndfe").errors.contains("there are ndfeb, edge"))
  }

  @Test func ingestWithARecipeAndReferences() throws {
    _ = try program.smallExample()
    #expect(try program.run("init", "m.lode").code == 0)
    _ = try program.folder.write("base = \"ndfeb\"\n[dbscan]\nradius = 2.5\n", to: "mine.toml")
    let ingest = [
      "ingest", "ex/scan.tif", "--energies", "ex/energies.txt", "--reference", "ex/references.tif",
      "--dark", "ex/dark.tif", "--sample", "M1", "--recipe", "mine.toml",
    ]
    let spectra = [
      "--spectrum", "grain=ex/truth/spectra.csv:2", "--spectrum",
      "layer=ex/truth/spectra.csv:od_per_um_2",
    ]
    let stored = try program.run(ingest + spectra + ["--json"])
    #expect(stored.code == 0, "\(stored.errors)")
    #expect((stored.json["found"] as? [String: Any])?["dbscan.radius"] as? Double == 2.5)
    let clusters = try #require(stored.json["clusters"] as? [[String: Any]])
    for cluster in clusters {
      let fit = try #require(cluster["fit"] as? [[String: Any]])
      #expect(fit.compactMap { $0["name"] as? String } == ["grain", "layer"])
      #expect((cluster["edges"] as? [Any])?.count == 2)
      #expect(cluster["spread"] is Double && cluster["width_px"] is Double)
    }
    #expect((stored.json["radii"] as? [Any])?.count == 7)
    let shown = try program.run("show", "@last")
    #expect(shown.output.contains("fitted with reference spectra:"))
    #expect(try program.run("export", "@last", "--fit", "fit.tif").code == 0)
    // The references are in the catalog: their file is needed no more.
    try FileManager.default.removeItem(atPath: program.folder.file("ex/truth/spectra.csv"))
    #expect(try program.run("verify", "@last").output.hasPrefix("identical: "))

    func refused(_ code: Int32, _ words: String, _ more: String...) throws {
      let outcome = try program.run(ingest + more)
      #expect(outcome.code == code && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.errors.count(where: \.isNewline) == 1)
    }
    try refused(66, "spectra.csv", "--spectrum", "grain=ex/truth/spectra.csv:2")
    try refused(64, "write NAME=FILE", "--spectrum", "grain")
    try refused(64, "write NAME=FILE", "--spectrum", "a@b=ex/energies.txt")
    try refused(65, "one column", "--spectrum", "grain=ex/energies.txt")
    _ = try program.folder.write("6000 1\n6500 2\n8000 1\n", to: "s.txt")
    try refused(64, "give one", "--spectrum", "a=s.txt", "--set", "fit.references=none")
    try refused(65, "no column 4: it has 2", "--spectrum", "a=s.txt:4")
    try refused(64, "two are called a", "--spectrum", "a=s.txt", "--spectrum", "a=s.txt")
    // A run without references has no such map.
    #expect(try program.run(ingest).code == 0)
    let none = try program.run("export", "@last", "--fit", "none.tif")
    #expect(none.code == 66 && none.errors.contains("no map \"fit\""))
  }
}
