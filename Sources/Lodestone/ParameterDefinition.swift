import Spectra

/// A parameter of the analysis: its name, unit, default and meaning.
public struct ParameterDefinition: Sendable {
  /// What values a parameter takes.
  public enum Kind: Sendable {
    /// A number in a range.
    case number(ClosedRange<Double>)
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// One of some words.
    case choice([String])
    /// Any text.
    case text
  }

  /// Dotted snake case, the same in recipes, `--set`, SQL and JSON.
  public let name: String
  /// What values it takes.
  public let kind: Kind
  /// Whether "auto" is a value too: then what was found is kept with the result.
  public let mayBeAutomatic: Bool
  /// The unit; empty for none.
  public let unit: String
  /// The default, as it would be typed.
  public let defaultText: String
  /// What it is, in one line.
  public let meaning: String

  private init(
    _ name: String, _ kind: Kind, auto: Bool = false, unit: String = "", _ defaultText: String,
    _ meaning: String
  ) {
    self.name = name
    self.kind = kind
    mayBeAutomatic = auto
    self.unit = unit
    self.defaultText = defaultText
    self.meaning = meaning
  }

  /// All parameters, in the order in which the data meets them.
  public static let all: [ParameterDefinition] = [
    .init(
      "correct.exposure", .number(1e-9...1e9), auto: true, unit: "s", "auto",
      "a frame's exposure, where --exposure does not give it; auto: the file's tag, else not known"),
    .init(
      "correct.reference_exposure", .number(1e-9...1e9), auto: true, unit: "s", "auto",
      "a reference's exposure, where --reference-exposure does not give it; auto: as above"),
    .init(
      "correct.minimum_reference", .number(0...1e9), auto: true, unit: "counts", "auto",
      "least reference above dark; auto: 5, or a hundredth of its median where that is less"),
    .init(
      "correct.saturation", .number(1...1e12), auto: true, unit: "counts", "auto",
      "count at which the detector is saturated; auto: the scan's largest count where that is "
        + "255, 4095, 16383 or 65535"),
    .init(
      "correct.outlier_od", .number(0.01...100), unit: "OD", "1",
      "least distance from its 3 x 3 median that makes a pixel an outlier"),
    .init(
      "correct.outlier_deviations", .number(1...1000), "8",
      "the same distance in standard deviations of the frame's noise"),
    .init(
      "correct.empty_field", .choice(["auto", "none"]), "auto",
      "take the level of the empty field, where there is one, off each frame"),
    .init(
      "register.method", .choice(["translation", "none"]), "translation",
      "measure and correct each frame's drift"),
    .init(
      "register.drift", .text, "measured",
      "the drift of each frame, where it is known: EV@DY,DX or EV@DY,DX,SCALE with semicolons between "
        + "(--drift FILE); without scales the size is the same, or a zone plate's by register.scale"
    ),
    .init(
      "register.scale", .choice(["measured", "zone-plate", "none"]), "measured",
      "the image's size over the energies: measured (none, where it is found not to change), as one over the "
        + "energy, or the same"),
    .init(
      "register.centre_y_px", .number(-1e5...1e5), auto: true, unit: "px", "auto",
      "row of the optical centre, which scaling leaves where it is; auto: the middle"),
    .init(
      "register.centre_x_px", .number(-1e5...1e5), auto: true, unit: "px", "auto",
      "column of the optical centre; auto: the middle"),
    .init(
      "register.blur_px", .number(0.3...10), unit: "px", "1", "blur of the frames before measuring"),
    .init(
      "register.template_rounds", .integer(0...20), "3",
      "how often at most all frames are fitted to the stack's reconstruction, until none moves"),
    .init(
      "mask.method", .choice(["either", "od", "step"]), "either",
      "what shows sample: the mean OD, the step of any edge of elements.symbols, or either"),
    .init(
      "mask.fraction", .number(0...0.99), "0.15",
      "sample is where the mean OD, or a step, is above this share of its 95 % quantile"),
    .init(
      "mask.step_deviations", .number(0...1000), "5",
      "a step shows sample above so many standard deviations of the OD about the pre-edge line"),
    .init(
      "mask.rim_fraction", .number(0...1), "0.5",
      "a pixel beside the empty field is sample where it absorbs at least this share of what the sample behind it does; "
        + "0: any that mask.fraction takes"),
    .init(
      "normalise.measure", .choice(["mean_od", "edge_area", "edge_step", "none"]), "mean_od",
      "what each spectrum is divided by: its mean OD; or the first edge's area or step, the pre-edge (falling as "
        + "E^-3) taken off: for spectra that are mostly background"),
    .init(
      "normalise.minimum_signal", .number(0...1e6), "3",
      "pixels whose area or step is below so many standard errors are not divided by it, and not analysed"
    ),
    .init(
      "pca.components", .integer(1...64), auto: true, "auto",
      "features to cluster in; auto: variances above twice the median of the smallest three "
        + "quarters, from 2 to 4"),
    .init(
      "pca.noise_rank", .integer(1...64), "6",
      "what lies beyond so many components is noise; its median is the unit of the features"),
    .init(
      "features.smoothing", .integer(0...8), unit: "px", "2",
      "scores are averaged over the pixels so near that agree with them within the noise; 0: over none"
    ),
    .init(
      "features.eligible_fraction", .number(0.01...1), "0.65",
      "share of pixels, those of smallest gradient, that are not mixed with their neighbours'"),
    .init(
      "dbscan.radius", .number(1e-9...1e9), auto: true, unit: "noise units", "auto",
      "neighbours lie within; auto: dbscan.radius_factor x sqrt(features), and dbscan.spread_factor added in squares"
    ),
    .init(
      "dbscan.radius_factor", .number(0.01...100), unit: "noise units", "0.75",
      "the automatic radius for one feature, where all is noise"),
    .init(
      "dbscan.spread_factor", .number(0...1), "0.06",
      "share of the scores' standard deviation in the automatic radius: what is not noise grows with the contrast"
    ),
    .init(
      "dbscan.noise_limit", .number(0...1), "0.25",
      "while more than this share of the eligible pixels is noise, the automatic radius grows by sqrt(2), at most 6 "
        + "times"),
    .init(
      "dbscan.minimum_points", .integer(1...1_000_000_000), auto: true, "auto",
      "neighbours, the point included, that make a core; auto: a thousandth of the analysed "
        + "pixels, at least twice the features"),
    .init(
      "cluster.minimum_share", .number(0...0.5), "0.005",
      "clusters are dropped where DBSCAN gave them a smaller share of the analysed pixels; small phases among the "
        + "rejected are not (minority.minimum_points)"),
    .init(
      "flood.method", .choice(["watershed", "nearest"]), "watershed",
      "how pixels that are not eligible get their cluster: from their neighbours over the lowest gradients, or by the "
        + "nearest of the clusters' means"),
    .init(
      "flood.reject_distance", .number(0...1e9), unit: "noise units", "6",
      "a flooded pixel further than this x sqrt(features) from every line between two clusters' "
        + "means is noise"),
    .init(
      "minority.minimum_points", .integer(0...1_000_000_000), auto: true, "auto",
      "neighbours that make a core among the rejected pixels, where small phases are looked for; auto: twice the "
        + "features; 0: they stay noise"),
    .init(
      "depth.pores", .choice(["closed", "surface"]), "closed",
      "whether empty field that sample encloses is a surface too"),
    .init(
      "elements.symbols", .text, "Nd,Fe",
      "elements whose K and L3 edges are measured, with commas; auto: the one at whose edge the sample's mean "
        + "spectrum rises most"),
    .init(
      "elements.beside", .text, "Pr",
      "elements that may be there too: no window reaches past an edge of theirs, and they are not measured; none, or "
        + "symbols with commas"),
    .init(
      "elements.light", .text, "O",
      "an element without edges here that stands for all light ones in the sample: fitted beside the others, not told; "
        + "none, or a symbol"),
    .init(
      "elements.density", .number(0.001...30), auto: true, unit: "g/cm3", "auto",
      "density of the elements together, for the thickness of each cluster; auto: not known, no thickness"
    ),
    .init(
      "edges.convention", .choice(NormalisationMethod.allCases.map(\.rawValue)), "textbook",
      "how spectra are normalised at an edge: textbook (lines, step at E0), larch (step at the nearest energy), "
        + "two_means, area, none; not how they are divided before clustering (normalise.measure)"),
    .init(
      "edges.e0", .text, "tabulated",
      "where an edge is: tabulated; derivative, where each cluster's spectrum rises most (kept with the result either "
        + "way); or fixed in eV, as Nd-L3@6208.4,Fe-K@7113: others stay tabulated"),
    .init(
      "edges.pre_start", .number(-1000...0), auto: true, unit: "eV", "-60",
      "start of the pre-edge window, from the edge; auto: the second energy"),
    .init(
      "edges.pre_end", .number(-1000...0), auto: true, unit: "eV", "-12",
      "end of the pre-edge window, from the edge; auto: half of its start"),
    .init(
      "edges.post_start", .number(0...1000), auto: true, unit: "eV", "45",
      "start of the post-edge window, from the edge; auto: a third of its end, at most 25, behind an L2 edge"
    ),
    .init(
      "edges.post_end", .number(0...1000), auto: true, unit: "eV", "145",
      "end of the post-edge window, from the edge; auto: the last energy"),
    .init(
      "edges.post_degree", .integer(0...3), auto: true, "1",
      "degree of the polynomial behind the edge; auto: 0, 1 or 2 by the window's width"),
    .init(
      "edges.near_start", .number(-1000...0), unit: "eV", "-12",
      "start of the near-edge region that a fit of attenuation leaves out"),
    .init(
      "edges.near_end", .number(0...1000), unit: "eV", "45",
      "end of the near-edge region"),
    .init(
      "edges.minimum_energies", .integer(2...1000), "3",
      "fewest energies in a window that measure an edge"),
    .init(
      "edges.white_line_end", .number(1...1000), unit: "eV", "30",
      "how far above the edge a white line is looked for, at most to the next edge of another"),
    .init(
      "fit.references", .text, "none",
      "reference spectra that clusters and pixels are fitted with, as name@digest with commas: what --spectrum "
        + "NAME=FILE makes of them; no path, and no I0"),
    .init(
      "fit.start", .number(1...1e6), auto: true, unit: "eV", "auto",
      "first energy of the fit; auto: the first that all references have"),
    .init(
      "fit.end", .number(1...1e6), auto: true, unit: "eV", "auto",
      "last energy of the fit; auto: the last that all references have"),
    .init(
      "fit.background", .choice(LinearCombination.Background.allCases.map(\.rawValue)), "line",
      "what is fitted beside the references: a line over the energy, a constant, or none"),
    .init(
      "fit.sum", .choice(["free", "one"]), "free",
      "free: amounts of the references as they are, in the optical density; one: fractions, of spectra normalised "
        + "at the first edge, the references too"),
  ]
}
