import Foundation
import PhaseCatalog

/// The tables of a run's page.
extension RunPage {
  private typealias Cell = HTMLTable.Cell

  /// The cell of a number with its address: as it is, or with its error.
  private func cell(
    _ label: Int, _ name: String, _ value: Double?, _ error: Double? = nil,
    _ words: (Double) -> String = Numeral.short
  ) -> HTMLTable.Cell {
    guard let value else { return .none }
    let text = error == nil ? words(value) : Numeral.measured(value, error)
    return .number(text, facts.address(label, name))
  }

  /// The cell that says which cluster a row is of.
  private func heading(_ label: Int) -> HTMLTable.Cell {
    let cluster = clusters.all.first { $0.label == label }
    return HTMLTable.Cell(
      content: .joined([
        cluster.map { HTML.swatch($0.colour) } ?? .none, .text("\(label)"),
      ]))
  }

  private func label(_ table: AnswerTable, _ row: Int) -> Int {
    Int(table.value("cluster", row: row).number ?? 0)
  }

  // MARK: Clusters

  var clusterPart: Markup {
    guard !clusters.all.isEmpty else {
      return .element("p") { "No cluster was found: see the warnings above." }
    }
    return .joined([
      clusterTable.markup,
      .element("p", ["class": "remark"]) {
        "Errors of shares are one standard error by how the parts of the scan differ; of Nd fractions, that of the fit alone. Each number has an address, made of the run, the cluster and the name in its column's head: "
        HTML.command("lodestone audit \(facts.address(0, "share"))")
        " tells which data, parameters and software made it."
      },
    ])
  }

  private var clusterTable: HTMLTable {
    let (table, qualities) = (clusters.table, facts.ratios.rows(by: "cluster"))
    let phases = facts.phases.rows(by: "cluster")
    var result = HTMLTable(
      caption: "The largest first",
      columns: [
        .init(heading: "Cluster"), .init(heading: "Phase", name: "phase"),
        .init(heading: "Pixels", name: "pixels", isNumber: true),
        .init(heading: "By DBSCAN", name: "dbscan_pixels", isNumber: true),
        .init(heading: "Share (%)", name: "share", isNumber: true),
        .init(heading: "Area (µm²)", name: "area_um2", isNumber: true),
        .init(heading: "Nd step (OD)", name: "nd_step", isNumber: true),
        .init(heading: "Fe step (OD)", name: "fe_step", isNumber: true),
        .init(heading: "Nd/(Nd+Fe)", name: "nd_fraction", isNumber: true),
        .init(heading: "Spread (noise units)", name: "spread", isNumber: true),
        .init(heading: "Width (px)", name: "width_px", isNumber: true),
      ])
    result.rows = table.rows.indices.map { row in
      let label = label(table, row)
      func value(_ name: String) -> Double? { table.value(name, row: row).number }
      func count(_ name: String) -> Cell {
        cell(label, name, value(name)) { Numeral.count(Int($0)) }
      }
      let own = qualities[label]?.first
      func quality(_ name: String) -> Cell {
        cell(
          label, name, own.flatMap { facts.ratios.value(name, row: $0).number })
      }
      let share = value("share").map { 100 * $0 }
      let shareError = facts.blockError(label, "share").map { 100 * $0 }
      return HTMLTable.Row(
        cells: [
          heading(label), phase(phases[label]?.first), count("pixels"), count("dbscan_pixels"),
          share.map {
            .number(
              shareError == nil ? Numeral.fixed($0, 2) : Numeral.measured($0, shareError),
              facts.address(label, "share"))
          } ?? .none, cell(label, "area_um2", value("area_um2")),
          cell(label, "nd_step", value("nd_step")), cell(label, "fe_step", value("fe_step")),
          cell(label, "nd_fraction", value("nd_fraction"), value("nd_fraction_error")),
          quality("spread"), quality("width_px"),
        ], cluster: label)
    }
    return result.droppingEmpty()
  }

  /// The phase, with how well it fits; or what was decided.
  private func phase(_ row: Int?) -> HTMLTable.Cell {
    guard let row else { return .none }
    let table = facts.phases
    let (name, outcome) = (table.texts("phase")[row], table.value("outcome", row: row).text)
    let score =
      table.value("score", row: row).number.map { ", score \(Numeral.fixed($0, 2))" } ?? ""
    switch outcome {
    case "assigned": return .text((name ?? "–") + (score.isEmpty ? " (by hand)" : score))
    case "ambiguous": return .text("ambiguous" + (name.map { ": \($0)" } ?? "") + score)
    default: return .none
    }
  }

  // MARK: Elements and edges

