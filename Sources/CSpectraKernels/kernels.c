#include "spectra_kernels.h"

#include <math.h>
#include <string.h>

// Each kernel is compiled for three instruction sets, and the processor's own is chosen when the program is loaded.
#if defined(__x86_64__) && defined(__linux__)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL
#endif

#define INLINE static inline __attribute__((always_inline))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

// Sums are taken in so many lanes on every processor: their order depends on the data's shape alone.
enum { LANES = 16 };
typedef float Floats __attribute__((ext_vector_type(LANES)));

// The same at any place.
typedef float LooseFloats __attribute__((ext_vector_type(LANES), aligned(4)));

#define LOAD(place) (*(const LooseFloats *)(place))
#define STORE(place, values) (*(LooseFloats *)(place) = (values))

// The first `count` values, zeros behind them.
#define LOAD_PART(vector, place, count) \
  Floats vector = 0;                    \
  memcpy(&vector, place, (count) * sizeof(float));

INLINE double sum_of(const Floats *values) {
  double sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += (double)(*values)[lane];
  return sum;
}

// ln(x) of a positive, normal x, within two units in the last place (Cephes, Moshier 1989: x = m 2^e, m about 1, and a
// polynomial of m - 1).
INLINE float logarithm(float x) {
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  // From sqrt(1/2) to sqrt(2).
  int32_t exponent = (bits - 0x3f3504f3) >> 23;
  int32_t mantissa = bits - (int32_t)((uint32_t)exponent << 23);
  float m;
  memcpy(&m, &mantissa, sizeof m);
  float r = m - 1.0f;
  float e = (float)exponent;
  float square = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  float y = p * r * square;
  y += e * -2.12194440e-4f;
  y -= 0.5f * square;
  return r + y + e * 0.693359375f;
}

KERNEL void spectra_optical_density(
    const float *restrict net, const float *restrict level, float least, float offset, float *restrict out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float ratio = level[i] / net[i];
    // Comparisons with what is not a number are false: it is not measured. A ratio that Float cannot hold is not either.
    int is_measured = (net[i] > 0) & (level[i] > least) & (ratio >= 1.17549435e-38f) & (ratio <= 3.4e38f);
    float density = logarithm(is_measured ? ratio : 1.0f) + offset;
    out[i] = is_measured ? density : NAN;
  }
}

KERNEL void spectra_median_of_9(
    const float *restrict above, const float *restrict row, const float *restrict below, float *restrict out, size_t n) {
  // Each column of three is sorted once, for the three pixels that it serves: the median of nine is that of the largest of
  // the three smallest, the median of the medians, and the smallest of the largest (Paeth, Graphics Gems, 1990).
  enum { PIECE = 256 };
  float low[PIECE + 2], middle[PIECE + 2], high[PIECE + 2];
  for (size_t start = 0; start < n; start += PIECE) {
    size_t count = MIN((size_t)PIECE, n - start);
    for (size_t i = 0; i < count + 2; i++) {
      float a = above[start + i], b = row[start + i], c = below[start + i];
      float small = MIN(a, b), large = MAX(a, b);
      low[i] = MIN(small, c);
      high[i] = MAX(large, c);
      middle[i] = MAX(small, MIN(large, c));
    }
    for (size_t i = 0; i < count; i++) {
      float a = MAX(MAX(low[i], low[i + 1]), low[i + 2]);
      float c = MIN(MIN(high[i], high[i + 1]), high[i + 2]);
      float small = MIN(middle[i], middle[i + 1]), large = MAX(middle[i], middle[i + 1]);
      float b = MAX(small, MIN(large, middle[i + 2]));
      float less = MIN(a, b), more = MAX(a, b);
      out[start + i] = MAX(less, MIN(more, c));
    }
  }
}

KERNEL size_t spectra_count_outliers(
    const float *restrict values, const float *restrict median, float limit, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += fabsf(values[i] - median[i]) > limit;
  return count;
}

