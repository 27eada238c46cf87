import Foundation
internal import GRDB

/// What differs between a run and the stored run that is nearest to it: why it is new.
public struct RunDifference: Sendable, Equatable {
  /// One component of a run's identity that differs.
  public struct Component: Sendable, Equatable {
    /// "frames", "parameter", "stage", ...
    public let component: String
    /// Which parameter or stage; for frames, how many and from which; empty elsewhere.
    public let name: String
    /// In the earlier run.
    public let earlier: String
    /// In this one.
    public let now: String

    /// A component that differs.
    package init(component: String, name: String, earlier: String, now: String) {
      self.component = component
      self.name = name
      self.earlier = earlier
      self.now = now
    }
  }

  /// The nearest earlier run; nil where no stored run has anything of this scan.
  public let nearestRun: String?
  /// What differs from it; empty where it is the run itself.
  public let components: [Component]
  /// Whether that run has a result: one whose executions all failed is computed again.
  public let hasResult: Bool
}

extension Catalog {
  /// Compares a run with the stored run that is nearest to it: of the same scan, else of the scan that
  /// shares the most frames with it; the one with the fewest differences, the newest of several.
  ///
  /// - Throws: ``CatalogError``.
  /// - Complexity: O(energies) look-ups where the scan is new, and the runs of the scans that are near it.
  package func difference(of run: RunRecord, scan: ScanRecord) throws -> RunDifference {
    try read { database in
      var nearest: (id: String, components: [RunDifference.Component])?
      for scanKey in try Self.nearestScans(scan, in: database) {
        let scanDifferences = Self.differences(
          try Self.scan(key: scanKey, in: database), scan)
        for row in try database.rows(
          "SELECT run_key, run_id FROM run WHERE scan_key = ? ORDER BY run_key DESC", [scanKey])
        {
          let other = try Self.run(key: row.key("run_key"), in: database)
          let components = scanDifferences + Self.differences(other, run)
          if components.count < nearest?.components.count ?? .max {
            nearest = (try row.text("run_id"), components)
          }
        }
      }
      let hasResult = try nearest.map { try Self.currentResult(of: $0.id, in: database) != nil }
      return RunDifference(
        nearestRun: nearest?.id, components: nearest?.components ?? [],
        hasResult: hasResult ?? false)
    }
  }

  /// The scan itself; else those that share the most of its frames, and have runs.
  private static func nearestScans(_ scan: ScanRecord, in database: Database) throws -> [Int64] {
    if let key = try database.key(of: "scan", id: scan.id) { return [key] }
    let digests = scan.frames(of: .sample).map(\.digest)
    // By the frames that are indexed, one of 16, then by all.
    let shared = try database.rows(
      """
      WITH RECURSIVE place (start) AS (
        SELECT 1 UNION ALL SELECT start + 32 FROM place WHERE start + 32 < :bytes
      ),
      digest AS MATERIALIZED (SELECT substr(:digests, start, 32) AS bytes FROM place),
      near AS (
        SELECT DISTINCT frame.scan_key FROM digest
        JOIN frame ON frame.digest = digest.bytes AND frame.kind = 'sample' AND frame.number % 16 = 0
      )
      SELECT near.scan_key,
        (SELECT count(*) FROM frame
         WHERE frame.scan_key = near.scan_key AND frame.kind = 'sample'
           AND frame.digest IN (SELECT bytes FROM digest)) AS shared
      FROM near
      WHERE EXISTS (SELECT 1 FROM run WHERE run.scan_key = near.scan_key)
      ORDER BY shared DESC, near.scan_key DESC
      """,
      ["digests": Data(digests.flatMap(\.bytesOfHex)), "bytes": 32 * digests.count])
    guard let most = try shared.first?.integer("shared") else { return [] }
    return try shared.filter { try $0.integer("shared") == most }.map { try $0.key("scan_key") }
  }

  /// What differs between two scans.
  package static func differences(
    _ earlier: ScanRecord, _ now: ScanRecord
  ) -> [RunDifference.Component] {
    var components: [RunDifference.Component] = []
    func compare(_ component: String, _ a: String, _ b: String, _ name: String = "") {
      if a != b { components.append(.init(component: component, name: name, earlier: a, now: b)) }
    }
    func text(_ value: Double?) -> String { value.map(CanonicalJSON.text(of:)) ?? "not known" }
    func pixelSize(_ scan: ScanRecord) -> String {
      scan.oblongPixelUM.map { "\(text($0.height)) x \(text($0.width))" } ?? text(scan.pixelSizeUM)
    }
    compare("size", "\(earlier.height) x \(earlier.width)", "\(now.height) x \(now.width)")
    compare("signal", earlier.signal, now.signal)
    compare("reference", earlier.reference, now.reference)
    compare("pixel_size_um", pixelSize(earlier), pixelSize(now))
    compare("geometry", earlier.geometry, now.geometry)
    let names: [(ScanRecord.FrameDigest.Kind, String)] = [
      (.sample, "frames"), (.reference, "references"), (.spectrum, "I0 spectrum"), (.dark, "darks"),
    ]
    for (kind, name) in names {
      let (old, new) = (earlier.frames(of: kind), now.frames(of: kind))
      guard old.count == new.count else {
        compare("count of \(name)", "\(old.count)", "\(new.count)")
        continue
      }
      func compareEach(_ component: String, _ value: (ScanRecord.FrameDigest) -> String) {
        let places = old.indices.filter { value(old[$0]) != value(new[$0]) }
        guard let first = places.first else { return }
        let at = new[first].energyEV.map { ", from \(text($0)) eV" } ?? ""
        compare(
          component, value(old[first]), value(new[first]),
          "\(places.count) of \(old.count)\(at)")
      }
      compareEach(name) { String($0.digest.prefix(12)) }
      // The references' energies are the frames': once is enough.
      if kind == .sample { compareEach("energies") { text($0.energyEV) } }
      compareEach("exposure of \(name)") { text($0.exposureS) }
      compareEach("ring current of \(name)") { text($0.ringCurrentMA) }
      compareEach("order of \(name)") { text($0.acquisition.map(Double.init)) }
    }
    return components
  }

  private static func differences(
    _ earlier: RunRecord, _ now: RunRecord
  ) -> [RunDifference.Component] {
    var components: [RunDifference.Component] = []
    func compare(_ component: String, _ a: [String: String], _ b: [String: String]) {
      for name in Set(a.keys).union(b.keys).sorted() where a[name] != b[name] {
        components.append(
          .init(
            component: component, name: name, earlier: a[name] ?? "not there",
            now: b[name] ?? "not there"))
      }
    }
    func texts(_ run: RunRecord) -> [String: String] {
      Dictionary(run.parameters.map { ($0.name, $0.text) }) { $1 }
    }
    compare("parameter", texts(earlier), texts(now))
    compare("stage", earlier.stages.mapValues { "\($0)" }, now.stages.mapValues { "\($0)" })
    return components
  }
}
