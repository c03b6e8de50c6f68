/* Normalisation within rows: x is [rows, places, groups, width]; see Normalisation in Java for the formulas. */
#include "normalisation.h"
#include "bellows_lanes.h"
#include "bellows_vector.h"
#include <string.h>

typedef struct {
  float mean, rsd;
} statistics;

/* Of the values of one (row, group): `places` lines of `width` values, `stride` apart. */
static statistics statistics_of(int64_t places, int64_t width, int64_t stride, float epsilon, const float *x) {
  const double count = (double)(places * width);
  double sum = 0, squares = 0;
  for (int64_t p = 0; p < places; p++) {
    const float *line = x + p * stride;
    LANE_SUM(sum, width, line[i])
  }
  const float mean = (float)(sum / count);
  for (int64_t p = 0; p < places; p++) {
    const float *line = x + p * stride;
    LANE_SUM(squares, width, (line[i] - mean) * (line[i] - mean))
  }
  return (statistics){mean, (float)(1.0 / sqrt(squares / count + epsilon))};
}

/* Groups of one channel lie side by side: sixteen are taken at once, each in the order in which one would be. */

typedef double wide __attribute__((vector_size(128)));

typedef struct {
  lanes mean, rsd;
} lane_statistics;

#define WIDE(V) __builtin_convertvector(V, wide)
#define NARROW(V) __builtin_convertvector(V, lanes)

/* x points at the first of n channels; the places are `channels` apart. */
INLINE lane_statistics lane_statistics_of(int64_t places, int64_t channels, int64_t n, float epsilon, const float *x) {
  wide sum = {0}, squares = {0};
  for (int64_t p = 0; p < places; p++) { sum += WIDE(load(x + p * channels, n)); }
  const lanes mean = NARROW(sum / (double)places);
  for (int64_t p = 0; p < places; p++) {
    const lanes d = load(x + p * channels, n) - mean;
    squares += WIDE(d * d);
  }
  wide root = squares / (double)places + (double)epsilon;
  for (int i = 0; i < LANES_16; i++) { root[i] = sqrt(root[i]); }
  lane_statistics s = {mean, NARROW(1.0 / root)};
  return s;
}

static void instance_norm(int64_t rows, int64_t places, int64_t channels, float epsilon, const float *x,
                          const float *scale, const float *shift, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < channels; c += LANES_16) {
      const int64_t n = channels - c < LANES_16 ? channels - c : LANES_16, first = r * places * channels + c;
      const lane_statistics s = lane_statistics_of(places, channels, n, epsilon, x + first);
      const lanes factor = load(scale + c, n), offset = load(shift + c, n);
      for (int64_t p = 0; p < places; p++) {
        const int64_t at = first + p * channels;
        store(y + at, (load(x + at, n) - s.mean) * s.rsd * factor + offset, n);
      }
    }
  }
}

static void instance_norm_grad(int64_t rows, int64_t places, int64_t channels, float epsilon, const float *dy,
                               const float *x, const float *scale, float *dx, float *dscale, float *dshift) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < channels; c += LANES_16) {
      const int64_t n = channels - c < LANES_16 ? channels - c : LANES_16, first = r * places * channels + c;
      const lane_statistics s = lane_statistics_of(places, channels, n, epsilon, x + first);
      const lanes zero = {0}, factor = scale ? load(scale + c, n) : zero;
      lanes to_scale = dscale ? load(dscale + c, n) : zero, to_shift = dshift ? load(dshift + c, n) : zero;
      wide sum = {0}, dot = {0};
      for (int64_t p = 0; p < places; p++) {
        const int64_t at = first + p * channels;
        const lanes slope = load(dy + at, n), unit = (load(x + at, n) - s.mean) * s.rsd;
        sum += WIDE(slope * factor);
        dot += WIDE(slope * factor * unit);
        to_scale = to_scale + slope * unit;
        to_shift = to_shift + slope;
      }
      if (dscale) { store(dscale + c, to_scale, n); }
      if (dshift) { store(dshift + c, to_shift, n); }
      if (!dx) { continue; }
      const lanes mean_d = NARROW(sum / (double)places), mean_dx = NARROW(dot / (double)places);
      for (int64_t p = 0; p < places; p++) {
        const int64_t at = first + p * channels;
        const lanes unit = (load(x + at, n) - s.mean) * s.rsd;
        store(dx + at, (load(dy + at, n) * factor - mean_d - unit * mean_dx) * s.rsd, n);
      }
    }
  }
}

