import Foundation
import PhaseCatalog
import TestSupport

// Makes a catalog as people have them: catalog-maker FILE.lode RUNS
//
// 50 samples with two attributes each, a run of each scan and of some a second one, two phases that its clusters are told apart by,
// and of every hundred runs one that failed, one that was verified, one that is retracted and one that has a tag and a note.

guard CommandLine.arguments.count == 3, let runs = Int(CommandLine.arguments[2]) else {
  FileHandle.standardError.write(Data("usage: catalog-maker FILE.lode RUNS\n".utf8))
  exit(64)
}
let path = CommandLine.arguments[1]
guard try Catalog.create(at: path) else {
  FileHandle.standardError.write(Data("\(path): is there already\n".utf8))
  exit(65)
}
let catalog = try Catalog(path: path, access: .write)
let made = MadeRecords(.asked)

for (name, low, high) in [("matrix", 0.05, 0.4), ("Nd-rich", 0.6, 1)] {
  _ = try catalog.define(
    phase: name,
    as: PhaseRule(
      meaning: nil, conditions: [.bounds(quantity: "nd_fraction", low: low, high: high)]))
}

var (count, seed, second) = (0, 0, 0)
while count < runs {
  let isTwice = seed % 6 == 5 && count + 1 < runs
  for radius in isTwice ? [1, 1.25] : [1] {
    let run = made.run(seed, radius: radius)
    let result = made.result(seed, bits: Int(radius * 4))
    let fails = count % 100 == 11
    try catalog.store(
      scan: made.scan(seed), sample: "S\(seed % 50)", sighting: made.sighting(seed), run: run,
      answer: fails ? .failure("nothing is left of the sample") : .result(result),
      execution: made.execution(second: second))
    switch count % 100 {
    case 31:
      var execution = made.execution(second: second + 1, host: "office")
      execution.purpose = .verify
      try catalog.store(
        scan: made.scan(seed), sample: nil, sighting: nil, run: run, answer: .result(result),
        execution: execution,
        verification: (
          VerificationRecord(
            grade: .identical, changedPixels: 0, largestDifference: 0, largestDifferenceIn: nil),
          result.id(runID: run.id)
        ))
    case 51: try catalog.retract(.run(run.id), reason: "wrong references")
    case 71:
      _ = try catalog.tag("tag-\(count)", run: run.id)
      try catalog.note("look here", on: .run(run.id))
    default: break
    }
    count += 1
    second += 60
  }
  seed += 1
}
for sample in 0..<min(50, seed) {
  _ = try catalog.set("anneal_c", to: "\(400 + 10 * sample)", ofSample: "S\(sample)")
  _ = try catalog.set("composition", to: "Nd2Fe14B", ofSample: "S\(sample)")
}