KERNEL size_t spectra_count_at_least(const float *restrict values, float limit, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += values[i] >= limit;
  return count;
}

KERNEL size_t spectra_count_finite(const float *restrict values, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += fabsf(values[i]) <= 3.40282347e38f;
  return count;
}

KERNEL void spectra_median_of_frames(
    const float *restrict values, size_t stride, size_t count, float *restrict out, size_t n) {
  enum { PIECE = 32, MOST = 64 };
  float sorted[MOST][PIECE];
  for (size_t start = 0; start < n; start += PIECE) {
    size_t width = MIN((size_t)PIECE, n - start);
    for (size_t k = 0; k < count; k++) {
      memset(sorted[k], 0, sizeof sorted[k]);
      memcpy(sorted[k], values + k * stride + start, width * sizeof *values);
    }
    // Batcher's odd-even merge sort for any count (Knuth, The Art of Computer Programming 3, 5.2.2 M), of all pixels at
    // once.
    size_t top = 1;
    while (top < count) top *= 2;
    for (size_t p = top / 2; p > 0; p /= 2) {
      size_t r = 0, d = p;
      for (size_t q = top / 2;; q /= 2) {
        for (size_t k = 0; k + d < count; k++) {
          if ((k & p) != r) continue;
          for (int i = 0; i < PIECE; i++) {
            float a = sorted[k][i], b = sorted[k + d][i];
            sorted[k][i] = MIN(a, b);
            sorted[k + d][i] = MAX(a, b);
          }
        }
        if (q == p) break;
        d = q - p;
        r = p;
      }
    }
    memcpy(out + start, sorted[count / 2], width * sizeof *out);
  }
}

KERNEL void spectra_convolve(
    const float *restrict padded, const float *restrict kernel, size_t radius, float *restrict out, size_t n) {
  const float *row = padded + radius;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    Floats a = kernel[0] * LOAD(row + i), b = kernel[0] * LOAD(row + i + LANES);
    for (size_t k = 1; k <= radius; k++) {
      a += kernel[k] * (LOAD(row + i - k) + LOAD(row + i + k));
      b += kernel[k] * (LOAD(row + i + LANES - k) + LOAD(row + i + LANES + k));
    }
    STORE(out + i, a);
    STORE(out + i + LANES, b);
  }
  for (; i < n; i++) {
    float sum = kernel[0] * row[i];
    for (size_t k = 1; k <= radius; k++) sum += kernel[k] * (row[i - k] + row[i + k]);
    out[i] = sum;
  }
}

KERNEL void spectra_convolve_rows(
    const float *const *restrict rows, const float *restrict kernel, size_t radius, float *restrict out, size_t n) {
  const float *row = rows[radius];
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    Floats a = kernel[0] * LOAD(row + i), b = kernel[0] * LOAD(row + i + LANES);
    for (size_t k = 1; k <= radius; k++) {
      const float *above = rows[radius - k] + i, *below = rows[radius + k] + i;
      a += kernel[k] * (LOAD(above) + LOAD(below));
      b += kernel[k] * (LOAD(above + LANES) + LOAD(below + LANES));
    }
    STORE(out + i, a);
    STORE(out + i + LANES, b);
  }
  for (; i < n; i++) {
    float sum = kernel[0] * row[i];
    for (size_t k = 1; k <= radius; k++) sum += kernel[k] * (rows[radius - k][i] + rows[radius + k][i]);
    out[i] = sum;
  }
}

KERNEL void spectra_combine_four(
    const float *restrict a, const float *restrict b, const float *restrict c, const float *restrict d,
    const float *restrict weights, float *restrict out, size_t n) {
  float w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3];
  for (size_t i = 0; i < n; i++) out[i] = (w0 * a[i] + w1 * b[i]) + (w2 * c[i] + w3 * d[i]);
}

KERNEL void spectra_scale(const float *restrict row, float weight, float *restrict out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = weight * row[i];
}

