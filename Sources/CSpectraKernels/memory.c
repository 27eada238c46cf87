// Not a kernel, but what only C reaches: Swift's Glibc leaves out <malloc.h>.

#include "spectra_kernels.h"

// Says whether the C library is glibc.
#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void spectra_return_freed_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
