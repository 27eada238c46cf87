import CClusteringKernels

/// The points in the order of a tree of boxes, 16 children a node: the index behind every search.
///
/// A node has up to 16 children, each a *slot*: number `16 * node + lane`. A slot is a leaf (at most
/// ``leafSize`` points, more only where all lie in one place) or leads to another node; its points are consecutive
/// in the tree's order. The boxes of a node's children lie side by side, so that one vector operation tests all 16.
/// The tree does not depend on the radius, and takes about 2 bytes a point beyond coordinates and order at 4
/// dimensions.
///
/// Built top down. Large nodes are cut into up to 16 cells at once, halving the longest side of what is left each
/// time; small ones at the middle of their tight box's longest side; where that stays lopsided, at the median: depth is
/// O(log n), whatever the points.
///
/// Its arrays are the arena's with which it was made.
///
/// Sources: tight boxes and sliding midpoints: Maneewongvatana and Mount, arXiv cs/9901013; wide nodes: Wald, Benthin
/// and Boulos, doi 10.1109/RT.2008.4634620.
struct PointTree: Sendable {
  static let lanes = Int(clustering_lanes)
  /// Larger leaves share the walk to their neighbours among more points, smaller ones let in fewer of them: of 16 to 128
  /// this was the fastest for scores of spectra. At most 64: ``Connection`` numbers a leaf's points by bits.
  static let leafSize = 64

  let dimensions: Int
  /// The number of points in the tree.
  let count: Int
  let space: FilterSpace
  /// The coordinates, in blocks (clustering_kernels.h).
  let coordinates: Storage<Float>
  /// The original index of each point.
  let order: Storage<Int32>
  /// Of each point: its weight; nil where each weighs 1.
  let weights: Storage<Int32>?
  let nodes: TreeNodes

  init(
    dimensions: Int, count: Int, space: FilterSpace, coordinates: Storage<Float>,
    order: Storage<Int32>, weights: Storage<Int32>?, nodes: TreeNodes
  ) {
    self.dimensions = dimensions
    self.count = count
    self.space = space
    self.coordinates = coordinates
    self.order = order
    self.weights = weights
    self.nodes = nodes
  }

  /// What the kernels read. Valid as long as the tree.
  var kernelView: ClusteringTree {
    ClusteringTree(
      coordinates: coordinates.base, boxes: nodes.boxes.base,
      child_counts: nodes.childCounts.base, node_lanes: nodes.nodeLanes.base,
      slots: nodes.numbers.base, children: nodes.children.base, starts: nodes.starts.base,
      counts: nodes.counts.base,
      weights: weights.map { UnsafePointer($0.base) }, dimensions: Int32(dimensions))
  }
}
