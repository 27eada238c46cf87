/// The mean of the exposures of one frame, added one by one.
///
/// Sums are taken in Double, in the order of adding. One exposure by itself stays exactly as it is.
public struct FrameMean: Sendable {
  /// The number of exposures.
  public private(set) var count = 0
  /// The largest value of any exposure; nil where there is none that is a number.
  public private(set) var largest: Double?
  private var first: Frame?
  private var firstMaximum: Double?
  private var sums: [Double] = []
  /// A value at and above which the detector is known to be saturated.
  private let saturation: Double?
  private var atCeiling: [Double: Set<Int32>] = [:]

  /// The largest counts of detectors of 8, 12, 14 and 16 bits.
  public static let ceilings: [Double] = [255, 4095, 16383, 65535]

  /// - Parameter saturation: the count at and above which the detector is saturated, where that is known.
  public init(saturation: Double? = nil) { self.saturation = saturation }

  /// Adds an exposure, which must have the shape of the others.
  ///
  /// - Complexity: O(pixels).
  public mutating func add(_ frame: Frame) {
    count += 1
    let maximum = frame.values.maximum
    if let maximum { largest = max(largest ?? maximum, maximum) }
    guard let first else {
      (first, firstMaximum) = (frame, maximum)
      return
    }
    precondition(frame.height == first.height && frame.width == first.width)
    if count == 2 {
      sums = [Double](repeating: 0, count: first.values.count)
      include(first, firstMaximum)
    }
    include(frame, maximum)
  }

  private mutating func include(_ frame: Frame, _ maximum: Double?) {
    switch frame.values {
    case .uint16(let values): add(values) { Double($0) }
    case .float32(let values): add(values) { Double($0) }
    case .float64(let values): add(values) { $0 }
    }
    guard let maximum else { return }
    // Nothing lies above the ceiling of a detector: where a frame's largest value is no ceiling, either it
    // is below the ceiling, or that is none.
    if Self.ceilings.contains(maximum) { note(maximum, in: frame) }
    if let saturation, maximum >= saturation { note(saturation, in: frame) }
  }

  private mutating func add<T>(_ values: [T], _ double: (T) -> Double) {
    sums.withUnsafeMutableBufferPointer { sums in
      for index in sums.indices { sums[index] += double(values[index]) }
    }
  }

  private mutating func note(_ ceiling: Double, in frame: Frame) {
    for (index, value) in frame.values.doubles.enumerated() where value >= ceiling {
      atCeiling[ceiling, default: []].insert(Int32(index))
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
