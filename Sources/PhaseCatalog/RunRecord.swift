/// One parameter as asked.
package struct ParameterRecord: Sendable, Equatable {
  /// A parameter's value.
  package enum Value: Sendable, Equatable {
    case number(Double)
    case integer(Int)
    case text(String)
  }

  package var name: String
  package var value: Value
  package var type: String
  package var unit: String
  package var isDefault: Bool

  /// A parameter of a type ("number", "integer" or "text"); an automatic number has the text
  /// value "auto".
  package init(name: String, value: Value, type: String, unit: String, isDefault: Bool) {
    self.name = name
    self.value = value
    self.type = type
    self.unit = unit
    self.isDefault = isDefault
  }

  /// The value as shown.
  package var text: String {
    switch value {
    case .number(let number): CanonicalJSON.text(of: number)
    case .integer(let number): String(number)
    case .text(let text): text
    }
  }

  var number: Double? {
    switch value {
    case .number(let number): number
    case .integer(let number): Double(number)
    case .text: nil
    }
  }
}

/// The question: a scan, a parameter set and the version of each stage.
package struct RunRecord: Sendable, Equatable {
  package var scanID: String
  package var parameters: [ParameterRecord]
  package var stages: [String: Int]

  /// A run.
  package init(scanID: String, parameters: [ParameterRecord], stages: [String: Int]) {
    self.scanID = scanID
    self.parameters = parameters
    self.stages = stages
  }

  /// The parameters in canonical JSON (RFC 8785).
  package var canonicalParameters: String {
    var members: [String: CanonicalJSON] = [:]
    for parameter in parameters {
      members[parameter.name] =
        switch parameter.value {
        case .number(let number): .number(number)
        case .integer(let number): .number(Double(number))
        case .text(let text): .string(text)
        }
    }
    return CanonicalJSON.object(members).text
  }

  /// The parameter set's identity.
  package var parametersID: String {
    let digest = ContentDigest(domain: "lodestone/parameters/1")
    digest.update(canonicalParameters)
    return digest.finish()
  }

  /// The run's identity: no time, host, path or package version.
  package var id: String {
    let digest = ContentDigest(domain: "lodestone/run/1")
    digest.update(scanID)
    digest.update(parametersID)
    digest.update(stages.count)
    for (stage, version) in stages.sorted(by: { $0.key < $1.key }) {
      digest.update(stage)
      digest.update(version)
    }
    return digest.finish()
  }
}
