/* Arithmetic on long flat vectors: sums of gradients and the optimiser's update, each in one pass over memory. */
#include "bellows.h"
#include "bellows_math.h"

/* Added to and taken away from decaying averages, which rounds them to multiples of 2^-100 and 2^-126: weights whose
   input stays zero would else keep subnormal averages for ever, which processors handle many times slower. */
#define FLUSH_FIRST 0x1p-76f
#define FLUSH_SECOND 0x1p-102f

int bl_copy_checked(const float *x, float *y, int64_t n) {
  uint32_t bad = 0;
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    bad |= (uint32_t)((float_to_bits(x[i]) & 0x7f800000u) == 0x7f800000u);
    y[i] = x[i];
  }
  return bad == 0;
}

/* Block of a chain of sums: the partial sum stays in the first-level cache. */
#define BLOCK 2048

int bl_add_chain(const float *x, float *const *chain, int count, int64_t n) {
  uint32_t bad = 0;
  float partial[BLOCK];
  for (int64_t from = 0; from < n; from += BLOCK) {
    const int64_t b = n - from < BLOCK ? n - from : BLOCK;
    const float *add = x + from;
    for (int64_t i = 0; i < b; i++) {
      bad |= (uint32_t)((float_to_bits(add[i]) & 0x7f800000u) == 0x7f800000u);
    }
    for (int k = 0; k < count; k++) {
      const float *other = chain[k] + from;
      float *to = k == count - 1 ? chain[k] + from : partial;
      INDEPENDENT for (int64_t i = 0; i < b; i++) { to[i] = other[i] + add[i]; }
      add = partial;
    }
  }
  return bad == 0;
}

void bl_add(const float *x, float *sum, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) { sum[i] = sum[i] + x[i]; }
}

/* One Adam update of n elements. c: mean, bound, clip, l2, keep, threshold, beta1, 1 - beta1, beta2, 1 - beta2, eta,
   correction, epsilon. The order of operations is that of UpdateLoops. */
static inline __attribute__((always_inline)) void adam(const float *c, const float *g, float *w, float *m, float *v,
                                                       int64_t n, int shrink) {
  const float mean = c[0], bound = c[1], clip = c[2], l2 = c[3], keep = c[4], threshold = c[5];
  const float beta1 = c[6], rest1 = c[7], beta2 = c[8], rest2 = c[9], eta = c[10], correction = c[11], eps = c[12];
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    float x = g[i] * mean;
    x = x < bound ? x : bound;
    x = x > -bound ? x : -bound;
    x = x * clip + l2 * w[i];
    float first = (beta1 * m[i] + rest1 * x + FLUSH_FIRST) - FLUSH_FIRST;
    float second = (beta2 * v[i] + rest2 * (x * x) + FLUSH_SECOND) - FLUSH_SECOND;
    m[i] = first;
    v[i] = second;
    float next = w[i] * keep - eta * first / (sqrtf(second * correction) + eps);
    if (shrink) {
      float cut = next < threshold ? next : threshold;
      next = next - (cut > -threshold ? cut : -threshold);
    }
    w[i] = next;
  }
}

void bl_adam(const float *c, const float *g, float *w, float *m, float *v, int64_t n) {
  if (c[5] > 0) {
    adam(c, g, w, m, v, n, 1);
  } else {
    adam(c, g, w, m, v, n, 0);
  }
}

#define AHEAD 4

/* y[r, i] = (x[row r, i] - center) * factor in double, rounded once; rows are order[0..count), or first + r without order */
void bl_byte_rows(const uint8_t *x, const int32_t *order, int64_t first, int64_t count, int64_t width, double center,
                  double factor, float *y) {
  for (int64_t r = 0; r < count; r++) {
    const uint8_t *row = x + (order ? order[r] : first + r) * width;
    /* rows come in random order: no processor guesses where the next one lies */
    const int64_t ahead = r + AHEAD < count ? r + AHEAD : count - 1;
    const uint8_t *next = x + (order ? order[ahead] : first + ahead) * width;
    for (int64_t i = 0; i < width; i += 64) {
      __builtin_prefetch(next + i);
    }
    float *to = y + r * width;
    INDEPENDENT for (int64_t i = 0; i < width; i++) { to[i] = (float)(((double)row[i] - center) * factor); }
  }
}
