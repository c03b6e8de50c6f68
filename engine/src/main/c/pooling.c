/* Pooling, unpooling and resampling of channels-last images. */
#include "pooling.h"
#include "bellows_math.h"
#include <string.h>

#define BLOCK 64

/* Flat positions of the window of output place p that lie inside the image; returns how many. */
static int64_t window_of(const pool_shape *s, int64_t p, int64_t *position) {
  int64_t o[3] = {p / (s->out[1] * s->out[2]), p / s->out[2] % s->out[1], p % s->out[2]};
  int64_t n = 0;
  for (int64_t kd = 0; kd < s->kernel[0]; kd++) {
    int64_t d = o[0] * s->stride[0] + kd * s->dilation[0] - s->low[0];
    if (d < 0 || d >= s->in[0]) { continue; }
    for (int64_t kh = 0; kh < s->kernel[1]; kh++) {
      int64_t h = o[1] * s->stride[1] + kh * s->dilation[1] - s->low[1];
      if (h < 0 || h >= s->in[1]) { continue; }
      for (int64_t kw = 0; kw < s->kernel[2]; kw++) {
        int64_t w = o[2] * s->stride[2] + kw * s->dilation[2] - s->low[2];
        if (w >= 0 && w < s->in[2]) { position[n++] = (d * s->in[1] + h) * s->in[2] + w; }
      }
    }
  }
  return n;
}

static int64_t positions_of(const pool_shape *s) { return s->in[0] * s->in[1] * s->in[2]; }
static int64_t places_of(const pool_shape *s) { return s->out[0] * s->out[1] * s->out[2]; }
static int64_t kernel_of(const pool_shape *s) { return s->kernel[0] * s->kernel[1] * s->kernel[2]; }

static void max_blocks(const pool_shape *s, int relu, const float *x, float *y, int32_t *index) {
  const int64_t channels = s->channels, places = places_of(s);
  int64_t position[kernel_of(s)];
  for (int64_t p = 0; p < places; p++) {
    int64_t count = window_of(s, p, position);
    for (int64_t r = 0; r < s->rows; r++) {
      const float *image = x + r * positions_of(s) * channels;
      int64_t to = (r * places + p) * channels;
      for (int64_t c0 = 0; c0 < channels; c0 += BLOCK) {
        int64_t b = channels - c0 < BLOCK ? channels - c0 : BLOCK;
        float best[BLOCK];
        int32_t at[BLOCK];
        for (int64_t c = 0; c < b; c++) {
          best[c] = -INFINITY;
          at[c] = -1;
        }
        for (int64_t k = 0; k < count; k++) {
          const float *v = image + position[k] * channels + c0;
          const int32_t here = (int32_t)position[k];
          for (int64_t c = 0; c < b; c++) {
            int take = (at[c] < 0) | (v[c] > best[c]) | (v[c] != v[c]);
            best[c] = take ? v[c] : best[c];
            at[c] = take ? here : at[c];
          }
        }
        if (y) {
          for (int64_t c = 0; c < b; c++) { y[to + c0 + c] = relu && best[c] < 0.0f ? 0.0f : best[c]; }
        }
        if (index) { memcpy(index + to + c0, at, (size_t)b * 4); }
      }
    }
  }
}

/*
 * Few channels and windows that tile: whole image lines are reduced over the kernel's height, then the line over its
 * width by looking values up, so that a vector holds several pixels.
 */
static void max_lines(const pool_shape *s, int relu, const float *x, float *y, int32_t *index) {
  const int64_t channels = s->channels, width = s->in[2], line = width * channels, out = s->out[2] * channels;
  const int64_t high = s->kernel[1], wide = s->kernel[2];
  float best[line];
  int32_t row[line], first[out], column[out];
  for (int64_t t = 0; t < out; t++) {
    column[t] = (int32_t)(t / channels * wide);
    first[t] = (int32_t)(column[t] * channels + t % channels);
  }
  for (int64_t r = 0; r < s->rows * s->in[0]; r++) {
    for (int64_t o = 0; o < s->out[1]; o++) {
      const float *from = x + (r * s->in[1] + o * high) * line;
      /* Position of the line in its row: r % depth images of in[1] lines stand before it. */
      const int32_t start = (int32_t)((r % s->in[0] * s->in[1] + o * high) * width);
      for (int64_t i = 0; i < line; i++) {
        best[i] = from[i];
        row[i] = start;
      }
      for (int64_t k = 1; k < high; k++) {
        const float *v = from + k * line;
        const int32_t here = start + (int32_t)(k * width);
        for (int64_t i = 0; i < line; i++) {
          int take = (v[i] > best[i]) | (v[i] != v[i]);
          best[i] = take ? v[i] : best[i];
          row[i] = take ? here : row[i];
        }
      }
      float *to = y ? y + (r * s->out[1] + o) * out : 0;
      int32_t *places = index ? index + (r * s->out[1] + o) * out : 0;
      for (int64_t t = 0; t < out; t++) {
        float m = best[first[t]];
        int32_t at = row[first[t]] + column[t];
        for (int64_t k = 1; k < wide; k++) {
          float v = best[first[t] + k * channels];
          int32_t here = row[first[t] + k * channels] + column[t] + (int32_t)k;
          int take = (v > m) | ((v == m) & (here < at)) | (v != v);
          m = take ? v : m;
          at = take ? here : at;
        }
        if (to) { to[t] = relu && m < 0.0f ? 0.0f : m; }
        if (places) { places[t] = at; }
      }
    }
  }
}

