#include "spectra_kernels.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void spectra_return_freed_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
