import Foundation
import PhaseCatalog
import Spectra
import StackIO
import Testing
import TestSupport

@Suite struct TIFFFileTests {
  private func page(_ samples: TIFFWriter.Page.Samples) -> TIFFWriter.Page {
    TIFFWriter.Page(height: 2, width: 3, samples: samples)
  }

  /// More rows than a strip holds, odd sides, extreme values, both ways of writing.
  @Test(arguments: [true, false]) func readsWhatItWrites(isCompressed: Bool) throws {
    let (height, width) = (301, 257)
    let labels = (0..<height * width).map { Int16(truncatingIfNeeded: $0 &* 7919) }
    let floats = labels.map { Float($0) / 3 }
    let bytes = try TIFFWriter.encode(
      [
        .init(height: height, width: width, samples: .int16(labels)),
        .init(height: height, width: width, samples: .float32(floats)),
        .init(
          height: height, width: width, samples: .uint16(labels.map { UInt16(bitPattern: $0) })),
      ], isCompressed: isCompressed)
    let file = try TIFFFile(bytes: bytes, name: "memory")
    #expect(file.pageCount == 3)
    #expect(try file.frame(page: 0).image.pixels == labels.map { Float($0) })
    #expect(try file.frame(page: 1).values == .float32(floats))
    #expect(try file.frame(page: 2).values == .uint16(labels.map { UInt16(bitPattern: $0) }))
  }

  /// Equal values are equal frames, whatever type a file gave them.
  @Test func valuesAreKeptInTheNarrowestType() throws {
    let counts = FrameValues(exactly: [0, 7, 65535] as [Float])
    #expect(counts == .uint16([0, 7, 65535]))
    #expect(FrameValues(exactly: [0, 7, 65535] as [Double]) == counts)
    #expect(FrameValues(exactly: [0.5, -1] as [Double]) == .float32([0.5, -1]))
    #expect(FrameValues(exactly: [0.1] as [Double]) == .float64([0.1]))
    #expect(FrameValues(exactly: [65536] as [Float]) == .float32([65536]))
    // 2^24 + 1 is the first count that Float cannot hold.
    #expect(FrameValues(exactly: [16_777_217] as [Double]) == .float64([16_777_217]))
  }

