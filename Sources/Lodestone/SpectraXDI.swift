import PhaseCatalog
import StackIO

/// The mean spectra of a run's clusters as XDI files, one a cluster and edge.
struct SpectraXDI {
  private let run: String
  private let path: String
  private let summary: AnswerTable
  private let clusters: AnswerTable
  private let edges: AnswerTable
  private let e0Choice: String
  private let attributes: [(name: String, value: String)]
  private let notes: [String]
  private let isRetracted: Bool
  private let spectra: [Int64: MeanSpectrum]

  /// What is stored of a run (its full id).
  ///
  /// - Throws: ``CatalogError``.
  init(_ catalog: Catalog, run: String) throws {
    self.run = run
    path = catalog.path
    summary = try catalog.ask("run-summary", run: run)
    clusters = try catalog.ask("run-clusters", run: run)
    edges = try catalog.ask("run-edges", run: run)
    isRetracted = try catalog.isRetracted(run: run)
    let parameters = try catalog.ask("run-parameters", run: run)
    e0Choice =
      parameters.rows.indices.first { parameters.value("name", row: $0).text == "edges.e0" }
      .map { parameters.value("value", row: $0).text } ?? ""
    let said = try catalog.ask(StoredQuery.named("sample-attributes"))
    let sample = summary.value("sample")
    attributes = said.rows.indices.filter { said.value("sample", row: $0) == sample }
      .map { (said.value("name", row: $0).text, said.value("value", row: $0).text) }
    let remarks = try catalog.ask("run-remarks", run: run)
    notes = remarks.rows.indices.filter { remarks.value("kind", row: $0).text == "note" }
      .map { row in
        let (author, time) = (
          remarks.value("author", row: row), remarks.value("recorded_at", row: row)
        )
        return "\(remarks.value("value", row: row).text) (\(author.text), \(time.text))"
      }
    let table = try catalog.ask("run-spectra", run: run)
    var spectra: [Int64: MeanSpectrum] = [:]
    for row in table.rows {
      guard case .integer(let label) = row[0], let energy = row[1].number, let mean = row[2].number,
        let deviation = row[3].number, mean.isFinite, deviation.isFinite
      else {
        throw CatalogError.damaged(
          path: path, reason: "a spectrum of run \(run.prefix(12)) is no number")
      }
      spectra[label, default: MeanSpectrum()].append(energy, mean, deviation)
    }
    self.spectra = spectra
  }

  /// The files: their names, and what is in them.
  func files() -> [(name: String, text: String)] {
    clusters.rows.indices.flatMap { row -> [(name: String, text: String)] in
      guard case .integer(let label) = clusters.value("cluster", row: row),
        let spectrum = spectra[label]
      else { return [] }
      let edges = edges.rows.indices
        .filter { self.edges.value("cluster", row: $0) == .integer(label) }
        .map { NormalisedEdge(self.edges, row: $0) }
      if edges.isEmpty { return [file(row, spectrum, nil)] }
      return edges.enumerated().map { place, edge in
        let range = edge.range(
          of: spectrum.energies, previous: place > 0 ? edges[place - 1] : nil,
          next: place + 1 < edges.count ? edges[place + 1] : nil)
        return file(row, spectrum.within(range), edge)
      }
    }
  }

