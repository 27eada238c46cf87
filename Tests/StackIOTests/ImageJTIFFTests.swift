import Foundation
import StackIO
import Testing
import TestSupport

@Suite struct ImageJTIFFTests {
  /// A number of a directory's field, little-endian.
  private func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
  }

  /// The directories of a file: the place of each field's value, by tag.
  private func directories(_ bytes: [UInt8]) -> [[Int: (count: Int, place: Int)]] {
    var found: [[Int: (count: Int, place: Int)]] = []
    var start = number(bytes, 4, 4)
    while start != 0 {
      var fields: [Int: (count: Int, place: Int)] = [:]
      let count = number(bytes, start, 2)
      for entry in 0..<count {
        let place = start + 2 + 12 * entry
        fields[number(bytes, place, 2)] = (number(bytes, place + 4, 4), place + 8)
      }
      #expect(Array(fields.keys.sorted()).count == count)
      found.append(fields)
      start = number(bytes, start + 2 + 12 * count, 4)
    }
    return found
  }

  @Test func ourReaderReadsIt() throws {
    let (height, width) = (37, 29)
    let labels = (0..<height * width).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let page = ImageJTIFF.Page(name: "clusters", samples: .uint8(labels))
    let grey = try ImageJTIFF.encode([page], height: height, width: width)
    let file = try TIFFFile(bytes: grey, name: "memory")
    #expect(file.pageCount == 1)
    #expect(try file.frame(page: 0).values == .uint16(labels.map { UInt16($0) }))
    // With colours it is a picture, and no frame of a scan.
    let coloured = try ImageJTIFF.encode(
      [page], height: height, width: width, colours: [0, 114, 178, 230, 159, 0])
    let error = #expect(throws: InputError.self) {
      try TIFFFile(bytes: coloured, name: "memory").frame(page: 0)
    }
    #expect(error?.reason.contains("palette") == true)
    let (table, place) = try #require(directories(coloured)[0][320])
    #expect(table == 768)
    let colours = number(coloured, place, 4)
    #expect(
      [0, 1, 256, 257, 512, 513, 255].map { number(coloured, colours + 2 * $0, 2) / 257 }
        == [0, 230, 114, 159, 178, 0, 0])

    let floats = (0..<3).map { page in
      (0..<height * width).map { $0 == 5 ? Float.nan : Float($0 * (page + 1)) / 3 }
    }
    let stack = try ImageJTIFF.encode(
      floats.enumerated().map { .init(name: "page \($0)", samples: .float32($1)) },
      height: height, width: width)
    let pages = try TIFFFile(bytes: stack, name: "memory")
    #expect(pages.pageCount == 3)
    for (page, values) in floats.enumerated() {
      #expect(
        try pages.frame(page: page).values.floats.map(\.bitPattern)
          == FrameValues(exactly: values).floats.map(\.bitPattern))
    }
  }

  /// ImageJ takes the pages to lie one right behind the other, and the names and sizes from the first directory.
  @Test(arguments: [1, 2, 5]) func pagesFollowOneAnother(count: Int) throws {
    let (height, width) = (3, 5)
    let pages = (0..<count).map { page in
      ImageJTIFF.Page(
        name: "P\(page)", samples: .uint16([UInt16](repeating: UInt16(page), count: 15)))
    }
    let bytes = try ImageJTIFF.encode(
      pages, height: height, width: width, pixelSize: PixelSize(sideUM: 0.028), info: "about")
    let directories = directories(bytes)
    #expect(directories.count == count)
    let first = try #require(directories.first?[273]).place
    for (page, fields) in directories.enumerated() {
      let strip = number(bytes, try #require(fields[273]).place, 4)
      #expect(strip == number(bytes, first, 4) + 30 * page)
      #expect(number(bytes, try #require(fields[279]).place, 4) == 30)
      #expect((0..<15).allSatisfy { number(bytes, strip + 2 * $0, 2) == page })
      #expect((fields[50839] != nil) == (page == 0))
      // 0.028 um a pixel, exactly.
      let resolution = number(bytes, try #require(fields[282]).place, 4)
      #expect(28 * number(bytes, resolution, 4) == 1000 * number(bytes, resolution + 4, 4))
    }
    let description = try #require(directories[0][270])
    let place = number(bytes, description.place, 4)
    let text = String(decoding: bytes[place..<place + description.count - 1], as: UTF8.self)
    #expect(text.hasPrefix("ImageJ=") && text.contains("\nunit=micron\n"))
    #expect(text.contains("\nimages=\(count)\n") == (count > 1))
    #expect(text.contains("\nmin=0.0\nmax=\(count - 1).0\n"))
  }
}
