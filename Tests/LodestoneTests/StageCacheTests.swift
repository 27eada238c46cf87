import Foundation
import Lodestone
import PhaseCatalog
import Spectra
import StackIO
import Synchronization
import Testing
import TestSupport

/// What is taken from the cache is what would have been computed, to the last bit; what is not that is not taken.
@Suite struct StageCacheTests {
  private let scan: SmallScan
  private var folder: String { scan.folder.file("cache") }

  init() throws { scan = try SmallScan() }

  /// A value for every parameter that is not its default.
  static let others: [(name: String, value: String)] = {
    let given = [
      "correct.exposure": "0.5", "correct.reference_exposure": "0.25",
      "correct.minimum_reference": "3", "correct.saturation": "60000",
      "register.drift": "7000@0,0;7001@1,1", "register.centre_y_px": "30",
      "register.centre_x_px": "30", "pca.components": "3", "dbscan.radius": "1.3",
      "dbscan.minimum_points": "9", "minority.minimum_points": "0", "elements.symbols": "auto",
      "elements.beside": "none", "elements.light": "none", "elements.density": "7.5",
      "edges.e0": "derivative", "fit.references": "a@" + String(repeating: "0f", count: 32),
      "fit.start": "7000", "fit.end": "7300", "features.eligible_fraction": "0.7",
    ]
    return ParameterDefinition.all.map { definition in
      if let value = given[definition.name] { return (definition.name, value) }
      switch definition.kind {
      case .number(let range):
        let standard = Double(definition.defaultText) ?? 0
        let value = standard == 0 ? range.upperBound / 2 : standard * 1.25
        return (definition.name, "\(min(max(value, range.lowerBound), range.upperBound))")
      case .integer(let range):
        let value = (Int(definition.defaultText) ?? 0) + 1
        return (definition.name, "\(value <= range.upperBound ? value : range.lowerBound)")
      case .choice(let words):
        return (definition.name, words.first { $0 != definition.defaultText } ?? "")
      case .text: return (definition.name, "?")
      }
    }
  }()

  private func cache(limit: Int? = nil) -> StageCache { StageCache(folder: folder, limit: limit) }

  private func find(
    _ settings: [String], _ cache: StageCache? = nil, resources: Resources = Resources(),
    request: ScanRequest? = nil
  ) throws -> Found {
    try Finder(folder: scan.folder, request: request ?? scan.request)
      .find(settings, cache, resources)
  }

  private func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  // MARK: Keys

