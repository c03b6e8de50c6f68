/*
 * Batch normalisation of [rows, channels] with what stands around it in a network: statistics, normalisation, the sum
 * with a skip and relu in two passes over x; the gradient through relu with the gradients of scale and shift in two.
 *
 * Sums run over chunks of rows in float lanes, one lane per channel, and over chunks in double: the order is the same
 * for every instruction set.
 */
#include "batch_norm.h"
#include "bellows_lanes.h"

#define CHUNK 64

/* Mean and biased variance: sums of x - k and its square, k the mean of the first chunk. */
static void statistics(const float *x, int64_t rows, int64_t channels, int64_t c0, int64_t n, float *mean,
                       float *variance) {
  const int64_t first = rows < CHUNK ? rows : CHUNK;
  lanes near = {0};
  for (int64_t r = 0; r < first; r++) { near += load(x + r * channels + c0, n); }
  near /= (float)first;
  double sum[LANES_16] = {0}, squares[LANES_16] = {0};
  for (int64_t r0 = 0; r0 < rows; r0 += CHUNK) {
    const int64_t end = rows - r0 < CHUNK ? rows : r0 + CHUNK;
    lanes s0 = {0}, s1 = {0}, q0 = {0}, q1 = {0};
    int64_t r = r0;
    for (; r + 1 < end; r += 2) {
      lanes a = load(x + r * channels + c0, n) - near, b = load(x + (r + 1) * channels + c0, n) - near;
      s0 += a;
      s1 += b;
      q0 += a * a;
      q1 += b * b;
    }
    if (r < end) {
      lanes a = load(x + r * channels + c0, n) - near;
      s0 += a;
      q0 += a * a;
    }
    s0 += s1;
    q0 += q1;
    for (int i = 0; i < LANES_16; i++) {
      sum[i] += s0[i];
      squares[i] += q0[i];
    }
  }
  for (int64_t i = 0; i < n; i++) {
    double m = sum[i] / (double)rows;
    double v = squares[i] / (double)rows - m * m;
    mean[c0 + i] = (float)((double)near[i] + m);
    variance[c0 + i] = v < 0 ? 0.0f : (float)v;
  }
}

INLINE void normalise(const bn_forward *f, int relu, int skip, int64_t c0, int64_t n) {
  lanes factor, m = load(f->mean + c0, n), shift = load(f->shift + c0, n);
  for (int64_t i = 0; i < LANES_16; i++) {
    factor[i] = i < n ? f->scale[c0 + i] / sqrtf(f->variance[c0 + i] + (float)f->epsilon) : 0.0f;
  }
  for (int64_t r = 0; r < f->rows; r++) {
    const int64_t at = r * f->channels + c0;
    lanes y = (load(f->x + at, n) - m) * factor + shift;
    if (skip) { y = y + load(f->skip + at, n); }
    if (relu) { y = where(~(mask)(y <= 0.0f), y); }
    store(f->y + at, y, n);
  }
}

static void forward_block(const bn_forward *f, int64_t c0, int64_t n) {
  statistics(f->x, f->rows, f->channels, c0, n, f->mean, f->variance);
  if (f->skip) {
    f->relu ? normalise(f, 1, 1, c0, n) : normalise(f, 0, 1, c0, n);
  } else {
    f->relu ? normalise(f, 1, 0, c0, n) : normalise(f, 0, 0, c0, n);
  }
}

void bl_batch_norm_forward(const bn_forward *f) {
  int64_t c0 = 0;
  for (; c0 + LANES_16 <= f->channels; c0 += LANES_16) { forward_block(f, c0, LANES_16); }
  if (c0 < f->channels) { forward_block(f, c0, f->channels - c0); }
}

/* The upstream gradient after relu: where y (given, or made again from x) is above 0. */
INLINE lanes upstream(const bn_backward *b, int64_t at, int64_t n, lanes x, lanes m, lanes factor, lanes shift,
                      int kind) {
  lanes d = load(b->dy + at, n);
  if (b->more) { d = d + load(b->more + at, n); }
  if (kind == BN_MASK_FROM_X) {
    lanes y = (x - m) * factor + shift;
    d = where((mask)(y > 0.0f), d);
  } else if (kind == BN_MASK_FROM_Y) {
    d = where((mask)(load(b->y + at, n) > 0.0f), d);
  }
  return d;
}

INLINE void backward_block(const bn_backward *b, int64_t c0, int64_t n, int kind) {
  lanes rsd, factor, m = load(b->mean + c0, n), shift = {0};
  for (int64_t i = 0; i < LANES_16; i++) {
    float deviation = i < n ? sqrtf(b->variance[c0 + i] + (float)b->epsilon) : 1.0f;
    rsd[i] = 1.0f / deviation;
    factor[i] = i < n ? b->scale[c0 + i] / deviation : 0.0f;
  }
  if (kind == BN_MASK_FROM_X) { shift = load(b->shift + c0, n); }
  double sum[LANES_16] = {0}, dot[LANES_16] = {0};
  for (int64_t r0 = 0; r0 < b->rows; r0 += CHUNK) {
    const int64_t end = b->rows - r0 < CHUNK ? b->rows : r0 + CHUNK;
    lanes s = {0}, t = {0};
    for (int64_t r = r0; r < end; r++) {
      const int64_t at = r * b->channels + c0;
      lanes x = load(b->x + at, n);
      lanes d = upstream(b, at, n, x, m, factor, shift, kind);
      if (b->masked) { store(b->masked + at, d, n); }
      s += d;
      t += d * ((x - m) * rsd);
    }
    for (int i = 0; i < LANES_16; i++) {
      sum[i] += s[i];
      dot[i] += t[i];
    }
  }
  lanes mean_d = {0}, mean_dx = {0};
  for (int64_t i = 0; i < n; i++) {
    if (b->dshift) { b->dshift[c0 + i] = (float)sum[i]; }
    if (b->dscale) { b->dscale[c0 + i] = (float)dot[i]; }
    mean_d[i] = (float)(sum[i] / (double)b->rows);
    mean_dx[i] = (float)(dot[i] / (double)b->rows);
  }
  for (int64_t r = 0; r < b->rows; r++) {
    const int64_t at = r * b->channels + c0;
    lanes x = load(b->x + at, n);
    lanes d = b->masked ? load(b->masked + at, n) : upstream(b, at, n, x, m, factor, shift, kind);
    store(b->dx + at, factor * (d - mean_d - ((x - m) * rsd) * mean_dx), n);
  }
}

static void backward(const bn_backward *b, int64_t c0, int64_t n) {
  if (b->y) {
    backward_block(b, c0, n, BN_MASK_FROM_Y);
  } else if (b->shift) {
    backward_block(b, c0, n, BN_MASK_FROM_X);
  } else {
    backward_block(b, c0, n, BN_NO_MASK);
  }
}

void bl_batch_norm_backward(const bn_backward *b) {
  int64_t c0 = 0;
  for (; c0 + LANES_16 <= b->channels; c0 += LANES_16) { backward(b, c0, LANES_16); }
  if (c0 < b->channels) { backward(b, c0, b->channels - c0); }
}
