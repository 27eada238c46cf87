import Foundation
import PhaseCatalog
import StackIO

/// The stages of an analysis, in the order in which the data meets them.
package enum PipelineStage: String, CaseIterable, Sendable {
  case read, correct, register, mask, depth, features, cluster, summarise

  /// The stage that first reads a parameter, by the name of the parameter or of its group. A parameter that stands
  /// here too late would be left out of a key: what is kept would be taken for what it is not.
  private static let readers: [String: PipelineStage] = [
    "correct.exposure": .read,
    "correct.reference_exposure": .read,
    "correct": .correct,
    "register": .register,
    "mask": .mask,
    "elements": .mask,
    "edges": .mask,
    "depth": .depth,
    "normalise": .features,
    "pca": .features,
    "features": .features,
    "features.eligible_fraction": .cluster,
    "dbscan": .cluster,
    "cluster": .cluster,
    "flood": .cluster,
    "minority": .cluster,
    "fit": .summarise,
  ]

  /// The stage that first reads a parameter; nil where the table does not have it.
  package static func reading(_ parameter: String) -> PipelineStage? {
    readers[parameter] ?? readers[String(parameter.prefix { $0 != "." })]
  }
}

/// What the output of each stage follows from, as digests: equal keys, equal outputs.
///
/// The key of a stage covers all stages before it: what they read of the scan, their versions, the parameters that they
/// read, the program and the processor.
package struct StageKeys: Sendable {
  private var keys: [PipelineStage: String] = [:]

  /// The keys of a run.
  ///
  /// - Parameter input: a digest of what is read of the scan, and of what computes.
  package init(of input: String, _ parameters: ParameterSet) {
    var key = input
    for stage in PipelineStage.allCases {
      let digest = ContentDigest(domain: "lodestone/stage/1")
      digest.update(key)
      digest.update(stage.rawValue)
      digest.update(Analysis.stages[stage.rawValue] ?? 0)
      // What the table does not have is part of every key.
      for parameter in parameters.parameters
      where PipelineStage.reading(parameter.name) ?? .read == stage {
        digest.update(parameter.name)
        digest.update(parameter.text)
      }
      key = digest.finish()
      keys[stage] = key
    }
  }

  init(_ loaded: LoadedScan, _ parameters: ParameterSet) {
    let digest = ContentDigest(domain: "lodestone/stage-input/1")
    for (name, value) in RunEnvironment.ofNumbers.sorted(by: { $0.key < $1.key }) {
      digest.update(name)
      digest.update(value)
    }
    loaded.addInput(to: digest)
    self.init(of: digest.finish(), parameters)
  }

  /// The key of a stage's output.
  package func after(_ stage: PipelineStage) -> String {
    guard let key = keys[stage] else { preconditionFailure("every stage has a key") }
    return key
  }
}

extension LoadedScan {
  /// Adds all that the stages read of a scan. That is more than its identity: which frames are averaged, which references
  /// and darks belong to each energy.
  fileprivate func addInput(to digest: borrowing ContentDigest) {
    digest.update(record.id)
    digest.update(scan.energies)
    digest.update(scan.isSorted ? 1 : 0)
    digest.update(scan.spectrumExposure)
    for step in scan.steps { digest.update(step.referenceLevel) }
    digest.update(scan.pixelSize?.value.heightUM)
    digest.update(scan.pixelSize?.value.widthUM)
    for groups in [frames, references, darks] {
      digest.update(groups.count)
      for group in groups {
        digest.update(group.frames.count)
        for frame in group.frames { digest.update(frame.digest) }
        digest.update(group.exposure)
        digest.update(group.largest)
        digest.update(Double(group.typical))
      }
    }
    digest.update(referenceOf)
    digest.update(darkOf)
  }
}
