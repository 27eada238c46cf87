// The inner loop of the average over agreeing neighbours.

#include "clustering_kernels.h"

#include "targets.inc"

KERNEL void clustering_average_agreeing(
    const float *restrict estimate, const float *restrict values, const float *restrict variance, ptrdiff_t stride,
    ptrdiff_t plane, int32_t dimensions, int32_t reach, float limit, float *restrict squares, float *restrict weights,
    float *restrict sums, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) weights[i] = 0;
  for (ptrdiff_t i = 0; i < dimensions * n; i++) sums[i] = 0;
  for (int32_t dy = -reach; dy <= reach; dy++) {
    for (int32_t dx = -reach; dx <= reach; dx++) {
      ptrdiff_t offset = dy * stride + dx;
      for (ptrdiff_t i = 0; i < n; i++) squares[i] = 0;
      for (int32_t axis = 0; axis < dimensions; axis++) {
        const float *row = estimate + axis * plane;
        for (ptrdiff_t i = 0; i < n; i++) {
          float difference = row[i + offset] - row[i];
          squares[i] += difference * difference;
        }
      }
      // What is not a number agrees with nothing.
      for (ptrdiff_t i = 0; i < n; i++) {
        squares[i] = squares[i] <= limit * (variance[i] + variance[i + offset]) ? 1.0f : 0.0f;
        weights[i] += squares[i];
      }
      for (int32_t axis = 0; axis < dimensions; axis++) {
        const float *row = values + axis * plane;
        for (ptrdiff_t i = 0; i < n; i++) sums[axis * n + i] += squares[i] != 0 ? row[i + offset] : 0.0f;
      }
    }
  }
}
