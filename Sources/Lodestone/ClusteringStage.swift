import Clustering
import Spectra

/// Features -> two label maps: the exact DBSCAN of the eligible pixels, and the
/// flood of all analysed pixels from it.
struct ClusteringStage {
  /// What the stage makes. All arrays with a value a point have the order of `grid.pixels`.
  struct Output {
    /// The analysed pixels.
    var grid: PixelGrid
    /// Labels after the flood: 0 is the largest cluster, -1 noise.
    var labels: [Int32]
    /// DBSCAN's own labels, with the same numbers: -1 noise, -3 not eligible.
    var dbscanLabels: [Int32]
    var clusterCount: Int
    var features: Features
    var radius: Double
    var minimumPoints: Int
    var eligibleCount: Int
    var gradientThreshold: Double
    var clustersBeforeDrop: Int
    /// Clusters found among the rejected pixels.
    var minorityClusters: Int
    /// Sample with too little of what spectra are divided by.
    var unusablePixels: Int
    /// What is found at the radius and at others.
    var radii: [RadiusSearch.Trial]
    /// What was found at the automatic radius, where it had to grow.
    var enlargedFrom: RadiusSearch.Trial?

    /// The labels as an image of the frame's size; -1 where there is none.
    var labelImage: [Int32] {
      var image = [Int32](repeating: -1, count: grid.height * grid.width)
      for (pixel, label) in zip(grid.pixels, labels) { image[Int(pixel)] = label }
      return image
    }
  }

  let parameters: ParameterSet

  func run(_ found: FeatureStage.Output) throws -> Output {
    let (grid, features) = (found.grid, found.features)
    let gradient = grid.gradientMagnitude(features.scores, dimensions: features.dimensions)
    let share = parameters.fixed("features.eligible_fraction")
    let rank = min(max(Int((share * Double(grid.pixels.count)).rounded()), 1), grid.pixels.count)
    let threshold = value(ofRank: rank - 1, among: gradient)
    let eligible = gradient.indices.filter { gradient[$0] <= threshold }

    let minimumPoints =
      parameters.number("dbscan.minimum_points").map { Int($0) }
      ?? max(2 * features.dimensions, grid.pixels.count / 1000)
    let leastPixels = parameters.fixed("cluster.minimum_share") * Double(grid.pixels.count)
    let search = try RadiusSearch(
      Points(features.points(eligible), dimensions: features.dimensions),
      minimumPoints: minimumPoints, leastPixels: leastPixels)
    let searched = try search.run(
      from: parameters.number("dbscan.radius") ?? automaticRadius(features),
      isFixed: parameters.number("dbscan.radius") != nil,
      noiseLimit: parameters.fixed("dbscan.noise_limit"))
    let (clustering, radius) = (searched.clustering, searched.radius)
    var dbscanLabels = [Int32](repeating: -3, count: grid.pixels.count)
    for (place, point) in eligible.enumerated() { dbscanLabels[point] = clustering.labels[place] }
    var labels = ClusterLabels(
      dbscan: dbscanLabels, leastPixels: leastPixels,
      method: parameters.text("flood.method") == "nearest" ? .nearest : .watershed,
      rejectDistance: parameters.fixed("flood.reject_distance"), grid, features,
      gradient: gradient)
    // A radius that was asked for, or enlarged, may reach across what is left.
    let minorities = try labels.addMinorities(
      radius: min(radius, automaticRadius(features)),
      minimumPoints: parameters.number("minority.minimum_points").map { Int($0) }
        ?? 2 * features.dimensions)
    guard labels.clusterCount <= Int(Int16.max) else {
      throw AnalysisError(
        "\(labels.clusterCount) clusters are more than a map can number: raise cluster.minimum_share"
      )
    }
    labels.numberBySize()
    return Output(
      grid: grid, labels: labels.all, dbscanLabels: labels.dbscan,
      clusterCount: labels.clusterCount, features: features, radius: radius,
      minimumPoints: minimumPoints, eligibleCount: eligible.count + minorities.eligible,
      gradientThreshold: Double(threshold), clustersBeforeDrop: clustering.clusterCount,
      minorityClusters: minorities.clusters, unusablePixels: found.unusablePixels,
      radii: searched.trials, enlargedFrom: searched.enlargedFrom)
  }

  /// The radius: what noise makes of the distance of two like pixels, and, in squares, a share of the scores' spread
  /// for what is not noise (grading, residual drift): that grows with the contrast.
  private func automaticRadius(_ features: Features) -> Double {
    let noise =
      parameters.fixed("dbscan.radius_factor") * Double(features.dimensions).squareRoot()
    let beside = parameters.fixed("dbscan.spread_factor") * features.spread
    return (noise * noise + beside * beside).squareRoot()
  }
}
