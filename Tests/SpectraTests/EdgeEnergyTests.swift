import Foundation
import Spectra
import Testing
import TestSupport

@Suite struct EdgeEnergyTests {
  /// Steps of the given heights, each an arc tangent.
  private func mu(_ energies: [Double], _ edges: [(energy: Double, height: Double)]) -> [Double] {
    energies.map { energy in
      edges.reduce(0.1) { $0 + $1.height * (0.5 + atan((energy - $1.energy) / 1.5) / .pi) }
    }
  }

  @Test(arguments: [40, 90, 250])
  func theSteepestPlace(count: Int) {
    let energies = (0..<count).map { 7080 + 80 * Double($0) / Double(count) }
    let mu = mu(energies, [(7112, 0.6)])
    #expect(edgeEnergy(of: mu, energies: energies) == 7112)
    // What is not finite is as if it had not been measured.
    #expect(edgeEnergy(of: [.nan] + mu, energies: [7079] + energies) == 7112)
    #expect(edgeEnergy(of: [0] + mu, energies: [-.infinity] + energies) == 7112)
  }

  @Test func theEdgeThatIsAskedFor() {
    let energies =
      Array(stride(from: 6180.0, through: 6240, by: 1))
      + Array(stride(from: 7080.0, through: 7150, by: 1))
    let mu = mu(energies, [(6208, 0.3), (7112, 0.6)])
    #expect(edgeEnergy(of: mu, energies: energies) == 7112)
    #expect(edgeEnergy(of: mu, energies: energies, within: 6000...6500) == 6208)
    #expect(edgeEnergy(of: mu, energies: energies, within: 7080...7150) == 7112)
    #expect(edgeEnergy(of: mu, energies: energies, within: 6500...7000) == nil)
  }

  @Test func oneBadValueIsNoEdge() {
    let energies = Array(stride(from: 7080.0, through: 7160, by: 1))
    var mu = mu(energies, [(7112, 0.6)])
    mu[60] += 0.6
    #expect(edgeEnergy(of: mu, energies: energies) == 7112)
  }

  @Test func nothingToFind() {
    let energies = (0..<14).map { 7100 + Double($0) }
    #expect(edgeEnergy(of: energies.map { _ in 1 }, energies: energies) == nil)
    #expect(edgeEnergy(of: [], energies: []) == nil)
    // One energy fewer is too few, whatever they show.
    let few = Array(energies.dropLast())
    #expect(edgeEnergy(of: mu(few, [(7106, 1)]), energies: few) == nil)
  }

  @Test func whiteLineOfAParabola() throws {
    let energies = [100.0, 103, 105, 106, 108.5, 111, 115, 130]
    let parabola = energies.map { 1.8 - 0.01 * ($0 - 107.3) * ($0 - 107.3) }
    let found = try #require(WhiteLine(of: parabola, energies: energies, e0: 100))
    #expect(abs(found.energyEV - 107.3) < 1e-9)
    #expect(abs(found.height - 1.8) < 1e-12)
    // The largest value is the last of the window, or the first, or there are none.
    for window in [0.0...8.5, 8.5...30, 6...7, 40...50] {
      #expect(WhiteLine(of: parabola, energies: energies, e0: 100, within: window) == nil)
    }
    let flat = energies.map { _ in 1.0 }
    #expect(WhiteLine(of: flat, energies: energies, e0: 100) == nil)
  }
}

/// Eight measured spectra and what Larch makes of them.
@Suite(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
struct LarchAgreementTests {
  private struct Cases: Decodable {
    struct Entry: Decodable {
      let name: String
      let e0_used, find_e0, pre1, pre2, norm1, norm2: Double
      let nnorm: Int
      let edge_step, pre_slope, pre_offset: Double
      let norm_coefs: [Double]
      let textbook_edge_step, textbook_norm_max: Double
      let textbook_n_pre, textbook_n_post: Int

      var windows: NormalisationWindows {
        NormalisationWindows(pre: pre1...pre2, post: norm1...norm2, postDegree: nnorm)
      }
    }
    let cases: [Entry]
  }

  private let entries: [Cases.Entry]

  init() throws {
    entries = try JSONDecoder().decode(
      Cases.self, from: SharedData.data("xanes_norm/expected.json")
    ).cases
  }

  /// Energy, absorption, pre-edge, post-edge, normalised, flattened.
  private func columns(of entry: Cases.Entry) throws -> [[Double]] {
    let rows = try SharedData.rows("xanes_norm/\(entry.name).csv")
      .map { $0.compactMap(Double.init) }.filter { $0.count == 6 }
    return (0..<6).map { column in rows.map { $0[column] } }
  }

  @Test func larch() throws {
    #expect(entries.count == 8)
    for entry in entries {
      let columns = try columns(of: entry)
      #expect(edgeEnergy(of: columns[1], energies: columns[0]) == entry.find_e0)
      let found = try EdgeNormalisation(
        of: columns[1], energies: columns[0], e0: entry.e0_used, method: .larch,
        windows: entry.windows)
      let background = found.background
      let step = try #require(background.step)
      var pairs = [
        (step, entry.edge_step), (background.preSlope, entry.pre_slope),
        (background.preOffset, entry.pre_offset),
      ]
      #expect(background.postCoefficients.count == entry.norm_coefs.count)
      pairs += zip(background.postCoefficients, entry.norm_coefs)
      for (value, expected) in pairs {
        #expect(abs(value / expected - 1) < 1e-9, "\(entry.name): \(value), \(expected)")
      }
      for (values, expected) in [
        (columns[0].map(background.preEdge), columns[2]),
        (columns[0].map(background.postEdge), columns[3]), (found.normalised, columns[4]),
        (found.flattened, columns[5]),
      ] {
        #expect(values.count == expected.count)
        #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "\(entry.name)")
      }
    }
  }

  @Test func textbook() throws {
    for entry in entries {
      let columns = try columns(of: entry)
      let found = try EdgeNormalisation(
        of: columns[1], energies: columns[0], e0: entry.e0_used, method: .textbook,
        windows: entry.windows)
      let step = try #require(found.background.step)
      #expect(abs(step / entry.textbook_edge_step - 1) < 1e-9, "\(entry.name)")
      #expect(found.background.preCount == entry.textbook_n_pre, "\(entry.name)")
      #expect(found.background.postCount == entry.textbook_n_post, "\(entry.name)")
      let largest = try #require(found.normalised.max())
      #expect(abs(largest / entry.textbook_norm_max - 1) < 1e-9, "\(entry.name)")
    }
  }

  /// Where the absorption before the edge falls steeply, means see a step downwards.
  @Test func meansRefuseWhatALineShows() throws {
    let entry = try #require(entries.first { $0.name == "fe2o3_rt" })
    let columns = try columns(of: entry)
    #expect(throws: NormalisationFailure.self) {
      _ = try EdgeNormalisation(
        of: columns[1], energies: columns[0], e0: entry.e0_used, method: .twoMeans,
        windows: entry.windows)
    }
  }
}
