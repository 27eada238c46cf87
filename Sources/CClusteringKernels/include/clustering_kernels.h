// The inner loops of the neighbour search: what Swift cannot compile for more than one instruction set.
//
// One source (kernels.inc) is compiled for AVX-512, AVX2 and the baseline of the target; the best that the
// processor has is chosen once, at run time. All logic stands in Swift: a kernel sees arrays and returns numbers.
//
// Layouts, everywhere in this file:
//   rows    points one after another, d floats each.
//   block   up to 16 consecutive points of a leaf, transposed: coordinate j of point c at [j * m + c],
//           where m is the number of points in the block. A leaf of n points is ceil(n / 16) blocks, all
//           but the last full; the block of the points from `position` on begins at coordinates + position * d.
//   boxes   axis-aligned boxes side by side: the lower corners' coordinate j of box i at
//           [(2 * j) * stride + i], the upper corners' at [(2 * j + 1) * stride + i].
// Every array that is read 16 lanes at a time is readable for 16 elements from each place that a loop starts at.
//
// A squared distance s is certainly within the radius where s <= accept, certainly beyond where s > reject;
// between them the caller decides in double precision. The same two numbers serve the distances of boxes.
#ifndef CLUSTERING_KERNELS_H
#define CLUSTERING_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { clustering_lanes = 16 };

/// Thresholds of a squared distance computed in float.
typedef struct {
  float accept;
  float reject;
} ClusteringBand;

/// Boxes side by side, each with the slot of the tree that it encloses and a value of that slot: its weight
/// or its smallest label. Behind the last is a vector of boxes that are nowhere, with values that do not count.
typedef struct {
  float *boxes;
  int32_t *slots;
  int32_t *values;
  ptrdiff_t stride;
  ptrdiff_t count;
} ClusteringList;

/// Values added up: of boxes wholly within a radius, and of those that it cuts.
typedef struct {
  int64_t within;
  int64_t partial;
} ClusteringSums;

/// The tree, as far as the kernels read it.
typedef struct {
  const float *coordinates;
  /// Of each node: the boxes of its 16 slots, how many slots it has, and which of them lead to nodes.
  float *boxes;
  const int32_t *child_counts;
  const uint16_t *node_lanes;
  /// Of each slot: its own number, and its node.
  int32_t *slots;
  const int32_t *children;
  /// Of each slot: its first point and its number of points.
  const int32_t *starts;
  const int32_t *counts;
  /// Of each point, in the tree's order: its weight, or NULL where each weighs 1.
  const int32_t *weights;
  int32_t dimensions;
} ClusteringTree;

/// A grid of up to 16 cells. A row's cell is the sum over the axes of min(last, (int)((x - lower) * scale)) << shift;
/// all four are 0 for an axis that is not divided.
typedef struct {
  float lower[64];
  float scale[64];
  int32_t last[64];
  int32_t shift[64];
} ClusteringCells;

/// What counting the neighbours of a point came to.
enum {
  clustering_sparse = 0,
  clustering_core = 1,
  clustering_undecided = 2,
};

/// Tells Swift that the kernels may be used by any thread.
#if defined(__swift__)
#define CLUSTERING_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define CLUSTERING_SENDABLE
#endif

