import CPNG

/// A PNG picture as a reader sees it: by libpng, in RGB.
public struct PNGPicture {
  /// Rows.
  public let height: Int
  /// Columns.
  public let width: Int
  private let values: [UInt8]

  /// A picture that cannot be read.
  public struct Unreadable: Error {}

  /// The picture in a file of these bytes.
  public init(_ bytes: [UInt8]) throws {
    var image = png_image()
    image.version = lodestone_png_version
    defer { png_image_free(&image) }
    // libpng reads on from the same bytes in the second call.
    var values: [UInt8] = []
    let isRead = bytes.withUnsafeBytes { memory in
      guard png_image_begin_read_from_memory(&image, memory.baseAddress, memory.count) != 0 else {
        return false
      }
      image.format = lodestone_png_rgb
      values = [UInt8](repeating: 0, count: 3 * Int(image.height * image.width))
      return png_image_finish_read(&image, nil, &values, 0, nil) != 0
    }
    guard isRead else { throw Unreadable() }
    (height, width) = (Int(image.height), Int(image.width))
    self.values = values
  }

  /// Red, green and blue of a pixel.
  public func pixel(_ row: Int, _ column: Int) -> [UInt8] {
    Array(values[3 * (row * width + column)..<3 * (row * width + column + 1)])
  }
}
