// LAPACK's Fortran interface. Debian's liblapack-dev has no C header for it; the last two
// arguments are the hidden lengths of the character arguments in gfortran's convention.
#ifndef LODESTONE_CLAPACK_H
#define LODESTONE_CLAPACK_H

#include <stddef.h>
#include <stdint.h>

void dsyev_(const char *jobz, const char *uplo, const int32_t *n, double *a, const int32_t *lda,
            double *w, double *work, const int32_t *lwork, int32_t *info, size_t jobz_length,
            size_t uplo_length);

/* The version: major, minor, patch. */
void ilaver_(int32_t *major, int32_t *minor, int32_t *patch);

#endif
