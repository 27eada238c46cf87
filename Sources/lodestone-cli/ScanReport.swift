import Foundation
import Lodestone
import StackIO

/// What an ingest would read, as text for the eye or as JSON.
struct ScanReport {
  let inspection: ScanInspection
  let path: String
  /// The time of finding the scan's files, s.
  let findSeconds: Double

  private var scan: Scan { inspection.scan }

  private var access: String {
    switch scan.access {
    case .rows: "by rows"
    case .strips(let rows) where rows >= scan.height: "by whole frames (one compressed strip)"
    case .strips(let rows): "by strips of \(rows) rows"
    case .tiles(let rows, let columns): "by tiles of \(rows) x \(columns)"
    }
  }

  // MARK: Text

  var text: String {
    let energies = scan.energies
    let exposures = Set(scan.steps.map(\.frames.count))
    let each =
      exposures.count == 1
      ? "\(exposures.first ?? 1)" : "\(exposures.min() ?? 1) to \(exposures.max() ?? 1)"
    var lines = [
      (
        "scan",
        inspection.scanID.prefix(12)
          + (scan.part.map { $0.isEmpty ? "" : ", part \"\($0)\"" } ?? "")
      ),
      ("layout", scan.layout),
      (
        "energies",
        "\(energies.count), \(energies.first ?? 0) to \(energies.last ?? 0) eV (\(sources(scan.steps.flatMap(\.frames), \.energyEV)))"
      ),
      (
        "frames",
        "\(scan.height) x \(scan.width) \(scan.frameLayout.sampleType), \(each) an energy; read \(access)"
      ),
      ("signal", "\(scan.signal.value.rawValue) (\(scan.signal.source))"),
      ("references", references),
      ("darks", scan.darks.isEmpty ? "none" : "\(scan.darks.count), averaged"),
      ("exposure", exposureText),
      ("pixel size", scan.pixelSize.map { "\($0.value.text) um (\($0.source))" } ?? "not known"),
    ].map { name, value in
      "  \(name)\(String(repeating: " ", count: 12 - name.count))\(value)\n"
    }.joined()
    for remark in scan.remarks { lines += "note: \(remark)\n" }
    return "would read: \(path)\n" + lines + table
  }

  private var references: String {
    switch scan.reference {
    case .notNeeded: "not needed"
    case .emptyField: "the empty field"
    case .spectra(let spectra): "spectrum \(spectra.map(\.path).joined(separator: ", "))"
    case .frame, .frames: "\(scan.references.count); \(scan.pairing ?? "")"
    }
  }

  private var exposureText: String {
    func one(_ frames: [ScanFrame]) -> String {
      let values = Set(frames.map { $0.exposure?.value })
      guard values.count == 1, let value = frames.first?.exposure else {
        return values.contains(nil) ? "not known" : "\(values.count) values (tag)"
      }
      return "\(value.value) s (\(value.source))"
    }
    var text = "frames \(one(scan.steps.flatMap(\.frames)))"
    if !scan.references.isEmpty { text += ", references \(one(scan.references))" }
    if let spectrum = scan.spectrumExposure, scan.references.isEmpty {
      text += ", I0 \(spectrum) s"
    }
    if !scan.darks.isEmpty { text += ", darks \(one(scan.darks))" }
    return text
  }

  private func sources(
    _ frames: [ScanFrame], _ key: KeyPath<ScanFrame, Sourced<Double>?>
  ) -> String {
    // "energies.txt, line 3" and "label of page 3" differ in the number only.
    let kinds = frames.compactMap {
      $0[keyPath: key]?.source.replacing(/(, line| of page) \d+/, with: "")
    }
    return Set(kinds).sorted().joined(separator: ", ")
  }

  /// A line an energy.
  private var table: String {
    let hasReferences = !scan.references.isEmpty
    var text =
      "  energy_ev  exposures" + (hasReferences ? "  references" : "") + "  digest        file\n"
    for step in scan.steps {
      guard let frame = step.frames.first else { continue }
      func right(_ value: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - value.count)) + value
      }
      let digest = inspection.digests[frame.location]?.prefix(12) ?? "damaged"
      let name = (frame.location.path as NSString).lastPathComponent
      text += "  " + right("\(step.energyEV)", 9) + right("\(step.frames.count)", 11)
      if hasReferences { text += right("\(step.references.count)", 12) }
      text += "  \(digest)  \(name), page \(frame.location.page + 1)\n"
    }
    return text
  }

  // MARK: JSON

  var json: JSONText {
    .object([
      ("schema", .string("lodestone.ingest/1")), ("status", .string("dry-run")),
      ("path", .string(path)), ("part", scan.part.map { .string($0) } ?? .null),
      ("scan", .string(inspection.scanID)), ("layout", .string(scan.layout)),
      ("height", .integer(scan.height)), ("width", .integer(scan.width)),
      ("sample_type", .string(scan.frameLayout.sampleType)), ("access", .string(access)),
      ("rows_together", .integer(scan.access.rowsTogether)),
      ("signal", .string(scan.signal.value.rawValue)),
      ("signal_source", .string(scan.signal.source)),
      ("geometry", .string(scan.geometry.rawValue)),
      ("pixel_height_um", .optional(scan.pixelSize?.value.heightUM)),
      ("pixel_size_um", .optional(scan.pixelSize?.value.widthUM)),
      ("pixel_size_source", scan.pixelSize.map { .string($0.source) } ?? .null),
      ("energies_ev", .array(scan.energies.map { .number($0) })),
      ("frames", .array(scan.steps.flatMap { step in step.frames.map { frame($0, of: step) } })),
      ("reference", .string(scan.reference.kind)),
      ("pairing", scan.pairing.map { .string($0) } ?? .null),
      ("references", .array(scan.references.map { frame($0, of: nil) })),
      ("spectra", spectra),
      ("darks", .array(scan.darks.map { frame($0, of: nil) })),
      ("warnings", .array(scan.remarks.map { .string($0) })),
      (
        "seconds",
        .object([
          ("find", .number(findSeconds)), ("read", .number(inspection.seconds)),
          ("decode", .number(inspection.readSeconds)),
        ])
      ),
    ])
  }

  private func frame(_ frame: ScanFrame, of step: ScanStep?) -> JSONText {
    var members: [(String, JSONText)] = [
      ("energy_ev", .optional(frame.energyEV?.value)),
      ("energy_source", frame.energyEV.map { .string($0.source) } ?? .null),
      ("path", .string(frame.location.path)), ("page", .integer(frame.location.page + 1)),
      ("digest", inspection.digests[frame.location].map { .string($0) } ?? .null),
      ("exposure_s", .optional(frame.exposure?.value)),
      ("exposure_source", frame.exposure.map { .string($0.source) } ?? .null),
      ("acquisition", frame.acquisition.map { .integer($0) } ?? .null),
    ]
    // From 0, in the lists of references and darks.
    if let step {
      members.append(("references", .array(step.references.map { .integer($0) })))
      members.append(("darks", .array(step.darks.map { .integer($0) })))
      if let level = step.referenceLevel { members.append(("i0", .number(level))) }
    }
    return .object(members)
  }

  private var spectra: JSONText {
    guard case .spectra(let spectra) = scan.reference else { return .array([]) }
    return .array(spectra.map { .string($0.path) })
  }
}

extension JSONText {
  /// A number, or null.
  static func optional(_ value: Double?) -> JSONText { value.map { .number($0) } ?? .null }
}
