import StackIO
import Testing

@Suite struct FrameMeanTests {
  private func frame(_ values: [UInt16]) -> Frame {
    Frame(height: 1, width: values.count, values: .uint16(values))
  }

  @Test func oneExposureStaysAsItIs() {
    var mean = FrameMean()
    #expect(mean.frame == nil)
    mean.add(frame([1, 65535]))
    #expect(mean.frame == frame([1, 65535]) && mean.largest == 65535)
    #expect(mean.saturatedPixels(at: 65535) == [])
  }

  /// A mean hides that one of its exposures was saturated: those pixels are told.
  @Test func severalAreAveragedAndSaturationIsKept() {
    var mean = FrameMean(saturation: 1000)
    mean.add(frame([10, 65535, 255, 1000]))
    mean.add(frame([11, 3, 4, 0]))
    #expect(mean.frame?.values == .float32([10.5, 32769, 129.5, 500]))
    #expect(mean.count == 2 && mean.largest == 65535)
    #expect(mean.saturatedPixels(at: 65535) == [1])
    // Where counts go beyond 255, that is no ceiling.
    #expect(mean.saturatedPixels(at: 255) == [])
    #expect(mean.saturatedPixels(at: 1000) == [1, 3])
    #expect(mean.saturatedPixels(at: 4095) == [])
  }

  @Test func typesMayDiffer() {
    var mean = FrameMean()
    mean.add(frame([1, 2]))
    mean.add(Frame(height: 1, width: 2, values: .float32([0.5, .nan])))
    mean.add(Frame(height: 1, width: 2, values: .float64([0.25, 1])))
    let values = mean.frame?.values.doubles ?? []
    #expect(values[0] == Double(Float(1.75 / 3)) && values[1].isNaN)
  }
}
