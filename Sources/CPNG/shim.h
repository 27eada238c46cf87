// libpng's simplified interface. Its formats are computed macros, which Swift does not see.
#ifndef LODESTONE_CPNG_H
#define LODESTONE_CPNG_H

#include <png.h>

static const png_uint_32 lodestone_png_grey = PNG_FORMAT_GRAY;
static const png_uint_32 lodestone_png_rgb = PNG_FORMAT_RGB;
static const png_uint_32 lodestone_png_rgb_palette = PNG_FORMAT_RGB_COLORMAP;
static const png_uint_32 lodestone_png_rgba_palette = PNG_FORMAT_RGBA_COLORMAP;
static const png_uint_32 lodestone_png_version = PNG_IMAGE_VERSION;

#endif
