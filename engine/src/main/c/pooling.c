/* Pooling, unpooling and resampling of channels-last images. */
#include "pooling.h"
#include "bellows_lanes.h"
#include <string.h>

/* Flat positions of the window of output place (od, oh, ow) that lie inside the image; returns how many. */
INLINE int64_t window_of(const pool_shape *s, int64_t od, int64_t oh, int64_t ow, int64_t *position) {
  int64_t n = 0;
  for (int64_t kd = 0; kd < s->kernel[0]; kd++) {
    int64_t d = od * s->stride[0] + kd * s->dilation[0] - s->low[0];
    if (d < 0 || d >= s->in[0]) { continue; }
    for (int64_t kh = 0; kh < s->kernel[1]; kh++) {
      int64_t h = oh * s->stride[1] + kh * s->dilation[1] - s->low[1];
      if (h < 0 || h >= s->in[1]) { continue; }
      for (int64_t kw = 0; kw < s->kernel[2]; kw++) {
        int64_t w = ow * s->stride[2] + kw * s->dilation[2] - s->low[2];
        if (w >= 0 && w < s->in[2]) { position[n++] = (d * s->in[1] + h) * s->in[2] + w; }
      }
    }
  }
  return n;
}

#define PLACES                                               \
  for (int64_t od = 0, p = 0; od < s->out[0]; od++)          \
    for (int64_t oh = 0; oh < s->out[1]; oh++)               \
      for (int64_t ow = 0; ow < s->out[2]; ow++, p++)

static int64_t positions_of(const pool_shape *s) { return s->in[0] * s->in[1] * s->in[2]; }
static int64_t places_of(const pool_shape *s) { return s->out[0] * s->out[1] * s->out[2]; }
static int64_t kernel_of(const pool_shape *s) { return s->kernel[0] * s->kernel[1] * s->kernel[2]; }

/*
 * Channels are taken sixteen at a time. Where there are fewer, the lanes behind them belong to the next pixel: they are
 * computed for nothing and written again, right, when it comes; only the last pixels are handled in part.
 */
static void max_pixel(const float *image, const float *end, const int64_t *position, int64_t count, int64_t channels,
                      int64_t c0, int relu, float *y, int32_t *index, int64_t room) {
  const int64_t rest = channels - c0 < LANES_16 ? channels - c0 : LANES_16;
  lanes best = {0};
  mask at = {0};
  at -= 1;
  for (int64_t k = 0; k < count; k++) {
    const float *from = image + position[k] * channels + c0;
    const lanes v = load(from, end - from >= LANES_16 ? LANES_16 : rest);
    const mask take = (at < 0) | (mask)(v > best) | (mask)(v != v);
    const mask here = (mask){0} + (int32_t)position[k];
    best = (lanes)(((mask)v & take) | ((mask)best & ~take));
    at = (here & take) | (at & ~take);
  }
  const int64_t n = room >= LANES_16 ? LANES_16 : rest;
  if (y) { store(y, relu ? where(~(mask)(best <= 0.0f), best) : best, n); }
  if (index) { store((float *)index, (lanes)at, n); }
}

void bl_max_pool(const pool_shape *s, int relu, const float *x, float *y, int32_t *index) {
  const int64_t channels = s->channels, places = places_of(s), positions = positions_of(s);
  const float *end = x + s->rows * positions * channels;
  const int64_t size = s->rows * places * channels;
  int64_t position[kernel_of(s)];
  for (int64_t r = 0; r < s->rows; r++) {
    PLACES {
      const int64_t count = window_of(s, od, oh, ow, position);
      for (int64_t c0 = 0; c0 < channels; c0 += LANES_16) {
        const int64_t to = (r * places + p) * channels + c0;
        max_pixel(x + r * positions * channels, end, position, count, channels, c0, relu, y ? y + to : 0,
                  index ? index + to : 0, size - to);
      }
    }
  }
}

/* The gradient and the place of the maximum of up to sixteen channels of an output pixel. */
typedef struct {
  lanes d;
  mask at;
} pixel_grad;

INLINE pixel_grad grad_of(const float *dy, const int32_t *index, const float *positive, int64_t from, int64_t n) {
  pixel_grad g = {load(dy + from, n), (mask)load((const float *)(index + from), n)};
  if (positive) { g.d = where((mask)(load(positive + from, n) > 0.0f), g.d); }
  return g;
}

/* Only for windows that tile. The end of a line is written in part: behind it stands what is written already. */
INLINE void max_pool_grad(const pool_shape *s, const int64_t channels, const float *dy, const int32_t *index,
                          const float *positive, float *dx) {
  const int64_t places = places_of(s), size = s->rows * places * channels;
  const int64_t line = s->in[2] * channels;
  for (int64_t r = 0; r < s->rows * s->in[0]; r++) {
    const int64_t od = r % s->in[0] / s->kernel[0], plane = r / s->in[0] * places + od * s->out[1] * s->out[2];
    for (int64_t oh = 0; oh < s->out[1]; oh++) {
      for (int64_t ow = 0; ow < s->out[2]; ow++) {
        for (int64_t c0 = 0; c0 < channels; c0 += LANES_16) {
          const int64_t from = (plane + oh * s->out[2] + ow) * channels + c0;
          const int64_t rest = channels - c0 < LANES_16 ? channels - c0 : LANES_16;
          const pixel_grad g = grad_of(dy, index, positive, from, size - from >= LANES_16 ? LANES_16 : rest);
          for (int64_t kh = 0; kh < s->kernel[1]; kh++) {
            const int64_t h = oh * s->kernel[1] + kh;
            float *to = dx + (r * s->in[1] + h) * line + ow * s->kernel[2] * channels + c0;
            const int64_t first = (r % s->in[0] * s->in[1] + h) * s->in[2] + ow * s->kernel[2];
            for (int64_t kw = 0; kw < s->kernel[2]; kw++) {
              const mask here = (mask){0} + (int32_t)(first + kw);
              const int part = channels > LANES_16 || line - (ow * s->kernel[2] + kw) * channels < LANES_16;
              store(to + kw * channels, where(g.at == here, g.d), part ? rest : LANES_16);
            }
          }
        }
      }
    }
  }
}