  @Test func everyParameterBelongsToAStage() {
    for definition in ParameterDefinition.all {
      #expect(
        PipelineStage.reading(definition.name) != nil,
        "\(definition.name): say in PipelineStage which stage first reads it")
    }
    #expect(PipelineStage.reading("features.eligible_fraction") == .cluster)
    #expect(PipelineStage.reading("features.smoothing") == .features)
    #expect(PipelineStage.reading("nothing.such") == nil)
  }

  /// Another value changes the key of the stage that reads it and of all later ones, and of none before.
  @Test(arguments: StageCacheTests.others.indices)
  func anotherValueIsAnotherKey(number: Int) throws {
    let (name, value) = Self.others[number]
    let standard = try ParameterSet()
    // Some contradict other defaults.
    let set =
      try (try? ParameterSet(settings: ["\(name)=\(value)"]))
      ?? (ParameterSet(settings: ["\(name)=\(value)", "elements.symbols=Fe"]))
    let beside = set.parameters.filter { !$0.isDefault && $0.name != name }.map {
      "\($0.name)=\($0.text)"
    }
    let (before, after) = (
      StageKeys(of: "x", beside.isEmpty ? standard : try ParameterSet(settings: beside)),
      StageKeys(of: "x", set)
    )
    let reading = try #require(PipelineStage.reading(name))
    let stages = PipelineStage.allCases
    let place = try #require(stages.firstIndex(of: reading))
    for (index, stage) in stages.enumerated() {
      let isSame = before.after(stage) == after.after(stage)
      #expect(isSame == (index < place), "\(name): \(stage)")
      #expect(StageKeys(of: "y", set).after(stage) != after.after(stage))
    }
  }

  // MARK: The same

  /// Every parameter changed by itself, after an ingest with the defaults: with the cache as without.
  @Test func everyParameterGivesTheSameFromTheCache() throws {
    let cache = cache()
    _ = try find([], cache)
    var counts: [Int: Int] = [:]
    for (name, value) in Self.others {
      let settings = ["\(name)=\(value)"]
      let (expected, found) = (try find(settings), try find(settings, cache))
      #expect(expected == found, "\(name)")
      #expect(expected.reused == [])
      let reading = try #require(PipelineStage.reading(name))
      let stages = PipelineStage.allCases
      let place = try #require(stages.firstIndex(of: reading))
      if !found.reused.isEmpty {
        #expect(place > 2)
        #expect(found.reused.count == (place > 5 ? 5 : 2), "\(name): \(found.reused)")
      }
      counts[found.reused.count, default: 0] += 1
      // And once more, when what was made now is kept too.
      let again = try find(settings, cache)
      #expect(expected == again, "\(name)")
    }
    #expect(cache.remark == nil)
    print("from the cache: \(counts)")
    #expect(counts[5, default: 0] >= 14 && counts[2, default: 0] >= 15)
  }

  /// Frames and features there or not, each with each; an element that is found from the spectrum, no empty field, no
  /// registration.
  @Test(arguments: [
    [], ["elements.symbols=auto"], ["correct.empty_field=none", "register.method=none"],
    ["normalise.measure=edge_step", "depth.pores=surface"],
  ])
  func everyCombination(settings: [String]) throws {
    let cache = cache()
    _ = try find(settings, cache)
    let kept = try files()
    #expect(kept.count == 2)
    for (round, removed) in [[], ["frames"], ["features"], ["frames", "features"]].enumerated() {
      for file in kept where removed.contains(where: { file.hasSuffix($0) }) {
        try FileManager.default.removeItem(atPath: folder + "/" + file)
      }
      let other = settings + ["dbscan.radius=\(1 + Double(round) / 8)"]
      let (expected, found) = (try find(other), try find(other, cache))
      #expect(expected == found)
      #expect(
        found.reused
          == [
            ["correct", "register", "mask", "depth", "features"],
            ["mask", "depth", "features"], ["correct", "register"], [],
          ][round])
      #expect(try files() == kept)
    }
    #expect(cache.remark == nil)
  }

  @Test func aSecondRunInTheSameCatalogIsVerified() throws {
    let cache = cache()
    func ingest(_ radius: String) throws -> Ingest.Outcome {
      try Ingest(
        catalog: scan.catalog, parameters: try ParameterSet(settings: ["dbscan.radius=\(radius)"]),
        cache: cache, command: "test"
      ).run(scan.request, sample: "M1")
    }
    _ = try ingest("1.1")
    cache.finish(patience: 120)
    let second = try ingest("1.2")
    #expect(second.stages.map(\.name) == ["read", "cache", "cluster", "summarise", "store"])
    // Verifying computes everything.
    let verified = try Verify(catalog: scan.catalog, command: "test").run(second.runID)
    #expect(verified.verification.grade == .identical)
    #expect(verified.stages.map(\.name).contains("register"))
    #expect(try CatalogCheck(catalog: scan.catalog).run(.deep).findings == [])
    #expect(try ingest("1.2").reusedStages == [])
  }

  /// With other files of the same scan, the cache is the same; with other data it is another.
  @Test func theDataIsTheKey() throws {
    let cache = cache()
    _ = try find([], cache)
    var moved = scan.request
    moved.path = scan.folder.file("copy.tif")
    try FileManager.default.copyItem(atPath: scan.request.path, toPath: moved.path)
    #expect(try find(["dbscan.radius=1.2"], cache, request: moved).reused.count == 5)
    var exposed = scan.request
    exposed.exposure = 0.5
    exposed.referenceExposure = 0.25
    #expect(try find(["dbscan.radius=1.2"], cache, request: exposed).reused == [])
    #expect(try files().count == 4)
  }

  /// Frames that memory does not hold are not cached.
  @Test func aScratchFileIsNotCached() throws {
    let cache = cache()
    let resources = Resources(memory: 52_800_000, scratchDirectory: scan.folder.path)
    let expected = try find([])
    #expect(try find([], cache, resources: resources) == expected)
    #expect(cache.entries().isEmpty)
    _ = try find([], cache)
    let found = try find([], cache, resources: resources)
    #expect(found == expected && found.reused == [])
  }

  // MARK: Damage

  /// A byte changed in every part of both files, cut off at many places, bytes added, another entry's content, an empty
  /// file, a link, a folder: never believed, removed, and said once.
  @Test func damageIsNeverBelieved() throws {
    _ = try find([], cache())
    let expected = try find(["dbscan.radius=1.2"])
    let pristine = try files().map {
      ($0, try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0)))
    }
    var random = TestRandom(seed: 7)
    var count = 0
    func check(_ words: String, _ name: String, _ damage: (URL) throws -> Void) throws {
      for (name, data) in pristine {
        let url = URL(fileURLWithPath: folder + "/" + name)
        try? FileManager.default.removeItem(at: url)
        try data.write(to: url)
      }
      try damage(URL(fileURLWithPath: folder + "/" + name))
      let cache = cache()
      let found = try find(["dbscan.radius=1.2"], cache)
      #expect(found == expected, "\(words)")
      #expect(found.reused.count == (name.hasSuffix("frames") ? 3 : 2), "\(words): \(found.reused)")
      #expect(cache.remark?.contains(name) == true, "\(words)")
      // What was computed anew is kept in its place.
      let url = URL(fileURLWithPath: folder + "/" + name)
      let kept = try Data(contentsOf: url)
      #expect(kept == data(of: name), "\(words)")
      try? FileManager.default.removeItem(at: url)
      count += 1
    }
    func data(of name: String) -> Data { pristine.first { $0.0 == name }?.1 ?? Data() }
    for (name, data) in pristine {
      let places = [0, 15, 16, 47, 48, 55, 56, 63, 64, 95, 96, 103, 200, data.count - 1]
      for place in places + (0..<12).map({ _ in Int.random(in: 0..<data.count, using: &random) }) {
        try check("byte \(place)", name) { url in
          var changed = data
          changed[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
          try changed.write(to: url)
        }
      }
      for length in [0, 1, 95, 96, 100, data.count / 2, data.count - 1] {
        try check("\(length) bytes", name) { try data.prefix(length).write(to: $0) }
      }
      try check("one more", name) { try (data + Data([0])).write(to: $0) }
      try check("zeros", name) { try Data(count: data.count).write(to: $0) }
      try check("other", name) { try (pristine.first { $0.0 != name }?.1 ?? Data()).write(to: $0) }
      try check("link", name) { url in
        try FileManager.default.moveItem(
          at: url, to: URL(fileURLWithPath: scan.folder.file("linked")))
        try FileManager.default.createSymbolicLink(
          at: url, withDestinationURL: URL(fileURLWithPath: scan.folder.file("linked")))
        try FileManager.default.removeItem(atPath: scan.folder.file("linked"))
      }
    }
    print("damaged entries: \(count), none believed")
  }

  /// A folder that cannot be made, that others may write to, or an entry that cannot be read: one remark, and a result.
  @Test func whatCannotBeWrittenIsOneRemark() throws {
    let expected = try find([])
    let file = try scan.folder.write("x", to: "file")
    for path in [file, file + "/below"] {
      let cache = StageCache(folder: path)
      #expect(try find([], cache) == expected)
      #expect(cache.remark?.hasPrefix(path) == true)
      #expect(cache.entries().isEmpty && cache.clear() == 0)
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    chmod(folder, 0o777)
    let open = cache()
    #expect(try find([], open) == expected)
    #expect(open.remark?.contains("others may write there") == true)
    #expect(try files().isEmpty)
  }

  // MARK: Bounds

  @Test func filesAreTheUsersAlone() throws {
    _ = try find([], cache())
    var status = stat()
    #expect(stat(folder, &status) == 0 && status.st_mode & 0o777 == 0o700)
    for name in try files() {
      #expect(stat(folder + "/" + name, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
  }

  /// What was not used for longest goes; other files stay, and what interrupted programs have left goes, unless one is
  /// still writing it.
  @Test func theLeastRecentlyUsedGoes() throws {
    _ = try find(["register.blur_px=1.1"], cache())
    let size = cache().entries().reduce(0) { $0 + $1.bytes }
    let limit = 2 * size + size / 2
    _ = try find(["register.blur_px=1.2"], cache(limit: limit))
    #expect(try files().count == 4)
    // The first is used again, and is no longer the oldest.
    #expect(
      try find(["register.blur_px=1.1", "dbscan.radius=1.2"], cache(limit: limit)).reused.count == 5
    )
    let left = String(repeating: "a", count: 64) + ".part"
    let busy = String(repeating: "b", count: 64) + ".part"
    for name in [left, busy, "mine.txt"] {
      _ = try scan.folder.write("x", to: "cache/" + name)
    }
    let descriptor = open(folder + "/" + busy, O_RDONLY)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    _ = try find(["register.blur_px=1.3"], cache(limit: limit))
    let names = try files()
    #expect(names.contains("mine.txt") && names.contains(busy) && !names.contains(left))
    #expect(cache().entries().reduce(0) { $0 + $1.bytes } <= limit)
    #expect(
      try find(["register.blur_px=1.1", "dbscan.radius=1.3"], cache(limit: limit)).reused.count == 5
    )
    #expect(
      try find(["register.blur_px=1.2", "dbscan.radius=1.3"], cache(limit: limit)).reused.count < 5)
    // Too large to be kept: nothing is removed for it.
    let before = try files()
    _ = try find(["register.blur_px=1.4"], cache(limit: 50_000))
    #expect(try files() == before)
    #expect(cache().clear() > 0)
    #expect(try files() == [busy, "mine.txt"])
  }

  /// Many at once in one folder, while it is cleared again and again.
  @Test func manyAtOnce() throws {
    let settings = (0..<4).map {
      ["register.blur_px=\(1 + Double($0 % 2) / 4)", "dbscan.radius=\(1 + Double($0) / 8)"]
    }
    let expected = try settings.map { try find($0) }
    let finder = Finder(folder: scan.folder, request: scan.request)
    let folder = folder
    let wrong = Mutex<[String]>([])
    let isDone = Atomic(false)
    Thread.detachNewThread {
      while !isDone.load(ordering: .relaxed) {
        usleep(20_000)
        _ = StageCache(folder: folder).clear()
      }
    }
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      for round in 0..<6 {
        let cache = StageCache(folder: folder, limit: round % 2 == 0 ? nil : 1_500_000)
        let number = (worker + round) % 4
        do {
          let found = try finder.find(settings[number], cache)
          if found != expected[number] {
            wrong.withLock { $0.append("\(worker) \(round) differs") }
          }
          if let remark = cache.remark { wrong.withLock { $0.append(remark) } }
        } catch {
          wrong.withLock { $0.append("\(error)") }
        }
      }
    }
    isDone.store(true, ordering: .relaxed)
    #expect(wrong.withLock { $0 } == [])
    #expect(!(try files().contains { $0.hasSuffix(".part") }))
  }

  @Test func theFolder() {
    #expect(StageCache.standardFolder(["LODESTONE_CACHE": "/a", "XDG_CACHE_HOME": "/b"]) == "/a")
    #expect(StageCache.standardFolder(["XDG_CACHE_HOME": "/b", "HOME": "/c"]) == "/b/lodestone")
    #expect(
      StageCache.standardFolder(["LODESTONE_CACHE": "", "XDG_CACHE_HOME": "b", "HOME": "/c"])
        == "/c/.cache/lodestone")
  }
}

