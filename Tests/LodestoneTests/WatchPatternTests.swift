import Lodestone
import Testing

/// The rules that people write: samples from paths, files that belong to scans.
@Suite struct WatchPatternTests {
  @Test(arguments: [
    ("{sample}", "M1/night/scan.tif", "M1"),
    ("{sample}", "M1.tif", "M1"),
    ("{sample}.tif", "M1.tif", "M1"),
    ("{sample}.tif", "M1.tiff", nil),
    ("{sample}/*/scan.tif", "M1/night/scan.tif", "M1"),
    ("{sample}/*/scan", "M1/night/scan.tif", "M1"),
    ("{sample}/*/scan.tif", "M1/scan.tif", nil),
    ("{sample}/*/scan.tif", "M1/a/b/scan.tif", nil),
    ("*/{sample}", "2026/M 2/x/y.tif", "M 2"),
    ("{sample}_*", "M1_a_001.tif", "M1"),
    ("{sample}_???", "M1_a_001.tif", "M1_a"),
    ("{sample}_???", "M1_a_01.tif", nil),
    ("*_{sample}_*/", "20261126_NAT1_x_y/scan.tif", "NAT1"),
    ("*/rep?? {sample}", "series/rep01 NAT1_XANES", "NAT1_XANES"),
    ("magnet-{sample}", "magnet-é.tif", "é"),
    ("magnet-{sample}", "magnet-", nil),
    ("magnet-{sample}", "Magnet-1", nil),
    ("{sample}/*", "", nil),
    ("{sample}", "\u{7}.tif", nil),
    ("{sample}/x*y*z", "M1/xxyyzz", "M1"),
    ("{sample}/x*y*z", "M1/xxyyz.tif", "M1"),
    ("{sample}/x*y*z", "M1/xxzz", nil),
  ]) func samplesOfPaths(pattern: String, path: String, sample: String?) throws {
    #expect(try SamplePattern(pattern).sample(of: path) == sample, "\(pattern) \(path)")
  }

  @Test(arguments: [
    ("*/scan.tif", "write {sample}"), ("", "write {sample}"), ("/data/{sample}", "begins with /"),
    ("{sample}/**/x", "**"), ("{sample}*", "cannot be known"), ("*{sample}", "cannot be known"),
    ("{sample}{sample}", "cannot be known"), ("{sample}/{sample}", "2 times"),
    ("{name}/{sample}", "only {sample}"), ("{sample/x", "only {sample}"), ("../{sample}", ".."),
  ]) func patternsThatAreRefused(pattern: String, words: String) {
    let error = #expect(throws: ParameterError.self) { try SamplePattern(pattern) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix("--sample-from ") == true)
  }

  @Test func placesOfFiles() throws {
    func path(_ text: String) throws -> String {
      try PlacePattern(text, option: "--dark").path(folder: "d/M{name}", name: "scan_1")
    }
    #expect(try path("{folder}/dark.tif") == "d/M{name}/dark.tif")
    #expect(try path("{name}_dark.tif") == "d/M{name}/scan_1_dark.tif")
    #expect(try path("/flats/{name}.tif") == "/flats/scan_1.tif")
    #expect(try path("dark.tif") == "dark.tif")
    #expect(try !PlacePattern("dark.tif", option: "--dark").isPattern)
    let error = #expect(throws: ParameterError.self) {
      try PlacePattern("{sample}.tif", option: "--dark")
    }
    #expect(error?.description.contains("--dark '{sample}.tif'") == true)
  }
}
