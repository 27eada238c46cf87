/// The bytes of an ImageJ stack above 4 GB, as ImageJ itself writes it: big-endian, one directory, and all
/// images one behind the other; made by hand, byte by byte.
package struct ImageJFile {
  /// Everything before the first pixel.
  package let head: [UInt8]

  package init(height: Int, width: Int, images: Int, labels: [String] = []) {
    func big(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let description = Array(
      "ImageJ=1.54f\nimages=\(images)\nslices=\(images)\nunit=micron\n\0".utf8)
    let texts = labels.map { label in label.utf16.flatMap { big(Int($0), 2) } }
    let metadata =
      Array("IJIJ".utf8) + Array("labl".utf8) + big(texts.count, 4) + texts.flatMap(\.self)
    let sizes = big(12, 4) + texts.flatMap { big($0.count, 4) }
    var entries: [(tag: Int, type: Int, count: Int, value: [UInt8])] = [
      (256, 4, 1, big(width, 4)), (257, 4, 1, big(height, 4)), (258, 3, 1, big(16, 2)),
      (259, 3, 1, big(1, 2)), (262, 3, 1, big(1, 2)), (270, 2, description.count, description),
      (273, 4, 1, []), (277, 3, 1, big(1, 2)), (278, 4, 1, big(height, 4)),
      (279, 4, 1, big(2 * height * width, 4)), (282, 5, 1, big(40, 4) + big(1, 4)),
      (283, 5, 1, big(40, 4) + big(1, 4)),
    ]
    if !labels.isEmpty {
      entries.append((50838, 4, 1 + texts.count, sizes))
      entries.append((50839, 1, metadata.count, metadata))
    }
    let directoryEnd = 8 + 2 + 12 * entries.count + 4
    let beside = entries.map(\.value).filter { $0.count > 4 }
    let pixels = beside.reduce(directoryEnd) { $0 + $1.count }
    var directory = big(entries.count, 2)
    var behind: [UInt8] = []
    for entry in entries {
      let value = entry.tag == 273 ? big(pixels, 4) : entry.value
      directory += big(entry.tag, 2) + big(entry.type, 2) + big(entry.count, 4)
      if value.count > 4 {
        directory += big(directoryEnd + behind.count, 4)
        behind += value
      } else {
        directory += value + [UInt8](repeating: 0, count: 4 - value.count)
      }
    }
    head = Array("MM".utf8) + big(42, 2) + big(8, 4) + directory + big(0, 4) + behind
  }
}
