import Foundation
import Lodestone
import PhaseCatalog
import StackIO

extension RunReport {
  /// The pixels of a frame, each of which has a spectrum.
  var spectra: Double { Double(count("height") * count("width")) }

  /// What was found: the heading, the map, the clusters, the warnings, and what people said. A terminal is given colours,
  /// spectra and a legend; a pipe or file the bare text.
  ///
  /// - Throws: ``CatalogError``, or ``InputError`` where the map is damaged.
  func text(on terminal: Terminal, withMap: Bool) throws -> String {
    let map = withMap ? "\n" + (try map(on: terminal)) + "\n" : ""
    return heading.wrapped(on: terminal) + map + (try body(on: terminal))
  }

  /// One line on what was scanned and one on what was analysed.
  var heading: String {
    func short(_ column: String) -> String { TextTable.short(summary.value(column).number ?? 0) }
    let analysed = max(count("analysed_pixels"), 1)
    let noise = 100 * Double(count("noise_pixels")) / Double(analysed)
    let sides = ["pixel_height_um", "pixel_width_um"].compactMap {
      summary.value($0).number.map { TextTable.short($0) }
    }
    let side = summary.value("pixel_size_um").number.map { TextTable.short($0) }
    let size = (sides.isEmpty ? side : sides.joined(separator: " x "))
      .map { ", pixels of \($0) um" }
    return """
      run \(run.prefix(12)), sample \(summary.value("sample").text), \
      scan \(summary.value("scan_id").text.prefix(12))
      \(count("height")) x \(count("width")) pixels, \(count("energy_count")) energies \
      \(short("energy_min_ev")) to \(short("energy_max_ev")) eV\(size ?? ""); \
      \(analysed) pixels analysed, \(String(format: "%.1f", noise)) % noise

      """
  }

  /// The clusters as a table, what they consist of, the warnings, and what was said.
  private func body(on terminal: Terminal) throws -> String {
    var text = try clusterTable(on: terminal)
    if !fits.rows.isEmpty {
      let hidden: Set = ["energies", "start_ev", "end_ev", "reference_spectrum_id", "r_factor"]
      text +=
        "\nfitted with reference spectra:\n"
        + TextTable(fits.dropping(hidden), all: "--json").text(on: terminal)
    }
    for warning in warnings {
      let word = terminal.marked("note:", .note)
      text += word + ("note: " + warning).wrapped(on: terminal).dropFirst(5) + "\n"
    }
    return text + said.wrapped(on: terminal)
  }

  /// What people said of the run: a line each.
  var said: String {
    var text = isRetracted ? "RETRACTED: it is left out of queries\n" : ""
    for row in remarks.rows.indices {
      let parts = ["kind", "name", "value"].map { remarks.value($0, row: row) }
      let words = parts.filter { $0 != .null }.map(\.text).joined(separator: " ").shown
      let of = remarks.value("subject_kind", row: row) == .text("scan") ? " (its scan)" : ""
      text +=
        "\(words)\(of), \(remarks.value("author", row: row).text) "
        + "\(remarks.value("recorded_at", row: row).text)\n"
    }
    return text
  }

  // MARK: Clusters

  /// The clusters: on a terminal in their colours, and with their mean spectra.
  private func clusterTable(on terminal: Terminal) throws -> String {
    let spectrum = "OD \(short("energy_min_ev")) to \(short("energy_max_ev")) eV"
    let colours = try PhaseColours(catalog).ofClusters(clusters)
    let shown =
      terminal.hasBlocks ? clusters.inserting(spectrum, try sparklines(), after: "phase") : clusters
    return TextTable(
      shown,
      order: [
        "cluster", "phase", "share", spectrum, "nd_fraction", "pixels", "area_um2", "nd_step",
        "fe_step", "nd_fraction_error", "dbscan_pixels",
      ].filter { name in !isEmpty(name) }, all: "--json"
    ).withSwatches(colours, in: "cluster").painting(spectrum, colours).text(on: terminal)
  }

  private func short(_ column: String) -> String {
    TextTable.short(summary.value(column).number ?? 0)
  }

  /// Whether a column says nothing of any cluster.
  private func isEmpty(_ column: String) -> Bool {
    guard let place = clusters.columns.firstIndex(of: column) else { return false }
    return clusters.rows.allSatisfy { $0[place] == .null }
  }

  /// The mean spectrum of each cluster, in block characters.
  private func sparklines() throws -> [String] {
    let spectra = try catalog.ask("run-spectra", run: run)
    var values: [Int: [(energy: Double, od: Double)]] = [:]
    for row in spectra.rows.indices {
      guard let label = spectra.value("cluster", row: row).number,
        let energy = spectra.value("energy_ev", row: row).number
      else { continue }
      let od = spectra.value("mean_od", row: row).number ?? .nan
      values[Int(label), default: []].append((energy, od))
    }
    return clusters.rows.indices.map { row in
      let label = Int(clusters.value("cluster", row: row).number ?? -1)
      let spectrum = values[label] ?? []
      return Sparkline(energies: spectrum.map(\.energy), columns: 24).text(spectrum.map(\.od))
    }
  }

