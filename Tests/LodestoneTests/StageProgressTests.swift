import Lodestone
import PhaseCatalog
import StackIO
import Synchronization
import Testing
import TestSupport

/// How far a job has come, and how long it will still take.
@Suite struct StageProgressTests {
  /// The stages come in order, and what is counted is counted to its end; the outcome is that of an ingest that nobody
  /// watches.
  @Test func anIngestTellsOfItself() throws {
    let small = try SmallScan()
    let told = Mutex<[StageProgress]>([])
    let ingest = Ingest(
      catalog: small.catalog, parameters: try ParameterSet(), command: "test",
      progress: { progress in told.withLock { $0.append(progress) } })
    let outcome = try ingest.run(small.request, sample: "M1")
    let all = told.withLock { $0 }

    var stages: [StageProgress.Stage] = []
    for progress in all where stages.last != progress.stage { stages.append(progress.stage) }
    #expect(stages == Array(StageProgress.Stage.allCases.dropFirst()))
    let run = try small.catalog.ask("run-summary", run: outcome.runID)
    for progress in all {
      #expect(progress.energies == Int(run.value("energy_count").number ?? 0))
      #expect(progress.spectra == Int(run.value("total_pixels").number ?? 0))
      #expect(progress.done <= progress.total)
    }
    for stage in [StageProgress.Stage.read, .correct, .register] {
      let counted = all.filter { $0.stage == stage && $0.total > 0 }
      #expect(Set(counted.map(\.total)).count == 1)
      #expect(counted.map(\.done).max() == counted.first?.total, "\(stage)")
      #expect(counted.allSatisfy { $0.countsFrames == (stage != .register) })
    }

    let verify = try Verify(catalog: small.catalog, command: "test").run(outcome.runID)
    #expect(verify.verification.grade == .identical)
  }

  /// The work of a registration is counted to its end for all that it can be told to do.
  @Test(arguments: ["register.scale=none", "register.template_rounds=0", "register.method=none"])
  func registrationsCount(setting: String) throws {
    let small = try SmallScan()
    let told = Mutex<[StageProgress]>([])
    let ingest = Ingest(
      catalog: small.catalog, parameters: try ParameterSet(settings: [setting]), command: "test",
      progress: { progress in told.withLock { $0.append(progress) } })
    _ = try ingest.run(small.request, sample: "M1")
    let counted = told.withLock { $0.filter { $0.stage == .register && $0.total > 0 } }
    #expect(counted.map(\.done).max() == counted.first?.total)
  }

  // MARK: Time left

  private func progress(
    _ stage: StageProgress.Stage, _ done: Int = 0, of total: Int = 0
  ) -> StageProgress {
    StageProgress(stage, done: done, of: total, energies: 120, spectra: 1 << 20)
  }

  /// A scan whose stages take three times as long as usual.
  @Test func timeLeft() throws {
    var left = TimeLeft()
    left.note(progress(.read), at: 0)
    #expect(left.left(at: 0.5) == nil)
    // Reading says nothing of what follows.
    left.note(progress(.correct, 0, of: 120), at: 20)
    #expect(left.left(at: 20) == nil)
    left.note(progress(.correct, 60, of: 120), at: 21.32)
    let usual = 3 * (0.44 + 2.01 + 0.13 + 0.04 + 1.17 + 0.5 + 0.29)
    let first = try #require(left.left(at: 21.32))
    #expect(abs(first - usual) < 0.1)
    // Counts that come late change nothing, and time goes on without news.
    left.note(progress(.correct, 59, of: 120), at: 21.32)
    #expect(left.left(at: 21.32) == first)
    left.note(progress(.correct, 120, of: 120), at: 22.64)
    left.note(progress(.register), at: 22.64)
    let second = try #require(left.left(at: 22.64))
    #expect(abs(second - 3 * 4.14) < 0.1)
    #expect(abs(try #require(left.left(at: 23.64)) - (second - 1)) < 1e-9)
    #expect(left.inStage(at: 23.64) == 1)
  }

  /// No time is better than a wrong one.
  @Test func noTimeLeft() {
    var left = TimeLeft()
    #expect(left.left(at: 0) == nil)
    // What an earlier ingest has left is taken from the cache: nothing is known of the stages before.
    left.note(progress(.read), at: 0)
    left.note(progress(.cluster), at: 1)
    #expect(left.left(at: 2) == nil)

    // A stage that takes far longer than was to be expected.
    left = TimeLeft()
    left.note(progress(.correct, 120, of: 120), at: 0)
    left.note(progress(.register), at: 2)
    #expect(left.left(at: 4) != nil)
    #expect(left.left(at: 60) == nil)

    // A stage that was told to do less.
    left = TimeLeft()
    left.note(progress(.correct, 120, of: 120), at: 0)
    left.note(progress(.register, 10, of: 10), at: 2)
    left.note(progress(.mask), at: 2.1)
    #expect(left.left(at: 2.1) == nil)

    // Another scan begins anew.
    left.note(progress(.read), at: 3)
    left.note(progress(.correct), at: 4)
    #expect(left.left(at: 5) == nil)
  }
}
