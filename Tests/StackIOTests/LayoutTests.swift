import Foundation
import Spectra
import StackIO
import Testing
import TestSupport

/// Stacks as other programs write them.
@Suite struct LayoutTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let isPythonThere = FileManager.default.fileExists(
    atPath: root.appendingPathComponent(".build/python/requirements.txt").path)

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func scan(_ name: String, hasList: Bool = false) throws -> Scan {
    var request = ScanRequest(path: folder.file(name))
    request.signal = .od
    if hasList { request.energiesPaths = [folder.file("energies.txt")] }
    return try request.open()
  }

  /// tifffile's files of one stack: the same frames in all, and what each says of itself.
  @Test(
    .enabled(if: isPythonThere, "SKIPPED: no .build/python: make it with Scripts/python-tools.sh"))
  func writtenByTifffile() throws {
    let process = Process()
    process.executableURL = Self.root.appendingPathComponent(".build/python/bin/python3")
    process.arguments = [
      Self.root.appendingPathComponent("Tests/Python/write_stacks.py").path, folder.path,
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".tif") }.sorted()
    #expect(names.count >= 18)
    let energies = [7100, 7110, 7112.5, 7120, 7150]
    for name in names where name != "imagej_hyperstack.tif" {
      let isLabelled = name.hasPrefix("imagej") || name.hasPrefix("page_names")
      let scan = try scan(name, hasList: !isLabelled)
      #expect(scan.energies == energies, "\(name)")
      #expect(scan.steps.allSatisfy { $0.frames.count == 1 })
      let reader = FrameReader()
      for (number, step) in scan.steps.enumerated() {
        let values = try reader.frame(at: step.frames[0].location).values
        // No type of them is too narrow for the counts but uint8, which has their remainders.
        let expected = (0..<35).map { 1000 * number + 10 * ($0 / 5) + $0 % 5 }
          .map { name.contains("uint8") ? $0 % 256 : $0 }
          .map { name.contains("float16") ? Double(Float16($0)) : Double($0) }
        #expect(values.doubles == expected, "\(name), frame \(number)")
      }
    }
    let described: [String: (layout: String, pixelSize: Double?, exposure: Double?)] = [
      "imagej.tif": ("ImageJ TIFF, 5 pages", 0.0245, nil),
      "imagej_big_endian.tif": ("ImageJ TIFF, 5 pages", 0.0245, nil),
      "imagej_one_directory.tif": ("ImageJ TIFF of one directory, 5 pages", 0.0245, nil),
      "stack.ome.tif": ("OME-TIFF, 5 pages", 0.0245, 0.5),
      "plain.tif": ("TIFF, 5 pages", nil, 0.25),
      "bigtiff_tiles.tif": ("BigTIFF, 5 pages", nil, nil),
      "printer.tif": ("TIFF, 5 pages", nil, nil), "resolution.tif": ("TIFF, 5 pages", 0.0245, nil),
    ]
    for (name, expected) in described {
      let scan = try scan(name, hasList: true)
      #expect(scan.layout == expected.layout)
      // tifffile's ratios of integers are good to four digits.
      let size = scan.pixelSize.map { (1e5 * $0.value.widthUM).rounded() / 1e5 }
      #expect(size == expected.pixelSize, "\(name)")
      #expect(scan.steps[4].frames[0].exposure?.value == expected.exposure, "\(name)")
    }
    #expect(try scan("bigtiff_tiles.tif", hasList: true).access == .tiles(rows: 16, columns: 16))
    #expect(try scan("deflate_strips.tif", hasList: true).access == .strips(rows: 3))
    #expect(try scan("plain.tif", hasList: true).access == .rows)
    let error = #expect(throws: InputError.self) {
      try scan("imagej_hyperstack.tif", hasList: true)
    }
    #expect(error?.reason.contains("5 energies for 10 frames (2 channels x 5 slices)") == true)
  }

  /// One directory, 520 images of 2048 x 2048, 4.4 GB with holes: the first, the last and one beyond 4 GB.
  @Test func imageJAboveFourGigabytes() throws {
    let (side, count) = (2048, 520)
    let labels = (0..<count).map { "a_0\(7000 + $0).5_eV" }
    let head = ImageJFile(height: side, width: side, images: count, labels: labels).head
    let path = try folder.write(head, to: "large.tif")
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    let imageBytes = 2 * side * side
    try file.truncate(atOffset: UInt64(head.count + count * imageBytes))
    for (image, value) in [(0, 7), (515, 8), (519, 9)] {
      // Its second pixel, and its last.
      for offset in [2, imageBytes - 2] {
        try file.seek(toOffset: UInt64(head.count + image * imageBytes + offset))
        try file.write(contentsOf: Data([1, UInt8(value)]))
      }
    }
    try file.close()
    let stack = try TIFFFile(path: path)
    #expect(stack.pageCount == count)
    for (image, value) in [(0, 7), (515, 8), (518, 0), (519, 9)] {
      let frame = try stack.frame(page: image).image
      let expected: Float = value == 0 ? 0 : 256 + Float(value)
      #expect(frame.pixels[0] == 0 && frame.pixels[1] == expected, "image \(image)")
      #expect(frame.pixels[side * side - 1] == expected, "image \(image)")
    }
    let scan = try scan("large.tif")
    #expect(scan.energies == (0..<count).map { Double(7000 + $0) + 0.5 })
    #expect(scan.pixelSize?.value.widthUM == 0.025)
    // Cut off: said with the file's claim, not with what follows from it.
    let cut = try #require(FileHandle(forUpdatingAtPath: path))
    try cut.truncate(atOffset: UInt64(head.count + 3 * imageBytes))
    let error = #expect(throws: InputError.self) { try TIFFFile(path: path) }
    #expect(error?.place == "page 1" && error?.reason.contains("520 images") == true)
  }

  /// OME-XML, and what made Foundation's parser crash (found by libFuzzer).
  @Test func descriptionsInXML() {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <OME xmlns="x"><Image><Pixels DimensionOrder="XYZCT" SizeC="1" SizeT="1" SizeZ="3" \
      PhysicalSizeX="80" PhysicalSizeXUnit="nm" PhysicalSizeY="0.08"><Plane TheC="0" TheT="0" TheZ="2" \
      ExposureTime="250" ExposureTimeUnit="ms"/></Pixels></Image></OME>
      """
    let ome = OMEDescription(text)
    #expect(ome?.pixelSizeX == 0.08 && ome?.exposures == [nil, nil, 0.25])
    for broken in [
      "<O<?ei?><", "<?ei?>", "<OME/>", "", "<!DOCTYPE x [<!ENTITY a 'b'>]><OME>&a;</OME>",
    ] {
      #expect(OMEDescription(broken) == nil)
    }
  }

  /// A page by itself that kept the description of its stack is a page.
  @Test func aPageSplitOffAnImageJStack() throws {
    let head = ImageJFile(height: 2, width: 3, images: 41).head
    let path = try folder.write(head + [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6], to: "split.tif")
    let file = try TIFFFile(path: path)
    #expect(file.pageCount == 1)
    #expect(try file.frame(page: 0).values == .uint16([1, 2, 3, 4, 5, 6]))
  }

  /// Rows by themselves are those of the whole frame, whatever a page is packed in.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func rowsAreThoseOfTheFrame() throws {
    let rows = try SharedData.rows("tiff/manifest.csv").filter { $0.count > 1 && $0[1] == "gray" }
    var read = 0
    for row in rows {
      guard let file = try? TIFFFile(path: SharedData.path("tiff/gray/\(row[0])")),
        let frame = try? file.frame(page: 0)
      else { continue }
      for height in [1, 7, 100] {
        var values: [Double] = []
        for start in stride(from: 0, to: frame.height, by: height) {
          let band = start..<min(frame.height, start + height)
          values += try file.values(page: 0, rows: band).doubles
        }
        #expect(
          values.map(\.bitPattern) == frame.values.doubles.map(\.bitPattern), "\(row[0]), \(height)"
        )
      }
      // What is needed beside the rows is known before they are read.
      let access = try file.access(ofPage: 0)
      #expect((try file.bytesBeside(rowsOfPage: 0) == 0) == (access == .rows))
      read += 1
    }
    #expect(read > 25)
  }
}
