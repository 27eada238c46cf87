import StackIO
import Testing

/// What tells whether a frame is still the same.
@Suite struct FingerprintTests {
  @Test func anyChangedBitShows() {
    for count in [1, 15, 16, 17, 40] {
      let values = (0..<count).map { UInt16($0 * 977) }
      let fingerprint = FrameValues.uint16(values).fingerprint
      #expect(FrameValues.uint16(values).fingerprint == fingerprint)
      for place in 0..<count {
        for bit in 0..<16 {
          var changed = values
          changed[place] ^= 1 << bit
          #expect(FrameValues.uint16(changed).fingerprint != fingerprint)
        }
      }
    }
  }

  /// Changes that a plain product of words would cancel: highest bits of words in one chain, and words that change places.
  @Test func changesThatWouldCancelShow() {
    let values = (0..<64).map { UInt16($0) }
    let fingerprint = FrameValues.uint16(values).fingerprint
    var highest = values
    for place in [3, 19, 35, 51] {
      highest[place] ^= 0x8000
      #expect(FrameValues.uint16(highest).fingerprint != fingerprint)
    }
    var moved = values
    moved.swapAt(0, 16)
    #expect(FrameValues.uint16(moved).fingerprint != fingerprint)
    moved.swapAt(0, 16)
    #expect(FrameValues.uint16(moved).fingerprint == fingerprint)
  }

  @Test func zerosOfOtherNumbersAndTypes() {
    let fingerprints = [0, 1, 16, 17, 32, 33].map {
      FrameValues.uint16([UInt16](repeating: 0, count: $0)).fingerprint
    }
    #expect(Set(fingerprints).count == fingerprints.count)
    #expect(FrameValues.float32([1, 2]).fingerprint != FrameValues.float32([2, 1]).fingerprint)
    #expect(FrameValues.float64([1, 2]).fingerprint != FrameValues.float64([1, 2.5]).fingerprint)
  }
}
