import Foundation
import StackIO
import Testing
import TestSupport

@Suite struct DriftFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func rows(_ text: String) throws -> [DriftFile.Row] {
    let path = folder.file("drift.csv")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try DriftFile(path: path).rows
  }

  @Test func columnsByNameAndByNumber() throws {
    let named = try rows("scale,note,dx_px,dy_px,energy_ev\n0.99,1,2.5,-1,7112\n")
    #expect(named.map { [$0.energyEV, $0.dy, $0.dx, $0.scale] } == [[7112, -1, 2.5, 0.99]])
    let two = try rows("# measured by hand\n1 2\n-3.5 4e-1\n")
    #expect(two.map(\.dy) == [1, -3.5] && two.map(\.dx) == [2, 0.4])
    #expect(two.allSatisfy { $0.energyEV == nil && $0.scale == nil })
    let three = try rows("7100\t1\t2\n7101\t3\t4\n")
    #expect(three.map(\.energyEV) == [7100, 7101] && three.map(\.dx) == [2, 4])
    let four = try rows("7100,1.5,2.5,0.5\n7101,3.5,4.5,0.25\n")
    #expect(four.map(\.scale) == [0.5, 0.25])
  }

  @Test(arguments: [
    ("dy,scale\n1,1\n", "it has no columns dy_px and dx_px"), ("1\n2\n", "no columns"),
    ("dy,dx\n1,x\n", "not a number"), ("dy,dx\n1\n", "1 columns"),
    ("7100,1.5,2.5,0\n", "a scale from 0.1 to 10"), ("", "no numbers in it"),
  ])
  func whatIsNoDriftSaysWhere(text: String, words: String) throws {
    let error = #expect(throws: InputError.self) { try rows(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func textAndBack() throws {
    let text = "7100.0@0.0,0.0;7101.5@0.1,-2.5,0.75"
    let drift = try #require(DriftFile(text: text))
    #expect(drift.text == text)
    for wrong in ["", "1", "1,2;", "a@1,2", "1,2,0", "1,2,3,4", "1@2@3,4", "1,nan", "1,inf"] {
      #expect(DriftFile(text: wrong) == nil, "\(wrong)")
    }
  }

  @Test func pixelSizes() {
    #expect(PixelSize("0.05x0.028") == PixelSize(heightUM: 0.05, widthUM: 0.028))
    #expect(PixelSize("0.028") == PixelSize(sideUM: 0.028))
    for wrong in ["", "x", "1x", "0", "-1", "1x2x3", "nan", "1e9", "1 x 2"] {
      #expect(PixelSize(wrong) == nil, "\(wrong)")
    }
  }
}