/// The kernels for one instruction set.
typedef struct CLUSTERING_SENDABLE {
  const char *name;

  /// Whether no value is NaN or infinite.
  int (*finite_floats)(const float *values, ptrdiff_t n);
  int (*finite_doubles)(const double *values, ptrdiff_t n);

  /// The tight box of n >= 1 rows. 16 values behind the last row are readable.
  void (*bounds)(int d, const float *rows, ptrdiff_t n, float *lower, float *upper);

  /// Numbers each row's cell, and adds to `histogram` (16 counts).
  void (*cells)(
      int d, const float *rows, ptrdiff_t n, const ClusteringCells *grid, uint8_t *cell,
      int32_t *histogram);

  /// Copies rows and their numbers to `next[cell]`, which is advanced.
  void (*scatter)(
      int d, const float *rows, const int32_t *numbers, const uint8_t *cell, ptrdiff_t n,
      ptrdiff_t *next, float *to_rows, int32_t *to_numbers);

  /// Moves the rows with x[axis] <= middle to the front, keeping the order within both parts; how many they
  /// are. The spare arrays hold n rows.
  ptrdiff_t (*partition)(
      int d, float *rows, int32_t *numbers, ptrdiff_t n, int axis, float middle,
      float *spare_rows, int32_t *spare_numbers);

  /// Writes m <= 16 rows as a block. The arrays do not overlap.
  void (*transpose)(int d, const float *rows, ptrdiff_t m, float *block);

  /// Compares boxes with a box: adds up the values of those wholly within the radius of all of it, and of those that
  /// are neither that nor wholly beyond, which are appended to `kept`. It has room for all of them and a vector more.
  ClusteringSums (*gather)(
      int d, const float *lower, const float *upper, const ClusteringList *list,
      ClusteringBand band, ClusteringList *kept);

  /// As gather, for the slots of the nodes that the list's boxes lead to; `values` has one for each slot. What is
  /// kept is appended to `leaves` or to `nodes`.
  ClusteringSums (*open)(
      const ClusteringTree *tree, const float *lower, const float *upper,
      const ClusteringList *list, int32_t *values, ClusteringBand band, ClusteringList *leaves,
      ClusteringList *nodes);

  /// As gather, for labels: the smallest value of a box wholly within the radius, and `smallest`. Boxes whose
  /// value is not below it are dropped.
  int32_t (*gather_labels)(
      int d, const float *lower, const float *upper, const ClusteringList *list,
      ClusteringBand band, int32_t smallest, ClusteringList *kept);

  /// As open, for labels.
  int32_t (*open_labels)(
      const ClusteringTree *tree, const float *lower, const float *upper,
      const ClusteringList *list, int32_t *values, ClusteringBand band, int32_t smallest,
      ClusteringList *leaves, ClusteringList *nodes);

  /// For each of the points from `start` on that is marked undecided: whether the weight within the radius,
  /// `known` included, reaches `needed`. `cuts` has room for 64 numbers for every 16 boxes
  /// of the list. Returns the number of pairs of points compared.
  int64_t (*count)(
      const ClusteringTree *tree, ptrdiff_t start, ptrdiff_t n, const ClusteringList *list,
      int32_t known, int32_t needed, ClusteringBand band, uint16_t *cuts,
      uint8_t *status);

  /// For each of the points from `start` on whose label is INT32_MAX (not core): the smallest label within
  /// certain reach among those of `labels` (a label a point, INT32_MAX for none), `known` included, to `best`;
  /// and to `open` whether a point between accept and reject has a smaller one.
  int64_t (*label)(
      const ClusteringTree *tree, ptrdiff_t start, ptrdiff_t n, const ClusteringList *list,
      const int32_t *labels, int32_t known, ClusteringBand band, int32_t *best, uint8_t *open);

  /// Compares a point with the m <= 16 points of a block: bits of those with a squared distance of at most
  /// `reject`, and to `accepted` those of at most `accept`.
  uint32_t (*reach)(
      int d, const float *point, const float *block, ptrdiff_t m, ClusteringBand band,
      uint32_t *accepted);

  /// Compares a box with the 16 boxes of a node: bits of those not beyond the radius, and to `within` those
  /// wholly within it.
  uint32_t (*reach_boxes)(
      int d, const float *lower, const float *upper, const float *boxes, ClusteringBand band,
      uint32_t *within);

  /// The squared distances of a box to the 16 boxes of a node: nearest and farthest.
  void (*box_distances)(
      int d, const float *lower, const float *upper, const float *boxes, float *nearest,
      float *farthest);

  /// The element of rank `rank` (from 0) of n values, none below 0, if they were in order. Readable are 16 more.
  float (*select)(const float *values, ptrdiff_t n, ptrdiff_t rank);

  /// The squared distances of a point to the m <= 16 points of a block; 16 floats are written.
  void (*distances)(int d, const float *point, const float *block, ptrdiff_t m, float *squared);
} ClusteringKernels;

/// The kernels to use: the best that this processor runs, or those named by the environment variable LODESTONE_KERNELS
/// (avx512, avx2, baseline) where it runs them. What is found is the same with all.
const ClusteringKernels *clustering_kernels(void);

/// All kernels that this processor runs, best first; NULL from the first number that is too large.
const ClusteringKernels *clustering_kernels_at(int number);

/// A row of an image of `dimensions` planes: of each pixel the neighbours up to `reach` away in either direction, itself
/// among them, whose estimates agree with its own: sum over the planes of (difference)^2 <= limit (variance + variance).
/// weights[i] is their number, sums[axis * n + i] the sum of their values.
///
/// Planes lie `plane` floats apart, rows `stride`; all are padded by `reach` rows and columns, and the pointers are at
/// the row's first pixel. An estimate that is not a number agrees with nothing. `squares` is room for n floats.
void clustering_average_agreeing(
    const float *estimate, const float *values, const float *variance, ptrdiff_t stride, ptrdiff_t plane,
    int32_t dimensions, int32_t reach, float limit, float *squares, float *weights, float *sums, ptrdiff_t n);

/// Rows of a table less `origin`, in Double: row r of `columns` values becomes row r of `stride`, with zeros behind the
/// last. `stride` is a multiple of 24 everywhere.
void clustering_centre(
    const float *rows, const double *origin, ptrdiff_t n, ptrdiff_t columns, ptrdiff_t stride, double *centred);

/// Adds n centred rows to `sums` (`stride` values), and their products to `products` (stride x stride), of which only what
/// lies on the diagonal and above it is to be read.
void clustering_add_products(
    const double *centred, ptrdiff_t n, ptrdiff_t stride, double *sums, double *products);

/// The products of n centred rows with each of `count` directions (`stride` values each), `count` a row, and each row's sum
/// of squares.
void clustering_project(
    const double *centred, ptrdiff_t n, ptrdiff_t stride, const double *directions, ptrdiff_t count, double *along,
    double *squares);

#endif
