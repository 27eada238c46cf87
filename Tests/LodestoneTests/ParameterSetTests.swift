import Lodestone
import PhaseCatalog
import Testing

@Suite struct ParameterSetTests {
  @Test func defaultsAreComplete() throws {
    let set = try ParameterSet()
    #expect(set.parameters.map(\.name) == ParameterDefinition.all.map(\.name))
    #expect(!set.parameters.contains { !$0.isDefault })
    #expect(Set(set.parameters.map(\.name)).count == set.parameters.count)
  }

  @Test func settingsAreTyped() throws {
    let set = try ParameterSet(settings: ["dbscan.radius=1.5", "dbscan.minimum_points=12"])
    let values = Dictionary(uniqueKeysWithValues: set.parameters.map { ($0.name, $0) })
    #expect(values["dbscan.radius"]?.value == .number(1.5))
    #expect(values["dbscan.radius"]?.isDefault == false)
    #expect(values["dbscan.minimum_points"]?.value == .integer(12))
    // Asking for the default is the default.
    #expect(try ParameterSet(settings: ["dbscan.radius=auto"]) == ParameterSet())
    #expect(try ParameterSet(settings: ["mask.fraction=0.150"]) == ParameterSet())
  }

  @Test func fractionsNeedNormalisedSpectra() {
    #expect(throws: ParameterError.self) {
      try ParameterSet(settings: ["fit.sum=one", "edges.convention=none"])
    }
  }

  @Test(arguments: [
    ("dbscan.radios=1", "did you mean dbscan.radius?"), ("dbscan.radius", "NAME=VALUE"),
    ("dbscan.radius=-1", "from"), ("dbscan.radius=wide", "or auto"), ("mask.fraction=auto", "from"),
    ("dbscan.minimum_points=2.5", "whole number"), ("register.method=fft", "translation or none"),
    ("elements.symbols=Nd,Xx", "\"Xx\" is no element"), ("edges.pre_start=-5", "is not below"),
    ("dbscan.radius=nan", "from"), ("elements.symbols=Fe,Fe", "twice"),
    ("elements.symbols=", "name an element"), ("x=1", "--help"),
    ("elements.light=O,N", "one element"),
    ("edges.e0=Fe-K@9000", "within 50 eV of Fe K"), ("edges.e0=Fe@7112", "Nd-L3@6208.4"),
    ("edges.e0=Cu-K@8979", "not one of elements.symbols"),
    ("edges.e0=Fe-K@7113,Fe-K@7114", "twice"), ("elements.light=Fe", "one of elements.symbols"),
    ("fit.references=iron", "--spectrum NAME=FILE"),
  ])
  func refusals(setting: String, words: String) {
    let error = #expect(throws: ParameterError.self) { try ParameterSet(settings: [setting]) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
