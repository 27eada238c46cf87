import PhaseCatalog

/// RUN, RUN:NAME, RUN:CLUSTER or RUN:CLUSTER:NAME, as it is typed.
struct QuantityAddress {
  /// The run's full id.
  let run: String
  let cluster: Int?
  let quantity: String?

  init(_ text: String, in catalog: Catalog) throws {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 1, parts[0] == "tag" { parts[0...1] = ["tag:" + parts[1]] }
    guard parts.count <= 3, !parts.dropFirst().contains("") else {
      throw Failure(
        "\(text): write RUN, RUN:NAME, RUN:CLUSTER or RUN:CLUSTER:NAME", exitCode: 64)
    }
    let number = parts.count > 1 ? Int(parts[1]) : nil
    guard parts.count < 3 || number != nil else {
      throw Failure("\(text): \"\(parts[1])\" is no cluster: a number", exitCode: 64)
    }
    run = try catalog.resolveRun(parts[0])
    cluster = number
    quantity = parts.count == 3 ? parts[2] : parts.count == 2 && number == nil ? parts[1] : nil
  }
}

/// A cluster of a run: RUN:CLUSTER.
struct ClusterAddress {
  /// The run's full id.
  let run: String
  let cluster: Int

  init(_ text: String, in catalog: Catalog) throws {
    let address = try QuantityAddress(text, in: catalog)
    guard let cluster = address.cluster, address.quantity == nil else {
      throw Failure("\(text): write RUN:CLUSTER", exitCode: 64)
    }
    self.init(run: address.run, cluster: cluster)
  }

  init(run: String, cluster: Int) {
    self.run = run
    self.cluster = cluster
  }

  /// Refuses a run without result, and a cluster that it does not have.
  func require(in catalog: Catalog, withNoise: Bool = false) throws {
    try catalog.requireResult(of: run)
    let count = try catalog.ask("run-clusters", run: run).rows.count
    guard (withNoise ? -1 : 0)..<count ~= cluster else {
      throw Failure(
        "run \(run.prefix(12)) has no cluster \(cluster): it has \(count), numbered from 0",
        exitCode: 66)
    }
  }
}
