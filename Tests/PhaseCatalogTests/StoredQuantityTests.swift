import PhaseCatalog
import TestSupport
import Testing

/// The numbers behind addresses are those of the stored queries.
@Suite struct StoredQuantityTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private let run = Sample.run().id

  init() throws {
    folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    var result = Sample.result
    result.clusters[0].estimates = [
      .init(quantity: "share", value: 0.6, error: 0.125),
      .init(quantity: "layer_thickness_px", value: 0.75, error: 0.25),
      .init(quantity: "Nd.atomic_fraction", value: 0.25, error: 0.02),
      .init(quantity: "Nd.step", value: 0.1, error: 0.03),
      .init(quantity: "Fe.step", value: 0.1, error: 0.04),
      .init(quantity: "Fe-K.white_line_ev", value: 7125, error: 0.5),
      .init(quantity: "Fe-K.derivative_ev", value: 7115, error: nil),
    ]
    try Sample.store(in: catalog, result: result)
    try catalog.define(
      phase: "p",
      as: PhaseRule(conditions: [.bounds(quantity: "pixels", low: 3, high: nil)]))
  }

  private func quantity(_ name: String, _ cluster: Int? = 0) throws -> StoredQuantity {
    try #require(try catalog.quantity(name, run: run, cluster: cluster), "\(name)")
  }

  /// What tells the rows of a cluster apart in a query, as it stands before the column's name.
  private func key(_ query: String, _ table: AnswerTable, _ row: Int) -> String {
    func text(_ column: String) -> String { table.value(column, row: row).text }
    return switch query {
    case "run-elements": text("symbol") + "."
    case "run-edges": text("symbol") + "-" + text("edge") + "."
    case "run-ratios": text("numerator") + "/" + text("denominator") + "."
    case "run-fit", "run-found": text("name") + "."
    case "run-estimates": text("quantity") + "."
    default: ""
    }
  }

  /// Every number that there is, and none twice.
  @Test(arguments: [0, 1, nil]) func everyNameIsANumber(cluster: Int?) throws {
    let names = try catalog.quantityNames(run: run, cluster: cluster)
    #expect(names.count > 12 && Set(names).count == names.count)
    for name in names {
      let found = try quantity(name, cluster)
      #expect(found.name == name && found.value.number != nil, "\(name)")
      let query = try StoredQuery.named(found.query)
      let table = try catalog.ask(query, parameters: ["run": run])
      // The values of all rows and columns of this name.
      var values: [AnswerTable.Value] = []
      for row in table.rows.indices {
        if let cluster, table.value("cluster", row: row) != .integer(Int64(cluster)) { continue }
        for field in query.columns {
          let own = key(found.query, table, row) + field.name
          let isCommon =
            field.name == name
            && (found.query != "run-found" && found.query != "run-estimates")
          guard own == name || isCommon || own == name + ".value" && found.query == "run-found"
          else { continue }
          values.append(table.value(field.name, row: row))
          #expect(field.meaning == found.meaning && field.type != "text", "\(name)")
          if found.query != "run-found" { #expect(field.unit == found.unit, "\(name)") }
        }
      }
      #expect(!values.isEmpty && values.allSatisfy { $0 == found.value }, "\(name)")
    }
  }

  @Test func names() throws {
    let names = try catalog.quantityNames(run: run, cluster: 0)
    for name in [
      "pixels", "share", "nd_fraction", "surface_pixels", "layer_thickness_um", "Nd.step",
      "Fe.areal_g_cm2", "Fe-K.e0_ev", "Fe-K.white_line_height", "Nd/Fe.ratio", "thickness_um",
      "width_px", "hematite.fraction", "score",
    ] {
      #expect(names.contains(name), "\(name)")
    }
    let own = try catalog.quantityNames(run: run, cluster: nil)
    for name in ["analysed_pixels", "pixel_size_um", "dbscan.radius", "cluster_count"] {
      #expect(own.contains(name), "\(name)")
    }
    // Nothing was measured of the second cluster's edges.
    #expect(try !catalog.quantityNames(run: run, cluster: 1).contains("Fe-K.e0_ev"))
    #expect(try catalog.quantityNames(run: run, cluster: 9).isEmpty)
  }

  @Test func values() throws {
    for (name, value, unit) in [
      ("pixels", AnswerTable.Value.integer(3), "px"), ("share", .real(0.6), ""),
      ("area_um2", .real(0.03), "um2"), ("Nd.step", .real(0.1), "OD"),
      ("Fe-K.e0_ev", .real(7112), "eV"), ("Fe-K.derivative_ev", .real(7115), "eV"),
      ("Nd/Fe.ratio", .real(0.5), ""), ("thickness_um", .real(3), "um"),
      ("hematite.amount", .real(0.75), ""), ("spread", .real(0.5), ""),
    ] {
      let found = try quantity(name)
      #expect(found.value == value && found.unit == unit, "\(name)")
    }
    let radius = try quantity("dbscan.radius", nil)
    #expect(radius.value == .real(1.5) && radius.query == "run-found")
    #expect(try quantity("pixels", 1).value == .integer(1))
    #expect(try quantity("analysed_pixels", nil).value == .integer(5))
    #expect(try quantity("Nd.areal_g_cm2").error == .real(1e-5))
    #expect(try quantity("Nd/Fe.ratio").error == .real(0.125))
    #expect(try quantity("hematite.fraction").error == .real(0.02))
  }

  /// The error of the fit stands beside the number, and that of the parts of the sample under the name that it has there.
  @Test func errors() throws {
    for (name, error, blockError) in [
      ("Nd.atomic_fraction", AnswerTable.Value.real(0.01), 0.02),
      ("nd_fraction", .real(0.01), 0.02),
      ("Nd.step", .real(0.01), 0.03), ("nd_step", .null, 0.03), ("fe_step", .null, 0.04),
      ("share", .null, 0.125), ("layer_thickness_px", .null, 0.25),
      ("Fe-K.white_line_ev", .null, 0.5), ("Fe-K.derivative_ev", .null, nil),
      ("Fe.atomic_fraction", .real(0.01), nil), ("pixels", .null, nil),
    ] as [(String, AnswerTable.Value, Double?)] {
      let found = try quantity(name)
      #expect(found.error == error && found.blockError == blockError, "\(name): \(found)")
    }
    // The other cluster has none.
    let other = try quantity("nd_fraction", 1)
    #expect(other.error == .real(0.01) && other.blockError == nil)
  }

  /// In pixels of 0.1 um.
  @Test func theErrorOfALayer() throws {
    let pixels = try quantity("layer_thickness_px")
    let micrometres = try quantity("layer_thickness_um")
    let (px, um) = (
      try #require(pixels.value.number), try #require(micrometres.value.number)
    )
    #expect(abs(um - 0.1 * px) < 1e-12)
    #expect(abs(try #require(micrometres.blockError) - 0.025) < 1e-12)
    #expect(micrometres.unit == "um")
  }

  @Test func numbersByPlace() throws {
    #expect(try quantity("mean_od@7110").value == .real(0.2))
    #expect(try quantity("mean_od@7110", 1).value == .real(2))
    #expect(try quantity("mean_od@7130").query == "run-spectra")
    #expect(try quantity("sd_od@7100").unit == "OD")
    #expect(try quantity("pixels@9").value == .integer(2))
    #expect(try quantity("cumulative_pixels@9").value == .integer(3))
    // Noise has a depth, and nothing else.
    #expect(try quantity("pixels@9", -1).value == .integer(1))
    #expect(try catalog.quantity("pixels", run: run, cluster: -1) == nil)
    #expect(try quantity("dy_px@7120", nil).value == .real(0.25))
    #expect(try quantity("cluster_count@1.2", nil).value == .integer(3))
    #expect(try quantity("variance@2", nil).value == .real(1))
  }

  @Test func unknownNames() throws {
    for name in [
      "", "colour", "mean_od", "mean_od@", "mean_od@7111", "colour@7110", "Xx.step", "step",
      ".step", "Fe-L3.e0_ev", "Fe.e0_ev", "Fe/Nd.ratio", "phase", "cluster", "symbol",
      "analysed_pixels", "ND_FRACTION", "nd_fraction ",
    ] {
      #expect(try catalog.quantity(name, run: run, cluster: 0) == nil, "\(name)")
    }
    for name in ["", "colour", "nd_fraction", "pixels", "dbscan", "dy_px@7111", "run_id"] {
      #expect(try catalog.quantity(name, run: run, cluster: nil) == nil, "\(name)")
    }
    #expect(try catalog.quantity("pixels", run: run, cluster: 2) == nil)
    let nothing = String(repeating: "0", count: 64)
    #expect(try catalog.quantity("pixels", run: nothing, cluster: 0) == nil)
  }

  @Test func whatClustersMayHave() {
    for name in [
      "nd_fraction", "share", "Fe-K.white_line_ev", "Mn-L3.white_line_height", "Cu.step",
      "Mn/O.ratio", "mean_od@7112", "thickness_um", "rust.fraction",
    ] {
      #expect(Catalog.isClusterQuantity(name), "\(name)")
    }
    for name in ["", "colour", "phase", "analysed_pixels", "mean_od", "colour@7112", "cluster"] {
      #expect(!Catalog.isClusterQuantity(name), "\(name)")
    }
  }
}
