/* Normalisation within rows: x is [rows, places, groups, width]; see Normalisation in Java for the formulas. */
#include "normalisation.h"
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

void bl_group_norm(int64_t rows, int64_t places, int64_t groups, int64_t width, float epsilon, const float *x,
                   const float *scale, const float *shift, float *y) {
  const int64_t channels = groups * width;
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
