import Foundation
import Lodestone
import PhaseCatalog
import StackIO
import Testing
import TestSupport

/// Many parameter sets on one scan.
@Suite struct ParameterSweepTests {
  @Test(arguments: [
    ("dbscan.radius=0.5:2:0.25", ["0.5", "0.75", "1", "1.25", "1.5", "1.75", "2"]),
    ("dbscan.radius=0.1:0.3:0.1", ["0.1", "0.2", "0.3"]),
    ("dbscan.radius=0.10:0.35:.1", ["0.1", "0.2", "0.3"]),
    ("dbscan.radius=1e-3:3e-3:1e-3", ["0.001", "0.002", "0.003"]),
    ("dbscan.radius=1:1:5", ["1"]),
    ("edges.pre_start=-60:-40:10", ["-60", "-50", "-40"]),
    ("pca.components=2:4:1", ["2", "3", "4"]),
    ("dbscan.radius=auto,1.10, 2", ["auto", "1.10", "2"]),
    ("elements.symbols=Nd,Fe;Nd", ["Nd,Fe", "Nd"]),
    ("mask.method=od,step", ["od", "step"]),
  ])
  func values(text: String, values: [String]) throws {
    #expect(try ParameterSweep(text).values == values)
  }

  /// A thousand of them, as they would be typed.
  @Test func nothingAddsUp() throws {
    let sweep = try ParameterSweep("dbscan.radius=0.001:1:0.001")
    #expect(sweep.values.count == 1000)
    for (index, value) in sweep.values.enumerated() {
      #expect(Double(value) == Double(index + 1) / 1000)
    }
  }

  @Test(arguments: [
    ("dbscan.radius", "write NAME="), ("=1,2", "write NAME="), ("dbscan.radius=", "write NAME="),
    ("dbscan.radios=1,2", "did you mean dbscan.radius?"),
    ("elements.symbols=1:2:1", "list its values"), ("mask.method=od:step:1", "list its values"),
    ("dbscan.radius=1:2", "A:B:STEP"), ("dbscan.radius=1:2:3:4", "A:B:STEP"),
    ("dbscan.radius=1:x:1", "A:B:STEP"), ("dbscan.radius=nan:2:1", "A:B:STEP"),
    ("dbscan.radius=1:inf:1", "A:B:STEP"), ("dbscan.radius=0x1:2:1", "A:B:STEP"),
    ("dbscan.radius=1:2:0", "above 0"), ("dbscan.radius=1:2:-1", "above 0"),
    ("dbscan.radius=2:1:1", "ends before it begins"), ("dbscan.radius=0:2:1", "it takes"),
    ("dbscan.radius=1:2000:1", "more than 1000"), ("dbscan.radius=1:1e90:1e-90", "more than 1000"),
    ("dbscan.radius=1,,2", "empty"), ("dbscan.radius=1,x", "it takes"),
    ("pca.components=1:2:0.5", "it takes"), ("correct.exposure=1,2", "the scan is read once"),
  ])
  func refused(text: String, words: String) throws {
    let error = #expect(throws: ParameterError.self) {
      _ = try SweepPlan([try ParameterSweep(text)])
    }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  /// What an early stage reads changes least often.
  @Test func theGrid() throws {
    let plan = try SweepPlan([
      try ParameterSweep("dbscan.radius=1,2"), try ParameterSweep("register.blur_px=1,2"),
    ])
    #expect(
      plan.settings.map { $0.map { "\($0.name)=\($0.value)" } } == [
        ["register.blur_px=1", "dbscan.radius=1"], ["register.blur_px=1", "dbscan.radius=2"],
        ["register.blur_px=2", "dbscan.radius=1"], ["register.blur_px=2", "dbscan.radius=2"],
      ])
    #expect(plan.names == ["dbscan.radius", "register.blur_px"])
    let many = try ParameterSweep("dbscan.radius=0.1:4:0.1")
    #expect(throws: ParameterError.self) { try SweepPlan([many, many]) }
    #expect(throws: ParameterError.self) {
      try SweepPlan([many, try ParameterSweep("mask.fraction=0.01:0.26:0.01")])
    }
  }

  /// Each run is what it would be by itself; one that fails does not stop the others; what they share is made once.
  @Test(arguments: [false, true]) func eachIsWhatItIsByItself(isCached: Bool) throws {
    let (alone, scan) = (try SmallScan(), try SmallScan())
    let failing = ["normalise.measure=edge_step", "normalise.minimum_signal=900000"]
    let settings = [
      ["dbscan.radius=1"], ["dbscan.radius=1.5"], failing, ["mask.fraction=0.2"],
      ["register.blur_px=1.5"], ["register.blur_px=1.5", "dbscan.radius=1"],
    ]
    let sets = try settings.map { try ParameterSet(settings: $0) }
    let cache = isCached ? StageCache(folder: scan.folder.file("cache")) : nil
    var outcomes: [Result<Ingest.Outcome, any Error>] = []
    try Ingest(
      catalog: scan.catalog, parameters: try ParameterSet(), cache: cache, command: "test"
    ).sweep(try scan.request.open(), of: scan.request, sample: "M1", over: sets) {
      #expect($0 == outcomes.count)
      outcomes.append($1)
    }
    cache?.finish(patience: 120)
    #expect(outcomes.count == sets.count)
    for (setting, outcome) in zip(settings, outcomes) {
      guard case .success(let outcome) = outcome else {
        #expect(setting == failing)
        #expect(throws: AnalysisError.self) { try alone.ingest(nil, setting) }
        continue
      }
      let expected = try alone.ingest(nil, setting)
      #expect(expected.runID == outcome.runID)
      let ids = try [alone.catalog, scan.catalog].map {
        try #require(try $0.storedResult(of: outcome.runID))
      }
      #expect(ids[0] == ids[1])
      let isSame = try alone.catalog.result(ids[0]) == scan.catalog.result(ids[1])
      #expect(isSame)
    }
    let reused = outcomes.map { (try? $0.get())?.reusedStages.count }
    // Reading too is of the first alone.
    #expect(reused == [0, 6, nil, 3, 0, 6])
    #expect(try CatalogCheck(catalog: scan.catalog).run(.deep).findings == [])
  }
}