void bl_max_pool_grad(const pool_shape *s, const float *dy, const int32_t *index, const float *positive, float *dx) {
  max_pool_grad(s, s->channels, dy, index, positive, dx);
}

static void average(const pool_shape *s, int padded, const float *x, float *y, const float *dy, float *dx) {
  const int64_t channels = s->channels, places = places_of(s);
  int64_t position[kernel_of(s)];
  PLACES {
    const int64_t count = window_of(s, od, oh, ow, position);
    const float share = 1.0f / (float)(padded ? kernel_of(s) : count);
    for (int64_t r = 0; r < s->rows; r++) {
      int64_t image = r * positions_of(s) * channels, to = (r * places + p) * channels;
      if (y) {
        for (int64_t c = 0; c < channels; c++) { y[to + c] = 0.0f; }
      }
      for (int64_t k = 0; k < count; k++) {
        int64_t at = image + position[k] * channels;
        if (y) {
          for (int64_t c = 0; c < channels; c++) { y[to + c] += x[at + c]; }
        } else {
          for (int64_t c = 0; c < channels; c++) { dx[at + c] += dy[to + c] * share; }
        }
      }
      if (y) {
        for (int64_t c = 0; c < channels; c++) { y[to + c] *= share; }
      }
    }
  }
}

void bl_average_pool(const pool_shape *s, int padded, const float *x, float *y) { average(s, padded, x, y, 0, 0); }

void bl_average_pool_grad(const pool_shape *s, int padded, const float *dy, float *dx) {
  memset(dx, 0, (size_t)(s->rows * positions_of(s) * s->channels) * 4);
  average(s, padded, 0, 0, dy, dx);
}

void bl_take(int64_t rows, int64_t positions, int64_t places, int64_t channels, const float *x, const int32_t *index,
             float *y) {
  for (int64_t r = 0; r < rows; r++) {
    const float *image = x + r * positions * channels;
    for (int64_t p = r * places; p < (r + 1) * places; p++) {
      for (int64_t c = 0; c < channels; c++) {
        int64_t at = index[p * channels + c];
        y[p * channels + c] = at < 0 ? 0.0f : image[at * channels + c];
      }
    }
  }
}

void bl_put(int64_t rows, int64_t positions, int64_t places, int64_t channels, const float *dy, const int32_t *index,
            float *dx) {
  memset(dx, 0, (size_t)(rows * positions * channels) * 4);
  for (int64_t r = 0; r < rows; r++) {
    float *image = dx + r * positions * channels;
    for (int64_t p = r * places; p < (r + 1) * places; p++) {
      for (int64_t c = 0; c < channels; c++) {
        int64_t at = index[p * channels + c];
        if (at >= 0) { image[at * channels + c] += dy[p * channels + c]; }
      }
    }
  }
}

#define CORNERS 8

void bl_resize(int64_t rows, int64_t positions, int64_t places, int64_t channels, const int32_t *corner,
               const float *weight, const float *x, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    const float *image = x + r * positions * channels;
    for (int64_t p = 0; p < places; p++) {
      float *to = y + (r * places + p) * channels;
      for (int64_t c = 0; c < channels; c++) { to[c] = 0.0f; }
      for (int64_t k = p * CORNERS; k < (p + 1) * CORNERS; k++) {
        if (weight[k] != 0.0f) {
          const float *from = image + corner[k] * channels;
          const float w = weight[k];
          for (int64_t c = 0; c < channels; c++) { to[c] += w * from[c]; }
        }
      }
    }
  }
}

void bl_resize_grad(int64_t rows, int64_t positions, int64_t places, int64_t channels, const int32_t *corner,
                    const float *weight, const float *dy, float *dx) {
  memset(dx, 0, (size_t)(rows * positions * channels) * 4);
  for (int64_t r = 0; r < rows; r++) {
    float *image = dx + r * positions * channels;
    for (int64_t p = 0; p < places; p++) {
      const float *from = dy + (r * places + p) * channels;
      for (int64_t k = p * CORNERS; k < (p + 1) * CORNERS; k++) {
        if (weight[k] != 0.0f) {
          float *to = image + corner[k] * channels;
          const float w = weight[k];
          for (int64_t c = 0; c < channels; c++) { to[c] += w * from[c]; }
        }
      }
    }
  }
}

void bl_channel_sum(int64_t rows, int64_t channels, int64_t half, const float *x, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    const float *from = x + r * channels;
    float *to = y + r * channels;
    for (int64_t c = 0; c < channels; c++) { to[c] = from[c]; }
    for (int64_t k = 1; k <= half && k < channels; k++) {
      for (int64_t c = k; c < channels; c++) { to[c] += from[c - k]; }
      for (int64_t c = 0; c < channels - k; c++) { to[c] += from[c + k]; }
    }
  }
}
