// The inner loops over the pixels of frames: row kernels on floats, no state, no allocation.
//
// Rows that are read and rows that are written never overlap. "Padded" rows have `radius` more values at either end.

#ifndef SPECTRA_KERNELS_H
#define SPECTRA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// out[i] = ln(level / net) + offset; not a number where net is not above 0 or level not above `least`.
void spectra_optical_density(const float *net, const float *level, float least, float offset, float *out, size_t n);

/// out[i] = the median of the 3 x 3 values about i; the rows are padded by 1.
void spectra_median_of_9(const float *above, const float *row, const float *below, float *out, size_t n);

/// How many of |values - median| are above the limit.
size_t spectra_count_outliers(const float *values, const float *median, float limit, size_t n);

/// How many of the values are at or above the limit.
size_t spectra_count_at_least(const float *values, float limit, size_t n);

/// How many of the values are finite.
size_t spectra_count_finite(const float *values, size_t n);

/// out[i] = the median (of the upper two, for an even count) of `count` values that lie `stride` apart, from values + i.
/// `count` is at most 64.
void spectra_median_of_frames(const float *values, size_t stride, size_t count, float *out, size_t n);

/// out[i] = kernel[0] row[i] + sum of kernel[k] (row[i - k] + row[i + k]), the row being padded.
void spectra_convolve(const float *padded, const float *kernel, size_t radius, float *out, size_t n);

/// The same across rows: rows[radius] is the row itself.
void spectra_convolve_rows(const float *const *rows, const float *kernel, size_t radius, float *out, size_t n);

/// out[i] = the sum of four rows with four weights.
void spectra_combine_four(
    const float *a, const float *b, const float *c, const float *d, const float *weights, float *out, size_t n);

/// out[i] = weight * row[i].
void spectra_scale(const float *row, float weight, float *out, size_t n);

/// sums[i] += weight * row[i].
void spectra_add(const float *row, float weight, float *sums, size_t n);

/// The same with 1 for the weight, the values brought to between low and high.
void spectra_add_clipped(const float *row, float low, float high, float *sums, size_t n);

/// out[i] = scale * the sum of `factor` values from row + i factor on.
void spectra_bin(const float *row, size_t factor, float scale, float *out, size_t n);

/// sums[i] += weight * row[i] in double.
void spectra_add_double(const float *row, double weight, double *sums, size_t n);

/// sums[i] += row[i]^2, in double.
void spectra_add_squares(const float *row, double *sums, size_t n);

/// out[i] = the sum of weights[k] row[i + k], k from 0 to 3.
void spectra_interpolate(const float *row, const float *weights, float *out, size_t n);

/// out[i] = the sum of weights[k][first + i] row[i + k], k from 0 to 3.
void spectra_interpolate_run(
    const float *row, const float *const *weights, size_t first, float *out, size_t n);

/// out[i] = the sum of weights[k][i] row[first[i] + k], k from 0 to 3.
void spectra_interpolate_each(const float *row, const int32_t *first, const float *const *weights, float *out, size_t n);

/// The length of the gradient by central differences; the first and the last of the row are 0.
void spectra_steepness(const float *above, const float *row, const float *below, float *out, size_t n);

/// The backward half of a recursive filter: row[i] = pole (next[i] - row[i]).
void spectra_filter_back(float *row, const float *next, float pole, size_t n);

/// The forward half: row[i] = 6 row[i] + pole previous[i].
void spectra_filter_forth(float *row, const float *previous, float pole, size_t n);

/// Adds a row's products to the sums of the normal equations: gy gy, gy gx, gy m, gy 1, gx gx, gx m, gx 1, m m, m 1, 1 1,
/// gy t, gx t, m t, 1 t, t t. The row t is that of a template, whose gradient (gy, gx) by central differences is made of it,
/// the rows about it and a value more at either end; m is the moved image.
void spectra_normal_sums(
    const float *above, const float *row, const float *below, const float *moved, size_t n, double sums[15]);

/// The same with s = y gy + (first_x + i step_x) gx: s gy, s gx, s m, s 1, s s, s t.
void spectra_scale_sums(
    const float *above, const float *row, const float *below, const float *moved, float y, float first_x, float step_x,
    size_t n, double sums[6]);

/// The sum of products of n values: each product in float, their sum in double.
double spectra_sum_of_products(const float *a, const float *b, size_t n);

/// sums[0] = the sum of values[places[i]] - origin, sums[1] that of their squares: each difference in float, the sums in
/// double.
void spectra_sums_of_differences(
    const float *values, const int32_t *places, size_t n, float origin, double sums[2]);

/// Gives memory that was freed, and is kept for frames to come, back to the system. Swift's C library leaves it out.
void spectra_return_freed_memory(void);

#endif