  private func file(
    _ row: Int, _ spectrum: MeanSpectrum, _ edge: NormalisedEdge?
  ) -> (name: String, text: String) {
    let phase = clusters.value("phase", row: row).text
    let sample = summary.value("sample").text
    let parts = [
      sample.isEmpty ? "run-\(run.prefix(12))" : sample, clusters.value("cluster", row: row).text,
      phase, edge?.name ?? "",
    ]
    let name = parts.map(safe).filter { !$0.isEmpty }.joined(separator: "_") + ".xdi"
    var document = XDIDocument(
      application: "Lodestone/\(lodestoneVersion)",
      columns: [
        .init("energy", unit: "eV", spectrum.energies), .init("mutrans", spectrum.means),
        .init("mutrans_sd", spectrum.deviations),
      ] + (edge?.columns(of: spectrum) ?? []))
    document.add("Element.symbol", edge?.symbol)
    document.add("Element.edge", edge?.edge)
    document.add("Sample.name", sample)
    addAttributes(to: &document)
    for name in ["run_id", "scan_id", "parameters_id", "result_id", "signal", "reference"] {
      document.add("Lodestone.\(name)", summary.value(name).text)
    }
    if isRetracted { document.add("Lodestone.retracted", "yes") }
    document.add("Lodestone.cluster", clusters.value("cluster", row: row).text)
    document.add("Lodestone.phase", phase)
    document.add("Lodestone.pixels", clusters.value("dbscan_pixels", row: row).text)
    document.add("Lodestone.share", clusters.value("share", row: row).text)
    edge?.add(to: &document, e0Choice: e0Choice)
    document.comments = notes
    return (name, document.text)
  }

  /// What was said of the sample: an attribute such as Beamline.name is that field, any other one of the sample's.
  private func addAttributes(to document: inout XDIDocument) {
    let families = ["facility", "beamline", "mono", "detector", "sample", "scan"]
    for (name, value) in attributes {
      let field = XDIDocument.isField(name) ? name : "Sample.\(name)"
      let family = field.prefix { $0 != "." }.lowercased()
      if XDIDocument.isField(field), families.contains(family), field.lowercased() != "sample.name"
      {
        document.add(field, value)
      }
    }
  }
}

/// A part of a file's name that every file system takes, and every shell as one word.
private func safe(_ text: String) -> String {
  let marks = text.prefix(60).map { character in
    character.isASCII && (character.isLetter || character.isNumber) || "-+.".contains(character)
      ? character : "-"
  }
  return String(marks.drop { $0 == "." || $0 == "-" })
}

/// A cluster's mean spectrum.
private struct MeanSpectrum {
  var energies: [Double] = []
  var means: [Double] = []
  var deviations: [Double] = []

  mutating func append(_ energy: Double, _ mean: Double, _ deviation: Double) {
    energies.append(energy)
    means.append(mean)
    deviations.append(deviation)
  }

  func within(_ range: Range<Int>) -> MeanSpectrum {
    MeanSpectrum(
      energies: Array(energies[range]), means: Array(means[range]),
      deviations: Array(deviations[range]))
  }
}

/// How a cluster's spectrum is normalised at an edge, as the query run-edges tells it.
private struct NormalisedEdge {
  let symbol: String
  let edge: String
  let convention: String
  let isNormalised: Bool
  private let numbers: [String: Double]

  init(_ table: AnswerTable, row: Int) {
    symbol = table.value("symbol", row: row).text
    edge = table.value("edge", row: row).text
    convention = table.value("convention", row: row).text
    isNormalised = table.value("is_normalised", row: row).number == 1
    numbers = Dictionary(
      uniqueKeysWithValues: table.columns.compactMap { column in
        table.value(column, row: row).number.map { (column, $0) }
      })
  }

  /// Nd-L3.
  var name: String { "\(symbol)-\(edge)" }

  func number(_ name: String) -> Double? { numbers[name] }

  private var postCoefficients: [Double] {
    ["post_offset", "post_slope", "post_square", "post_cube"].compactMap { numbers[$0] }
  }

  /// The places of the edge's energies: each energy lies with the edge whose windows are nearer, and in both files where they
  /// overlap.
  ///
  /// - Parameter energies: eV, ascending.
  func range(
    of energies: [Double], previous: NormalisedEdge?, next: NormalisedEdge?
  ) -> Range<Int> {
    func place(behind energy: Double) -> Int {
      energies.firstIndex { $0 > energy } ?? energies.count
    }
    let window = window(in: energies)
    let start = previous.map { place(behind: ($0.windowEnd + windowStart) / 2) } ?? 0
    let end = next.map { place(behind: (windowEnd + $0.windowStart) / 2) } ?? energies.count
    return min(start, window.lowerBound)..<max(end, window.upperBound)
  }