  // MARK: The map

  /// The label map: in colours with a legend where the terminal has them, else as digits.
  private func map(on terminal: Terminal) throws -> String {
    let sides = ["pixel_height_um", "pixel_width_um"].map { summary.value($0).number }
    let aspect = sides[0].flatMap { height in sides[1].map { height / $0 } } ?? 1
    let map = try LabelMapText(catalog, run: run, aspect: aspect)
    guard terminal.hasPalette, terminal.hasBlocks else {
      let columns = min(72, terminal.width ?? 72)
      return map.digits(columns: columns).map { $0 + "\n" }.joined()
    }
    let colours = try PhaseColours(catalog).ofClusters(clusters)
    return coloured(map, terminal, colours)
  }

  /// The map with its legend: beside it where there is room, else below.
  private func coloured(
    _ map: LabelMapText, _ terminal: Terminal, _ colours: [Colour]
  ) -> String {
    let width = terminal.width ?? 80
    // All of it is seen at once, with a few lines of what belongs to it.
    let lines = min(40, max(12, terminal.height - 4))
    let legend = legend(terminal, colours)
    let beside = (legend.map(\.cells).max() ?? 0) + 3
    let isBeside = width - beside >= 40
    let picture = map.picture(
      columns: min(isBeside ? width - beside : width, 100), lines: lines, terminal, colours)
    var right = legend.map(\.text)
    if let scale = scaleBar(picture) { right += ["", scale] }
    guard isBeside else {
      return (picture.lines + right.filter { !$0.isEmpty }).map { $0 + "\n" }.joined()
    }
    let blank = String(repeating: " ", count: picture.columns)
    return (0..<max(picture.lines.count, right.count)).map { number in
      let left = number < picture.lines.count ? picture.lines[number] : blank
      return number < right.count && !right[number].isEmpty
        ? left + "   " + right[number] + "\n" : left + "\n"
    }.joined()
  }

  /// A line a cluster, then what is in none: the text, and the cells that it takes.
  private func legend(
    _ terminal: Terminal, _ colours: [Colour]
  ) -> [(text: String, cells: Int)] {
    func percent(_ share: Double) -> String {
      let text = String(format: share < 0.001 ? "%.2g" : "%.1f", 100 * share)
      return String(repeating: " ", count: max(0, 5 - text.count)) + text + " %"
    }
    func line(_ colour: Colour?, _ words: String) -> (text: String, cells: Int) {
      (
        (colour.map(terminal.swatch) ?? "  ") + " " + words, 3 + words.cells
      )
    }
    let digits = String(max(0, clusters.rows.count - 1)).count
    let names = clusters.rows.indices.map { row in
      let number = clusters.value("cluster", row: row).text
      let phase = clusters.value("phase", row: row)
      return String(repeating: " ", count: digits - min(digits, number.count)) + number
        + (phase == .null ? "" : " " + phase.text.shown.shortened(to: 24))
    }
    let widest = (names.map(\.cells) + [5]).max() ?? 5
    func padded(_ name: String) -> String {
      name + String(repeating: " ", count: widest - name.cells) + " "
    }
    let most = 14
    var lines = zip(names, clusters.rows.indices).prefix(most).map { name, row in
      line(
        colours[row], padded(name) + percent(clusters.value("share", row: row).number ?? 0))
    }
    if names.count > most {
      lines.append(line(nil, "and \(names.count - most) more: colours begin anew"))
    }
    let noise = count("noise_pixels")
    if noise > 0 {
      let share = Double(noise) / Double(max(1, count("analysed_pixels")))
      lines.append(line(Palette.noise, padded("noise") + percent(share)))
    }
    return lines
  }

  /// A line of a round length, at most a quarter of the picture's width; nil where the size of a pixel is not known.
  private func scaleBar(_ picture: LabelMapText.Picture) -> String? {
    guard
      let side = summary.value("pixel_width_um").number ?? summary.value("pixel_size_um").number
    else { return nil }
    let perColumn = side * picture.pixelsPerColumn
    let longest = perColumn * Double(picture.columns) / 4
    let magnitude = pow(10, log10(longest).rounded(.down))
    let length = (([5, 2, 1].first { $0 * magnitude <= longest }) ?? 1) * magnitude
    let cells = Int((length / perColumn).rounded())
    guard cells > 1 else { return nil }
    return "├" + String(repeating: "─", count: cells - 2) + "┤ \(TextTable.short(length)) um"
  }
}

extension AnswerTable {
  /// The table with a column of texts behind another one.
  fileprivate func inserting(_ name: String, _ texts: [String], after: String) -> AnswerTable {
    let place = (columns.firstIndex(of: after) ?? columns.count - 1) + 1
    return AnswerTable(
      columns: Array(columns[..<place]) + [name] + columns[place...],
      rows: zip(rows, texts).map { row, text in
        Array(row[..<place]) + [.text(text)] + row[place...]
      })
  }
}
