/// Parts of a sample of equal size, that stand for the other samples one could have taken: how much a number changes
/// from part to part tells how well one scan knows it.
///
/// Some pixels are halved along their longer side, and each half again. Neighbouring pixels are alike, so that single
/// pixels would tell too small an error; blocks that are larger than grains do not.
///
/// Source: Künsch, "The jackknife and the bootstrap for general stationary observations",
/// doi 10.1214/aos/1176347265.
public struct SpatialBlocks: Sendable, Equatable {
  /// The block of each pixel, in the order in which they were given.
  public let numbers: [UInt8]
  /// How many blocks there are; some may be empty where there are few pixels.
  public let count: Int

  /// Blocks of pixels.
  ///
  /// - Parameters:
  ///   - pixels: row-major places in a frame, ascending.
  ///   - width: the frame's columns.
  ///   - sides: a pixel's height and width.
  ///   - halvings: how often they are halved, at most 8.
  /// - Complexity: O(pixels x halvings).
  public init(
    of pixels: [Int32], width: Int, sides: (height: Double, width: Double) = (1, 1),
    halvings: Int = 4
  ) {
    precondition((0...8).contains(halvings), "a block's number is a byte")
    var numbers = [UInt8](repeating: 0, count: pixels.count)
    var groups = [pixels.indices.map { Int32($0) }]
    for _ in 0..<halvings {
      groups = groups.flatMap { group in
        let (first, second) = Self.halves(of: group, pixels, width, sides)
        return [first, second]
      }
    }
    for (number, group) in groups.enumerated() {
      for place in group { numbers[Int(place)] = UInt8(number) }
    }
    self.numbers = numbers
    count = groups.count
  }

  /// The halves of a group along its longer side. Where the middle line runs through a row (or column) of pixels, the
  /// first of them go to the first half.
  private static func halves(
    of group: [Int32], _ pixels: [Int32], _ width: Int, _ sides: (height: Double, width: Double)
  ) -> (first: [Int32], second: [Int32]) {
    func row(_ place: Int32) -> Int { Int(pixels[Int(place)]) / width }
    func column(_ place: Int32) -> Int { Int(pixels[Int(place)]) % width }
    guard let top = group.first.map(row), let bottom = group.last.map(row) else { return ([], []) }
    var (left, right) = (Int.max, 0)
    for place in group {
      left = min(left, column(place))
      right = max(right, column(place))
    }
    let isTall = Double(bottom - top + 1) * sides.height >= Double(right - left + 1) * sides.width
    let (start, count) = isTall ? (top, bottom - top + 1) : (left, right - left + 1)
    func line(_ place: Int32) -> Int { (isTall ? row(place) : column(place)) - start }
    var onLine = [Int](repeating: 0, count: count)
    for place in group { onLine[line(place)] += 1 }
    let half = group.count / 2
    var (middle, before) = (0, 0)
    while before + onLine[middle] < half {
      before += onLine[middle]
      middle += 1
    }
    var rest = half - before
    var (first, second): ([Int32], [Int32]) = ([], [])
    first.reserveCapacity(half)
    second.reserveCapacity(group.count - half)
    for place in group {
      let own = line(place)
      if own < middle || own == middle && rest > 0 {
        if own == middle { rest -= 1 }
        first.append(place)
      } else {
        second.append(place)
      }
    }
    return (first, second)
  }
}

/// The standard error of a number from what it is without one block after the other; nil for fewer than two blocks, or
/// where it is not known without one of them.
///
/// Source: Efron and Stein, "The jackknife estimate of variance", doi 10.1214/aos/1176345462.
public func jackknifeError(_ withoutOne: [Double?]) -> Double? {
  let values = withoutOne.compactMap { $0 }
  guard values.count == withoutOne.count, values.count > 1, values.allSatisfy(\.isFinite) else {
    return nil
  }
  let count = Double(values.count)
  let mean = values.reduce(0, +) / count
  let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  return ((count - 1) / count * squares).squareRoot()
}

/// The depth of the shell of a sample that has an area: the mean thickness of a layer of this area along the surface.
///
/// - Parameters:
///   - area: the layer's.
///   - shell: the sample's area by depth, ascending: from, to, and how much lies between.
/// - Returns: nil where the sample is smaller than the layer, or there is no layer.
public func shellThickness(
  ofArea area: Double, in shell: [(from: Double, to: Double, area: Double)]
) -> Double? {
  guard area > 0 else { return nil }
  var within = 0.0
  for part in shell where part.area > 0 {
    if within + part.area >= area {
      return part.from + (part.to - part.from) * (area - within) / part.area
    }
    within += part.area
  }
  return nil
}
