public import Spectra

/// The values of one frame, exactly as a file holds them, in the narrowest of three types that
/// holds them all. Equal values are equal here, whatever type the file had.
public enum FrameValues: Sendable, Equatable {
  case uint16([UInt16])
  case float32([Float])
  case float64([Double])

  /// The values in the narrowest type.
  public init(exactly values: [Double]) {
    if values.allSatisfy({ UInt16(exactly: $0) != nil }) {
      self = .uint16(values.map { UInt16($0) })
    } else if values.allSatisfy({ $0.isNaN || Double(Float($0)) == $0 }) {
      self = .float32(values.map { canonical(Float($0)) })
    } else {
      self = .float64(values.map(canonical))
    }
  }

  /// The values in the narrowest type.
  public init(exactly values: [Float]) {
    if values.allSatisfy({ UInt16(exactly: $0) != nil }) {
      self = .uint16(values.map { UInt16($0) })
    } else {
      self = .float32(values.map(canonical))
    }
  }

  /// The number of values.
  public var count: Int {
    switch self {
    case .uint16(let values): values.count
    case .float32(let values): values.count
    case .float64(let values): values.count
    }
  }

  /// The values for computing; those that only Double holds are rounded.
  public var floats: [Float] {
    switch self {
    case .uint16(let values): values.map { Float($0) }
    case .float32(let values): values
    case .float64(let values): values.map { Float($0) }
    }
  }

  /// The largest value; nil where there is none that is a number.
  public var maximum: Double? {
    switch self {
    case .uint16(let values): values.max().map { Double($0) }
    case .float32(let values): values.filter { !$0.isNaN }.max().map { Double($0) }
    case .float64(let values): values.filter { !$0.isNaN }.max()
    }
  }
}

/// One frame: its shape and exact values, row-major.
public struct Frame: Sendable, Equatable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The values.
  public let values: FrameValues

  /// A frame; the values must fill its rows.
  public init(height: Int, width: Int, values: FrameValues) {
    precondition(values.count == height * width)
    self.height = height
    self.width = width
    self.values = values
  }

  /// The frame for computing.
  public var image: Image { Image(height: height, width: width, pixels: values.floats) }

  /// The mean of frames of one shape, taken in Double.
  static func mean(of frames: [Frame]) -> Frame? {
    guard let first = frames.first else { return nil }
    if frames.count == 1 { return first }
    var sums = [Double](repeating: 0, count: first.values.count)
    for frame in frames {
      switch frame.values {
      case .uint16(let values): for (i, v) in values.enumerated() { sums[i] += Double(v) }
      case .float32(let values): for (i, v) in values.enumerated() { sums[i] += Double(v) }
      case .float64(let values): for (i, v) in values.enumerated() { sums[i] += v }
      }
    }
    return Frame(
      height: first.height, width: first.width,
      values: FrameValues(exactly: sums.map { $0 / Double(frames.count) }))
  }
}

/// One NaN and one zero: identities compare bits, and neither a payload nor a zero's sign says anything.
private func canonical<T: BinaryFloatingPoint>(_ value: T) -> T {
  value.isNaN ? .nan : value == 0 ? 0 : value
}
