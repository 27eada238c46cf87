// KISS FFT: real transforms in single precision.
#ifndef LODESTONE_CKISSFFT_H
#define LODESTONE_CKISSFFT_H

#include <kissfft/kiss_fftr.h>

#endif
