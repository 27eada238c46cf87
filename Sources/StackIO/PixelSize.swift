/// The sides of a pixel, um.
public struct PixelSize: Sendable, Equatable {
  /// The distance of two rows.
  public let heightUM: Double
  /// The distance of two columns.
  public let widthUM: Double

  /// A pixel of two sides.
  public init(heightUM: Double, widthUM: Double) {
    (self.heightUM, self.widthUM) = (heightUM, widthUM)
  }

  /// A square pixel.
  public init(sideUM: Double) { self.init(heightUM: sideUM, widthUM: sideUM) }

  /// A size such as 0.028, or 0.05x0.028 (height x width); nil where the text is none from 1e-6 to 1e6 um.
  public init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Double($0) }
    let sides = parts.compactMap(\.self)
    guard sides.count == parts.count, (1...2).contains(sides.count),
      sides.allSatisfy({ (1e-6...1e6).contains($0) })
    else { return nil }
    self.init(heightUM: sides[0], widthUM: sides[sides.count - 1])
  }

  /// Whether both sides are the same.
  public var isSquare: Bool { heightUM == widthUM }
  /// The smaller side.
  public var smallerUM: Double { min(heightUM, widthUM) }
  /// The area, um2.
  public var areaUM2: Double { heightUM * widthUM }

  /// The size as it is written: "0.028", "0.05x0.028".
  public var text: String { isSquare ? "\(widthUM)" : "\(heightUM)x\(widthUM)" }
}
