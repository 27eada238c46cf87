import StackIO
import Testing
import TestSupport

@Suite struct SpectrumFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ text: String, _ name: String = "s.txt") throws -> SpectrumFile {
    try SpectrumFile(path: folder.write(text, to: name))
  }

  private static let xdi = """
    # XDI/1.0 GSE/1.0
    # Column.1: energy keV
    # Column.2: i0
    # Column.3: mutrans
    # Element.symbol: Fe
    # Element.edge: K
    # ///
    # A remark: with a colon
    #----
    # energy i0 mutrans
      7.1125  100 0.5
      7.1000  101 0.25

    """

  @Test func xdi() throws {
    let file = try file(Self.xdi, "fe.xdi")
    #expect(file.isXDI && file.remarks == [])
    #expect(file.metadata["element.symbol"] == "Fe" && file.metadata["a remark"] == nil)
    #expect(file.columns.map(\.name) == ["energy", "i0", "mutrans"])
    let column = try file.absorptionColumn()
    let spectrum = try file.spectrum(column: column)
    #expect(spectrum.energies == [7100, 7112.5] && spectrum.values == [0.25, 0.5])
    let i0 = try file.spectrum(column: file.absorptionColumn(named: "I0"))
    #expect(i0.values == [101, 100])
    let error = #expect(throws: InputError.self) { try file.absorptionColumn(named: "x") }
    #expect(error?.reason.contains("it has i0, mutrans") == true)
  }

  @Test func plainText() throws {
    let keV = try file("# e mu\n7.1 0.5\n7.2 0.7\n")
    #expect(try keV.spectrum(column: keV.absorptionColumn()).energies == [7100, 7200])
    #expect(!keV.isXDI)
    let named = try file("energy,norm,flat\n7100,1,2\n7101,3,4\n", "s.csv")
    #expect(try named.spectrum(column: named.absorptionColumn()).values == [1, 3])
    let many = try file("energy,a,b\n7100,1,2\n7101,3,4\n", "s.csv")
    let error = #expect(throws: InputError.self) { try many.absorptionColumn() }
    #expect(error?.reason.contains("a, b") == true)
  }

  /// Names may stand in a comment.
  @Test func commentedNames() throws {
    let file = try file("# made by x\n# energy itrans i0\n7100 1 5\n7101 2 6\n")
    #expect(file.columns.map(\.name) == ["energy", "itrans", "i0"])
  }

  @Test(arguments: [
    ("7100 1\n7101\n", "line 2"), ("7100 1\n7101 nan\n", "line 2"), ("7100\n7101\n", "one column"),
    ("", "no numbers"), ("7100 1\n7100 2\n", "line 1 already"),
    ("-5 1\n7100 2\n", "an energy of -5"),
    ("7100,5 0,1\n7101,5 0,2\n", "decimal commas"),
  ])
  func defects(text: String, words: String) throws {
    let error = #expect(throws: InputError.self) {
      let file = try file(text)
      _ = try file.spectrum(column: file.absorptionColumn())
    }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  /// The format's own examples, and what each of the bad ones breaks.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func realXDI() throws {
    for name in ["fe_metal_rt", "fe2o3_rt", "cu_metal_rt", "ni_metal_rt"] {
      let file = try SpectrumFile(path: SharedData.path("xdi/good/\(name).xdi"))
      #expect(file.isXDI && file.remarks == [], "\(name)")
      let found = try file.absorptionColumn()
      #expect(file.columns[found].name == "mutrans", "\(name)")
      let spectrum = try file.spectrum(column: found)
      #expect(spectrum.energies.count > 100)
      if name == "fe_metal_rt" {
        #expect(spectrum.energies.first == 6962 && spectrum.values.first == 0.10632858)
        #expect(spectrum.energies.last == 7969.247 && spectrum.values.last == 1.4023708)
      }
    }
    let other = try SpectrumFile(path: SharedData.path("xdi/good/nonxafs_1d.xdi"))
    let error = #expect(throws: InputError.self) { try other.absorptionColumn() }
    #expect(error?.reason.contains("no column \"energy\"") == true)
    for (name, words) in [
      ("bad_01", "line 1"), ("bad_13", "columns, where"), ("bad_15", "not a number"),
    ] {
      let error = #expect(throws: InputError.self, "\(name)") {
        try SpectrumFile(path: SharedData.path("xdi/bad/\(name).xdi"))
      }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? name)")
    }
    #expect(try SpectrumFile(path: SharedData.path("xdi/bad/bad_00.xdi")).remarks == [])
    // No line of dashes is a warning.
    #expect(try SpectrumFile(path: SharedData.path("xdi/bad/bad_06.xdi")).remarks.count == 1)
  }

  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func realReferences() throws {
    let athena = try SpectrumFile(path: SharedData.path("references/FeLibNov2021.nor"))
    #expect(athena.columns.count == 12 && athena.columns[11].name == "Hematite_NP")
    let magnetite = try athena.spectrum(column: athena.absorptionColumn(named: "magnetite"))
    #expect(magnetite.energies.first == 7090 && magnetite.values.first == 0.0031976961)
    #expect(throws: InputError.self) { try athena.absorptionColumn() }
    let nickel = try SpectrumFile(path: SharedData.path("references/ref_NiO.txt"))
    #expect(try nickel.spectrum(column: 1).energies.first == 8200)
    let foil = try SpectrumFile(path: SharedData.path("references/Fe_foil_Fe_K_xasref.dat"))
    #expect(
      try foil.spectrum(column: foil.absorptionColumn()).values.first == 0.8860329077915569673)
    let hematite = try SpectrumFile(path: SharedData.path("references/Hematite_FeXANES.e"))
    #expect(try hematite.spectrum(column: hematite.absorptionColumn()).energies.count > 50)
    let i0 = try SpectrumFile(path: SharedData.path("stacks/als_fe2p_71214078/i0.xsp"))
    #expect(try i0.spectrum(column: 1).values.count == 123)
  }
}