  var elementPart: Markup? {
    let parts = [elementTable, edgeTable].filter { !$0.rows.isEmpty }
    guard !parts.isEmpty else { return nil }
    return .joined(
      parts.map(\.markup) + [
        .element("p", ["class": "remark"]) {
          "Errors are those of the fit, or of the step; “by place” is one standard error by how the parts of the scan differ, and so are the errors of edge energies. Behind each window stands how many energies it holds. Addresses begin with the element or the edge: "
          HTML.command("Nd.areal_g_cm2")
          ", "
          HTML.command("Fe-K.e0_ev")
          "."
        }
      ])
  }

  private var elementTable: HTMLTable {
    let table = facts.elements
    var result = HTMLTable(
      caption: "Elements: steps, amounts and fractions",
      columns: [
        .init(heading: "Cluster"), .init(heading: "Element"), .init(heading: "Edge"),
        .init(heading: "Edge step (OD)", name: "step", isNumber: true),
        .init(heading: "Amount (g/cm²)", name: "areal_g_cm2", isNumber: true),
        .init(heading: "Atoms (fraction)", name: "atomic_fraction", isNumber: true),
        .init(heading: "by place, ±", isNumber: true), .init(heading: "From", name: "method"),
      ], headings: 2)
    result.rows = table.rows.indices.map { row in
      let label = label(table, row)
      let symbol = table.value("symbol", row: row).text
      func number(_ name: String, _ error: String) -> Cell {
        cell(
          label, "\(symbol).\(name)", table.value(name, row: row).number,
          table.value(error, row: row).number)
      }
      let block = facts.blockError(label, "\(symbol).atomic_fraction")
      return HTMLTable.Row(
        cells: [
          heading(label), .text(symbol), .text(table.value("edge", row: row).text),
          number("step", "step_error"), number("areal_g_cm2", "areal_error_g_cm2"),
          number("atomic_fraction", "atomic_fraction_error"),
          block.map { .number(Numeral.short(($0 * 1e6).rounded() / 1e6)) } ?? .none,
          .text(table.value("method", row: row).text.replacing("_", with: " ")),
        ], cluster: label)
    }
    return result.droppingEmpty()
  }

  private var edgeTable: HTMLTable {
    let table = facts.edges
    var result = HTMLTable(
      caption: "Edges: energies and how each mean spectrum was normalised",
      columns: [
        .init(heading: "Cluster"), .init(heading: "Edge"),
        .init(heading: "E0 used (eV)", name: "e0_ev", isNumber: true),
        .init(heading: "Rises most (eV)", name: "derivative_ev", isNumber: true),
        .init(heading: "White line (eV)", name: "white_line_ev", isNumber: true),
        .init(heading: "Its height (steps)", name: "white_line_height", isNumber: true),
        .init(heading: "Divided by", name: "divisor", isNumber: true),
        .init(heading: "Convention", name: "convention"),
        .init(heading: "Pre-edge window (eV)"), .init(heading: "Post-edge window (eV)"),
      ], headings: 2)
    result.rows = table.rows.indices.map { row in
      let label = label(table, row)
      func value(_ name: String) -> Double? { table.value(name, row: row).number }
      let edge = "\(table.value("symbol", row: row).text)-\(table.value("edge", row: row).text)"
      func measured(_ name: String) -> Cell {
        cell(
          label, "\(edge).\(name)", value(name), facts.blockError(label, "\(edge).\(name)"))
      }
      func window(_ name: String) -> Cell {
        guard let start = value("\(name)_start_ev"), let end = value("\(name)_end_ev") else {
          return .none
        }
        let count = value("\(name)_energies").map { " (\(Int($0)))" } ?? ""
        return .text("\(Numeral.short(start)) – \(Numeral.short(end))\(count)")
      }
      let isNormalised = value("is_normalised") == 1
      return HTMLTable.Row(
        cells: [
          heading(label), .text(edge.replacing("-", with: " ")),
          cell(label, "\(edge).e0_ev", value("e0_ev")), measured("derivative_ev"),
          measured("white_line_ev"), measured("white_line_height"),
          cell(label, "\(edge).divisor", value("divisor"), value("divisor_error")),
          .text(
            isNormalised
              ? table.value("convention", row: row).text.replacing("_", with: " ")
              : "not divided"), window("pre"), window("post"),
        ], cluster: label)
    }
    return result.droppingEmpty()
  }

  // MARK: Reference spectra

