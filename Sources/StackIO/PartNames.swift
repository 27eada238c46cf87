/// Tells what in the names of a folder's files is the name of a part (a position, a repetition) from
/// numbers that only count the frames.
///
/// Names are alike where they differ in digits only. A number of alike names counts frames if it is
/// another in each file, or goes one to one with the energy.
package struct PartNames {
  /// The numbers that count frames, by the names' text without digits.
  private var counting: [String: Set<Int>] = [:]

  /// Learns from the names of a folder's files, or of those of one role.
  package init(_ names: [FrameName]) {
    let generic = names.filter { !$0.isSSRL }
    for (text, alike) in Dictionary(grouping: generic, by: { Self.runs(of: $0.rest).text }) {
      let numbers = alike.map { Self.runs(of: $0.rest).numbers }
      let energies = Set(alike.map(\.energy))
      for column in numbers[0].indices {
        let values = numbers.map { $0[column] }
        let distinct = Set(values).count
        // Files of one energy are different positions.
        guard distinct > 1, energies.count > 1 || energies == [nil] else { continue }
        let pairs = Set(zip(alike, values).map { Pair(energy: $0.energy, value: $1) })
        let goesWithEnergy = distinct == energies.count && pairs.count == distinct
        if distinct == alike.count || goesWithEnergy { counting[text, default: []].insert(column) }
      }
    }
  }

  private struct Pair: Hashable {
    let energy: Double?
    let value: String
  }

  /// The part that a name belongs to.
  package func part(of name: FrameName) -> String {
    let (text, numbers) = Self.runs(of: name.rest)
    guard !name.isSSRL, let columns = counting[text] else { return name.rest }
    var result = ""
    var column = 0
    for character in text {
      guard character == Self.placeholder else {
        result.append(character)
        continue
      }
      if !columns.contains(column) { result += numbers[column] }
      column += 1
    }
    return result.split(separator: " ").joined(separator: " ")
  }

  private static let placeholder: Character = "\u{0}"

  /// A text with a placeholder for each run of digits, and the runs.
  private static func runs(of rest: String) -> (text: String, numbers: [String]) {
    var text = ""
    var numbers: [String] = []
    var isInNumber = false
    for character in rest where character != placeholder {
      if character.isNumber {
        if !isInNumber {
          text.append(placeholder)
          numbers.append("")
        }
        numbers[numbers.count - 1].append(character)
      } else {
        text.append(character)
      }
      isInNumber = character.isNumber
    }
    return (text, numbers)
  }
}
