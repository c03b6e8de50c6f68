/*
 * CTC (A. Graves et al., ICML 2006): logarithms of the forward and backward variables, in double precision. The states
 * of a step depend on the step before only, so that they are computed side by side: every state reads itself and its
 * two neighbours, with -infinity where a path may not go.
 */
#include "ctc.h"
#include "bellows_math.h"
#include <string.h>

INLINE double bits_to_double(uint64_t b) { double d; __builtin_memcpy(&d, &b, 8); return d; }
INLINE uint64_t double_to_bits(double d) { uint64_t b; __builtin_memcpy(&b, &d, 8); return b; }

/* e^x for x up to about 1; below e^-708 the result is e^-708: nothing beside any probability. NaN stays NaN. */
INLINE double exp_of(double x) {
  const double c = x > -708.0 ? x : -708.0;
  const double t = c * 1.4426950408889634 + 6755399441055744.0, n = t - 6755399441055744.0;
  double r = c - n * 0.693147180369123816490;
  r = r - n * 1.90821492927058770002e-10;
  const double r2 = r * r, r4 = r2 * r2;
  const double a = (0.5 + r * (1.0 / 6.0)) + (1.0 / 24.0 + r * (1.0 / 120.0)) * r2;
  const double b = (1.0 / 720.0 + r * (1.0 / 5040.0)) + (1.0 / 40320.0 + r * (1.0 / 362880.0)) * r2;
  const double d = (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + (1.0 / 479001600.0 + r * (1.0 / 6227020800.0)) * r2;
  const double p = (a + (b + d * r4) * r4) * r2 + r + 1.0;
  const double y = p * bits_to_double((double_to_bits(t) << 52) + 0x3FF0000000000000u);
  return x == x ? y : x;
}

/* ln(1 + u) for u in [0, 1]: 2 artanh(u / (2 + u)) by its series. */
INLINE double log1p_of(double u) {
  const double z = u / (2.0 + u), q = z * z;
  const double q2 = q * q, q4 = q2 * q2;
  const double a = (1.0 / 3.0 + q * (1.0 / 5.0)) + (1.0 / 7.0 + q * (1.0 / 9.0)) * q2;
  const double b = (1.0 / 11.0 + q * (1.0 / 13.0)) + (1.0 / 15.0 + q * (1.0 / 17.0)) * q2;
  const double c = (1.0 / 19.0 + q * (1.0 / 21.0)) + (1.0 / 23.0 + q * (1.0 / 25.0)) * q2;
  const double d = (1.0 / 27.0 + q * (1.0 / 29.0)) + q2 * (1.0 / 31.0);
  const double p = (a + b * q4) + (c + d * q4) * (q4 * q4);
  return 2.0 * (p * q * z + z);
}

/* ln(e^a + e^b); what e^-708 adds is lost beside any finite logarithm, and -infinity stays. */
INLINE double log_add(double a, double b) {
  const double most = a > b ? a : b, least = a > b ? b : a;
  const double d = least - most;
  const double sum = most + log1p_of(exp_of(d == d ? d : -708.0));
  return a == a && b == b ? sum : a + b;
}

#define PAD 2 /* places beside the states, at -infinity */

/* Of one row. skip[s] is 0 where a path may come from state s - 2, else -infinity. */
typedef struct {
  const float *x;
  int64_t steps, states, stride;
  int64_t *class;
  double *alpha, *skip, *emission, *beta, *next, *share;
} row;

static int64_t stride_of(const ctc_shape *s) { return 2 * s->labels + 1 + 2 * PAD; }

int64_t bl_ctc_space(const ctc_shape *s) { return (s->steps + 6) * stride_of(s); }

static int64_t within(int64_t x, int64_t most) { return x < 0 ? 0 : x > most ? most : x; }

static row open_row(const ctc_shape *s, int64_t n, const float *x, const int32_t *labels, const int32_t *lengths,
                    const int32_t *counts, double *space) {
  const int64_t stride = stride_of(s);
  row r;
  r.x = x + n * s->steps * s->classes;
  r.steps = within(lengths[n], s->steps);
  r.states = 2 * within(counts[n], s->labels) + 1;
  r.stride = stride;
  r.class = (int64_t *)space;
  r.skip = space + stride;
  r.emission = space + 2 * stride;
  r.beta = space + 3 * stride;
  r.next = space + 4 * stride;
  r.share = space + 5 * stride;
  r.alpha = space + 6 * stride;
  for (int64_t i = 0; i < r.states; i++) {
    r.class[i] = i % 2 == 0 ? s->blank : labels[n * s->labels + i / 2];
  }
  for (int64_t i = 0; i < r.states + PAD; i++) {
    const int may = i >= 2 && i % 2 == 1 && i < r.states && r.class[i] != r.class[i - 2];
    r.skip[i] = may ? 0.0 : -INFINITY;
  }
  return r;
}

static void emissions(const ctc_shape *s, const row *r, int64_t t) {
  const float *x = r->x + t * s->classes;
  for (int64_t i = 0; i < r->states; i++) { r->emission[i] = x[r->class[i]]; }
}

/* ln P of the row; alpha [t][PAD + state]. */
static double forward(const ctc_shape *s, const row *r) {
  for (int64_t t = 0; t < r->steps; t++) {
    double *now = r->alpha + t * r->stride;
    now[0] = now[1] = -INFINITY;
    emissions(s, r, t);
    if (t == 0) {
      for (int64_t i = 0; i < r->states; i++) { now[PAD + i] = (i < 2 ? 0.0 : -INFINITY) + r->emission[i]; }
      continue;
    }
    const double *old = now - r->stride, *emission = r->emission, *skip = r->skip;
    INDEPENDENT for (int64_t i = 0; i < r->states; i++) {
      const double two = log_add(old[PAD + i], old[PAD + i - 1]);
      now[PAD + i] = log_add(two, old[PAD + i - 2] + skip[i]) + emission[i];
    }
  }
  if (r->steps == 0) { return r->states == 1 ? 0.0 : -INFINITY; }
  const double *end = r->alpha + (r->steps - 1) * r->stride + PAD + r->states - 1;
  return r->states == 1 ? end[0] : log_add(end[0], end[-1]);
}

void bl_ctc(const ctc_shape *s, const float *x, const int32_t *labels, const int32_t *lengths, const int32_t *counts,
            float *loss, double *space) {
  for (int64_t n = 0; n < s->rows; n++) {
    const row r = open_row(s, n, x, labels, lengths, counts, space);
    loss[n] = (float)-forward(s, &r);
  }
}

static void backward(const ctc_shape *s, const row *r, double dy, double total, float *dx) {
  double *beta = r->beta, *next = r->next, *share = r->share;
  const double *skip = r->skip, *emission = r->emission;
  for (int64_t t = r->steps - 1; t >= 0; t--) {
    if (t == r->steps - 1) {
      for (int64_t i = 0; i < r->states; i++) { next[i] = i >= r->states - 2 ? 0.0 : -INFINITY; }
    } else {
      emissions(s, r, t + 1);
      INDEPENDENT for (int64_t i = 0; i < r->states; i++) { beta[i] = beta[i] + emission[i]; }
      beta[r->states] = beta[r->states + 1] = -INFINITY;
      INDEPENDENT for (int64_t i = 0; i < r->states; i++) {
        next[i] = log_add(log_add(beta[i], beta[i + 1]), beta[i + 2] + skip[i + 2]);
      }
    }
    const double *alpha = r->alpha + t * r->stride + PAD;
    INDEPENDENT for (int64_t i = 0; i < r->states; i++) { share[i] = exp_of(alpha[i] + next[i] - total); }
    float *to = dx + t * s->classes;
    for (int64_t i = 0; i < r->states; i++) {
      to[r->class[i]] = (float)((double)to[r->class[i]] - dy * share[i]);
    }
    double *swap = beta;
    beta = next;
    next = swap;
  }
}

void bl_ctc_grad(const ctc_shape *s, const float *dy, const float *x, const int32_t *labels, const int32_t *lengths,
                 const int32_t *counts, float *dx, double *space) {
  memset(dx, 0, sizeof(float) * (size_t)(s->rows * s->steps * s->classes));
  for (int64_t n = 0; n < s->rows; n++) {
    const row r = open_row(s, n, x, labels, lengths, counts, space);
    const double total = forward(s, &r);
    if (total == -INFINITY) { continue; }
    backward(s, &r, dy[n], total, dx + n * s->steps * s->classes);
  }
}
