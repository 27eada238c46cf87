// The inner loops of the principal components.

#include "clustering_kernels.h"

#include "targets.inc"

// Sums are taken in so many lanes on every processor.
enum { LANES = 8, ROWS = 6 };
typedef double Doubles __attribute__((ext_vector_type(LANES)));
typedef double LooseDoubles __attribute__((ext_vector_type(LANES), aligned(8)));

#define LOAD(place) (*(const LooseDoubles *)(place))
#define STORE(place, values) (*(LooseDoubles *)(place) = (values))

KERNEL void clustering_centre(
    const float *restrict rows, const double *restrict origin, ptrdiff_t n, ptrdiff_t columns, ptrdiff_t stride,
    double *restrict centred) {
  for (ptrdiff_t row = 0; row < n; row++) {
    const float *from = rows + row * columns;
    double *to = centred + row * stride;
    for (ptrdiff_t i = 0; i < columns; i++) to[i] = (double)from[i] - origin[i];
    for (ptrdiff_t i = columns; i < stride; i++) to[i] = 0;
  }
}

KERNEL void clustering_add_products(
    const double *restrict centred, ptrdiff_t n, ptrdiff_t stride, double *restrict sums, double *restrict products) {
  for (ptrdiff_t j = 0; j < stride; j += LANES) {
    Doubles sum = LOAD(sums + j);
    for (ptrdiff_t row = 0; row < n; row++) sum += LOAD(centred + row * stride + j);
    STORE(sums + j, sum);
  }
  // Blocks of 6 x 8 products, which stay in registers over all rows.
  for (ptrdiff_t i = 0; i < stride; i += ROWS) {
    for (ptrdiff_t j = i / LANES * LANES; j < stride; j += LANES) {
      double *target = products + i * stride + j;
      Doubles block[ROWS];
      for (int k = 0; k < ROWS; k++) block[k] = LOAD(target + k * stride);
      for (ptrdiff_t row = 0; row < n; row++) {
        const double *values = centred + row * stride;
        Doubles across = LOAD(values + j);
        for (int k = 0; k < ROWS; k++) block[k] += values[i + k] * across;
      }
      for (int k = 0; k < ROWS; k++) STORE(target + k * stride, block[k]);
    }
  }
}

static inline __attribute__((always_inline)) double sum_of(const Doubles *lanes) {
  double sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += (*lanes)[lane];
  return sum;
}

KERNEL void clustering_project(
    const double *restrict centred, ptrdiff_t n, ptrdiff_t stride, const double *restrict directions, ptrdiff_t count,
    double *restrict along, double *restrict squares) {
  for (ptrdiff_t row = 0; row < n; row++) {
    const double *values = centred + row * stride;
    Doubles square = 0;
    for (ptrdiff_t j = 0; j < stride; j += LANES) square += LOAD(values + j) * LOAD(values + j);
    squares[row] = sum_of(&square);
    for (ptrdiff_t k = 0; k < count; k++) {
      Doubles sum = 0;
      for (ptrdiff_t j = 0; j < stride; j += LANES) sum += LOAD(values + j) * LOAD(directions + k * stride + j);
      along[row * count + k] = sum_of(&sum);
    }
  }
}
