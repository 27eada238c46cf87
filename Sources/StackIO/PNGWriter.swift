import CPNG
import Foundation

/// Writes pictures of 8 bits as PNG, in memory.
///
///     let bytes = try PNGWriter.encode(.init(height: 1, width: 2, pixels: .grey([0, 255])))
public enum PNGWriter {
  /// A picture.
  public struct Picture: Sendable {
    /// The pixels, row-major.
    public enum Pixels: Sendable {
      case grey([UInt8])
      /// Three values a pixel.
      case rgb([UInt8])
      /// Places in a palette of at most 256 colours, three values each.
      case palette([UInt8], colours: [UInt8])
      /// Places in a palette of at most 256 colours, four values each: the last is how opaque it is.
      case clearPalette([UInt8], colours: [UInt8])
    }

    let height: Int
    let width: Int
    let pixels: Pixels

    /// A picture; the pixels must fill its rows.
    public init(height: Int, width: Int, pixels: Pixels) {
      self.height = height
      self.width = width
      self.pixels = pixels
    }
  }

  /// The picture as a PNG file's bytes.
  ///
  /// - Throws: ``InputError`` of kind `io` where libpng refuses.
  public static func encode(_ picture: Picture) throws(InputError) -> [UInt8] {
    let (format, values, colours): (png_uint_32, [UInt8], [UInt8]) =
      switch picture.pixels {
      case .grey(let values): (lodestone_png_grey, values, [])
      case .rgb(let values): (lodestone_png_rgb, values, [])
      case .palette(let values, let colours): (lodestone_png_rgb_palette, values, colours)
      case .clearPalette(let values, let colours): (lodestone_png_rgba_palette, values, colours)
      }
    let channels = format == lodestone_png_rgba_palette ? 4 : 3
    let isRGB = format == lodestone_png_rgb
    precondition(values.count == picture.height * picture.width * (isRGB ? 3 : 1))
    precondition(colours.count % channels == 0 && colours.count <= channels * 256)
    var image = png_image()
    image.version = lodestone_png_version
    image.width = png_uint_32(picture.width)
    image.height = png_uint_32(picture.height)
    image.format = format
    image.colormap_entries = png_uint_32(colours.count / channels)
    defer { png_image_free(&image) }
    // As large as libpng says that it may become: it writes no further.
    var size = picture.height * (picture.width * (isRGB ? 3 : 1) + 1) * 11 / 10 + 4096
    var bytes = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&image, &bytes, &size, 0, values, 0, colours) != 0 else {
      let reason = withUnsafeBytes(of: image.message) { message in
        String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw InputError("libpng cannot encode it: \(reason)", path: "PNG", kind: .io)
    }
    return Array(bytes.prefix(size))
  }
}
