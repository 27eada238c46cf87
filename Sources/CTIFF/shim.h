// libtiff. TIFFGetField and TIFFSetField are C-variadic, which Swift cannot call:
// one wrapper for each type of value that Lodestone reads or writes.
#ifndef LODESTONE_CTIFF_H
#define LODESTONE_CTIFF_H

#include <stdint.h>
#include <tiffio.h>

static inline int lodestone_tiff_get_u16(TIFF *tiff, uint32_t tag, uint16_t *value) {
  return TIFFGetFieldDefaulted(tiff, tag, value);
}

static inline int lodestone_tiff_get_u32(TIFF *tiff, uint32_t tag, uint32_t *value) {
  return TIFFGetField(tiff, tag, value);
}

static inline int lodestone_tiff_get_float(TIFF *tiff, uint32_t tag, float *value) {
  return TIFFGetField(tiff, tag, value);
}

static inline int lodestone_tiff_get_string(TIFF *tiff, uint32_t tag, const char **value) {
  return TIFFGetField(tiff, tag, value);
}

static inline int lodestone_tiff_get_u64(TIFF *tiff, uint32_t tag, uint64_t *value) {
  return TIFFGetField(tiff, tag, value);
}

// A tag that libtiff does not know by name is read with its count.
static inline int lodestone_tiff_get_array(
    TIFF *tiff, uint32_t tag, uint32_t *count, const void **values) {
  return TIFFGetField(tiff, tag, count, values);
}

static inline int lodestone_tiff_set_u16(TIFF *tiff, uint32_t tag, uint16_t value) {
  return TIFFSetField(tiff, tag, (int)value);
}

static inline int lodestone_tiff_set_u32(TIFF *tiff, uint32_t tag, uint32_t value) {
  return TIFFSetField(tiff, tag, value);
}

// A tag of libtiff's own, which is not in the file: TIFFTAG_ZIPQUALITY.
static inline int lodestone_tiff_set_int(TIFF *tiff, uint32_t tag, int value) {
  return TIFFSetField(tiff, tag, value);
}

static inline int lodestone_tiff_set_float(TIFF *tiff, uint32_t tag, float value) {
  return TIFFSetField(tiff, tag, (double)value);
}

static inline int lodestone_tiff_set_string(TIFF *tiff, uint32_t tag, const char *value) {
  return TIFFSetField(tiff, tag, value);
}

#endif
