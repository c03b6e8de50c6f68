/*
 * Batch normalisation of [rows, channels] with what stands around it in a network: statistics, normalisation, the sum
 * with a skip, relu and rounding in two passes over x; the gradient through relu with the gradients of scale and shift
 * in two.
 *
 * A pass goes chunk by chunk of rows, and over all channels of a chunk while it is in the first-level cache. The first
 * pass goes from the last chunk to the first: what was computed last is still in the cache, and the second pass, which
 * goes forward, begins where the first one ended. Sums run over a chunk in float lanes, one lane per channel, and over
 * chunks in double: the order is the same for every instruction set.
 */
#include "batch_norm.h"
#include "bellows_lanes.h"

#define CHUNK 64

/* Channels that are handled together. */
#define GROUP 256

#define CHUNKS_DOWN(ROWS) for (int64_t r0 = ((ROWS)-1) / CHUNK * CHUNK; r0 >= 0; r0 -= CHUNK)
#define CHUNKS_UP(ROWS) for (int64_t r0 = 0; r0 < (ROWS); r0 += CHUNK)
#define BLOCKS(N) for (int64_t c = 0; c < (N); c += LANES_16)

INLINE int64_t end_of(int64_t r0, int64_t rows) { return rows - r0 < CHUNK ? rows : r0 + CHUNK; }
INLINE int64_t lanes_of(int64_t c, int64_t n) { return n - c < LANES_16 ? n - c : LANES_16; }

/* Per channel of a group. */
typedef struct {
  float mean[GROUP], factor[GROUP], shift[GROUP];
} bn_affine;

INLINE void add_lanes(double *sum, lanes v) {
  for (int i = 0; i < LANES_16; i++) { sum[i] += v[i]; }
}

/* Mean and biased variance of n channels: sums of x - near and its square, near being the mean of the first chunk. */
static void statistics(const float *x, int64_t rows, int64_t channels, int64_t n, float *mean, float *variance) {
  const int64_t first = end_of(0, rows);
  float near[GROUP];
  double sum[GROUP] = {0}, squares[GROUP] = {0};
  BLOCKS(n) {
    lanes s = {0};
    for (int64_t r = 0; r < first; r++) { s += load(x + r * channels + c, lanes_of(c, n)); }
    *(lanes *)(near + c) = s / (float)first;
  }
  CHUNKS_DOWN(rows) {
    const int64_t end = end_of(r0, rows);
    BLOCKS(n) {
      const int64_t width = lanes_of(c, n);
      const lanes k = *(const lanes *)(near + c);
      lanes s0 = {0}, s1 = {0}, q0 = {0}, q1 = {0};
      int64_t r = r0;
      for (; r + 1 < end; r += 2) {
        lanes a = load(x + r * channels + c, width) - k, b = load(x + (r + 1) * channels + c, width) - k;
        s0 += a;
        s1 += b;
        q0 += a * a;
        q1 += b * b;
      }
      if (r < end) {
        lanes a = load(x + r * channels + c, width) - k;
        s0 += a;
        q0 += a * a;
      }
      add_lanes(sum + c, s0 + s1);
      add_lanes(squares + c, q0 + q1);
    }
  }
  for (int64_t i = 0; i < n; i++) {
    double m = sum[i] / (double)rows;
    double v = squares[i] / (double)rows - m * m;
    mean[i] = (float)((double)near[i] + m);
    variance[i] = v < 0 ? 0.0f : (float)v;
  }
}

INLINE void normalise(const bn_forward *f, const bn_affine *a, int relu, int skip, int64_t c0, int64_t n) {
  CHUNKS_UP(f->rows) {
    const int64_t end = end_of(r0, f->rows);
    BLOCKS(n) {
      const int64_t width = lanes_of(c, n);
      const lanes m = *(const lanes *)(a->mean + c), factor = *(const lanes *)(a->factor + c);
      const lanes shift = *(const lanes *)(a->shift + c);
      for (int64_t r = r0; r < end; r++) {
        const int64_t at = r * f->channels + c0 + c;
        lanes y = (load(f->x + at, width) - m) * factor + shift;
        if (skip) { y = y + load(f->skip + at, width); }
        if (relu) { y = where(~(mask)(y <= 0.0f), y); }
        if (f->y) { store(f->y + at, y, width); }
        if (f->rounded) { store_rounded(f->rounded + at, y, width); }
      }
    }
  }
}

