import Foundation

/// Which references are averaged to be I0 at each energy.
///
/// References that have energies serve the samples of the same energy; an energy that has none takes those
/// that were taken nearest in time, or, where time is not known, at the nearest energy. References without
/// energies go by their order: as many as energies one by one, a multiple of it in groups, any other
/// number by the nearest place.
package struct ReferencePairing: Equatable {
  /// The references of each energy, by their indices, ascending.
  package private(set) var references: [[Int]]
  /// Whether the order in time decided; then it is a part of the scan's identity.
  package private(set) var usesOrder = false
  /// How it was done, in words.
  package private(set) var words: String
  /// Whether it is more of a guess than references of the same energy, or as many as energies, are.
  package private(set) var isWorthARemark = false

  /// What it needs to know of the frames at an energy.
  package struct Step {
    /// eV.
    package var energy: Double
    /// The mean place in time of its frames; nil where it is not known.
    package var order: Double?
    /// The place of its frames in their files, from 0.
    package var filePlace: Int

    /// A step.
    package init(energy: Double, order: Double? = nil, filePlace: Int) {
      self.energy = energy
      self.order = order
      self.filePlace = filePlace
    }
  }

  /// References at one energy differ by less, eV.
  static let sameEnergy = 0.05

  /// - Parameters:
  ///   - steps: by ascending energy.
  ///   - energies: of each reference; nil where it has none.
  ///   - orders: the place in time of each reference; nil where it is not known.
  /// - Complexity: O(energies x references).
  package init(_ steps: [Step], energies: [Double?], orders: [Int?]) {
    if energies.count == 1, energies[0] == nil || steps.count > 1 {
      references = steps.map { _ in [0] }
      words = "one reference frame for all energies"
      return
    }
    if energies.allSatisfy({ $0 != nil }) {
      references = []
      words = ""
      pairByEnergy(steps, energies.compactMap { $0 }, orders)
    } else {
      references = []
      words = ""
      pairByPlace(steps, count: energies.count)
    }
  }

  private mutating func pairByEnergy(_ steps: [Step], _ energies: [Double], _ orders: [Int?]) {
    let isTimeKnown = orders.allSatisfy { $0 != nil } && steps.allSatisfy { $0.order != nil }
    var strangers = 0
    references = steps.map { step in
      let own = energies.indices.filter { abs(energies[$0] - step.energy) <= Self.sameEnergy }
      if !own.isEmpty { return own }
      strangers += 1
      func distance(_ reference: Int) -> Double {
        guard isTimeKnown, let order = step.order, let other = orders[reference] else {
          return abs(energies[reference] - step.energy)
        }
        return abs(Double(other) - order)
      }
      let nearest = energies.indices.min { distance($0) < distance($1) } ?? 0
      return energies.indices.filter {
        abs(energies[$0] - energies[nearest]) <= Self.sameEnergy
      }
    }
    usesOrder = strangers > 0 && isTimeKnown
    words = "references of the same energy are averaged"
    isWorthARemark = strangers > 0
    if strangers > 0 {
      words +=
        "; \(strangers) of \(steps.count) energies have none and take the nearest "
        + (isTimeKnown ? "in time" : "in energy")
    }
  }

  private mutating func pairByPlace(_ steps: [Step], count: Int) {
    let energies = steps.count
    if count.isMultiple(of: energies) {
      let group = count / energies
      isWorthARemark = group > 1
      references = steps.map { Array($0.filePlace * group..<($0.filePlace + 1) * group) }
      words =
        group == 1
        ? "one reference an energy, in the order of the frames"
        : "\(group) references an energy, one behind the other, are averaged"
      return
    }
    (usesOrder, isWorthARemark) = (true, true)
    references = steps.map { step in
      // The middles of equal shares of the same time.
      let place = (Double(step.filePlace) + 0.5) / Double(energies) * Double(count) - 0.5
      return [min(max(Int(place.rounded()), 0), count - 1)]
    }
    words = "\(count) references for \(energies) energies: each takes the nearest in order"
  }
}
