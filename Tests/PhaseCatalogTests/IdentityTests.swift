import Foundation
import PhaseCatalog
import Testing
import TestSupport

@Suite struct IdentityTests {
  @Test func everyPartOfAScanCounts() {
    let base = Sample.scan().id
    #expect(base == Sample.scan().id)
    #expect(Sample.scan(pixelSizeUM: nil).id != base)
    #expect(Sample.scan(pixelSizeUM: 0.2).id != base)
    var other = Sample.scan()
    other.frames.swapAt(0, 1)
    #expect(other.id != base)
    other = Sample.scan()
    other.geometry = "projection"
    #expect(other.id != base)
    other = Sample.scan()
    other.frames[0].exposureS = 0.7
    #expect(other.id != base)
    other = Sample.scan()
    other.frames[0].ringCurrentMA = 100
    #expect(other.id != base)
    other = Sample.scan()
    other.frames[1].acquisition = 3
    #expect(other.id != base)
    other = Sample.scan()
    other.frames[1].energyEV = 7110.5
    #expect(other.id != base)
    other = Sample.scan()
    other.frames[1].kind = .dark
    #expect(other.id != base)
  }

  @Test func everyPartOfARunCounts() {
    #expect(Sample.run().id != Sample.run(radius: 2).id)
    var other = Sample.run()
    other.stages["cluster"] = 2
    #expect(other.id != Sample.run().id)
    #expect(Sample.run().canonicalParameters == #"{"dbscan.radius":1}"#)
  }

  /// The examples of RFC 8785, appendix B, and its sorting.
  @Test(
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
      (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
      (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
      (0x4340_0000_0000_0000, "9007199254740992"),
      (0xC340_0000_0000_0000, "-9007199254740992"),
      (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
      (0x41B3_DE43_5555_5554, "333333333.33333325"),
      (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
      (0x4430_0000_0000_0000, "295147905179352830000"),
      (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
      (0x44B5_2D02_C7E1_4AF6, "1e+23"), (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
      (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
      (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
      (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5557, "333333333.33333343"),
      (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
      (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
    ] as [(UInt64, String)])
  func numbersOfRFC8785(bits: UInt64, text: String) {
    #expect(CanonicalJSON.text(of: Double(bitPattern: bits)) == text)
  }

  /// The RFC's own example (3.2.2), and the published test data beside it.
  @Test(
    arguments: [
      (
        .object([
          "numbers": .array([
            .number(333333333.33333329), .number(1E30), .number(4.50), .number(2e-3),
            .number(0.000000000000000000000000001),
          ]), "string": .string("\u{20AC}$\u{F}\nA'B\"\\\\\"/"),
          "literals": .array([.null, .bool(true), .bool(false)]),
        ]),
        #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
          + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
      ),
      (
        .array([
          .number(56), .object(["d": .bool(true), "10": .null, "1": .array([])]),
        ]), #"[56,{"1":[],"10":null,"d":true}]"#
      ),
      (
        .object([
          "1": .object([
            "f": .object(["f": .string("hi"), "F": .number(5)]), "\n": .number(56),
          ]), "10": .object([:]), "": .string("empty"), "a": .object([:]),
          "111": .array([.object(["e": .string("yes"), "E": .string("no")])]), "A": .object([:]),
        ]),
        #"{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"#
          + #""A":{},"a":{}}"#
      ),
      (
        .object([
          "\u{20AC}": .string("Euro Sign"), "\r": .string("Carriage Return"),
          "\n": .string("Newline"), "1": .string("One"), "\u{80}": .string("Control\u{7F}"),
          "\u{1F602}": .string("Smiley"),
          "\u{F6}": .string("Latin Small Letter O With Diaeresis"),
          "\u{FB33}": .string("Hebrew Letter Dalet With Dagesh"),
          "</script>": .string("Browser Challenge"),
        ]),
        #"{"\n":"Newline","\r":"Carriage Return","1":"One","</script>":"Browser Challenge",""#
          + "\u{80}\":\"Control\u{7F}\",\"\u{F6}\":\"Latin Small Letter O With Diaeresis\","
          + "\"\u{20AC}\":\"Euro Sign\",\"\u{1F602}\":\"Smiley\","
          + "\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}"
      ),
      // Text stays as it is: no normalisation.
      (
        .object(["Unnormalized Unicode": .string("A\u{30A}")]),
        "{\"Unnormalized Unicode\":\"A\u{30A}\"}"
      ),
    ] as [(CanonicalJSON, String)])
  func documentsOfRFC8785(document: CanonicalJSON, text: String) {
    #expect(Array(document.text.utf8) == Array(text.utf8))
  }
}

/// Every record comes back from its rows as it was, so that its id can be computed again.
@Suite struct StoredRecordTests {
  @Test func recordsComeBackAsTheyWere() throws {
    let folder = try TemporaryFolder()
    _ = try Catalog.create(at: folder.file("t.lode"))
    let catalog = try Catalog(path: folder.file("t.lode"), access: .write)
    var scan = Sample.scan()
    scan.frames[0].ringCurrentMA = 101.3
    scan.frames[1].acquisition = 7
    scan.frames.append(.init(kind: .dark, energyEV: nil, digest: scan.frames[0].digest))
    let run = RunRecord(
      scanID: scan.id,
      parameters: [
        ParameterRecord(
          name: "a", value: .number(0.1), type: "number", unit: "px", isDefault: false),
        ParameterRecord(name: "b", value: .integer(3), type: "integer", unit: "", isDefault: true),
        ParameterRecord(
          name: "c", value: .text("auto"), type: "number", unit: "eV", isDefault: true),
        ParameterRecord(name: "d", value: .text("12"), type: "text", unit: "", isDefault: true),
      ], stages: ["one": 1, "two": 22])
    try catalog.store(
      scan: scan, sample: "M1", sighting: Sample.sighting, run: run,
      answer: .result(Sample.result), execution: Sample.execution())
    #expect(try catalog.scan(scan.id) == scan)
    #expect(try catalog.run(run.id) == run)
    #expect(try catalog.run(run.id).id == run.id)
    #expect(try catalog.result(Sample.result.id(runID: run.id)) == Sample.result)
    #expect(try catalog.requests(ofScan: scan.id) == [Sample.sighting.request.text])
    #expect(try catalog.check(.deep, decode: Sample.decode).findings == [])
  }
}
