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
  public init(exactly values: consuming [Float]) {
    if values.allSatisfy({ UInt16(exactly: $0) != nil }) {
      self = .uint16(values.map { UInt16($0) })
    } else {
      // In place: a frame may be as large as the memory that is left.
      for index in values.indices { values[index] = canonical(values[index]) }
      self = .float32(values)
    }
  }

  /// Adds values behind these, in the narrowest type that holds all.
  mutating func append(_ other: FrameValues) {
    // Each array is taken out of the enumeration before it grows, so that it is not copied.
    if case .uint16(var values) = self, case .uint16(let more) = other {
      self = .uint16([])
      values += more
      self = .uint16(values)
    } else if case .float32(var values) = self, !other.isFloat64 {
      self = .uint16([])
      values += other.floats
      self = .float32(values)
    } else if case .float64(var values) = self {
      self = .uint16([])
      values += other.doubles
      self = .float64(values)
    } else {
      self = other.isFloat64 ? .float64(doubles + other.doubles) : .float32(floats + other.floats)
    }
  }

  private var isFloat64: Bool {
    if case .float64 = self { true } else { false }
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
    case .uint16(let values): converted(values) { Float($0) }
    case .float32(let values): values
    case .float64(let values): converted(values) { Float($0) }
    }
  }

  /// The values as Double.
  public var doubles: [Double] {
    switch self {
    case .uint16(let values): values.map { Double($0) }
    case .float32(let values): values.map { Double($0) }
    case .float64(let values): values
    }
  }

  /// The largest value; nil where there is none that is a number.
  public var maximum: Double? {
    switch self {
    case .uint16(let values): values.isEmpty ? nil : Double(values.reduce(0, max))
    case .float32(let values): values.filter { !$0.isNaN }.max().map { Double($0) }
    case .float64(let values): values.filter { !$0.isNaN }.max()
    }
  }
}

extension FrameValues {
  /// A number that other values have with a chance of 2^-64: whether a frame is still what it was, at the speed of memory.
  /// It is no identity: who wants to can find values that have the same.
  public var fingerprint: UInt64 {
    switch self {
    case .uint16(let values): values.withUnsafeBytes(mixed)
    case .float32(let values): values.withUnsafeBytes(mixed)
    case .float64(let values): values.withUnsafeBytes(mixed)
    }
  }

  /// Four chains side by side, each a bijection of its words: one changed word always shows.
  private func mixed(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    func step(_ state: inout UInt64, _ word: UInt64) {
      let mixed = state ^ word
      state = (mixed << 29 | mixed >> 35) &* 0x9E37_79B9_7F4A_7C15
    }
    var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, UInt64(bytes.count))
    let whole = bytes.count / 32 * 32
    for place in stride(from: 0, to: whole, by: 32) {
      step(&a, bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      step(&b, bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
      step(&c, bytes.loadUnaligned(fromByteOffset: place + 16, as: UInt64.self))
      step(&d, bytes.loadUnaligned(fromByteOffset: place + 24, as: UInt64.self))
    }
    for place in whole..<bytes.count { step(&a, UInt64(bytes[place])) }
    for chain in [b, c, d] { step(&a, chain) }
    return a ^ a >> 32
  }
}

/// The values of an array in another type. A plain loop over memory, which the compiler makes several of at once.
private func converted<From, To>(_ values: [From], _ convert: (From) -> To) -> [To] {
  [To](unsafeUninitializedCapacity: values.count) { target, filled in
    values.withUnsafeBufferPointer { values in
      for index in values.indices { target[index] = convert(values[index]) }
    }
    filled = values.count
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
}

/// One NaN and one zero: identities compare bits, and neither a payload nor a zero's sign says anything.
private func canonical<T: BinaryFloatingPoint>(_ value: T) -> T {
  value.isNaN ? .nan : value == 0 ? 0 : value
}
