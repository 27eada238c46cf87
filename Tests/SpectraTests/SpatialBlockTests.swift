import Spectra
import TestSupport
import Testing

/// Parts of a sample, and what they tell of a number.
@Suite struct SpatialBlockTests {
  private func sizes(_ blocks: SpatialBlocks) -> [Int] {
    (0..<blocks.count).map { block in blocks.numbers.count { Int($0) == block } }
  }

  /// Halved across the rows, and each half across the columns.
  @Test func fourBlocksOfASquare() {
    let blocks = SpatialBlocks(of: Array(0..<16), width: 4, halvings: 2)
    #expect(blocks.count == 4)
    #expect(
      blocks.numbers == [
        0, 0, 1, 1,
        0, 0, 1, 1,
        2, 2, 3, 3,
        2, 2, 3, 3,
      ])
  }

  /// Where the middle runs through a row, the first of its pixels go to the first half.
  @Test func theMiddleOfARow() {
    let blocks = SpatialBlocks(of: Array(0..<9), width: 3, halvings: 1)
    #expect(blocks.numbers == [0, 0, 0, 0, 1, 1, 1, 1, 1])
    // Beside a frame that is wider than its pixels: the third and fourth column of five.
    let narrow = SpatialBlocks(of: [2, 3, 7, 8, 12, 13], width: 5, halvings: 1)
    #expect(narrow.numbers == [0, 0, 0, 1, 1, 1])
  }

  /// Which side is longer is a matter of um.
  @Test func oblongPixels() {
    let all = (0..<16).map { Int32($0) }
    let wide = SpatialBlocks(of: all, width: 4, sides: (height: 1, width: 3), halvings: 1)
    #expect(wide.numbers == (0..<16).map { $0 % 4 < 2 ? 0 : 1 })
    let tall = SpatialBlocks(of: all, width: 4, sides: (height: 3, width: 1), halvings: 1)
    #expect(tall.numbers == (0..<16).map { $0 < 8 ? 0 : 1 })
    // Four rows of six: longer across, but not with pixels of double height.
    let oblong = (0..<24).map { Int32($0) }
    #expect(
      SpatialBlocks(of: oblong, width: 6, halvings: 1).numbers
        == (0..<24).map { $0 % 6 < 3 ? 0 : 1 })
    #expect(
      SpatialBlocks(of: oblong, width: 6, sides: (height: 2, width: 1), halvings: 1).numbers
        == (0..<24).map { $0 < 12 ? 0 : 1 })
  }

  @Test func fewPixels() {
    let none = SpatialBlocks(of: [], width: 4)
    #expect(none.numbers.isEmpty && none.count == 16)
    let one = SpatialBlocks(of: [5], width: 4)
    #expect(one.count == 16 && one.numbers.count == 1 && one.numbers[0] < 16)
    let three = SpatialBlocks(of: [0, 5, 15], width: 4)
    #expect(Set(three.numbers).count == 3)
    let whole = SpatialBlocks(of: [0, 5, 15], width: 4, halvings: 0)
    #expect(whole.count == 1 && whole.numbers == [0, 0, 0])
    let most = SpatialBlocks(of: Array(0..<256), width: 16, halvings: 8)
    #expect(most.count == 256 && Set(most.numbers).count == 256)
  }

  /// Every pixel has one block, the blocks are of equal size, and the first cut is a straight line.
  @Test(arguments: 0..<40) func anyPixels(seed: Int) {
    var random = TestRandom(seed: UInt64(seed))
    let width = Int.random(in: 1...40, using: &random)
    let height = Int.random(in: 1...40, using: &random)
    let share = Double.random(in: 0...1, using: &random)
    let pixels = (0..<width * height).filter { _ in
      Double.random(in: 0..<1, using: &random) < share
    }.map { Int32($0) }
    let sides = (
      height: Double.random(in: 0.1...3, using: &random),
      width: Double.random(in: 0.1...3, using: &random)
    )
    for halvings in [1, 2, 4] {
      let blocks = SpatialBlocks(of: pixels, width: width, sides: sides, halvings: halvings)
      #expect(blocks.count == 1 << halvings && blocks.numbers.count == pixels.count)
      let sizes = sizes(blocks)
      #expect(sizes.reduce(0, +) == pixels.count)
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
      #expect(
        SpatialBlocks(of: pixels, width: width, sides: sides, halvings: halvings) == blocks)
    }
    guard let first = pixels.first, let last = pixels.last, pixels.count > 1 else { return }
    let rows = Int(last) / width - Int(first) / width + 1
    let columns = pixels.map { Int($0) % width }
    let across = (columns.max() ?? 0) - (columns.min() ?? 0) + 1
    let isTall = Double(rows) * sides.height >= Double(across) * sides.width
    let halves = SpatialBlocks(of: pixels, width: width, sides: sides, halvings: 1)
    func lines(_ half: UInt8) -> [Int] {
      pixels.indices.filter { halves.numbers[$0] == half }.map {
        isTall ? Int(pixels[$0]) / width : Int(pixels[$0]) % width
      }
    }
    #expect(lines(0).max() ?? 0 <= lines(1).min() ?? 0)
  }

  /// Of a mean over equal groups, it is the textbook's standard error of their means.
  @Test func theErrorOfAMean() throws {
    var random = TestRandom(seed: 3)
    for count in [2, 3, 16] {
      let means = (0..<count).map { _ in Double.random(in: -5...5, using: &random) }
      let total = means.reduce(0, +)
      let mean = total / Double(count)
      let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
      let textbook = (variance / Double(count)).squareRoot()
      let error = try #require(jackknifeError(means.map { (total - $0) / Double(count - 1) }))
      #expect(abs(error - textbook) < 1e-12 * textbook)
    }
    // By hand: without one of three, 1, 2 and 3: sqrt(2 / 3 * 2).
    let byHand = try #require(jackknifeError([1, 2, 3]))
    #expect(abs(byHand - (4.0 / 3).squareRoot()) < 1e-15)
    #expect(jackknifeError([7, 7, 7, 7]) == 0)
  }

  @Test func anErrorThatIsNotKnown() {
    #expect(jackknifeError([]) == nil)
    #expect(jackknifeError([1]) == nil)
    #expect(jackknifeError([nil]) == nil)
    #expect(jackknifeError([1, nil, 2]) == nil)
    #expect(jackknifeError([1, .nan]) == nil)
    #expect(jackknifeError([1, .infinity, 2]) == nil)
  }

  /// 10, 20 and 10 lie up to 1, 2 and 4 deep.
  @Test func theThicknessOfALayer() {
    let shell = [(from: 0.0, to: 1.0, area: 10.0), (1, 2, 20), (2, 4, 10)]
    #expect(shellThickness(ofArea: 5, in: shell) == 0.5)
    #expect(shellThickness(ofArea: 10, in: shell) == 1)
    #expect(shellThickness(ofArea: 20, in: shell) == 1.5)
    #expect(shellThickness(ofArea: 30, in: shell) == 2)
    #expect(shellThickness(ofArea: 35, in: shell) == 3)
    #expect(shellThickness(ofArea: 40, in: shell) == 4)
    #expect(shellThickness(ofArea: 40.5, in: shell) == nil)
    #expect(shellThickness(ofArea: 0, in: shell) == nil)
    #expect(shellThickness(ofArea: -1, in: shell) == nil)
    #expect(shellThickness(ofArea: 1, in: []) == nil)
  }

  /// A depth at which nothing lies adds no area.
  @Test func aShellWithGaps() {
    #expect(shellThickness(ofArea: 2, in: [(from: 0, to: 1, area: 0), (1, 2, 4)]) == 1.5)
    let gap = [(from: 0.0, to: 1.0, area: 10.0), (5, 6, 10)]
    #expect(shellThickness(ofArea: 10, in: gap) == 1)
    #expect(shellThickness(ofArea: 15, in: gap) == 5.5)
  }

  /// The first row is empty field. Of label 0 one piece of three and one of one lie below it, and one of one does not;
  /// of label 1 one of two does.
  @Test func piecesAtTheSurface() {
    let labels: [Int32] = [
      -2, -2, -2, -2, -2,
      0, 1, 1, -1, 0,
      0, 0, -1, 0, 1,
    ]
    let found = pieces(of: labels, isOutside: labels.map { $0 == -2 }, height: 3, width: 5)
    #expect(
      found.ofLabel == [
        [
          Piece(pixels: 3, isAtSurface: true), Piece(pixels: 1, isAtSurface: true),
          Piece(pixels: 1, isAtSurface: false),
        ], [Piece(pixels: 2, isAtSurface: true), Piece(pixels: 1, isAtSurface: false)],
      ])
    #expect(
      found.isAtSurface.map { $0 ? 1 : 0 } == [
        0, 0, 0, 0, 0,
        1, 1, 1, 0, 1,
        1, 1, 0, 0, 0,
      ])
  }

  /// Corners do not touch, the frame's border is no surface, and noise makes no pieces.
  @Test func whatTouchesNothing() {
    let corner = pieces(
      of: [-2, -1, -1, 0], isOutside: [true, false, false, false], height: 2, width: 2)
    #expect(corner.ofLabel == [[Piece(pixels: 1, isAtSurface: false)]])
    #expect(!corner.isAtSurface.contains(true))
    let all = pieces(of: [0, 0], isOutside: [false, false], height: 1, width: 2)
    #expect(all.ofLabel == [[Piece(pixels: 2, isAtSurface: false)]])
    let noise = pieces(of: [-1, -2], isOutside: [false, true], height: 1, width: 2)
    #expect(noise.ofLabel.isEmpty && noise.isAtSurface == [false, false])
  }
}