  var fitPart: Markup? {
    let table = facts.fits
    guard !table.rows.isEmpty else { return nil }
    var result = HTMLTable(
      caption: "How much of each reference spectrum is in each cluster, by linear combination",
      columns: [
        .init(heading: "Cluster"), .init(heading: "Reference"),
        .init(heading: "Amount", name: "amount", isNumber: true),
        .init(heading: "Fraction", name: "fraction", isNumber: true),
        .init(heading: "Left over (r.m.s.)", name: "residual", isNumber: true),
        .init(heading: "R factor", name: "r_factor", isNumber: true),
        .init(heading: "Energies (eV)"),
      ], headings: 2)
    result.rows = table.rows.indices.map { row in
      let label = label(table, row)
      let name = table.value("name", row: row).text
      func value(_ column: String) -> Double? { table.value(column, row: row).number }
      let range = [value("start_ev"), value("end_ev")].compactMap(\.self).map(Numeral.short)
      return HTMLTable.Row(
        cells: [
          heading(label), .text(name),
          cell(label, "\(name).amount", value("amount"), value("amount_error")),
          cell(label, "\(name).fraction", value("fraction"), value("fraction_error")),
          cell(label, "\(name).residual", value("residual")),
          cell(label, "\(name).r_factor", value("r_factor")),
          .text("\(Int(value("energies") ?? 0)), \(range.joined(separator: " – "))"),
        ], cluster: label)
    }
    return result.markup
  }

  // MARK: The surface

  var surfaceTable: Markup? {
    let table = facts.surface
    guard !table.rows.isEmpty else { return nil }
    var result = HTMLTable(
      caption: "What of each cluster touches the surface",
      columns: [
        .init(heading: "Cluster"), .init(heading: "Pieces", name: "pieces", isNumber: true),
        .init(heading: "At the surface", name: "surface_pieces", isNumber: true),
        .init(heading: "Their pixels", name: "surface_pixels", isNumber: true),
        .init(heading: "Their area (µm²)", name: "surface_area_um2", isNumber: true),
        .init(heading: "Layer (µm)", name: "layer_thickness_um", isNumber: true),
        .init(heading: "Layer (px)", name: "layer_thickness_px", isNumber: true),
      ])
    result.rows = table.rows.indices.map { row in
      let label = label(table, row)
      func value(_ name: String) -> Double? { table.value(name, row: row).number }
      func count(_ name: String) -> Cell {
        cell(label, name, value(name)) { Numeral.count(Int($0)) }
      }
      let error = facts.blockError(label, "layer_thickness_px")
      let size = facts.number("pixel_size_um")
      return HTMLTable.Row(
        cells: [
          heading(label), count("pieces"), count("surface_pieces"), count("surface_pixels"),
          cell(label, "surface_area_um2", value("surface_area_um2")),
          cell(
            label, "layer_thickness_um", value("layer_thickness_um"),
            error.flatMap { error in size.map { error * $0 } }),
          cell(label, "layer_thickness_px", value("layer_thickness_px"), error),
        ], cluster: label)
    }
    return .joined([
      result.markup,
      .element("p", ["class": "remark"]) {
        "The layer is a shell of the sample that has the area of the pieces at the surface: the mean thickness of what lies along it, and no meaningful number for a grain that touches it."
      },
    ])
  }

  // MARK: Frames, and what was found

  var frameTable: Markup {
    let table = facts.frames
    let columns = [
      ("dy_px", "Down (px)"), ("dx_px", "Right (px)"), ("scale", "Magnification"),
      ("residual", "Not explained"), ("altered_pixels", "Altered (px)"),
      ("saturated_pixels", "Saturated (px)"), ("outlier_pixels", "Outliers (px)"),
      ("unmeasured_pixels", "Not measured (px)"), ("empty_field_od", "Empty field (OD)"),
    ]
    var result = HTMLTable(
      caption: "Frames: drift against the lowest energy, and what was altered",
      columns: [.init(heading: "Energy (eV)", isNumber: true)]
        + columns.map { .init(heading: $0.1, name: $0.0, isNumber: true) })
    result.rows = table.rows.indices.map { row in
      let energy = table.value("energy_ev", row: row).number ?? 0
      return HTMLTable.Row(
        cells: [.number(Numeral.short(energy))]
          + columns.map { name, _ in
            table.value(name, row: row).number.map { .number(Numeral.short($0)) } ?? .none
          })
    }
    return result.droppingEmpty().markup
  }

  var foundTable: Markup {
    let table = facts.found
    guard !table.rows.isEmpty else { return .none }
    var result = HTMLTable(
      caption: "What was found where a parameter says auto, and other numbers of the run",
      columns: [
        .init(heading: "Name"), .init(heading: "Value", isNumber: true), .init(heading: "Unit"),
      ])
    result.rows = table.rows.indices.map { row in
      let name = table.value("name", row: row).text
      return HTMLTable.Row(
        cells: [
          HTMLTable.Cell(content: HTML.command(name)),
          table.value("value", row: row).number.map {
            .number(Numeral.short($0), "\(facts.short):\(name)")
          } ?? .none, .text(table.value("unit", row: row).text),
        ])
    }
    return HTML.details("All numbers that were found") { result.markup }
  }
}
