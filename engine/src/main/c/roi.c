/*
 * RoIAlign and RoI pooling. Places and weights are computed in double precision, as dev.bellows.engine.kernel.RoiShape
 * does, once for all channels of a sample; what is added to a value comes in the order of samples and corners.
 */
#include "roi.h"
#include "bellows_lanes.h"
#include <string.h>

/* The image of a region, or -1 when it is none of the batch. */
static int64_t row_of(const roi_shape *s, const float *region) {
  const float row = region[0];
  if (row != row) { return 0; }
  return row <= -1.0f || row >= (float)s->rows ? -1 : (int64_t)row;
}

INLINE double clipped(double x, double most) {
  x = x < 0.0 ? 0.0 : x;
  return x > most ? most : x;
}

/* y += w x of all channels. */
INLINE void add_pixel(int64_t channels, float w, const float *restrict x, float *restrict y) {
  for (int64_t c = 0; c < channels; c++) { y[c] = y[c] + w * x[c]; }
}

/* The four pixels around a sample: bin takes from them, or gives to them. */
static void sample(const roi_shape *s, double y, double x, int gives, float *image, float *bin) {
  if (y < -1.0 || y > (double)s->height || x < -1.0 || x > (double)s->width) { return; }
  const double py = clipped(y, (double)(s->height - 1)), px = clipped(x, (double)(s->width - 1));
  const int64_t top = py == py ? (int64_t)py : 0, left = px == px ? (int64_t)px : 0;
  for (int corner = 0; corner < 4; corner++) {
    const int64_t down = top + corner / 2, right = left + corner % 2;
    const int64_t at_y = down < s->height ? down : s->height - 1, at_x = right < s->width ? right : s->width - 1;
    const double wy = corner / 2 == 0 ? 1 - (py - (double)top) : py - (double)top;
    const double wx = corner % 2 == 0 ? 1 - (px - (double)left) : px - (double)left;
    const float weight = (float)(wy * wx / (double)(s->samples * s->samples));
    float *pixel = image + (at_y * s->width + at_x) * s->channels;
    if (gives) {
      add_pixel(s->channels, weight, bin, pixel);
    } else {
      add_pixel(s->channels, weight, pixel, bin);
    }
  }
}

static void align(const roi_shape *s, int gives, float *images, const float *regions, float *bins) {
  const double shift = s->half_pixel ? 0.5 : 0.0, least = s->half_pixel ? 0.0 : 1.0;
  const int64_t per_region = s->bins_high * s->bins_wide * s->channels;
  for (int64_t r = 0; r < s->regions; r++) {
    const float *region = regions + 5 * r;
    const int64_t row = row_of(s, region);
    if (row < 0) { continue; }
    const double x1 = region[1], y1 = region[2], x2 = region[3], y2 = region[4];
    const double wide = (x2 - x1) * s->scale, high = (y2 - y1) * s->scale;
    const double width = (wide < least ? least : wide) / (double)s->bins_wide;
    const double height = (high < least ? least : high) / (double)s->bins_high;
    float *image = images + row * s->height * s->width * s->channels;
    for (int64_t bin = 0; bin < s->bins_high * s->bins_wide; bin++) {
      for (int64_t i = 0; i < s->samples * s->samples; i++) {
        const double down = ((double)(i / s->samples) + 0.5) / (double)s->samples + (double)(bin / s->bins_wide);
        const double right = ((double)(i % s->samples) + 0.5) / (double)s->samples + (double)(bin % s->bins_wide);
        sample(s, y1 * s->scale - shift + down * height, x1 * s->scale - shift + right * width, gives, image,
               bins + r * per_region + bin * s->channels);
      }
    }
  }
}

void bl_roi_align(const roi_shape *s, const float *x, const float *regions, float *y) {
  memset(y, 0, sizeof(float) * (size_t)(s->regions * s->bins_high * s->bins_wide * s->channels));
  align(s, 0, (float *)x, regions, y);
}

void bl_roi_align_grad(const roi_shape *s, const float *dy, const float *regions, float *dx) {
  memset(dx, 0, sizeof(float) * (size_t)(s->rows * s->height * s->width * s->channels));
  align(s, 1, dx, regions, (float *)dy);
}

/* To the nearest whole number, halves up; far beyond any image is cut. */
static int64_t rounded(double x) {
  const double far = 1e12;
  x = x != x ? 0.0 : x;
  x = x > far ? far : x < -far ? -far : x;
  const double whole = floor(x);
  return (int64_t)whole + (x - whole >= 0.5);
}

static int64_t inside(int64_t at, int64_t size) { return at < 0 ? 0 : at > size ? size : at; }

/* The largest pixel of lines [y0, y1) and columns [x0, x1) for each channel: the first where several are. */
static void largest(const roi_shape *s, const float *images, int64_t row, int64_t y0, int64_t y1, int64_t x0, int64_t x1,
                    int32_t *index) {
  for (int64_t c0 = 0; c0 < s->channels; c0 += LANES_16) {
    const int64_t n = s->channels - c0 < LANES_16 ? s->channels - c0 : LANES_16;
    lanes best = {0};
    mask at = {0};
    at -= 1;
    for (int64_t y = y0; y < y1; y++) {
      for (int64_t x = x0; x < x1; x++) {
        const int64_t pixel = (row * s->height + y) * s->width + x;
        const lanes v = load(images + pixel * s->channels + c0, n);
        const mask take = (at < 0) | (mask)(v > best);
        best = (lanes)(((mask)v & take) | ((mask)best & ~take));
        at = (((mask){0} + (int32_t)pixel) & take) | (at & ~take);
      }
    }
    store((float *)(index + c0), (lanes)at, n);
  }
}

void bl_roi_pool_index(const roi_shape *s, const float *x, const float *regions, int32_t *index) {
  const int64_t bins = s->bins_high * s->bins_wide;
  for (int64_t r = 0; r < s->regions; r++) {
    const float *region = regions + 5 * r;
    const int64_t row = row_of(s, region);
    int32_t *to = index + r * bins * s->channels;
    const int64_t left = rounded(region[1] * s->scale), top = rounded(region[2] * s->scale);
    const int64_t wide = rounded(region[3] * s->scale) - left + 1, high = rounded(region[4] * s->scale) - top + 1;
    const double width = (double)(wide < 1 ? 1 : wide) / (double)s->bins_wide;
    const double height = (double)(high < 1 ? 1 : high) / (double)s->bins_high;
    for (int64_t bin = 0; bin < bins; bin++, to += s->channels) {
      const double down = (double)(bin / s->bins_wide), right = (double)(bin % s->bins_wide);
      const int64_t y0 = inside(top + (int64_t)floor(down * height), s->height);
      const int64_t y1 = row < 0 ? y0 : inside(top + (int64_t)ceil((down + 1) * height), s->height);
      const int64_t x0 = inside(left + (int64_t)floor(right * width), s->width);
      const int64_t x1 = inside(left + (int64_t)ceil((right + 1) * width), s->width);
      largest(s, x, row, y0, y1, x0, x1, to);
    }
  }
}
