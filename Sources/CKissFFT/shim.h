// KISS FFT: complex transforms in single precision.
#ifndef LODESTONE_CKISSFFT_H
#define LODESTONE_CKISSFFT_H

#include <kissfft/kiss_fft.h>

#endif
