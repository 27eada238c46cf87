import Clustering
import Foundation
import Lodestone
import PhaseCatalog
import Spectra
import StackIO

/// An error as the user meets it: one line on stderr, and an exit code.
struct Failure: Error {
  let message: String
  let exitCode: Int32

  init(_ message: String, exitCode: Int32) {
    self.message = message
    self.exitCode = exitCode
  }

  /// The failure of a known error; nil for what the argument parser reports itself.
  init?(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as InputError: self.init(error.description, exitCode: error.kind.exitCode)
    case let error as CatalogError: self.init(error.description, exitCode: error.exitCode)
    case let error as RecipeError: self.init(error.description, exitCode: 78)
    case let error as ParameterError: self.init(error.description, exitCode: 64)
    case let error as AnalysisError: self.init(error.description, exitCode: 65)
    case let error as ScratchFailure: self.init(error.description, exitCode: 74)
    case let error as VerificationError: self.init(error.description, exitCode: 1)
    case let error as SampleConflict: self.init(error.description, exitCode: 1)
    case let error as ClusteringFailure: self.init(error.description, exitCode: error.exitCode)
    case let error as PrincipalComponents.Failure: self.init(error.description, exitCode: 70)
    default: return nil
    }
  }

  func report() {
    // A message from a library may hold line ends; an error is one line.
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ").shown
    ProgressLine.shared.clear()
    let name = Terminal.errors.marked("lodestone:", .error)
    // Where nobody can be told, the exit code still tells.
    try? FileHandle.standardError.write(contentsOf: Data("\(name) \(line)\n".utf8))
  }
}

extension InputError.Kind {
  fileprivate var exitCode: Int32 {
    switch self {
    case .invalid: 65
    case .missing: 66
    case .io: 74
    case .denied: 77
    }
  }
}

extension CatalogError {
  fileprivate var exitCode: Int32 {
    switch self {
    case .missing, .notFound: 66
    case .notACatalog, .damaged, .walMode, .foreignSchema, .ambiguous, .badExport,
      .notWhole:
      65
    case .noResult: 1
    case .newer: 76
    case .older, .unsafePlace: 78
    case .denied: 77
    case .busy, .busyKept: 75
    case .io: 74
    case .question: 64
    }
  }
}

extension ClusteringFailure {
  fileprivate var exitCode: Int32 {
    switch self {
    case .radius, .minimumPoints, .neighbours, .noSuchPoint: 64
    case .cancelled: 70
    default: 65
    }
  }
}