KERNEL void spectra_add(const float *restrict row, float weight, float *restrict sums, size_t n) {
  for (size_t i = 0; i < n; i++) sums[i] += weight * row[i];
}

KERNEL void spectra_add_clipped(const float *restrict row, float low, float high, float *restrict sums, size_t n) {
  for (size_t i = 0; i < n; i++) sums[i] += MIN(MAX(row[i], low), high);
}

KERNEL void spectra_bin(const float *restrict row, size_t factor, float scale, float *restrict out, size_t n) {
  if (factor == 2) {
    for (size_t i = 0; i < n; i++) out[i] = (row[2 * i] + row[2 * i + 1]) * scale;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    float sum = 0;
    for (size_t k = 0; k < factor; k++) sum += row[i * factor + k];
    out[i] = sum * scale;
  }
}

KERNEL void spectra_add_double(const float *restrict row, double weight, double *restrict sums, size_t n) {
  for (size_t i = 0; i < n; i++) sums[i] += weight * (double)row[i];
}

KERNEL void spectra_add_squares(const float *restrict row, double *restrict sums, size_t n) {
  for (size_t i = 0; i < n; i++) sums[i] += (double)row[i] * (double)row[i];
}

KERNEL void spectra_interpolate(
    const float *restrict row, const float *restrict weights, float *restrict out, size_t n) {
  float w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3];
  for (size_t i = 0; i < n; i++) {
    out[i] = (w0 * row[i] + w1 * row[i + 1]) + (w2 * row[i + 2] + w3 * row[i + 3]);
  }
}

KERNEL void spectra_interpolate_run(
    const float *restrict row, const float *const *restrict weights, size_t first, float *restrict out, size_t n) {
  const float *w0 = weights[0] + first, *w1 = weights[1] + first, *w2 = weights[2] + first, *w3 = weights[3] + first;
  for (size_t i = 0; i < n; i++) {
    out[i] = (w0[i] * row[i] + w1[i] * row[i + 1]) + (w2[i] * row[i + 2] + w3[i] * row[i + 3]);
  }
}

KERNEL void spectra_interpolate_each(
    const float *restrict row, const int32_t *restrict first, const float *const *restrict weights, float *restrict out,
    size_t n) {
  const float *w0 = weights[0], *w1 = weights[1], *w2 = weights[2], *w3 = weights[3];
  for (size_t i = 0; i < n; i++) {
    const float *place = row + first[i];
    out[i] = (w0[i] * place[0] + w1[i] * place[1]) + (w2[i] * place[2] + w3[i] * place[3]);
  }
}

KERNEL void spectra_steepness(
    const float *restrict above, const float *restrict row, const float *restrict below, float *restrict out, size_t n) {
  out[0] = out[n - 1] = 0;
  for (size_t i = 1; i + 1 < n; i++) {
    float down = 0.5f * (below[i] - above[i]), across = 0.5f * (row[i + 1] - row[i - 1]);
    out[i] = sqrtf(down * down + across * across);
  }
}

KERNEL void spectra_filter_forth(float *restrict row, const float *restrict previous, float pole, size_t n) {
  for (size_t i = 0; i < n; i++) row[i] = 6 * row[i] + pole * previous[i];
}

KERNEL void spectra_filter_back(float *restrict row, const float *restrict next, float pole, size_t n) {
  for (size_t i = 0; i < n; i++) row[i] = pole * (next[i] - row[i]);
}

