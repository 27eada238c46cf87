/// A rectangle of pixels.
struct Region: Equatable {
  /// Its rows.
  var rows: Range<Int>
  /// Its columns.
  var columns: Range<Int>

  /// All pixels of a frame but so many at each side.
  init(height: Int, width: Int, inset: Int = 0) {
    rows = inset..<max(inset, height - inset)
    columns = inset..<max(inset, width - inset)
  }

  /// Whether there is enough to fit an image to.
  var isLarge: Bool { rows.count >= 12 && columns.count >= 12 }

  /// All but so many pixels at each side.
  func inset(by rim: Int) -> Region {
    var result = self
    result.rows = rows.lowerBound + rim..<max(rows.lowerBound + rim, rows.upperBound - rim)
    result.columns =
      columns.lowerBound + rim..<max(columns.lowerBound + rim, columns.upperBound - rim)
    return result
  }

  /// Those of its pixels whose places in a frame lie at least `rim` px inside its border.
  func shown(
    at placement: Placement, _ centre: OpticalCentre, height: Int, width: Int, rim: Double
  ) -> Region {
    func part(_ range: Range<Int>, _ count: Int, _ shift: Double, _ centre: Double) -> Range<Int> {
      // The place of pixel p is centre + scale (p - centre) + shift.
      let first = centre + (rim - centre - shift) / placement.scale
      let last = centre + (Double(count - 1) - rim - centre - shift) / placement.scale
      let low = max(range.lowerBound, Int(first.rounded(.up)))
      return low..<max(low, min(range.upperBound, Int(last.rounded(.down)) + 1))
    }
    var result = self
    result.rows = part(rows, height, placement.drift.dy, centre.y)
    result.columns = part(columns, width, placement.drift.dx, centre.x)
    return result
  }
}
