// snprintf is C-variadic, which Swift cannot call.
#ifndef LODESTONE_CFORMAT_H
#define LODESTONE_CFORMAT_H

#include <stdio.h>

// A number in a format of one number; returns the length of its text.
static inline int lodestone_format(char *text, size_t size, const char *format, double number) {
  return snprintf(text, size, format, number);
}

#endif
