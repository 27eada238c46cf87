import StackIO
import Testing

/// Names as beamlines write them.
@Suite struct FrameNameTests {
  @Test(arguments: [
    ("rep01_20161456_NAT1_XANES_08324.0_eV_001of003.xrm", 8324.0, "rep1"),
    ("rep01_20161456_NAT1_XANES_08324.0_eV_001of003.tif", 8324, ""),
    ("fov03_xanesocv_8250_0eV.tif", 8250, ""), ("a_07112.0_eV.tif", 7112, ""),
    ("s_E7112.50.tif", 7112.5, ""), ("c_7.1120keV.tif", 7112, ""), ("c_7_1120keV.tif", 7112, ""),
    ("d_7112p25eV.tif", 7112.25, ""), ("e_7.112_eV.tif", 7112, ""),
    ("71214078_a003_0701.125eV.tif", 701.125, ""), ("sample_12_7112eV.tif", 7112, ""),
    ("old_20160512_XANES3_pos_8250.0.tif", 8250, ""), ("E7112.tif", 7112, ""),
    ("x_7112.0EV.TIFF", 7112, ""), ("7100.0 eV", 7100, ""), ("7.1 keV", 7100, ""),
    ("7100.0.tif", 7100, ""), ("s_7.1000.tif", 7100, ""),
    ("20121203_nca_XANES1_fov1_8250.tif", 8250, ""),
    ("20161124_130512_7112.0eV_0007.tif", 7112, ""),
  ])
  func energies(name: String, energy: Double, comment: String) {
    #expect(FrameName(name).energy == energy)
  }

  /// Numbers that count something else.
  @Test(arguments: [
    "frame_0001.tif", "fov3_001of003.tif", "E001.tif", "scan_20161124.tif", "a.tif", "reverse7.tif",
    "img_7112.tif", "x_1.5.tif",
  ])
  func noEnergies(name: String) {
    #expect(FrameName(name).energy == nil)
  }

  @Test(arguments: [
    ("rep01_000051_ref_20161456_NAT1_08324.0_eV_001of010.tif", FrameName.Role.reference),
    ("rep01_20161456_white_ref_particle_08324.0_eV_001of003.tif", .sample),
    ("ref_xanesocv_8250_0eV.tif", .reference), ("fov1_bkg_8250_0eV.tif", .reference),
    ("flat_0001_7112.0eV.tif", .reference), ("White12_7112.0eV.tif", .reference),
    ("dark.tif", .dark), ("Dark_003.tif", .dark), ("references.tif", .reference),
    ("i0_7112eV.tif", .reference), ("flatfield_7112eV.tif", .reference),
    ("refinery_7112eV.tif", .sample), ("darkside_7112eV.tif", .sample), ("scan.tif", .sample),
  ])
  func roles(name: String, role: FrameName.Role) {
    #expect(FrameName(name).role == role)
  }

  @Test func partsOfSSRLNames() {
    let sample = FrameName("rep02_20161456_NAT_1-XANES_08324.0_eV_002of003.tif")
    #expect(sample.rest == "rep02 NAT_1-XANES" && sample.exposureNumber == 2 && sample.isSSRL)
    let reference = FrameName("rep02_000051_ref_20161456_NAT_1-XANES_08324.0_eV_010of010.tif")
    #expect(reference.rest == sample.rest)
    // The number of the proposal is optional.
    #expect(FrameName("rep01_NAT1_08324.0_eV_001of001.tif").rest == "rep01 NAT1")
    #expect(FrameName("rep01_2_NAT_08324.0_eV_001of001.tif").rest == "rep01 2_NAT")
  }

  /// A label that Foundation's paths trap on, found by libFuzzer.
  @Test(arguments: ["_i/(/////.//", "/", "", ".", "..tif", "a//", "\u{0}E7965.5"])
  func oddTexts(text: String) {
    #expect(FrameName(text).role == .sample)
  }

  /// Numbers that count frames are no parts; those that do not, are.
  @Test(arguments: [
    (["a_0001_7100.0eV", "a_0002_7110.0eV", "a_0003_7120.0eV"], ["a"]),
    (["71_a000_0700.0eV", "71_a001_0701.0eV"], ["71 a"]),
    (["fov3_7100eV", "fov3_7110eV", "fov4_7100eV", "fov4_7110eV"], ["fov3", "fov4"]),
    (["fov3_01_7100eV", "fov3_02_7110eV", "fov4_01_7100eV", "fov4_02_7110eV"], ["fov3", "fov4"]),
    (["fov3_01_7100eV", "fov4_02_7100eV", "fov3_03_7110eV", "fov4_04_7110eV"], ["fov3", "fov4"]),
    (["7100eV_r1", "7110eV_r1", "7100eV_r2", "7110eV_r2"], ["r1", "r2"]),
    (["left_7100eV", "left_7110eV", "right_7100eV", "right_7110eV"], ["left", "right"]),
    (["7100eV", "7110eV"], [""]), (["pos1_7100eV", "pos2_7100eV"], ["pos1", "pos2"]),
    (["im_001", "im_002", "im_003"], ["im"]),
  ])
  func parts(names: [String], expected: [String]) {
    let names = names.map { FrameName($0 + ".tif") }
    let parts = PartNames(names)
    #expect(Set(names.map { parts.part(of: $0) }) == Set(expected))
  }
}

@Suite struct ReferencePairingTests {
  private func pairing(
    _ energies: [Double], orders: [Double?]? = nil, references: [Double?], at places: [Int?]? = nil
  ) -> ReferencePairing {
    ReferencePairing(
      energies.enumerated().map {
        .init(energy: $1, order: orders?[$0], filePlace: $0)
      }, energies: references, orders: places ?? references.map { _ in nil })
  }

  @Test func sameEnergiesAreAveraged() {
    let found = pairing([7100, 7110], references: [7100, 7110, 7100, 7110.04])
    #expect(found.references == [[0, 2], [1, 3]] && !found.usesOrder && !found.isWorthARemark)
  }

  /// The energies in between take what was taken nearest in time, all of that energy.
  @Test func nearestInTime() {
    // Time runs against energy: 7110 was taken just behind the references at 7100.
    let found = pairing(
      [7100, 7110, 7120], orders: [12, 3, 20], references: [7100, 7100, 7120],
      at: [1, 2, 21])
    #expect(found.references == [[0, 1], [0, 1], [2]] && found.usesOrder && found.isWorthARemark)
  }

  @Test func nearestInEnergyWhereTimeIsNotKnown() {
    let found = pairing([7100, 7108, 7120], references: [7100, 7120])
    #expect(found.references == [[0], [0], [1]] && !found.usesOrder && found.isWorthARemark)
  }

  @Test func byPlaceWithoutEnergies() {
    #expect(pairing([1, 2, 3], references: [nil]).references == [[0], [0], [0]])
    #expect(pairing([1, 2, 3], references: [nil, nil, nil]).references == [[0], [1], [2]])
    #expect(
      pairing([1, 2], references: [nil, nil, nil, nil]).references == [[0, 1], [2, 3]])
    let fewer = pairing([1, 2, 3, 4, 5, 6], references: [nil, nil])
    #expect(fewer.references == [[0], [0], [0], [1], [1], [1]] && fewer.usesOrder)
    #expect(pairing([1, 2], references: [nil, nil, nil]).references == [[0], [2]])
  }
}