// Runs `body` on a template's gradient (a down, b across), the moved image (c) and the template (d) in lanes, zeros
// behind the last.
#define FOR_LANES(above, row, below, moved, n, body)                                             \
  do {                                                                                           \
    size_t i = 0;                                                                                \
    for (; i + LANES <= n; i += LANES) {                                                         \
      Floats a = 0.5f * (LOAD(below + i) - LOAD(above + i));                                     \
      Floats b = 0.5f * (LOAD(row + i + 1) - LOAD(row + i - 1));                                 \
      Floats c = LOAD(moved + i), d = LOAD(row + i);                                             \
      body                                                                                       \
    }                                                                                            \
    if (i < n) {                                                                                 \
      LOAD_PART(before, row + i - 1, n - i)                                                      \
      LOAD_PART(behind, row + i + 1, n - i)                                                      \
      LOAD_PART(over, above + i, n - i)                                                          \
      LOAD_PART(under, below + i, n - i)                                                         \
      LOAD_PART(c, moved + i, n - i)                                                             \
      LOAD_PART(d, row + i, n - i)                                                               \
      Floats a = 0.5f * (under - over), b = 0.5f * (behind - before);                            \
      body                                                                                       \
    }                                                                                            \
  } while (0)

KERNEL void spectra_normal_sums(
    const float *restrict above, const float *restrict row, const float *restrict below, const float *restrict moved,
    size_t n, double sums[restrict 15]) {
  Floats yy = 0, yx = 0, ym = 0, y1 = 0, xx = 0, xm = 0, x1 = 0, mm = 0, m1 = 0, yt = 0, xt = 0, mt = 0, t1 = 0, tt = 0;
  FOR_LANES(above, row, below, moved, n, {
    yy += a * a;
    yx += a * b;
    ym += a * c;
    y1 += a;
    xx += b * b;
    xm += b * c;
    x1 += b;
    mm += c * c;
    m1 += c;
    yt += a * d;
    xt += b * d;
    mt += c * d;
    t1 += d;
    tt += d * d;
  });
  const Floats lanes[15] = {yy, yx, ym, y1, xx, xm, x1, mm, m1, 0, yt, xt, mt, t1, tt};
  for (int k = 0; k < 15; k++) sums[k] += sum_of(&lanes[k]);
  sums[9] += (double)n;
}

KERNEL void spectra_scale_sums(
    const float *restrict above, const float *restrict row, const float *restrict below, const float *restrict moved,
    float y, float first_x, float step_x, size_t n, double sums[restrict 6]) {
  Floats sy = 0, sx = 0, sm = 0, s1 = 0, ss = 0, st = 0;
  Floats x;
  for (int lane = 0; lane < LANES; lane++) x[lane] = first_x + (float)lane * step_x;
  FOR_LANES(above, row, below, moved, n, {
    Floats s = y * a + x * b;
    sy += s * a;
    sx += s * b;
    sm += s * c;
    s1 += s;
    ss += s * s;
    st += s * d;
    x += LANES * step_x;
  });
  const Floats lanes[6] = {sy, sx, sm, s1, ss, st};
  for (int k = 0; k < 6; k++) sums[k] += sum_of(&lanes[k]);
}

KERNEL double spectra_sum_of_products(const float *restrict a, const float *restrict b, size_t n) {
  typedef double Doubles __attribute__((ext_vector_type(LANES)));
  Doubles sums = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) sums += __builtin_convertvector(LOAD(a + i) * LOAD(b + i), Doubles);
  double sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
  for (; i < n; i++) sum += (double)(a[i] * b[i]);
  return sum;
}

KERNEL void spectra_sums_of_differences(
    const float *restrict values, const int32_t *restrict places, size_t n, float origin, double sums[restrict 2]) {
  typedef double Doubles __attribute__((ext_vector_type(LANES)));
  Doubles sum = 0, squares = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    Floats found;
    for (int lane = 0; lane < LANES; lane++) found[lane] = values[places[i + lane]];
    Doubles difference = __builtin_convertvector(found - origin, Doubles);
    sum += difference;
    squares += difference * difference;
  }
  sums[0] = sums[1] = 0;
  for (int lane = 0; lane < LANES; lane++) {
    sums[0] += sum[lane];
    sums[1] += squares[lane];
  }
  for (; i < n; i++) {
    double difference = (double)(values[places[i]] - origin);
    sums[0] += difference;
    sums[1] += difference * difference;
  }
}