/// What an ingest found, or its error. Two are equal where the same was found, whether or not it was computed.
private struct Found: Equatable, CustomStringConvertible {
  let run: String
  let result: ResultRecord?
  let reused: [String]

  var description: String { "\(run.prefix(80)), reused: \(reused)" }

  static func == (one: Found, other: Found) -> Bool {
    one.run == other.run && one.result == other.result
  }
}

/// A scan that is ingested again and again.
private struct Finder: Sendable {
  let folder: TemporaryFolder
  let request: ScanRequest

  /// What an ingest finds, in a catalog of its own; or its error.
  func find(
    _ settings: [String], _ cache: StageCache?, _ resources: Resources = Resources()
  ) throws -> Found {
    let path = folder.file("\(UUID().uuidString).lode")
    _ = try Catalog.create(at: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let catalog = try Catalog(path: path, access: .write)
    let ingest = Ingest(
      catalog: catalog, parameters: try ParameterSet(settings: settings), resources: resources,
      cache: cache, command: "test")
    do {
      let outcome = try ingest.run(request, sample: "M1")
      cache?.finish(patience: 120)
      let id = try #require(try catalog.storedResult(of: outcome.runID))
      return Found(run: outcome.runID, result: try catalog.result(id), reused: outcome.reusedStages)
    } catch let error as AnalysisError {
      cache?.finish(patience: 120)
      return Found(run: "\(error)", result: nil, reused: [])
    } catch let error as ParameterError {
      return Found(run: "\(error)", result: nil, reused: [])
    }
  }
}
