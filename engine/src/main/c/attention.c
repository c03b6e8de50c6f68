/*
 * Scaled dot-product attention, one row and head after another: the scores of up to 64 queries stay in the cache and
 * are never written out. The gradient computes them again, which costs a fifth more arithmetic and no memory.
 */
#include "attention.h"
#include "bellows_vector.h"
#include "small_gemm.h"
#include <string.h>

#define QUERIES 64 /* at once */

INLINE int64_t padded(int64_t n) { return (n + PANEL - 1) / PANEL * PANEL; }

/* The scratch memory of one row and head. */
typedef struct {
  float *keys, *keys_t, *values, *values_t; /* [K, D], [D, K], [K, E], [E, K] */
  float *dkeys, *dvalues;                   /* [K, D], [K, E] */
  float *scores, *dscores;                  /* [QUERIES, K] */
  float *queries, *slopes, *result;         /* [QUERIES, D], [QUERIES, E], [QUERIES, D or E] */
  int64_t key_cols, width_cols, value_cols; /* padded K, D, E */
  float *end;
} workspace;

static workspace workspace_of(const attention_shape *s, float *scratch) {
  workspace w;
  w.key_cols = padded(s->keys), w.width_cols = padded(s->width), w.value_cols = padded(s->value_width);
  const int64_t widest = w.width_cols > w.value_cols ? w.width_cols : w.value_cols;
  float *at = scratch;
#define TAKE(FIELD, SIZE) w.FIELD = at, at += (SIZE)
  TAKE(keys, s->keys * w.width_cols);
  TAKE(keys_t, s->width * w.key_cols);
  TAKE(values, s->keys * w.value_cols);
  TAKE(values_t, s->value_width * w.key_cols);
  TAKE(dkeys, s->keys * w.width_cols);
  TAKE(dvalues, s->keys * w.value_cols);
  TAKE(scores, QUERIES * w.key_cols);
  TAKE(dscores, QUERIES * w.key_cols);
  TAKE(queries, QUERIES * w.width_cols);
  TAKE(slopes, QUERIES * w.value_cols);
  TAKE(result, QUERIES * widest);
  w.end = at;
  return w;
}

int64_t bl_attention_scratch(const attention_shape *s) { return workspace_of(s, 0).end - (float *)0; }

/* Dense rows, padded with zeros to `cols`. */
static void stage(int64_t rows, int64_t width, const float *x, int64_t stride, float *y, int64_t cols) {
  for (int64_t r = 0; r < rows; r++) {
    memcpy(y + r * cols, x + r * stride, sizeof(float) * width);
    memset(y + r * cols + width, 0, sizeof(float) * (cols - width));
  }
}