static void forward(const bn_forward *f, int64_t c0, int64_t n) {
  statistics(f->x + c0, f->rows, f->channels, n, f->mean + c0, f->variance + c0);
  bn_affine a = {{0}, {0}, {0}};
  for (int64_t i = 0; i < n; i++) {
    a.mean[i] = f->mean[c0 + i];
    a.factor[i] = f->scale[c0 + i] / sqrtf(f->variance[c0 + i] + (float)f->epsilon);
    a.shift[i] = f->shift[c0 + i];
  }
  if (f->skip) {
    f->relu ? normalise(f, &a, 1, 1, c0, n) : normalise(f, &a, 0, 1, c0, n);
  } else {
    f->relu ? normalise(f, &a, 1, 0, c0, n) : normalise(f, &a, 0, 0, c0, n);
  }
}

void bl_batch_norm_forward(const bn_forward *f) {
  for (int64_t c0 = 0; c0 < f->channels; c0 += GROUP) {
    forward(f, c0, f->channels - c0 < GROUP ? f->channels - c0 : GROUP);
  }
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

INLINE void backward(const bn_backward *b, int64_t c0, int64_t n, int kind) {
  bn_affine a = {{0}, {0}, {0}};
  float rsd[GROUP] = {0}, mean_d[GROUP] = {0}, mean_dx[GROUP] = {0};
  double sum[GROUP] = {0}, dot[GROUP] = {0};
  for (int64_t i = 0; i < n; i++) {
    const float deviation = sqrtf(b->variance[c0 + i] + (float)b->epsilon);
    a.mean[i] = b->mean[c0 + i];
    a.factor[i] = b->scale[c0 + i] / deviation;
    a.shift[i] = kind == BN_MASK_FROM_X ? b->shift[c0 + i] : 0.0f;
    rsd[i] = 1.0f / deviation;
  }
  CHUNKS_DOWN(b->rows) {
    const int64_t end = end_of(r0, b->rows);
    BLOCKS(n) {
      const int64_t width = lanes_of(c, n);
      const lanes m = *(const lanes *)(a.mean + c), factor = *(const lanes *)(a.factor + c);
      const lanes shift = *(const lanes *)(a.shift + c), inverse = *(const lanes *)(rsd + c);
      lanes s = {0}, t = {0};
      for (int64_t r = r0; r < end; r++) {
        const int64_t at = r * b->channels + c0 + c;
        const lanes x = load(b->x + at, width);
        const lanes d = upstream(b, at, width, x, m, factor, shift, kind);
        if (b->masked) { store(b->masked + at, d, width); }
        s += d;
        t += d * ((x - m) * inverse);
      }
      add_lanes(sum + c, s);
      add_lanes(dot + c, t);
    }
  }
  for (int64_t i = 0; i < n; i++) {
    if (b->dshift) { b->dshift[c0 + i] = (float)sum[i]; }
    if (b->dscale) { b->dscale[c0 + i] = (float)dot[i]; }
    mean_d[i] = (float)(sum[i] / (double)b->rows);
    mean_dx[i] = (float)(dot[i] / (double)b->rows);
  }
  CHUNKS_UP(b->rows) {
    const int64_t end = end_of(r0, b->rows);
    BLOCKS(n) {
      const int64_t width = lanes_of(c, n);
      const lanes m = *(const lanes *)(a.mean + c), factor = *(const lanes *)(a.factor + c);
      const lanes shift = *(const lanes *)(a.shift + c), inverse = *(const lanes *)(rsd + c);
      const lanes d0 = *(const lanes *)(mean_d + c), d1 = *(const lanes *)(mean_dx + c);
      for (int64_t r = r0; r < end; r++) {
        const int64_t at = r * b->channels + c0 + c;
        const lanes x = load(b->x + at, width);
        const lanes d =
            b->masked ? load(b->masked + at, width) : upstream(b, at, width, x, m, factor, shift, kind);
        const lanes dx = factor * (d - d0 - ((x - m) * inverse) * d1);
        if (b->dx) { store(b->dx + at, dx, width); }
        if (b->rounded) { store_rounded(b->rounded + at, dx, width); }
      }
    }
  }
}

void bl_batch_norm_backward(const bn_backward *b) {
  for (int64_t c0 = 0; c0 < b->channels; c0 += GROUP) {
    const int64_t n = b->channels - c0 < GROUP ? b->channels - c0 : GROUP;
    if (b->y) {
      backward(b, c0, n, BN_MASK_FROM_Y);
    } else if (b->shift) {
      backward(b, c0, n, BN_MASK_FROM_X);
    } else {
      backward(b, c0, n, BN_NO_MASK);
    }
  }
}
