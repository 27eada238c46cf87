/// The mean of the exposures of one frame, added one by one.
///
/// Sums are taken in Double, in the order of adding. One exposure by itself stays exactly as it is.
public struct FrameMean: Sendable {
  /// The number of exposures.
  public private(set) var count = 0
  /// The largest value of any exposure; nil where there is none that is a number.
  public private(set) var largest: Double?
  private var first: Frame?
  private var sums: [Double] = []
  /// A value at and above which the detector is known to be saturated.
  private let saturation: Double?
  private var atCeiling: [Double: Set<Int32>] = [:]

  /// The largest counts of detectors of 8, 12, 14 and 16 bits.
  public static let ceilings: [Double] = [255, 4095, 16383, 65535]

  /// - Parameter saturation: the count at and above which the detector is saturated, where that is known.
  public init(saturation: Double? = nil) { self.saturation = saturation }

  /// Adds an exposure, which must have the shape of the others.
  public mutating func add(_ frame: Frame) {
    count += 1
    if let value = frame.values.maximum { largest = max(largest ?? value, value) }
    guard let first else {
      first = frame
      return
    }
    precondition(frame.height == first.height && frame.width == first.width)
    if count == 2 {
      sums = [Double](repeating: 0, count: first.values.count)
      include(first)
    }
    include(frame)
  }

  private mutating func include(_ frame: Frame) {
    switch frame.values {
    case .uint16(let values): include(values)
    case .float32(let values): include(values)
    case .float64(let values): include(values)
    }
  }

  private mutating func include<T: BinaryInteger>(_ values: [T]) {
    for (index, value) in values.enumerated() { include(Double(value), index) }
  }

  private mutating func include<T: BinaryFloatingPoint>(_ values: [T]) {
    for (index, value) in values.enumerated() { include(Double(value), index) }
  }

  private mutating func include(_ value: Double, _ index: Int) {
    sums[index] += value
    // Most values are below them all.
    guard value >= 255 || saturation != nil else { return }
    if Self.ceilings.contains(value) { atCeiling[value, default: []].insert(Int32(index)) }
    if let saturation, value >= saturation {
      atCeiling[saturation, default: []].insert(Int32(index))
    }
  }

  /// The mean as Float, or the only exposure as it is; nil where there is none.
  public var frame: Frame? {
    guard let first, count > 1 else { return first }
    let factor = Double(count)
    return Frame(
      height: first.height, width: first.width, values: .float32(sums.map { Float($0 / factor) }))
  }

  /// The pixels, ascending, that were saturated in some exposure but whose mean does not show it.
  public func saturatedPixels(at saturation: Double) -> [Int32] {
    atCeiling[saturation].map { $0.sorted() } ?? []
  }
}
