import Foundation
import StackIO
import Testing
import TestSupport

@Suite struct PointsFileTests {
  private func npy(_ header: String, _ bytes: [UInt8]) -> [UInt8] {
    let padded = header + String(repeating: " ", count: 117 - header.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8) + bytes
  }

  private func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  @Test func npyInEveryOrder() throws {
    let folder = try TemporaryFolder()
    let rows: [Float] = [1, 2, 3, 4, 5, 6]
    let columns: [Float] = [1, 3, 5, 2, 4, 6]
    let shape = "'shape': (3, 2), }"
    let cases: [(String, [UInt8])] = [
      ("{'descr': '<f4', 'fortran_order': False, \(shape)", bytes(rows)),
      ("{'descr': '<f4', 'fortran_order': True, \(shape)", bytes(columns)),
      ("{'descr': '<f8', 'fortran_order': False, \(shape)", bytes(rows.map { Double($0) })),
      (
        "{'descr': '>f4', 'fortran_order': False, \(shape)",
        bytes(rows.map { $0.bitPattern.byteSwapped })
      ),
    ]
    for (header, values) in cases {
      let file = try PointsFile(path: folder.write(npy(header, values), to: "p.npy"))
      #expect(file.count == 3 && file.dimensions == 2)
      let numbers: PointsFile.Values =
        header.contains("f8") ? .double([1, 2, 3, 4, 5, 6]) : .float([1, 2, 3, 4, 5, 6])
      #expect(file.values == numbers, "\(header)")
    }
  }

  @Test(arguments: [
    "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, 1), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (300000000, 2), }",
  ])
  func npyDefects(header: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(npy(header, bytes([Float](repeating: 0, count: 6))), to: "p.npy")
    #expect(throws: InputError.self) { try PointsFile(path: path) }
  }

  @Test func textWithAndWithoutHeader() throws {
    let folder = try TemporaryFolder()
    for text in ["x,y\n1,2\n3,4\n", "1 2\n3 4", "# c\n1\t2\n3\t4\n"] {
      let file = try PointsFile(path: folder.write(text, to: "p.csv"))
      #expect(file.values == .double([1, 2, 3, 4]) && file.dimensions == 2)
    }
    let error = #expect(throws: InputError.self) {
      try PointsFile(path: folder.write("1,2\n3\n", to: "p.csv"))
    }
    #expect(error?.place == "line 2")
  }

  @Test func textInEveryForm() throws {
    let folder = try TemporaryFolder()
    let cases: [(String, [Double], Int)] = [
      ("\u{FEFF}a;b\r\n1;2\r\n3;4\r\n", [1, 2, 3, 4], 2),
      ("  1 ,\t2e-3  \n% no\n* no\n\n-3.5,+4", [1, 2e-3, -3.5, 4], 2),
      ("1\r2\r3", [1, 2, 3], 1),
      ("nan inf\n-Infinity 5\n", [.nan, .infinity, -.infinity, 5], 2),
      ("index\n7\n", [7], 1),
      ("\"x\",\"y\"\n1,2\n", [1, 2], 2),
      ("\u{3B1};\u{3B2}\n1;2\n", [1, 2], 2),
    ]
    for (text, values, dimensions) in cases {
      let file = try PointsFile(path: folder.write(text, to: "p.csv"))
      #expect(file.dimensions == dimensions && file.count == values.count / dimensions)
      guard case .double(let read) = file.values else {
        Issue.record("not Double")
        continue
      }
      #expect(read.map(\.bitPattern) == values.map(\.bitPattern), "\(text)")
    }
  }

  @Test(arguments: [
    ("1,2\n3,x\n", "line 2"), ("1,2\n\n# c\n3,,4\n", "line 4"), ("1,2\na,b\n", "line 2"),
    ("0x1f 2\n", "line 1"), ("0X1F 2\n", "line 1"), ("1,5;2,5\n", "line 1"),
    ("1 2\n3 4 5\n", "line 2"),
    ("1,2,\n", "line 1"),
  ])
  func textDefects(text: String, place: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, to: "p.csv")
    let error = #expect(throws: InputError.self) { try PointsFile(path: path) }
    #expect(error?.place == place && error?.kind == .invalid)
  }

  @Test func nothingInIt() throws {
    let folder = try TemporaryFolder()
    for text in ["", "\n\n", "# only\n", "x,y\n"] {
      let path = try folder.write(text, to: "p.csv")
      let error = #expect(throws: InputError.self) { try PointsFile(path: path) }
      #expect(error?.reason == "no points in it")
    }
  }
}
