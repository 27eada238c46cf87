// Compiles kernels.inc once for each instruction set and chooses among them at run time.

#include "clustering_kernels.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef float Floats __attribute__((ext_vector_type(16)));
typedef int32_t Ints __attribute__((ext_vector_type(16)));
typedef float Floats4 __attribute__((ext_vector_type(4)));
typedef int32_t Ints4 __attribute__((ext_vector_type(4)));
typedef float Floats8 __attribute__((ext_vector_type(8)));
typedef int32_t Ints8 __attribute__((ext_vector_type(8)));
typedef uint16_t Shorts64 __attribute__((ext_vector_type(64)));
typedef _Bool Bools64 __attribute__((ext_vector_type(64)));
typedef _Bool Bools __attribute__((ext_vector_type(16)));

// Vectors pass between functions that are all inlined: how they would be passed in registers does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME(name) name##_avx512
#define INSTRUCTION_SET "avx512"
#define HAS_COMPRESS 1
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,popcnt,lzcnt"))), \
    apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#undef NAME
#undef INSTRUCTION_SET
#undef HAS_COMPRESS

#define NAME(name) name##_avx2
#define INSTRUCTION_SET "avx2"
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,bmi,bmi2,popcnt,lzcnt"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#undef NAME
#undef INSTRUCTION_SET
#endif

#define NAME(name) name##_baseline
#define INSTRUCTION_SET "baseline"
#include "kernels.inc"
#undef NAME
#undef INSTRUCTION_SET

const ClusteringKernels *clustering_kernels_at(int number) {
  const ClusteringKernels *found[3];
  int count = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma")) {
    found[count++] = &kernels_avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2")) {
    found[count++] = &kernels_avx2;
  }
#endif
  found[count++] = &kernels_baseline;
  return number >= 0 && number < count ? found[number] : NULL;
}

const ClusteringKernels *clustering_kernels(void) {
  static _Atomic(const ClusteringKernels *) chosen;
  const ClusteringKernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (kernels) return kernels;
  kernels = clustering_kernels_at(0);
  const char *wanted = getenv("LODESTONE_KERNELS");
  for (int number = 0; wanted && clustering_kernels_at(number); number++) {
    if (!strcmp(clustering_kernels_at(number)->name, wanted)) {
      kernels = clustering_kernels_at(number);
    }
  }
  atomic_store_explicit(&chosen, kernels, memory_order_relaxed);
  return kernels;
}