/* y [8, 8] = transpose of x [8, 8]. */
static void transpose_8(const float *x, int64_t x_stride, float *y, int64_t y_stride) {
  __m256 r[8], s[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) { r[i] = _mm256_loadu_ps(x + i * x_stride); }
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(y + i * y_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(y + (i + 4) * y_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

/* y [width, cols] = transpose of x [rows, width], padded with zeros. */
static void stage_transposed(int64_t rows, int64_t width, const float *x, int64_t stride, float *y, int64_t cols) {
  const int64_t whole_rows = rows / 8 * 8, whole_width = width / 8 * 8;
  for (int64_t r = 0; r < whole_rows; r += 8) {
    for (int64_t c = 0; c < whole_width; c += 8) { transpose_8(x + r * stride + c, stride, y + c * cols + r, cols); }
  }
  for (int64_t c = 0; c < width; c++) {
    float *to = y + c * cols;
    for (int64_t r = c < whole_width ? whole_rows : 0; r < rows; r++) { to[r] = x[r * stride + c]; }
    for (int64_t r = rows; r < cols; r++) { to[r] = 0.0f; }
  }
}

static void unstage(int64_t rows, int64_t width, const float *x, int64_t cols, float *y, int64_t stride) {
  for (int64_t r = 0; r < rows; r++) { memcpy(y + r * stride, x + r * cols, sizeof(float) * width); }
}

/* Keys that query `i` sees. */
INLINE int64_t seen(const attention_shape *s, int64_t length, int64_t i) {
  return s->causal && i + 1 < length ? i + 1 : length;
}

INLINE float larger(float a, float b) { return a > b ? a : b; }

/* The largest of n scores; a NaN among them is found by the sum of the probabilities. */
INLINE float largest_of(const float *x, int64_t n) {
  float lane[16];
  for (int j = 0; j < 16; j++) { lane[j] = -INFINITY; }
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int j = 0; j < 16; j++) { lane[j] = larger(x[i + j], lane[j]); }
  }
  for (int j = 0; i < n; i++, j++) { lane[j] = larger(x[i], lane[j]); }
  for (int j = 0; j < 4; j++) { lane[j] = larger(larger(lane[j], lane[j + 8]), larger(lane[j + 4], lane[j + 12])); }
  return larger(larger(lane[0], lane[2]), larger(lane[1], lane[3]));
}

/* Probabilities in place of the scores of one query; 0 behind the keys it sees. */
static void probabilities(float *p, int64_t visible, int64_t cols, float scale) {
  if (visible > 0) {
    const float largest = largest_of(p, visible);
    INDEPENDENT for (int64_t i = 0; i < visible; i++) { p[i] = bl_exp((p[i] - largest) * scale); }
    double sum = 0;
    LANE_SUM(sum, visible, p[i])
    const float inverse = (float)(1.0 / sum);
    INDEPENDENT for (int64_t i = 0; i < visible; i++) { p[i] = p[i] * inverse; }
  }
  memset(p + visible, 0, sizeof(float) * (cols - visible));
}

/* The probabilities of `count` queries from query `first` on; returns how many keys any of them sees. */
static int64_t block_probabilities(const attention_shape *s, const workspace *w, float scale, const float *q,
                                   int64_t first, int64_t count, int64_t length) {
  const int64_t visible = seen(s, length, first + count - 1);
  small_gemm(count, padded(visible), s->width, q, s->q_stride, 1, w->keys_t, w->key_cols, w->scores, w->key_cols, 0);
  for (int64_t i = 0; i < count; i++) {
    probabilities(w->scores + i * w->key_cols, seen(s, length, first + i), padded(visible), scale);
  }
  return visible;
}

static int64_t length_of(const attention_shape *s, const int32_t *lengths, int64_t row) {
  const int64_t length = lengths ? lengths[row] : s->keys;
  return length < 0 ? 0 : (length > s->keys ? s->keys : length);
}

void bl_attention(const attention_shape *s, float scale, const float *q, const float *k, const float *v,
                  const int32_t *lengths, float *y, float *scratch) {
  const workspace w = workspace_of(s, scratch);
  const int64_t y_stride = s->heads * s->value_width;
  for (int64_t row = 0; row < s->rows; row++) {
    const int64_t length = length_of(s, lengths, row);
    for (int64_t h = 0; h < s->heads; h++) {
      const float *qh = q + row * s->queries * s->q_stride + h * s->width;
      const float *kh = k + row * s->keys * s->k_stride + h * s->width;
      const float *vh = v + row * s->keys * s->v_stride + h * s->value_width;
      float *yh = y + row * s->queries * y_stride + h * s->value_width;
      stage_transposed(s->keys, s->width, kh, s->k_stride, w.keys_t, w.key_cols);
      stage(s->keys, s->value_width, vh, s->v_stride, w.values, w.value_cols);
      for (int64_t first = 0; first < s->queries; first += QUERIES) {
        const int64_t count = s->queries - first < QUERIES ? s->queries - first : QUERIES;
        const int64_t visible = block_probabilities(s, &w, scale, qh + first * s->q_stride, first, count, length);
        small_gemm(count, w.value_cols, visible, w.scores, w.key_cols, 1, w.values, w.value_cols, w.result,
                   w.value_cols, 0);
        unstage(count, s->value_width, w.result, w.value_cols, yh + first * y_stride, y_stride);
      }
    }
  }
}

/* Gradients of the scores, in place of those of the probabilities. */
static void score_gradients(const workspace *w, int64_t count, int64_t cols, float scale) {
  for (int64_t i = 0; i < count; i++) {
    const float *p = w->scores + i * w->key_cols;
    float *d = w->dscores + i * w->key_cols;
    double sum = 0;
    LANE_SUM(sum, cols, p[i] * d[i])
    const float mean = (float)sum;
    INDEPENDENT for (int64_t j = 0; j < cols; j++) { d[j] = p[j] * (d[j] - mean) * scale; }
  }
}

void bl_attention_grad(const attention_shape *s, float scale, const float *q, const float *k, const float *v,
                       const int32_t *lengths, const float *dy, float *dq, float *dk, float *dv, float *scratch) {
  const workspace w = workspace_of(s, scratch);
  const int64_t y_stride = s->heads * s->value_width;
  for (int64_t row = 0; row < s->rows; row++) {
    const int64_t length = length_of(s, lengths, row);
    for (int64_t h = 0; h < s->heads; h++) {
      const float *qh = q + row * s->queries * s->q_stride + h * s->width;
      const float *kh = k + row * s->keys * s->k_stride + h * s->width;
      const float *vh = v + row * s->keys * s->v_stride + h * s->value_width;
      const float *dyh = dy + row * s->queries * y_stride + h * s->value_width;
      stage_transposed(s->keys, s->width, kh, s->k_stride, w.keys_t, w.key_cols);
      stage_transposed(s->keys, s->value_width, vh, s->v_stride, w.values_t, w.key_cols);
      if (dq) { stage(s->keys, s->width, kh, s->k_stride, w.keys, w.width_cols); }
      memset(w.dkeys, 0, sizeof(float) * s->keys * w.width_cols);
      memset(w.dvalues, 0, sizeof(float) * s->keys * w.value_cols);
      for (int64_t first = 0; first < s->queries; first += QUERIES) {
        const int64_t count = s->queries - first < QUERIES ? s->queries - first : QUERIES;
        const float *qb = qh + first * s->q_stride, *dyb = dyh + first * y_stride;
        const int64_t visible = block_probabilities(s, &w, scale, qb, first, count, length);
        if (dv) {
          stage(count, s->value_width, dyb, y_stride, w.slopes, w.value_cols);
          small_gemm(visible, w.value_cols, count, w.scores, 1, w.key_cols, w.slopes, w.value_cols, w.dvalues,
                     w.value_cols, 1);
        }
        if (!dq && !dk) { continue; }
        small_gemm(count, padded(visible), s->value_width, dyb, y_stride, 1, w.values_t, w.key_cols, w.dscores,
                   w.key_cols, 0);
        score_gradients(&w, count, padded(visible), scale);
        if (dq) {
          float *dqb = dq + (row * s->queries + first) * s->dq_stride + h * s->width;
          small_gemm(count, w.width_cols, visible, w.dscores, w.key_cols, 1, w.keys, w.width_cols, w.result,
                     w.width_cols, 0);
          unstage(count, s->width, w.result, w.width_cols, dqb, s->dq_stride);
        }
        if (dk) {
          stage(count, s->width, qb, s->q_stride, w.queries, w.width_cols);
          small_gemm(visible, w.width_cols, count, w.dscores, 1, w.key_cols, w.queries, w.width_cols, w.dkeys,
                     w.width_cols, 1);
        }
      }
      if (dk) {
        unstage(s->keys, s->width, w.dkeys, w.width_cols, dk + row * s->keys * s->dk_stride + h * s->width,
                s->dk_stride);
      }
      if (dv) {
        unstage(s->keys, s->value_width, w.dvalues, w.value_cols,
                dv + row * s->keys * s->dv_stride + h * s->value_width, s->dv_stride);
      }
    }
  }
}