void bl_group_norm(int64_t rows, int64_t places, int64_t groups, int64_t width, float epsilon, const float *x,
                   const float *scale, const float *shift, float *y) {
  const int64_t channels = groups * width;
  if (width == 1) {
    instance_norm(rows, places, channels, epsilon, x, scale, shift, y);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t g = 0; g < groups; g++) {
      const int64_t first = r * places * channels + g * width;
      const statistics s = statistics_of(places, width, channels, epsilon, x + first);
      const float *factor = scale + g * width, *offset = shift + g * width;
      for (int64_t p = 0; p < places; p++) {
        const float *from = x + first + p * channels;
        float *to = y + first + p * channels;
        INDEPENDENT for (int64_t i = 0; i < width; i++) { to[i] = (from[i] - s.mean) * s.rsd * factor[i] + offset[i]; }
      }
    }
  }
}

/* Adds to dscale and dshift where they are wanted. */
static void add_sums(int64_t width, statistics s, const float *restrict dy, const float *restrict x,
                     float *restrict dscale, float *restrict dshift) {
  if (dscale && dshift) {
    for (int64_t i = 0; i < width; i++) {
      dscale[i] = dscale[i] + dy[i] * ((x[i] - s.mean) * s.rsd);
      dshift[i] = dshift[i] + dy[i];
    }
  } else if (dscale) {
    for (int64_t i = 0; i < width; i++) { dscale[i] = dscale[i] + dy[i] * ((x[i] - s.mean) * s.rsd); }
  } else if (dshift) {
    for (int64_t i = 0; i < width; i++) { dshift[i] = dshift[i] + dy[i]; }
  }
}

void bl_group_norm_grad(int64_t rows, int64_t places, int64_t groups, int64_t width, float epsilon, const float *dy,
                        const float *x, const float *scale, float *dx, float *dscale, float *dshift) {
  const int64_t channels = groups * width;
  if (dscale) { memset(dscale, 0, sizeof(float) * channels); }
  if (dshift) { memset(dshift, 0, sizeof(float) * channels); }
  if (width == 1) {
    instance_norm_grad(rows, places, channels, epsilon, dy, x, scale, dx, dscale, dshift);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t g = 0; g < groups; g++) {
      const int64_t first = r * places * channels + g * width;
      const statistics s = statistics_of(places, width, channels, epsilon, x + first);
      const float *factor = scale ? scale + g * width : 0;
      double sum = 0, dot = 0;
      for (int64_t p = 0; p < places; p++) {
        const float *xs = x + first + p * channels, *slope = dy + first + p * channels;
        if (dx) {
          LANE_SUM(sum, width, slope[i] * factor[i])
          LANE_SUM(dot, width, slope[i] * factor[i] * ((xs[i] - s.mean) * s.rsd))
        }
        add_sums(width, s, slope, xs, dscale ? dscale + g * width : 0, dshift ? dshift + g * width : 0);
      }
      if (!dx) { continue; }
      const float mean_d = (float)(sum / (double)(places * width));
      const float mean_dx = (float)(dot / (double)(places * width));
      for (int64_t p = 0; p < places; p++) {
        const float *xs = x + first + p * channels, *slope = dy + first + p * channels;
        float *to = dx + first + p * channels;
        INDEPENDENT for (int64_t i = 0; i < width; i++) {
          to[i] = (slope[i] * factor[i] - mean_d - (xs[i] - s.mean) * s.rsd * mean_dx) * s.rsd;
        }
      }
    }
  }
}