  private var windowStart: Double { number("pre_start_ev") ?? 0 }
  private var windowEnd: Double { number("post_end_ev") ?? 0 }

  /// The places of the energies in and between the windows, as the convention counts them: Larch from the one at or below
  /// the start to the one nearest the end, which it needs to see.
  private func window(in energies: [Double]) -> Range<Int> {
    guard convention == "larch" else {
      let start = energies.firstIndex { $0 >= windowStart } ?? energies.count
      return start..<max(start, energies.firstIndex { $0 > windowEnd } ?? energies.count)
    }
    let start = energies.lastIndex { $0 <= windowStart } ?? 0
    let nearest = energies.indices.min { first, second in
      abs(energies[first] - windowEnd) < abs(energies[second] - windowEnd)
    }
    return start..<max(start, nearest.map { $0 + 1 } ?? 0)
  }

  /// The spectrum on the scale of the edge: normalised, and with the post-edge polynomial brought to 1 where there is one.
  func columns(of spectrum: MeanSpectrum) -> [XDIDocument.Column] {
    guard isNormalised, convention != "none", let offset = number("pre_offset"),
      let slope = number("pre_slope"),
      let divisor = number("divisor"), let e0 = number("e0_ev")
    else { return [] }
    let normalised = zip(spectrum.energies, spectrum.means).map { energy, mean in
      (mean - (offset + slope * energy)) / divisor
    }
    // An integral is divided by: that is another scale than the edge step's.
    if convention == "area" { return [.init("areatrans", unit: "1/eV", normalised)] }
    let columns = [XDIDocument.Column("normtrans", normalised)]
    let coefficients = postCoefficients
    guard !coefficients.isEmpty else { return columns }
    let stepEnergy =
      convention == "larch"
      ? spectrum.energies.min { abs($0 - e0) < abs($1 - e0) } ?? e0 : e0
    let flattened = zip(spectrum.energies, normalised).map { energy, value in
      if energy < stepEnergy { return value }
      return value - coefficients.reversed().reduce(0) { $0 * energy + $1 } / divisor + 1
    }
    return columns + [.init("flattrans", flattened)]
  }

  /// How it was measured, as fields of our own.
  ///
  /// - Parameter e0Choice: the parameter edges.e0.
  func add(to document: inout XDIDocument, e0Choice: String) {
    let isArea = convention == "area"
    document.add("Lodestone.e0_ev", number("e0_ev"))
    document.add("Lodestone.e0_method", e0Method(e0Choice))
    document.add("Lodestone.derivative_ev", number("derivative_ev"))
    document.add("Lodestone.normalisation", convention)
    if convention == "none" { return }
    document.add("Lodestone.is_normalised", isNormalised ? "yes" : "no: below 3 standard errors")
    document.add(isArea ? "Lodestone.area_od_ev" : "Lodestone.edge_step_od", number("divisor"))
    document.add(
      isArea ? "Lodestone.area_error_od_ev" : "Lodestone.edge_step_error_od",
      number("divisor_error"))
    for name in ["pre_start_ev", "pre_end_ev", "post_start_ev", "post_end_ev"] {
      document.add("Lodestone.\(name)", number(name))
    }
    document.add(
      "Lodestone.pre_line_od", "\(number("pre_offset") ?? 0) \(number("pre_slope") ?? 0)")
    document.add(
      "Lodestone.post_polynomial_od",
      postCoefficients.map { "\($0)" }.joined(separator: " "))
    document.add("Lodestone.white_line_ev", number("white_line_ev"))
    document.add("Lodestone.white_line_height", number("white_line_height"))
  }

  /// Where E0 comes from: the tables, the spectrum's derivative, or the parameters.
  private func e0Method(_ choice: String) -> String {
    if choice.contains("@") { return choice.contains("\(name)@") ? "fixed" : "tabulated" }
    // Where no derivative was to be seen the table's energy stands in.
    let isDerivative = choice == "derivative" && number("e0_ev") == number("derivative_ev")
    return isDerivative ? "derivative" : "tabulated"
  }
}
