import Foundation

/// A seeded source of random numbers: the same seed gives the same numbers on every machine.
///
/// Sources: xoshiro256** and SplitMix64, Blackman and Vigna, doi 10.1145/3460772.
struct RandomSource: RandomNumberGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// A source for a seed and a stream; streams of one seed are independent of each other.
  init(seed: UInt64, stream: UInt64) {
    var mixed = seed &+ stream &* 0x9E37_79B9_7F4A_7C15
    func next() -> UInt64 {
      mixed &+= 0x9E37_79B9_7F4A_7C15
      var z = mixed
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
    let result = rotated(state.1 &* 5, 7) &* 9
    let t = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= t
    state.3 = rotated(state.3, 45)
    return result
  }

  /// A number in [0, 1).
  mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number of the standard normal distribution (Box and Muller).
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  /// A number of events of the Poisson distribution with this mean.
  ///
  /// Source: PTRS of Hörmann, "The transformed rejection method for generating Poisson random
  /// variables", doi 10.1016/0167-6687(93)90997-4; below a mean of 10 by multiplication.
  mutating func poisson(_ mean: Double) -> Int {
    guard mean > 0 else { return 0 }
    guard mean >= 10 else {
      let limit = exp(-mean)
      var (count, product) = (0, uniform())
      while product > limit {
        count += 1
        product *= uniform()
      }
      return count
    }
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let quick = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = uniform() - 0.5
      let v = uniform()
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07 && v <= quick { return Int(k) }
      if k < 0 || (us < 0.013 && v > us) { continue }
      let bound = log(v) + log(inverseAlpha) - log(a / (us * us) + b)
      if bound <= -mean + k * log(mean) - logFactorial(k) { return Int(k) }
    }
  }

  private func logFactorial(_ k: Double) -> Double {
    if k < 10 { return (1...10).reduce(0.0) { $1 <= Int(k) ? $0 + log(Double($1)) : $0 } }
    let series = 1 / (12 * k) - 1 / (360 * k * k * k)
    return (k + 0.5) * log(k) - k + 0.5 * log(2 * Double.pi) + series
  }
}
