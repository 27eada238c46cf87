import Foundation
import Lodestone
import Testing

@Suite("Colours")
struct PaletteTests {
  /// Linear light of a colour as someone without one kind of cone sees it (Viénot, Brettel and Mollon, Color Res. Appl. 24,
  /// 243, 1999, doi 10.1002/(SICI)1520-6378(199908)24:4<243::AID-COL5>3.0.CO;2-3; rows of the matrices on linear sRGB).
  private static let views: [(name: String, matrix: [[Double]])] = [
    ("all cones", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    ("protanopia", [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    ("deuteranopia", [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
  ]

  /// CIE L*a*b* of a colour as it is seen.
  private func seen(_ colour: Colour, _ matrix: [[Double]]) -> [Double] {
    let linear = [colour.red, colour.green, colour.blue].map { part in
      let value = Double(part) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    func times(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
      matrix.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    let xyz = times(
      [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
      times(matrix, linear))
    let f = zip(xyz, [0.9505, 1, 1.089]).map { value, white -> Double in
      let share = max(value, 0) / white
      return share > 0.008856 ? cbrt(share) : 7.787 * share + 16.0 / 116
    }
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
  }

  @Test(
    "Any two of the first seven can be told apart, and from noise and ground, also by the colour-blind"
  )
  func distances() {
    let colours = Array(Palette.colours.prefix(7)) + [Palette.noise, Palette.notAnalysed]
    for (name, matrix) in Self.views {
      let places = colours.map { seen($0, matrix) }
      for a in places.indices {
        for b in places.indices where b > a {
          let distance = zip(places[a], places[b]).reduce(0) { $0 + pow($1.0 - $1.1, 2) }
            .squareRoot()
          #expect(distance > 12, "\(colours[a].hex) and \(colours[b].hex), \(name): \(distance)")
        }
      }
    }
  }

  @Test("All are distinct, and written as CSS reads them")
  func distinct() {
    #expect(Set(Palette.colours).count == Palette.colours.count)
    #expect(Palette.colours[0].hex == "#0072b2")
    #expect(Colour(0x00A00F).hex == "#00a00f")
    #expect(Palette.colour(Palette.colours.count) == Palette.colours[0])
  }
}