void bl_max_pool(const pool_shape *s, int relu, const float *x, float *y, int32_t *index) {
  if (s->tiles && s->kernel[0] == 1 && s->channels < 16 && s->in[2] * s->channels <= 8192) {
    max_lines(s, relu, x, y, index);
  } else {
    max_blocks(s, relu, x, y, index);
  }
}

/* Few channels: the gradients and places of a line of windows are spread over the line once for all its rows. */
static void grad_lines(const pool_shape *s, const float *dy, const int32_t *index, const float *positive, float *dx) {
  const int64_t channels = s->channels, width = s->in[2], line = width * channels, out = s->out[2] * channels;
  const int64_t high = s->kernel[1], wide = s->kernel[2];
  float value[line], kept[out];
  int32_t place[line], source[line], column[line];
  for (int64_t i = 0; i < line; i++) {
    column[i] = (int32_t)(i / channels);
    source[i] = (int32_t)(column[i] / wide * channels + i % channels);
  }
  for (int64_t r = 0; r < s->rows * s->in[0]; r++) {
    for (int64_t o = 0; o < s->out[1]; o++) {
      const int64_t from = (r * s->out[1] + o) * out;
      const float *up = dy + from;
      if (positive) {
        for (int64_t t = 0; t < out; t++) { kept[t] = positive[from + t] > 0.0f ? dy[from + t] : 0.0f; }
        up = kept;
      }
      for (int64_t i = 0; i < line; i++) {
        value[i] = up[source[i]];
        place[i] = index[from + source[i]];
      }
      for (int64_t k = 0; k < high; k++) {
        const int32_t start = (int32_t)((r % s->in[0] * s->in[1] + o * high + k) * width);
        float *to = dx + (r * s->in[1] + o * high + k) * line;
        for (int64_t i = 0; i < line; i++) { to[i] = place[i] == start + column[i] ? value[i] : 0.0f; }
      }
    }
  }
}

static void grad_blocks(const pool_shape *s, const float *dy, const int32_t *index, const float *positive, float *dx) {
  const int64_t channels = s->channels, places = places_of(s);
  int64_t position[kernel_of(s)];
  for (int64_t r = 0; r < s->rows; r++) {
    float *image = dx + r * positions_of(s) * channels;
    for (int64_t p = 0; p < places; p++) {
      int64_t count = window_of(s, p, position);
      int64_t from = (r * places + p) * channels;
      for (int64_t k = 0; k < count; k++) {
        float *to = image + position[k] * channels;
        const int32_t here = (int32_t)position[k];
        if (positive) {
          for (int64_t c = 0; c < channels; c++) {
            to[c] = (index[from + c] == here) & (positive[from + c] > 0.0f) ? dy[from + c] : 0.0f;
          }
        } else {
          for (int64_t c = 0; c < channels; c++) { to[c] = index[from + c] == here ? dy[from + c] : 0.0f; }
        }
      }
    }
  }
}

/* Only for windows that tile. */
void bl_max_pool_grad(const pool_shape *s, const float *dy, const int32_t *index, const float *positive, float *dx) {
  if (s->kernel[0] == 1 && s->channels < 16 && s->in[2] * s->channels <= 8192) {
    grad_lines(s, dy, index, positive, dx);
  } else {
    grad_blocks(s, dy, index, positive, dx);
  }
}

static void average(const pool_shape *s, int padded, const float *x, float *y, const float *dy, float *dx) {
  const int64_t channels = s->channels, places = places_of(s);
  int64_t position[kernel_of(s)];
  for (int64_t p = 0; p < places; p++) {
    int64_t count = window_of(s, p, position);
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