  @Test func refusesWhatIsNoTIFF() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("not a picture", to: "text.tif")
    #expect(throws: InputError.self) { try TIFFFile(path: text) }
    let missing = #expect(throws: InputError.self) { try TIFFFile(path: folder.file("no.tif")) }
    #expect(missing?.kind == .missing)
    #expect(throws: InputError.self) { try TIFFFile(path: folder.path) }
  }

  /// Every cut of a file is an error that names it, never a frame with made-up pixels. (The last four
  /// bytes say that no page follows: without them nothing of a frame is lost.)
  @Test func refusesTruncatedFiles() throws {
    let whole = try TIFFWriter.encode(
      [page(.uint16([1, 2, 3, 4, 5, 6])), page(.uint16([6, 5, 4, 3, 2, 1]))], isCompressed: false)
    for length in 0...whole.count - 5 {
      let error = #expect(throws: InputError.self, "cut to \(length)") {
        let file = try TIFFFile(bytes: Array(whole[..<length]), name: "cut.tif")
        for page in 0..<2 { _ = try file.frame(page: page) }
      }
      #expect(error?.description.hasPrefix("cut.tif: ") == true)
    }
  }

  /// A BigTIFF whose first strip lies at the last of all offsets: no sum of offsets may overflow.
  @Test func offsetsBeyondAllFiles() throws {
    func little(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    let entries: [(UInt64, UInt64, UInt64)] = [
      (256, 1, 4), (257, 1, 8), (258, 1, 16), (259, 1, 1), (262, 1, 1), (273, 2, 200), (277, 1, 1),
      (278, 1, 4), (279, 2, 216),
    ]
    var bytes = Array("II".utf8) + little(43, 2) + little(8, 2) + little(0, 2) + little(16, 8)
    bytes += little(UInt64(entries.count), 8)
    for (tag, count, value) in entries {
      bytes += little(tag, 2) + little(16, 2) + little(count, 8) + little(value, 8)
    }
    bytes += little(0, 8)
    let place = UInt64(bytes.count)
    // The arrays stand behind the directory: their places are put in.
    for (index, entry) in entries.enumerated() where entry.1 == 2 {
      let start = 16 + 8 + 20 * index + 12
      bytes.replaceSubrange(start..<start + 8, with: little(place + (entry.0 == 273 ? 0 : 16), 8))
    }
    bytes += little(UInt64(Int64.max), 8) + little(64, 8) + little(32, 8) + little(32, 8)
    let file = try TIFFFile(bytes: bytes, name: "far.tif")
    let error = #expect(throws: InputError.self) { try file.frame(page: 0) }
    #expect(error?.place == "page 1", "\(error?.description ?? "")")
    #expect(try file.values(page: 0, rows: 3..<3).count == 0)
  }

  /// The last page's link, the file's last four bytes, leads back to the first page.
  @Test func refusesLoops() throws {
    var bytes = try TIFFWriter.encode(
      [page(.uint16([1, 2, 3, 4, 5, 6])), page(.uint16([6, 5, 4, 3, 2, 1]))], isCompressed: false)
    #expect(bytes.suffix(4).elementsEqual([0, 0, 0, 0]))
    bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: bytes[4..<8])
    #expect(throws: InputError.self) { try TIFFFile(bytes: bytes, name: "loop.tif") }
  }

  /// 178 files of other people: grey ones are read exactly, or refused by name; what is no grey frame
  /// is refused; nothing crashes.
  @Test(.enabled(if: SharedData.isThere, "no ../shared: real data is skipped"))
  func conformance() throws {
    let rows = try SharedData.rows("tiff/manifest.csv")
    let header = rows[0]
    func field(_ row: [String], _ name: String) -> String {
      header.firstIndex(of: name).map { row[$0] } ?? ""
    }
    var read = 0
    for row in rows.dropFirst() where row.count >= header.count {
      let (name, kind) = (field(row, "file"), field(row, "class"))
      let path = SharedData.path("tiff/\(kind)/\(name)")
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
      let decoded = try? decodedDigest(path, type: field(row, "dtype"))
      if kind == "gray", field(row, "libtiff45_matches").lowercased() == "true", let decoded {
        #expect(decoded == field(row, "decoded_sha256"), "\(name)")
        read += 1
      }
      if ["not_gray", "undecodable"].contains(kind) { #expect(decoded == nil, "\(name)") }
    }
    #expect(read > 20)
  }

  /// SHA-256 of all pages' samples, little-endian, in the manifest's type.
  private func decodedDigest(_ path: String, type: String) throws -> String {
    let file = try TIFFFile(path: path)
    var bytes: [UInt8] = []
    for page in 0..<file.pageCount {
      let values: [Double] =
        switch try file.frame(page: page).values {
        case .uint16(let values): values.map { Double($0) }
        case .float32(let values): values.map { Double($0) }
        case .float64(let values): values
        }
      for value in values { bytes += encoded(value, type) }
    }
    let folder = try TemporaryFolder()
    return try #require(ContentDigest.ofFile(folder.write(bytes, to: "samples"))).sha256
  }

  private func encoded(_ value: Double, _ type: String) -> [UInt8] {
    func bytes<T>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    switch type {
    case "uint8": return bytes(UInt8(value))
    case "int8": return bytes(Int8(value))
    case "uint16": return bytes(UInt16(value))
    case "int16": return bytes(Int16(value))
    case "uint32": return bytes(UInt32(value))
    case "int32": return bytes(Int32(value))
    case "uint64": return bytes(UInt64(value))
    case "int64": return bytes(Int64(value))
    case "float16": return bytes(Float16(value))
    case "float32": return bytes(Float(value))
    default: return bytes(value)
    }
  }
}
